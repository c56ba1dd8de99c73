"""The fast path over real connections: it answers byte for byte what the framework answers, however it is asked."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.api.asked_world import MemoryHost, entity, question
from tests.unit.api.http_servers import (
    Reply,
    RunningServer,
    chunked,
    read_replies,
    request,
)

from bailiwick.api.authzen_bodies import MAX_BODY_BYTES
from bailiwick.api.authzen_requests import EVALUATION_PATH, EVALUATIONS_PATH
from bailiwick.api.problems import WireAnswer
from bailiwick.service.holding.accounts import NotHeld
from bailiwick.service.snapshots import Snapshot

HOST = MemoryHost()
SEVERAL = question() | {"evaluations": [{}, {"action": {"name": "write"}}, {"subject": 7}, {}]}
BODY = json.dumps(question()).encode()


@pytest.fixture(scope="module")
def fast() -> Iterator[RunningServer]:
    """A server with the fast path."""
    with RunningServer(HOST) as server:
        yield server


@pytest.fixture(scope="module")
def plain() -> Iterator[RunningServer]:
    """The same application without it."""
    with RunningServer(HOST, fast=False) as server:
        yield server


def both(fast: RunningServer, plain: RunningServer, *pieces: bytes) -> list[Reply]:
    """What do both answer? Asserts that it is the same."""
    answered = fast.talk(*pieces)
    assert answered == plain.talk(*pieces)
    return answered


FAST_REQUESTS = {
    "allowed": request(),
    "denied": request(body=question("bob", "write")),
    "until tomorrow": request(body=question("carol")),
    "prerequisite": request(body=question("carol", "delete")),
    "unknown principal": request(body=question("mallory")),
    "unknown type": request(body=question(resource=entity("starship", "x"))),
    "ambiguous": request(body=question(resource=entity("page", "index"))),
    "not allowed to ask": request(principal="service-id:nobody"),
    "no credential": request(principal=None),
    "wrong credential": request(principal="wrong"),
    "no credential, broken body": request(body=b"{", principal=None),
    "empty body": request(body=b""),
    "no body at all": request(body=b"", length=False),
    "broken JSON": request(body=b'{"subject":'),
    "not UTF-8": request(body=b'{"x":"\xff"}'),
    "a list": request(body=b"[]"),
    "missing subject": request(body={"action": {"name": "read"}}),
    "wrong type": request(body=question() | {"action": 3}),
    "deep": request(body=b'{"x":' + b"[" * 50 + b"]" * 50 + b"}"),
    "several services": request(body=question(resource=entity("folder", "one"))),
    "several questions": request(EVALUATIONS_PATH, SEVERAL),
    "several, first denial": request(
        EVALUATIONS_PATH, SEVERAL | {"options": {"evaluations_semantic": "deny_on_first_deny"}}
    ),
    "several, wrong semantic": request(
        EVALUATIONS_PATH, SEVERAL | {"options": {"evaluations_semantic": "x"}}
    ),
    "no questions": request(EVALUATIONS_PATH),
    "too many questions": request(EVALUATIONS_PATH, question() | {"evaluations": [{}] * 1001}),
    "own account": request("/accounts/acme" + EVALUATION_PATH),
    "other account": request("/accounts/other" + EVALUATION_PATH),
    "several of own account": request("/accounts/acme" + EVALUATIONS_PATH, SEVERAL),
    "request id": request(headers=["X-Request-ID: r-1"]),
    "request id of an error": request(body=b"", headers=["X-Request-ID: r-1"]),
    "unsafe request id": request(headers=["X-Request-ID: a b"]),
    "two request ids": request(headers=["X-Request-ID: a", "X-Request-ID: b"]),
    "JSON with parameters": request(content_type="Application/json; charset=utf-8"),
    "identity": request(headers=["Content-Encoding: identity"]),
    "HTTP/1.0": request(version="1.0", close=False),
    "HTTP/1.0, kept alive": request(version="1.0", close=False, headers=["Connection: keep-alive"]),
    "chunked": chunked(EVALUATION_PATH, [BODY]),
    "chunked by bytes": chunked(EVALUATION_PATH, [bytes([byte]) for byte in BODY]),
    "chunked, empty": chunked(EVALUATION_PATH, []),
    "largest body": request(body=BODY + b" " * (MAX_BODY_BYTES - len(BODY))),
}
FRAMEWORK_REQUESTS = {
    "with reasons": request(EVALUATION_PATH + "?explain=true", question("alice"), principal="user:alice"),
    "without reasons": request(EVALUATION_PATH + "?explain=false"),
    "wrong option": request(EVALUATION_PATH + "?explain=maybe"),
    "empty query": request(EVALUATION_PATH + "?"),
    "escaped account": request("/accounts/acm%65" + EVALUATION_PATH),
    "escaped slash": request("/accounts/a%2Fb" + EVALUATION_PATH),
    "escaped path": request("/%61ccess/v1/evaluation"),
    "doubled slash": request("/" + EVALUATION_PATH),
    "trailing slash": request(EVALUATION_PATH + "/"),
    "absolute address": request("http://evil.example" + EVALUATION_PATH),
    "get": request(method="GET", body=b""),
    "put": request(method="PUT"),
    "wrong content type": request(content_type="text/plain"),
    "no content type": request(content_type=None),
    "two content types": request(headers=["Content-Type: application/json"]),
    "compressed": request(headers=["Content-Encoding: gzip"]),
    "two credentials": request(headers=["Authorization: Bearer user:alice"]),
    "too long": request(body=BODY + b" " * MAX_BODY_BYTES),
    "very long address": request(EVALUATION_PATH + "?" + "x" * 4000),
    "metadata": request("/.well-known/authzen-configuration", b"", method="GET"),
    "metadata of an account": request(
        "/.well-known/authzen-configuration/accounts/m%C3%BCller", b"", method="GET"
    ),
    "metadata of nothing": request("/.well-known/authzen-configuration/accounts/%00", b"", method="GET"),
    "nothing": request("/nowhere"),
    "slow": request("/slow", b"", method="GET"),
}


@pytest.mark.parametrize("sent", FAST_REQUESTS.values(), ids=FAST_REQUESTS.keys())
def test_the_fast_path_answers_like_the_framework(
    fast: RunningServer, plain: RunningServer, sent: bytes
) -> None:
    """Status, headers and body are equal, and the framework of the fast server never saw the request."""
    before = fast.app.requests
    [reply] = both(fast, plain, sent)
    assert reply.status in (200, 400, 401, 403)
    assert fast.app.requests == before


@pytest.mark.parametrize("sent", FRAMEWORK_REQUESTS.values(), ids=FRAMEWORK_REQUESTS.keys())
def test_everything_else_goes_to_the_framework(
    fast: RunningServer, plain: RunningServer, sent: bytes
) -> None:
    """What the fast path does not take, the framework answers as if there were none."""
    before = fast.app.requests
    [reply] = both(fast, plain, sent)
    assert reply.status not in (0, 500)
    assert fast.app.requests == before + 1


def test_the_answers_are_what_they_should_be(fast: RunningServer) -> None:
    """Both being equal is not enough: these are the statuses."""
    statuses = {
        name: fast.talk(sent)[0].status for name, sent in (FAST_REQUESTS | FRAMEWORK_REQUESTS).items()
    }
    expected = {
        400: [
            "empty body", "no body at all", "broken JSON", "not UTF-8", "a list", "missing subject", "wrong type",
            "deep", "several services", "request id of an error", "several, wrong semantic",
            "too many questions", "chunked, empty", "wrong option", "wrong content type", "no content type",
            "two content types", "two credentials",
        ],
        401: ["no credential", "wrong credential", "no credential, broken body"],
        403: ["not allowed to ask", "other account"],
        404: [
            "escaped slash", "escaped path", "doubled slash", "trailing slash", "metadata of nothing", "nothing",
            "very long address",
        ],
        405: ["get", "put"],
        413: ["too long"],
        415: ["compressed"],
    }  # fmt: skip
    assert {name: status for name, status in statuses.items() if status != 200} == {
        name: status for status, names in expected.items() for name in names
    }


def test_metadata_comes_from_the_configuration(fast: RunningServer) -> None:
    """No address in it is the one of the `Host` header."""
    [reply] = fast.talk(FRAMEWORK_REQUESTS["metadata"])
    assert reply.json() == {
        "policy_decision_point": "https://iam.acme.example",
        "access_evaluation_endpoint": "https://iam.acme.example/access/v1/evaluation",
        "access_evaluations_endpoint": "https://iam.acme.example/access/v1/evaluations",
        "search_subject_endpoint": "https://iam.acme.example/access/v1/search/subject",
        "search_resource_endpoint": "https://iam.acme.example/access/v1/search/resource",
        "search_action_endpoint": "https://iam.acme.example/access/v1/search/action",
    }
    [reply] = fast.talk(FRAMEWORK_REQUESTS["metadata of an account"])
    assert reply.json()["policy_decision_point"] == "https://iam.acme.example/accounts/m%C3%BCller"


def test_a_request_may_come_in_any_two_pieces(fast: RunningServer, plain: RunningServer) -> None:
    """Cut at every byte, one request on one connection gets the one answer."""
    sent = request(headers=["X-Request-ID: r-1"], close=False)
    [expected] = plain.talk(request(headers=["X-Request-ID: r-1"]))
    before = fast.app.requests
    with fast.connect() as connection:
        for cut in range(1, len(sent)):
            connection.sendall(sent[:cut])
            time.sleep(0.0005)
            connection.sendall(sent[cut:])
            [reply] = read_replies(connection, 1)
            assert (reply.status, reply.body) == (200, expected.body)
    assert fast.app.requests == before


def test_a_chunked_request_may_come_byte_by_byte(fast: RunningServer, plain: RunningServer) -> None:
    """Heads, sizes and bodies may be cut anywhere."""
    sent = chunked(EVALUATION_PATH, [BODY[:10], BODY[10:]])
    pieces = [sent[index : index + 1] for index in range(len(sent))]
    assert [reply.status for reply in both(fast, plain, *pieces)] == [200]


def test_pipelined_requests_are_answered_in_their_order(fast: RunningServer, plain: RunningServer) -> None:
    """Fast and slow ones mixed in one piece come back in the order of the requests."""
    wants = [
        request(body=question("bob", "write"), close=False),
        request("/slow", b"", method="GET", close=False),
        request(close=False),
        request(EVALUATIONS_PATH, SEVERAL, close=False),
        request("/slow", b"", method="GET", close=False),
        chunked(EVALUATION_PATH, [BODY], close=False),
        request(body=question("mallory")),
    ]
    answered = both(fast, plain, b"".join(wants))
    assert [reply.body for reply in answered] == [
        plain.talk(one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))[0].body for one in wants
    ]
    assert both(fast, plain, *wants) == answered


def test_many_pipelined_requests_are_all_answered(fast: RunningServer) -> None:
    """None of a thousand is lost or answered twice, and each has its own answer."""
    wants = [request(headers=[f"X-Request-ID: {number}"], close=number == 999) for number in range(1000)]
    replies = fast.talk(b"".join(wants))
    assert [reply.header("x-request-id") for reply in replies] == [str(number) for number in range(1000)]


def test_nothing_is_answered_after_the_last_answer(fast: RunningServer) -> None:
    """A request that follows one with `Connection: close` is not answered and does not reach the framework."""
    before = fast.app.requests
    replies = fast.talk(request() + request("/tell", b"x") + request(close=False))
    assert [reply.status for reply in replies] == [200]
    assert replies[0].header("connection") == "close"
    assert fast.app.requests == before


def test_nothing_is_answered_after_an_answer_to_an_old_client(fast: RunningServer) -> None:
    """HTTP/1.0 connections end with their first answer, even where the client asks to keep them."""
    before = fast.app.requests
    old = request(version="1.0", close=False, headers=["Connection: keep-alive"])
    offering = request("/tell", b"x", headers=UPGRADES[0])
    replies = fast.talk(old + request("/tell", b"x") + offering)
    assert [reply.status for reply in replies] == [200]
    assert fast.app.requests == before


def test_a_client_that_expects_to_be_asked_is_asked(fast: RunningServer, plain: RunningServer) -> None:
    """`Expect: 100-continue` gets its interim answer, then the answer."""
    head, _, body = request(headers=["Expect: 100-continue"]).partition(b"\r\n\r\n")
    for server in (fast, plain):
        with server.connect() as connection:
            connection.sendall(head + b"\r\n\r\n")
            [interim] = read_replies(connection, 1)
            assert interim.status == 100
            connection.sendall(body)
            assert [reply.status for reply in read_replies(connection)] == [200]


def test_a_body_that_grows_too_long_is_refused_while_it_comes(
    fast: RunningServer, plain: RunningServer
) -> None:
    """Chunks without end get 413 before their end is sent; a client that asks before it sends gets it at once."""
    start = chunked(EVALUATION_PATH, [b" " * 65_536] * 257).removesuffix(b"0\r\n\r\n")
    asking = request(headers=["Expect: 100-continue"], body=b" " * (MAX_BODY_BYTES + 1)).partition(
        b"\r\n\r\n"
    )[0]
    for server in (fast, plain):
        for sent in (start, asking + b"\r\n\r\n"):
            with server.connect() as connection:
                connection.sendall(sent)
                [reply] = read_replies(connection, 1)
                assert (reply.status, reply.json()["code"]) == (413, "body_too_large")


def test_a_trailer_is_no_header(fast: RunningServer) -> None:
    """What follows a chunked body adds no credential, neither on the fast path nor for the framework.

    (uvicorn's own protocol appends trailers to the headers.)
    """
    sent = chunked(EVALUATION_PATH, [BODY], trailer="Authorization: Bearer user:alice\r\n")
    assert [reply.status for reply in fast.talk(sent)] == [200]
    told = chunked("/tell", [b"x"], trailer="X-Added: 1\r\n")
    assert "x-added" not in fast.talk(told)[0].json()["headers"]


@pytest.mark.parametrize(
    "headers",
    [
        ["Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Connection: close"],
        ["Content-Length: 3"],
        ["Transfer-Encoding: xchunked"],
        ["Content-Length : 5"],
        ["X: a\rb"],
    ],
)
def test_a_request_of_unclear_length_is_refused(
    fast: RunningServer, plain: RunningServer, headers: list[str]
) -> None:
    """Two lengths, or a broken one, give 400 and the end of the connection; what follows is never read."""
    sent = request(headers=headers, close=False) + request("/tell", b"smuggled")
    before = fast.app.requests
    [reply] = both(fast, plain, sent)
    assert reply.status == 400
    assert fast.app.requests == before


UPGRADES = [
    ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"],
    ["Upgrade: h2c", "Connection: upgrade", "Connection: keep-alive"],
    ["Connection: keep-alive, Upgrade", "Upgrade: TLS/1.0, foo"],
]


@pytest.mark.parametrize("headers", UPGRADES)
@pytest.mark.parametrize("way", ["length", "chunks"])
def test_an_offer_to_upgrade_keeps_its_body(fast: RunningServer, headers: list[str], way: str) -> None:
    """`Upgrade: h2c`, which Java's HTTP client sends, changes nothing: bodies are read, further requests answered."""

    def offering(path: str, body: bytes) -> bytes:
        if way == "length":
            return request(path, body, headers=headers, close=False)
        more = chunked(path, [body[:5], body[5:]], close=False)
        return more.replace(b"\r\n\r\n", "\r\n".join(["", *headers, "", ""]).encode(), 1)

    before = fast.app.requests
    sent = (
        offering(EVALUATION_PATH, BODY)
        + offering("/tell", BODY)
        + offering(EVALUATION_PATH, BODY)
        + request()
    )
    replies = fast.talk(sent)
    assert [reply.status for reply in replies] == [200] * 4
    assert replies[0].body == replies[2].body == replies[3].body
    assert replies[1].json()["body"].encode() == BODY
    assert fast.app.requests - before in (1, 2, 3)
    assert fast.talk(*(sent[index : index + 1] for index in range(len(sent)))) == replies


def test_an_offer_to_upgrade_may_be_cut_anywhere(fast: RunningServer) -> None:
    """Head and body in two pieces, cut at every byte, give the one answer each time."""
    sent = request(headers=UPGRADES[0], close=False)
    with fast.connect() as connection:
        for cut in range(1, len(sent)):
            connection.sendall(sent[:cut])
            time.sleep(0.0005)
            connection.sendall(sent[cut:])
            [reply] = read_replies(connection, 1)
            assert (reply.status, reply.json()["decision"]) == (200, True)


def test_an_upgrade_hides_no_second_request(fast: RunningServer) -> None:
    """The body of a request that offers an upgrade is never read as a request of its own."""
    hidden = request("/tell", b"smuggled")
    before = fast.app.requests
    [first, last] = fast.talk(request(body=hidden, headers=UPGRADES[0], close=False) + request())
    assert (first.status, last.status) == (400, 200)
    assert fast.app.requests == before


def test_a_tunnel_is_refused(fast: RunningServer) -> None:
    """`CONNECT` opens nothing, and what follows it is not read."""
    before = fast.app.requests
    for address in (b"evil.example:443", b"/tell"):
        replies = fast.talk(b"CONNECT %b HTTP/1.1\r\nHost: x\r\n\r\n" % address + request("/tell", b"x"))
        assert [reply.status for reply in replies] in ([400], [405])
    assert fast.app.requests - before <= 1


WEB_SOCKET = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
]


