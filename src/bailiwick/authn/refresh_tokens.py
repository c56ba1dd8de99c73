"""Refresh tokens of applications: one text for each use, of a family that has a secret of its own. Pure.

A token holds which family it is of, the family's secret, and a part that changes with every use. Kept are hashes of
both. So a token that was used before is known as one of the family (and ends it), while what somebody makes up is not,
without remembering every token that ever was.
Source: RFC 9700, section 4.14.2 (rotation); RFC 6749, section 10.4.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from hashlib import sha256

REFRESH_MARK = "bwr"
_TEXT = re.compile(r"bwr_([0-9a-f]{16})([0-9a-f]{20})_([A-Za-z0-9_-]{43})_([A-Za-z0-9_-]{43})", re.ASCII)
_UID = re.compile(r"session-([0-9a-f]{20})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token, taken apart: of which account and family (both public), with which secrets."""

    account_tag: str
    family_uid: str
    family_secret: str = field(repr=False)
    use_secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """How is it written?"""
        number = self.family_uid.removeprefix("session-")
        return f"{REFRESH_MARK}_{self.account_tag}{number}_{self.family_secret}_{self.use_secret}"

    def next(self) -> RefreshToken:
        """Which token of the family follows it?"""
        return RefreshToken(self.account_tag, self.family_uid, self.family_secret, secrets.token_urlsafe(32))

    @property
    def family_hash(self) -> str:
        """What is kept of the family's secret?"""
        return _hash(self.family_secret)

    @property
    def use_hash(self) -> str:
        """What is kept of this one token?"""
        return _hash(self.use_secret)

    def is_of(self, family_hash: str) -> bool:
        """Is it, or was it once, a token of the family of which this hash is kept? In constant time."""
        return hmac.compare_digest(self.family_hash, family_hash)

    def is_newest(self, use_hash: str) -> bool:
        """Is it the one token that may be used now, of which this hash is kept? In constant time."""
        return hmac.compare_digest(self.use_hash, use_hash)


def account_tag(account: str) -> str:
    """How do refresh tokens of this account say of which it is, without its name?"""
    return sha256(account.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def first_token(account: str, family_uid: str) -> RefreshToken:
    """Which token does a family begin with? Raises ValueError for a uid of another form."""
    if _UID.fullmatch(family_uid) is None:
        raise ValueError(f"`{family_uid}` is no uid of a session")
    return RefreshToken(
        account_tag(account), family_uid, secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    )


def read_refresh_token(text: str) -> RefreshToken | None:
    """Which token is this text? None: it is no refresh token."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    tag, number, family_secret, use_secret = found.groups()
    return RefreshToken(tag, f"session-{number}", family_secret, use_secret)


def _hash(text: str) -> str:
    return sha256(text.encode("ascii")).hexdigest()
