"""Signing in with a passkey alone: it says who it is of, and that it knows its user, so it counts as two factors.

SECURITY: whoever has not signed in is asked for any passkey of this installation, so there is nothing to tell; an
unknown one, one of somebody who may not come, and a wrong answer are refused alike. Implements docs/spec.md 30.3.
"""

from __future__ import annotations

from datetime import timedelta

from bailiwick.authn.passkeys import Answer, PasskeyRefused, read_answer
from bailiwick.errors import Unauthenticated
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.locating import accounts_with
from bailiwick.service.people.attempts import forget_failures
from bailiwick.service.people.events import REFUSED, SUCCEEDED, Client, Person, record_sign_in
from bailiwick.service.people.last_use import last_uses
from bailiwick.service.people.passkey_ceremonies import (
    COUNTER,
    SIGN_IN,
    Ceremony,
    ShownPasskey,
    begin_assertion,
    claim_challenge,
    prove_passkey,
)
from bailiwick.service.people.records import PASSKEY, PasskeyRecord
from bailiwick.service.people.visits import Visit, begin_visit
from bailiwick.service.places import may_visit_from
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import may_come_in, principal_of_uid

_REFUSED = "this passkey is not known here, or was not shown in time"


def begin_passkey_sign_in(host: Host, bound: str) -> Ceremony | None:
    """What is the browser of a guest asked for? None: this address takes no passkeys."""
    return begin_assertion(host, SIGN_IN, bound, (), must_verify=True)


def sign_in_with_passkey(host: Host, shown: ShownPasskey, bound: str, client: Client) -> Visit:
    """Which visit begins by this passkey? Raises Unauthenticated, the same for every cause."""
    try:
        challenge = claim_challenge(host, SIGN_IN, bound, shown.ticket)
        answer = read_answer(shown.answer)
        snapshot, record, reference = _find(host, answer)
    except PasskeyRefused:
        raise _refusal() from None
    person = Person(snapshot.account.name, record.owner_uid, reference, record.uid)
    try:
        prove_passkey(host, snapshot.account.name, record, answer, challenge, must_verify=True)
    except PasskeyRefused as refused:
        reason = "passkey_count" if str(refused) == COUNTER else "passkey"
        record_sign_in(host, REFUSED, person, client, reason=reason)
        raise _refusal() from None
    if not _may_come(host, snapshot, record, reference, client):
        record_sign_in(host, REFUSED, person, client, reason="passkey")
        raise _refusal()
    session_uid = new_uid("Session")
    newest = host.snapshot(snapshot.account.name)
    visit = begin_visit(host, newest, record, client, session_uid=session_uid, factor=True)
    forget_failures(host, snapshot.account.name, reference.removeprefix("user:"))
    host.touch_credential(snapshot.account.name, record.uid)
    record_sign_in(host, SUCCEEDED, person, client, session=session_uid, second_factor=True, by="passkey")
    return visit


def _refusal() -> Unauthenticated:
    return Unauthenticated(_REFUSED, "try again, or sign in with your password")


def _find(host: Host, answer: Answer) -> tuple[Snapshot, PasskeyRecord, str]:
    """Whose passkey is it, in which account? Raises PasskeyRefused.

    SECURITY: by its id and by whom it names, so that nobody gets between by making one of the same id elsewhere.
    """
    for snapshot in accounts_with(host, PASSKEY, answer.credential_id):
        record = snapshot.find_passkey(answer.credential_id)
        if record is not None and record.owner_uid == answer.user_handle:
            reference = principal_of_uid(snapshot, record.owner_uid)
            if reference is not None:
                return snapshot, record, reference
    raise PasskeyRefused("there is no such passkey")


def _may_come(host: Host, snapshot: Snapshot, record: PasskeyRecord, reference: str, client: Client) -> bool:
    """May this user sign in at all, from there: not disabled, not shut out, not away for too long?"""
    settings = snapshot.account.security_settings
    days = settings.sign_in.unused_days
    used = last_uses(host, snapshot, [record.owner_uid]).get(record.owner_uid) if days else None
    last = max(record.created_at, used or record.created_at)
    is_away = bool(days) and host.at() >= last + timedelta(days=days)
    is_here = may_visit_from(settings, client.address)
    return may_come_in(snapshot, reference, by_key=False) and is_here and not is_away
