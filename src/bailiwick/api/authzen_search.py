"""AuthZEN's searches: who may do this, to what, and what may be done; page by page.

Source: OpenID AuthZEN, Authorization API 1.0 (January 2026), search APIs. Implements docs/spec.md sections 10 and 17.
service/searching.py finds; here requests become questions, and names become results. It must not decide anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET
from starlette.responses import Response

from bailiwick.api.authzen_bodies import (
    ActionSearchBody,
    PageBody,
    ResourceBody,
    ResourceSearchBody,
    SubjectBody,
    SubjectSearchBody,
    parse_search,
    said,
)
from bailiwick.api.authzen_requests import SEARCH_PATHS, check_headers, collect_headers
from bailiwick.api.authzen_resources import find_resource, find_type
from bailiwick.api.calls import Call
from bailiwick.api.problems import respond
from bailiwick.api.routes import Entry, actions
from bailiwick.engine import CompiledAccount
from bailiwick.errors import Invalid, did_you_mean
from bailiwick.model.names import ANONYMOUS, parse_path, parse_resource_name, split_reference
from bailiwick.model.requests import ResourceQuery
from bailiwick.service.asking import DESCRIBE, EVALUATE, NOTHING_SAID, Asking, Question
from bailiwick.service.cursors import Query, SearchCursors
from bailiwick.service.hearing import format_since
from bailiwick.service.narrowing import StoredSo
from bailiwick.service.searching import (
    ResourcesSought,
    Search,
    search_actions,
    search_resources,
    search_subjects,
)

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
SUBJECT, RESOURCE, ACTION = SEARCH_PATHS
_STORED = ("region", "instance", "project", "owner", "groups", "budget", "tags")
Results = Callable[[Iterable[str]], list[dict[str, str]]]


class Wanted(NamedTuple):
    """Which page is wanted: from where, at most how many, with the number of all?"""

    token: str
    limit: int
    total: bool
    within: tuple[str, str] | None


class Asked(NamedTuple):
    """What was asked for, bound to its query; how are the names shown that are found?"""

    search: Search
    results: Results
    query: Query
    wanted: Wanted


def search_entries() -> list[Entry]:
    """Which routes answer searches: for the session's account, and below the account's name?"""
    return [
        Entry("POST", prefix + path, partial(_answer, ask), actions(EVALUATE, DESCRIBE), summary, "decisions",
              body=f"{schema}Search", answers={200: "SearchResults"})
        for prefix in ("", "/accounts/{account}")
        for path, ask, schema, summary in (
            (SUBJECT, _subjects, "Subject", "Which subjects may do this to that? (AuthZEN)"),
            (RESOURCE, _resources, "Resource", "To which resources may this subject do this? (AuthZEN)"),
            (ACTION, _actions, "Action", "Which actions may this subject do to that? (AuthZEN)"),
        )
    ]  # fmt: skip


def _answer(ask: Callable[[Asking, bytes], Asked], call: Call) -> Response:
    """Which page answers? Who asks was settled before."""
    check_headers(collect_headers(call.request.headers.raw))
    # WHY without its context: a search finds what the evaluation endpoint allows, and that knows no connection.
    session = replace(call.session, context={})
    asking = Asking(call.host, session, call.host.snapshot(session.account), call.host.now())
    body = _page(asking, ask(asking, call.body), SearchCursors(call.host.cursor_secret()))
    return respond((200, [(b"content-type", b"application/json"), (b"cache-control", b"no-store")], body))


def _page(asking: Asking, asked: Asked, cursors: SearchCursors) -> bytes:
    token, limit, total, _ = asked.wanted
    after = cursors.read(asked.query, token, asking.now) if token else None
    found = asked.search.page(after, limit)
    next_token = "" if found.after is None else cursors.make(asked.query, found.after, asking.now)
    page: dict[str, object] = {"next_token": next_token, "count": len(found.found)}
    count = asked.search.count() if total else None
    if count is not None:
        page["total"] = count
    return msgspec.json.encode(
        {
            "results": asked.results(found.found),
            "page": page,
            "context": _context(asking),
        }
    )


def _context(asking: Asking) -> dict[str, object]:
    """On which revision do the results rest, and since when is that stale?"""
    stale = {} if asking.stale_since is None else {"stale_since": format_since(asking.stale_since)}
    return {"revision": dict(asking.snapshot.vector), **stale}


def _subjects(asking: Asking, body: bytes) -> Asked:
    asked = parse_search(body, SubjectSearchBody)
    resource, unresolved = find_resource(asking.snapshot.compiled, asked.resource)
    question = Question(
        "",
        asked.action.name,
        resource,
        unresolved,
        said(asked.context, "context"),
        said(asked.action.properties, "action.properties"),
        said(asked.subject.properties, "subject.properties"),
    )
    search = search_subjects(asking, question, asked.subject.type)
    return Asked(search, _shown_subjects, _query(asking, SUBJECT, asked), _wanted(asked.page))


def _shown_subjects(found: Iterable[str]) -> list[dict[str, str]]:
    return [dict(zip(("type", "id"), split_reference(one), strict=True)) for one in found]


def _resources(asking: Asking, body: bytes) -> Asked:
    asked = parse_search(body, ResourceSearchBody)
    compiled = asking.snapshot.compiled
    service, kind, attributes = find_type(compiled, asked.resource.type, asked.resource.properties)
    wanted = _wanted(asked.page, narrowed=True)
    stored = StoredSo(
        **{name: attributes[name] for name in _STORED if name in attributes}, within=wanted.within
    )
    sought = ResourcesSought(
        _principal(asked.subject),
        asked.action.name,
        service or "",
        kind,
        stored=stored,
        properties=attributes.get("properties", NOTHING_SAID),
        context=said(asked.context, "context"),
        action_properties=said(asked.action.properties, "action.properties"),
        principal_properties=said(asked.subject.properties, "subject.properties"),
    )
    results = partial(_shown_resources, compiled, asked.resource.type)
    return Asked(search_resources(asking, sought), results, _query(asking, RESOURCE, asked), wanted)


def _shown_resources(compiled: CompiledAccount, kind: str, found: Iterable[str]) -> list[dict[str, str]]:
    """How are resources shown? By the canonical name; where the type was written alone, by the id alone, if type and
    id name the same resource in a single question."""
    is_short = "/" not in kind
    return [{"type": kind, "id": _short_id(compiled, kind, name) if is_short else name} for name in found]


def _short_id(compiled: CompiledAccount, kind: str, text: str) -> str:
    name = parse_resource_name(text)
    try:
        meant = find_resource(compiled, ResourceBody(kind, name.id))
    except Invalid:
        return text
    plain = ResourceQuery.of(name)
    is_same = (meant.query.service, meant.query.path) == (plain.service, plain.path)
    is_there = (meant.query.region, meant.query.instance) == (plain.region, plain.instance)
    return name.id if meant.unresolved is None and is_same and is_there else text


def _actions(asking: Asking, body: bytes) -> Asked:
    asked = parse_search(body, ActionSearchBody)
    resource, unresolved = find_resource(asking.snapshot.compiled, asked.resource)
    question = Question(
        _principal(asked.subject),
        "",
        resource,
        unresolved,
        said(asked.context, "context"),
        principal_properties=said(asked.subject.properties, "subject.properties"),
    )
    search = search_actions(asking, question)
    return Asked(search, _shown_actions, _query(asking, ACTION, asked), _wanted(asked.page))


def _shown_actions(found: Iterable[str]) -> list[dict[str, str]]:
    return [{"name": one} for one in found]


def _principal(subject: SubjectBody) -> str:
    return ANONYMOUS if subject.type == subject.id == ANONYMOUS else f"{subject.type}:{subject.id}"


def _query(
    asking: Asking, kind: str, asked: SubjectSearchBody | ResourceSearchBody | ActionSearchBody
) -> Query:
    """To which query is a cursor bound? To all that is asked but how long a page is, and to all that the session is."""
    session = asking.session
    page = msgspec.structs.replace(asked.page, token="", limit=UNSET)
    whole = msgspec.json.encode(msgspec.structs.replace(asked, page=page), order="sorted")
    narrowed = msgspec.json.encode([repr(one) for one in session.restrictions]).decode()
    identity = (session.uid, session.principal, *session.chain, narrowed)
    return Query(session.account, identity, kind, whole)


def _wanted(page: PageBody, *, narrowed: bool = False) -> Wanted:
    """Which page is wanted? Raises Invalid."""
    limit = DEFAULT_LIMIT if page.limit is UNSET else page.limit
    if limit < 0:
        raise Invalid.at("page.limit", f"expected a number from 0 to {MAX_LIMIT}, got {limit}")
    known = ("total", "within") if narrowed else ("total",)
    for name in page.properties:
        if name not in known:
            raise Invalid.at(
                f"page.properties.{name[:80]}", f"unknown property `{name[:80]}`", did_you_mean(name, known)
            )
    total = page.properties.get("total", False)
    if not isinstance(total, bool):
        raise Invalid.at("page.properties.total", "expected true or false")
    return Wanted(page.token, min(limit, MAX_LIMIT), total, _within(page.properties))


def _within(properties: Mapping[str, Any]) -> tuple[str, str] | None:
    """In which ancestor shall the resources stand? Raises Invalid."""
    text = properties.get("within")
    if text is None:
        return None
    nodes = parse_path(text, "page.properties.within") if isinstance(text, str) else ()
    if len(nodes) != 1:
        raise Invalid.at(
            "page.properties.within", "expected the type and id of an ancestor, such as `namespace/dev`"
        )
    return nodes[0]
