"""Serving: where to listen, the ready file, and stopping, in a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from tests.unit.service.accounts import install

from bailiwick.api.serve import address_of, bind, make_server, parse_listen, write_atomically
from bailiwick.errors import Invalid, Unavailable
from bailiwick.service.initial import initialise

PROGRAM = """
import sys
import threading
from pathlib import Path
from bailiwick.api.serve import serve
from bailiwick.service.host import open_host
from bailiwick.service.settings import Settings
host = open_host(Path(sys.argv[1]), Settings("https://iam.acme.example"))
try:
    serve(host, "127.0.0.1:0", Path(sys.argv[2]))
finally:
    host.close()
"""
START_SECONDS = 30


@pytest.mark.parametrize(
    ("listen", "expected"),
    [("127.0.0.1:8470", ("127.0.0.1", 8470)), ("[::1]:0", ("::1", 0)), ("localhost:1", ("localhost", 1))],
)
def test_an_address_to_listen_at_is_host_and_port(listen: str, expected: tuple[str, int]) -> None:
    """IPv6 addresses stand in brackets."""
    assert parse_listen(listen) == expected


@pytest.mark.parametrize(
    "listen", ["", "8470", ":8470", "host:", "host:http", "host:65536", "host:-1", "host:٣"]
)
def test_what_is_no_address_is_refused_in_words(listen: str) -> None:
    """There is no default for a half-set option."""
    with pytest.raises(Invalid) as caught:
        parse_listen(listen)
    assert caught.value.findings[0].message == f"expected HOST:PORT, got `{listen}`"


def test_port_zero_is_a_free_one_and_a_taken_one_is_refused() -> None:
    """The address says which; a second server at it does not start."""
    bound, address = bind("127.0.0.1:0")
    with bound:
        assert address_of(bound) == f"http://{address}"
        with pytest.raises(Unavailable) as caught:
            bind(address)
    assert caught.value.message == f"cannot listen at `{address}`: Address already in use"


def test_a_file_is_never_seen_half_written(tmp_path: Path) -> None:
    """It is replaced as a whole, and nothing is left beside it."""
    path = tmp_path / "ready"
    write_atomically(path, "one\n")
    write_atomically(path, "two\n")
    assert path.read_text(encoding="utf-8") == "two\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_process_serves_from_its_ready_file_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """The ready file holds one line once it answers; after SIGTERM it is gone, and so is the process."""
    ready = tmp_path / "ready"
    ready.write_text("stale\n", encoding="utf-8")
    initialise(tmp_path / "data", "acme", "owner@acme.example", tmp_path / "key")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "data"), str(ready)], stderr=subprocess.PIPE
    )
    with process:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists() or ready.read_text(encoding="utf-8") == "stale\n":
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        text = ready.read_text(encoding="utf-8")
        assert text.count("\n") == 1
        with urllib.request.urlopen(f"{text.strip()}/healthz", timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(START_SECONDS) in (0, -signal.SIGTERM)
    assert not ready.exists()
    with (
        pytest.raises(OSError),
        socket.create_connection(("127.0.0.1", int(text.strip().rsplit(":", 1)[1])), 5),
    ):
        pass


def test_the_ready_file_waits_for_a_server_that_is_ready(tmp_path: Path) -> None:
    """It is not there while the server answers and says that it starts."""
    host, words = install().host, iter([False, False, True])
    path, seen = tmp_path / "ready", []

    def is_ready() -> bool:
        seen.append(path.exists())
        return next(words)

    bound, _ = bind("127.0.0.1:0")
    with bound:
        server = make_server(host, bound, path)
        server._is_ready = is_ready
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not path.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server.should_exit = True
        thread.join()
    assert seen == [False, False, False]
