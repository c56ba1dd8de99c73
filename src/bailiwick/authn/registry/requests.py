"""Registry token requests: which service and scopes are asked for, and which credential is shown.

The user name says what the password is: an API key, an access token or a refresh token.
A request may show one credential or none; showing two is refused, so that nobody is taken for another.
This module must not verify the credential. Source: distribution, Token Authentication Specification and
OAuth2 token authentication; RFC 7617; IBM Cloud Container Registry, Accessing your namespaces in automation.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bailiwick.authn.registry.scopes import RequestedScope, parse_scopes
from bailiwick.errors import Invalid, Unauthenticated

MAX_AUTHORIZATION_CHARACTERS = 16_384
_BASIC = re.compile(r"[Bb][Aa][Ss][Ii][Cc] ([A-Za-z0-9+/]+={0,2})", re.ASCII)


class CredentialKind(StrEnum):
    """What a password is; the value is the user name that says so."""

    API_KEY = "iamapikey"
    ACCESS_TOKEN = "iambearer"  # noqa: S105 - a user name, not a secret
    REFRESH_TOKEN = "iamrefresh"  # noqa: S105 - a user name, not a secret


@dataclass(frozen=True, slots=True)
class PresentedCredential:
    """A credential as it was shown, not verified."""

    kind: CredentialKind
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RegistryTokenRequest:
    """A request for a registry token; without a credential it is asked as `anonymous`."""

    service: str
    scopes: tuple[RequestedScope, ...]
    credential: PresentedCredential | None
    client_id: str | None = None


def parse_token_request(
    parameters: Sequence[tuple[str, str]], authorization: str | None
) -> RegistryTokenRequest:
    """What is asked for by these query or form parameters and this `Authorization` header?

    Raises Invalid for a malformed request, Unauthenticated for a credential that cannot be read.
    Parameters that mean nothing here (`account`, `offline_token`, `access_type`) are passed over.
    """
    service = _find_single(parameters, "service")
    if not service:
        raise Invalid.at("service", "expected the `service` of the registry's challenge, got none")
    in_form = _credential_of_form(parameters)
    if authorization is not None and in_form is not None:
        raise Invalid.at(
            "Authorization", "expected one credential, got one in the header and one in the form"
        )
    shown = parse_basic_credentials(authorization) if authorization is not None else in_form
    return RegistryTokenRequest(
        service=service,
        scopes=parse_scopes([value for name, value in parameters if name == "scope"]),
        credential=shown,
        client_id=_find_single(parameters, "client_id"),
    )


def parse_basic_credentials(authorization: str) -> PresentedCredential:
    """Which credential does this `Authorization: Basic` header show? Raises Unauthenticated when none."""
    if len(authorization) > MAX_AUTHORIZATION_CHARACTERS:
        raise Unauthenticated("the `Authorization` header is too long")
    match = _BASIC.fullmatch(authorization)
    if match is None:
        raise Unauthenticated("expected `Authorization: Basic` with a user name and a password")
    try:
        decoded = b64decode(match.group(1), validate=True).decode("utf-8")
    except ValueError as error:
        raise Unauthenticated("the `Authorization: Basic` header is not base64 of text") from error
    user_name, _, password = decoded.partition(":")
    return _credential_of(user_name, password)


def _credential_of_form(parameters: Sequence[tuple[str, str]]) -> PresentedCredential | None:
    grant_type = _find_single(parameters, "grant_type")
    if grant_type is None:
        return None
    if grant_type == "refresh_token":
        refresh_token = _find_single(parameters, "refresh_token") or ""
        return _credential_of(CredentialKind.REFRESH_TOKEN, refresh_token)
    if grant_type == "password":
        user_name, password = (_find_single(parameters, name) or "" for name in ("username", "password"))
        return _credential_of(user_name, password)
    raise Invalid.at("grant_type", f"expected `refresh_token` or `password`, got `{grant_type}`")


def _credential_of(user_name: str, password: str) -> PresentedCredential:
    """Which credential do these two stand for? SECURITY: the message repeats neither."""
    kinds = {str(kind): kind for kind in CredentialKind}
    if user_name not in kinds:
        raise Unauthenticated("unknown kind of user name", f"expected one of {', '.join(sorted(kinds))}")
    if not password or not password.isascii() or not password.isprintable():
        raise Unauthenticated("the password is empty or has characters that no key or token has")
    return PresentedCredential(kind=kinds[user_name], secret=password)


def _find_single(parameters: Sequence[tuple[str, str]], name: str) -> str | None:
    values = [value for found, value in parameters if found == name]
    if len(values) > 1:
        raise Invalid.at(name, f"expected `{name}` once, got it {len(values)} times")
    return values[0] if values else None
