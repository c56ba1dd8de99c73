"""The keys that sign ID tokens: RSA, for every client of OpenID Connect can verify that.

WHY not those of access tokens: foreign programs verify ID tokens, and many know RS256 only (docs/decisions/0029). A
key of one kind cannot be taken for one of the other: each reader pins its algorithm. Pure but for random numbers.
Source: RFC 7517; RFC 7518, 3.3 and 6.3; RFC 7638 (`kid`); OpenID Connect Core 1.0, 15.1.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ALGORITHM = "RS256"
KEY_BITS = 2048
_EXPONENT = 65_537


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """One key: its public half as base64url, until when it is trusted (None: it signs), its private half."""

    kid: str
    n: str
    e: str
    created_at: datetime
    not_after: datetime | None = None
    private_pem: str | None = field(default=None, repr=False)

    def is_trusted(self, now: datetime) -> bool:
        """Are signatures of this key believed now?"""
        return self.not_after is None or now < self.not_after

    def as_jwk(self) -> dict[str, str]:
        """How does a JWKS list it?"""
        return {"kty": "RSA", "n": self.n, "e": self.e, "kid": self.kid, "alg": ALGORITHM, "use": "sig"}


def generate_identity_key(now: datetime) -> IdentityKey:
    """What is a new key?"""
    private_key = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=KEY_BITS)
    numbers = private_key.public_key().public_numbers()
    n, e = _number(numbers.n), _number(numbers.e)
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    return IdentityKey(_thumbprint(n, e), n, e, now, private_pem=pem)


def _thumbprint(n: str, e: str) -> str:
    """Source: RFC 7638, 3.2: the members in this order, without spaces."""
    members = json.dumps({"e": e, "kty": "RSA", "n": n}, separators=(",", ":"))
    return urlsafe_b64encode(sha256(members.encode()).digest()).rstrip(b"=").decode("ascii")


def _number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8)
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
