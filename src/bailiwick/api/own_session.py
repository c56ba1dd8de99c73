"""Who am I, by the token that I sent? For command lines and scripts; nothing about anybody else.

Source: RFC 7662 has the same question for whoever is shown somebody's token; here it is one's own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from bailiwick.api.answers import json_response
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, public
from bailiwick.service.sessions import FOREVER, Session

_REASON = "says to whoever shows a credential whose it is, and asks for that credential in the handler"


def whoami_entries() -> list[Entry]:
    """Which route says who one is?"""
    return [
        Entry("GET", "/v1/whoami", _whoami, public(_REASON), "Who am I, by this token?", "tokens",
              answers={200: "Whoami"}),
    ]  # fmt: skip


def _whoami(call: Call) -> Response:
    address = call.request.client.host if call.request.client is not None else ""
    session = call.host.authenticate(call.header("authorization"), address)
    response = json_response(_body(session))
    response.headers["Cache-Control"] = "no-store"
    return response


def _body(session: Session) -> dict[str, Any]:
    return {
        "account": session.account,
        "principal": session.principal,
        "expires_at": _instant(session.expires_at),
        "session": session.session_uid or None,
        "signed_in": session.is_signed_in,
        "methods": [] if session.authenticated is None else list(session.authenticated.methods),
        "proved_at": _instant(float(session.proved_at)) if session.proved_at else None,
        "application": session.client_id or None,
        "through": [step.reference for one in session.by for step in one.walk()],
        "for": [one.reference for one in session.acts_for],
        "restricted": bool(session.restrictions),
    }


def _instant(seconds: float) -> str | None:
    return None if seconds == FOREVER else datetime.fromtimestamp(seconds, UTC).isoformat()
