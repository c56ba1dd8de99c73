"""Stepping up: proving again, in a visit that goes on, who sits there.

By the strongest that the user has: whoever has a second factor proves it with that, and only who has none with the
password. Counted like an attempt to sign in. Implements docs/spec.md section 30. Source: RFC 9470, 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bailiwick.errors import Invalid
from bailiwick.service.host import Host
from bailiwick.service.people.events import Client
from bailiwick.service.people.factors import require_code
from bailiwick.service.people.passwords import require_password
from bailiwick.service.people.rights import get_user, require_self
from bailiwick.service.people.visits import Visit, with_factor, with_password
from bailiwick.service.snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Ways:
    """By what can the user prove who they are? None of it: by signing in again."""

    code: bool
    password: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody shows to prove who they are."""

    code: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def ways_of(snapshot: Snapshot, uid: str) -> Ways:
    """By what can the user of this uid prove who they are?"""
    factor = snapshot.factor_of(uid)
    has_code = factor is not None and factor.enrolled_at is not None
    return Ways(has_code, not snapshot.has_factor(uid) and snapshot.password_of(uid) is not None)


def step_up(host: Host, visit: Visit, shown: Shown, client: Client) -> Visit:
    """The same visit, in which it was proved just now who sits there.

    Raises Invalid at `code` or `password`, LockedOut, NotFound, Denied for a session that is less than its person.
    """
    session = visit.session
    require_self(session)
    snapshot = host.snapshot(session.account)
    ways = ways_of(snapshot, session.uid)
    if ways.code:
        require_code(host, visit, shown.code, client)
        return with_factor(host, visit)
    if ways.password:
        user = get_user(snapshot, session.principal.removeprefix("user:"))
        require_password(host, snapshot, user, shown.password, client, place="password")
        return with_password(host, visit)
    raise Invalid.at("", "there is nothing to prove it with here", "sign out, and sign in again")
