"""Fetching from providers: only from where they may be, and nothing endless, packed, moved or unreadable."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import ClassVar

import pytest

from bailiwick.errors import Unavailable
from bailiwick.service.federation import fetching
from bailiwick.service.federation.fetching import MOST_BYTES, Fetcher


class _Answers(BaseHTTPRequestHandler):
    """What is at each path; and what was asked."""

    asked: ClassVar[list[tuple[str, str, str, str]]] = []
    bodies: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {
        "/good": (200, {}, b'{"a": 1}'),
        "/doubled": (200, {}, b'{"a": 1, "a": 2}'),
        "/list": (200, {}, b"[]"),
        "/html": (200, {}, b"<html>"),
        "/huge": (200, {}, b'{"a": "' + b"x" * MOST_BYTES + b'"}'),
        "/moved": (302, {"location": "/good"}, b""),
        "/packed": (200, {"content-encoding": "gzip"}, b'{"a": 1}'),
        "/denied": (401, {}, b'{"error": "no"}'),
    }

    def do_GET(self) -> None:
        """Answer a question."""
        self._answer("")

    def do_POST(self) -> None:
        """Answer a form."""
        self._answer(self.rfile.read(int(self.headers["content-length"])).decode())

    def _answer(self, body: str) -> None:
        self.asked.append((self.path, self.headers["host"], self.headers.get("authorization", ""), body))
        status, headers, data = self.bodies[self.path.partition("?")[0]]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where these answers are."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


HERE = Fetcher(("127.0.0.0/8",))


def test_an_answer_is_read(address: str) -> None:
    """With a bearer token, with a form and a client's secret, from the host as it is called."""
    assert HERE.get(f"{address}/good?x=1", bearer="t").body == {"a": 1}
    assert _Answers.asked[-1] == ("/good?x=1", address.removeprefix("http://"), "Bearer t", "")
    assert HERE.post(f"{address}/denied", {"code": "c d"}, basic=("u", "p")).status == 401
    assert _Answers.asked[-1][2:] == ("Basic dTpw", "code=c+d")


@pytest.mark.parametrize("path", ["/doubled", "/list", "/html", "/huge", "/moved", "/packed"])
def test_what_is_no_plain_short_object_is_refused(address: str, path: str) -> None:
    """And nobody is sent elsewhere."""
    before = len(_Answers.asked)
    with pytest.raises(Unavailable):
        HERE.get(f"{address}{path}")
    assert len(_Answers.asked) == before + 1


def test_what_takes_too_long_is_given_up(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little comes at a time."""
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", -1.0)
    with pytest.raises(Unavailable):
        HERE.get(f"{address}/good")


def test_headers_that_never_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that sends one more now and then keeps no place for itself. The last of them would make it whole."""
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with listening.accept()[0] as peer, contextlib.suppress(OSError):
                peer.recv(65_536)
                peer.sendall(b"HTTP/1.1 200 OK\r\n")
                for _ in range(40):
                    peer.sendall(b"x: y\r\n")
                    threading.Event().wait(0.05)
                peer.sendall(b"content-length: 2\r\n\r\n{}")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(Unavailable):
            HERE.get(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        thread.join()


def test_not_all_threads_wait_for_providers(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would be one too many is told to come again; and a place is free again afterwards."""
    monkeypatch.setattr(fetching, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(fetching, "_AT_ONCE", BoundedSemaphore(1))
    assert HERE.get(f"{address}/good").status == 200
    with fetching._AT_ONCE, pytest.raises(Unavailable, match="too many at once"):
        HERE.get(f"{address}/good")
    assert HERE.get(f"{address}/good").status == 200


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://sso.example/",
        "https://u:p@127.0.0.1/",
        "gopher://127.0.0.1/",
        "",
        "https://[::1",
        "x",
    ],
)
def test_only_addresses_of_providers_are_asked(url: str) -> None:
    """https, or http at a literal loopback address."""
    with pytest.raises(Unavailable):
        HERE.get(url)


def test_nobody_answers_at_a_closed_port() -> None:
    """And that is said in our own words."""
    with pytest.raises(Unavailable, match="the identity provider does not answer"):
        HERE.get("http://127.0.0.1:1/x")


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
        "64:ff9b::a00:1", "2002:a00:1::", "::10.0.0.1", "fec0::1", "ff02::1", "192.0.2.1", "x",
    ],
)  # fmt: skip
def test_neighbours_are_asked_only_where_the_installation_says_so(text: str) -> None:
    """Loopback, private, link-local (the cloud's metadata), shared, multicast, and what stands for such elsewhere."""
    assert not Fetcher().allows(text)


def test_the_internet_and_what_was_allowed_may_be_asked() -> None:
    """By address and by network, also written as IPv6."""
    assert all(Fetcher().allows(one) for one in ("93.184.216.34", "2606:2800:220:1::1"))
    inside = Fetcher(("10.1.0.0/16", "fd00::/8"))
    assert all(inside.allows(one) for one in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::7"))
    assert not inside.allows("10.2.0.1")


def test_a_name_is_asked_only_where_all_its_addresses_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """One good address beside a neighbour's is not enough; and the connection goes to what was looked at."""
    looked: list[str] = []

    def found(*addresses: str) -> None:
        def look(name: str, port: int, **_: object) -> list[object]:
            looked.append(name)
            return [(0, 0, 0, "", (one, port)) for one in addresses]

        monkeypatch.setattr(fetching, "getaddrinfo", look)

    found("93.184.216.34", "10.0.0.1")
    with pytest.raises(Unavailable, match="does not ask"):
        Fetcher().get("https://sso.example/x")
    found("93.184.216.34")
    target = Fetcher()._settle("https://sso.example:444/x?y=1")
    assert (target.url, target.host, target.name) == (
        "https://93.184.216.34:444/x?y=1",
        "sso.example:444",
        "sso.example",
    )
    assert looked == ["sso.example", "sso.example"]
