"""From what is held of an account to what the store has now: by the changes since, or anew where history forked.

Implements docs/spec.md 15.7.
"""

from __future__ import annotations

from collections.abc import Callable

from bailiwick.catalog.catalog import Catalog
from bailiwick.errors import NotFound
from bailiwick.service.loading import account_log, advance, load_snapshot
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Head, Store, parse_vector

MOST_ROWS = 10_000


class CatchingUp:
    """Brings snapshots up to date. `tell_fork` is called of one whose revision the store's history does not have."""

    def __init__(self, store: Store, catalog: Catalog, tell_fork: Callable[[Snapshot, Head], None]) -> None:
        self._store = store
        self._catalog = catalog
        self._tell_fork = tell_fork

    def advance(self, snapshot: Snapshot, head: Head, system: Head) -> Snapshot:
        """What does the account hold at this head? Not in its place yet."""
        if snapshot.vector["account"] == head.vector:
            return snapshot
        name = snapshot.account.name
        log = account_log(name)
        if not self._has(log, snapshot.vector["account"]):
            self._tell_fork(snapshot, head)
            return load_snapshot(self._store, self._catalog, name, system)
        # WHY in parts: a million rows at once would be held in memory besides what they come to.
        # SECURITY: and not beyond the head, for its enterprise's was read with it, and may have moved before what is.
        while True:
            found = self._store.changes(log, snapshot.revision, MOST_ROWS)
            rows = [row for row in found if row.revision <= head.revision]
            end = rows[-1].revision if rows else head.revision
            part = head if end == head.revision else self._store.head_at(log, end)
            snapshot = advance(self._store, snapshot, rows, part, system)
            if end >= head.revision:
                return snapshot

    def _has(self, log: str, vector: str) -> bool:
        """Is this revision in the history of the log, as the store has it now?"""
        try:
            return self._store.head_at(log, parse_vector(vector)[0]).vector == vector
        except NotFound:
            return False
