"""An authenticator in software: makes and shows passkeys as WebAuthn writes them, and lies where a test wants it to."""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, HAS_KEY = 1, 4, 8, 16, 64
ORIGIN = "https://iam.acme.example"
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def text(data: bytes) -> str:
    """As base64url."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def data(said: str) -> bytes:
    """From base64url."""
    return urlsafe_b64decode(said + "=" * (-len(said) % 4))


@dataclass
class Authenticator:
    """One passkey. `count` None: it keeps no count."""

    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: os.urandom(32))
    count: int | None = 0
    handle: str = ""

    def make(self, options: str, **lies: Any) -> str:
        """What a browser answers to options for making one."""
        asked = json.loads(options)
        self.handle = data(asked["user"]["id"]).decode()
        said = self._authenticator_data(asked["rp"]["id"], HAS_KEY, lies) + self._attested()
        whole = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": said})
        client = self._client_data("webauthn.create", asked["challenge"], lies)
        response = {
            "clientDataJSON": text(client),
            "attestationObject": text(whole),
            "transports": ["internal", "x"],
        }
        return self._answer(response)

    def show(self, options: str, **lies: Any) -> str:
        """What a browser answers to options for showing one."""
        asked = json.loads(options)
        if self.count is not None:
            self.count += 1
        said = self._authenticator_data(asked["rpId"], 0, lies)
        client = self._client_data("webauthn.get", asked["challenge"], lies)
        signed = lies.get("signer", self)._sign(said + sha256(client).digest())
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(said),
            "signature": text(signed),
            "userHandle": text(str(lies.get("handle", self.handle)).encode()),
        }
        return self._answer(response)

    def _answer(self, response: dict[str, Any]) -> str:
        return json.dumps(
            {"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response}
        )

    def _client_data(self, kind: str, challenge: str, lies: dict[str, Any]) -> bytes:
        said = {
            "type": lies.get("type", kind),
            "challenge": lies.get("challenge", challenge),
            "origin": lies.get("origin", ORIGIN),
            "crossOrigin": lies.get("framed", False),
        }
        return json.dumps(said).encode()

    def _authenticator_data(self, party: str, more: int, lies: dict[str, Any]) -> bytes:
        flags = int(lies.get("flags", PRESENT | VERIFIED)) | more
        count = int(lies.get("count", self.count or 0))
        return (
            sha256(str(lies.get("party", party)).encode()).digest()
            + bytes([flags])
            + count.to_bytes(4, "big")
        )

    def _attested(self) -> bytes:
        return bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(self._public_key())

    def _public_key(self) -> dict[int, Any]:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return {1: 1, 3: -8, -1: 6, -2: self.key.public_key().public_bytes_raw()}
        if isinstance(self.key, rsa.RSAPrivateKey):
            numbers = self.key.public_key().public_numbers()
            return {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}
        point = self.key.public_key().public_numbers()
        es256 = isinstance(self.key.curve, ec.SECP256R1)
        size, curve, algorithm = (32, 1, -7) if es256 else (48, 2, -35)
        x, y = point.x.to_bytes(size, "big"), point.y.to_bytes(size, "big")
        return {1: 2, 3: algorithm, -1: curve, -2: x, -3: y}

    def _sign(self, message: bytes) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(message)
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), SHA256())
        return self.key.sign(message, ec.ECDSA(SHA256()))
