"""How OAuth's endpoints are asked and answer: forms, applications that show who they are, refusals in the RFCs' words.

It must not decide anything. SECURITY: no field is taken from the address, which is written into logs, and none twice.
Source: RFC 6749, sections 2.3, 3.2, 5.1 and 5.2; the fields that IBM Cloud's clients read besides.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response

from bailiwick.api.authzen_requests import collect_headers, echo
from bailiwick.api.calls import Call
from bailiwick.api.problems import Headers, respond
from bailiwick.authn.client_secrets import UnreadableClient, read_client
from bailiwick.service.oauth.clients import Client, ClientRefused, authenticate_client
from bailiwick.service.oauth.refusals import UNAUTHORIZED_CLIENT, OAuthRefused

FORM = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 65_536
MAX_FIELDS = 32
NOT_KEPT: Headers = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
]
Form = Mapping[str, str]


class TokenError(Exception):
    """A request that is refused: `error` is RFC 6749's word, `code` IBM's where there is one."""

    def __init__(
        self, error: str, message: str, code: str = "", *, status: int = 400, basic: bool = False
    ) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.code = code
        self.status = status
        self.basic = basic


def read_form(call: Call) -> dict[str, str]:
    """Which fields has the form? Raises TokenError."""
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


def client_of(call: Call, form: Form) -> Client:
    """Which application asks, if it has shown that it is itself? Raises TokenError, ClientRefused."""
    authorization = call.request.headers.get("authorization")
    try:
        shown = read_client(authorization, form.get("client_id"), form.get("client_secret"))
    except UnreadableClient:
        raise TokenError("invalid_request", "an application presents itself in one way, whole") from None
    if shown is None:
        raise ClientRefused
    return authenticate_client(call.host, shown, call.address)


def require_grant(client: Client, grant: str) -> Client:
    """May the application use this grant (a word of its document)? Raises OAuthRefused."""
    if grant not in client.application.grants:
        raise OAuthRefused(UNAUTHORIZED_CLIENT, f"the application has no grant `{grant}`")
    return client


def audience_of(form: Form) -> str | None:
    """For which API is a token asked? Raises TokenError for two. Source: RFC 8707, section 2; RFC 8693, section 2.1."""
    resource, audience = form.get("resource"), form.get("audience")
    if resource and audience and resource != audience:
        raise TokenError("invalid_target", "a token is for one audience: write `resource` or `audience`")
    return resource or audience or None


def as_token_error(error: TokenError | OAuthRefused | ClientRefused) -> TokenError:
    """How is this refusal answered?"""
    if isinstance(error, OAuthRefused):
        return TokenError(error.error, error.message)
    if isinstance(error, ClientRefused):
        return TokenError("invalid_client", error.message, status=401, basic=error.basic)
    return error


def answer(body: Mapping[str, object]) -> Response:
    """Which answer holds this, and is kept nowhere?"""
    return respond((200, list(NOT_KEPT), msgspec.json.encode(body)))


def refuse(call: Call, error: TokenError) -> Response:
    """Which answer says this refusal?"""
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
    headers = list(NOT_KEPT)
    if error.basic:
        headers.append((b"www-authenticate", b'Basic realm="Bailiwick"'))
    return respond((error.status, headers, msgspec.json.encode(body)))
