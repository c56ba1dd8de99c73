"""The token endpoint over HTTP: an API key for an access token, that for a profile's; and the keys that verify them.

The form, the answer and the errors are those of RFC 6749 with the fields that IBM Cloud's clients read besides.
service/credentials.py exchanges, service/assuming.py assumes. It must not say why a key is refused.
Source: RFC 6749, sections 5.1 and 5.2; IBM Cloud, Generating an IAM token by using an API key (2022).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response

from bailiwick.api.authzen_requests import collect_headers, echo
from bailiwick.api.calls import Call
from bailiwick.api.oauth.person_grants import PERSON_GRANTS, give_to_application
from bailiwick.api.problems import Headers, respond
from bailiwick.api.routes import Entry, public
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import IssuedToken
from bailiwick.errors import Denied, Invalid, Unauthenticated
from bailiwick.service.assuming import ASSUME_GRANT, Wanted, assume_profile
from bailiwick.service.credentials import exchange_key
from bailiwick.service.proving import said_of_session

GRANT = "urn:ibm:params:oauth:grant-type:apikey"
FORM = "application/x-www-form-urlencoded"
SCOPE = "ibm openid"
MAX_FORM_BYTES = 65_536
MAX_FIELDS = 32
KEY_NOT_FOUND = "BXNIM0415E"
_TOKEN_REASON = "authenticates by the credential in the form; gives a token for what its owner may do"  # noqa: S105 - a sentence
_KEYS_REASON = "public keys, for whoever verifies tokens"
_NOT_KEPT: Headers = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
]


class TokenError(Exception):
    """A request for a token that is refused: `error` is RFC 6749's word, `code` IBM's where there is one."""

    def __init__(self, error: str, message: str, code: str = "") -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.code = code


def token_entries() -> list[Entry]:
    """Which routes give tokens and the keys that verify them?"""
    tokens = [
        Entry("POST", path, _token, public(_TOKEN_REASON), "Exchange an API key for an access token",
              "tokens", body="TokenForm", body_type=FORM, most_bytes=MAX_FORM_BYTES, answers={200: "Token"})
        for path in ("/oauth/token", "/identity/token")
    ]  # fmt: skip
    keys = [
        Entry("GET", path, _jwks, public(_KEYS_REASON), "Public keys that verify access tokens", "tokens",
              answers={200: "Jwks"})
        for path in ("/oauth/jwks", "/identity/keys")
    ]  # fmt: skip
    return [*tokens, *keys]


def _token(call: Call) -> Response:
    try:
        form = _form(call)
        by_person = PERSON_GRANTS.get(form.get("grant_type", ""))
        if by_person is not None:
            return give_to_application(call, by_person)
        give = _GRANTS.get(form.get("grant_type", ""))
        if give is None:
            raise _wrong_grant(form.get("grant_type"))
        token = give(call, form)
    except TokenError as error:
        return _refuse(call, error)
    body = {
        "access_token": token.text,
        "refresh_token": "not_supported",
        "token_type": "Bearer",
        "expires_in": token.lifetime_seconds,
        "expiration": token.expires_epoch,
        "scope": SCOPE,
    }
    return respond((200, list(_NOT_KEPT), msgspec.json.encode(body)))


def _exchange(call: Call, form: Form) -> IssuedToken:
    key = form.get("apikey")
    if not key:
        raise TokenError("invalid_request", "expected `apikey`, got nothing")
    try:
        return exchange_key(call.host, key, call.address)
    except Unauthenticated:
        call.host.refuse_stranger()
        raise TokenError("invalid_grant", "Provided API key could not be found.", KEY_NOT_FOUND) from None


def _assume(call: Call, form: Form) -> IssuedToken:
    """The profile's session for whose token is in the form. Source: IBM Cloud, grant type assume (2025)."""
    missing = [name for name in ("access_token", "profile_name", "account") if not form.get(name)]
    if missing:
        raise TokenError("invalid_request", f"expected `{missing[0]}`, got nothing")
    try:
        session = call.host.authenticator.session_of_token(form["access_token"], call.address)
        session = replace(session, context=said_of_session(session, call.address, call.host.now()))
        begun = assume_profile(call.host, session, form["account"], form["profile_name"], Wanted())
    except Unauthenticated:
        call.host.refuse_stranger()
        raise TokenError("invalid_grant", "the access token is unknown, expired or withdrawn") from None
    except Denied as error:
        raise TokenError("invalid_grant", error.message) from None
    except Invalid as error:
        raise TokenError("invalid_request", error.findings[0].message) from None
    return begun.token


Form = Mapping[str, str]
_GRANTS: Mapping[str, Callable[[Call, Form], IssuedToken]] = {GRANT: _exchange, ASSUME_GRANT: _assume}


def _form(call: Call) -> dict[str, str]:
    """Which fields has the form? SECURITY: none of the address, which is written into logs, and none twice."""
    sent = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != FORM:
        raise TokenError("invalid_request", f"expected content type `{FORM}`, got `{sent[:80]}`")
    try:
        pairs = parse_qsl(
            call.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise TokenError("invalid_request", "expected URL-encoded UTF-8 fields") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise TokenError("invalid_request", "a field is given twice")
    return form


def _wrong_grant(said: str | None) -> TokenError:
    if not said:
        return TokenError("invalid_request", f"expected `grant_type` `{GRANT}`, got nothing")
    return TokenError("unsupported_grant_type", f"expected `grant_type` `{GRANT}`, got `{said[:80]}`")


def _refuse(call: Call, error: TokenError) -> Response:
    sent = [value.decode("latin-1") for _, value in echo(collect_headers(call.request.headers.raw))]
    body = {
        "error": error.error,
        "error_description": error.message,
        "errorMessage": error.message,
        # WHY a third time: IBM Cloud's SDKs show this before `error`, which is a word and no sentence.
        "errors": [{"code": error.code or error.error, "message": error.message}],
        "context": {
            "requestId": sent[0] if sent else secrets.token_hex(16),
            "requestType": "token",
            "url": call.host.public_url,
        },
    }
    if error.code:
        body["errorCode"] = error.code
    return respond((400, list(_NOT_KEPT), msgspec.json.encode(body)))


def _jwks(call: Call) -> Response:
    access = call.host.key_set(KeyPurpose.ACCESS).jwks(call.host.at())
    keys = {"keys": [*access["keys"], *(key.as_jwk() for key in call.host.identity_keys.trusted())]}
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"public, max-age=300")]
    return respond((200, headers, msgspec.json.encode(keys)))
