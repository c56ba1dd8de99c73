"""One-time links: the text behind the last slash, what is stored of it, and whether a presented one fits.

The text names account and invitation, so that it is found at once, and holds 256 random bits, of which the hash is
stored. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

_SECRET_BYTES = 32
_TEXT = re.compile(r"([A-Za-z0-9_-]{1,400})\.([a-z]{1,20}-[0-9a-f]{20})\.([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class PresentedLink:
    """A link's text taken apart, and not yet believed."""

    account: str
    uid: str
    text: str


@dataclass(frozen=True, slots=True)
class NewLink:
    """A new link's text, shown once, and the hash that is stored."""

    text: str
    secret_hash: bytes

    def __repr__(self) -> str:
        return "NewLink()"


def new_link(account: str, uid: str) -> NewLink:
    """What is a new link's text for this invitation?"""
    named = urlsafe_b64encode(account.encode()).rstrip(b"=").decode("ascii")
    text = f"{named}.{uid}.{secrets.token_urlsafe(_SECRET_BYTES)}"
    return NewLink(text, hash_link(text))


def parse_link(text: str) -> PresentedLink | None:
    """Which account and invitation does this text name? None: it has not the form of a link."""
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    try:
        account = urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)).decode()
    except ValueError:
        return None
    return PresentedLink(account, match[2], text)


def hash_link(text: str) -> bytes:
    """What is stored of this text? SECURITY: of the exact text, so that it has no second spelling."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def is_link(stored: bytes, text: str) -> bool:
    """Is it the stored link? In constant time."""
    return hmac.compare_digest(stored, hash_link(text))
