"""The revisions of the activity's tables. A file that was released is never changed."""
