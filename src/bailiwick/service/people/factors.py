"""Second factors: enrolled by two codes in a row, asked for at every sign-in, replaced by recovery codes when lost.

A code counts once, in whatever process it is shown. Implements docs/spec.md rule 24.4.
Source: Open Telekom Cloud, IAM User Guide, Virtual MFA Device (two consecutive codes; not removed while required).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import segno

from bailiwick.authn.codes import (
    are_consecutive,
    find_recovery_code,
    find_step,
    hash_recovery_code,
    looks_like_recovery_code,
    new_recovery_codes,
    new_seed,
    seed_address,
)
from bailiwick.errors import Conflict, Invalid, NotFound
from bailiwick.service.appending import Prepared
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.people.attempts import begin_attempt, record_failure, take_back
from bailiwick.service.people.events import Client, Person
from bailiwick.service.people.recent_proof import is_proved_lately, require_recent_proof
from bailiwick.service.people.records import PASSKEY, SECOND_FACTOR, FactorRecord, write_factor
from bailiwick.service.people.rights import REMOVE_FACTOR, require_over_user, require_self
from bailiwick.service.people.secrets_kept import KeptFactor, find_factor, keep_factor
from bailiwick.service.people.storing import store_people
from bailiwick.service.people.visits import Visit, with_factor
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, Document, Note, SecretChange, SecretDelete

_REMEMBERED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a phone needs: the seed as text, its `otpauth:` address, and that as a picture (SVG)."""

    seed: str = field(repr=False)
    address: str = field(repr=False)
    picture: str = field(repr=False)


def begin_enrolment(host: Host, visit: Visit) -> Enrolment:
    """Which seed shall the phone take? A new one, unless this visit was shown one already.

    Raises Conflict, StepUpRequired.
    """
    session = visit.session
    require_self(session)
    require_recent_proof(host, visit)

    def prepare(now: Snapshot) -> tuple[Prepared | None, str]:
        factor = now.factor_of(session.uid)
        if factor is not None and factor.enrolled_at is not None:
            raise Conflict("you have a second factor already", "remove it first")
        kept = _find_shown(host, now, visit)
        if kept is not None:
            return None, kept.seed
        seed, made = new_seed(), FactorRecord(new_uid(SECOND_FACTOR), session.uid, None)
        change = Change(SECOND_FACTOR, made.uid, session.uid, "create", write_factor(made))
        secret = keep_factor(made.uid, KeptFactor(seed, shown_in=visit.uid))
        if factor is None:
            return Prepared([change], [secret], session.uid, session.via("console")), seed
        gone = Change(SECOND_FACTOR, factor.uid, session.uid, "delete")
        secrets: list[SecretChange] = [SecretDelete(factor.uid), secret]
        return Prepared([gone, change], secrets, session.uid, session.via("console")), seed

    return _enrolment(host, session, store_people(host, session.account, prepare))


def find_enrolment(host: Host, visit: Visit) -> Enrolment | None:
    """Which seed was this visit shown, and has not proved yet? Changes nothing. None: none.

    SECURITY: nor to whoever finds the visit open later: the seed would be their second factor.
    """
    require_self(visit.session)
    if not is_proved_lately(host, visit):
        return None
    kept = _find_shown(host, host.snapshot(visit.session.account), visit)
    return None if kept is None else _enrolment(host, visit.session, kept.seed)


def _find_shown(host: Host, now: Snapshot, visit: Visit) -> KeptFactor | None:
    """What is kept of the seed that this visit was shown and no code has proved?

    SECURITY: whoever was shown one in another visit, with a password that has been found out or was given, still
    knows it: it must not become the second factor of who signs in later.
    """
    factor = now.factor_of(visit.session.uid)
    if factor is None or factor.enrolled_at is not None:
        return None
    kept = find_factor(host, visit.session.account, factor.uid)
    return kept if kept is not None and kept.shown_in == visit.uid else None