def test_a_web_socket_is_left_to_the_server(fast: RunningServer, plain: RunningServer) -> None:
    """Where web sockets are served, offers of them go their way; nothing here takes one."""
    sent = request("/slow", b"", method="GET", headers=WEB_SOCKET, close=False)
    assert [reply.status for reply in both(fast, plain, sent)] == [403]


def test_a_web_socket_that_is_not_served_is_a_request() -> None:
    """Where web sockets are not served, an offer of one changes nothing."""
    with RunningServer(HOST, ws="none") as server:
        [first, second] = server.talk(request(headers=WEB_SOCKET, close=False) + request())
        assert (first.status, second.status) == (200, 200)


def test_a_failure_of_the_protocol_answers_nothing_it_should_not(caplog: pytest.LogCaptureFixture) -> None:
    """An exception outside the answering function ends the connection, is logged, and decides nothing."""

    def fail(*_: object) -> WireAnswer:
        raise RuntimeError("secret connection string")

    with RunningServer(HOST, answer=fail) as server:
        [reply] = server.talk(request(close=False) + request("/tell", b"x"))
    assert (reply.status, reply.header("connection")) == (400, "close")
    assert b"secret" not in reply.body
    assert server.app.requests == 0


class ColdHost(MemoryHost):
    """A host that holds nothing, so that the server's own thread would have to wait for it."""

    def snapshot(self, account: str) -> Snapshot:
        """What the account holds, to whoever may wait."""
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            raise NotHeld
        return super().snapshot(account)


