"""The accounts that are held, by name, and which of them go first when they are too much for the memory.

Implements docs/spec.md 35.7. Finding one is a look into a dictionary and a mark that it was used; no I/O.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from bailiwick.service.holding.weighing import ACCOUNT_BYTES, weigh, weigh_views
from bailiwick.service.snapshots import Snapshot

KEPT_SHARE = 0.9
"""How much of the bound stays in use once something had to go? WHY less: else each load would look for a victim."""


@dataclass(slots=True)
class _Entry:
    snapshot: Snapshot
    used: int
    own: int
    views: int = 0
    is_weighed: bool = True

    @property
    def bytes(self) -> int:
        return self.own + self.views

    def grown(self, snapshot: Snapshot) -> int:
        """About how many bytes has what became of it? WHY not weighed: a change is small, and its account is not."""
        of_objects = max(0, self.own - ACCOUNT_BYTES)
        return ACCOUNT_BYTES + of_objects * len(snapshot.identities) // max(1, len(self.snapshot.identities))


class Held:
    """Snapshots by account. `most_bytes`: None where nothing ever goes. Safe for threads.

    `used` is a count of loads: among those that were used since the last load, none is more used than the others.
    """

    def __init__(self, most_bytes: int | None = None) -> None:
        self.most_bytes = most_bytes
        self._entries: dict[str, _Entry] = {}
        self._members: dict[str, set[str]] = {}
        self._expected: Counter[tuple[str, str]] = Counter()
        self._mutex = Lock()
        self._loads = 0
        self.bytes = 0
        self.evictions = 0

    def find(self, account: str) -> Snapshot | None:
        """What is held of this account? It counts as used."""
        entry = self._entries.get(account)
        if entry is None:
            return None
        entry.used = self._loads
        return entry.snapshot

    def peek(self, account: str) -> Snapshot | None:
        """What is held of this account? It does not count as used."""
        entry = self._entries.get(account)
        return None if entry is None else entry.snapshot

    def names(self) -> list[str]:
        """Which accounts are held?"""
        with self._mutex:
            return list(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def largest(self, most: int) -> list[tuple[str, int]]:
        """Which accounts take the most bytes, by estimate, the largest first?"""
        with self._mutex:
            sizes = [(entry.bytes, name) for name, entry in self._entries.items()]
        return [(name, size) for size, name in sorted(sizes, reverse=True)[:most]]

    def naming(self, management: str) -> list[str]:
        """Which of those that are held, or are about to be, name this account, held or not, as their enterprise's?"""
        with self._mutex:
            expected = {member for named, member in self._expected if named == management}
            return sorted(self._members.get(management, set()) | expected)

    @contextmanager
    def expecting(self, account: str, named: str | None) -> Iterator[None]:
        """Count the account among those that name this other one, for it is about to be held.

        SECURITY: so that the other is not let go of meanwhile, and whoever moves it sees whom it binds.
        """
        if named is None:
            yield
            return
        key = (named, account)
        with self._mutex:
            self._expected[key] += 1
        try:
            yield
        finally:
            with self._mutex:
                self._expected[key] -= 1
                if not self._expected[key]:
                    del self._expected[key]

    def put(self, account: str, snapshot: Snapshot) -> None:
        """Hold this of the account from now on."""
        size = weigh(snapshot) if account not in self._entries else 0
        with self._mutex:
            before = self._entries.get(account)
            if before is None:
                self._loads += 1
                entry = _Entry(snapshot, self._loads, size)
            else:
                self._let_go(account, before)
                is_weighed = before.is_weighed and before.snapshot.revision == snapshot.revision
                entry = _Entry(snapshot, before.used, before.grown(snapshot), before.views, is_weighed)
            self._entries[account] = entry
            self.bytes += entry.bytes
            named = snapshot.account.enterprise
            if named is not None:
                self._members.setdefault(named, set()).add(account)

    def drop(self, account: str) -> None:
        """Hold nothing of the account any more."""
        with self._mutex:
            self._remove(account)

    def evict(self, account: str) -> bool:
        """Hold nothing of the account any more, unless another names it by now. Did it go?"""
        with self._mutex:
            if account in self._stays() or not self._remove(account):
                return False
            self.evictions += 1
            return True

    def _remove(self, account: str) -> bool:
        """Was it held? It is no more."""
        entry = self._entries.pop(account, None)
        if entry is not None:
            self._let_go(account, entry)
        return entry is not None

    def _stays(self) -> set[str]:
        return {*self._members, *(named for named, _ in self._expected)}

    def _let_go(self, account: str, entry: _Entry) -> None:
        self.bytes -= entry.bytes
        named = entry.snapshot.account.enterprise
        members = self._members.get(named or "")
        if named is not None and members is not None:
            members.discard(account)
            if not members:
                del self._members[named]

    def count_views(self, accounts: Iterable[str]) -> None:
        """Count what questions and changes have left behind in these accounts since they were counted last."""
        for entry in filter(None, map(self._entries.get, accounts)):
            own = entry.own if entry.is_weighed else weigh(entry.snapshot)
            views = weigh_views(entry.snapshot)
            with self._mutex:
                if self._entries.get(entry.snapshot.account.name) is entry:
                    self.bytes += own - entry.own + views - entry.views
                    entry.own, entry.views, entry.is_weighed = own, views, True

    def surplus(self, kept: Iterable[str] = ()) -> list[str]:
        """Which accounts have to go, the least used first? None of those `kept`.

        SECURITY: nor one that others name as their enterprise's: it is followed for what binds them.
        """
        if self.most_bytes is None or self.bytes <= self.most_bytes:
            return []
        with self._mutex:
            stays = self._stays().union(kept)
            ordered = sorted((entry.used, name) for name, entry in self._entries.items() if name not in stays)
            excess = self.bytes - self.most_bytes * KEPT_SHARE
            going = []
            for _, name in ordered:
                if excess <= 0:
                    break
                excess -= self._entries[name].bytes
                going.append(name)
        return going
