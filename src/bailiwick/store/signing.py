"""The store's own signer: Ed25519, with the keys that signed before it, and how a key is published.

Holds keys in memory only; where they are kept is the store's matter. No other algorithm is known
here, so no message can choose one.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bailiwick.store.ports import Change, Document, RandomBytes, SecretWrite, Signer

SEED_BYTES = 32
SIGNING_KEY_KIND = "SigningKey"
PRIVATE_PURPOSE = "log-signing-key"
RETIRED_PURPOSE = "log-signing-key-retired"


def name_key(public_key: bytes) -> str:
    """What is the id of this public key?"""
    return "log-" + sha256(public_key).hexdigest()[:16]


class Ed25519Signer:
    """Signs with one key; verifies with it and with the `retired` public keys."""

    algorithm = "Ed25519"

    def __init__(self, seed: bytes, retired: Iterable[bytes] = ()) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._private.public_key().public_bytes_raw()
        self.key_id = name_key(self.public_key)
        self._trusted = [Ed25519PublicKey.from_public_bytes(key) for key in (self.public_key, *retired)]

    def sign(self, message: bytes) -> bytes:
        """What is the signature of this message?"""
        return self._private.sign(message)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Did a trusted key sign exactly this message?"""
        return any(_is_signed(key, message, signature) for key in self._trusted)


def _is_signed(key: Ed25519PublicKey, message: bytes, signature: bytes) -> bool:
    """Did this key sign this message?"""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def new_signing_key(random_bytes: RandomBytes) -> tuple[Ed25519Signer, SecretWrite]:
    """Which new key, and as which secret is it kept?"""
    seed = random_bytes(SEED_BYTES)
    signer = Ed25519Signer(seed)
    return signer, SecretWrite(signer.key_id, PRIVATE_PURPOSE, seed)


def publish(signer: Signer) -> Change:
    """Which change makes this key's public half known?"""
    return Change(SIGNING_KEY_KIND, signer.key_id, signer.key_id, "create", describe(signer, retired=False))


def retire(signer: Signer) -> tuple[Change, SecretWrite]:
    """Which change, and which secret in place of the private key, leave of this key only what verifies?"""
    change = Change(SIGNING_KEY_KIND, signer.key_id, signer.key_id, "replace", describe(signer, retired=True))
    return change, SecretWrite(signer.key_id, RETIRED_PURPOSE, signer.public_key)


def describe(signer: Signer, *, retired: bool) -> Document:
    """What may everybody know of this key?"""
    return {
        "algorithm": signer.algorithm,
        "public_key": b64encode(signer.public_key).decode(),
        "retired": retired,
    }
