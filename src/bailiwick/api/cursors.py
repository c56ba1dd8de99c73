"""Cursors of lists: where the next page begins, signed, for one list of one caller, for an hour.

A cursor that was forged, changed, or taken to another account, path, filter or caller is refused (bug class: page
tokens replayed on another query). It must not hold anything that the caller has not seen.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from bailiwick.errors import Invalid

LIFETIME_SECONDS = 3600
MAX_CHARACTERS = 2048
_MAC_BYTES = 16
_PURPOSE = b"bailiwick list cursors 1"


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
