"""Where in a log something is: the rows of one revision, the revision of one instant.

Reads the store and nothing else; it must not decide who may see what is found.
"""

from __future__ import annotations

from datetime import datetime

from bailiwick.errors import NotFound
from bailiwick.store.ports import ChangeRow, Store


def rows_of(store: Store, log: str, revision: int) -> tuple[ChangeRow, ...]:
    """Which rows has this revision? Raises NotFound."""
    head = store.head(log)
    if not 1 <= revision <= head.revision:
        raise NotFound(f"there is no revision `{revision}`", f"the log has revisions 1 to {head.revision}")
    return store.changes(log, revision - 1, 1)


def find_revision_at(store: Store, log: str, instant: datetime) -> int:
    """Which revision was the newest at this instant? 0: the log had not begun. Raises NotFound for no such log."""
    low, high = 0, store.head(log).revision
    while low < high:
        middle = (low + high + 1) // 2
        if store.changes(log, middle - 1, 1)[0].at <= instant:
            low = middle
        else:
            high = middle - 1
    return low
