"""Choosing passwords: one's own with the old one, another's by whoever may hand over all that the other holds.

Each new password is a new credential: what the old one began ends everywhere at once. Implements docs/spec.md rules
24.1 to 24.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bailiwick.authn.passwords import check_new_password
from bailiwick.errors import Conflict, Denied, Finding, Invalid
from bailiwick.model.security import PasswordPolicy
from bailiwick.service.appending import Prepared
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.people.attempts import begin_attempt, record_failure, take_back
from bailiwick.service.people.events import Client, Person
from bailiwick.service.people.hashing import is_any, make_hash, verify
from bailiwick.service.people.records import PASSWORD, PasswordRecord, write_password
from bailiwick.service.people.rights import RESET_PASSWORD, User, get_user, require_over_user, require_self
from bailiwick.service.people.secrets_kept import KeptPassword, find_password, keep_password
from bailiwick.service.people.storing import store_people
from bailiwick.service.people.visits import OWES_PASSWORD, Visit, begin_visit
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, SecretChange, SecretDelete

MOST_KEPT = 10


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that may be stored: its record, what is kept of it, and which one it replaces."""

    record: PasswordRecord
    kept: KeptPassword
    replaces: PasswordRecord | None


def check_new(
    host: Host, snapshot: Snapshot, user: User, text: str, *, must_change: bool = False
) -> NewPassword:
    """Which password is this, if the account's policy lets the user have it? Raises Invalid, with every finding."""
    policy = snapshot.account.security_settings.passwords
    findings = check_new_password(policy, text, user.name)
    if findings:
        raise Invalid(findings)
    old = snapshot.password_of(user.uid)
    kept = None if old is None else find_password(host, snapshot.account.name, old.uid)
    before = () if kept is None else (kept.hash, *kept.earlier)
    if is_any(before[: policy.recent_passwords_refused], text):
        raise Invalid([_used_before(policy)])
    record = PasswordRecord(new_uid(PASSWORD), user.uid, host.at(), must_change)
    return NewPassword(record, KeptPassword(make_hash(text), before[: MOST_KEPT - 1]), old)


def _used_before(policy: PasswordPolicy) -> Finding:
    count = policy.recent_passwords_refused
    which = "the last one" if count == 1 else f"one of the last {count}"
    return Finding(f"the password is {which}", "password", "choose one that you have not used")


def changes_for(snapshot: Snapshot, new: NewPassword) -> tuple[list[Change], list[SecretChange]]:
    """What is stored so that the user has this password? Raises Conflict where another was chosen meanwhile."""
    record, now = new.record, snapshot.password_of(new.record.owner_uid)
    if (now and now.uid) != (new.replaces and new.replaces.uid):
        raise Conflict("the password has been changed meanwhile", "begin again")
    made = Change(PASSWORD, record.uid, record.owner_uid, "create", write_password(record))
    kept = keep_password(record.uid, new.kept)
    if new.replaces is None:
        return [made], [kept]
    gone = Change(PASSWORD, new.replaces.uid, record.owner_uid, "delete")
    return [gone, made], [SecretDelete(new.replaces.uid), kept]


def change_own_password(host: Host, visit: Visit, old: str, new: str, client: Client) -> Visit:
    """Change one's password by the old one; every other visit ends, and this one goes on as the returned one.

    Raises Invalid at `old_password` or `password`, LockedOut, Unavailable.
    """
    session = visit.session
    require_self(session)
    snapshot = host.snapshot(session.account)
    user = get_user(snapshot, session.principal.removeprefix("user:"))
    _check_may_change(snapshot, visit)
    require_password(host, snapshot, user, old, client)
    _check_age(host, snapshot, user)
    chosen = check_new(host, snapshot, user, new)

    def prepare(now: Snapshot) -> tuple[Prepared, Snapshot]:
        changes, secrets = changes_for(now, chosen)
        return Prepared(changes, secrets, session.uid, session.via("console")), now

    store_people(host, session.account, prepare)
    return begin_visit(
        host,
        host.snapshot(session.account),
        chosen.record,
        client,
        session_uid=new_uid("Session"),
        factor=visit.factor_at is not None,
        factor_at=visit.factor_at,
    )


def _check_may_change(snapshot: Snapshot, visit: Visit) -> None:
    """Do the account's settings let people choose their own passwords? One that is owed is chosen anyhow. (31.9)"""
    if not snapshot.account.security_settings.may_change.password and visit.owes != OWES_PASSWORD:
        raise Denied(
            "people do not change their own passwords here: the security settings say so",
            action=RESET_PASSWORD,
            reason="setting",
            help="ask an administrator for another",
        )


def require_password(
    host: Host, snapshot: Snapshot, user: User, old: str, client: Client, *, place: str = "old_password"
) -> None:
    """Is this the user's password? Counted like an attempt to sign in: a visit left open must not be a way to guess."""
    account, policy = snapshot.account.name, snapshot.account.security_settings.sign_in
    attempt = begin_attempt(host, account, user.name, client, policy, is_known=True)
    record = snapshot.password_of(user.uid)
    kept = None if record is None else find_password(host, account, record.uid)
    if not verify(None if kept is None else kept.hash, old):
        person = Person(account, user.uid, user.reference, "" if record is None else record.uid)
        record_failure(host, attempt, person, client, reason=place)
        raise Invalid.at(place, "this is not your password")
    # SECURITY: earlier failures still count: who knows the password must not clear those of guessing the second factor.
    take_back(host, attempt)


def _check_age(host: Host, snapshot: Snapshot, user: User) -> None:
    record, policy = snapshot.password_of(user.uid), snapshot.account.security_settings.passwords
    if record is None or record.must_change:
        return
    changeable = record.set_at + timedelta(minutes=policy.minimum_age_minutes)
    if host.at() < changeable:
        raise Invalid.at(
            "password",
            f"the password stays for {policy.minimum_age_minutes} minutes once it is chosen",
            f"change it from {changeable.isoformat(timespec='minutes')} on",
        )


def set_password(host: Host, session: Session, name: str, text: str) -> PasswordRecord:
    """Give another user a password, to be changed when they sign in. Raises Denied, NotFound, Invalid, Conflict.

    One's own is changed with the old one.
    """
    snapshot = host.snapshot(session.account)
    user = require_over_user(host, session, snapshot, RESET_PASSWORD, name)
    _refuse_own(session, user)
    chosen = check_new(host, snapshot, user, text, must_change=True)

    def prepare(now: Snapshot) -> tuple[Prepared, PasswordRecord]:
        require_over_user(host, session, now, RESET_PASSWORD, name)
        changes, secrets = changes_for(now, chosen)
        return Prepared(changes, secrets, session.uid, session.via("passwords")), chosen.record

    return store_people(host, session.account, prepare)


def _refuse_own(session: Session, user: User) -> None:
    if session.uid == user.uid:
        raise Conflict("your own password is changed with the old one", "change it in the console")
