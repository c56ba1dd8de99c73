"""Keys of a provider that tests play, and ID tokens that it signs, rightly or not."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@cache
def key_for(algorithm: str, which: int = 0) -> PrivateKey:
    """A key of this algorithm's kind; always the same one for the same number."""
    if algorithm in ("RS256", "PS256"):
        return rsa.generate_private_key(65537, 2048)
    return (
        ec.generate_private_key(ec.SECP256R1())
        if algorithm == "ES256"
        else ed25519.Ed25519PrivateKey.generate()
    )


def jwk_of(key: PrivateKey, kid: str = "k", **more: object) -> dict[str, Any]:
    """How is its public half published?"""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        said = {"kty": "RSA", "n": b64(_big(numbers.n)), "e": b64(_big(numbers.e))}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        said = {"kty": "EC", "crv": "P-256", "x": b64(point.x.to_bytes(32)), "y": b64(point.y.to_bytes(32))}
    else:
        said = {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
    return {**said, "kid": kid, "use": "sig", **more}


def sign(key: PrivateKey, algorithm: str, payload: Mapping[str, object] | bytes, **header: object) -> str:
    """A token of this payload. `header` is added to `alg` and `kid`."""
    head = {"alg": algorithm, "kid": "k", **header}
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = f"{b64(json.dumps(head).encode())}.{b64(body)}"
    return f"{signed}.{b64(signature(key, algorithm, signed.encode()))}"


def signature(key: PrivateKey, algorithm: str, signed: bytes) -> bytes:
    """The signature of these bytes."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(signed)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    if algorithm == "PS256":
        return key.sign(signed, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    return key.sign(signed, padding.PKCS1v15(), SHA256())


def b64(data: bytes) -> str:
    """base64url, as tokens have it."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _big(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
