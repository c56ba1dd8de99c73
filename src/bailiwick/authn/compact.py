"""Compact signed tokens (JWS): the one strict way in which they are read, and how they are signed.

What decides about a token is never the token: the algorithm is pinned, the key is looked up by an exact
`kid` in a given set, and a header field other than `alg`, `kid`, `typ` refuses the token.
This module must not look at claims; `tokens` does. Source: RFC 7515; RFC 8725, 3.1 to 3.5.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from bailiwick.authn.signing import ALGORITHM, KeyPurpose, SigningKey
from bailiwick.errors import Invalid, Unauthenticated

MAX_TOKEN_CHARACTERS = 8192
# The order of the group of P-256. Source: SEC 2, version 2.0, section 2.4.2.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})", re.ASCII)
_HEADER_FIELDS = frozenset({"alg", "kid", "typ"})


class TokenFault(StrEnum):
    """What is wrong with a token: stable codes, for logs and tests."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    HEADER = "header"
    ALGORITHM = "algorithm"
    TYPE = "type"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    LIFETIME = "lifetime"


class TokenRefused(Unauthenticated):
    """A token that is not believed. SECURITY: the message never repeats any part of the token."""

    code = "invalid_token"

    def __init__(self, fault: TokenFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class CompactToken:
    """A token taken apart and not yet believed: its header's `kid` and `typ`, and its unread payload."""

    text: str
    kid: str
    token_type: str
    payload: bytes


def parse_compact(text: str) -> CompactToken:
    """What are the parts of this token? Raises TokenRefused unless it has exactly the expected form."""
    if len(text) > MAX_TOKEN_CHARACTERS:
        raise TokenRefused(TokenFault.TOO_LARGE, f"token has more than {MAX_TOKEN_CHARACTERS} characters")
    match = _COMPACT.fullmatch(text)
    if match is None:
        raise TokenRefused(TokenFault.MALFORMED, "expected three base64url parts, the last of 64 bytes")
    header_bytes, payload, _ = (_decode_segment(segment) for segment in match.groups())
    header = parse_json_object(header_bytes, TokenFault.HEADER)
    foreign = set(header) - _HEADER_FIELDS
    if foreign:
        raise TokenRefused(TokenFault.HEADER, "the token's header may hold only `alg`, `kid` and `typ`")
    if header.get("alg") != ALGORITHM:
        raise TokenRefused(TokenFault.ALGORITHM, f"the token's algorithm is not `{ALGORITHM}`")
    kid, token_type = header.get("kid"), header.get("typ")
    if not isinstance(kid, str) or not isinstance(token_type, str):
        raise TokenRefused(TokenFault.HEADER, "the token's header needs `kid` and `typ` as text")
    return CompactToken(text=text, kid=kid, token_type=token_type, payload=payload)


def check_signature(token: CompactToken, key: ECKey) -> None:
    """Did the holder of this key sign exactly this text? Raises TokenRefused when not.

    SECURITY: of the two signatures (r, s) and (r, n - s), which both fit, only the one with the low s counts, else
    whoever holds one token could write a second text of it.
    """
    signature = token.text.rpartition(".")[2]
    if _with_low_s(signature) != signature:
        raise TokenRefused(TokenFault.SIGNATURE, "the token's signature is a second spelling of one")
    try:
        jws.deserialize_compact(token.text, key, algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise TokenRefused(TokenFault.SIGNATURE, "the token's signature does not fit its key") from error


def parse_json_object(data: bytes, fault: TokenFault) -> dict[str, object]:
    """Which object does this JSON hold? Refuses what two readers could read in two ways.

    Refused: names given twice at any depth, NaN and infinities, text that is not UTF-8, any other value.
    """
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_distinct_names, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise TokenRefused(fault, "the token holds JSON that cannot be read in one way only") from error
    if not isinstance(value, dict):
        raise TokenRefused(fault, "the token holds JSON that is not an object")
    return value


class Signer:
    """The private half of a current signing key, loaded once and ready to sign."""

    __slots__ = ("_key", "kid", "purpose")

    def __init__(self, key: SigningKey) -> None:
        """Raises Invalid unless the record holds its private half, and that half is the key's own."""
        if key.private_pem is None:
            raise Invalid.at("private_pem", f"signing key `{key.kid}` has no private half here")
        private_key = load_pem_private_key(key.private_pem.encode("ascii"), password=None)
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise Invalid.at("private_pem", f"signing key `{key.kid}` is no elliptic curve key")
        if private_key.public_key().public_numbers() != key.public_jwk.public_key().public_numbers():
            raise Invalid.at("private_pem", f"signing key `{key.kid}` holds another key's private half")
        self.kid: str = key.kid
        self.purpose: KeyPurpose = key.purpose
        self._key = ECKey.import_key(private_key)

    def sign(self, token_type: str, claims: Mapping[str, object]) -> str:
        """What is the signed token with these claims?"""
        header = {"alg": ALGORITHM, "kid": self.kid, "typ": token_type}
        payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text = jws.serialize_compact(header, payload.encode("utf-8"), self._key, algorithms=[ALGORITHM])
        signed, dot, signature = text.rpartition(".")
        return signed + dot + _with_low_s(signature)


def verification_key(key: SigningKey) -> ECKey:
    """With which public key are this record's signatures checked?"""
    return ECKey.import_key(key.public_jwk.public_key())


def _with_low_s(signature: str) -> str:
    """Which signature with a low s says the same? It is itself where its s is low. Source: SEC 1, 4.1.4."""
    data = urlsafe_b64decode(signature + "==")
    s = int.from_bytes(data[32:])
    if s <= P256_ORDER // 2 or s >= P256_ORDER:
        return signature
    low = data[:32] + (P256_ORDER - s).to_bytes(32)
    return urlsafe_b64encode(low).rstrip(b"=").decode("ascii")


def _decode_segment(segment: str) -> bytes:
    """Which bytes does this base64url text stand for?

    SECURITY: only the canonical spelling counts, else one token would have several texts.
    """
    try:
        data = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError as error:
        raise TokenRefused(TokenFault.MALFORMED, "a part of the token is not base64url") from error
    if urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != segment:
        raise TokenRefused(TokenFault.MALFORMED, "a part of the token is base64url in a second spelling")
    return data


def _distinct_names(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is given twice")
    return members


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
