"""The route table's form: method, path, action, handler; and how an entry becomes a route of the framework.

Every entry names the `iam` actions that it asks the engine for, or why it is public; a test refuses any route of the
application without (`access_of`). The path's account is the session's, else the request is refused here.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from bailiwick.api.answers import revision_headers, stale_headers
from bailiwick.api.authzen import answer_error
from bailiwick.api.authzen_metadata import METADATA_PATH
from bailiwick.api.authzen_requests import AskHeaders, check_authorization, collect_headers, echo
from bailiwick.api.bodies import MAX_BODY_BYTES, read_body
from bailiwick.api.calls import Call
from bailiwick.api.freshness import await_revisions
from bailiwick.api.problems import Headers, WireAnswer, internal_problem, respond, retry_headers
from bailiwick.api.requests.events import PROBES
from bailiwick.console.routes import PageRoute
from bailiwick.errors import BailiwickError, Denied, Unauthenticated
from bailiwick.service.carrying import note_who
from bailiwick.service.freshness import REVISION_HEADER
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.proving import said_of_session
from bailiwick.service.sessions import Session

Handler = Callable[[Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]
Enter = Callable[[Host, str | None, str], Session]
AnswerError = Callable[[BailiwickError, AskHeaders], WireAnswer]
DISCOVERY = "says where the decision point is, to whoever looks for it; nothing about any account"

_logger = logging.getLogger("bailiwick.api")


@dataclass(frozen=True, slots=True)
class Access:
    """Which actions of `iam` does a route ask for, or why is it public?"""

    actions: tuple[str, ...] = ()
    public: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the route table.

    `query`: the parameters that it takes, each with what it means. `body`: the schema of its body, "" where none is
    read. `answers`: status to schema, "" where there is no body. `any_account`: the path names the account of what is
    asked for, which may be another than the session's; the handler knows which is which. `enter` and `answer`: who asks
    and how an error is said, where a protocol has ways of its own.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    summary: str
    tag: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    body_type: str = "application/json"
    most_bytes: int = MAX_BODY_BYTES
    answers: Mapping[int, str] = field(default_factory=dict)
    any_account: bool = False
    enter: Enter | None = None
    answer: AnswerError = answer_error


class TableRoute(APIRoute):
    """A route of the framework that knows its line of the table."""

    entry: Entry


def actions(*names: str) -> Access:
    """Which access is it to ask the engine for these actions?"""
    return Access(names)


def public(reason: str) -> Access:
    """Which access is it to ask nobody, for this reason?"""
    return Access((), reason)


def access_of(route: BaseRoute) -> Access | None:
    """What does the route ask for, whoever made it? None: it does not say."""
    if isinstance(route, TableRoute):
        return route.entry.access
    if isinstance(route, PageRoute):
        return Access(route.actions, route.public)
    action, reason = getattr(route, "action", None), getattr(route, "public", "")
    if action is None and str(getattr(route, "path", "")).startswith(METADATA_PATH):
        reason = DISCOVERY
    return Access((action,) if action else (), reason) if action or reason else None


def endpoint_of(host: Host, entry: Entry) -> Endpoint:
    """Which function of the framework carries out this entry?

    Who asks is settled before the body is read; both, and the handler, run in threads.
    """

    async def endpoint(request: Request) -> Response:
        headers = collect_headers(request.headers.raw)
        call = Call(host, request, tuple(entry.query))
        stale = None
        try:
            if entry.access.public and entry.path not in PROBES:
                host.rates.charge_address(call.address)
            if not entry.access.public:
                check_authorization(headers)
                call.who = await run_in_threadpool(_session, host, request, headers.authorization, entry)
                if headers.at_least is not None:
                    await await_revisions(host, call.account, headers.at_least)
                stale = host.stale_since(call.account)
            if entry.body:
                call.body = await read_body(request, await _most_bytes(call, entry))
            response = await _in_turn(call, entry)
        except ClientDisconnect:
            return Response(status_code=400)
        except BailiwickError as error:
            await run_in_threadpool(_remember_refusal, call, entry, error)
            response = _refusal(entry.answer(error, headers), error)
            response.raw_headers.extend(_revision_of(call, response))
            return response
        except Exception:
            _logger.exception("%s %s could not be answered", entry.method, entry.path)
            response = internal_problem()
        response.raw_headers.extend([*_revision_of(call, response), *stale_headers(stale), *echo(headers)])
        return response

    return endpoint


async def _in_turn(call: Call, entry: Entry) -> Response:
    """What does the handler answer? What may change an account waits for its turn there, without a thread."""
    if entry.method == "GET" or call.who is None:
        return await run_in_threadpool(entry.handler, call)
    async with call.host.turns.one(call.account):
        return await run_in_threadpool(entry.handler, call)


def _revision_of(call: Call, response: Response) -> Headers:
    """Which header names the account's revision, where the answer does not name it yet?

    WHY after the answer was made: whoever passes it on shall see at least what they saw.
    """
    if call.who is None or REVISION_HEADER in response.headers:
        return []
    held = call.host.find_held(call.account)
    return [] if held is None else revision_headers(held.vector)


def _refusal(answer: WireAnswer, error: BailiwickError) -> Response:
    """Which response says it, in whatever form? When to try again is said in all of them."""
    response = respond(answer)
    for name, value in retry_headers(error):
        response.headers[name.decode()] = value.decode()
    return response


async def _most_bytes(call: Call, entry: Entry) -> int:
    """How long a body is read? Raises Denied for a long one of somebody who could not make any of the changes.

    SECURITY: a body of hundreds of megabytes costs memory and time before the engine is asked about what it holds.
    """
    length = call.request.headers.get("content-length", "")
    is_short = length.isdigit() and len(length) <= 18 and int(length) <= MAX_BODY_BYTES
    if entry.most_bytes <= MAX_BODY_BYTES or is_short or entry.access.public:
        return min(entry.most_bytes, MAX_BODY_BYTES)
    await run_in_threadpool(_require_any, call, entry.access.actions)
    return entry.most_bytes


def _require_any(call: Call, names: tuple[str, ...]) -> None:
    host, session = call.host, call.session
    judge = Judge(host.catalog, session, host.snapshot(session.account), None, host.now())
    if not judge.could_hold_any(names):
        raise Denied(
            f"`{session.principal}` holds no action that changes anything",
            action=names[0],
            reason="no_matching_policy",
            help="ask somebody who may grant this, or the account's owner",
        )


def _session(host: Host, request: Request, authorization: str | None, entry: Entry) -> Session:
    """Who asks? Raises Unauthenticated, Denied for a path of another account."""
    address = request.client.host if request.client is not None else ""
    enter = Host.authenticate if entry.enter is None else entry.enter
    try:
        session = enter(host, authorization, address)
    except Unauthenticated:
        host.rates.charge_address(address)
        raise
    host.rates.charge(session)
    note_who(session.account, session.uid)
    session = replace(session, context=said_of_session(session, address, host.now()))
    account = request.path_params.get("account")
    if account is not None and account != session.account and not entry.any_account:
        raise Denied(
            f"this session is not one of account `{account}`"[:200],
            action=entry.access.actions[0],
            reason="other_account",
            help="ask with a token of that account",
        )
    return session


def _remember_refusal(call: Call, entry: Entry, error: BailiwickError) -> None:
    if isinstance(error, Denied) and call.who is not None:
        path = f"{entry.method} {entry.path}"
        call.host.record("refusal", error.reason, call.who, action=error.action, route=path)


def describe(entry: Entry, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """How does the OpenAPI document describe this entry, beyond what the framework knows?"""
    operation: dict[str, Any] = {"parameters": [*_path_parameters(entry.path), *_query_parameters(entry)]}
    if entry.access.public:
        operation["security"] = []
        operation["description"] = f"Public: {entry.access.public}."
    else:
        operation["description"] = "Asks for " + ", ".join(f"`{name}`" for name in entry.access.actions) + "."
    if entry.body:
        schema = {"$ref": f"#/components/schemas/{entry.body}"}
        operation["requestBody"] = {"required": True, "content": {entry.body_type: {"schema": schema}}}
    return operation


def responses_of(entry: Entry) -> dict[int | str, dict[str, Any]]:
    """Which answers does the OpenAPI document list?"""
    listed: dict[int | str, dict[str, Any]] = {}
    for status, schema in entry.answers.items():
        listed[status] = {"description": _STATUS_WORDS[status]}
        if schema:
            kind = _TYPES.get(schema, "application/json")
            listed[status]["content"] = {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    if not entry.answers:
        listed[303] = {"description": "Leads on"}
    listed["default"] = {"description": "An error", "content": dict(_errors_of(entry))}
    return listed


def _errors_of(entry: Entry) -> Iterator[tuple[str, dict[str, Any]]]:
    """In which forms does it say what is wrong? SCIM and OAuth have forms of their own (RFC 7644, 6749)."""
    if entry.path.startswith("/scim/"):
        yield "application/scim+json", {"schema": {"$ref": "#/components/schemas/ScimError"}}
    if entry.path.startswith(("/oauth/", "/identity/")):
        yield "application/json", {"schema": {"$ref": "#/components/schemas/OAuthError"}}
    yield "application/problem+json", {"schema": {"$ref": "#/components/schemas/Problem"}}


_TYPES = {
    "Text": "text/plain",
    "Html": "text/html",
    "Yaml": "application/yaml",
    "Scim": "application/scim+json",
}
_STATUS_WORDS = {
    200: "Done",
    201: "Created",
    204: "Done, nothing to say",
    304: "Not changed",
    503: "Not ready",
}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part.strip("{}").partition(":")[0] for part in path.split("/") if part.startswith("{")]
    return [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names]


def _query_parameters(entry: Entry) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
        for name, meaning in entry.query.items()
    ]
