"""Whom a provider has proven arrives: who that is here, what rules bring them, and the visit that begins.

SECURITY: only a stored link of issuer and subject says who somebody is; an email or a name never does. What is written
is one change: a new user where the provider makes them, the link, and memberships for the rules' hours. Implements
docs/spec.md rules 32.5 to 32.9.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bailiwick.authn.federation.claims import has_verified_email, read_text, shows_second_factor
from bailiwick.authn.federation.faults import Fault, SignInRefused
from bailiwick.catalog.document_principals import is_email
from bailiwick.errors import Invalid, Unauthenticated, Unavailable
from bailiwick.model.accounts import Principal
from bailiwick.model.federation import CREATE
from bailiwick.model.names import parse_name
from bailiwick.service.appending import Prepared
from bailiwick.service.checking import check_plan
from bailiwick.service.edits import Edit, Plan, new_uid, plan_edits
from bailiwick.service.federation.asking import Answer, Proven, believe
from bailiwick.service.federation.bringing import bring, find_wanted
from bailiwick.service.federation.providers import list_believed
from bailiwick.service.host import Host
from bailiwick.service.people.events import REFUSED, SUCCEEDED, Client, Person, record_sign_in
from bailiwick.service.people.records import (
    FEDERATED_IDENTITY,
    FederatedIdentityRecord,
    name_of_identity,
    write_identity,
)
from bailiwick.service.people.rights import User, find_user
from bailiwick.service.people.signing_in import CodeDue, code_due
from bailiwick.service.people.storing import store_people
from bailiwick.service.people.visits import Visit, begin_visit
from bailiwick.service.places import may_visit_from
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import name_of_person
from bailiwick.store.ports import Change

MOST_SHOWN = 100
_ASK = "ask an administrator of your account"
_NOT_NOW = "you may not sign in to this account at present"
_NOBODY = "nobody here is known by this identity"


def arrive(host: Host, proven: Proven, client: Client) -> Visit | CodeDue:
    """Which visit begins, or which code is due before? Raises SignInRefused; every refusal is recorded."""
    try:
        record = store_people(host, proven.begun.account, lambda now: _prepare(host, now, proven, client))
    except SignInRefused as error:
        record_refusal(host, proven, error, client)
        raise
    account, after = proven.begun.account, host.snapshot(proven.begun.account)
    factor = proven.believed.provider.trusts_mfa and shows_second_factor(proven.claims)
    if after.has_factor(record.owner_uid) and not factor:
        return code_due(host, account, record)
    try:
        visit = begin_visit(host, after, record, client, session_uid=new_uid("Session"), factor=factor)
    except Unauthenticated:
        refused = SignInRefused(Fault.OUT_OF_USE, _NOT_NOW, _ASK)
        record_refusal(host, proven, refused, client)
        raise refused from None
    host.touch_credential(account, record.uid)
    person = Person(account, record.owner_uid, visit.session.principal, record.uid)
    provider = proven.believed.provider.name
    record_sign_in(
        host,
        SUCCEEDED,
        person,
        client,
        session=visit.uid,
        second_factor=factor,
        by="provider",
        provider=provider,
    )
    return visit


def record_refusal(host: Host, proven: Proven, error: SignInRefused, client: Client) -> None:
    """Remember who was refused and why: by subject, for there may be nobody here."""
    now = host.snapshot(proven.begun.account)
    found = now.find_identity(proven.believed.uid, proven.begun.issuer, proven.subject)
    person = Person(proven.begun.account, "" if found is None else found.owner_uid)
    provider = proven.believed.provider.name
    record_sign_in(
        host,
        REFUSED,
        person,
        client,
        reason=error.fault.value,
        provider=provider,
        subject=proven.subject[:MOST_SHOWN],
    )


def check_email(proven: Proven) -> None:
    """Is the person's verified email in a domain that the account takes, where it takes only some?"""
    provider = proven.believed.provider
    if not provider.email_domains:
        return
    email = read_text(proven.claims, provider.email_claim)
    domain = email.rpartition("@")[2].lower()
    if not has_verified_email(proven.claims, email) or domain not in provider.email_domains:
        raise SignInRefused(
            Fault.EMAIL, "your email address is not one of those that this account takes", _ASK
        )


def shown_of(proven: Proven) -> str:
    """By what do people know this identity?"""
    provider = proven.believed.provider
    said = read_text(proven.claims, provider.email_claim) or read_text(proven.claims, provider.name_claim)
    return (said if said.isprintable() else "")[:MOST_SHOWN]


