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
from bailiwick.authn.oauth.faults import INVALID_REQUEST, INVALID_TARGET, UNAUTHORIZED_CLIENT, OAuthRefused
from bailiwick.service.oauth.clients import Client, ClientRefused, authenticate_client

FORM = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 65_536
MAX_FIELDS = 64
INVALID_CLIENT = "invalid_client"
NOT_KEPT: Headers = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
]
Form = Mapping[str, str]


class TokenError(OAuthRefused):
    """A refusal with IBM Cloud's code for it, which its clients read."""

    def __init__(self, error: str, message: str, ibm_code: str) -> None:
        super().__init__(error, message)
        self.ibm_code = ibm_code


def read_pairs(call: Call) -> list[tuple[str, str]]:
    """Which fields were sent, in order? Raises OAuthRefused."""
    sent = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != FORM:
        raise OAuthRefused(INVALID_REQUEST, f"expected content type `{FORM}`, got `{sent[:80]}`")
    try:
        return parse_qsl(
            call.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise OAuthRefused(INVALID_REQUEST, "expected URL-encoded UTF-8 fields") from None


def read_form(call: Call) -> dict[str, str]:
    """Which fields has the form? Raises OAuthRefused for one that is given twice. Source: RFC 6749, section 3.2."""
    fields: dict[str, str] = {}
    for name, value in read_pairs(call):
        if name in fields:
            raise OAuthRefused(INVALID_REQUEST, "a field is given twice")
        fields[name] = value
    return fields


def needed(form: Form, *names: str) -> list[str]:
    """Which values have these fields? Raises OAuthRefused for the first that is missing or empty."""
    missing = [name for name in names if not form.get(name)]
    if missing:
        raise OAuthRefused(INVALID_REQUEST, f"expected `{missing[0]}`, got nothing")
    return [form[name] for name in names]


def client_of(call: Call, form: Form) -> Client:
    """Which application asks, if it has shown that it is itself? Raises OAuthRefused, ClientRefused."""
    authorization = call.request.headers.get("authorization")
    try:
        shown = read_client(authorization, form.get("client_id"), form.get("client_secret"))
    except UnreadableClient:
        raise OAuthRefused(INVALID_REQUEST, "an application presents itself in one way, whole") from None
    if shown is None:
        raise ClientRefused
    return authenticate_client(call.host, shown, call.address)


def require_grant(client: Client, grant: str) -> Client:
    """May the application use this grant (a word of its document)? Raises OAuthRefused."""
    if grant not in client.application.grants:
        raise OAuthRefused(UNAUTHORIZED_CLIENT, f"the application has no grant `{grant}`")
    return client


def audience_of(form: Form) -> str | None:
    """For which API is a token asked? Raises OAuthRefused for two.

    Source: RFC 8707, section 2; RFC 8693, section 2.1.
    """
    resource, audience = form.get("resource"), form.get("audience")
    if resource and audience and resource != audience:
        raise OAuthRefused(INVALID_TARGET, "a token is for one audience: write `resource` or `audience`")
    return resource or audience or None


def answer(body: Mapping[str, object], status: int = 200) -> Response:
    """Which answer holds this, and is kept nowhere?"""
    return respond((status, list(NOT_KEPT), msgspec.json.encode(body)))


def refuse(call: Call, error: OAuthRefused | ClientRefused) -> Response:
    """Which answer says this refusal?"""
    word = error.error if isinstance(error, OAuthRefused) else INVALID_CLIENT
    ibm_code = error.ibm_code if isinstance(error, TokenError) else ""
    sent = [value.decode("latin-1") for _, value in echo(collect_headers(call.request.headers.raw))]
    body = {
        "error": word,
        "error_description": error.message,
        "errorMessage": error.message,
        # WHY a third time: IBM Cloud's SDKs show this before `error`, which is a word and no sentence.
        "errors": [{"code": ibm_code or word, "message": error.message}],
        "context": {
            "requestId": sent[0] if sent else secrets.token_hex(16),
            "requestType": "token",
            "url": call.host.public_url,
        },
    }
    if ibm_code:
        body["errorCode"] = ibm_code
    if not isinstance(error, ClientRefused):
        return answer(body, 400)
    response = answer(body, 401)
    if error.basic:
        response.headers["WWW-Authenticate"] = 'Basic realm="Bailiwick"'
    return response
