"""Lists over HTTP: may somebody list what is in a container, and which of it?

Implements docs/spec.md rules 10.10 and 17.17 to 17.20; service/listing.py asks. It must not decide anything.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH
from bailiwick.api.answers import json_response
from bailiwick.api.authzen_bodies import ResourceBody, said
from bailiwick.api.authzen_resources import Found, find_resource
from bailiwick.api.calls import DEFAULT_LIMIT, MAX_LIMIT, Call
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.engine import CompiledAccount
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Property
from bailiwick.model.names import parse_principal, parse_resource_name
from bailiwick.service.asking import EVALUATE, Asking, Question
from bailiwick.service.cursors import Query, SearchCursors
from bailiwick.service.listing import Listing, list_members

_FIELDS = ("principal", "action", "container", "context", "limit", "cursor")
_KIND = "lists"


class Asked(NamedTuple):
    """Who lists what by which action, which page is wanted, and to which query is its cursor bound?"""

    question: Question
    limit: int
    cursor: str
    query: Query


def list_entries() -> list[Entry]:
    """Which routes answer about lists?"""
    return [
        Entry("POST", f"{ACCOUNT_PATH}/lists", _list, actions(EVALUATE),
              "May somebody list what is in a container, and which of it?", "decisions",
              body="ListQuestion", answers={200: "ListAnswer"}),
    ]  # fmt: skip


def _list(call: Call) -> Response:
    session = call.session
    asking = Asking(call.host, session, call.host.snapshot(session.account), call.host.now())
    asked = _asked(call, asking)
    listing = list_members(asking, asked.question)
    cursors = SearchCursors(call.host.cursor_secret())
    after = cursors.read(asked.query, asked.cursor, asking.now, "cursor") if asked.cursor else None
    page = listing.members.page(after, asked.limit)
    reason = listing.reason()
    body = {
        "principal": asked.question.principal,
        "action": asked.question.action,
        "decision": reason.value == "allowed",
        "reason": reason.value,
        "whole": listing.is_whole,
        "type": _type(asked.question, listing),
        "members": list(page.found),
        "next_cursor": None if page.after is None else cursors.make(asked.query, page.after, asking.now),
        "revision": dict(asking.snapshot.vector),
    }
    return json_response(body, vector=asking.snapshot.vector)


def _type(question: Question, listing: Listing) -> str | None:
    return None if listing.listed is None else f"{question.resource.service}/{listing.listed.type}"


def _asked(call: Call, asking: Asking) -> Asked:
    """What does the body ask? Raises Invalid, with everything that is wrong."""
    data = call.json()
    notes = Collector()
    fields = Fields(data, (), notes, _FIELDS)
    fields.require("action", "container")
    principal = fields.parsed("principal", parse_principal) or call.session.principal
    action, cursor = fields.text("action"), fields.text("cursor")
    limit = _limit(data.get("limit", DEFAULT_LIMIT), notes)
    context: dict[str, Any] = {name: value for name, value, _ in fields.entries("context")}
    container = _container(data.get("container"), asking.snapshot.compiled, notes)
    notes.raise_if_any()
    assert container is not None
    told: dict[str, Property] = dict(said(context, "context"))
    question = Question(principal, action, container.query, container.unresolved, told)
    bound = {name: value for name, value in data.items() if name not in ("limit", "cursor")}
    session = call.session
    identity = (session.uid, session.principal, *session.chain, repr(session.restrictions))
    query = Query(session.account, identity, _KIND, json.dumps(bound, sort_keys=True).encode())
    return Asked(question, limit, cursor, query)


def _limit(value: object, notes: Collector) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_LIMIT:
        return value
    notes.add(("limit",), f"expected a number from 1 to {MAX_LIMIT}")
    return DEFAULT_LIMIT


def _container(value: object, compiled: CompiledAccount, notes: Collector) -> Found | None:
    """Which container is meant: a full name, or `{id, properties}` with the region, instance and project it is of?"""
    if value is None:
        return None
    inner = Fields(
        {"id": value} if isinstance(value, str) else value, ("container",), notes, ("id", "properties")
    )
    inner.require("id")
    ident, properties = inner.text("id"), inner.data.get("properties") or {}
    if not isinstance(properties, dict):
        notes.add(("container", "properties"), "expected names with values")
    elif inner.has("id") and not notes.findings:
        try:
            name = parse_resource_name(ident)
            return find_resource(compiled, ResourceBody(f"{name.service}/{name.type}", ident, properties))
        except Invalid as error:
            notes.adopt(("container",), error)
    return None
