"""Signing in: account, name and password, then a code where the user has a second factor.

SECURITY: an unknown account, an unknown user, a disabled one, one without a password and a wrong password get the same
answer after the same work: one attempt counted, one secret looked for, one hash computed. Implements docs/spec.md
rules 24.5 and 24.6.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from bailiwick.authn.compact import Signer, TokenRefused
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tickets import CodeDueTicket, read_ticket, write_ticket
from bailiwick.errors import Invalid, NotFound, Unauthenticated, Unavailable
from bailiwick.model.security import DEFAULT_SECURITY, SignInPolicy
from bailiwick.service.appending import Prepared
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.people.attempts import (
    Attempt,
    LockedOut,
    begin_attempt,
    forget_failures,
    record_failure,
    take_back,
)
from bailiwick.service.people.events import (
    CODE_DUE,
    REFUSED,
    SUCCEEDED,
    Client,
    Person,
    record_sign_in,
)
from bailiwick.service.people.factors import show_code
from bailiwick.service.people.hashing import is_outdated, make_hash, verify
from bailiwick.service.people.last_use import last_uses
from bailiwick.service.people.passkey_ceremonies import (
    FACTOR,
    Ceremony,
    ShownPasskey,
    begin_assertion,
    show_own_passkey,
)
from bailiwick.service.people.records import PASSWORD, PasswordRecord, SignInRecord, write_password
from bailiwick.service.people.rights import User, find_user
from bailiwick.service.people.secrets_kept import KeptPassword, find_password, keep_password
from bailiwick.service.people.storing import store_people
from bailiwick.service.people.visits import Visit, begin_visit
from bailiwick.service.places import may_visit_from
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import may_come_in, name_of_person
from bailiwick.store.ports import SYSTEM_LOG, Change

CODE_SECONDS = 300
_WRONG = "account, name or password is wrong"
_WRONG_CODE = "this code is wrong, or has been used"


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody typed to sign in."""

    account: str
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeDue:
    """The password was right, and a code of the second factor is due: within five minutes, with this ticket."""

    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Known:
    """Whom the given names mean, as far as there is somebody."""

    snapshot: Snapshot | None
    user: User | None
    shown: SignInRecord | None
    kept: KeptPassword | None

    @property
    def password(self) -> PasswordRecord | None:
        """Which password is to be shown, or was?"""
        return self.shown if isinstance(self.shown, PasswordRecord) else None

    @property
    def policy(self) -> SignInPolicy:
        """How does the account let people sign in? Where there is none, as most do."""
        return (self.snapshot.account.security_settings if self.snapshot else DEFAULT_SECURITY).sign_in

    @property
    def person(self) -> Person:
        """Who is it, for the record?"""
        if self.snapshot is None or self.user is None:
            return Person("" if self.snapshot is None else self.snapshot.account.name)
        credential = "" if self.shown is None else self.shown.uid
        return Person(self.snapshot.account.name, self.user.uid, self.user.reference, credential)


def sign_in(host: Host, given: Given, client: Client) -> Visit | CodeDue:
    """Which visit begins? Or which code is due before? Raises Unauthenticated, LockedOut, Unavailable."""
    known = _look(host, given)
    attempt = _begin(host, known, given.account, given.name, client)
    try:
        fits = verify(None if known.kept is None else known.kept.hash, given.password)
    except Unavailable:
        take_back(host, attempt)
        raise
    if (
        not fits
        or not _may_come(host, known, client)
        or not known.snapshot
        or not known.password
        or not known.kept
    ):
        _refuse(host, known, attempt, client, reason="password", message=_WRONG)
    _renew_hash(host, known.snapshot, known.password, known.kept, given.password)
    take_back(host, attempt)
    if known.snapshot.has_factor(known.password.owner_uid):
        record_sign_in(host, CODE_DUE, known.person, client)
        return code_due(host, known.snapshot.account.name, known.password)
    return _succeed(host, known, given.name, client, session_uid=new_uid("Session"), factor=False)


def begin_passkey_factor(host: Host, ticket: str) -> tuple[bool, Ceremony | None]:
    """After the right password: may a code be shown, and what is the browser asked for to show a passkey instead?

    Raises Unauthenticated where the password has to be given again.
    """
    known, read = _look_again(host, ticket)
    if known.snapshot is None:
        raise Unauthenticated(_WRONG)
    passkeys = known.snapshot.passkeys_of(read.uid)
    ceremony = begin_assertion(host, FACTOR, read.session_uid, passkeys) if passkeys else None
    return known.snapshot.has_codes(read.uid), ceremony


def show_factor(
    host: Host, ticket: str, code: str, client: Client, *, passkey: ShownPasskey | None = None
) -> Visit:
    """Which visit begins by this code, or this passkey, after the right password?

    Raises Invalid at `code` or `passkey`, LockedOut, and Unauthenticated where the password has to be given again.
    """
    known, read = _look_again(host, ticket)
    user, snapshot = known.user, known.snapshot
    if user is None or snapshot is None:
        raise Unauthenticated(_WRONG)
    factor = snapshot.factor_of(user.uid)
    attempt = _begin(host, known, snapshot.account.name, user.name, client)
    if passkey is not None:
        if not show_own_passkey(host, snapshot, user.uid, passkey, (FACTOR, read.session_uid)):
            record_failure(host, attempt, known.person, client, reason="passkey")
            raise Invalid.at("passkey", "this passkey was not shown, or not in time", "try again")
    elif factor is None or factor.enrolled_at is None or not show_code(host, snapshot, factor, code):
        record_failure(host, attempt, known.person, client, reason="code")
        raise Invalid.at("code", _WRONG_CODE, "wait for the next one, or use a recovery code")
    take_back(host, attempt)
    by = {} if passkey is None else {"by": "passkey as second factor"}
    return _succeed(host, known, user.name, client, session_uid=read.session_uid, factor=True, **by)


