"""Lock-outs of an account: who may see them, and who may lift one before its time.

Implements docs/spec.md rule 24.5.
"""

from __future__ import annotations

from collections.abc import Callable

from bailiwick.errors import NotFound
from bailiwick.service.host import Host
from bailiwick.service.people.attempts import Lockout, lift_lockout, list_lockouts
from bailiwick.service.people.events import SIGN_IN, UNLOCKED
from bailiwick.service.people.rights import LIFT_LOCKOUT, LIST_LOCKOUTS, require_of_service
from bailiwick.service.sessions import Session


def list_locked_out(host: Host, session: Session) -> list[Lockout]:
    """Who is locked out now? Raises Denied."""
    require_of_service(host, session, host.snapshot(session.account), LIST_LOCKOUTS)
    return sorted(list_lockouts(host, session.account), key=lambda one: (one.until, one.id))


def unlock(host: Host, session: Session, lockout_id: str) -> Lockout:
    """Let somebody try again. Raises Denied, NotFound."""
    return _unlock(host, session, lambda one: one.id == lockout_id, f"there is no lock-out `{lockout_id}`")


def unlock_user(host: Host, session: Session, name: str) -> Lockout:
    """Let the user of this name try again. Raises Denied, NotFound."""
    return _unlock(host, session, lambda one: one.name == name, f"user `{name}` is not locked out")


def _unlock(host: Host, session: Session, fits: Callable[[Lockout], bool], message: str) -> Lockout:
    require_of_service(host, session, host.snapshot(session.account), LIFT_LOCKOUT)
    known = next((one for one in list_lockouts(host, session.account) if fits(one)), None)
    if known is None:
        raise NotFound(message, "it may be over already")
    lift_lockout(host, session.account, known)
    host.record(SIGN_IN, UNLOCKED, session, name=known.name, address=known.address)
    return known
