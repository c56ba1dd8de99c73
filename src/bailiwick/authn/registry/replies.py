"""Registry token replies: the signed token, its body, and the error bodies that clients show.

The claims are those that a registry checks and nothing else: `aud` is one text and never a list, every
time is a whole number, every name is exact. Granting nothing is an ordinary token with no access entries.
This module must not choose an HTTP status; a registry client expects 401 for bad credentials only.
Source: distribution v2.8.2, Token Authentication Implementation; containers/image v5.23.1 (docker client).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from bailiwick.authn.compact import Signer
from bailiwick.authn.instants import epoch_seconds, from_epoch
from bailiwick.authn.registry.scopes import AccessEntry
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import IssuedToken, TokenParties
from bailiwick.errors import Invalid

REGISTRY_TOKEN_TYPE = "JWT"  # noqa: S105 - a media type, not a secret
REGISTRY_TOKEN_LIFETIME_SECONDS = 60


class RegistryErrorCode(StrEnum):
    """The codes of a registry error body that a token endpoint has use for."""

    UNAUTHORIZED = "UNAUTHORIZED"
    DENIED = "DENIED"
    UNSUPPORTED = "UNSUPPORTED"
    TOO_MANY_REQUESTS = "TOOMANYREQUESTS"
    UNAVAILABLE = "UNAVAILABLE"
    UNKNOWN = "UNKNOWN"


def issue_registry_token(
    access: Sequence[AccessEntry],
    *,
    parties: TokenParties,
    signer: Signer,
    subject: str,
    now: datetime,
    jti: str,
) -> IssuedToken:
    """What is the token that gives exactly this access?

    `parties` are the registry's configured `issuer` and `service`; `subject` shows in the registry's log.
    WHY 60 seconds: clients take no shorter lifetime, and the registry adds 60 seconds of its own, so what a
    revoked credential was given ends within two minutes.
    """
    if signer.purpose is not KeyPurpose.REGISTRY:
        raise Invalid.at(
            "signer", f"expected a key for `{KeyPurpose.REGISTRY}`, got one for `{signer.purpose}`"
        )
    issued = epoch_seconds(now)
    expires = issued + REGISTRY_TOKEN_LIFETIME_SECONDS
    claims = {
        "iss": parties.issuer,
        "aud": parties.audience,
        "sub": subject,
        "iat": issued,
        "nbf": issued,
        "exp": expires,
        "jti": jti,
        "access": [entry.as_json() for entry in access],
    }
    text = signer.sign(REGISTRY_TOKEN_TYPE, claims)
    return IssuedToken(text=text, jti=jti, issued_epoch=issued, expires_epoch=expires)


def registry_token_body(token: IssuedToken) -> dict[str, str | int]:
    """What is the body of a 200 from the token endpoint?"""
    return {
        "token": token.text,
        "access_token": token.text,
        "expires_in": token.lifetime_seconds,
        "issued_at": from_epoch(token.issued_epoch).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def registry_error_body(
    code: RegistryErrorCode, message: str, detail: object = None
) -> dict[str, list[dict[str, object]]]:
    """What is the body of a refusal? Clients show its message for 401 and for no other status."""
    return {"errors": [{"code": str(code), "message": message, "detail": detail}]}
