"""One-time links: an invitation for somebody who is not there yet, or to choose a password for somebody who is.

What an invitation grants is the inviter's to grant twice: when it is made, and when it is accepted, on the state then;
so none outlives its inviter's rights. Accepting is accepting.py's. Implements docs/spec.md rules 24.10 to 24.12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bailiwick.authn.invitations import new_link
from bailiwick.authn.links import said_of
from bailiwick.catalog.documents import format_document, parse_document
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.model.accounts import Membership, Principal
from bailiwick.model.policies import Policy
from bailiwick.model.requests import Reason
from bailiwick.service.appending import Prepared
from bailiwick.service.changes import judge_edits
from bailiwick.service.edits import Edit, Plan, new_uid
from bailiwick.service.host import Host
from bailiwick.service.kinds import find_value
from bailiwick.service.needed import iam_object, iam_service, object_of
from bailiwick.service.people.invitation_records import (
    ASK_AGAIN,
    NEW_PASSWORD,
    NEW_USER,
    Invitation,
    get_invitation,
    list_all,
    list_open,
    write_invitation,
)
from bailiwick.service.people.records import INVITATION
from bailiwick.service.people.rights import (
    DELETE_INVITATION,
    INVITE,
    LIST_INVITATIONS,
    READ_INVITATION,
    RESET_PASSWORD,
    User,
    find_user,
    judge_of,
    require_over_user,
)
from bailiwick.service.people.storing import store_people
from bailiwick.service.reading import Reader
from bailiwick.service.references import bind, unbind
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, SecretChange, SecretDelete, SecretWrite

LONGEST = timedelta(days=7)
SHORTEST = timedelta(minutes=5)
MOST_SWEPT = 16


@dataclass(frozen=True, slots=True)
class Wish:
    """Who shall be invited, to what: the user, groups by name, and policies whose only subject is the user."""

    user: Principal
    groups: tuple[str, ...] = ()
    policies: tuple[Policy, ...] = ()
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """An invitation just made, and its address, which is shown once."""

    invitation: Invitation
    address: str

    def __repr__(self) -> str:
        return f"MadeInvitation({self.invitation.uid!r})"


def invite_user(host: Host, session: Session, wish: Wish) -> MadeInvitation:
    """Invite somebody who is not there yet. Raises Denied, Invalid, Conflict: as creating all of it would, now."""
    _require_in_person(session)
    name = wish.user.reference.removeprefix("user:")
    _check_wish(wish)
    made_at, snapshot = host.at(), host.snapshot(session.account)
    # SECURITY: before any name is looked for; who may not invite is not told which there are.
    judge_of(host, session, snapshot).require(INVITE, iam_service())
    invitation = Invitation(
        uid=new_uid(INVITATION),
        purpose=NEW_USER,
        name=name,
        user_uid="",
        inviter=session.principal,
        inviter_uid=session.uid,
        made_at=made_at,
        expires_at=made_at + _lifetime(wish.seconds),
        documents=tuple(_bound(snapshot, wish)),
        groups=_uids_of_groups(Reader(host, session, snapshot), wish.groups),
        context=said_of(session.context),
    )
    return _store_new(host, session, invitation, lambda now: judge_new_user(host, session, now, invitation))


def invite_to_password(host: Host, session: Session, name: str, seconds: int | None = None) -> MadeInvitation:
    """Let a user who is there choose a password by a link. Raises Denied, NotFound, Conflict.

    For another it is a grant of all that the other holds; oneself one may give a first password.
    """
    _require_in_person(session)
    snapshot = host.snapshot(session.account)
    user = require_password_link(host, session, snapshot, name)
    made_at = host.at()
    invitation = Invitation(
        uid=new_uid(INVITATION),
        purpose=NEW_PASSWORD,
        name=user.name,
        user_uid=user.uid,
        inviter=session.principal,
        inviter_uid=session.uid,
        made_at=made_at,
        expires_at=made_at + _lifetime(seconds),
        context=said_of(session.context),
    )
    return _store_new(host, session, invitation, lambda now: require_password_link(host, session, now, name))


def _require_in_person(session: Session) -> None:
    """SECURITY: what is judged again later must not rest on a session that is over by then."""
    if not session.is_whole or session.by:
        raise Denied(
            "an invitation outlives this session, which may do less than you or was assumed",
            action=INVITE,
            reason="guardrail",
            help="invite in person, with all that you may",
        )


def _lifetime(seconds: int | None) -> timedelta:
    wanted = LONGEST if seconds is None else timedelta(seconds=seconds)
    if not SHORTEST <= wanted <= LONGEST:
        expected = f"expected {int(SHORTEST.total_seconds())} to {int(LONGEST.total_seconds())} seconds"
        raise Invalid.at("seconds", f"{expected}, got `{seconds}`")
    return wanted


def _check_wish(wish: Wish) -> None:
    for at, policy in enumerate(wish.policies):
        if policy.subjects != (wish.user.reference,):
            raise Invalid.at(
                f"policies[{at}].subjects",
                f"policy `{policy.name}` has other subjects than who is invited",
                f"leave `subjects` out, or write `{wish.user.reference}` alone",
            )


def judge_new_user(
    host: Host, inviter: Session, now: Snapshot, invitation: Invitation
) -> tuple[Plan, Mapping[str, str]]:
    """What is made for the invited, if its inviter may make it in this state? Raises Denied, Invalid, Conflict."""
    # SECURITY: who may not invite is not told who is there.
    judge_of(host, inviter, now).require(INVITE, iam_service())
    if find_user(now, invitation.name) is not None:
        raise Conflict(f"there is a user `{invitation.name}` already", "invite under another name")
    return judge_edits(host, inviter, now, _edits(now, invitation), None)


def _edits(now: Snapshot, invitation: Invitation) -> list[Edit]:
    """Which edits make the user, its memberships and its policies? What is there already is never replaced."""
    edits = []
    for bound in invitation.documents:
        document = unbound(now, bound)
        kind, value = parse_document(document, now.account.name)
        name = str(document["name"])
        if find_value(now.account, kind, name) is not None:
            raise Conflict(f"there is a {kind.lower()} `{name}` already", "invite with another name for it")
        edits.append(Edit(kind, name, value))
    for uid in invitation.groups:
        name = now.names_by_uid().get(uid, ("", ""))[1]
        group = now.account.groups.get(name)
        if group is None:
            raise Conflict("a group of the invitation is not there any more", ASK_AGAIN)
        members = (*group.members, Membership(f"user:{invitation.name}"))
        edits.append(Edit("Group", name, replace(group, members=members)))
    return edits


def unbound(now: Snapshot, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Which document, by today's names, is this one of an invitation? Raises Conflict where something is gone."""
    try:
        return unbind(bound["kind"], dict(bound), now.names_by_uid())
    except KeyError:
        raise Conflict("something that the invitation names is not there any more", ASK_AGAIN) from None


