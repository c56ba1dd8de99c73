"""Secrets of applications: how one is made, what of it is stored, and whether a presented text is one of them.

Shown once and never stored: kept are the visible prefix, by which it is found, and a SHA-256 of the whole text. A slow
hash is not needed: the secret is 256 random bits. Pure. Source: RFC 6749, sections 2.3.1 and 10.10.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b64decode
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import unquote_plus

SECRET_MARK = "bws"  # noqa: S105 - how every secret begins
MAX_SHOWN = 512
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_TEXT = re.compile(r"(bws_[a-km-np-z2-9]{8})_[A-Za-z0-9_-]{43}", re.ASCII)
_UNKNOWN = bytes(32)


@dataclass(frozen=True, slots=True)
class GeneratedSecret:
    """A new secret: `text` is shown once, `prefix` and `secret_hash` are stored."""

    text: str = field(repr=False)
    prefix: str
    secret_hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownClient:
    """As which application does somebody present themselves, with which secret? `basic`: in the header."""

    client_id: str
    secret: str | None = field(default=None, repr=False)
    basic: bool = False


class UnreadableClient(ValueError):
    """A client is presented in two ways at once, or in none that can be read."""


def generate_client_secret() -> GeneratedSecret:
    """What is a new secret, never seen before?"""
    prefix = f"{SECRET_MARK}_{''.join(secrets.choice(_ALPHABET) for _ in range(8))}"
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    return GeneratedSecret(text, prefix, hash_secret(text))


def hash_secret(text: str) -> bytes:
    """What is stored of this text? SECURITY: over the exact text, so no other spelling of the same bits is good."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def find_secret_prefix(text: str) -> str | None:
    """Under which prefix would this secret be stored? None: it is no secret of this form."""
    found = _TEXT.fullmatch(text)
    return None if found is None else found.group(1)


def is_secret(stored: bytes | None, presented: str) -> bool:
    """Is the presented text the stored secret? SECURITY: the same work, in constant time, where nothing is stored."""
    same = hmac.compare_digest(_UNKNOWN if stored is None else stored, hash_secret(presented))
    return same and stored is not None


def read_client(authorization: str | None, client_id: str | None, secret: str | None) -> ShownClient | None:
    """Which application is presented, by header (Basic) or by form? None: none. Raises UnreadableClient.

    Source: RFC 6749, section 2.3: not more than one method in a request, and both parts form-encoded in the header.
    """
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        if client_id is None:
            if secret is not None:
                raise UnreadableClient("a secret without `client_id`")
            return None
        return _bounded(ShownClient(client_id, secret))
    try:
        name, colon, given = b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
        shown = ShownClient(unquote_plus(name, errors="strict"), unquote_plus(given, errors="strict"), True)
    except ValueError:
        raise UnreadableClient("the header cannot be read") from None
    if not colon or secret is not None or (client_id is not None and client_id != shown.client_id):
        raise UnreadableClient("an application presents itself in one way")
    return _bounded(shown)


def _bounded(shown: ShownClient) -> ShownClient:
    if not 0 < len(shown.client_id) <= MAX_SHOWN or len(shown.secret or "") > MAX_SHOWN:
        raise UnreadableClient("what is presented is empty or too long")
    return shown