def _enrolment(host: Host, session: Session, seed: str) -> Enrolment:
    issuer = host.settings.public_url.partition("://")[2]
    user = f"{session.principal.removeprefix('user:')}@{session.account}"
    address = seed_address(seed, user, f"Bailiwick {issuer}")
    picture = segno.make(address, error="m").svg_inline(omitsize=True, border=2, light="#fff")
    return Enrolment(seed, address, picture)


def confirm_enrolment(host: Host, visit: Visit, first: str, second: str) -> tuple[Visit, list[str]]:
    """Enrol the seed that was begun, by two codes in a row: the visit with it, and ten recovery codes, shown once.

    Raises Invalid at `second_code`, NotFound where nothing was begun in this visit, StepUpRequired.
    """
    session = visit.session
    require_self(session)
    require_recent_proof(host, visit)
    codes = new_recovery_codes()

    def prepare(now: Snapshot) -> tuple[Prepared, tuple[str, int | None]]:
        factor, kept = now.factor_of(session.uid), _find_shown(host, now, visit)
        if factor is None or kept is None:
            raise NotFound("no second factor is being set up here", "begin to set one up")
        if not are_consecutive(kept.seed, first, second, host.now()):
            raise Invalid.at(
                "second_code",
                "these are not two codes in a row",
                "type one, wait for the next, and type that",
            )
        made = replace(factor, enrolled_at=host.at(), codes_left=len(codes))
        change = Change(SECOND_FACTOR, made.uid, session.uid, "replace", write_factor(made))
        stored = KeptFactor(kept.seed, tuple(map(hash_recovery_code, codes)))
        secret = keep_factor(made.uid, stored)
        return Prepared([change], [secret], session.uid, session.via("console")), (
            made.uid,
            find_step(kept.seed, second, host.now()),
        )

    uid, step = store_people(host, session.account, prepare)
    # WHY: the second code is of a step that may still be shown; it has been used here.
    _claim(host, session.account, uid, step or 0)
    return with_factor(host, visit), codes


def show_code(host: Host, snapshot: Snapshot, factor: FactorRecord, code: str) -> bool:
    """Is this a code of the factor that has not been used yet? From now on it has been."""
    kept = find_factor(host, snapshot.account.name, factor.uid)
    if kept is None:
        return False
    if looks_like_recovery_code(code):
        return _use_recovery_code(host, snapshot.account.name, factor.owner_uid, code)
    step = find_step(kept.seed, code, host.now())
    return step is not None and _claim(host, snapshot.account.name, factor.uid, step)


def _claim(host: Host, account: str, factor_uid: str, step: int) -> bool:
    """Is the step later than every step of which a code was accepted? From now on it is not."""
    claimed: list[bool] = []

    def change(held: Document | None) -> Note:
        last = -1 if held is None else int(held["step"])
        claimed.append(step > last)
        return Note({"step": max(step, last)}, host.at() + _REMEMBERED)

    host.store.activity.amend(account_log(account), f"code/{factor_uid}", host.at(), change)
    return claimed[-1]


def _use_recovery_code(host: Host, account: str, owner_uid: str, code: str) -> bool:
    """Is it one of the codes that are left? It is not left afterwards."""

    def prepare(now: Snapshot) -> tuple[Prepared | None, bool]:
        factor = now.factor_of(owner_uid)
        kept = None if factor is None else find_factor(host, account, factor.uid)
        used = None if kept is None else find_recovery_code(kept.codes, code)
        if factor is None or kept is None or used is None:
            return None, False
        left = tuple(one for one in kept.codes if one != used)
        after = replace(factor, codes_left=len(left))
        change = Change(SECOND_FACTOR, factor.uid, owner_uid, "replace", write_factor(after))
        secret = keep_factor(factor.uid, KeptFactor(kept.seed, left))
        return Prepared([change], [secret], owner_uid, "sign-in"), True

    return store_people(host, account, prepare)


