"""Single claims of tokens: believed only in the form in which they are written here. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bailiwick.authn.compact import TokenFault, TokenRefused


def read_text_claim(claims: Mapping[str, object], name: str) -> str:
    """Which text does this claim hold? Raises TokenRefused."""
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise TokenRefused(TokenFault.CLAIMS, f"claim `{name}` must be a text that is not empty")
    return value


def read_epoch_claim(claims: Mapping[str, object], name: str) -> int:
    """Which second does this claim name? Raises TokenRefused.

    SECURITY: `true` is no number, and neither is `1.5e9`.
    """
    value = claims.get(name)
    if type(value) is not int or value < 0:
        raise TokenRefused(TokenFault.CLAIMS, f"claim `{name}` must be a whole number of seconds since 1970")
    return value
