"""The HTTP fast path: AuthZEN questions answered in the server's protocol, before any framework.

A subclass of uvicorn 0.54's httptools protocol. What it does not take as its own goes to the framework as if it had
never looked, so that the framework's routes give the same bytes. It must not decide anything itself.
It also reads the bodies of requests that offer an upgrade nobody wants (`Upgrade: h2c`), which the parser cuts off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

import httptools
from uvicorn.middleware.proxy_headers import _TrustedHosts
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from bailiwick.api.authzen import JSON_HEADERS, Answering, answer_evaluation, answer_evaluations
from bailiwick.api.authzen_bodies import MAX_BODY_BYTES
from bailiwick.api.authzen_requests import (
    EVALUATION_PATH,
    EVALUATIONS_PATH,
    AskHeaders,
    collect_headers,
    is_identity,
    is_json,
    parse_target,
)
from bailiwick.api.problems import RETRY_SECONDS, Headers, WireAnswer, problem_answer
from bailiwick.api.requests.ids import ID_HEADER, id_of_headers, is_sampled, make_id
from bailiwick.api.serving import Serving
from bailiwick.errors import BailiwickError
from bailiwick.service.asking import Asked
from bailiwick.service.carrying import Carried, carrying
from bailiwick.service.holding.accounts import NotHeld

if TYPE_CHECKING:
    from bailiwick.api.requests.traces import Traces

MAX_TARGET_BYTES = 512
MAX_HEAD_BYTES = 65_536
HEAD_SECONDS = 30.0
_JSON_AND_ID = b"content-type: application/json\r\nx-request-id: %b\r\n"


class Way(Enum):
    """Who takes the request that is being read? AGAIN: nobody yet, it is read again without its upgrade."""

    FRAMEWORK = "framework"
    FAST = "fast"
    AGAIN = "again"
    NOBODY = "nobody"


def fast_path_protocol(
    host: Asked,
    answer: Answering | None = None,
    *,
    proxies: Sequence[str] = (),
    most_connections: int | None = None,
    traces: Traces | None = None,
    serving: Serving | None = None,
) -> type[HttpToolsProtocol]:
    """Which protocol class, for uvicorn's `http`, answers questions to this host, behind these proxies?

    `answer` replaces the answering function, which is what a measurement against a constant answer does.
    """
    pair = (answer or answer_evaluation, answer or answer_evaluations)
    trusted = _TrustedHosts(list(proxies)) if proxies else None
    return type(
        "FastPathProtocol",
        (FastPath,),
        {
            "host": host,
            "answering": pair,
            "proxies": trusted,
            "most_connections": most_connections,
            "traces": traces,
            "serving": serving or Serving(),
        },
    )


@lru_cache(maxsize=1024)
def find_target(url: bytes) -> tuple[str, bool] | None:
    """Is this exactly the address of one question (or, True, of several), without options?"""
    if b"?" in url or b"%" in url:
        return None
    try:
        text = url.decode("ascii")
        return text, parse_target(text).several
    except (UnicodeDecodeError, BailiwickError):
        return None


class FastPath(HttpToolsProtocol):
    """One connection. `host` and what answers one question and several belong to the class that the factory makes."""

    host: ClassVar[Asked]
    proxies: ClassVar[_TrustedHosts | None] = None
    answering: ClassVar[tuple[Answering, Answering]]
    most_connections: ClassVar[int | None] = None
    traces: ClassVar[Traces | None] = None
    serving: ClassVar[Serving]
    _defaults: ClassVar[tuple[list[tuple[bytes, bytes]] | None, bytes]] = (None, b"")

    _way = Way.NOBODY
    _in_head = False
    _several = False
    _target = ""
    _asked = AskHeaders()
    _body: bytes | bytearray = b""
    _stopping = False
    _in_message = False
    _chunk = 0
    _fed = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connects: a first request is expected soon."""
        super().connection_made(transport)
        if self.most_connections is not None and len(self.connections) > self.most_connections:
            self._refuse_connection()
        else:
            self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """What came in? SECURITY: a head that does not end is not kept for long, nor beyond its limit."""
        self._unset_keepalive_if_required()
        self._chunk = len(data)
        if self._in_head:
            self._fed += len(data)
        self._read(data)
        if self._in_head and (self._fed > MAX_HEAD_BYTES or self._head_size() > MAX_HEAD_BYTES):
            self._refuse_long_head()
        # WHY not always: this is on the way of every question, and after most nothing is expected.
        idle = not self._in_message and self.timeout_keep_alive_task is None
        if self._in_head or idle or self._head_timer is not None:
            self._watch_head()

    def _read(self, data: bytes) -> None:
        """Reads on after an upgrade that is not taken, as if it had not been offered."""
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserError as error:
                self._refuse_broken_request(error)
            except httptools.HttpParserUpgrade as upgrade:
                if self._way is Way.AGAIN:
                    data = self._head_without_upgrade() + data[upgrade.args[0] :]
                    self.parser = self._new_parser()
                    continue
                if self._way is Way.FRAMEWORK:
                    self._leave_http()
            return

    def on_message_begin(self) -> None:
        """A request begins. What only the framework needs is made when it gets the request."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._in_head = self._in_message = True
        self._fed = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, its name in lower case.

        SECURITY: what follows a chunked body is no header; taken for one it could add a credential.
        """
        if self._in_head:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Whose request is it? One that follows a last answer is nobody's."""
        self._in_head = False
        if self.transport.is_closing():
            self._way = Way.NOBODY
        elif self._fed + self._chunk > MAX_HEAD_BYTES and self._head_size() > MAX_HEAD_BYTES:
            self._refuse_long_head()
        elif self._offers_unwanted_upgrade():
            self._way = Way.AGAIN
        elif self._is_fast():
            self._way = Way.FAST
            self._body = b""
        else:
            self._hand_over()

    def on_body(self, body: bytes) -> None:
        """A part of the body. One that grows too long is the framework's to refuse."""
        if self._way is Way.FRAMEWORK:
            super().on_body(body)
        elif self._way is Way.FAST:
            if isinstance(self._body, bytearray):
                self._body += body
            else:
                self._body = bytearray(self._body + body) if self._body else body
            if len(self._body) > MAX_BODY_BYTES:
                read, self._body = self._body, b""
                self._hand_over()
                super().on_body(bytes(read))

    def on_message_complete(self) -> None:
        """The request is read: answer it."""
        self._in_message = False
        if self._way is Way.FRAMEWORK:
            super().on_message_complete()
        elif self._way is Way.FAST:
            body, self._body = self._body, b""
            self._way = Way.NOBODY
            try:
                self._write(*self._answered(bytes(body)))
            except NotHeld:
                # WHY: whoever has to wait for the store does so in a thread, and nobody else with it.
                self._hand_over()
                super().on_body(bytes(body))
                super().on_message_complete()

    def _answered(self, body: bytes) -> WireAnswer:
        """What is answered? Raises NotHeld."""
        answer = self.answering[self._several]
        if self.traces is not None and is_sampled(self._asked.traceparent):
            return self._traced(self.traces, answer, body)
        return answer(self.host, self._target, self._asked, body)

    def _traced(self, traces: Traces, answer: Answering, body: bytes) -> WireAnswer:
        """What is answered to a question whose sender keeps a trace of it?"""
        with traces.request(self._asked.traceparent) as span:
            said = answer(self.host, self._target, self._asked, body)
            path = EVALUATIONS_PATH if self._several else EVALUATION_PATH
            named = "/accounts/{account}" if self._target.startswith("/accounts/") else ""
            traces.name(span, "POST", named + path, said[0])
        return said

    def shutdown(self) -> None:
        """The server stops: a request that is being read is still answered."""
        if self._way is Way.FAST or self._in_head:
            self._stopping = True
        else:
            super().shutdown()

    def _is_fast(self) -> bool:
        """Is it a question that can be answered here, now, in its turn?"""
        if len(self.url) > MAX_TARGET_BYTES or self.parser.get_method() != b"POST":
            return False
        found = find_target(self.url)
        if found is None or not self._is_next():
            return False
        asked = collect_headers(self.headers, self._address())
        if (
            asked.repeated_authorization
            or asked.expect is not None
            or asked.at_least is not None
            or not is_json(asked.content_type)
            or not is_identity(asked.content_encoding)
            or (asked.content_length is not None and int(asked.content_length) > MAX_BODY_BYTES)
        ):
            return False
        self._target, self._several = found
        self._asked = asked
        return True

    def _address(self) -> str:
        """From which address does the request come?

        SECURITY: the connection's, but for what a proxy that the settings name says; exactly as the framework reads it.
        """
        peer = self.client[0] if self.client else ""
        if self.proxies is None or peer not in self.proxies:
            return peer
        said = [value for name, value in self.headers if name == b"x-forwarded-for"]
        if not said:
            return peer
        return self.proxies.get_trusted_client_address(b", ".join(said).decode("latin1"))[0] or peer

    def _is_next(self) -> bool:
        """Has everything before it been answered, is the client reading, and is there room?"""
        if (self.cycle is not None and not self.cycle.response_complete) or self.flow.write_paused:
            return False
        limit = self.limit_concurrency
        return limit is None or (len(self.connections) < limit and len(self.tasks) < limit)

    def _hand_over(self) -> None:
        """Give the request to the framework, from its first byte."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self._way = Way.FRAMEWORK
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()
        if (self._stopping or self.serving.is_draining) and self.cycle is not None:
            self.cycle.keep_alive = False

    def _offers_unwanted_upgrade(self) -> bool:
        """Would the parser cut the body off for an upgrade that is not taken?"""
        return (
            self.parser.should_upgrade()
            and self.parser.get_method() != b"CONNECT"
            and not self._should_upgrade()
        )

    def _head_without_upgrade(self) -> bytes:
        """Which bytes say the head of the request again, without the offer to upgrade?"""
        version = self.parser.get_http_version().encode()
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version]
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.split(b",")]
                lines += [
                    b"connection: " + token for token in tokens if token.lower() not in (b"", b"upgrade")
                ]
            elif name != b"upgrade":
                lines.append(name + b": " + value)
        return b"\r\n".join((*lines, b"", b""))

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def _leave_http(self) -> None:
        """The client speaks another protocol from here on: a web socket, or none of ours."""
        if self._should_upgrade():
            self.handle_websocket_upgrade()
        elif self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        else:
            self.transport.close()

    def _refuse_broken_request(self, error: httptools.HttpParserError) -> None:
        """The bytes are no HTTP, or a callback failed: nothing after them can be told apart."""
        if error.__context__ is not None and not isinstance(error.__context__, httptools.HttpParserError):
            self.logger.error("a request could not be read", exc_info=error)
        message = "Invalid HTTP request received."
        self.logger.warning(message)
        if not self.transport.is_closing():
            self.send_400_response(message)

    def _head_size(self) -> int:
        """How long is the head, as far as it is read?"""
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _refuse_long_head(self) -> None:
        """Answer that the head is too long, and read no further."""
        self._way = Way.NOBODY
        message = f"expected a request line and headers of at most {MAX_HEAD_BYTES} bytes, got longer ones"
        self._write_last(431, "head_too_large", "Request line and headers too large", message)

    def _refuse_connection(self) -> None:
        """There are as many connections as are let in: say so at once, whatever would be asked, and close."""
        self.headers = []
        self.host.counters.refused_connections += 1
        message = f"this server has {self.most_connections} connections, which is its limit"
        self._write_last(503, "too_many_connections", "Too many connections", message)

    def _watch_head(self) -> None:
        """Is a head expected that has not arrived? Then it has some time."""
        answering = self.cycle is not None and not self.cycle.response_complete
        waits = self._in_head or not (self._in_message or answering or self.timeout_keep_alive_task)
        if not waits or self.transport.is_closing():
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        """The time is over: say so to whoever has begun a request. While an answer is outstanding it goes on."""
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._watch_head()
        elif self._in_head:
            self._way = Way.NOBODY
            message = f"expected the request line and headers within {HEAD_SECONDS:.0f} seconds"
            self._write_last(408, "head_too_late", "Request too slow", message)
        else:
            self.transport.close()

    def _write_last(self, status: int, code: str, title: str, message: str) -> None:
        """Send an answer to what could not be read, and close the connection."""
        if self.transport.is_closing():
            return
        request_id = id_of_headers(self.headers)
        with carrying(Carried(request_id.decode("ascii"))):
            _, headers, content = problem_answer(status, code, title, message)
        headers.append((ID_HEADER, request_id))
        if status == 503:
            headers.append((b"retry-after", RETRY_SECONDS))
        head = b"%b%b%bcontent-length: %d\r\nconnection: close\r\n\r\n"
        lines = (STATUS_LINE[status], self._default_lines(), _lines(headers), len(content))
        self.transport.write(head % lines + content)
        self.transport.close()

    def _write(self, status: int, headers: Headers, content: bytes) -> None:
        """Send the answer, and keep the connection or not, as uvicorn does."""
        keep_alive = not (self._stopping or self.serving.is_draining) and self._keeps_alive()
        if self.access_log:
            self._log_access(status)
        said = _JSON_AND_ID % make_id() if headers is JSON_HEADERS else _lines(headers)
        self.transport.write(
            b"%b%b%bcontent-length: %d\r\n%b\r\n%b"
            % (
                STATUS_LINE[status],
                self._default_lines(),
                said,
                len(content),
                b"" if keep_alive else b"connection: close\r\n",
                content,
            )
        )
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _keeps_alive(self) -> bool:
        return self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"

    def _default_lines(self) -> bytes:
        """Which headers does every answer have (date, server)? The server makes a new list of them each second."""
        headers = self.server_state.default_headers
        known, lines = FastPath._defaults
        if known is not headers:
            lines = _lines(headers)
            FastPath._defaults = (headers, lines)
        return lines

    def _log_access(self, status: int) -> None:
        client = f"{self.client[0]}:{self.client[1]}" if self.client else ""
        self.access_logger.info(
            '%s - "%s %s HTTP/%s" %d',
            client,
            "POST",
            quote(self._target),
            self.parser.get_http_version(),
            status,
        )


def _lines(headers: Headers) -> bytes:
    return b"".join(name + b": " + value + b"\r\n" for name, value in headers)
