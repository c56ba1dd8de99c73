"""The host: the one place where store, catalog, engine and authentication meet, for as long as a process lives.

It holds a snapshot of each account that was asked about, follows the store's generation word, and carries out
changes one at a time. Questions read snapshots only; nothing on their path does I/O.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import RLock

from bailiwick.authn.signing import KeyPurpose, KeySet
from bailiwick.authn.tokens import TokenParties
from bailiwick.catalog.catalog import Catalog
from bailiwick.errors import NotFound, Unavailable
from bailiwick.model.names import parse_name
from bailiwick.service.authentication import Authenticator
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.enterprise.placing import place
from bailiwick.service.federation.directory import ProviderDirectory
from bailiwick.service.federation.fetching import Fetcher
from bailiwick.service.freshness import Wanted, find_missing
from bailiwick.service.hearing import Hearing, find_stale
from bailiwick.service.history.past_states import PastStates
from bailiwick.service.history.verifying import Verifications
from bailiwick.service.keyring import load_key_sets
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.loading import account_log, advance, load_snapshot, vector_of
from bailiwick.service.locating import locate
from bailiwick.service.oauth.identity_keys import IdentityKeys
from bailiwick.service.rates import Rates
from bailiwick.service.refusals import RefusalRecord
from bailiwick.service.sessions import Session
from bailiwick.service.settings import Settings
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.address import Address
from bailiwick.store.opening import open_store
from bailiwick.store.ports import SYSTEM_LOG, ActivityEvent, Head, Store, parse_vector

MOST_ROWS = 10_000
LOG_PREFIX = "account:"

_logger = logging.getLogger("bailiwick.following")


@dataclass(slots=True)
class Counters:
    """How many decisions were allowed and denied in this process? Plain numbers, read by the metrics page.

    `forks`: how often an account was found to be of another history than what was held.
    """

    allowed: int = 0
    denied: int = 0
    forks: int = 0


class Host:
    """Answers for every account of one store. Safe for threads.

    `clock` gives epoch seconds; tests pass their own.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        catalog: Catalog | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.settings = settings
        self.catalog = catalog if catalog is not None else load_system_catalog()
        self.counters = Counters()
        self.hearing = Hearing()
        self.rates = Rates(settings.rate)
        self.writing = RLock()
        self.past = PastStates(store, self.catalog)
        self.providers = ProviderDirectory(Fetcher(settings.provider_networks), self.now)
        self.verifications = Verifications(store, self.at)
        self._trust_refusals: dict[str, RefusalRecord] = {}
        self._locked_out: dict[str, RefusalRecord] = {}
        self._out_of_place: dict[str, RefusalRecord] = {}
        self._refusals = RefusalRecord(self._record_refusal)
        self._clock = clock
        self._snapshots: dict[str, Snapshot] = {}
        self._lost: dict[str, str] = {}
        self._generation = store.generation.read()
        self._system = store.head(SYSTEM_LOG)
        self._key_sets = load_key_sets(store)
        self._refuse_missing_logs()
        self.authenticator = Authenticator(self)
        self.identity_keys = IdentityKeys(self)

    def _refuse_missing_logs(self) -> None:
        """SECURITY: a log that was deleted whole has no head to tell of it; the system log names every account."""
        _, objects = self.store.load(SYSTEM_LOG)
        wanted = {str(one.document["log"]) for one in objects if one.kind == ACCOUNT}
        missing = sorted(wanted - set(self.store.list_logs()))
        if missing:
            raise Unavailable(f"the log `{missing[0]}` is missing from the store", "restore it from a backup")

    @property
    def public_url(self) -> str:
        """From where is this installation reached? (From its settings, never from a request.)"""
        return self.settings.public_url

    @property
    def parties(self) -> TokenParties:
        """Who issues access tokens here, and for whom?"""
        return TokenParties(self.settings.issuer, self.settings.audience)

    def now(self) -> float:
        """What time is it, in epoch seconds?"""
        return self._clock()

    def at(self) -> datetime:
        """What time is it, as an aware instant?"""
        return datetime.fromtimestamp(self._clock(), UTC)

    def key_set(self, purpose: KeyPurpose) -> KeySet:
        """Which signing keys are there for this purpose?"""
        self._follow()
        return self._key_sets[purpose]

    def snapshot(self, account: str) -> Snapshot:
        """What does this account hold now? Raises NotFound, Stale."""
        if self._generation != self.store.generation.read():
            self._follow()
        found = self._snapshots.get(account)
        if found is None:
            found = self._load(account)
        if not self.hearing.is_calm():
            find_stale(self.hearing, found, self.now())
        return found

    def stale_since(self, account: str) -> datetime | None:
        """Since when was nothing heard, where that is longer than the account allows and it is answered all the same?

        None: it is fresh enough. Raises Stale where it is not to be answered. No I/O.
        """
        if self.hearing.is_calm():
            return None
        found = self._snapshots.get(account)
        return None if found is None else find_stale(self.hearing, found, self.now())

    def find_held(self, account: str) -> Snapshot | None:
        """What is held of the account in this process, stale or not? No I/O."""
        return self._snapshots.get(account)

    def is_behind(self, head: Head) -> bool:
        """Is it the head of something that is held here at another state?"""
        if head.log == SYSTEM_LOG:
            return head != self._system
        held = self._snapshots.get(head.log.removeprefix(LOG_PREFIX))
        return held is not None and held.vector["account"] != head.vector

    def accounts(self) -> list[str]:
        """Which accounts does the store hold?"""
        return [log.removeprefix(LOG_PREFIX) for log in self.store.list_logs() if log.startswith(LOG_PREFIX)]

    def find_snapshot(self, account: str) -> Snapshot | None:
        """What does this account hold now? None: there is no such account."""
        try:
            return self.snapshot(account)
        except NotFound:
            return None

    def _load(self, account: str) -> Snapshot:
        parse_name(account, "account", "account name")
        with self.writing:
            found = self._snapshots.get(account)
            if found is None:
                try:
                    found = self._in_place(load_snapshot(self.store, self.catalog, account, self._system))
                except NotFound:
                    raise NotFound(f"there is no account `{account}`") from None
                self._snapshots[account] = found
            return found

    def _in_place(self, own: Snapshot) -> Snapshot:
        """What does the account answer from in the tree of the enterprise that it names, if it names one?"""
        named = own.account.enterprise
        return place(own, None if named is None else self._find_management(named))

    def _find_management(self, account: str) -> Snapshot | None:
        """What does this account hold, if it can hold a tree? Who names an enterprise of its own cannot.

        WHY not `snapshot`: two accounts that name each other would be looked for without end.
        """
        found = self._snapshots.get(account)
        if found is None:
            try:
                found = load_snapshot(self.store, self.catalog, account, self._system)
            except NotFound:
                return None
            if found.account.enterprise is None:
                self._snapshots[account] = found
        return found if found.account.enterprise is None else None

    def _follow(self) -> None:
        """Take in what other processes announced: compare heads, load what moved."""
        if self._generation != self.store.generation.read():
            self.poll()

    def poll(self, names: Collection[str] | None = None) -> None:
        """Take in what was written, announced or not: compare heads, load what moved. `names`: of these accounts only.

        WHY not only on an announcement: a writer that is killed between its commit and the word announces nothing.
        """
        with self.writing:
            # INVARIANT: the word is read before the heads, so that what is announced later is followed later.
            generation = self.store.generation.read()
            asked = [name for name in self._snapshots if names is None or name in names]
            heads = self.store.heads([SYSTEM_LOG, *map(account_log, asked)])
            system_moved = heads[SYSTEM_LOG] != self._system
            if names is not None and system_moved:
                self.poll()
                return
            if system_moved:
                self._key_sets = load_key_sets(self.store)
                self._system = heads[SYSTEM_LOG]
                self.authenticator.forget()
            self._take_in(asked, heads)
            if names is None:
                self._generation = generation

    def take_in(self, heads: Collection[Head]) -> None:
        """Take in these accounts, which moved to these heads while the system's log did not. Raises as `poll`."""
        with self.writing:
            by_log = {head.log: head for head in heads if self.is_behind(head)}
            self._take_in([log.removeprefix(LOG_PREFIX) for log in by_log], by_log)

    def _take_in(self, asked: Sequence[str], heads: Mapping[str, Head]) -> None:
        for name in asked:
            head, snapshot = heads.get(account_log(name)), self._snapshots[name]
            if head is None:
                del self._snapshots[name]
                self.hearing.regain(name)
            elif snapshot.account.enterprise is None:
                self._snapshots[name] = self._try_catching_up(name, snapshot, head)
        # WHY after the others: an account is placed in a tree that is up to date, and shown only in its place.
        for name, snapshot in list(self._snapshots.items()):
            if snapshot.account.enterprise is not None:
                head = heads.get(account_log(name))
                own = snapshot if head is None else self._try_catching_up(name, snapshot, head)
                self._snapshots[name] = self._in_place(own)

    def _try_catching_up(self, name: str, snapshot: Snapshot, head: Head) -> Snapshot:
        """The same, or what became of it; where it cannot be read, it alone grows stale, if somebody follows.

        Raises whatever keeps the store as a whole from being read.
        """
        try:
            found = self._caught_up(name, snapshot, head)
        except Exception:
            if not self.hearing.is_followed:
                raise
            self.store.head(SYSTEM_LOG)
            if self.hearing.lose(name):
                _logger.exception("account `%s` could not be taken in", name)
            return snapshot
        self.hearing.regain(name)
        return found

    def _caught_up(self, name: str, snapshot: Snapshot, head: Head) -> Snapshot:
        """The same, or what its own log has made of it since; where no tree is, also in its place."""
        if vector_of(head, self._system, snapshot.vector.get("enterprise")) == snapshot.vector:
            return snapshot
        caught_up = self._catch_up(name, snapshot, head)
        return self._in_place(caught_up) if snapshot.account.enterprise is None else caught_up

    def _catch_up(self, name: str, snapshot: Snapshot, head: Head) -> Snapshot:
        log = account_log(name)
        if not self._holds(log, snapshot.vector["account"]):
            self._tell_fork(name, snapshot, head)
            return load_snapshot(self.store, self.catalog, name, self._system)
        # WHY in parts: a million rows at once would be held in memory besides what they come to.
        while True:
            rows = self.store.changes(log, snapshot.revision, MOST_ROWS)
            end = rows[-1].revision if rows else head.revision
            part = head if end == head.revision else self.store.head_at(log, end)
            snapshot = advance(self.store, snapshot, rows, part, self._system)
            if end >= head.revision:
                return snapshot

    def _holds(self, log: str, vector: str) -> bool:
        """Is this revision in the history of the log, as the store has it now?"""
        try:
            return self.store.head_at(log, parse_vector(vector)[0]).vector == vector
        except NotFound:
            return False

    def _tell_fork(self, name: str, snapshot: Snapshot, head: Head) -> None:
        """The store was put back, or is another one: what was held, and perhaps answered from, is lost."""
        lost = snapshot.vector["account"]
        self.counters.forks += 1
        self._lost[account_log(name)] = lost
        _logger.error(
            "account `%s` is of another history: %s is lost, the store has %s", name, lost, head.vector
        )
        detail = {"lost": lost, "found": head.vector}
        self.store.activity.record([ActivityEvent(self.at(), "fork", "found", log=head.log, detail=detail)])

    def is_lost(self, log: str, vector: str) -> bool:
        """Is it known that this revision was held here, and is in no history any more?"""
        return self._lost.get(log) == vector

    def publish(self, account: str, snapshot: Snapshot) -> None:
        """Answer from this snapshot from now on (called with `writing` held, after the commit)."""
        # INVARIANT: `_generation` stays: the word may also announce what another process committed meanwhile.
        self._snapshots[account] = self._in_place(snapshot)

    def refresh(self, account: str) -> Snapshot:
        """Take in what the account has become meanwhile."""
        with self.writing:
            self.poll()
            return self._load(account)

    def vector_at(self, log: str, revision: int) -> str:
        """How is this revision of the log written? Raises NotFound beyond its head."""
        return self.store.head_at(log, revision).vector

    def find_missing(self, account: str, wanted: Wanted) -> str | None:
        """Which log has not yet reached the wanted revision here, looked for anew? None: all have. Raises Forked."""
        missing = find_missing(self, account, wanted)
        if missing is None:
            return None
        named = self.snapshot(account).account.enterprise
        self.poll([account] if named is None else [account, named])
        return find_missing(self, account, wanted, is_newest=True)

    def system_head(self) -> Head:
        """At which revision of the system log are answers given?"""
        return self._system

    def authenticate(self, authorization: str | None, address: str | None = "") -> Session:
        """Who asks, by this `Authorization` header, from this address ("": not known)? Raises Unauthenticated."""
        return self.authenticator.authenticate(authorization, address)

    def cursor_secret(self) -> bytes:
        """From which secret are cursors made? (The signing key: every process has it, and no other one is needed.)"""
        return str(self.key_set(KeyPurpose.ACCESS).current().private_pem).encode()

    def record_decision(self, session: Session, allowed: bool) -> None:
        """Count a decision. No I/O."""
        if allowed:
            self.counters.allowed += 1
        else:
            self.counters.denied += 1

    def record(self, kind: str, outcome: str, session: Session | None = None, **detail: object) -> None:
        """Remember something that happened without changing state (buffered)."""
        self.store.activity.record(
            [
                ActivityEvent(
                    at=self.at(),
                    kind=kind,
                    outcome=outcome,
                    log="" if session is None else account_log(session.account),
                    principal_uid="" if session is None else session.uid,
                    credential_uid="" if session is None else session.credential,
                    detail=dict(detail),
                )
            ]
        )

    def trust_refusals(self, account: str) -> RefusalRecord:
        """Which refusals by profiles of this account are written? SECURITY: those of others crowd none of its out."""
        return self._trust_refusals.setdefault(account, RefusalRecord(lambda _: None))

    def lockout_refusals(self, account: str) -> RefusalRecord:
        """Which refusals of who is locked out of this account are written? "": of no account that is there."""
        return self._locked_out.setdefault(account, RefusalRecord(lambda _: None))

    def refuse_stranger(self) -> None:
        """Remember that somebody without a credential that holds was refused a token; one by one while few are."""
        self._refusals.add(self.now())

    def refuse_place(self, session: Session, address: str) -> None:
        """Remember that a credential was used from where it may not be; bounded, as every refusal is."""
        others = self._out_of_place.setdefault(session.account, RefusalRecord(lambda _: None)).take(
            self.now()
        )
        if others is not None:
            more = {"others_since_last": others} if others else {}
            self.record("refusal", "network", session, address=address, **more)

    def _record_refusal(self, counted: int) -> None:
        if counted:
            self.record("token", "refused", others_since_last=counted)
        else:
            self.record("token", "refused")

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()


def open_host(address: Address, settings: Settings) -> Host:
    """Which host answers for this store?"""
    return Host(open_store(address, locate=locate), settings)