def _prepare(
    host: Host, now: Snapshot, proven: Proven, client: Client
) -> tuple[Prepared | None, FederatedIdentityRecord]:
    if not may_visit_from(now.account.security_settings, client.address):
        raise SignInRefused(Fault.OUT_OF_USE, _NOT_NOW, _ASK)
    check_email(proven)
    known = now.find_identity(proven.believed.uid, proven.begun.issuer, proven.subject)
    if known is None:
        user, record, edits = _newcomer(host, now, proven)
    else:
        user, record, edits = _user_of(host, now, known), known, []
    wanted = find_wanted(now, proven.believed.provider.name, proven.claims, host.now())
    brought = bring(now, user.reference, record, wanted)
    plan = plan_edits(now, [*edits, *brought.edits])
    owner_uid = plan.uids.get(("User", user.name), record.owner_uid)
    record = replace(record, owner_uid=owner_uid, brought=brought.uids, shown=shown_of(proven))
    _check(host, plan)
    change = Change(
        FEDERATED_IDENTITY,
        record.uid,
        name_of_identity(record.issuer, record.subject),
        "create" if known is None else "replace",
        write_identity(record),
    )
    changes = [*plan.changes, *([] if record == known else [change])]
    if not changes:
        return None, record
    via = f"provider:{proven.believed.provider.name}"
    return Prepared(changes, plan.dropped_secrets, owner_uid, via), record


def _check(host: Host, plan: Plan) -> None:
    """INVARIANT: what was stored fits together, so what a sign-in adds can only be refused for a new user's name."""
    try:
        check_plan(host.catalog, plan, ())
    except Invalid as error:
        words = "the account cannot take you in as the identity provider names you"
        raise SignInRefused(Fault.NAME, words, _ASK) from error


def _user_of(host: Host, now: Snapshot, known: FederatedIdentityRecord) -> User:
    """Who of the account is it, if they may come? Raises SignInRefused."""
    try:
        user = find_user(now, name_of_person(now, known.owner_uid).removeprefix("user:"))
    except Unauthenticated:
        user = None
    if user is None:
        raise SignInRefused(Fault.OUT_OF_USE, _NOT_NOW, _ASK)
    days = now.account.security_settings.sign_in.unused_days
    used = host.last_used(now.account.name, known.uid) if days else None
    if days and host.at() >= max(known.linked_at, used or known.linked_at) + timedelta(days=days):
        raise SignInRefused(Fault.AWAY, "you have not signed in to this account for too long", _ASK)
    return user


def _newcomer(host: Host, now: Snapshot, proven: Proven) -> tuple[User, FederatedIdentityRecord, list[Edit]]:
    """Who is made for somebody whom nobody knows, where the provider makes users? Raises SignInRefused."""
    provider = proven.believed.provider
    taken = (FEDERATED_IDENTITY, name_of_identity(proven.begun.issuer, proven.subject))
    if provider.new_users != CREATE or now.account.suspended or taken in now.identities:
        help = "sign in as before and link it on your profile, or ask an administrator"
        raise SignInRefused(Fault.UNKNOWN_USER, _NOBODY, help)
    name = _name_of(proven)
    if find_user(now, name) is not None:
        # SECURITY: a name that the provider chooses never takes over who has it here.
        help = "if that is you, sign in as before and link it on your profile"
        raise SignInRefused(
            Fault.NAME_TAKEN, "somebody here has the name that the identity provider says", help
        )
    email = read_text(proven.claims, provider.email_claim)
    value = Principal(f"user:{name}", email=email if is_email(email) else "")
    record = FederatedIdentityRecord(
        uid=new_uid(FEDERATED_IDENTITY),
        owner_uid="",
        provider_uid=proven.believed.uid,
        issuer=proven.begun.issuer,
        subject=proven.subject,
        linked_at=host.at(),
    )
    return User(name, "", value.reference, False, value.email), record, [Edit("User", name, value)]


def _name_of(proven: Proven) -> str:
    try:
        return parse_name(read_text(proven.claims, proven.believed.provider.name_claim), "name")
    except Invalid as error:
        words = "the identity provider does not say how you are called, or by no name that can be one here"
        raise SignInRefused(Fault.NAME, words, _ASK) from error


def answer_of(host: Host, answer: Answer, binding: str, client: Client) -> Proven:
    """Who is it, by what the browser brought back? Raises SignInRefused, Unavailable; both are recorded."""
    try:
        return believe(host, answer, binding)
    except (SignInRefused, Unavailable) as error:
        reason = error.fault.value if isinstance(error, SignInRefused) else "unavailable"
        _record_strange(host, answer, reason, client)
        raise


def _record_strange(host: Host, answer: Answer, reason: str, client: Client) -> None:
    """Remember that an answer was refused.

    SECURITY: anybody may send what was never asked for, also for accounts that are not there; what is kept is bounded.
    """
    if not list_believed(host, answer.account):
        return
    others = host.lockout_refusals(answer.account).take(host.now())
    if others is not None:
        said: dict[str, object] = {"reason": reason, "provider": answer.provider[:MOST_SHOWN]}
        said |= {"others_since_last": others} if others else {}
        record_sign_in(host, REFUSED, Person(answer.account), client, **said)
