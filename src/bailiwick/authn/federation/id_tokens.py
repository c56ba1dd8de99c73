"""ID tokens of a provider: is it what this issuer says of a person, to us, now, in answer to what we asked?

SECURITY: nothing of the claims is read before the signature has been checked by a key of the issuer's own set; which
algorithms are good is decided here and not by the token: none that is symmetric, and not `none`.
Source: OpenID Connect Core 1.0, 3.1.3.7 and 3.1.3.8; RFC 8725.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256, sha512

from bailiwick.authn.compact import TokenFault, TokenRefused, parse_json_object
from bailiwick.authn.federation.faults import Fault, SignInRefused
from bailiwick.authn.federation.jwks import ALGORITHMS, ProviderKey, choose_key, is_signed

Claims = Mapping[str, object]
MAX_ID_TOKEN_CHARACTERS = 64_000
LEEWAY_SECONDS = 60
MOST_SUBJECT = 255
_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_HASHES = {"EdDSA": sha512, "Ed25519": sha512}
_TOO_LATE = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Expected:
    """What must the ID token say? `max_age_seconds`: how long ago the person may have signed in there; None: any."""

    issuer: str
    client_id: str
    nonce: str
    now: float
    access_token: str = ""
    max_age_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class SignedToken:
    """An ID token taken apart and not yet believed: by which algorithm and key it says that it is signed."""

    algorithm: str
    kid: str
    signed: bytes
    payload: bytes
    signature: bytes


def parse_id_token(text: str) -> SignedToken:
    """What are the parts of this ID token? Raises SignInRefused unless it has the one form that is read."""
    match = _PARTS.fullmatch(text) if len(text) <= MAX_ID_TOKEN_CHARACTERS else None
    if match is None:
        raise SignInRefused(Fault.ANSWER, "the identity provider's answer holds no signed ID token")
    try:
        header_bytes, payload, signature = (_decode(part) for part in match.groups())
        header = parse_json_object(header_bytes, TokenFault.HEADER)
    except (ValueError, TokenRefused) as error:
        raise SignInRefused(Fault.ANSWER, "the identity provider's ID token cannot be read") from error
    algorithm, kid = header.get("alg"), header.get("kid", "")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise SignInRefused(Fault.ALGORITHM, "the ID token is signed by an algorithm that is not accepted")
    if not isinstance(kid, str) or "crit" in header or "b64" in header:
        raise SignInRefused(Fault.ANSWER, "the ID token's header asks for what is not understood")
    return SignedToken(algorithm, kid, text.rpartition(".")[0].encode("ascii"), payload, signature)


def find_key(token: SignedToken, keys: tuple[ProviderKey, ...]) -> ProviderKey | None:
    """Which key of the issuer's verifies it? None: none of these; there may be newer ones."""
    return choose_key(keys, token.algorithm, token.kid)


def verify_id_token(token: SignedToken, key: ProviderKey, expected: Expected) -> Claims:
    """What does the issuer say of who signed in? Raises SignInRefused with the first fault found."""
    if not is_signed(key, token.algorithm, token.signature, token.signed):
        raise SignInRefused(
            Fault.SIGNATURE, "the ID token's signature does not fit the identity provider's key"
        )
    try:
        claims = parse_json_object(token.payload, TokenFault.CLAIMS)
    except TokenRefused as error:
        raise SignInRefused(Fault.ANSWER, "the ID token's claims cannot be read in one way only") from error
    if claims.get("iss") != expected.issuer:
        raise SignInRefused(Fault.ISSUER, "the ID token is from another issuer")
    _check_audience(claims, expected.client_id)
    _check_times(claims, expected)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise SignInRefused(Fault.NONCE, "the ID token answers another question than the one that was asked")
    _check_access_token(claims, token.algorithm, expected.access_token)
    read_subject(claims)
    return claims


def read_subject(claims: Claims) -> str:
    """Who is it, for the issuer? Raises SignInRefused."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= MOST_SUBJECT or not subject.isprintable():
        raise SignInRefused(Fault.SUBJECT, "the identity provider does not say who signed in")
    return subject


def _check_audience(claims: Claims, client_id: str) -> None:
    """Is it for us? Where it is for others, too, it must have been given to us."""
    said = claims.get("aud")
    audience = [said] if isinstance(said, str) else said
    if not isinstance(audience, list) or client_id not in audience:
        raise SignInRefused(Fault.AUDIENCE, "the ID token is for somebody else")
    party = claims.get("azp")
    if (party is None and len(audience) > 1) or (party is not None and party != client_id):
        raise SignInRefused(Fault.AUDIENCE, "the ID token was given to somebody else")


def _check_times(claims: Claims, expected: Expected) -> None:
    now = expected.now
    if now - LEEWAY_SECONDS >= _instant(claims, "exp"):
        raise SignInRefused(Fault.EXPIRED, "the ID token has expired")
    begins = [_instant(claims, name) for name in ("iat", "nbf") if name == "iat" or name in claims]
    if max(begins) > now + LEEWAY_SECONDS:
        raise SignInRefused(Fault.NOT_YET_VALID, "the ID token is from the future; compare the clocks")
    if expected.max_age_seconds is not None:
        signed_in = _instant(claims, "auth_time")
        if now - signed_in > expected.max_age_seconds + LEEWAY_SECONDS:
            raise SignInRefused(Fault.TOO_OLD, "you signed in at the identity provider too long ago")


def _instant(claims: Claims, name: str) -> float:
    """SECURITY: `true` is no number; a fraction is one here, for some providers write it."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _TOO_LATE:
        raise SignInRefused(Fault.ANSWER, f"the ID token's `{name}` is no time")
    return float(value)


def _check_access_token(claims: Claims, algorithm: str, access_token: str) -> None:
    """Does the access token beside it belong to it, as far as it says?"""
    said = claims.get("at_hash")
    if said is None or not access_token:
        return
    digest = _HASHES.get(algorithm, sha256)(access_token.encode()).digest()
    hashed = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), hashed):
        raise SignInRefused(Fault.ACCESS_TOKEN, "the access token does not belong to the ID token")


def _decode(part: str) -> bytes:
    """Which bytes does this stand for? Raises ValueError for a second spelling of the same."""
    data = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != part:
        raise ValueError("a second spelling")
    return data
