"""Where in a log something is: the rows of one revision, the revision of one instant.

Reads the store and nothing else; it must not decide who may see what is found.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from bailiwick.errors import NotFound
from bailiwick.store.ports import ChangeRow, Store


def rows_of(store: Store, log: str, revision: int) -> tuple[ChangeRow, ...]:
    """Which rows has this revision? Raises NotFound."""
    _check(store, log, revision)
    return store.changes(log, revision - 1, 1)


def last_row_of(store: Store, log: str, revision: int) -> ChangeRow:
    """Which is the last row of this revision? WHY one: a revision may have thousands. Raises NotFound."""
    _check(store, log, revision)
    return _last_row(store, log, revision)


def _last_row(store: Store, log: str, revision: int) -> ChangeRow:
    return store.history(log, limit=1, before=(revision + 1, 0))[0]


def _check(store: Store, log: str, revision: int) -> None:
    newest = store.head(log).revision
    if not 1 <= revision <= newest:
        raise NotFound(f"there is no revision `{revision}`", f"the log has revisions 1 to {newest}")


def find_revision_at(store: Store, log: str, instant: datetime, *, after: int = 0) -> int:
    """Which revision was the newest at this instant? 0: the log had not begun. Raises NotFound for no such log.

    `after`: it is known to be no earlier than this one.
    """
    low, high = after, store.head(log).revision
    while low < high:
        middle = (low + high + 1) // 2
        if _last_row(store, log, middle).at <= instant:
            low = middle
        else:
            high = middle - 1
    return low


def count_by_day(store: Store, log: str, last: date, days: int) -> list[tuple[date, int]]:
    """How many revisions has each of these days (in UTC), of which `last` is the last?"""
    first = last - timedelta(days=days - 1)
    before = find_revision_at(store, log, _just_before(first))
    counts = []
    for number in range(days):
        day = first + timedelta(days=number)
        until = find_revision_at(store, log, _just_before(day + timedelta(days=1)), after=before)
        counts.append((day, until - before))
        before = until
    return counts


def _just_before(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) - timedelta(microseconds=1)
