"""The proxy breaks connections as it says: what is tested with it would else be tested with nothing."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.faults.proxy import Proxy


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """Send back what comes, after the server's own letter."""
        letter = str(self.request.getsockname()[1]).encode()
        while data := self.request.recv(100):
            self.request.sendall(letter + b":" + data)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection was reset, as the test wants it."""


@contextmanager
def echoing() -> Iterator[tuple[str, int]]:
    """A server that sends back what it gets, and its address."""
    with _Server(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield "127.0.0.1", server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def target() -> Iterator[tuple[str, int]]:
    """One server."""
    with echoing() as address:
        yield address


@pytest.fixture
def proxy(target: tuple[str, int]) -> Iterator[Proxy]:
    """A proxy before the server."""
    with Proxy(target) as made:
        yield made


@contextmanager
def connected(proxy: Proxy) -> Iterator[socket.socket]:
    """A connection through the proxy that waits half a second at most."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=0.5) as made:
        yield made


def asked(connection: socket.socket, text: bytes = b"hello") -> bytes:
    """What comes back?"""
    connection.sendall(text)
    return connection.recv(100)


def test_it_carries_both_ways(proxy: Proxy, target: tuple[str, int]) -> None:
    """What is sent comes back from the server."""
    with connected(proxy) as one:
        assert asked(one) == f"{target[1]}:hello".encode()


def test_cut_resets_what_is_open_and_what_is_new(proxy: Proxy) -> None:
    """A reset is an error at once, not the end of the stream; after healing, new connections are carried."""
    with connected(proxy) as one:
        asked(one)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            asked(one)
    with pytest.raises(ConnectionError), connected(proxy) as one:
        assert asked(one)
    proxy.heal()
    with connected(proxy) as one:
        assert asked(one)


def test_silence_says_nothing_until_it_heals(proxy: Proxy, target: tuple[str, int]) -> None:
    """Neither an open nor a new connection gets an answer; after healing, the open one goes on."""
    with connected(proxy) as one, connected(proxy) as other:
        asked(one)
        proxy.silence()
        for each in (one, other):
            with pytest.raises(TimeoutError):
                asked(each)
        proxy.heal()
        assert one.recv(100) == other.recv(100) == f"{target[1]}:hello".encode()


def test_slow_is_late_both_ways(proxy: Proxy) -> None:
    """An answer takes the way there and back."""
    with connected(proxy) as one:
        asked(one)
        proxy.slow(0.1)
        begun = time.monotonic()
        assert asked(one)
        assert time.monotonic() - begun >= 0.2


def test_switch_leads_to_another_server(proxy: Proxy) -> None:
    """What is open is reset, what is new goes there."""
    with echoing() as other:
        with connected(proxy) as one:
            asked(one)
            proxy.switch(other)
            with pytest.raises(ConnectionResetError):
                asked(one)
        with connected(proxy) as one:
            assert asked(one) == f"{other[1]}:hello".encode()