def _bound(now: Snapshot, wish: Wish) -> Iterator[dict[str, Any]]:
    """The documents of what is made, by uids where they name what is there."""

    def find(target: tuple[str, str]) -> str | None:
        identity = now.identities.get(target)
        return None if identity is None else identity.uid

    yield bind("User", format_document("User", wish.user), find)
    for policy in wish.policies:
        yield bind("Policy", format_document("Policy", policy), find)


def _uids_of_groups(reader: Reader, names: Sequence[str]) -> tuple[str, ...]:
    """Which uids have these groups? Raises Invalid, or Denied: alike for one that is hidden or not there."""
    return tuple(_uid_of_group(reader, name) for name in dict.fromkeys(names))


def _uid_of_group(reader: Reader, name: str) -> str:
    try:
        return reader.get_to_change("Group", name).identity.uid
    except NotFound as error:
        raise Invalid.at("groups", error.message, error.help) from None


def require_password_link(host: Host, session: Session, now: Snapshot, name: str) -> User:
    """Which user is it, if the session may let it choose a password? Raises Denied, NotFound, Conflict."""
    user = find_user(now, name)
    if user is None or user.uid != session.uid:
        return require_over_user(host, session, now, RESET_PASSWORD, name)
    # WHY also without a policy: as everybody may make a key of their own (rule 10.3), where nothing forbids it.
    judge, here = judge_of(host, session, now), object_of("User", name, find_value(now.account, "User", name))
    if judge.decide(RESET_PASSWORD, here).reason is not Reason.NO_MATCHING_POLICY:
        judge.require(RESET_PASSWORD, here)
    if now.password_of(user.uid) is not None:
        raise Conflict("your own password is changed with the old one", "change it in the console")
    return user


def _store_new(
    host: Host, session: Session, invitation: Invitation, judge: Callable[[Snapshot], object]
) -> MadeInvitation:
    link = new_link(session.account, invitation.uid)

    def prepare(now: Snapshot) -> tuple[Prepared, MadeInvitation]:
        judge(now)
        change = Change(INVITATION, invitation.uid, invitation.uid, "create", write_invitation(invitation))
        gone, dropped = _superseded(host, now, invitation)
        secrets = [*dropped, SecretWrite(invitation.uid, INVITATION, link.secret_hash)]
        prepared = Prepared([*gone, change], secrets, session.uid, session.via("invitations"))
        return prepared, MadeInvitation(invitation, f"{host.public_url}/console/invitation/{link.text}")

    return store_people(host, session.account, prepare)


def _superseded(host: Host, now: Snapshot, made: Invitation) -> tuple[list[Change], list[SecretChange]]:
    """Which older invitations go: of the same name and purpose, and a few that are over?"""
    found = [
        one
        for one in list_all(host, now)
        if one.expires_at <= host.at() or (one.name == made.name and one.purpose == made.purpose)
    ][:MOST_SWEPT]
    return [Change(INVITATION, one.uid, one.uid, "delete") for one in found], [
        SecretDelete(one.uid) for one in found
    ]


def list_invitations(host: Host, session: Session) -> list[Invitation]:
    """Which invitations are open, soonest to end first? Raises Denied."""
    snapshot = host.snapshot(session.account)
    judge_of(host, session, snapshot).require(LIST_INVITATIONS, iam_service())
    return sorted(list_open(host, snapshot), key=lambda one: (one.expires_at, one.uid))


def read_invitation(host: Host, session: Session, uid: str) -> Invitation:
    """Which invitation is it? Raises Denied, NotFound."""
    snapshot = host.snapshot(session.account)
    judge_of(host, session, snapshot).require(READ_INVITATION, iam_object("invitation", uid))
    return get_invitation(host, snapshot, uid)


def delete_invitation(host: Host, session: Session, uid: str) -> None:
    """Withdraw an invitation: its link is good for nothing from now on. Raises Denied, NotFound."""

    def prepare(now: Snapshot) -> tuple[Prepared, None]:
        judge_of(host, session, now).require(DELETE_INVITATION, iam_object("invitation", uid))
        get_invitation(host, now, uid)
        gone = Change(INVITATION, uid, uid, "delete")
        return Prepared([gone], [SecretDelete(uid)], session.uid, session.via("invitations")), None

    store_people(host, session.account, prepare)
