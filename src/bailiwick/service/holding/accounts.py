"""The accounts of one process: loaded at the first question, kept up with the store, placed, published, let go of.

Implements docs/spec.md 15 and 35. Locks are taken in this order, any of them left out: the turn of a writer
(trying.py), `_loading` of one account, `_following`, `_state` of one account. Whoever reads the store to take in what
moved holds `_following`; whoever puts a snapshot holds the `_state` of its account, so that none is replaced by an
earlier one. Finding what is held takes no lock at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from threading import RLock, get_ident
from typing import Any

from bailiwick.catalog.catalog import Catalog
from bailiwick.errors import NotFound
from bailiwick.model.names import parse_name
from bailiwick.service.enterprise.placing import place
from bailiwick.service.hearing import Hearing
from bailiwick.service.holding.catching_up import CatchingUp
from bailiwick.service.holding.held import Held
from bailiwick.service.holding.loads import Loads
from bailiwick.service.holding.locks import AccountLocks, taken
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.loading import account_log, account_of, load_snapshot
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import SYSTEM_LOG, Head, Store

FROM_NOW_ON = 1 << 62

_logger = logging.getLogger("bailiwick.following")


class NotHeld(Exception):
    """It takes the store to answer, and this thread may not wait for it: ask in another one."""


class HeldAccounts:
    """What this process holds of its store's accounts. Safe for threads.

    `system_moved` is called with the head where the system's log was, before anything is answered from its new state.
    """

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        hearing: Hearing,
        tell_fork: Callable[[Snapshot, Head], None],
        system_moved: Callable[[Head], None],
        most_bytes: int | None = None,
    ) -> None:
        self._held = Held(most_bytes)
        self.loads = Loads()
        self._store = store
        self._catalog = catalog
        self._hearing = hearing
        self._system_moved = system_moved
        self._catching_up = CatchingUp(store, catalog, tell_fork)
        self._following = RLock()
        self._loading, self._state, self._turns = AccountLocks(), AccountLocks(), AccountLocks()
        self._hurried: int | None = None
        self._generation = store.generation.read()
        self._mark, _ = store.moved_since(FROM_NOW_ON)
        self.system = store.head(SYSTEM_LOG)

    def never_wait_here(self) -> None:
        """From now on this thread is refused what would make it wait for the store (NotHeld)."""
        self._hurried = get_ident()

    def may_wait_again(self) -> None:
        """No thread is refused that any more."""
        self._hurried = None

    def _require_patience(self) -> None:
        if self._hurried is not None and get_ident() == self._hurried:
            raise NotHeld

    def find(self, account: str) -> Snapshot:
        """What does this account hold now? Raises NotFound, NotHeld."""
        self.follow()
        found = self._held.find(account)
        return self._load(account) if found is None else found

    def peek(self, account: str) -> Snapshot | None:
        """What is held of this account, up to date or not? It does not count as used. No I/O."""
        return self._held.peek(account)

    def names(self) -> list[str]:
        """Which accounts are held?"""
        return self._held.names()

    def sizes(self) -> Held:
        """How much is held, and what went? To be read only."""
        return self._held

    def count_views(self, names: Iterable[str]) -> None:
        """Count what questions and changes have left behind in these accounts since they were counted last."""
        self._held.count_views(names)

    def turn(self, account: str) -> Any:
        """With which lock do the writers of this process wait for their turns at the account?"""
        return self._turns.of(account)

    def follow(self) -> None:
        """Take in what was announced. Raises NotHeld, where something was."""
        # WHY first: this is on the way of every question, and mostly nothing was announced.
        if self._generation == self._store.generation.read():
            return
        self._require_patience()
        with self._following:
            if self._generation != self._store.generation.read():
                self.look()

    def look(self) -> None:
        """Take in what moved since the last look, announced or not."""
        self._require_patience()
        with self._following:
            # INVARIANT: the word is read before the heads, so that what is announced later is followed later.
            generation = self._store.generation.read()
            mark, heads = self._store.moved_since(self._mark)
            self.take_in(heads)
            self._mark, self._generation = mark, generation

    def poll(self, names: Collection[str] | None = None) -> None:
        """Compare heads, whenever they moved.

        `names`: those of these accounts, of the enterprises that they name, and of the system only.

        WHY not only what moved: what was put back to an earlier state did not.
        """
        self._require_patience()
        with self._following:
            generation = self._store.generation.read()
            asked = self._in_order(self._held.names() if names is None else self._with_enterprises(names))
            heads = self._store.heads([SYSTEM_LOG, *map(account_log, asked)])
            self._take_in_system(heads[SYSTEM_LOG])
            for name in asked:
                self._take_in(name, heads.get(account_log(name)))
            if names is None:
                self._generation = generation

    def _enterprise_of(self, name: str) -> str | None:
        """Which enterprise's account does this one name, as it is held? None: it names none, or is not held."""
        held = self._held.peek(name)
        return None if held is None else held.account.enterprise

    def _with_enterprises(self, names: Iterable[str]) -> set[str]:
        """Which of these are held, and which that those name?"""
        held = {name for name in names if self._held.peek(name) is not None}
        return held | {named for name in held if (named := self._enterprise_of(name)) is not None}

    def _in_order(self, names: Iterable[str]) -> list[str]:
        """Those that name no enterprise first. WHY: what an account did after its tree moved is not shown before."""
        return sorted(names, key=lambda name: self._enterprise_of(name) is not None)

    def take_in(self, heads: Iterable[Head]) -> None:
        """Take in what moved to these heads. Raises what keeps the store as a whole from being read."""
        with self._following:
            behind = {account_of(head.log): head for head in heads if self.is_behind(head)}
            system = behind.pop(SYSTEM_LOG, None)
            if system is not None:
                self._take_in_system(system)
            for name in self._in_order(behind):
                self._take_in(name, behind[name])

    def is_behind(self, head: Head) -> bool:
        """Is it the head of something that is held here at an earlier state, or at another one of this revision?

        INVARIANT: a head that was read before this process wrote is behind what is held, and no news.
        """
        if head.log == SYSTEM_LOG:
            return head != self.system
        name = account_of(head.log)
        held = self._held.peek(name)
        if held is None:
            return bool(self._held.naming(name))
        return held.revision <= head.revision and held.vector["account"] != head.vector

    def _take_in_system(self, head: Head) -> None:
        if head == self.system:
            return
        self._system_moved(self.system)
        self.system = head
        for name in self._held.names():
            with self._state.of(name):
                held = self._held.peek(name)
                if held is not None:
                    self._put(name, held)

    def _take_in(self, name: str, head: Head | None) -> None:
        """Take in this account; then those that name it are in another place."""
        before = self._held.peek(name)
        if head is None:
            with self._state.of(name):
                self._drop(name)
        elif before is not None and before.vector["account"] != head.vector:
            with self._state.of(name):
                self._catch_up(name, head)
        if before is None or self._held.peek(name) is not before:
            for member in self._held.naming(name):
                self._place_again(member)
        elif before.account.enterprise is not None and before.placed_at is None:
            self._place_again(name)

    def _catch_up(self, name: str, head: Head) -> None:
        held = self._held.peek(name)
        if held is None:
            return
        try:
            if held.revision > head.revision:
                # WHY: a writer of this process may have published since, or the store was put back.
                head = self._store.head(head.log)
                if head.revision > held.revision:
                    # Others wrote on it since, perhaps after its enterprise moved: that is the next look's.
                    return
            own = self._catching_up.advance(held, head, self.system)
            with self._held.expecting(name, own.account.enterprise):
                self._bring_management_of(own)
                self._put(name, own)
        except Exception:
            if not self._hearing.is_followed:
                raise
            self._store.head(SYSTEM_LOG)
            if self._hearing.lose(name):
                _logger.exception("account `%s` could not be taken in", name)
            return
        self._hearing.regain(name)

    def _place_again(self, name: str) -> None:
        # WHY with the lock: it may be about to be held, and in an earlier place.
        with self._state.of(name):
            held = self._held.peek(name)
        if held is not None and held.account.enterprise is not None:
            self._bring_management_of(held)
            with self._state.of(name):
                held = self._held.peek(name)
                if held is not None:
                    self._put(name, held)

    def _put(self, name: str, own: Snapshot) -> None:
        """Hold this, in its place and by the newest state of the system.

        With the account's state locked, and while it is seen to name its enterprise's (held, or expected to be).
        """
        system = self.system.vector
        if own.vector["system"] != system:
            own = replace(own, vector={**own.vector, "system": system})
        named = own.account.enterprise
        management = None if named is None else self._held.find(named)
        if management is not None and management.account.enterprise is not None:
            management = None
        found = place(own, management)
        if found is not self._held.peek(name):
            self._held.put(name, found)

    def _drop(self, name: str) -> None:
        self._held.drop(name)
        self._hearing.regain(name)

    def publish(self, account: str, snapshot: Snapshot) -> None:
        """Answer from this snapshot, which was committed, unless what is held is newer.

        WHY not where nothing is held: what others committed since would not be followed; who asks next loads it.
        """
        with self._held.expecting(account, snapshot.account.enterprise):
            try:
                self._bring_management_of(snapshot)
            except Exception:
                # WHY no error: it is committed, and whoever asks next loads it or is told that it cannot be.
                _logger.exception("account `%s` could not be placed in its enterprise", account)
                with self._state.of(account):
                    self._drop(account)
                return
            with self._state.of(account):
                held = self._held.peek(account)
                if held is not None and held.revision < snapshot.revision:
                    self._put(account, snapshot)
        # WHY again: the enterprise may have moved, or gone, since it was looked for.
        for name in (account, *self._held.naming(account)):
            self._place_again(name)

    def _load(self, account: str) -> Snapshot:
        self._require_patience()
        parse_name(account, "account", "account name")
        with self.loads.waiting(account) as seconds, taken(self._loading.of(account), seconds):
            found = self._held.find(account)
            if found is None:
                with self.loads.one_more():
                    own = self._read(account)
                self._bring_management_of(own)
                found = self._hold(account, own)
        self.make_room(account)
        return found

    def _read(self, account: str) -> Snapshot:
        """What has the store of the account?

        WHY a management account in no turn of loads: whoever follows may wait for it, and for nobody's loads.
        """
        try:
            return load_snapshot(self._store, self._catalog, account, self.system)
        except NotFound:
            raise NotFound(f"there is no account `{account}`") from None

    def _hold(self, account: str, own: Snapshot) -> Snapshot:
        """Hold what was read, brought up to now.

        INVARIANT: nobody follows meanwhile, so what moved since is either taken in here or seen to be held.
        """
        with self._following, self._state.of(account):
            held = self._held.find(account)
            if held is not None:
                return held
            head = self._store.head(account_log(account))
            own = self._catching_up.advance(own, head, self.system)
            with self._held.expecting(account, own.account.enterprise):
                self._bring_up_management_of(own)
                self._put(account, own)
            found = self._held.find(account)
            assert found is not None
            return found

    def _bring_up_management_of(self, own: Snapshot) -> None:
        """Hold the account that this one names, as it is now: not before this one's newest change (rule 35.8)."""
        self._bring_management_of(own)
        named = own.account.enterprise
        if named is not None and self._held.peek(named) is not None:
            log = account_log(named)
            self._take_in(named, self._store.heads([log]).get(log))

    def _bring_management_of(self, own: Snapshot) -> None:
        """Hold the account that this one names as its enterprise's, if it can hold a tree. Who names one cannot.

        WHY it is not placed itself: two accounts that name each other would be looked for without end.
        """
        named = own.account.enterprise
        if named is None or self._held.find(named) is not None:
            return
        try:
            stored = self._store.find_named(account_log(named), ACCOUNT, named)
            if stored is not None and stored.document.get("enterprise") is None:
                self._hold(named, self._read(named))
        except NotFound:
            return

    def make_room(self, *kept: str) -> None:
        """Let go of the least used accounts while more is held than may be; these stay."""
        for name in self._held.surplus(kept):
            with self._state.of(name):
                if self._held.evict(name):
                    self._hearing.regain(name)
