"""Answers of the administration: JSON with the revision that they rest on, and the tag of what they show.

It must not decide anything; errors are problems.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from starlette.responses import Response

from bailiwick.api.problems import Headers, WireAnswer, respond
from bailiwick.service.freshness import REVISION_HEADER, format_revisions
from bailiwick.service.hearing import format_since
from bailiwick.service.snapshots import Identity

STALE_HEADER = b"bailiwick-stale"
_JSON: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


def json_answer(
    status: int, body: object, *, vector: Mapping[str, str] | None = None, headers: Headers | None = None
) -> WireAnswer:
    """Which status, headers and body say this? Nothing of an account is kept in caches."""
    return status, [*_JSON, *revision_headers(vector), *(headers or [])], msgspec.json.encode(body)


def empty_answer(*, vector: Mapping[str, str]) -> WireAnswer:
    """Which answer has nothing to say?"""
    return 204, [(b"cache-control", b"no-store"), *revision_headers(vector)], b""


def response_of(answer: WireAnswer) -> Response:
    """Which response is this answer? Nothing to say has no length either (RFC 9110, section 8.6)."""
    if answer[0] != 204:
        return respond(answer)
    response = Response(status_code=204)
    response.raw_headers = list(answer[1])
    return response


def json_response(
    body: object,
    *,
    status: int = 200,
    vector: Mapping[str, str] | None = None,
    headers: Headers | None = None,
) -> Response:
    """Which response says this?"""
    return respond(json_answer(status, body, vector=vector, headers=headers))


def stale_headers(since: datetime | None) -> Headers:
    """Which header says since when nothing was heard of the store? None where the answer is fresh enough."""
    return [] if since is None else [(STALE_HEADER, format_since(since).encode())]


def revision_headers(vector: Mapping[str, str] | None) -> Headers:
    """Which header names the revisions? None where there are none."""
    if vector is None:
        return []
    return [(REVISION_HEADER.encode(), format_revisions(vector).encode())]


def etag_of(identity: Identity) -> str:
    """Which entity tag has the object in this form? Another object of its name has another."""
    return f'"{identity.revision}-{identity.uid}"'


def etag_headers(identity: Identity | None) -> Headers:
    """Which header says the tag?"""
    return [] if identity is None else [(b"etag", etag_of(identity).encode())]


def page_body(
    items: list[Any], cursor: str | None, vector: Mapping[str, str], **more: object
) -> dict[str, Any]:
    """Which body is a page of a list?"""
    return {"items": items, **more, "next_cursor": cursor, "revision": dict(vector)}
