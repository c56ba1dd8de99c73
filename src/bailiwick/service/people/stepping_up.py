"""Stepping up: proving again, in a visit that goes on, who sits there.

By the strongest that the user has: whoever has a second factor proves it with that, and only who has none with the
password. Counted like an attempt to sign in. Implements docs/spec.md section 30. Source: RFC 9470, 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bailiwick.errors import Invalid
from bailiwick.service.host import Host
from bailiwick.service.people.events import REFUSED, Client, Person, record_sign_in
from bailiwick.service.people.factors import require_code
from bailiwick.service.people.passkey_ceremonies import (
    PROOF,
    Ceremony,
    ShownPasskey,
    begin_assertion,
    show_own_passkey,
)
from bailiwick.service.people.passwords import require_password
from bailiwick.service.people.rights import get_user, require_self
from bailiwick.service.people.visits import Visit, with_factor, with_password
from bailiwick.service.snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Ways:
    """By what can the user prove who they are? None of it: by signing in again.

    `passkey`: what the browser is asked for, to show one.
    """

    code: bool
    passkey: Ceremony | None
    password: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody shows to prove who they are."""

    code: str = field(default="", repr=False)
    passkey: ShownPasskey | None = None
    password: str = field(default="", repr=False)


def ways_of(host: Host, visit: Visit) -> Ways:
    """By what can the user of this visit prove who they are?"""
    snapshot, uid = host.snapshot(visit.session.account), visit.session.uid
    passkeys = snapshot.passkeys_of(uid)
    return Ways(
        code=snapshot.has_codes(uid),
        passkey=begin_assertion(host, PROOF, visit.uid, passkeys) if passkeys else None,
        password=_may_show_password(snapshot, uid),
    )


def _may_show_password(snapshot: Snapshot, uid: str) -> bool:
    """SECURITY: not of who has a second factor; a password that somebody learned would be as good as that."""
    return not snapshot.has_factor(uid) and snapshot.password_of(uid) is not None


def step_up(host: Host, visit: Visit, shown: Shown, client: Client) -> Visit:
    """The same visit, in which it was proved just now who sits there.

    Raises Invalid at `code`, `passkey` or `password`, LockedOut, NotFound; Denied for a session that is less than its
    person.
    """
    session = visit.session
    require_self(session)
    snapshot = host.snapshot(session.account)
    if shown.passkey is not None:
        _show_passkey(host, visit, snapshot, shown.passkey, client)
        return with_factor(host, visit)
    if snapshot.has_codes(session.uid):
        require_code(host, visit, shown.code, client)
        return with_factor(host, visit)
    if _may_show_password(snapshot, session.uid):
        user = get_user(snapshot, session.principal.removeprefix("user:"))
        require_password(host, snapshot, user, shown.password, client, place="password")
        return with_password(host, visit)
    raise Invalid.at("", "there is nothing to prove it with here", "sign out, and sign in again")


def _show_passkey(host: Host, visit: Visit, snapshot: Snapshot, shown: ShownPasskey, client: Client) -> None:
    session = visit.session
    if not show_own_passkey(host, snapshot, session.uid, shown, (PROOF, visit.uid)):
        person = Person(session.account, session.uid, session.principal, session.credential)
        record_sign_in(host, REFUSED, person, client, reason="passkey")
        raise Invalid.at("passkey", "this passkey was not shown, or not in time", "try again")
