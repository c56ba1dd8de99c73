"""One's own passkeys: made, named, shown, removed. Implements docs/spec.md rules 30.1, 30.4 and 30.5."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bailiwick.authn.passkeys import PasskeyRefused, verify_registration, write_registration_options
from bailiwick.errors import Conflict, Invalid, NotFound
from bailiwick.model.names import parse_name
from bailiwick.service.appending import Prepared
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.people.passkey_ceremonies import (
    REGISTER,
    Ceremony,
    ShownPasskey,
    claim_challenge,
    new_challenge,
    party_of,
    write_challenge,
)
from bailiwick.service.people.recent_proof import require_recent_proof
from bailiwick.service.people.records import PASSKEY, PasskeyRecord, write_passkey
from bailiwick.service.people.rights import require_self
from bailiwick.service.people.secrets_kept import KeptPasskey, keep_passkey
from bailiwick.service.people.storing import store_people
from bailiwick.service.people.visits import Visit, with_factor
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, SecretDelete

MOST_PASSKEYS = 10
MAX_NAME_CHARACTERS = 64
NO_PARTY = "this installation's address takes no passkeys: browsers want a host's name and TLS"


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """A passkey, and when it was last used."""

    record: PasskeyRecord
    last_used_at: datetime | None


def list_passkeys(host: Host, snapshot: Snapshot, owner_uid: str) -> list[KnownPasskey]:
    """Which passkeys has the user of this uid, oldest first?"""
    account = snapshot.account.name
    return [KnownPasskey(one, host.last_used(account, one.uid)) for one in snapshot.passkeys_of(owner_uid)]


def begin_registration(host: Host, visit: Visit) -> Ceremony:
    """What is the browser asked for, to make a passkey? Raises StepUpRequired, Conflict."""
    session, party = visit.session, party_of(host)
    require_self(session)
    require_recent_proof(host, visit)
    if party is None:
        raise Conflict(NO_PARTY, "set its public address so")
    known = host.snapshot(session.account).passkeys_of(session.uid)
    _check_number(known)
    challenge = new_challenge()
    options = write_registration_options(
        party,
        user_handle=session.uid,
        user_name=f"{session.principal.removeprefix('user:')}@{session.account}",
        challenge=challenge,
        known=[one.credential_id for one in known],
    )
    return Ceremony(options, write_challenge(host, REGISTER, bound_to(visit), challenge))


def bound_to(visit: Visit) -> str:
    """In which visit only is a challenge answered?"""
    return f"visit {visit.uid}"


def register_passkey(host: Host, visit: Visit, name: str, shown: ShownPasskey) -> Visit:
    """Keep the passkey that the browser made; making it was a second factor shown.

    Raises StepUpRequired, Invalid at `name` or `passkey`, Conflict.
    """
    session, party = visit.session, party_of(host)
    require_self(session)
    require_recent_proof(host, visit)
    parse_name(name, "name", "name of a passkey")
    if len(name) > MAX_NAME_CHARACTERS:
        raise Invalid.at("name", f"expected at most {MAX_NAME_CHARACTERS} characters")
    if party is None:
        raise Conflict(NO_PARTY, "set its public address so")
    try:
        challenge = claim_challenge(host, REGISTER, bound_to(visit), shown.ticket)
        made = verify_registration(party, shown.answer, challenge)
    except PasskeyRefused:
        raise Invalid.at("passkey", "the passkey was not made, or not in time", "try again") from None
    record = PasskeyRecord(
        new_uid(PASSKEY),
        session.uid,
        name,
        made.credential_id,
        host.at(),
        made.transports,
        made.backed_up,
    )
    secret = keep_passkey(record.uid, KeptPasskey(made.public_key, made.sign_count))

    def prepare(now: Snapshot) -> tuple[Prepared, None]:
        known = now.passkeys_of(session.uid)
        _check_number(known)
        if any(one.name == name for one in known):
            raise Invalid.at("name", f"you have a passkey `{name}` already", "choose another name")
        if now.find_passkey(made.credential_id) is not None:
            raise Invalid.at("passkey", "this passkey is here already", "use another authenticator")
        change = Change(PASSKEY, record.uid, record.uid, "create", write_passkey(record))
        return Prepared([change], [secret], session.uid, session.via("console")), None

    store_people(host, session.account, prepare)
    return with_factor(host, visit)


def remove_own_passkey(host: Host, visit: Visit, uid: str) -> None:
    """Do without this passkey. Raises StepUpRequired, NotFound, Conflict where one could not sign in without it."""
    session = visit.session
    require_self(session)
    require_recent_proof(host, visit)

    def prepare(now: Snapshot) -> tuple[Prepared, None]:
        record = get_own_passkey(now, session.uid, uid)
        _check_left(now, record)
        change = Change(PASSKEY, uid, uid, "delete")
        return Prepared([change], [SecretDelete(uid)], session.uid, session.via("console")), None

    store_people(host, session.account, prepare)


def get_own_passkey(snapshot: Snapshot, owner_uid: str, uid: str) -> PasskeyRecord:
    """Which passkey of this user is it? Raises NotFound."""
    found = next((one for one in snapshot.passkeys_of(owner_uid) if one.uid == uid), None)
    if found is None:
        raise NotFound("you have no such passkey", "it may have been removed already")
    return found


def _check_number(known: list[PasskeyRecord]) -> None:
    if len(known) >= MOST_PASSKEYS:
        raise Conflict(f"you have {MOST_PASSKEYS} passkeys already", "remove one that you do not use")


def _check_left(now: Snapshot, record: PasskeyRecord) -> None:
    """Can its owner still sign in without it, and still show a second factor where the account wants one?"""
    others = [one for one in now.passkeys_of(record.owner_uid) if one.uid != record.uid]
    if not others and not now.signs_in_otherwise(record):
        raise Conflict(
            "you could not sign in without it", "choose a password, or make another passkey, first"
        )
    if (
        now.account.security_settings.require_second_factor
        and not others
        and not now.has_codes(record.owner_uid)
    ):
        raise Conflict("the account requires a second factor", "set up another first")