def test_what_is_not_held_is_answered_in_a_thread(plain: RunningServer) -> None:
    """The same bytes, in their order, of one question and of several, whole and in pieces."""
    asked = [
        request(close=False),
        request("/slow", b"", method="GET", close=False),
        request(EVALUATIONS_PATH, SEVERAL, close=False),
        chunked("/accounts/acme" + EVALUATION_PATH, [BODY[:7], BODY[7:]], close=False),
        request(body=b"{", close=False),
        request(principal=None),
    ]
    with RunningServer(ColdHost()) as cold:
        answered = both(cold, plain, b"".join(asked))
        assert [reply.status for reply in answered] == [200, 200, 200, 200, 400, 401]
        assert cold.app.requests == len(asked)
        both(cold, plain, *(bytes([one]) for one in request()))


def test_a_silent_client_is_let_go() -> None:
    """After an answer the connection is kept for the set time, then closed."""
    with RunningServer(HOST, timeout_keep_alive=1) as server, server.connect() as connection:
        connection.sendall(request(close=False))
        [reply] = read_replies(connection, 1)
        assert reply.status == 200
        began = time.monotonic()
        assert connection.recv(1) == b""
        assert 0.5 < time.monotonic() - began < 5


def test_a_limit_of_connections_holds_for_questions() -> None:
    """Over the limit the answer is 503, as for everything else."""
    with RunningServer(HOST, limit_concurrency=2) as server:
        assert [reply.status for reply in server.talk(request())] == [200]
        with server.connect() as first:
            first.sendall(request(close=False))
            assert read_replies(first, 1)[0].status == 200
            assert [reply.status for reply in server.talk(request())] == [503]


