"""The public keys of an identity provider: read strictly, each good for the algorithms of its own kind only.

SECURITY: which key verifies is settled by the algorithm's kind and the `kid`, out of the set that the issuer publishes;
no key, address or certificate that a token brings along is looked at. Source: RFC 7517, RFC 8725 3.1 and 3.5, RFC 8037.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
MOST_KEYS = 100
RSA_BITS = (2048, 8192)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_KINDS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}
_P256_BYTES = 32

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """One public key, with the id and the algorithm that its owner gave it ("": none)."""

    kid: str
    algorithm: str
    kind: str
    public: PublicKey

    def fits(self, algorithm: str, kid: str) -> bool:
        """May this key verify a token of this algorithm that names this key ("": none)?"""
        return (
            self.kind == _KINDS[algorithm]
            and self.algorithm in ("", algorithm)
            and (not kid or not self.kid or self.kid == kid)
        )


def read_keys(document: Mapping[str, object]) -> tuple[ProviderKey, ...]:
    """Which keys of this set are good for signatures? Others are passed over. Raises ValueError for what is no set."""
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ValueError("expected a list of keys")
    found = (_read_key(one) for one in listed if isinstance(one, dict))
    return tuple(one for one in found if one is not None)


def choose_key(keys: tuple[ProviderKey, ...], algorithm: str, kid: str) -> ProviderKey | None:
    """Which key verifies it? None: none, or without a `kid` more than one could."""
    if kid:
        return next((one for one in keys if one.kid == kid and one.fits(algorithm, kid)), None)
    fitting = [one for one in keys if one.fits(algorithm, "")]
    return fitting[0] if len(fitting) == 1 else None


def is_signed(key: ProviderKey, algorithm: str, signature: bytes, signed: bytes) -> bool:
    """Did the holder of this key sign exactly these bytes by this algorithm?"""
    public = key.public
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, signed)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            if len(signature) != 2 * _P256_BYTES:
                return False
            halves = signature[:_P256_BYTES], signature[_P256_BYTES:]
            r, s = (int.from_bytes(half) for half in halves)
            public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        else:
            public.verify(signature, signed, _padding(algorithm), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _padding(algorithm: str) -> padding.PKCS1v15 | padding.PSS:
    if algorithm == "PS256":
        return padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
    return padding.PKCS1v15()


def _read_key(jwk: Mapping[str, object]) -> ProviderKey | None:
    """None: not for signatures, of another kind, or not a key at all."""
    kid, algorithm, kind = (jwk.get(word, "") for word in ("kid", "alg", "kty"))
    if not (isinstance(kid, str) and isinstance(algorithm, str) and isinstance(kind, str)):
        return None
    if jwk.get("use", "sig") != "sig" or (algorithm and algorithm not in ALGORITHMS):
        return None
    try:
        public = _public_key(kind, jwk)
    except (ValueError, TypeError):
        return None
    return None if public is None else ProviderKey(kid, algorithm, kind, public)


def _public_key(kind: str, jwk: Mapping[str, object]) -> PublicKey | None:
    if kind == "RSA":
        numbers = rsa.RSAPublicNumbers(int.from_bytes(_bytes(jwk, "e")), int.from_bytes(_bytes(jwk, "n")))
        public = numbers.public_key()
        return public if RSA_BITS[0] <= public.key_size <= RSA_BITS[1] else None
    if kind == "EC" and jwk.get("crv") == "P-256":
        x, y = (int.from_bytes(_bytes(jwk, word)) for word in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    if kind == "OKP" and jwk.get("crv") == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(_bytes(jwk, "x"))
    return None


def _bytes(jwk: Mapping[str, object], word: str) -> bytes:
    text = jwk.get(word)
    if not isinstance(text, str) or len(text) > 2 * RSA_BITS[1] // 8 or not _BASE64URL.fullmatch(text):
        raise ValueError("expected base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
