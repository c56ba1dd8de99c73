"""Stopping a real server: who asks sees no failed request, what is begun is finished, a second signal ends it."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.e2e.processes import ServerProcess, token_of

from bailiwick.api.stopping import STOP_SECONDS

DRAIN = 2.0
QUESTION = {
    "subject": {"type": "user", "id": "owner"},
    "action": {"name": "iam.user.read"},
    "resource": {"type": "iam/user", "id": "brn:acme:iam:::user/owner"},
}


@dataclass
class Asker:
    """A client that keeps asking on one connection, and makes another where an answer ends it."""

    address: str
    token: str
    path: str = "/access/v1/evaluation"
    answers: list[tuple[float, int, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def ask_until(self, stop: threading.Event) -> None:
        """Ask again and again; whatever goes wrong is kept."""
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
        while not stop.is_set():
            try:
                self._ask(connection)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{time.monotonic()}: {error!r}")
                connection.close()
            time.sleep(0.005)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        begun = time.monotonic()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if self.path.startswith("/access"):
            connection.request("POST", self.path, json.dumps(QUESTION), headers)
        else:
            connection.request("GET", self.path, headers=headers)
        reply = connection.getresponse()
        reply.read()
        self.answers.append((begun, reply.status, reply.getheader("connection", "")))


@contextmanager
def asking(*askers: Asker) -> Iterator[threading.Event]:
    """They ask until the event is set, or the block ends."""
    stop = threading.Event()
    threads = [threading.Thread(target=one.ask_until, args=(stop,)) for one in askers]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def wait_until_not_ready(address: str) -> http.client.HTTPResponse:
    """Ask as a proxy does, a new connection each time, until it says that it is not ready."""
    parts = urlsplit(address)
    while True:
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
        connection.request("GET", "/readyz")
        reply = connection.getresponse()
        if reply.status != 200:
            return reply
        reply.read()
        connection.close()
        time.sleep(0.02)


def test_who_asks_through_a_drain_sees_no_failed_request(tmp_path: Path) -> None:
    """Clients on the fast path and off it are answered until they have moved on; it ends well, and not before."""
    with ServerProcess(tmp_path, options=("--drain-seconds", str(DRAIN))) as server:
        token = token_of(server.address, server.key)
        askers = [Asker(server.address, token), Asker(server.address, token, "/v1/whoami")]
        with asking(*askers) as stop:
            time.sleep(0.5)
            told = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            reply = wait_until_not_ready(server.address)
            assert time.monotonic() - told < 0.5
            assert reply.status == 503
            assert json.loads(reply.read()) == {"status": "draining"}
            assert int(reply.getheader("retry-after", "0")) >= 1
            assert reply.getheader("connection") == "close"
            # WHY: what a proxy needs to notice, and clients whose connection was ended to come back.
            time.sleep(DRAIN / 2)
            stop.set()
        assert server.process.wait(20) == 0
        assert DRAIN <= time.monotonic() - told < DRAIN + 3
        for asker in askers:
            assert asker.failures == []
            assert {status for _, status, _ in asker.answers} == {200}
            before = [said for begun, _, said in asker.answers if begun < told - 0.05]
            after = [said for begun, _, said in asker.answers if begun > told + 0.05]
            assert len(before) > 5
            assert set(before) == {""}
            assert len(after) > 5
            assert set(after) == {"close"}


def half_sent(server: ServerProcess, body: bytes, sent: int | None = None) -> tuple[socket.socket, bytes]:
    """A connection on which half of a request to apply documents was sent, or so many bytes; and what is left."""
    parts = urlsplit(server.address)
    connection = socket.create_connection((str(parts.hostname), int(parts.port or 0)), 30)
    head = (
        "POST /v1/accounts/acme/apply HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token_of(server.address, server.key)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    whole, until = head.encode() + body, sent or len(head) + len(body) // 2
    connection.sendall(whole[:until])
    time.sleep(0.3)
    return connection, whole[until:]


@pytest.mark.parametrize("sent", [None, 20])
def test_a_request_that_is_under_way_is_finished(tmp_path: Path, sent: int | None) -> None:
    """Without any drain, too: what was begun before the signal, in its head or its body, is carried out and kept."""
    body = json.dumps({"documents": [{"kind": "Group", "name": "late"}]}).encode()
    with ServerProcess(tmp_path, options=("--drain-seconds", "0")) as server:
        connection, rest = half_sent(server, body, sent)
        with connection:
            server.process.send_signal(signal.SIGTERM)
            time.sleep(1.5)
            assert server.process.poll() is None, "it waits for what is under way"
            connection.sendall(rest)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200"), answer
        assert b"connection: close" in answer.lower()
        assert server.process.wait(20) == 0
    with ServerProcess(tmp_path, options=("--drain-seconds", "0")) as server:
        assert server.owner().get("groups", "late").status == 200


def test_what_never_ends_is_broken_off(tmp_path: Path) -> None:
    """Who sends half a request and then nothing does not keep a server from ending."""
    with (
        ServerProcess(tmp_path, options=("--drain-seconds", "0")) as server,
        half_sent(server, b"x" * 1000)[0] as connection,
    ):
        told = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(STOP_SECONDS + 10) == 0
        assert time.monotonic() - told < STOP_SECONDS + 3
        assert connection.recv(1) in (b"", b"H")


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Whatever is waited for, and however long it was to drain."""
    with (
        ServerProcess(tmp_path, options=("--drain-seconds", "600")) as server,
        half_sent(server, b"x" * 1000)[0],
    ):
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.process.poll() is None
        told = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 128 + signal.SIGTERM
        assert time.monotonic() - told < 2


def test_somebody_at_a_terminal_does_not_wait(tmp_path: Path) -> None:
    """Ctrl-C finishes what is under way, and drains nothing."""
    with ServerProcess(tmp_path, options=("--drain-seconds", "600")) as server:
        told = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        server.process.wait(10)
        assert time.monotonic() - told < 5
