"""Does a session still stand: everyone through whom it was reached, asked at every use of the newest states?

Implements docs/spec.md rules 22.5 and 22.6. Nothing that was true when a session began is taken for true later: a key
withdrawn, a principal disabled, a permission or a trust taken away, an account suspended, a session ended, all end it
and whatever was made from it. It must not do I/O but for an account that is not loaded yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from weakref import ref

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.authn.links import Link
from bailiwick.authn.tokens import VerifiedToken
from bailiwick.catalog.documents import format_document, parse_document
from bailiwick.engine import decide, decide_assuming
from bailiwick.errors import Invalid, NotFound, Unauthenticated
from bailiwick.model.accounts import Property
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.policies import Guardrail
from bailiwick.model.requests import Decision, Request, ResourceQuery
from bailiwick.model.trusting import ACT_AS, PROFILE, AssumeQuestion, Assumption, parse_trusted
from bailiwick.service.kinds import KIND_OF_PREFIX
from bailiwick.service.loading import SESSION_END
from bailiwick.service.people.records import ApplicationSecretRecord
from bailiwick.service.places import NO_LIMITS, Limits, api_limits
from bailiwick.service.references import parse_target
from bailiwick.service.sessions import FOREVER, Session
from bailiwick.service.snapshots import Snapshot

SERVICE = "service:"
PROVED_AT = "proved_at"
Snapshots = Callable[[str], Snapshot]

_NOBODY = "the credential is missing, unknown, expired or withdrawn"


@dataclass(frozen=True, slots=True)
class Standing:
    """A session that stands in these states, until then (epoch seconds) unless one of them changes.

    `limits`: from where it may be used, by everybody through whom it was reached.
    """

    session: Session
    snapshots: tuple[ref[Snapshot], ...]
    until: float
    limits: Limits = NO_LIMITS


def stand(find: Snapshots, verified: VerifiedToken, now: float) -> Standing:
    """Which session does this token stand for now? Raises Unauthenticated, the same for every cause."""
    walk = _Walk(find, now)
    subject = verified.subject
    own = subject.link
    walk.require_not_revoked(subject.account, verified.jti)
    names = [walk.name_of(link) for link in (own, *subject.acts_for)]
    session = Session(
        account=subject.account,
        principal=names[0],
        uid=subject.uid,
        credential=subject.credential_uid,
        expires_at=float(verified.expires_epoch),
        token_id=verified.jti,
        chain=tuple(names[1:]),
        restrictions=read_restrictions(subject.restrictions),
        session_uid=subject.session_uid or "",
        by=subject.by,
        acts_for=subject.acts_for,
        head=own,
        client_id=subject.client_id or "",
        scope=subject.scope,
        authenticated=subject.authenticated,
        stands_until=walk.until,
        acts_until=walk.acts_until,
        is_signed_in=bool(walk.proofs),
        proved_at=min(walk.proofs, default=0),
    )
    return Standing(
        session, tuple(map(ref, walk.snapshots.values())), walk.until, tuple(dict.fromkeys(walk.limits))
    )


def stand_links(find: Snapshots, links: Iterable[Link], now: float) -> Limits:
    """Does each of these links stand now, and from where may what rests on them be used? Raises Unauthenticated."""
    walk = _Walk(find, now)
    for link in links:
        walk.name_of(link)
    return tuple(dict.fromkeys(walk.limits))


@dataclass
class _Walk:
    """One look at every link, in one state of each account, which is remembered.

    `proofs`: when those who signed in proved who they are, as their links say it.
    `until` is when to look again; `acts_until` leaves the ends of API keys out, which their owners may make anew.
    """

    find: Snapshots
    now: float
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    until: float = FOREVER
    acts_until: float = FOREVER
    proofs: list[int] = field(default_factory=list)
    limits: list[tuple[str, ...]] = field(default_factory=list)

    def name_of(self, link: Link) -> str:
        """How is this identity called now, if it still stands? Raises Unauthenticated."""
        snapshot = self._snapshot(link.account)
        if any((SESSION_END, uid) in snapshot.identities for uid in link.session_uids):
            raise Unauthenticated(_NOBODY)
        if link.client_id and snapshot.application_of(link.client_id) is None:
            raise Unauthenticated(_NOBODY)
        if not link.by:
            return self._owner_of_credential(snapshot, link)
        if snapshot.account.suspended:
            raise Unauthenticated(_NOBODY)
        if link.principal.startswith(SERVICE):
            return self._service(snapshot, link)
        return self._profile(snapshot, link)

    def require_not_revoked(self, account: str, jti: str) -> None:
        """Has nobody revoked this token? Raises Unauthenticated."""
        if (SESSION_END, jti) in self._snapshot(account).identities:
            raise Unauthenticated(_NOBODY)

    def _snapshot(self, account: str) -> Snapshot:
        if account not in self.snapshots:
            try:
                self.snapshots[account] = self.find(account)
            except NotFound:
                raise Unauthenticated(_NOBODY) from None
            self.limits += api_limits(self.snapshots[account].account.security_settings)
        return self.snapshots[account]

    def _owner_of_credential(self, snapshot: Snapshot, link: Link) -> str:
        if link.session_uids and is_sign_in_of(snapshot, link.credential_uid, link.uid):
            self.proofs.append(proved_at_of(link))
            return name_of_person(snapshot, link.uid)
        shown = snapshot.people.get(link.credential_uid)
        if isinstance(shown, ApplicationSecretRecord):
            return self._service_id_of(snapshot, link, shown)
        record = snapshot.keys.get(link.credential_uid)
        principal = name_of_person(snapshot, link.uid, by_key=True)
        if record is None or record.owner_uid != link.uid or not is_usable(record, self.now):
            raise Unauthenticated(_NOBODY)
        if record.networks:
            self.limits.append(record.networks)
        if record.expires_at is not None:
            self.until = min(self.until, record.expires_at.timestamp())
        return principal

    def _service_id_of(self, snapshot: Snapshot, link: Link, shown: ApplicationSecretRecord) -> str:
        """As which service ID does the application of this secret act, if it is still the one of the link?"""
        application = snapshot.application_of(shown.application_uid)
        principal = name_of_person(snapshot, link.uid)
        acts = application is not None and application.acting_as == principal
        if not acts or shown.application_uid != link.client_id or not shown.is_usable(self.now):
            raise Unauthenticated(_NOBODY)
        if shown.expires_at is not None:
            self.until = min(self.until, shown.expires_at.timestamp())
        return principal

    def _profile(self, snapshot: Snapshot, link: Link) -> str:
        reference = principal_of_uid(snapshot, link.uid)
        if reference is None or not reference.startswith(PROFILE):
            raise Unauthenticated(_NOBODY)
        for giver in link.by:
            name = self.name_of(giver)
            home = self._snapshot(giver.account)
            # SECURITY: an owner may sign in to a suspended account, to lift that, and act from it nowhere else.
            if home.account.suspended:
                raise Unauthenticated(_NOBODY)
            question = AssumeQuestion(
                principal=name,
                account=link.account,
                profile=reference.removeprefix(PROFILE),
                now=self.now,
                context=link.context,
                uids=trusted_uids(home, snapshot, reference),
            )
            self._require(decide_assuming(home.compiled, snapshot.compiled, question))
        return reference

    def _service(self, snapshot: Snapshot, link: Link) -> str:
        for giver in link.by:
            name = self.name_of(giver)
            if giver.account != link.account:
                raise Unauthenticated(_NOBODY)
            request = act_as_request(name, link.principal, now=self.now, context=link.context)
            self._require(decide(snapshot.compiled, request))
        return link.principal

    def _require(self, answer: Decision | Assumption) -> None:
        if not answer.allowed:
            raise Unauthenticated(_NOBODY)
        if answer.valid_until is not None:
            self.until = min(self.until, answer.valid_until)
            self.acts_until = min(self.acts_until, answer.valid_until)


def proved_at_of(link: Link) -> int:
    """When did whoever signed in prove who they are, as their link says? 0: it does not say."""
    at = link.context.get(PROVED_AT, 0)
    return at if type(at) is int else 0


def trusted_uids(home: Snapshot, trusting: Snapshot, profile: str) -> dict[str, str]:
    """Which uids have those of `home` now whom this profile (a reference) trusts by name?"""
    stored = trusting.account.principals.get(profile)
    named = [parse_trusted(text) for text in (() if stored is None else stored.trust)]
    mine = {one.subject for one in named if one.subject and one.account == home.account.name}
    found = {subject: uid_of(home, subject) for subject in sorted(mine)}
    return {subject: uid for subject, uid in found.items() if uid is not None}


def act_as_request(
    principal: str,
    service: str,
    *,
    now: float,
    context: Mapping[str, Property],
    restrictions: tuple[Guardrail, ...] = (),
) -> Request:
    """What is the engine asked of one who acts as a service? `service` is a reference. (rule 22.5)"""
    name = service.removeprefix(SERVICE)
    return Request(
        principal=principal,
        action=ACT_AS,
        resource=ResourceQuery(name, ((SERVICE_TYPE, name),)),
        now=now,
        context=context,
        restrictions=restrictions,
    )


def read_restrictions(documents: Iterable[Mapping[str, object]]) -> tuple[Guardrail, ...]:
    """Which guardrails does a session carry? Raises Unauthenticated where one cannot be read: it is never dropped."""
    found = []
    for number, document in enumerate(documents, start=1):
        named = {"kind": "Guardrail", "name": f"restriction-{number}", **document}
        try:
            value = parse_document(named, "")[1]
        except Invalid:
            raise Unauthenticated(_NOBODY) from None
        if not isinstance(value, Guardrail):
            raise Unauthenticated(_NOBODY)
        found.append(value)
    return tuple(found)


def write_restriction(restriction: Guardrail) -> dict[str, object]:
    """Which document, without a name, says this restriction?"""
    document = format_document("Guardrail", restriction)
    return {name: value for name, value in document.items() if name not in ("kind", "account", "name")}


def uid_of(snapshot: Snapshot, reference: str) -> str | None:
    """Which uid has this principal or group now?"""
    target = parse_target(reference)
    identity = None if target is None else snapshot.identities.get(target)
    return None if identity is None else identity.uid


def principal_of_uid(snapshot: Snapshot, uid: str) -> str | None:
    """Which principal has this uid now?"""
    key = snapshot.names_by_uid().get(uid)
    if key is None:
        return None
    prefix = next((p for p, word in KIND_OF_PREFIX.items() if word == key[0]), None)
    return None if prefix is None else f"{prefix}{key[1]}"


def is_sign_in_of(snapshot: Snapshot, credential_uid: str, uid: str) -> bool:
    """Is this something with which the user of this uid signs in now? (What an older password began ended with it.)"""
    record = snapshot.sign_in_of(credential_uid)
    return record is not None and record.owner_uid == uid


def name_of_person(snapshot: Snapshot, uid: str, *, by_key: bool | None = False) -> str:
    """How is the principal of this uid called, if it may come in so: by signing in, or by an API key (None: by either)?

    Raises Unauthenticated.
    """
    principal = principal_of_uid(snapshot, uid)
    if principal is None or not may_come_in(snapshot, principal, by_key=by_key):
        raise Unauthenticated(_NOBODY)
    return principal


def may_come_in(snapshot: Snapshot, principal: str, *, by_key: bool | None) -> bool:
    """May this principal come in so: is it there, in use, not shut out, and let in by keys or by signing in?

    Implements docs/spec.md 31.5.
    """
    stored = snapshot.account.principals.get(principal)
    if stored is None or stored.disabled or is_shut_out(snapshot, principal):
        return False
    if by_key is None:
        return True
    return stored.may_use_keys if by_key else stored.may_visit


def is_shut_out(snapshot: Snapshot, principal: str) -> bool:
    """Is the account suspended? Its owner may still sign in, to lift that; the engine denies everything else."""
    return snapshot.account.suspended and principal != snapshot.account.owner


def is_usable(record: ApiKeyRecord, now: float) -> bool:
    """May the key still be used?"""
    return not record.disabled and (record.expires_at is None or now < record.expires_at.timestamp())
