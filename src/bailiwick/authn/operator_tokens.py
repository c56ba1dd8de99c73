"""The token by which an operator's tools are told apart from every account's: how it looks, and whether it is shown.

It belongs to the process, not to an account, and opens what is about the process only. Pure.
Source: RFC 6750, 2.1 (bearer tokens in the header).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256

from bailiwick.errors import Invalid

_TEXT = re.compile(r"[A-Za-z0-9._~+/=-]{32,512}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OperatorToken:
    """What is kept of the token: a SHA-256 of its text, which is too long to be guessed."""

    digest: bytes = field(repr=False)

    def is_shown(self, authorization: str | None) -> bool:
        """Does this `Authorization` header show the token? SECURITY: in constant time."""
        scheme, _, shown = (authorization or "").partition(" ")
        return hmac.compare_digest(_digest(shown), self.digest) and scheme.lower() == "bearer"


def parse_operator_token(text: str, place: str) -> OperatorToken:
    """Which token is this text, one line? The text is never repeated. Raises Invalid at this place."""
    line = text.removesuffix("\n").removesuffix("\r")
    if not _TEXT.fullmatch(line):
        raise Invalid.at(
            place,
            "expected one line with a token of 32 to 512 letters, digits and `-._~+/=`",
            "make one by `openssl rand -hex 32`",
        )
    return OperatorToken(_digest(line))


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
