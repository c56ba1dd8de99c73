"""May this session do this to somebody's credentials? Asked of the engine, as everything is.

To set or take away what another signs in with hands over all that the other holds (docs/spec.md rules 9.3, 24.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.errors import Denied, NotFound
from bailiwick.service.authorize import authorize_handovers
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.kinds import find_value
from bailiwick.service.needed import iam_service, object_of
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

INVITE = "iam.user.invite"
RESET_PASSWORD = "iam.user.reset-password"  # noqa: S105 - an action
REMOVE_FACTOR = "iam.user.remove-second-factor"
LIST_LOCKOUTS, LIFT_LOCKOUT = "iam.lockout.list", "iam.lockout.lift"
LIST_INVITATIONS, READ_INVITATION = "iam.invitation.list", "iam.invitation.read"
DELETE_INVITATION = "iam.invitation.delete"


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored: name, uid, reference, and whether it is out of use."""

    name: str
    uid: str
    reference: str
    disabled: bool
    email: str


def judge_of(host: Host, session: Session, snapshot: Snapshot) -> Judge:
    """Who asks the engine for this session, on this state?"""
    return Judge(host.catalog, session, snapshot, None, host.now())


def require_of_service(host: Host, session: Session, snapshot: Snapshot, action: str) -> None:
    """May the session do this in the account? Raises Denied."""
    judge_of(host, session, snapshot).require(action, iam_service())


def require_over_user(host: Host, session: Session, snapshot: Snapshot, action: str, name: str) -> User:
    """Which user is it, if the session may do this to it and hand over what it holds? Raises Denied, NotFound."""
    stored = find_value(snapshot.account, "User", name)
    judge_of(host, session, snapshot).require(action, object_of("User", name, stored))
    user = get_user(snapshot, name)
    authorize_handovers(host.catalog, session, snapshot, user.reference, host.now())
    return user


def get_user(snapshot: Snapshot, name: str) -> User:
    """Which user has this name? Raises NotFound."""
    user = find_user(snapshot, name)
    if user is None:
        raise NotFound(f"there is no user `{name}`", "invite one, or create one")
    return user


def find_user(snapshot: Snapshot, name: str) -> User | None:
    """Which user has this name?"""
    identity, stored = snapshot.identities.get(("User", name)), find_value(snapshot.account, "User", name)
    if identity is None or stored is None:
        return None
    return User(name, identity.uid, stored.reference, stored.disabled, stored.email)


def require_self(session: Session) -> None:
    """Is it the person, whole and in person? SECURITY: who acts for others, or with less, changes no credential."""
    if not session.is_whole or session.by or not session.principal.startswith("user:"):
        raise Denied(
            f"`{session.principal}` changes what it signs in with only in person",
            action="iam.user.update",
            reason="guardrail",
            help="sign in yourself, with all that you may",
        )
