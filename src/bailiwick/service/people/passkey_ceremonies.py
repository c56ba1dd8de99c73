"""Ceremonies with passkeys: a challenge that is good once, for five minutes, in one place, and what answers it.

The challenge is in a signed ticket that the page holds; that it was used is noted where every process sees it. Nothing
here says what follows from an answer. Implements docs/spec.md rules 30.2 and 30.3.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from bailiwick.authn.compact import Signer, TokenRefused
from bailiwick.authn.passkeys import (
    CHALLENGE_BYTES,
    SECONDS,
    Answer,
    PasskeyRefused,
    Proved,
    RelyingParty,
    is_later_count,
    read_answer,
    relying_party,
    verify_answer,
    write_assertion_options,
)
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tickets import PasskeyTicket, read_ticket, write_ticket
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.people.records import PasskeyRecord
from bailiwick.service.people.secrets_kept import find_passkey
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import SYSTEM_LOG, Document, Note

SIGN_IN, FACTOR, PROOF, REGISTER = "sign-in", "second-factor", "proof", "register"
COUNTER = "the passkey's own count went back: it may have been copied"
_COUNTED_FOR = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What a page holds: the options for the browser, as JSON, and the ticket that goes with the answer."""

    options: str
    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownPasskey:
    """What a page sends back: its ticket, and what the browser answered, as JSON."""

    ticket: str = field(repr=False)
    answer: str = field(repr=False)


def party_of(host: Host) -> RelyingParty | None:
    """For whom are passkeys made here? None: this installation's address takes none."""
    return relying_party(host.public_url)


def new_challenge() -> bytes:
    """Which challenge was never used?"""
    return secrets.token_bytes(CHALLENGE_BYTES)


def write_challenge(host: Host, purpose: str, bound: str, challenge: bytes) -> str:
    """Which ticket holds the challenge, for this purpose, in this visit or place?"""
    now = host.now()
    ticket = PasskeyTicket(purpose, _digest(bound), bytes_to_base64url(challenge), int(now))
    signer = Signer(host.key_set(KeyPurpose.ACCESS).current())
    expires = datetime.fromtimestamp(now + SECONDS, UTC)
    return write_ticket(ticket, issuer=host.settings.issuer, signer=signer, expires=expires)


def claim_challenge(host: Host, purpose: str, bound: str, text: str) -> bytes:
    """Which challenge does the ticket hold, if it is for this purpose and place and was never used?

    From now on it was, whatever the answer is worth. Raises PasskeyRefused.
    """
    try:
        keys = host.key_set(KeyPurpose.ACCESS)
        read = read_ticket(text, PasskeyTicket, issuer=host.settings.issuer, key_set=keys, now=host.at())
    except TokenRefused as error:
        raise PasskeyRefused(str(error)) from None
    if read.purpose != purpose or read.bound != _digest(bound):
        raise PasskeyRefused("the challenge is for something else")
    claimed: list[bool] = []

    def change(held: Document | None) -> Note:
        claimed.append(held is None)
        return Note({}, host.at() + timedelta(seconds=SECONDS))

    host.store.activity.amend(SYSTEM_LOG, f"challenge/{_digest(read.challenge)}", host.at(), change)
    if not claimed[-1]:
        raise PasskeyRefused("the challenge was answered before")
    return base64url_to_bytes(read.challenge)


def begin_assertion(
    host: Host, purpose: str, bound: str, allowed: Sequence[PasskeyRecord], *, must_verify: bool = False
) -> Ceremony | None:
    """What is the browser asked for, to show one of these passkeys (none: any)? None: not at this address."""
    party, challenge = party_of(host), new_challenge()
    if party is None:
        return None
    ids = [one.credential_id for one in allowed]
    options = write_assertion_options(party, challenge=challenge, allowed=ids, must_verify=must_verify)
    return Ceremony(options, write_challenge(host, purpose, bound, challenge))


def prove_passkey(
    host: Host, account: str, record: PasskeyRecord, answer: Answer, challenge: bytes, *, must_verify: bool
) -> Proved:
    """Was the challenge answered by this passkey, used later than ever before? Raises PasskeyRefused."""
    party, kept = party_of(host), find_passkey(host, account, record.uid)
    if party is None or kept is None or answer.credential_id != record.credential_id:
        raise PasskeyRefused("there is no such passkey")
    if answer.user_handle and answer.user_handle != record.owner_uid:
        raise PasskeyRefused("the passkey is another's")
    proved = verify_answer(party, answer, challenge, kept.public_key, must_verify=must_verify)
    _count(host, account, record, kept.sign_count, proved.sign_count)
    return proved


def show_own_passkey(
    host: Host, snapshot: Snapshot, owner_uid: str, shown: ShownPasskey, what_for: tuple[str, str]
) -> bool:
    """Is this one of the user's passkeys, shown for this purpose and in this place?"""
    try:
        challenge = claim_challenge(host, *what_for, shown.ticket)
        answer = read_answer(shown.answer)
        record = snapshot.find_passkey(answer.credential_id)
        if record is None or record.owner_uid != owner_uid:
            return False
        prove_passkey(host, snapshot.account.name, record, answer, challenge, must_verify=False)
    except PasskeyRefused:
        return False
    host.touch_credential(snapshot.account.name, record.uid)
    return True


def _count(host: Host, account: str, record: PasskeyRecord, first: int, count: int) -> None:
    later: list[bool] = []

    def change(held: Document | None) -> Note:
        known = first if held is None else int(held["count"])
        later.append(is_later_count(count, known))
        return Note({"count": max(count, known)}, host.at() + _COUNTED_FOR)

    host.store.activity.amend(account_log(account), f"passkey/{record.uid}", host.at(), change)
    if not later[-1]:
        raise PasskeyRefused(COUNTER)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
