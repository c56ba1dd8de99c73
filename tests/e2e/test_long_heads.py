"""Heads that do not end: over real connections, a request line and headers have a longest length and a longest time."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from tests.unit.api.asked_world import MemoryHost
from tests.unit.api.http_servers import RunningServer, request

from bailiwick.api import fastpath
from bailiwick.api.fastpath import MAX_HEAD_BYTES

TELL = b"POST /tell HTTP/1.1\r\nhost: x\r\n"
END = b"content-length: 0\r\n\r\n"
LONG = {
    "one header": [TELL + b"x: " + b"a" * MAX_HEAD_BYTES + b"\r\n" + END],
    "many headers": [TELL + b"".join(b"x%d: y\r\n" % n for n in range(9000)) + END],
    "the address": [b"POST /" + b"a" * MAX_HEAD_BYTES + b" HTTP/1.1\r\nhost: x\r\n" + END],
    "in pieces": [TELL + b"x: ", *[b"a" * 4096] * 17],
    "headers in pieces": [TELL, *[b"x: " + b"a" * 4000 + b"\r\n"] * 17],
    "a question's": [request(headers=["X: " + "a" * MAX_HEAD_BYTES])],
}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server with the fast path."""
    with RunningServer(MemoryHost()) as running:
        yield running


def connect(server: RunningServer) -> socket.socket:
    """A connection that waits no longer than ten seconds."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def read_all(connection: socket.socket) -> bytes:
    """Everything that comes until the server closes."""
    read = b""
    try:
        while piece := connection.recv(65_536):
            read += piece
    except ConnectionResetError:
        pass
    return read


@pytest.mark.parametrize("pieces", LONG.values(), ids=LONG)
def test_a_head_that_is_too_long_is_refused(server: RunningServer, pieces: list[bytes]) -> None:
    """It is answered with 431, reaches nobody, and the connection is closed."""
    before = server.app.requests
    with connect(server) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.01)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"connection: close" in answer
    assert answer.count(b"HTTP/1.1") == 1
    assert server.app.requests == before


def test_a_long_head_within_the_limit_is_read(server: RunningServer) -> None:
    """Length alone refuses nothing, nor does what other requests on the connection were long."""
    head = TELL + b"x: " + b"a" * (MAX_HEAD_BYTES - 200) + b"\r\n"
    last = head + b"connection: close\r\n" + END
    answered = server.talk(head + END, head + b"content-length: 100000\r\n\r\n" + b"b" * 100_000 + last)
    assert [reply.status for reply in answered] == [200, 200, 200]


def test_a_head_that_comes_too_late_is_refused(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often a little more of it comes."""
    monkeypatch.setattr(fastpath, "HEAD_SECONDS", 0.3)
    with connect(server) as connection:
        connection.sendall(TELL)
        begun = time.monotonic()
        connection.settimeout(0.05)
        answer = b""
        while not answer and time.monotonic() - begun < 5:
            try:
                connection.sendall(b"x: y\r\n")
                answer = connection.recv(65_536)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_a_connection_that_asks_nothing_is_closed(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Who connects and asks nothing is let go, without an answer."""
    monkeypatch.setattr(fastpath, "HEAD_SECONDS", 0.3)
    with connect(server) as connection:
        connection.sendall(sent)
        assert read_all(connection) == b""


def test_a_slow_answer_and_a_slow_body_are_waited_for(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only heads have to hurry."""
    monkeypatch.setattr(fastpath, "HEAD_SECONDS", 0.02)
    assert [
        reply.status for reply in server.talk(b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    ] == [200]
    with connect(server) as connection:
        connection.sendall(TELL + b"connection: close\r\ncontent-length: 2\r\n\r\na")
        time.sleep(0.1)
        connection.sendall(b"b")
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")
