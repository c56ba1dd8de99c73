"""Signing keys: what is kept of one, and how a set of them publishes, signs, retires and forgets.

A key is `next` (published, not yet signing), then `current` (signing), then `retired` (its private half
destroyed, still trusted until `not_after`). Whoever verifies has thus seen a key before it first signs.

Two key sets of one form exist, by purpose. WHY: a registry reads its bundle once, at start, so its keys
turn slowly and with a restart, while those of access tokens turn whenever due; and a token of one
purpose cannot be taken for one of the other, because its key is not in that set.
Each `kid` is the libtrust fingerprint, which a registry demands and which suits a JWKS as well.
This module must not store, schedule or read a clock. Source: RFC 7517; RFC 7518, 3.4 and 6.2.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bailiwick.authn.certificate import libtrust_kid, self_signed_certificate
from bailiwick.authn.instants import require_aware
from bailiwick.errors import Conflict, Invalid

ALGORITHM = "ES256"
_COORDINATE_BYTES = 32


class KeyPurpose(StrEnum):
    """What the tokens signed by a key are for."""

    ACCESS = "access"
    REGISTRY = "registry"


class KeyState(StrEnum):
    """Where in its life a key is."""

    NEXT = "next"
    CURRENT = "current"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class PublicJwk:
    """A public key on P-256: its two coordinates in base64url."""

    x: str
    y: str

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Which key do the coordinates stand for? Raises ValueError for a point off the curve."""
        x, y = (int.from_bytes(urlsafe_b64decode(value + "="), "big") for value in (self.x, self.y))
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()

    def as_json(self, kid: str) -> dict[str, str]:
        """How does a JWKS list this key?"""
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": self.x,
            "y": self.y,
            "kid": kid,
            "alg": ALGORITHM,
            "use": "sig",
        }


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What is kept of one signing key.

    INVARIANT: a retired key has `not_after` and no private half; any other key has no `not_after`.
    A key read from the public log has no private half in any state; it verifies and cannot sign.
    """

    kid: str
    purpose: KeyPurpose
    state: KeyState
    created_at: datetime
    public_jwk: PublicJwk
    certificate_pem: str
    private_pem: str | None = field(default=None, repr=False)
    activated_at: datetime | None = None
    not_after: datetime | None = None

    def __post_init__(self) -> None:
        """Is this record one that could have been written by this module?"""
        for name in ("created_at", "activated_at", "not_after"):
            instant = getattr(self, name)
            if instant is not None:
                require_aware(instant, name)
        retired = self.state is KeyState.RETIRED
        if retired != (self.not_after is not None) or (retired and self.private_pem is not None):
            raise ValueError(
                f"signing key `{self.kid}` is {self.state}: `not_after` and the private half disagree"
            )
        if (self.state is KeyState.NEXT) != (self.activated_at is None):
            raise ValueError(f"signing key `{self.kid}` is {self.state}: `activated_at` disagrees")
        if libtrust_kid(self.public_jwk.public_key()) != self.kid:
            raise ValueError(f"signing key `{self.kid}` has another key's name")

    def is_trusted(self, now: datetime) -> bool:
        """Are signatures of this key believed now?"""
        return self.not_after is None or now < self.not_after

    def without_private_half(self) -> SigningKey:
        """What of this key may be written into the public log?"""
        return replace(self, private_pem=None)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one purpose: exactly one current, at most one next, any number of retired ones."""

    purpose: KeyPurpose
    keys: tuple[SigningKey, ...]

    def __post_init__(self) -> None:
        """Can this set sign with one key and name every key?"""
        states = [key.state for key in self.keys]
        if states.count(KeyState.CURRENT) != 1 or states.count(KeyState.NEXT) > 1:
            counts = f"{states.count(KeyState.CURRENT)} current and {states.count(KeyState.NEXT)} next"
            raise Invalid.at("keys", f"a key set has one current and at most one next key, got {counts}")
        if len({key.kid for key in self.keys}) != len(self.keys):
            raise Invalid.at("keys", "a key set names each key once, got one twice")
        strangers = sorted({key.purpose for key in self.keys} - {self.purpose})
        if strangers:
            raise Invalid.at("keys", f"expected keys for `{self.purpose}`, got one for `{strangers[0]}`")

    def current(self) -> SigningKey:
        """Which key signs?"""
        return next(key for key in self.keys if key.state is KeyState.CURRENT)

    def find_next(self) -> SigningKey | None:
        """Which key will sign after the next rotation, if one is published already?"""
        return next((key for key in self.keys if key.state is KeyState.NEXT), None)

    def list_trusted(self, now: datetime) -> tuple[SigningKey, ...]:
        """Whose signatures are believed now: current, next, and retired ones not past their end."""
        require_aware(now, "now")
        return tuple(key for key in self.keys if key.is_trusted(now))

    def jwks(self, now: datetime) -> dict[str, list[dict[str, str]]]:
        """Which public keys are published for whoever verifies tokens (RFC 7517, 5)?"""
        return {"keys": [key.public_jwk.as_json(key.kid) for key in self.list_trusted(now)]}

    def certificate_bundle(self, now: datetime) -> str:
        """What belongs into a registry's `rootcertbundle`? The registry reads it once, at start."""
        return "".join(key.certificate_pem for key in self.list_trusted(now))


