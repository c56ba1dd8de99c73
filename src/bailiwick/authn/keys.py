"""API keys: how one is made, what of it is stored, and whether a presented text is the stored key.

The key's text is shown once and never stored; the record holds the visible prefix, by which it is found,
and a SHA-256 of the whole text. A slow hash is not needed: the secret is 256 random bits.
This module must not read a clock or a store, and must not tell a caller which refusal an outsider may see.
Source: IBM Cloud, Understanding API keys (flags `locked`, `disabled`, `expires_at`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bailiwick.authn.instants import require_aware

KEY_MARK = "bwk"
SECRET_BYTES = 32
VISIBLE_CHARACTERS = 8
_VISIBLE_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_KEY_TEXT = re.compile(r"(bwk_[a-km-np-z2-9]{8})_[A-Za-z0-9_-]{43}", re.ASCII)
NOTHING, DISABLE, DELETE = "none", "disable", "delete"
WHEN_LEAKED = (NOTHING, DISABLE, DELETE)
_UNKNOWN_HASH = bytes(hashlib.sha256().digest_size)


class KeyRefusal(StrEnum):
    """Why a key was refused: for logs. SECURITY: an outsider gets one and the same answer to all of them."""

    UNKNOWN = "unknown"
    WRONG = "wrong"
    DISABLED = "disabled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class EarlierSecret:
    """The secret that a rotation replaced: under which prefix it is found, its hash, and until when it works."""

    prefix: str
    secret_hash: bytes
    until: datetime

    def __repr__(self) -> str:
        """SECURITY: without its hash."""
        return f"EarlierSecret(prefix={self.prefix!r}, until={self.until!r})"


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """What is stored of an API key; `prefix` is unique in the installation.

    `locked` keeps the record from being changed or deleted and says nothing about its use. `networks`: from where it
    is used, empty: from everywhere. `when_leaked`: what is done when somebody reports its text, `leaked_at` when
    somebody did. `earlier`: the secret before this one, which works until its time as well.
    """

    uid: str
    owner_uid: str
    owner_kind: str
    owner_name: str
    prefix: str
    secret_hash: bytes
    created_at: datetime
    expires_at: datetime | None = None
    disabled: bool = False
    locked: bool = False
    networks: tuple[str, ...] = ()
    when_leaked: str = DISABLE
    rotated_at: datetime | None = None
    leaked_at: datetime | None = None
    earlier: EarlierSecret | None = None

    def __post_init__(self) -> None:
        """Could this record be compared with a key and a time at all?"""
        if len(self.secret_hash) != len(_UNKNOWN_HASH):
            raise ValueError("an API key's hash has 32 bytes")
        require_aware(self.created_at, "created_at")
        if self.expires_at is not None:
            require_aware(self.expires_at, "expires_at")

    def __repr__(self) -> str:
        """How is the record shown in a log? Without its hash."""
        owner = f"{self.owner_kind}:{self.owner_name}"
        return f"ApiKeyRecord(uid={self.uid!r}, owner={owner!r}, prefix={self.prefix!r})"


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A new key: `text` is shown to its owner once, `prefix` and `secret_hash` are stored."""

    text: str
    prefix: str
    secret_hash: bytes

    def __repr__(self) -> str:
        """How is the key shown in a log? By its visible part."""
        return f"GeneratedKey(prefix={self.prefix!r})"


@dataclass(frozen=True, slots=True)
class KeyVerification:
    """The answer about a presented key: verified, or the reason why not."""

    refusal: KeyRefusal | None

    def __bool__(self) -> bool:
        """Is the key verified?"""
        return self.refusal is None


def generate_api_key() -> GeneratedKey:
    """What is a new key, never seen before?

    CAUTION: the visible part has 40 bits; a store that already holds the prefix asks for another key.
    """
    visible = "".join(secrets.choice(_VISIBLE_ALPHABET) for _ in range(VISIBLE_CHARACTERS))
    secret = urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).rstrip(b"=").decode("ascii")
    prefix = f"{KEY_MARK}_{visible}"
    text = f"{prefix}_{secret}"
    return GeneratedKey(text=text, prefix=prefix, secret_hash=hash_api_key(text))


def hash_api_key(text: str) -> bytes:
    """What is stored of this key's text?

    SECURITY: the hash is over the exact text, so no second spelling of the same bits is accepted.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def find_key_prefix(presented: str) -> str | None:
    """Under which prefix would this key be stored? None when the text is no key of Bailiwick's form."""
    match = _KEY_TEXT.fullmatch(presented)
    return match.group(1) if match else None


def end_of(record: ApiKeyRecord, presented: str) -> datetime | None:
    """Until when does this text of the key work? None: for good. `presented` is verified.

    INVARIANT: nothing that is given for a text outlives it.
    """
    earlier = record.earlier
    shown = earlier.until if earlier is not None and find_key_prefix(presented) == earlier.prefix else None
    return min((end for end in (record.expires_at, shown) if end is not None), default=None)


def is_text_of(record: ApiKeyRecord, presented: str, now: datetime) -> bool:
    """Is this the key's text, its present one or that of an overlap? Whether the key may be used does not matter."""
    shown, earlier = hash_api_key(presented), record.earlier
    replaced = record.secret_hash if earlier is None or now >= earlier.until else earlier.secret_hash
    is_newest, is_earlier = (
        hmac.compare_digest(record.secret_hash, shown),
        hmac.compare_digest(replaced, shown),
    )
    return is_newest or is_earlier


def verify_api_key(record: ApiKeyRecord | None, presented: str, now: datetime) -> KeyVerification:
    """Is the presented text the key of this record, and may it be used now?

    `record` is what the store holds under `find_key_prefix(presented)`, or None.
    SECURITY: the secret is compared first and in constant time, for an unknown key too, so that neither
    the time taken nor the reason tells anything to someone without the right secret.
    """
    require_aware(now, "now")
    stored, earlier = _UNKNOWN_HASH, _UNKNOWN_HASH
    if record is not None:
        stored = record.secret_hash
        earlier = stored if record.earlier is None else record.earlier.secret_hash
    shown = hash_api_key(presented)
    is_newest, is_earlier = hmac.compare_digest(stored, shown), hmac.compare_digest(earlier, shown)
    matches = is_newest or is_earlier
    if record is None:
        return KeyVerification(KeyRefusal.UNKNOWN)
    if not matches:
        return KeyVerification(KeyRefusal.WRONG)
    if record.disabled:
        return KeyVerification(KeyRefusal.DISABLED)
    over = not is_newest and record.earlier is not None and now >= record.earlier.until
    if over or (record.expires_at is not None and now >= record.expires_at):
        return KeyVerification(KeyRefusal.EXPIRED)
    return KeyVerification(None)
