"""The names and certificates of signing keys that a container registry understands.

A registry trusts the keys of the certificates in its `rootcertbundle` and finds them by the `kid` that
libtrust computes. A certificate here is a way to write a public key down; it certifies nothing else.
This module must not decide which keys are trusted; that is `signing`.
Source: distribution v2.8.2, token authentication (registry/auth/token), libtrust key id.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

_KID_BYTES = 30
_SERIAL_BYTES = 19
_NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def public_key_digest(public_key: EllipticCurvePublicKey) -> bytes:
    """What is the SHA-256 of this key's SubjectPublicKeyInfo?"""
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).digest()


def libtrust_kid(public_key: EllipticCurvePublicKey) -> str:
    """Under which `kid` does a registry look for this key?

    The first 30 bytes of the digest in base32, as twelve groups of four joined by colons.
    """
    letters = b32encode(public_key_digest(public_key)[:_KID_BYTES]).decode("ascii")
    return ":".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def self_signed_certificate(private_key: EllipticCurvePrivateKey, created_at: datetime) -> str:
    """What is the PEM certificate that writes this key down for a registry's bundle?

    SECURITY: CA:FALSE, or the registry would also accept any leaf that this key has signed (`x5c`).
    WHY: no end date (RFC 5280, 4.1.2.5): a registry does not check the dates of a key found by `kid`,
    and what ends a key's trust is its absence from the bundle.
    """
    public_key = private_key.public_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Bailiwick {libtrust_kid(public_key)[:19]}")])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public_key)
        .serial_number(int.from_bytes(public_key_digest(public_key)[:_SERIAL_BYTES], "big"))
        .not_valid_before(created_at)
        .not_valid_after(_NO_END)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    return builder.sign(private_key, hashes.SHA256()).public_bytes(Encoding.PEM).decode("ascii")
