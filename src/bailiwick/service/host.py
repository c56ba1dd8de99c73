"""The host: the one place where store, catalog, engine and authentication meet, for as long as a process lives.

Questions read what is held (holding/); where it is not held, or something was announced meanwhile, the store is asked
first, which the server's own thread refuses to wait for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bailiwick.authn.signing import KeyPurpose, KeySet
from bailiwick.authn.tokens import TokenParties
from bailiwick.catalog.catalog import Catalog
from bailiwick.errors import NotFound, Unavailable
from bailiwick.model.requests import Decision
from bailiwick.service.authentication import Authenticator
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.counting import Counters
from bailiwick.service.federation.directory import ProviderDirectory
from bailiwick.service.federation.fetching import Fetcher
from bailiwick.service.freshness import Wanted, find_missing
from bailiwick.service.hearing import Hearing, find_stale
from bailiwick.service.history.past_states import PastStates
from bailiwick.service.history.verifying import Verifications
from bailiwick.service.holding.accounts import HeldAccounts
from bailiwick.service.keyring import have_keys_moved, load_key_sets
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.loading import LOG_PREFIX, account_log, account_of
from bailiwick.service.locating import locate
from bailiwick.service.oauth.identity_keys import IdentityKeys
from bailiwick.service.rates import Rates
from bailiwick.service.refusals import RefusalRecord
from bailiwick.service.sessions import Session
from bailiwick.service.settings import Settings
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.turns import Turns
from bailiwick.store.address import Address
from bailiwick.store.opening import open_store
from bailiwick.store.ports import SYSTEM_LOG, ActivityEvent, Head, Store

_logger = logging.getLogger("bailiwick.following")


class Host:
    """Answers for every account of one store. Safe for threads.

    `clock` gives epoch seconds; tests pass their own, and their own `hearing`.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        catalog: Catalog | None = None,
        clock: Callable[[], float] = time.time,
        hearing: Hearing | None = None,
    ) -> None:
        self.store = store
        self.settings = settings
        self.catalog = catalog if catalog is not None else load_system_catalog()
        self.counters = Counters()
        self.hearing = hearing or Hearing()
        self.rates = Rates(settings.rate)
        self.turns = Turns()
        self.past = PastStates(store, self.catalog)
        self.providers = ProviderDirectory(Fetcher(settings.provider_networks), self.now)
        self.verifications = Verifications(store, self.at)
        self._trust_refusals: dict[str, RefusalRecord] = {}
        self._locked_out: dict[str, RefusalRecord] = {}
        self._out_of_place: dict[str, RefusalRecord] = {}
        self._refusals = RefusalRecord(self._record_refusal)
        self._clock = clock
        self._lost: dict[str, str] = {}
        self.held = HeldAccounts(
            store, self.catalog, self.hearing, self._tell_fork, self._system_moved, settings.most_held_bytes
        )
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
        """Which signing keys are there for this purpose? Raises NotHeld."""
        self.held.follow()
        return self._key_sets[purpose]

    def snapshot(self, account: str) -> Snapshot:
        """What does this account hold now? Raises NotFound, Stale, NotHeld."""
        found = self.held.find(account)
        if not self.hearing.is_calm():
            find_stale(self.hearing, found, self.now())
        return found

    def stale_since(self, account: str) -> datetime | None:
        """Since when was nothing heard, where that is longer than the account allows and it is answered all the same?

        None: it is fresh enough. Raises Stale where it is not to be answered. No I/O.
        """
        if self.hearing.is_calm():
            return None
        found = self.held.peek(account)
        return None if found is None else find_stale(self.hearing, found, self.now())

    def find_held(self, account: str) -> Snapshot | None:
        """What is held of the account in this process, stale or not? No I/O."""
        return self.held.peek(account)

    def accounts(self) -> list[str]:
        """Which accounts does the store hold?"""
        return [account_of(log) for log in self.store.list_logs() if log.startswith(LOG_PREFIX)]

    def find_snapshot(self, account: str) -> Snapshot | None:
        """What does this account hold now? None: there is no such account."""
        try:
            return self.snapshot(account)
        except NotFound:
            return None

    def _system_moved(self, before: Head) -> None:
        if have_keys_moved(self.store, before):
            self._key_sets = load_key_sets(self.store)
            self.authenticator.forget()

    def _tell_fork(self, snapshot: Snapshot, head: Head) -> None:
        """The store was put back, or is another one: what was held, and perhaps answered from, is lost."""
        lost = snapshot.vector["account"]
        self.counters.forks += 1
        self._lost[head.log] = lost
        _logger.error(
            "account `%s` is of another history: %s is lost, the store has %s",
            snapshot.account.name,
            lost,
            head.vector,
        )
        detail = {"lost": lost, "found": head.vector}
        self.store.activity.record([ActivityEvent(self.at(), "fork", "found", log=head.log, detail=detail)])

    def is_lost(self, log: str, vector: str) -> bool:
        """Is it known that this revision was held here, and is in no history any more?"""
        return self._lost.get(log) == vector

    def poll(self) -> None:
        """Compare everything that is held with the store, announced or not."""
        self.held.poll()

    def publish(self, account: str, snapshot: Snapshot) -> None:
        """Answer from this snapshot from now on (called after the commit)."""
        self.held.publish(account, snapshot)

    def refresh(self, account: str, *others: str) -> Snapshot:
        """Take in what the account, and these others, have become meanwhile."""
        self.held.poll([account, *others])
        return self.held.find(account)

    def vector_at(self, log: str, revision: int) -> str:
        """How is this revision of the log written? Raises NotFound beyond its head."""
        return self.store.head_at(log, revision).vector

    def find_missing(self, account: str, wanted: Wanted) -> str | None:
        """Which log has not yet reached the wanted revision here, looked for anew? None: all have. Raises Forked."""
        missing = find_missing(self, account, wanted)
        if missing is None:
            return None
        self.held.poll([account])
        return find_missing(self, account, wanted, is_newest=True)

    def system_head(self) -> Head:
        """At which revision of the system log are answers given?"""
        return self.held.system

    def authenticate(self, authorization: str | None, address: str | None = "") -> Session:
        """Who asks, by this `Authorization` header, from this address ("": not known)? Raises Unauthenticated."""
        return self.authenticator.authenticate(authorization, address)

    def cursor_secret(self) -> bytes:
        """From which secret are cursors made? (The signing key: every process has it, and no other one is needed.)"""
        return str(self.key_set(KeyPurpose.ACCESS).current().private_pem).encode()

    def record_decision(self, session: Session, decision: Decision) -> None:
        """Count a decision. No I/O."""
        self.counters.decided[decision.reason] += 1

    def record(self, kind: str, outcome: str, session: Session | None = None, **detail: object) -> None:
        """Remember something that happened without changing state (buffered)."""
        self.store.activity.record(
            [
                ActivityEvent(
                    at=self.at(),
                    kind=kind,
                    outcome=outcome,
                    log=SYSTEM_LOG if session is None else account_log(session.account),
                    principal_uid="" if session is None else session.uid,
                    credential_uid="" if session is None else session.credential,
                    detail=dict(detail),
                )
            ]
        )

    def touch_credential(self, account: str, credential_uid: str) -> None:
        """Remember that this credential of the account is used now (buffered, no I/O)."""
        self.store.activity.touch_credential(account_log(account), credential_uid, self.at())

    def last_used(self, account: str, credential_uid: str) -> datetime | None:
        """When was this credential of the account last used?"""
        return self.store.activity.last_used(account_log(account), credential_uid)

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