def test_a_client_that_does_not_read_is_not_read_from(fast: RunningServer) -> None:
    """The server stops taking requests whose answers nobody fetches; once fetched, all are there."""
    batch = request(close=False) * 200
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.connect(("127.0.0.1", fast.port))
        connection.settimeout(0.5)
        sent = 0
        try:
            while sent < 64 * 1024 * 1024:
                sent += connection.send(batch[sent % len(batch) :])
        except TimeoutError:
            pass
        assert sent < 64 * 1024 * 1024
        connection.settimeout(20)
        whole = sent // (len(batch) // 200)
        answered, last = 0, b""
        while answered < whole:
            chunk = connection.recv(1 << 20)
            assert chunk
            answered += (last + chunk).count(b"HTTP/1.1 200 OK\r\n")
            last = chunk[-16:]
        assert answered == whole


def test_a_server_that_stops_answers_what_it_began_to_read() -> None:
    """A question whose body is still coming when the server stops is answered, and the connection closed."""
    sent = request(close=False)
    with RunningServer(HOST) as server, server.connect() as connection:
        connection.sendall(sent[:-20])
        time.sleep(0.2)
        server.server.should_exit = True
        time.sleep(0.5)
        connection.sendall(sent[-20:])
        [reply] = read_replies(connection)
        assert (reply.status, reply.header("connection")) == (200, "close")


