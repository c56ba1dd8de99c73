"""What the token endpoint answers: RFC 6749, section 5.1, and RFC 8693, section 2.2.1."""

from __future__ import annotations

from collections.abc import Mapping

from bailiwick.authn.tokens import IssuedToken
from bailiwick.service.oauth.families import FamilyTokens

Reply = Mapping[str, object]
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name


def token_reply(token: IssuedToken, scope: tuple[str, ...], **more: object) -> Reply:
    """Which answer gives this token?"""
    said = {"scope": " ".join(scope)} if scope else {}
    return {
        "access_token": token.text,
        "token_type": "Bearer",
        "expires_in": token.lifetime_seconds,
        **said,
        **more,
    }


def family_reply(tokens: FamilyTokens, **more: object) -> Reply:
    """Which answer gives these tokens? `more`: an ID token, where there is one."""
    refresh = {} if tokens.refresh_token is None else {"refresh_token": tokens.refresh_token}
    return token_reply(tokens.token, tokens.scope, **refresh, **more)
