"""What the HTTP asker sends and reads, against a listener that only records."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from tests.golden.asker import HttpAsker

from bailiwick.model.requests import ResourceQuery

ANSWER = {
    "decision": False,
    "context": {"reason": "no_matching_policy", "explanation": {"deciding": ["a", "b"]}},
}


class Recorder(HTTPServer):
    """Answers every request alike and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.sent: list[tuple[str, str | None, Any]] = []

    @property
    def url(self) -> str:
        """Where does it listen?"""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One recorded request."""

    def do_POST(self) -> None:
        """What is answered?"""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(self.server, Recorder)
        self.server.sent.append((self.path, self.headers["Authorization"], body))
        answer = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A listener on a free port."""
    with Recorder() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_question_is_sent_as_an_authzen_evaluation(recorder: Recorder) -> None:
    """The resource goes by its full name, what is described as properties, what is unsaid not at all."""
    query = ResourceQuery(
        "cloud",
        (("server", "s 1"),),
        region="us-east",
        owner="user:erik",
        groups=("group:qa",),
        properties={"size": 3},
    )
    asker = HttpAsker(recorder.url, "secret", "acme")
    assert asker.ask("user:erik", "server.Image", query, {"mfa": True}) == (False, "no_matching_policy")
    assert recorder.sent == [
        (
            "/accounts/acme/access/v1/evaluation",
            "Bearer secret",
            {
                "subject": {"type": "user", "id": "erik"},
                "action": {"name": "server.Image"},
                "resource": {
                    "type": "cloud/server",
                    "id": "brn:acme:cloud:us-east::server/s%201",
                    "properties": {"size": 3, "owner": "user:erik", "groups": ["group:qa"]},
                },
                "context": {"mfa": True},
            },
        )
    ]


def test_an_unknown_id_and_no_context_are_sent_as_such(recorder: Recorder) -> None:
    """A resource name holds no unknown id, so one stands for it."""
    asker = HttpAsker(recorder.url, "secret", "acme")
    asker.ask("anonymous", "item.drop", ResourceQuery("s", (("box", "b"), ("item", None))), {})
    [(_, _, body)] = recorder.sent
    assert body == {
        "subject": {"type": "anonymous", "id": "anonymous"},
        "action": {"name": "item.drop"},
        "resource": {"type": "s/item", "id": "brn:acme:s:::box/b/item/unsaid", "properties": {}},
    }


def test_an_explanation_is_asked_for_by_the_address(recorder: Recorder) -> None:
    """The same question with `explain` gives the names of the policies that decide."""
    query = ResourceQuery("s", (("item", "i"),))
    assert HttpAsker(recorder.url, "secret", "acme").explain("user:erik", "item.drop", query, {}) == (
        "a",
        "b",
    )
    [(path, _, body)] = recorder.sent
    assert path == "/accounts/acme/access/v1/evaluation?explain=true"
    assert body["action"] == {"name": "item.drop"}


def test_documents_are_applied_to_the_account(recorder: Recorder) -> None:
    """Each document gets the account's name."""
    HttpAsker(recorder.url, "secret", "acme").apply([{"kind": "User", "name": "erik"}])
    [(path, _, body)] = recorder.sent
    assert path == "/v1/accounts/acme/apply"
    assert body == {"documents": [{"account": "acme", "kind": "User", "name": "erik"}]}
