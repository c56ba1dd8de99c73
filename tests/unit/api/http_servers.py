"""Real servers on free ports, with and without the fast path, and a client that sends bytes as they are.

The application behind them has the AuthZEN routes and a few of its own; it counts the requests that reach it.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.unit.api.asked_world import MemoryHost, question

from bailiwick.api.authzen import Answering
from bailiwick.api.authzen_requests import EVALUATION_PATH
from bailiwick.api.authzen_routes import authzen_routes
from bailiwick.api.fastpath import fast_path_protocol
from bailiwick.api.requests.events import RequestEvents

START_SECONDS = 10
READ_SECONDS = 20
LOOPBACK = "127.0.0.1"
# Ids that were made differ at each request; in what is compared one stands for all.
_MADE = re.compile(r"\b[0-9a-f]{32}\b")
_SOME = "0" * 32


class CountedApp:
    """Counts what reaches the framework."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += scope["type"] == "http"
        await self.app(scope, receive, send)


def make_app(host: MemoryHost, most_requests: int) -> CountedApp:
    """An application with the AuthZEN routes, a slow route and one that tells what it got."""

    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.05)
        return PlainTextResponse("slow")

    async def tell(request: Request) -> Response:
        body = await request.body()
        return Response(json.dumps({"body": body.decode(), "headers": request.headers.keys()}))

    routes = [*authzen_routes(host), Route("/slow", slow), Route("/tell", tell, methods=["POST"])]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return CountedApp(RequestEvents(app, host.rates, most_requests))


class RunningServer:
    """One uvicorn server in a thread. `fast` chooses the protocol, `answer` replaces what the fast one answers."""

    def __init__(
        self,
        host: MemoryHost,
        *,
        fast: bool = True,
        answer: Answering | None = None,
        most_connections: int | None = None,
        most_requests: int = 1000,
        **options: Any,
    ) -> None:
        self.app = make_app(host, most_requests)
        self.socket = socket.socket()
        self.socket.bind((LOOPBACK, 0))
        self.port: int = self.socket.getsockname()[1]
        chosen: dict[str, Any] = {"log_level": "critical", "access_log": False} | options
        protocol = (
            fast_path_protocol(host, answer, most_connections=most_connections) if fast else "httptools"
        )
        config = uvicorn.Config(self.app, http=protocol, loop="uvloop", lifespan="off", **chosen)
        self.server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.server.run, args=([self.socket],), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self.server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.server.started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.should_exit = True
        self._thread.join(START_SECONDS)
        self.socket.close()

    def connect(self) -> socket.socket:
        """A new connection."""
        made = socket.create_connection((LOOPBACK, self.port), READ_SECONDS)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def talk(self, *pieces: bytes, pause: float = 0.0) -> list[Reply]:
        """What is answered on one connection to these pieces, until the server closes it?"""
        with self.connect() as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    if pause:
                        time.sleep(pause)
                return read_replies(connection)
            except ConnectionResetError:
                return [Reply(0, (), b"reset")]


@dataclass(frozen=True, slots=True)
class Reply:
    """One response; its headers without the date, sorted, with one id for all that the server made."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=())
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of this header."""
        return dict(self.headers).get(name)

    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


def read_replies(connection: socket.socket, most: int | None = None) -> list[Reply]:
    """Which responses arrive: all until the end, or this many?"""
    replies: list[Reply] = []
    data = b""
    while most is None or len(replies) < most:
        reply, rest = split_reply(data)
        if reply is not None:
            replies.append(reply)
            data = rest
            continue
        chunk = connection.recv(65536)
        if not chunk:
            assert data == b"", data
            break
        data += chunk
    return replies


def split_reply(data: bytes) -> tuple[Reply | None, bytes]:
    """Which response begins these bytes, and what follows it?"""
    head, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        return None, data
    first, *lines = head.decode("latin-1").split("\r\n")
    status = int(first.split(" ")[1])
    pairs = [line.split(": ", 1) for line in lines]
    headers = tuple(
        sorted((name, _MADE.sub(_SOME, value)) for name, value in pairs if name.lower() != "date")
    )
    length = int(dict(headers).get("content-length", "0"))
    if len(rest) < length:
        return None, data
    body = _MADE.sub(_SOME, rest[:length].decode("latin-1")).encode("latin-1")
    return Reply(status, headers, body), rest[length:]


def request(
    path: str = EVALUATION_PATH,
    body: object = None,
    *,
    method: str = "POST",
    principal: str | None = "service-id:gateway",
    headers: Iterable[str] = (),
    close: bool = True,
    version: str = "1.1",
    content_type: str | None = "application/json",
    length: bool = True,
) -> bytes:
    """The bytes of one request; `body` is JSON, or bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(question() if body is None else body).encode()
    lines = [f"{method} {path} HTTP/{version}", "Host: evil.example"]
    lines += [f"Authorization: Bearer {principal}"] if principal is not None else []
    lines += [f"Content-Type: {content_type}"] if content_type is not None else []
    lines += [f"Content-Length: {len(content)}"] if length else []
    lines += ["Connection: close"] if close else []
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + content


def chunked(path: str, pieces: Iterable[bytes], *, trailer: str = "", close: bool = True) -> bytes:
    """The bytes of one request whose body comes in chunks."""
    head = request(path, b"", headers=["Transfer-Encoding: chunked"], close=close, length=False)
    parts = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return head + parts + b"0\r\n" + trailer.encode() + b"\r\n"
