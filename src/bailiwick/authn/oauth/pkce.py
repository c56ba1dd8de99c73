"""Proof keys: does whoever shows a code hold the secret of whoever asked for it?

Only S256: `plain` shows the secret in the address. Source: RFC 7636, 4.1, 4.2, 4.6; RFC 9700, 2.1.1.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from hashlib import sha256

METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


def is_challenge(text: str) -> bool:
    """Can this be the challenge of a verifier?"""
    return _CHALLENGE.fullmatch(text) is not None


def challenge_of(verifier: str) -> str:
    """Which challenge belongs to this verifier?"""
    digest = sha256(verifier.encode("ascii", "replace")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def is_proved(challenge: str, verifier: str) -> bool:
    """Is this the verifier of that challenge? Compared in constant time."""
    is_formed = _VERIFIER.fullmatch(verifier) is not None
    return hmac.compare_digest(challenge_of(verifier), challenge) and is_formed