def generate_signing_key(purpose: KeyPurpose, now: datetime) -> SigningKey:
    """What is a new key, to be published as the next one?"""
    require_aware(now, "now")
    private_key = ec.generate_private_key(ec.SECP256R1())
    public_key = private_key.public_key()
    numbers = public_key.public_numbers()
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SigningKey(
        kid=libtrust_kid(public_key),
        purpose=purpose,
        state=KeyState.NEXT,
        created_at=now,
        public_jwk=PublicJwk(x=_coordinate(numbers.x), y=_coordinate(numbers.y)),
        certificate_pem=self_signed_certificate(private_key, now),
        private_pem=pem.decode("ascii"),
    )


def start_key_set(keys: Sequence[SigningKey], now: datetime) -> KeySet:
    """What is the first key set of an installation? The first key signs at once, a second waits as next."""
    if not 1 <= len(keys) <= 2 or any(key.state is not KeyState.NEXT for key in keys):
        raise Invalid.at("keys", f"a first key set is made of one or two new keys, got {len(keys)}")
    signing = replace(keys[0], state=KeyState.CURRENT, activated_at=require_aware(now, "now"))
    return KeySet(purpose=signing.purpose, keys=(signing, *keys[1:]))


def rotate_key_set(
    key_set: KeySet, now: datetime, *, fresh: SigningKey, lead_seconds: int, overlap_seconds: int
) -> KeySet:
    """What is the set after the next key has begun to sign and `fresh` is published in its place?

    `lead_seconds` is how long a key must have been published before it signs (caches, registry restarts);
    `overlap_seconds` is how long the old key's tokens stay good: their lifetime and the verifier's leeway.
    After a theft both are 0: the old key's tokens end at once.
    Raises Conflict when no next key is published, or not for long enough.
    """
    require_aware(now, "now")
    coming = key_set.find_next()
    if coming is None:
        raise Conflict(f"key set `{key_set.purpose}` has no next key", "publish one before rotating")
    ready_at = coming.created_at + timedelta(seconds=lead_seconds)
    if now < ready_at:
        raise Conflict(
            f"key `{coming.kid}` may not sign before {ready_at.isoformat()}, it is {now.isoformat()}",
            "whoever verifies must have seen the key first; after a theft rotate with a lead of 0",
        )
    signing = replace(coming, state=KeyState.CURRENT, activated_at=now)
    not_after = now + timedelta(seconds=overlap_seconds)
    retired = replace(key_set.current(), state=KeyState.RETIRED, private_pem=None, not_after=not_after)
    older = tuple(key for key in key_set.keys if key.state is KeyState.RETIRED)
    return prune_key_set(KeySet(key_set.purpose, (signing, fresh, retired, *older)), now)


def publish_next_key(key_set: KeySet, fresh: SigningKey) -> KeySet:
    """What is the set with this new key published as the next one? Raises Invalid when there is one."""
    return KeySet(key_set.purpose, (*key_set.keys, fresh))


def prune_key_set(key_set: KeySet, now: datetime) -> KeySet:
    """What is the set without the retired keys whose time is over?"""
    return KeySet(key_set.purpose, key_set.list_trusted(now))


def is_rotation_due(key_set: KeySet, now: datetime, *, signing_seconds: int) -> bool:
    """Has the current key signed for its time?"""
    since = key_set.current().activated_at
    return since is not None and require_aware(now, "now") >= since + timedelta(seconds=signing_seconds)


def _coordinate(number: int) -> str:
    return urlsafe_b64encode(number.to_bytes(_COORDINATE_BYTES, "big")).rstrip(b"=").decode("ascii")
