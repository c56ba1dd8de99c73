"""When and how the person at the root of a session showed who they are; as claims and back. Pure.

Source: OpenID Connect Core 1.0, section 2 (auth_time, acr, amr); RFC 8176 (values of amr); RFC 9068, section 2.2.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bailiwick.authn.claims import read_epoch_claim
from bailiwick.authn.compact import TokenFault, TokenRefused

ONE_FACTOR, TWO_FACTORS = "1fa", "mfa"
MOST_METHODS = 8


@dataclass(frozen=True, slots=True)
class Authenticated:
    """At which epoch second, by which methods (`pwd`, `otp` …), and when with a second factor (0: with none)?"""

    at: int
    methods: tuple[str, ...] = ()
    factor_at: int = 0

    @property
    def acr(self) -> str:
        """In which class is that: by one factor, or by two?"""
        return TWO_FACTORS if self.factor_at else ONE_FACTOR


def authenticated_claims(authenticated: Authenticated | None) -> dict[str, object]:
    """How do claims write it? None: nobody signed in."""
    if authenticated is None:
        return {}
    claims: dict[str, object] = {"auth_time": authenticated.at, "acr": authenticated.acr}
    if authenticated.methods:
        claims["amr"] = list(authenticated.methods)
    if authenticated.factor_at:
        claims["factor_time"] = authenticated.factor_at
    return claims


def read_authenticated(claims: Mapping[str, object]) -> Authenticated | None:
    """What do these claims write? Raises TokenRefused."""
    if "auth_time" not in claims:
        return None
    methods = claims.get("amr", [])
    if not isinstance(methods, list) or len(methods) > MOST_METHODS:
        raise TokenRefused(TokenFault.CLAIMS, f"claim `amr` must be a list of up to {MOST_METHODS} texts")
    if not all(isinstance(one, str) and one for one in methods):
        raise TokenRefused(TokenFault.CLAIMS, f"claim `amr` must be a list of up to {MOST_METHODS} texts")
    factor_at = read_epoch_claim(claims, "factor_time") if "factor_time" in claims else 0
    return Authenticated(read_epoch_claim(claims, "auth_time"), tuple(methods), factor_at)
