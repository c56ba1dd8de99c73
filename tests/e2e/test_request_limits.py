"""Limits over real connections: of requests on the fast path and behind it, of connections, of requests at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.e2e.processes import run
from tests.e2e.server import Client
from tests.e2e.server import RunningServer as WholeServer
from tests.unit.api.asked_world import MemoryHost, question
from tests.unit.api.http_servers import Reply, RunningServer, read_replies, request

from bailiwick.api.authzen_requests import EVALUATIONS_PATH
from bailiwick.service.rates import Rate, Rates

HOUR = Rate(1, 5)
SEVERAL = question() | {"evaluations": [{}] * 300}


def is_refused(reply: Reply, whose: str = "credential") -> bool:
    """Was it refused for the rate? Then in every detail."""
    if reply.status != 429:
        return False
    problem = reply.json()
    assert problem["code"] == "too_many_requests"
    assert problem["detail"] == f"more requests than this server takes of one {whose}"
    assert problem["request_id"] == reply.header("x-request-id")
    assert int(reply.header("retry-after") or 0) >= 1
    return True


@pytest.mark.parametrize("fast", [True, False])
def test_a_credential_has_its_rate_on_both_paths(fast: bool) -> None:
    """The burst is answered, what follows is refused; another credential is answered all the same."""
    with RunningServer(MemoryHost(rate=HOUR), fast=fast) as server:
        replies = [server.talk(request())[0] for _ in range(9)]
        assert [one.status for one in replies[:5]] == [200] * 5
        assert any(is_refused(one) for one in replies[5:])
        assert server.talk(request(principal="user:alice"))[0].status == 200
        assert server.app.requests == (0 if fast else 10)


@pytest.mark.parametrize("fast", [True, False])
def test_a_batch_counts_as_many_as_it_has_questions(fast: bool) -> None:
    """It is answered whole; who sent it waits for as long as its questions take."""
    with RunningServer(MemoryHost(rate=HOUR), fast=fast) as server:
        [several] = server.talk(request(EVALUATIONS_PATH, SEVERAL))
        assert len(several.json()["evaluations"]) == 300
        [reply] = server.talk(request())
        assert is_refused(reply)
        assert 290 <= int(reply.header("retry-after") or 0) <= 300


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("principal", [None, "wrong"])
def test_an_address_without_a_credential_that_holds_has_its_rate(fast: bool, principal: str | None) -> None:
    """Guessing is held up; whoever has a credential, at the same address, is not."""
    with RunningServer(MemoryHost(rate=HOUR), fast=fast) as server:
        replies = [server.talk(request(principal=principal))[0] for _ in range(9)]
        assert [one.status for one in replies[:5]] == [401] * 5
        assert any(is_refused(one, "address") for one in replies[5:])
        assert server.talk(request())[0].status == 200


def test_a_connection_too_many_is_told_and_closed() -> None:
    """It hears 503 and when to try again; those that are open go on, and one that closes makes room."""
    host = MemoryHost()
    with RunningServer(host, most_connections=2) as server:
        first, second = server.connect(), server.connect()
        with first, second:
            for one in (first, second):
                one.sendall(request(close=False))
                assert read_replies(one, 1)[0].status == 200
            with server.connect() as third:
                [told] = read_replies(third)
            assert (told.status, told.header("retry-after"), told.header("connection")) == (503, "1", "close")
            assert host.counters.refused_connections == 1
            assert told.json()["code"] == "too_many_connections"
            first.sendall(request(close=False))
            assert read_replies(first, 1)[0].status == 200
        deadline = time.monotonic() + 10
        while (reply := server.talk(request())[0]).status != 200:
            assert reply.status in (0, 503)
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_request_too_many_is_told_at_once() -> None:
    """What the framework has no room for waits in no queue; the fast path and what runs go on."""
    slow = request("/slow", b"", method="GET", close=False)
    with RunningServer(MemoryHost(), most_requests=1) as server:
        first, second = server.connect(), server.connect()
        with first, second:
            statuses: set[int] = set()
            deadline = time.monotonic() + 10
            while statuses != {200, 503} and time.monotonic() < deadline:
                first.sendall(slow)
                second.sendall(slow)
                replies = [read_replies(one, 1)[0] for one in (first, second)]
                statuses = {one.status for one in replies}
            [told] = [one for one in replies if one.status == 503]
            assert told.json()["code"] == "unavailable"
            assert told.header("retry-after") == "1"
        assert server.talk(slow.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))[0].status == 200


def test_every_surface_says_it_in_its_own_form(tmp_path: Path) -> None:
    """Administration, pages, SCIM, tokens and registries: 429, and when to try again; probes are answered."""
    with WholeServer(tmp_path) as server:
        owner = server.owner()
        server.host.rates._credentials = Rates(HOUR)._credentials
        server.host.rates._addresses = Rates(HOUR)._addresses
        stranger = Client(server.address)
        for client, path in (
            (owner, "/v1/accounts/acme/users"),
            (owner, "/scim/v2/Users"),
            (stranger, "/console/sign-in"),
            (stranger, "/identity/token"),
            (stranger, "/.well-known/authzen-configuration"),
        ):
            replies = [client.send("GET", path) for _ in range(9)]
            refused = [one for one in replies if one.status == 429]
            assert refused, path
            assert int(refused[0].headers["retry-after"]) >= 1
        assert {stranger.send("GET", "/healthz").status for _ in range(20)} == {200}
        stranger.close()


def test_a_rate_that_is_none_is_refused() -> None:
    """A half-set limit refuses to start."""
    refused = run("serve", "--data", "/nowhere", "--listen", "127.0.0.1:0", "--requests-per-second", "many")
    assert refused.code == 2
    assert "expected N or N:BURST, got `many`" in refused.err
