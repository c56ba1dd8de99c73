"""How OAuth's endpoints are asked and answer: forms, applications that show who they are, errors in RFC 6749's words.

It must not decide anything. SECURITY: no field is taken from the address, which is written into logs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response

from bailiwick.api.calls import Call
from bailiwick.api.problems import Headers, respond
from bailiwick.authn.client_secrets import UnreadableClient, read_client
from bailiwick.authn.oauth.faults import INVALID_REQUEST, Refused
from bailiwick.service.oauth.clients import Client, ClientRefused, authenticate_client
from bailiwick.service.people.events import Client as Visitor

FORM = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 65_536
MAX_FIELDS = 64
INVALID_CLIENT = "invalid_client"
NOT_KEPT: Headers = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
]

Pairs = Sequence[tuple[str, str]]


def read_pairs(call: Call) -> Pairs:
    """Which fields were sent, in order? Raises Refused."""
    sent = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != FORM:
        raise Refused(INVALID_REQUEST, f"expected content type `{FORM}`")
    try:
        return parse_qsl(
            call.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise Refused(INVALID_REQUEST, "expected URL-encoded UTF-8 fields") from None


def once(pairs: Pairs) -> Mapping[str, str]:
    """Which value has each field? Raises Refused for one that is given twice. (RFC 6749, 3.2)"""
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise Refused(INVALID_REQUEST, "a field is given twice")
        fields[name] = value
    return fields


def client_of(call: Call, fields: Mapping[str, str]) -> Client:
    """Which application asks, if it has shown that it is itself? Raises Refused, ClientRefused."""
    authorization = call.request.headers.get("authorization")
    try:
        shown = read_client(authorization, fields.get("client_id"), fields.get("client_secret"))
    except UnreadableClient:
        raise ClientRefused(basic=authorization is not None) from None
    if shown is None:
        raise Refused(INVALID_REQUEST, "expected `client_id`, got nothing")
    return authenticate_client(call.host, shown, visitor_of(call).address)


def visitor_of(call: Call) -> Visitor:
    """From where does the request come?"""
    address = call.request.client.host if call.request.client is not None else ""
    return Visitor(address, call.request.headers.get("user-agent", ""))


def answer(body: Mapping[str, object], status: int = 200) -> Response:
    """Which answer holds this, and is kept nowhere?"""
    return respond((status, list(NOT_KEPT), msgspec.json.encode(body)))


def refuse(error: Refused | ClientRefused) -> Response:
    """Which answer says this refusal? Source: RFC 6749, 5.2."""
    if isinstance(error, Refused):
        return answer({"error": error.error, "error_description": error.message}, 400)
    response = answer({"error": INVALID_CLIENT, "error_description": error.message}, 401)
    if error.basic:
        response.headers["WWW-Authenticate"] = 'Basic realm="Bailiwick"'
    return response