def renew_recovery_codes(host: Host, visit: Visit, code: str, client: Client) -> list[str]:
    """Ten new recovery codes in the place of those that are left, by a code. Raises Invalid at `code`."""
    session = visit.session
    require_code(host, visit, code, client)
    codes = new_recovery_codes()

    def prepare(now: Snapshot) -> tuple[Prepared, list[str]]:
        factor = now.factor_of(session.uid)
        kept = None if factor is None else find_factor(host, session.account, factor.uid)
        if factor is None or kept is None:
            raise NotFound("you have no second factor", "set one up")
        after = replace(factor, codes_left=len(codes))
        change = Change(SECOND_FACTOR, factor.uid, session.uid, "replace", write_factor(after))
        secret = keep_factor(factor.uid, KeptFactor(kept.seed, tuple(map(hash_recovery_code, codes))))
        return Prepared([change], [secret], session.uid, session.via("console")), codes

    return store_people(host, session.account, prepare)


def remove_own_factor(host: Host, visit: Visit, code: str, client: Client) -> None:
    """Do without a second factor, by one more code. Raises Invalid at `code`, Conflict where one is required."""
    session = visit.session
    snapshot = host.snapshot(session.account)
    if snapshot.account.security_settings.require_second_factor and not snapshot.passkeys_of(session.uid):
        raise Conflict(
            "the account requires a second factor", "ask an administrator to remove it if it is lost"
        )
    require_code(host, visit, code, client)
    store_people(host, session.account, lambda now: (_removal(now, session.uid, session, "console"), None))


def require_code(host: Host, visit: Visit, code: str, client: Client) -> None:
    """Does whoever sits there hold the second factor? Counted like an attempt to sign in."""
    session = visit.session
    require_self(session)
    snapshot = host.snapshot(session.account)
    factor = snapshot.factor_of(session.uid)
    if factor is None or factor.enrolled_at is None:
        raise NotFound("you have no second factor", "set one up")
    name = session.principal.removeprefix("user:")
    policy = snapshot.account.security_settings.sign_in
    attempt = begin_attempt(host, session.account, name, client, policy, is_known=True)
    if not show_code(host, snapshot, factor, code):
        person = Person(session.account, session.uid, session.principal, session.credential)
        record_failure(host, attempt, person, client, reason="code")
        raise Invalid.at("code", "this code is wrong, or has been used", "wait for the next one")
    take_back(host, attempt)


def remove_factor(host: Host, session: Session, name: str) -> None:
    """Take another's second factor away, because it is lost: phone, recovery codes and passkeys.

    A grant of all that the other holds. Raises Denied.
    """

    def prepare(now: Snapshot) -> tuple[Prepared, None]:
        user = require_over_user(host, session, now, REMOVE_FACTOR, name)
        if user.uid == session.uid:
            raise Conflict("your own second factor is removed with a code", "remove it in the console")
        return _removal(now, user.uid, session, "second-factor", passkeys=True), None

    store_people(host, session.account, prepare)


def removals(snapshot: Snapshot, owner_uid: str, *, passkeys: bool) -> list[Change]:
    """What goes with the second factor of this user: the phone, and, where so asked, every passkey?"""
    factor = snapshot.factor_of(owner_uid)
    phone = [] if factor is None else [Change(SECOND_FACTOR, factor.uid, owner_uid, "delete")]
    others = snapshot.passkeys_of(owner_uid) if passkeys else []
    return [*phone, *(Change(PASSKEY, one.uid, one.uid, "delete") for one in others)]


def _removal(
    snapshot: Snapshot, owner_uid: str, session: Session, via: str, *, passkeys: bool = False
) -> Prepared:
    changes = removals(snapshot, owner_uid, passkeys=passkeys)
    if not changes:
        raise NotFound("there is no second factor", "there is nothing to remove")
    secrets = [SecretDelete(change.uid) for change in changes]
    return Prepared(changes, secrets, session.uid, session.via(via))
