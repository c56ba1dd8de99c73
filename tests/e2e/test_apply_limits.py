"""What an apply may cost: long bodies are read only of those who may change something, and answers stay short."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
from tests.e2e.server import Client, RunningServer

from bailiwick.api import bodies
from bailiwick.api.problems import MOST_FINDINGS
from bailiwick.catalog import sources
from bailiwick.errors import Invalid
from bailiwick.service import applying
from bailiwick.service.applying import Source, parse_wanted

LONG = 64 << 20
NEVER_SENT = f"content-length: {LONG}"
CHUNKED = "transfer-encoding: chunked"


def begin(server: RunningServer, client: Client, length: str) -> bytes:
    """What is answered to an apply whose body never comes?"""
    address = urlsplit(server.address)
    head = (
        "POST /v1/accounts/acme/apply HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {client.token}\r\nconnection: close\r\n{length}\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=1) as connection:
        connection.sendall(head.encode())
        try:
            return connection.recv(65_536)
        except TimeoutError:
            return b""


@pytest.mark.parametrize("length", [NEVER_SENT, CHUNKED])
def test_a_long_body_of_somebody_who_changes_nothing_is_not_read(
    server: RunningServer, owner: Client, length: str
) -> None:
    """It is refused before it comes; whoever may change anything at all is waited for."""
    owner.apply({"kind": "User", "name": "bob"})
    owner.apply(
        {"kind": "User", "name": "alice"},
        {"kind": "Group", "name": "dev"},
        {
            "kind": "Policy",
            "name": "alice",
            "subjects": ["user:alice"],
            "roles": ["Editor"],
            "scope": {"service": "iam", "type": "group", "id": "dev"},
        },
    )
    refused = begin(server, server.client("user:bob"), length)
    assert refused.startswith(b"HTTP/1.1 403 ")
    assert b"`user:bob` holds no action that changes anything" in refused
    assert begin(server, server.client("user:alice"), length) == b""
    assert begin(server, owner, length) == b""


def test_a_short_body_is_judged_by_what_it_holds(server: RunningServer, owner: Client) -> None:
    """Whoever may change nothing is told of what is wrong with a short body."""
    owner.apply({"kind": "User", "name": "bob"})
    assert server.client("user:bob").apply({"kind": "Nothing"}).status == 400


def test_an_answer_shows_a_hundred_findings_and_their_number(owner: Client) -> None:
    """Thousands of mistakes make no answer of megabytes."""
    reply = owner.apply(*({"kind": "Nothing", "name": f"n{n}"} for n in range(250)))
    assert reply.status == 400
    assert (len(reply.json["errors"]), reply.json["error_count"]) == (MOST_FINDINGS, 250)
    few = owner.apply({"kind": "Nothing", "name": "n"})
    assert "error_count" not in few.json


def test_documents_have_a_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one text, of several, and of JSON."""
    monkeypatch.setattr(applying, "MAX_DOCUMENTS", 3)
    monkeypatch.setattr(sources, "MAX_DOCUMENTS", 3)
    users = [{"kind": "User", "name": f"u{n}"} for n in range(4)]
    texts = [f"kind: User\nname: u{n}\n" for n in range(4)]
    assert len(parse_wanted("acme", (), users[:3]).edits) == 3
    assert len(parse_wanted("acme", [Source("a", "---\n".join(texts[:3]))]).edits) == 3
    for given, documents in (
        ([], users),
        ([Source("a", text) for text in texts], []),
        ([Source("a", "---\n".join(texts))], []),
        ([Source("a", texts[0])], users[1:]),
    ):
        with pytest.raises(Invalid, match="3 documents"):
            parse_wanted("acme", given, documents)


def test_one_document_has_a_most_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of brackets is not read to its end."""
    monkeypatch.setattr(sources, "MAX_NODES", 10)
    with pytest.raises(Invalid, match="document has more than 10 values"):
        sources.parse_documents("a: [" + "[], " * 11 + "]")
    assert sources.parse_documents("a: [[], [], []]")


def test_json_has_a_most_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are counted before they are made; what stands in text is none."""
    monkeypatch.setattr(bodies, "MAX_VALUES", 10)
    with pytest.raises(Invalid, match="expected at most 10 values, got more"):
        bodies.parse_json(b"[" + b"[]," * 10 + b"[]]")
    assert bodies.parse_json(b'{"a": "' + b"[,{" * 20 + b'\\",,", "b": [1, 2]}')
