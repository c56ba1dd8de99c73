"""Review: the change log, the account as it was, and the activity."""

from __future__ import annotations

from bailiwick.console.pages.log.activity import activity_entries
from bailiwick.console.pages.log.changes import change_entries
from bailiwick.console.pages.log.past import past_entries
from bailiwick.console.pages.log.undoing import undo_entries
from bailiwick.console.pages.log.verifying import verify_entries
from bailiwick.console.routes import Entry


def log_entries() -> list[Entry]:
    """Which lines has this subject?"""
    # WHY verifying first: its addresses look like revisions otherwise.
    return [*verify_entries(), *change_entries(), *undo_entries(), *past_entries(), *activity_entries()]
