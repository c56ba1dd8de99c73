"""Introspection and revocation over HTTP. Source: RFC 7662, section 2; RFC 7009, section 2."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.api.calls import Call
from bailiwick.api.oauth.forms import (
    FORM,
    MAX_FORM_BYTES,
    answer,
    client_of,
    needed,
    read_form,
    refuse,
)
from bailiwick.api.routes import Entry, public
from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.service.oauth.clients import ClientRefused
from bailiwick.service.oauth.introspecting import introspect_for_client, introspect_for_session
from bailiwick.service.oauth.revoking import revoke_token

_ASKING = "authenticates an application by its secret, or judges whose access token is sent by `iam.token.introspect`"
_GIVING_BACK = "whoever holds a token, and shows the secret of the application that got it, may end it"


def introspection_entries() -> list[Entry]:
    """Which routes tell of tokens, and end them?"""
    return [
        Entry("POST", "/oauth/introspect", _introspect, public(_ASKING), "Ask whether a token is good", "tokens",
              body="TokenQuestion", body_type=FORM, most_bytes=MAX_FORM_BYTES, answers={200: "Introspection"}),
        Entry("POST", "/oauth/revoke", _revoke, public(_GIVING_BACK), "End a token before its time", "tokens",
              body="TokenQuestion", body_type=FORM, most_bytes=MAX_FORM_BYTES, answers={200: "Nothing"}),
    ]  # fmt: skip


def _introspect(call: Call) -> Response:
    try:
        form = read_form(call)
        (text,) = needed(form, "token")
        authorization = call.request.headers.get("authorization", "")
        if authorization.lower().startswith("bearer "):
            session = call.host.authenticate(authorization, call.address)
            return answer(introspect_for_session(call.host, session, text))
        return answer(introspect_for_client(call.host, client_of(call, form), text))
    except (OAuthRefused, ClientRefused) as error:
        return refuse(call, error)


def _revoke(call: Call) -> Response:
    try:
        form = read_form(call)
        (text,) = needed(form, "token")
        has_client = "client_id" in form or "authorization" in call.request.headers
        revoke_token(call.host, client_of(call, form) if has_client else None, text)
    except (OAuthRefused, ClientRefused) as error:
        return refuse(call, error)
    return answer({})
