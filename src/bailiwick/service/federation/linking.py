"""Linking identities of providers to users, and taking them away again.

One's own is linked by the user, who has signed in lately, comes back from the provider and says yes to what it told; by
an administrator for another only as a credential is given, which hands over all that the other holds. Nothing else
links. Implements docs/spec.md rules 32.10 to 32.12.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from bailiwick.authn.federation.faults import Fault, SignInRefused
from bailiwick.errors import Conflict, Invalid, NotFound
from bailiwick.service.appending import Prepared
from bailiwick.service.edits import new_uid, plan_edits
from bailiwick.service.federation.arriving import MOST_SHOWN, check_email, record_refusal, shown_of
from bailiwick.service.federation.asking import Proven
from bailiwick.service.federation.bringing import take_back
from bailiwick.service.federation.providers import Believed, believed_again, get_believed
from bailiwick.service.host import Host
from bailiwick.service.kinds import find_value
from bailiwick.service.loading import account_log
from bailiwick.service.needed import object_of
from bailiwick.service.people.events import Client
from bailiwick.service.people.recent_proof import require_recent_proof
from bailiwick.service.people.records import (
    FEDERATED_IDENTITY,
    FederatedIdentityRecord,
    SignInRecord,
    name_of_identity,
    write_identity,
)
from bailiwick.service.people.rights import User, get_user, judge_of, require_over_user, require_self
from bailiwick.service.people.storing import store_people
from bailiwick.service.people.visits import Visit
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, Document, Note

LIST_IDENTITIES = "iam.user.list-identities"
LINK_IDENTITY, UNLINK_IDENTITY = "iam.user.link-identity", "iam.user.unlink-identity"
PENDING_SECONDS = 300
MOST_IDENTITIES, MOST_SUBJECT = 10, 255


@dataclass(frozen=True, slots=True)
class Pending:
    """An identity that a provider has proven, and that whoever visits may link to themselves."""

    provider_uid: str
    issuer: str
    subject: str
    shown: str


@dataclass(frozen=True, slots=True)
class Linked:
    """An identity that is linked, and the name of its provider, as far as it is there."""

    record: FederatedIdentityRecord
    provider: str


def require_own_proof(host: Host, visit: Visit) -> None:
    """Is it the person themselves, who proved it lately? Raises Denied, StepUpRequired."""
    require_self(visit.session)
    require_recent_proof(host, visit)


def keep_pending(host: Host, visit: Visit, proven: Proven, client: Client) -> Pending:
    """Remember who came back from the provider, until whoever visits says yes. Raises SignInRefused, Denied, Conflict.

    Whether that was proved lately is asked before they go and when they say yes; an answer cannot be sent twice.
    SECURITY: asked before it is linked, for the browser may be signed in there as somebody who put it up to this.
    """
    require_self(visit.session)
    begun = proven.begun
    if (begun.visit_uid, begun.account) != (visit.uid, visit.session.account):
        raise SignInRefused(Fault.STATE, "this was begun in another visit", "begin again on your profile")
    pending = Pending(proven.believed.uid, begun.issuer, proven.subject, shown_of(proven))
    try:
        check_email(proven)
        _check_free(host.snapshot(begun.account), pending, visit.session.uid)
    except (SignInRefused, Conflict) as error:
        refused = SignInRefused(Fault.LINKED_TO_ANOTHER, error.message, error.help)
        record_refusal(host, proven, error if isinstance(error, SignInRefused) else refused, client)
        raise
    until = host.at() + timedelta(seconds=PENDING_SECONDS)
    host.store.activity.amend(
        account_log(visit.session.account), _note(visit), host.at(), lambda _: Note(asdict(pending), until)
    )
    return pending


def find_pending(host: Host, visit: Visit) -> Pending | None:
    """Which identity waits for whoever visits to say yes? None: none."""
    name = _note(visit)
    found = [
        one
        for at, one in host.store.activity.notes(account_log(visit.session.account), name, host.at(), 1)
        if at == name
    ]
    return Pending(**found[0].document) if found else None


def link_pending(host: Host, visit: Visit) -> FederatedIdentityRecord:
    """Whoever visits signs in by that identity, too, from now on. Once.

    Raises NotFound, SignInRefused, Conflict, Denied, StepUpRequired.
    """
    require_own_proof(host, visit)
    found: list[Document] = []

    def take(held: Document | None) -> None:
        if held is not None:
            found.append(held)

    host.store.activity.amend(account_log(visit.session.account), _note(visit), host.at(), take)
    if not found:
        raise NotFound("nothing waits to be linked any more", "begin again on your profile")
    pending, session = Pending(**found[-1]), visit.session

    def prepare(now: Snapshot) -> tuple[Prepared | None, FederatedIdentityRecord]:
        believed_again(now, pending.provider_uid, pending.issuer)
        return _link(host, now, pending, session.uid, session, "identity")

    return store_people(host, session.account, prepare)


def link_identity(
    host: Host, session: Session, name: str, provider: str, subject: str
) -> FederatedIdentityRecord:
    """Let a user sign in by this subject of a provider. Raises Denied, NotFound, Invalid, Conflict.

    It hands over all that the user holds to whoever that is.
    """
    if not 1 <= len(subject) <= MOST_SUBJECT or not subject.isprintable():
        raise Invalid.at("subject", f"expected 1 to {MOST_SUBJECT} characters that can be shown")

    def prepare(now: Snapshot) -> tuple[Prepared | None, FederatedIdentityRecord]:
        user = require_over_user(host, session, now, LINK_IDENTITY, name)
        believed = _provider(now, provider)
        pending = Pending(believed.uid, believed.provider.issuer, subject, "")
        return _link(host, now, pending, user.uid, session, "api")

    return store_people(host, session.account, prepare)


def unlink_own(host: Host, visit: Visit, uid: str) -> None:
    """Whoever visits signs in by this identity no more.

    Raises Conflict for the last way in, Denied, StepUpRequired, NotFound.
    """
    require_own_proof(host, visit)
    session = visit.session

    def prepare(now: Snapshot) -> tuple[Prepared, None]:
        record = _get(now, session.uid, uid)
        if not _other_ways_in(now, record):
            raise Conflict(
                "this is your only way to sign in", "choose a password or link another identity first"
            )
        return _unlink(now, session.principal, record, session), None

    store_people(host, session.account, prepare)


def unlink_identity(host: Host, session: Session, name: str, uid: str) -> None:
    """Take an identity away from a user; what was begun by it ends. Raises Denied, NotFound."""

    def prepare(now: Snapshot) -> tuple[Prepared, None]:
        user = require_over_user(host, session, now, UNLINK_IDENTITY, name)
        return _unlink(now, user.reference, _get(now, user.uid, uid), session), None

    store_people(host, session.account, prepare)


def list_identities(host: Host, session: Session, name: str) -> list[Linked]:
    """By which identities does this user sign in? Raises Denied, NotFound."""
    now = host.snapshot(session.account)
    stored = find_value(now.account, "User", name)
    judge_of(host, session, now).require(LIST_IDENTITIES, object_of("User", name, stored))
    return linked_to(now, get_user(now, name))


def linked_to(now: Snapshot, user: User) -> list[Linked]:
    """Which identities are linked to this user, the oldest first?"""
    names = now.names_by_uid()
    found = now.federated_identities_of(user.uid)
    return [Linked(one, names.get(one.provider_uid, ("", ""))[1]) for one in found]


def _provider(now: Snapshot, name: str) -> Believed:
    try:
        return get_believed(now, name)
    except NotFound:
        raise Invalid.at("provider", f"there is no identity provider `{name[:100]}` in use") from None


def _check_free(now: Snapshot, pending: Pending, owner_uid: str) -> None:
    """Does nobody else sign in by it? Raises Conflict."""
    key = (FEDERATED_IDENTITY, name_of_identity(pending.issuer, pending.subject))
    identity = now.identities.get(key)
    held = None if identity is None else now.people.get(identity.uid)
    if isinstance(held, FederatedIdentityRecord) and held.owner_uid != owner_uid:
        raise Conflict("this identity is another user's here", "ask an administrator of your account")


def _link(
    host: Host, now: Snapshot, pending: Pending, owner_uid: str, session: Session, via: str
) -> tuple[Prepared | None, FederatedIdentityRecord]:
    _check_free(now, pending, owner_uid)
    mine = now.federated_identities_of(owner_uid)
    same = [one for one in mine if (one.issuer, one.subject) == (pending.issuer, pending.subject)]
    if same:
        return None, same[0]
    if len(mine) >= MOST_IDENTITIES:
        raise Conflict(f"a user has at most {MOST_IDENTITIES} identities", "take one away first")
    record = FederatedIdentityRecord(
        uid=new_uid(FEDERATED_IDENTITY),
        owner_uid=owner_uid,
        provider_uid=pending.provider_uid,
        issuer=pending.issuer,
        subject=pending.subject,
        linked_at=host.at(),
        shown=pending.shown[:MOST_SHOWN],
    )
    name = name_of_identity(record.issuer, record.subject)
    change = Change(FEDERATED_IDENTITY, record.uid, name, "create", write_identity(record))
    return Prepared([change], [], session.uid, session.via(via)), record


def _unlink(now: Snapshot, user: str, record: FederatedIdentityRecord, session: Session) -> Prepared:
    """SECURITY: what it brought goes with it, in the same change."""
    plan = plan_edits(now, take_back(now, user, record).edits)
    name = name_of_identity(record.issuer, record.subject)
    gone = Change(FEDERATED_IDENTITY, record.uid, name, "delete")
    return Prepared([*plan.changes, gone], plan.dropped_secrets, session.uid, session.via("identity"))


def _get(now: Snapshot, owner_uid: str, uid: str) -> FederatedIdentityRecord:
    record = now.people.get(uid)
    if not isinstance(record, FederatedIdentityRecord) or record.owner_uid != owner_uid:
        raise NotFound("there is no such identity", "it may have been taken away meanwhile")
    return record


def _other_ways_in(now: Snapshot, record: FederatedIdentityRecord) -> bool:
    """Does its owner sign in by anything else that counts now?"""
    ways = (one for one in now.people.values() if isinstance(one, SignInRecord) and one.uid != record.uid)
    return any(one.owner_uid == record.owner_uid and now.sign_in_of(one.uid) is not None for one in ways)


def _note(visit: Visit) -> str:
    return f"federation/link/{visit.uid}"
