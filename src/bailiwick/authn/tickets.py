"""Tickets: what a browser keeps of a visit, and what it keeps between a right password and the code that is still due.

Signed tokens of types of their own under the keys for access tokens; type and audience keep each from being taken for
another or for an access token, and an access token from being taken for one. A ticket holds no right and does not say
whether the visit still stands; that is asked elsewhere, at every use. Pure. Source: RFC 8725, 3.11 and 3.12.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from bailiwick.authn.claims import read_epoch_claim, read_text_claim
from bailiwick.authn.compact import (
    Signer,
    TokenFault,
    TokenRefused,
    check_signature,
    parse_compact,
    parse_json_object,
    verification_key,
)
from bailiwick.authn.instants import epoch_seconds
from bailiwick.authn.signing import KeyPurpose, KeySet
from bailiwick.errors import Invalid

AUDIENCE = "bailiwick console"


class TicketType(StrEnum):
    """What is the ticket for? SECURITY: one is never taken for the other."""

    VISIT = "visit+jwt"
    CODE_DUE = "code-due+jwt"
    PASSKEY = "passkey+jwt"


@dataclass(frozen=True, slots=True)
class VisitTicket:
    """Whose visit is it, by which password, since when, last seen when, with which proof of a second factor?

    Times are epoch seconds; `factor_at` is 0 where no second factor was shown, `shown_at` where the password was not
    shown again.
    """

    account: str
    uid: str
    credential_uid: str
    session_uid: str
    begun: int
    seen: int
    factor_at: int
    shown_at: int = 0


@dataclass(frozen=True, slots=True)
class CodeDueTicket:
    """Who gave the right password, and has yet to give a code?"""

    account: str
    uid: str
    credential_uid: str
    session_uid: str
    begun: int


@dataclass(frozen=True, slots=True)
class PasskeyTicket:
    """Which challenge (base64url) was a passkey given, what for, in which place only (by its digest), and when?"""

    purpose: str
    bound: str
    challenge: str
    begun: int


Ticket = VisitTicket | CodeDueTicket | PasskeyTicket
T = TypeVar("T", VisitTicket, CodeDueTicket, PasskeyTicket)
_TYPES: dict[type, TicketType] = {
    VisitTicket: TicketType.VISIT,
    CodeDueTicket: TicketType.CODE_DUE,
    PasskeyTicket: TicketType.PASSKEY,
}


def write_ticket(ticket: Ticket, *, issuer: str, signer: Signer, expires: datetime) -> str:
    """What is the signed text of this ticket?"""
    if signer.purpose is not KeyPurpose.ACCESS:
        raise Invalid.at(
            "signer", f"expected a key for `{KeyPurpose.ACCESS}`, got one for `{signer.purpose}`"
        )
    claims = {"iss": issuer, "aud": AUDIENCE, "exp": epoch_seconds(expires), **asdict(ticket)}
    return signer.sign(_TYPES[type(ticket)], claims)


def read_ticket(text: str, kind: type[T], *, issuer: str, key_set: KeySet, now: datetime) -> T:
    """Which ticket of this kind is it? Raises TokenRefused with the first fault found.

    SECURITY: nothing of the payload is read before the signature has been checked.
    """
    token = parse_compact(text)
    if token.token_type != _TYPES[kind]:
        raise TokenRefused(TokenFault.TYPE, f"the token's type is not `{_TYPES[kind]}`")
    record = next((key for key in key_set.keys if key.kid == token.kid), None)
    if record is None or not record.is_trusted(now):
        raise TokenRefused(TokenFault.UNKNOWN_KEY, "the token names a key that is not in the key set")
    check_signature(token, verification_key(record))
    claims = parse_json_object(token.payload, TokenFault.CLAIMS)
    if claims.get("iss") != issuer:
        raise TokenRefused(TokenFault.ISSUER, "the token is from another issuer")
    if claims.get("aud") != AUDIENCE:
        raise TokenRefused(TokenFault.AUDIENCE, "the token is not for the console")
    if epoch_seconds(now) >= read_epoch_claim(claims, "exp"):
        raise TokenRefused(TokenFault.EXPIRED, "the ticket has expired")
    found: dict[str, Any] = {one.name: _claim(claims, one.name, str(one.type)) for one in fields(kind)}
    return kind(**found)


def _claim(claims: dict[str, object], name: str, type: str) -> object:
    return read_epoch_claim(claims, name) if type == "int" else read_text_claim(claims, name)
