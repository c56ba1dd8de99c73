"""Around the whole application: every request gets its id, its line in the log, and an answer when something broke.

What it says of a request is what the route table says: never the path as it was sent, a query, a header or a body.
The fast path answers before the framework and is not seen here; its decisions have no lines.
"""

from __future__ import annotations

import logging
from time import perf_counter
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bailiwick.api.metrics.requests import RequestNumbers
from bailiwick.api.problems import internal_problem, problem_of
from bailiwick.api.requests.ids import ID_HEADER, id_of_headers, parent_of
from bailiwick.errors import BailiwickError, Unavailable
from bailiwick.service.carrying import Carried, carrying
from bailiwick.service.rates import Rates

if TYPE_CHECKING:
    from bailiwick.api.requests.traces import Traces

NO_ROUTE = "none"
MOST_REQUESTS = 1000
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})

_logger = logging.getLogger("bailiwick.requests")


class RequestEvents:
    """The application, with ids and lines."""

    def __init__(
        self,
        app: ASGIApp,
        rates: Rates | None = None,
        most_requests: int = MOST_REQUESTS,
        traces: Traces | None = None,
        numbers: RequestNumbers | None = None,
    ) -> None:
        self.app = app
        self._rates = rates or Rates()
        self._most = most_requests
        self._numbers = numbers or RequestNumbers()
        self._traces = traces
        routes = getattr(app, "routes", ())
        self._templates = {one.endpoint: one.path for one in routes if isinstance(one, Route)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request out, and say that it was."""
        if scope["type"] != "http":
            await self.app(scope, receive, self._ending(send))
            return
        with carrying(Carried(id_of_headers(scope["headers"]).decode("ascii"))) as request:
            if self._traces is None or scope["path"] in PROBES:
                await self._carry_out(request, scope, receive, send)
                return
            with self._traces.request(parent_of(scope["headers"])) as span:
                status = await self._carry_out(request, scope, receive, send)
                self._traces.name(span, scope["method"], self.route_of(scope), status)

    def _ending(self, send: Send) -> Send:
        """WHY here: after the server has heard that the application has ended, nothing is certain to run."""

        async def say(message: Message) -> None:
            if message["type"] == "lifespan.shutdown.complete" and self._traces is not None:
                await run_in_threadpool(self._traces.stop)
            await send(message)

        return say

    async def _carry_out(self, request: Carried, scope: Scope, receive: Receive, send: Send) -> int:
        """With which status was it answered? 0: not at all."""
        begun, status = perf_counter(), 0

        async def say(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _identify(message, request.id.encode("ascii"))
            await send(message)

        self._numbers.running += 1
        try:
            self._let_in(scope)
            await self.app(scope, receive, say)
        except BailiwickError as refused:
            if not status:
                await problem_of(refused)(scope, receive, say)
        except Exception:
            # WHY no raise: the server would write the same exception a second time, and without the id.
            _logger.exception(
                "a request could not be answered", extra={"said": {"route": self.route_of(scope)}}
            )
            if not status:
                await internal_problem()(scope, receive, say)
        finally:
            self._numbers.running -= 1
            route, seconds = self.route_of(scope), perf_counter() - begun
            self._numbers.add(scope["method"], route, status, seconds)
            _say(scope["method"], route, status, seconds)
        return status

    def _let_in(self, scope: Scope) -> None:
        """Is there room, and has the address not sent too many? Raises Unavailable, TooManyRequests."""
        if scope["path"] in PROBES:
            return
        if self._numbers.running > self._most:
            self._numbers.refused += 1
            raise Unavailable(
                f"{self._most} requests are being carried out, which is the limit", "try again in a second"
            )
        names = {name for name, _ in scope["headers"]}
        if b"authorization" not in names and b"cookie" not in names:
            client = scope.get("client")
            self._rates.charge_address(client[0] if client else "")

    def route_of(self, scope: Scope) -> str:
        """Under which template of the route tables is it answered?"""
        known = getattr(scope.get("route"), "path", None)
        return str(known or self._templates.get(scope.get("endpoint", self.app), NO_ROUTE))


def _identify(message: Message, request_id: bytes) -> None:
    """Put the id into the answer's headers, unless it is there."""
    headers = message["headers"] = list(message.get("headers", ()))
    if not any(name.lower() == ID_HEADER for name, _ in headers):
        headers.append((ID_HEADER, request_id))


def _say(method: str, route: str, status: int, seconds: float) -> None:
    said: dict[str, Any] = {
        "method": method,
        "route": route,
        "status": status,
        "milliseconds": round(seconds * 1000, 3),
    }
    level = logging.DEBUG if route in PROBES and status < 500 else logging.INFO
    _logger.log(level, "request", extra={"said": said})