def _look(host: Host, given: Given) -> _Known:
    snapshot = _find_snapshot(host, given.account)
    user = None if snapshot is None else find_user(snapshot, given.name)
    password = None if snapshot is None or user is None else snapshot.password_of(user.uid)
    if snapshot is None or password is None:
        # SECURITY: as many look-ups as for somebody who is there.
        host.store.find_secret(SYSTEM_LOG, "nobody's password")
        return _Known(snapshot, user, None, None)
    return _Known(snapshot, user, password, find_password(host, snapshot.account.name, password.uid))


def _find_snapshot(host: Host, account: str) -> Snapshot | None:
    try:
        return host.snapshot(account)
    except (NotFound, Invalid):
        return None


def _look_again(host: Host, text: str) -> tuple[_Known, CodeDueTicket]:
    """Whose code is due by this ticket, if the password still stands? Raises Unauthenticated."""
    try:
        keys = host.key_set(KeyPurpose.ACCESS)
        read = read_ticket(text, CodeDueTicket, issuer=host.settings.issuer, key_set=keys, now=host.at())
        snapshot = host.snapshot(read.account)
        user = find_user(snapshot, name_of_person(snapshot, read.uid).removeprefix("user:"))
    except (TokenRefused, NotFound, Unauthenticated):
        raise Unauthenticated("the time for the code is over", "sign in again") from None
    shown = snapshot.sign_in_of(read.credential_uid)
    if user is None or shown is None or shown.owner_uid != read.uid:
        raise Unauthenticated("the time for the code is over", "sign in again")
    return _Known(snapshot, user, shown, None), read


def _begin(host: Host, known: _Known, account: str, name: str, client: Client) -> Attempt:
    is_known, is_account = known.user is not None, known.snapshot is not None
    try:
        return begin_attempt(
            host, account, name, client, known.policy, is_known=is_known, is_account=is_account
        )
    except LockedOut:
        _note_locked_out(host, known.person, client)
        raise


def _note_locked_out(host: Host, person: Person, client: Client) -> None:
    """SECURITY: it costs nothing to be refused so, as often as one likes; what is written about it stays bounded."""
    others = host.lockout_refusals(person.account).take(host.now())
    if others is not None:
        more = {"others_since_last": others} if others else {}
        record_sign_in(host, REFUSED, person, client, reason="locked_out", **more)


def _may_come(host: Host, known: _Known, client: Client) -> bool:
    """May this user sign in at all, from there: not disabled, not shut out, not away for too long?"""
    snapshot, user, password = known.snapshot, known.user, known.password
    if snapshot is None or user is None or password is None:
        return False
    days = known.policy.unused_days
    used = last_uses(host, snapshot, [user.uid]).get(user.uid) if days else None
    last = max(password.set_at, used or password.set_at)
    is_away = bool(days) and host.at() >= last + timedelta(days=days)
    is_here = may_visit_from(snapshot.account.security_settings, client.address)
    return may_come_in(snapshot, user.reference, by_key=False) and is_here and not is_away


def _refuse(
    host: Host, known: _Known, attempt: Attempt, client: Client, *, reason: str, message: str
) -> NoReturn:
    record_failure(host, attempt, known.person, client, reason=reason)
    raise Unauthenticated(message, "check all three; capital letters count")


def _renew_hash(
    host: Host, snapshot: Snapshot, password: PasswordRecord, kept: KeptPassword, text: str
) -> None:
    """Keep the password at today's cost, where it was hashed at another."""
    if not is_outdated(kept.hash):
        return
    renewed = keep_password(password.uid, replace(kept, hash=make_hash(text)))
    document = write_password(password)

    def prepare(now: Snapshot) -> tuple[Prepared | None, None]:
        if now.password_of(password.owner_uid) != password:
            return None, None
        change = Change(PASSWORD, password.uid, password.owner_uid, "replace", document)
        return Prepared([change], [renewed], password.owner_uid, "sign-in"), None

    store_people(host, snapshot.account.name, prepare)


def code_due(host: Host, account: str, shown: SignInRecord) -> CodeDue:
    """By which ticket does the owner of this credential, who has shown it, give a code within five minutes?"""
    now = host.now()
    due = CodeDueTicket(account, shown.owner_uid, shown.uid, new_uid("Session"), int(now))
    signer = Signer(host.key_set(KeyPurpose.ACCESS).current())
    expires = datetime.fromtimestamp(now + CODE_SECONDS, UTC)
    return CodeDue(write_ticket(due, issuer=host.settings.issuer, signer=signer, expires=expires))


def _succeed(
    host: Host, known: _Known, name: str, client: Client, *, session_uid: str, factor: bool, by: str = ""
) -> Visit:
    account, shown = known.person.account, known.shown
    if shown is None:
        raise Unauthenticated(_WRONG)
    # SECURITY: of the newest state: a password changed, or a user disabled, while this one was looked at counts.
    visit = begin_visit(host, host.snapshot(account), shown, client, session_uid=session_uid, factor=factor)
    forget_failures(host, account, name)
    host.touch_credential(account, shown.uid)
    said = {"by": by} if by else {}
    record_sign_in(host, SUCCEEDED, known.person, client, session=session_uid, second_factor=factor, **said)
    return visit
