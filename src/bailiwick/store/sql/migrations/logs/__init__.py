"""The revisions of the logs' tables. A file that was released is never changed."""
