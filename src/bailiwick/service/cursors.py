"""Cursors of lists and searches: where the next page begins, for one list or query of one caller, for an hour.

A cursor that was forged, changed, or taken to another account, path, filter, query or caller is refused (bug class:
page tokens replayed on another query). A list's is signed and must not hold anything that the caller has not seen;
a search's is encrypted besides, because it may name what was looked at and not found.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bailiwick.errors import Invalid

LIFETIME_SECONDS = 3600
MAX_CHARACTERS = 2048
_MAC_BYTES = 16
_PURPOSE = b"bailiwick list cursors 1"
_SEARCH_PURPOSE = b"bailiwick search cursors 1"
_NONCE_BYTES = 12
_BLOCK = 128
MAX_SEARCH_CHARACTERS = 1 << 18


@dataclass(frozen=True, slots=True)
class List:
    """Which list of which caller is it? `filters` are those asked for, as sent."""

    account: str
    principal_uid: str
    path: str
    filters: Mapping[str, str]


class Cursors:
    """Makes and reads cursors with one secret."""

    def __init__(self, secret: bytes) -> None:
        """SECURITY: the secret is only the root; the key is one of its own."""
        self._key = hmac.digest(secret, _PURPOSE, sha256)

    def make(self, of: List, position: str, now: float) -> str:
        """Which cursor begins after this position?"""
        payload = json.dumps([int(now) + LIFETIME_SECONDS, position], ensure_ascii=False).encode()
        return urlsafe_b64encode(self._mac(of, payload) + payload).rstrip(b"=").decode()

    def read(self, of: List, cursor: str, now: float) -> str:
        """After which position does the list go on? Raises Invalid, the same for every cause."""
        try:
            if len(cursor) > MAX_CHARACTERS:
                raise ValueError("too long")
            data = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            mac, payload = data[:_MAC_BYTES], data[_MAC_BYTES:]
            if not hmac.compare_digest(mac, self._mac(of, payload)):
                raise ValueError("not ours")
            expires, position = json.loads(payload)
            if now >= expires:
                raise ValueError("expired")
        except ValueError:
            raise Invalid.at(
                "cursor", "the cursor is not of this list, or has expired", "begin again without a cursor"
            ) from None
        return str(position)

    def _mac(self, of: List, payload: bytes) -> bytes:
        bound = [of.account, of.principal_uid, of.path, sorted(of.filters.items())]
        message = json.dumps(bound).encode() + b"\n" + payload
        return hmac.digest(self._key, message, sha256)[:_MAC_BYTES]


@dataclass(frozen=True, slots=True)
class Query:
    """Which search of which caller is it? `identity` says everything that the session is, `asked` the whole query."""

    account: str
    identity: tuple[str, ...]
    kind: str
    asked: bytes


class SearchCursors:
    """Makes and reads cursors of searches with one secret."""

    def __init__(self, secret: bytes) -> None:
        """SECURITY: the secret is only the root; the key is one of its own."""
        self._key = AESGCM(hmac.digest(secret, _SEARCH_PURPOSE, sha256))

    def make(self, of: Query, position: str, now: float) -> str:
        """Which cursor begins after this position? Its length says the position's only by the block."""
        payload = json.dumps([int(now) + LIFETIME_SECONDS, position]).encode()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        padded = payload + b" " * (-len(payload) % _BLOCK)
        sealed = nonce + self._key.encrypt(nonce, padded, _bound(of))
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def read(self, of: Query, cursor: str, now: float, place: str = "page.token") -> str:
        """After which position does the search go on? Raises Invalid, the same for every cause."""
        try:
            if len(cursor) > MAX_SEARCH_CHARACTERS:
                raise ValueError("too long")
            data = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            payload = self._key.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bound(of))
            expires, position = json.loads(payload)
            if now >= expires:
                raise ValueError("expired")
        except (ValueError, InvalidTag):
            raise Invalid.at(
                place,
                "the token is not of this search, or has expired",
                "send the same request again without a token",
            ) from None
        return str(position)


def _bound(of: Query) -> bytes:
    """What is the cursor bound to? The query stands last, so that nothing in it can be taken for another part."""
    head = json.dumps([of.account, of.identity, of.kind]).encode()
    return sha256(head + b"\n" + of.asked).digest()