def test_a_server_that_stops_refuses_what_grows_too_long() -> None:
    """A body that turns out too long while the server stops is refused, and the connection closed."""
    with RunningServer(HOST) as server, server.connect() as connection:
        connection.sendall(chunked(EVALUATION_PATH, [b" "]).removesuffix(b"0\r\n\r\n"))
        time.sleep(0.2)
        server.server.should_exit = True
        time.sleep(0.5)
        rest = chunked(EVALUATION_PATH, [b" " * 65_536] * 17).partition(b"\r\n\r\n")[2]
        connection.sendall(rest)
        [reply] = read_replies(connection)
        assert (reply.status, reply.header("connection")) == (413, "close")


def test_a_server_that_stops_lets_silent_clients_go() -> None:
    """A kept connection without a request ends when the server stops."""
    with RunningServer(HOST) as server, server.connect() as connection:
        connection.sendall(request(close=False))
        assert read_replies(connection, 1)[0].status == 200
        server.server.should_exit = True
        assert connection.recv(1) == b""


def test_a_question_is_logged_like_any_request(caplog: pytest.LogCaptureFixture) -> None:
    """The access log has the same line with and without the fast path."""
    lines = []
    for fast in (True, False):
        with RunningServer(HOST, fast=fast, log_level="info", access_log=True) as server:
            logger = logging.getLogger("uvicorn.access")
            logger.addHandler(caplog.handler)
            try:
                server.talk(request("/accounts/acme" + EVALUATION_PATH))
            finally:
                logger.removeHandler(caplog.handler)
        text = [one.getMessage() for one in caplog.records if one.name == "uvicorn.access"]
        lines.append([line.partition(" - ")[2] for line in text])
        caplog.clear()
    assert lines[0] == lines[1] == ['"POST /accounts/acme/access/v1/evaluation HTTP/1.1" 200']


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("subject", "action", "resource", "context", "evaluations", "options", "other")
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3).map(
    lambda part: json.dumps(question() | part).encode()
) | st.binary(max_size=40)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, several=st.booleans())
def test_any_body_is_answered_alike(
    fast: RunningServer, plain: RunningServer, body: bytes, several: bool
) -> None:
    """Fuzzed bodies get equal status, headers and bytes on both ways, and never an internal error."""
    [reply] = both(fast, plain, request(EVALUATIONS_PATH if several else EVALUATION_PATH, body))
    assert reply.status in (200, 400, 403)
