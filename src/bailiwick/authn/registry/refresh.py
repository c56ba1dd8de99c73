"""Refresh tokens of registry clients: how one is issued, and which presented one is believed.

A refresh token says that an API key was shown, to which registry, and until when it may stand in for that key.
It is a signed token of a type of its own, `rt+jwt`, under the keys for access tokens: its type and audience keep it
from being an access token, its key keeps it from being a registry token (no registry has that key's certificate).
It holds no right and does not say whether its key still stands; that is asked elsewhere, at every use.
This module must not look at keys or accounts. Source: distribution, OAuth2 token authentication (`refresh_token`,
`access_type`, `offline_token`); RFC 8725, 3.11 and 3.12; IBM Cloud, access and refresh token lifetimes (72 hours).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bailiwick.authn.claims import read_epoch_claim, read_text_claim
from bailiwick.authn.compact import (
    Signer,
    TokenFault,
    TokenRefused,
    check_signature,
    parse_compact,
    parse_json_object,
    verification_key,
)
from bailiwick.authn.instants import epoch_seconds
from bailiwick.authn.signing import KeyPurpose, KeySet
from bailiwick.authn.tokens import IssuedToken, TokenParties
from bailiwick.errors import Invalid

REFRESH_TOKEN_TYPE = "rt+jwt"  # noqa: S105 - a media type, not a secret
REFRESH_LIFETIME_SECONDS = 72 * 3600
_TEXTS = ("iss", "aud", "sub", "account", "cred", "jti")
_TIMES = ("iat", "nbf", "exp")


@dataclass(frozen=True, slots=True)
class RefreshSubject:
    """Whose API key was shown: uid and account of its owner, uid of the key."""

    uid: str
    account: str
    credential_uid: str

    def __post_init__(self) -> None:
        """SECURITY: a token about nobody in particular does not construct."""
        if not (self.uid and self.account and self.credential_uid):
            raise Invalid.at("subject", "a refresh token names an account, a principal and its key")


@dataclass(frozen=True, slots=True)
class VerifiedRefresh:
    """A believed refresh token, good at the moment of its verification."""

    subject: RefreshSubject
    jti: str
    expires_epoch: int


def is_refresh_wanted(parameters: Sequence[tuple[str, str]]) -> bool:
    """Does the client ask for a refresh token? A query says `offline_token=true`, a form `access_type=offline`."""
    return ("offline_token", "true") in parameters or ("access_type", "offline") in parameters


def issue_refresh_token(
    subject: RefreshSubject,
    *,
    parties: TokenParties,
    signer: Signer,
    now: datetime,
    jti: str,
    not_beyond: datetime | None = None,
) -> IssuedToken:
    """What is the token that stands in for this API key at this registry?

    `parties` are the issuer and the registry's `service`; `not_beyond` is the key's own end.
    Raises TokenRefused when that end has come.
    """
    if signer.purpose is not KeyPurpose.ACCESS:
        raise Invalid.at(
            "signer", f"expected a key for `{KeyPurpose.ACCESS}`, got one for `{signer.purpose}`"
        )
    issued = epoch_seconds(now)
    expires = issued + REFRESH_LIFETIME_SECONDS
    if not_beyond is not None:
        expires = min(expires, epoch_seconds(not_beyond, "not_beyond"))
    if expires <= issued:
        raise TokenRefused(TokenFault.EXPIRED, "the key that the token would stand in for has ended")
    claims: dict[str, str | int] = {
        "iss": parties.issuer,
        "aud": parties.audience,
        "sub": subject.uid,
        "account": subject.account,
        "cred": subject.credential_uid,
        "jti": jti,
        "iat": issued,
        "nbf": issued,
        "exp": expires,
    }
    text = signer.sign(REFRESH_TOKEN_TYPE, claims)
    return IssuedToken(text=text, jti=jti, issued_epoch=issued, expires_epoch=expires)


def verify_refresh_token(
    text: str, *, parties: TokenParties, key_set: KeySet, now: datetime
) -> VerifiedRefresh:
    """Which API key does this token stand in for at this registry? Raises TokenRefused with the first fault found.

    SECURITY: nothing of the payload is read before the signature has been checked.
    """
    token = parse_compact(text)
    if token.token_type != REFRESH_TOKEN_TYPE:
        raise TokenRefused(TokenFault.TYPE, f"the token's type is not `{REFRESH_TOKEN_TYPE}`")
    record = next((key for key in key_set.keys if key.kid == token.kid), None)
    if record is None or not record.is_trusted(now):
        raise TokenRefused(TokenFault.UNKNOWN_KEY, "the token names a key that is not in the key set")
    check_signature(token, verification_key(record))
    claims = parse_json_object(token.payload, TokenFault.CLAIMS)
    texts = {name: read_text_claim(claims, name) for name in _TEXTS}
    if texts["iss"] != parties.issuer:
        raise TokenRefused(TokenFault.ISSUER, "the token is from another issuer")
    if texts["aud"] != parties.audience:
        raise TokenRefused(TokenFault.AUDIENCE, "the token is for another registry")
    expires = _check_times(claims, epoch_seconds(now))
    subject = RefreshSubject(texts["sub"], texts["account"], texts["cred"])
    return VerifiedRefresh(subject=subject, jti=texts["jti"], expires_epoch=expires)


def _check_times(claims: Mapping[str, object], now: int) -> int:
    """Until when is the token good, given that it is good now?"""
    issued, begins, expires = (read_epoch_claim(claims, name) for name in _TIMES)
    if now >= expires:
        raise TokenRefused(TokenFault.EXPIRED, "the token has expired")
    if max(issued, begins) > now:
        raise TokenRefused(TokenFault.NOT_YET_VALID, "the token is not valid yet")
    if expires - issued > REFRESH_LIFETIME_SECONDS:
        raise TokenRefused(
            TokenFault.LIFETIME, f"the token lives for more than {REFRESH_LIFETIME_SECONDS} seconds"
        )
    return expires
