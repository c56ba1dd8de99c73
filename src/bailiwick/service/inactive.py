"""Identities that nobody used for long: users, service IDs, profiles and API keys, with what each still holds.

A page at a time: of each page a bounded number is looked at, and it says where the next one begins. Only what the
session may list is looked at. It must not change anything. Implements docs/spec.md 31.18 and 31.19.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.engine.authority import policies_of
from bailiwick.engine.views import find_view
from bailiwick.model.accounts import Principal
from bailiwick.service.host import Host
from bailiwick.service.keys.records import owner_of
from bailiwick.service.kinds import KINDS, find_value, reference_of
from bailiwick.service.loading import API_KEY, account_log
from bailiwick.service.needed import iam_service
from bailiwick.service.people.records import SignInRecord
from bailiwick.service.reading import Reader
from bailiwick.service.session_events import BEGUN, SESSION
from bailiwick.service.sessions import Session
from bailiwick.store.ports import EventFilter

KINDS_LOOKED_AT = ("ApiKey", "Profile", "ServiceId", "User")
LISTED_BY = ("iam.api-key.list", *(f"iam.{KINDS[kind].resource_type}.list" for kind in KINDS_LOOKED_AT[1:]))
LIST_POLICIES = "iam.policy.list"
DEFAULT_DAYS, MOST_DAYS = 90, 3650
MOST_LOOKED_AT = 2000
CSV_FIELDS = ("kind", "name", "id", "owner", "last_used_at", "known_since", "disabled", "keys", "policies")


@dataclass(frozen=True, slots=True)
class Inactive:
    """Who was not used since when (None: never as far as is known), known since, and what does it still hold?

    `name` of a key is what is visible of it; `owner` whose key it is. `keys` and `policies`: how many it has and how
    many policies reach it; None: not told.
    """

    kind: str
    name: str
    id: str
    owner: str
    last_used_at: datetime | None
    known_since: datetime | None
    disabled: bool
    keys: int | None
    policies: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of them, by kind and name; `next`: after which place the rest begins, None: there is no more."""

    found: Sequence[Inactive]
    next: str | None


def list_inactive(host: Host, session: Session, days: int, *, after: str = "", limit: int = 100) -> Page:
    """Which identities were not used for so many days? Raises Denied where the session may list none of them."""
    return _Report(host, session, days).page(after, limit)


def all_inactive(host: Host, session: Session, days: int) -> Iterator[Inactive]:
    """The same, all of them, in one state. Raises Denied at once, before the first is asked for."""
    report = _Report(host, session, days)
    return (one for candidate in report.candidates if (one := report.judge(candidate)) is not None)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Of which kind and name is it, and where does it stand among all?"""

    kind: str
    name: str

    @property
    def place(self) -> str:
        return f"{self.kind} {self.name}"


class _Report:
    """One session that looks at one state at one moment."""

    def __init__(self, host: Host, session: Session, days: int) -> None:
        self._host = host
        self._reader = Reader(host, session)
        self._snapshot = self._reader.snapshot
        self._until = host.at() - timedelta(days=days)
        judge = self._reader.judge
        self._kinds = [
            kind
            for kind, action in zip(KINDS_LOOKED_AT, LISTED_BY, strict=True)
            if judge.is_allowed(action, iam_service())
        ]
        if not self._kinds:
            judge.require(LISTED_BY[-1], iam_service())
        self._tells_policies = judge.is_allowed(LIST_POLICIES, iam_service())
        self._credentials: dict[str, list[str]] = {}
        for record in self._snapshot.people.values():
            if isinstance(record, SignInRecord):
                self._credentials.setdefault(record.owner_uid, []).append(record.uid)
        self._keys: dict[str, list[ApiKeyRecord]] = {}
        for key in self._snapshot.keys.values():
            self._keys.setdefault(key.owner_uid, []).append(key)

    @property
    def candidates(self) -> Iterator[_Candidate]:
        """Who is looked at, by kind and name?"""
        for kind in self._kinds:
            names = sorted(self._snapshot.keys) if kind == API_KEY else self._snapshot.sorted_names(kind)
            yield from (_Candidate(kind, name) for name in names)

    def page(self, after: str, limit: int) -> Page:
        """The next ones beyond this place."""
        found: list[Inactive] = []
        place = after
        rest = (one for one in self.candidates if one.place > after)
        for looked_at, candidate in enumerate(rest):
            if len(found) == limit or looked_at == MOST_LOOKED_AT:
                return Page(found, place)
            one = self.judge(candidate)
            if one is not None:
                found.append(one)
            place = candidate.place
        return Page(found, None)

    def judge(self, candidate: _Candidate) -> Inactive | None:
        """What is said of this one, if it was not used for long?"""
        if candidate.kind == API_KEY:
            return self._key(self._snapshot.keys[candidate.name])
        return self._principal(candidate.kind, candidate.name)

    def _key(self, record: ApiKeyRecord) -> Inactive | None:
        used = self._host.last_used(self._snapshot.account.name, record.uid)
        since = record.rotated_at or record.created_at
        if max(used or since, since) > self._until:
            return None
        return Inactive(
            API_KEY, record.prefix, record.uid, owner_of(record), used, since, record.disabled, None, None
        )

    def _principal(self, kind: str, name: str) -> Inactive | None:
        uid = self._snapshot.identities[kind, name].uid
        used = self._profile_used(uid) if kind == "Profile" else self._last_used(uid)
        if used is not None and used > self._until:
            return None
        since = self._changed_at(kind, uid)
        if used is None and since is not None and since > self._until:
            return None
        value = find_value(self._snapshot.account, kind, name)
        disabled = isinstance(value, Principal) and value.disabled
        keys = len(self._keys.get(uid, ())) if kind != "Profile" else None
        owner = value.owner or "" if isinstance(value, Principal) else ""
        return Inactive(kind, name, uid, owner, used, since, disabled, keys, self._policies(kind, name))

    def _last_used(self, uid: str) -> datetime | None:
        """When did it last sign in, or use a key that it has now?"""
        credentials = (*self._credentials.get(uid, ()), *(key.uid for key in self._keys.get(uid, ())))
        used = (self._host.last_used(self._snapshot.account.name, one) for one in credentials)
        return max((one for one in used if one is not None), default=None)

    def _profile_used(self, uid: str) -> datetime | None:
        """When did a session as this profile begin last, as far as the activity goes back?"""
        wanted = EventFilter(
            log=account_log(self._snapshot.account.name), kind=SESSION, outcome=BEGUN, principal_uid=uid
        )
        found = self._host.store.activity.events(wanted, None, 1, newest_first=True)
        return found[0].event.at if found else None

    def _changed_at(self, kind: str, uid: str) -> datetime | None:
        """Since when is it as it is? WHY: who was made or changed lately is not yet called unused."""
        rows = self._host.store.history(account_log(self._snapshot.account.name), limit=1, kind=kind, uid=uid)
        return rows[0].at if rows else None

    def _policies(self, kind: str, name: str) -> int | None:
        """How many policies allow it something?"""
        if not self._tells_policies:
            return None
        view = find_view(self._snapshot.compiled, reference_of(kind, name), self._host.now())
        if view is None:
            return 0
        found = {one.name for _, one in policies_of(self._snapshot.compiled, view) if one.effect == "allow"}
        return len(found)
