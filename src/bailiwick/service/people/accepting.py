"""Accepting a one-time link: all that was offered is made with the password, in one transaction, or nothing is.

What the inviter could grant when the link was made is judged again, as the inviter, on the state now. Implements
docs/spec.md rule 24.11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bailiwick.authn.invitations import is_link, parse_link
from bailiwick.authn.passwords import describe_policy
from bailiwick.errors import Denied, Invalid, NotFound, Unauthenticated
from bailiwick.service.appending import Prepared
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.people.events import SUCCEEDED, Client, Person, record_sign_in
from bailiwick.service.people.invitation_records import (
    ASK_AGAIN,
    NEW_PASSWORD,
    NEW_USER,
    NO_LINK,
    Invitation,
    get_invitation,
)
from bailiwick.service.people.invitations import judge_new_user, require_password_link, unbound
from bailiwick.service.people.passwords import changes_for, check_new
from bailiwick.service.people.records import INVITATION, PasswordRecord
from bailiwick.service.people.rights import User, find_user
from bailiwick.service.people.storing import store_people
from bailiwick.service.people.visits import Visit, begin_visit
from bailiwick.service.places import may_visit_from
from bailiwick.service.proving import as_proved
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import may_come_in, name_of_person
from bailiwick.store.ports import Change, SecretDelete


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody with a good link sees: who invites them to what, and what their password must be."""

    account: str
    invitation: Invitation
    groups: tuple[str, ...]
    policies: tuple[Mapping[str, Any], ...]
    password_rules: tuple[str, ...]


def find_offer(host: Host, text: str, client: Client) -> Offer:
    """What does this link offer? Raises NotFound, the same for every cause."""
    snapshot, invitation = _believe(host, text, client)
    rules = describe_policy(
        snapshot.account.security_settings.passwords, is_first=invitation.purpose == NEW_USER
    )
    names = snapshot.names_by_uid()
    return Offer(
        account=snapshot.account.name,
        invitation=invitation,
        groups=tuple(names[uid][1] for uid in invitation.groups if uid in names),
        policies=tuple(unbound(snapshot, one) for one in invitation.documents if one["kind"] == "Policy"),
        password_rules=tuple(rules),
    )


def accept(host: Host, text: str, password: str, client: Client) -> Visit | None:
    """Choose a password by a link: the user is there (with all that was offered), and their visit begins.

    None: a second factor of theirs is to be shown, so they sign in. Raises NotFound for a link that is not good,
    Invalid for the password, Denied or Conflict where what was offered can be given no more.
    """
    snapshot, invitation = _believe(host, text, client)
    account = snapshot.account.name
    uid = invitation.user_uid or new_uid("User")
    user = User(invitation.name, uid, f"user:{invitation.name}", False, "")
    chosen = check_new(host, snapshot, user, password)

    def prepare(now: Snapshot) -> tuple[Prepared, PasswordRecord]:
        get_invitation(host, now, invitation.uid)
        gone = Change(INVITATION, invitation.uid, invitation.uid, "delete")
        inviter = _inviter(host, now, invitation)
        if invitation.purpose == NEW_PASSWORD:
            require_password_link(host, inviter, now, get_invited(now, invitation).name)
            changes, secrets = changes_for(now, chosen)
            all_secrets = [SecretDelete(invitation.uid), *secrets]
            return Prepared([gone, *changes], all_secrets, uid, "invitation"), chosen.record
        plan, based_on = judge_new_user(host, inviter, now, invitation)
        record = replace(chosen.record, owner_uid=plan.uids["User", invitation.name])
        changes, secrets = changes_for(now, replace(chosen, record=record))
        return (
            Prepared(
                [*plan.changes, gone, *changes],
                [*plan.dropped_secrets, SecretDelete(invitation.uid), *secrets],
                inviter.uid,
                inviter.via("invitation"),
                based_on=based_on,
            ),
            record,
        )

    record = store_people(host, account, prepare)
    after = host.snapshot(account)
    if after.has_factor(record.owner_uid):
        return None
    visit = begin_visit(host, after, record, client, session_uid=new_uid("Session"), factor=False)
    host.touch_credential(account, record.uid)
    person = Person(account, record.owner_uid, visit.session.principal, record.uid)
    record_sign_in(host, SUCCEEDED, person, client, session=visit.uid, second_factor=False, by="link")
    return visit


def get_invited(now: Snapshot, invitation: Invitation) -> User:
    """Which user, who is there, is invited? By uid: a name that is given anew inherits no link. Raises NotFound."""
    kind, name = now.names_by_uid().get(invitation.user_uid, ("", ""))
    user = find_user(now, name) if kind == "User" else None
    if user is None or not may_come_in(now, user.reference, by_key=False):
        raise NotFound(NO_LINK, ASK_AGAIN)
    return user


def _inviter(host: Host, now: Snapshot, invitation: Invitation) -> Session:
    """As whom is judged again what is accepted: the inviter, if they may still sign in. Raises Denied."""
    try:
        principal = name_of_person(now, invitation.inviter_uid, by_key=None)
    except Unauthenticated:
        raise Denied(
            "whoever invited you is not here any more, or out of use",
            action="iam.user.invite",
            reason="no_authority",
            help=ASK_AGAIN,
        ) from None
    session = Session(
        account=now.account.name,
        principal=principal,
        uid=invitation.inviter_uid,
        credential=invitation.uid,
        expires_at=invitation.expires_at.timestamp(),
        context=invitation.context,
    )
    # WHY: the inviter proved who they are when the invitation was made.
    return as_proved(session)


def _believe(host: Host, text: str, client: Client) -> tuple[Snapshot, Invitation]:
    """Which invitation is this link of? Raises NotFound, the same for every cause.

    SECURITY: also from outside the account's networks, where whoever found a link could use it up. (rule 31.2)
    """
    presented = parse_link(text)
    if presented is None:
        raise NotFound(NO_LINK, ASK_AGAIN)
    try:
        snapshot = host.snapshot(presented.account)
    except (NotFound, Invalid):
        raise NotFound(NO_LINK, ASK_AGAIN) from None
    secret = host.store.find_secret(account_log(presented.account), presented.uid)
    stored = b"" if secret is None or secret.purpose != INVITATION else secret.value
    is_here = may_visit_from(snapshot.account.security_settings, client.address)
    if not is_link(stored, text) or not is_here:
        raise NotFound(NO_LINK, ASK_AGAIN)
    return snapshot, get_invitation(host, snapshot, presented.uid)
