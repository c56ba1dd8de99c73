"""Proofs of freshness: that somebody was asked to sign in anew at this moment, for exactly this request.

It goes round through the browser in the address that leads back, so it is sealed; whoever changes or drops it is asked
again. Source: OpenID Connect Core 1.0, 3.1.2.1 (`prompt=login`, `max_age`).
"""

from __future__ import annotations

import hmac
from hashlib import sha256

_PURPOSE = b"bailiwick signing in anew 1"


def seal_asked(secret: bytes, query: str, visit_uid: str, at: int) -> str:
    """Which text says that whoever was in this visit ("": in none) was asked at this second, for this request?"""
    said = f"{at}.{visit_uid or 'none'}"
    return f"{said}.{_mac(secret, query, said)}"


def is_signed_in_since(secret: bytes, query: str, sealed: str, *, visit_uid: str, begun: int) -> bool:
    """Is this visit another one than that in which it was asked, and begun since?"""
    said, _, mac = sealed.rpartition(".")
    if not hmac.compare_digest(_mac(secret, query, said).encode(), mac.encode("utf-8", "replace")):
        return False
    at, _, asked_in = said.partition(".")
    return visit_uid != asked_in and begun >= int(at)


def _mac(secret: bytes, query: str, said: str) -> str:
    root = hmac.digest(secret, _PURPOSE, sha256)
    return hmac.new(root, f"{said}\n{query}".encode("utf-8", "surrogatepass"), sha256).hexdigest()
