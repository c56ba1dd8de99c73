"""AuthZEN as routes of the framework: for every request that the fast path does not answer itself.

Each route names its action; the metadata has none and is public. A route reads the request, bounds the body and
calls the same function as the fast path; it must not decide anything or add to the answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from bailiwick.api.authzen import Answering, answer_error, answer_evaluation, answer_evaluations
from bailiwick.api.authzen_bodies import MAX_BODY_BYTES
from bailiwick.api.authzen_metadata import METADATA_PATH, metadata
from bailiwick.api.authzen_requests import (
    EVALUATION_PATH,
    EVALUATIONS_PATH,
    AskHeaders,
    check_authorization,
    collect_headers,
)
from bailiwick.api.freshness import await_revisions
from bailiwick.api.problems import BodyTooLarge, problem_of, respond
from bailiwick.errors import BailiwickError, Invalid, NotFound
from bailiwick.model.names import parse_name
from bailiwick.service.asking import EVALUATE, Asked
from bailiwick.service.holding.accounts import NotHeld

Endpoint = Callable[[Request], Awaitable[Response]]
MAX_DISCARDED_BYTES = 16 * MAX_BODY_BYTES
_PREFIX = "/accounts/{account}"


class ActionRoute(Route):
    """A route and the action that it needs; None: it is public."""

    action: str | None

    def __init__(self, path: str, endpoint: Endpoint, method: str, action: str | None) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.action = action


def authzen_routes(host: Asked) -> list[Route]:
    """Which routes answer AuthZEN requests?"""
    one, several = _evaluation(host, answer_evaluation), _evaluation(host, answer_evaluations)
    found = _metadata(host)
    return [
        ActionRoute(EVALUATION_PATH, one, "POST", EVALUATE),
        ActionRoute(EVALUATIONS_PATH, several, "POST", EVALUATE),
        ActionRoute(_PREFIX + EVALUATION_PATH, one, "POST", EVALUATE),
        ActionRoute(_PREFIX + EVALUATIONS_PATH, several, "POST", EVALUATE),
        ActionRoute(METADATA_PATH, found, "GET", None),
        ActionRoute(METADATA_PATH + _PREFIX, found, "GET", None),
    ]


def _evaluation(host: Asked, answering: Answering) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        headers = collect_headers(request.headers.raw, request.client.host if request.client else "")
        body = await _read_body(request, headers)
        if body is None:
            return respond(answer_error(BodyTooLarge(MAX_BODY_BYTES), headers))
        try:
            await _await_revisions(host, headers)
        except BailiwickError as error:
            return respond(answer_error(error, headers))
        target = _sent_target(request.scope)
        try:
            return respond(answering(host, target, headers, body))
        except NotHeld:
            return respond(await run_in_threadpool(answering, host, target, headers, body))

    return endpoint


async def _await_revisions(host: Asked, headers: AskHeaders) -> None:
    """Wait for what the caller has seen, where it says so: only for who may ask at all."""
    if headers.at_least is not None:
        check_authorization(headers)
        session = await run_in_threadpool(host.authenticate, headers.authorization, headers.address)
        await await_revisions(host, session.account, headers.at_least)


async def _read_body(request: Request, headers: AskHeaders) -> bytes | None:
    """Which body was sent? None when it is too long.

    WHY: a body that is not much too long is read to its end and thrown away, because a connection that is closed
    over unread bytes takes the answer with it. A client that asks before it sends is told at once.
    """
    announced = _announced(headers)
    if announced > MAX_DISCARDED_BYTES or (announced > MAX_BODY_BYTES and headers.expect is not None):
        return None
    body = bytearray()
    read = 0
    try:
        async for chunk in request.stream():
            read += len(chunk)
            if read <= MAX_BODY_BYTES:
                body += chunk
            elif read > MAX_DISCARDED_BYTES:
                break
    except ClientDisconnect:
        return b""
    return bytes(body) if read <= MAX_BODY_BYTES else None


def _announced(headers: AskHeaders) -> int:
    """How long does the request say its body is? 0 when it does not say."""
    length = headers.content_length or b""
    return int(length) if length.isdigit() and len(length) < 20 else 0


def _sent_target(scope: Scope) -> str:
    """Which path and query were sent, undecoded, without what a proxy's root path adds?"""
    path = bytes(scope["raw_path"]).decode("latin-1").removeprefix(scope.get("root_path", ""))
    query = bytes(scope["query_string"]).decode("latin-1")
    return f"{path}?{query}" if query else path


def _metadata(host: Asked) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        account = request.path_params.get("account")
        try:
            if account is not None:
                parse_name(account, "account", "account name")
        except Invalid:
            return problem_of(NotFound("there is nothing at this address"))
        body = metadata(host.public_url, account)
        return respond(
            (200, [(b"content-type", b"application/json"), (b"cache-control", b"max-age=300")], body)
        )

    return endpoint
