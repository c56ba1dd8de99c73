"""One account at one revision, ready to answer: what every question is asked of.

A snapshot is a value: a change makes another. Nothing in it does I/O.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import Any, TypeVar, cast

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.engine import CompiledAccount
from bailiwick.engine.own import own_names
from bailiwick.model.accounts import Account
from bailiwick.model.applications import COMMAND_LINE, Application
from bailiwick.model.overlays import Overlay, as_overlay
from bailiwick.model.patterns import is_pattern
from bailiwick.service.kinds import find_value, list_values
from bailiwick.service.mentions import Mentions
from bailiwick.service.people.records import (
    APPLICATION_SECRET,
    CONSENT,
    FEDERATED_IDENTITY,
    PASSWORD,
    SECOND_FACTOR,
    ApplicationSecretRecord,
    ConsentRecord,
    FactorRecord,
    FederatedIdentityRecord,
    PasskeyRecord,
    PasswordRecord,
    Record,
    SignInRecord,
    is_held_by,
    name_of_consent,
    name_of_identity,
)
from bailiwick.service.scim.consent import external_id_in

Name = tuple[str, str]
T = TypeVar("T")

_PASSKEYS = "passkeys"
_NAMES, _SORTED, _MENTIONS, _EXTERNAL = "names", "sorted", "mentions", "external"
_SECRETS, _SECRET_UID = "application secrets", f"{APPLICATION_SECRET.lower()}-"
_MOST_MOVED = 1000
_MOST_LOOKED_AT = 5000


@dataclass(frozen=True, slots=True)
class Identity:
    """Under which uid and name is something stored, and since which revision in this form?"""

    uid: str
    kind: str
    name: str
    revision: int


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Snapshot:
    """What did the account hold at this revision?

    `identities` are keyed by (kind, name), `keys` (API keys) and `people` (passwords, second factors) by uid.
    `vector` says which revisions of the account and of the system the answers rest on:
    `{"account": "812-9f3c01d2aa47", "system": "3-…"}`.
    `placed_at`: the revision of the management account that it names when its place was looked for there; shown to
    nobody, for the tree need not hold the account. None: it names none, or there is none.
    """

    compiled: CompiledAccount
    identities: Mapping[tuple[str, str], Identity]
    keys: Mapping[str, ApiKeyRecord]
    descriptions: Mapping[str, str]
    vector: Mapping[str, str]
    revision: int
    placed_at: str | None = None
    people: Mapping[str, Record] = field(default_factory=dict)
    _derived: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def next(
        self,
        compiled: CompiledAccount,
        moved: Mapping[Name, Identity | None],
        *,
        keys: Mapping[str, ApiKeyRecord],
        descriptions: Mapping[str, str],
        vector: Mapping[str, str],
        revision: int,
        people: Mapping[str, Record | None],
    ) -> Snapshot:
        """Which snapshot follows, with these identities instead? What was derived here is kept up, not made anew.

        `people`: those that came, changed or (None) went.
        """
        identities = as_overlay(self.identities).changed(moved)
        who = as_overlay(self.people).changed(people) if people else self.people
        new = Snapshot(compiled, identities, keys, descriptions, vector, revision, people=who)
        names = self._derived.get(_NAMES)
        if names is not None:
            new._derived[_NAMES] = names.changed(dict(self._renamed(moved)))
        moved_passkeys = (
            isinstance(one or self.people.get(uid), PasskeyRecord) for uid, one in people.items()
        )
        if _PASSKEYS in self._derived and not any(moved_passkeys):
            new._derived[_PASSKEYS] = self._derived[_PASSKEYS]
        secrets = self._derived.get(_SECRETS)
        if secrets is not None and not any(uid.startswith(_SECRET_UID) for uid in people):
            new._derived[_SECRETS] = secrets
        for place in (_SORTED, _MENTIONS):
            for word, (made, pending) in list(self._derived.get(place, {}).items()):
                of_kind = {name for kind, name in moved if kind == word}
                new._derived.setdefault(place, {})[word] = (made, pending | of_kind)
        for word, known in list(self._derived.get(_EXTERNAL, {}).items()):
            changes = self._known_anew(new, word, known, {name for kind, name in moved if kind == word})
            new._derived.setdefault(_EXTERNAL, {})[word] = known.changed(changes)
        return new

    def _known_anew(
        self, new: Snapshot, word: str, known: Mapping[str, tuple[str, ...]], names: Collection[str]
    ) -> dict[str, tuple[str, ...] | None]:
        changes: dict[str, tuple[str, ...] | None] = {}
        for name in names:
            old_id, new_id = (external_id_in(find_value(one.account, word, name)) for one in (self, new))
            if old_id == new_id:
                continue
            for one, is_there in ((old_id, False), (new_id, True)):
                held = changes[one] if one in changes else known.get(one)
                others = tuple(other for other in held or () if other != name)
                changes[one] = ((*others, name) if is_there else others) or None
        changes.pop("", None)
        return changes

    def names_by_external_id(self, kind: str) -> Mapping[str, tuple[str, ...]]:
        """Which users or groups does a provisioner's directory know by each id? Made at the first question."""
        made: dict[str, Overlay[str, tuple[str, ...]]] = self._derived.setdefault(_EXTERNAL, {})
        if kind not in made:
            found: dict[str, tuple[str, ...]] = {}
            for name, value in list_values(self.account, kind).items():
                known = external_id_in(value)
                if known:
                    found[known] = (*found.get(known, ()), name)
            made[kind] = Overlay(found)
        return made[kind]

    def _renamed(self, moved: Mapping[Name, Identity | None]) -> Iterator[tuple[str, Name | None]]:
        for key, identity in moved.items():
            known = self.identities.get(key)
            if known is not None and (identity is None or identity.uid != known.uid):
                yield known.uid, None
            if identity is not None:
                yield identity.uid, key

    def names_by_uid(self) -> Mapping[str, Name]:
        """Which (kind, name) has each uid? Made at the first question, and kept up from then on."""
        found: Overlay[str, Name] | None = self._derived.get(_NAMES)
        if found is None:
            found = Overlay({identity.uid: key for key, identity in self.identities.items()})
            self._derived[_NAMES] = found
        return found

    def password_of(self, owner_uid: str) -> PasswordRecord | None:
        """Which password has the user of this uid? None: no password."""
        found = self._record_of(PASSWORD, owner_uid)
        return found if isinstance(found, PasswordRecord) else None

    def sign_in_of(self, credential_uid: str) -> SignInRecord | None:
        """Which credential is this, if one signs in with it? None: it is gone, or is no such credential."""
        found = self.people.get(credential_uid)
        if isinstance(found, FederatedIdentityRecord) and not self._is_believed(found):
            return None
        return found if isinstance(found, SignInRecord) else None

    def _is_believed(self, record: FederatedIdentityRecord) -> bool:
        """Does the account still believe the identity provider, as the one it was, that says who this is?"""
        kind, name = self.names_by_uid().get(record.provider_uid, ("", ""))
        provider = self.account.identity_providers.get(name) if kind == "IdentityProvider" else None
        return provider is not None and not provider.disabled and provider.issuer == record.issuer

    def factor_of(self, owner_uid: str) -> FactorRecord | None:
        """Which second factor has the user of this uid, enrolled or about to be? None: none."""
        found = self._record_of(SECOND_FACTOR, owner_uid)
        return found if isinstance(found, FactorRecord) else None

    def has_factor(self, owner_uid: str) -> bool:
        """Has the user of this uid a second factor: a phone that shows codes, or a passkey?"""
        return self.has_codes(owner_uid) or bool(self.passkeys_of(owner_uid))

    def passkeys_of(self, owner_uid: str) -> list[PasskeyRecord]:
        """Which passkeys has the user of this uid, oldest first?"""
        return self._passkeys()[1].get(owner_uid, [])

    def find_passkey(self, credential_id: str) -> PasskeyRecord | None:
        """Which passkey has this id of its authenticator's?"""
        return self._passkeys()[0].get(credential_id)

    def _passkeys(self) -> tuple[dict[str, PasskeyRecord], dict[str, list[PasskeyRecord]]]:
        """All passkeys, by their authenticators' ids and by owner. Gathered once, kept while none comes or goes."""
        found: tuple[dict[str, PasskeyRecord], dict[str, list[PasskeyRecord]]] | None
        found = self._derived.get(_PASSKEYS)
        if found is None:
            records = [one for one in self.people.values() if isinstance(one, PasskeyRecord)]
            found = ({one.credential_id: one for one in records}, {})
            for one in sorted(records, key=lambda one: (one.created_at, one.uid)):
                found[1].setdefault(one.owner_uid, []).append(one)
            self._derived[_PASSKEYS] = found
        return found

    def signs_in_otherwise(self, record: PasskeyRecord) -> bool:
        """Has the owner of this passkey something else, which is no passkey, to sign in with?"""
        owner = record.owner_uid
        return self.password_of(owner) is not None or bool(self.identities_held_by(owner))

    def has_codes(self, owner_uid: str) -> bool:
        """Has the user of this uid a phone that shows codes, enrolled?"""
        factor = self.factor_of(owner_uid)
        return factor is not None and factor.enrolled_at is not None

    def consent_of(self, owner_uid: str, client_id: str) -> ConsentRecord | None:
        """To what has the user of this uid agreed that this application may have? None: to nothing."""
        found = self._record_of(CONSENT, name_of_consent(owner_uid, client_id))
        return found if isinstance(found, ConsentRecord) else None

    def consents_of(self, owner_uid: str) -> list[ConsentRecord]:
        """To which applications has the user of this uid agreed, newest first? Gathered at the first question."""
        found: dict[str, list[ConsentRecord]] | None = self._derived.get("consents")
        if found is None:
            found = {}
            for one in self.people.values():
                if isinstance(one, ConsentRecord):
                    found.setdefault(one.owner_uid, []).append(one)
            self._derived["consents"] = found
        return sorted(found.get(owner_uid, ()), key=lambda one: (one.given_at, one.uid), reverse=True)

    def _record_of(self, kind: str, owner_uid: str) -> Record | None:
        identity = self.identities.get((kind, owner_uid))
        return None if identity is None else self.people.get(identity.uid)

    def application_secrets(self) -> Mapping[str, list[ApplicationSecretRecord]]:
        """Which secrets has the application of each uid? Made at the first question."""
        found: dict[str, list[ApplicationSecretRecord]] | None = self._derived.get(_SECRETS)
        if found is None:
            found = {}
            for record in self.people.values():
                if isinstance(record, ApplicationSecretRecord):
                    found.setdefault(record.application_uid, []).append(record)
            self._derived[_SECRETS] = found
        return found

    def application_of(self, client_id: str) -> Application | None:
        """Which application of the account has this client id, if it may be used? The command line's has its name."""
        kind, name = (
            ("Application", COMMAND_LINE)
            if client_id == COMMAND_LINE
            else self.names_by_uid().get(client_id, ("", ""))
        )
        found = self.account.application(name) if kind == "Application" else None
        is_other_name = name == COMMAND_LINE and client_id != COMMAND_LINE
        return None if found is None or found.disabled or is_other_name else found

    def find_identity(self, provider_uid: str, issuer: str, subject: str) -> FederatedIdentityRecord | None:
        """Which federated identity is this, if somebody of the account has it? None: nobody, or by another provider."""
        identity = self.identities.get((FEDERATED_IDENTITY, name_of_identity(issuer, subject)))
        found = None if identity is None else self.people.get(identity.uid)
        if not isinstance(found, FederatedIdentityRecord) or found.provider_uid != provider_uid:
            return None
        return found if (found.issuer, found.subject) == (issuer, subject) else None

    def federated_identities_of(self, owner_uid: str) -> list[FederatedIdentityRecord]:
        """By which federated identities does the user of this uid sign in, the oldest first?"""
        found = [
            one
            for one in self.people.values()
            if isinstance(one, FederatedIdentityRecord) and one.owner_uid == owner_uid
        ]
        return sorted(found, key=lambda one: (one.linked_at, one.uid))

    def identities_held_by(self, uid: str) -> list[tuple[str, str]]:
        """Which federated identities, by uid and name, go with the user or identity provider of this uid?"""
        return [
            (one.uid, name_of_identity(one.issuer, one.subject))
            for one in self.people.values()
            if isinstance(one, FederatedIdentityRecord) and is_held_by(one, uid)
        ]

    def keys_by_prefix(self) -> Mapping[str, list[ApiKeyRecord]]:
        """Which API keys begin with each visible prefix? Made at the first question."""
        found: dict[str, list[ApiKeyRecord]] | None = self._derived.get("prefixes")
        if found is None:
            found = {}
            for record in self.keys.values():
                found.setdefault(record.prefix, []).append(record)
                if record.earlier is not None:
                    found.setdefault(record.earlier.prefix, []).append(record)
            self._derived["prefixes"] = found
        return found

    def sorted_names(self, kind: str) -> Sequence[str]:
        """Which names has this kind, by code point? Made at the first question."""
        known = self._derived.setdefault(_SORTED, {})
        listed, pending = known.get(kind, ((), None))
        values = list_values(self.account, kind)
        if pending is None or len(pending) > _MOST_MOVED:
            listed, pending = sorted(values), frozenset()
        elif pending:
            listed, pending = _moved(listed, pending, values), frozenset()
        known[kind] = (listed, pending)
        return cast(Sequence[str], listed)

    def names_mentioning(self, kind: str, word: str, begin: str) -> Iterator[str]:
        """Which names of this kind, sorted, from this one on, may mention the folded word? None that does is left out.

        What they are searched in is made at the first question, and kept while little changes.
        """
        known = self._derived.setdefault(_MENTIONS, {})
        made, pending = known.get(kind, (None, frozenset()))
        if made is None or len(pending) > _MOST_MOVED:
            made, pending = Mentions(self.sorted_names(kind), list_values(self.account, kind)), frozenset()
            known[kind] = (made, pending)
        changed = sorted(name for name in pending if name >= begin and self._holds(kind, name))
        unchanged = (name for name in made.find(word, begin) if name not in pending)
        return merge(unchanged, changed)

    def _holds(self, kind: str, name: str) -> bool:
        return find_value(self.account, kind, name) is not None

    def own_names(self, service: str, kind: str) -> Sequence[str]:
        """Which stored objects are resources of this type, by canonical name? Made at the first question."""
        place = f"own names of {service}/{kind}"
        found: list[str] | None = self._derived.get(place)
        if found is None:
            found = self._derived[place] = own_names(self.account, service, kind)
        return found

    def attached_names(self) -> Mapping[str, Sequence[str]]:
        """Which resources, by name, are attached to each one? Made at the first question."""
        found: dict[str, list[str]] | None = self._derived.get("attached")
        if found is None:
            found = {}
            for name in self.sorted_names("Resource"):
                holder = self.account.resources[name].attached_to
                if holder is not None:
                    found.setdefault(holder, []).append(name)
            self._derived["attached"] = found
        return found

    def derived(self, place: str, make: Callable[[Account], T]) -> T:
        """What follows from the account alone, kept under this name? Made at the first question."""
        if place not in self._derived:
            self._derived[place] = make(self.account)
        return cast(T, self._derived[place])

    def regions(self) -> Sequence[str]:
        """Which regions do policies and resources name, as far as a bounded look finds? Made at the first question."""
        found: list[str] | None = self._derived.get("regions")
        if found is None:
            scopes = (policy.scope for policy in islice(self.account.policies.values(), _MOST_LOOKED_AT))
            named = {one for scope in scopes for one in scope.region or () if not is_pattern(one)}
            stored = (name.split(":", 4)[3] for name in islice(self.account.resources, _MOST_LOOKED_AT))
            found = self._derived["regions"] = sorted(
                named | {one for one in stored if one and "%" not in one}
            )
        return found

    @property
    def account(self) -> Account:
        """Which account is it, as a value?"""
        return self.compiled.account


def _moved(listed: Iterable[str], moved: Iterable[str], there: Collection[str]) -> list[str]:
    """Which sorted names are there, after these came or went?"""
    names = list(listed)
    for name in moved:
        at = bisect_left(names, name)
        is_listed = at < len(names) and names[at] == name
        if name in there and not is_listed:
            names.insert(at, name)
        elif is_listed and name not in there:
            del names[at]
    return names
