"""Accounts as they were: whole states at past revisions, a few of them kept.

Few are loaded at once, because each may be as large as the account, and one at a time of each; what was asked for last
is kept.
It must not decide who may look (looking_back.py does). Implements docs/spec.md 27.6 and 27.7.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from bailiwick.catalog.catalog import Catalog
from bailiwick.errors import NotFound
from bailiwick.service.enterprise.placing import place
from bailiwick.service.history.recorded_rows import find_revision_at, last_row_of
from bailiwick.service.holding.loads import Loads
from bailiwick.service.holding.locks import AccountLocks, taken
from bailiwick.service.loading import account_log, load_past
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Head, Store

LOADED_AT_ONCE = 2
MOST_KEPT = 4
MOST_OBJECTS = 300_000


@dataclass(frozen=True, slots=True)
class PastState:
    """The account right after a revision, which this actor made at `at`."""

    snapshot: Snapshot
    revision: int
    at: datetime
    actor_uid: str


class PastStates:
    """The past states of one store. Safe for threads."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog
        self._lock = Lock()
        self._loading, self._loads = AccountLocks(), Loads(LOADED_AT_ONCE)
        self._kept: OrderedDict[tuple[str, str, str], PastState] = OrderedDict()

    def at(self, account: str, revision: int, system: Head) -> PastState:
        """What did the account hold right after this revision? Raises NotFound."""
        log = account_log(account)
        row = last_row_of(self._store, log, revision)
        # WHY by its hash too: a store that was put back has other revisions by the same numbers.
        key = (account, self._store.head_at(log, revision).vector, system.vector)
        # SECURITY: who looks at another account does not wait for this one, nor finds every thread waiting for it.
        with self._loads.waiting(account) as seconds, taken(self._loading.of(account), seconds):
            found = self._find(key)
            if found is None:
                with self._loads.one_more():
                    own = load_past(self._store, self._catalog, account, revision, system)
                    found = PastState(self._in_place(own, row.at, system), revision, row.at, row.actor_uid)
                self._keep(key, found)
            return found

    def _find(self, key: tuple[str, str, str]) -> PastState | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def _in_place(self, own: Snapshot, instant: datetime, system: Head) -> Snapshot:
        """The account in the tree that it named, as that tree was at the same instant."""
        named = own.account.enterprise
        if named is None:
            return own
        try:
            revision = find_revision_at(self._store, account_log(named), instant)
        except NotFound:
            return own
        management = load_past(self._store, self._catalog, named, revision, system) if revision else None
        return place(own, management)

    def _keep(self, key: tuple[str, str, str], state: PastState) -> None:
        with self._lock:
            self._kept[key] = state
            while len(self._kept) > 1 and (len(self._kept) > MOST_KEPT or self._objects() > MOST_OBJECTS):
                self._kept.popitem(last=False)

    def _objects(self) -> int:
        return sum(len(state.snapshot.identities) for state in self._kept.values())
