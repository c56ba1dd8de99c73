"""Many resources in one change over HTTP: what is read, what is refused, what is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.e2e.server import Client, Reply, RunningServer

VOLUME = "brn:acme:cloud:us-east::volume/v-1"
LINES = {"Content-Type": "application/jsonl"}


def lines(*documents: object) -> bytes:
    """These documents, one a line."""
    return "".join(json.dumps(one) + "\n" for one in documents).encode()


def sent(client: Client, body: bytes, headers: dict[str, str] | None = None, **more: Any) -> Reply:
    """Send this inventory."""
    return client.post("inventory", body=body, headers={**LINES, **(headers or {})}, **more)


def told(reply: Reply) -> list[tuple[int, str]]:
    """Which findings, by line?"""
    assert reply.status == 400, reply.text
    return [(one.get("line", 0), one["message"]) for one in reply.json["errors"]]


def test_one_request_is_one_transaction(server: RunningServer, owner: Client) -> None:
    """It answers what was created, changed, deleted and left, and at which revision that is."""
    owner.apply({"kind": "Project", "name": "dev"})
    before = server.host.snapshot("acme").revision
    reply = sent(owner, lines({"name": VOLUME, "project": "dev"}, {"name": VOLUME.replace("-1", "-2")}))
    assert (reply.status, {**reply.json, "revision": None}) == (
        200,
        {"created": 2, "changed": 0, "deleted": 0, "unchanged": 0, "dry_run": False, "revision": None},
    )
    assert server.host.snapshot("acme").revision == before + 1
    assert reply.json["revision"] == server.host.snapshot("acme").vector
    reply = sent(owner, lines({"remove": VOLUME}, {"name": VOLUME.replace("-1", "-2"), "tags": {"a": "b"}}))
    assert (reply.json["changed"], reply.json["deleted"]) == (1, 1)
    assert owner.get("resources", VOLUME).status == 404


def test_a_dry_run_writes_nothing(server: RunningServer, owner: Client) -> None:
    """It says what would be."""
    before = server.host.snapshot("acme").revision
    reply = sent(owner, lines({"name": VOLUME}), dry_run=True)
    assert (reply.json["created"], reply.json["dry_run"]) == (1, True)
    assert server.host.snapshot("acme").revision == before


def test_a_repeated_request_is_answered_again(server: RunningServer, owner: Client) -> None:
    """With a key of its own the answer is the first one's, and nothing is written twice."""
    key, body = {"Idempotency-Key": "load-1"}, lines({"name": VOLUME})
    first, second = sent(owner, body, key), sent(owner, body, key)
    assert first.json == second.json
    assert second.headers["idempotent-replayed"] == "true"
    assert sent(owner, lines({"name": VOLUME.replace("-1", "-2")}), key).status == 409


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        (b'{"name": "%s"}\n\n{"name": 1}' % VOLUME.encode(), [(3, "expected text, got `1`")]),
        (b"\xef\xbb\xbf{}", [(1, "line begins with a byte order mark")]),
        (b"\xff", [(1, "expected UTF-8, got something else at byte 0")]),
        (b'{"name": "' + b"x" * 65_536 + b'"}', [(1, "line is 65548 bytes long, expected at most 65536")]),
        (b'{"name": NaN}', [(1, "`NaN` is no JSON")]),
        (b"[]\n" * 300, [(number, "expected a JSON object, got something else") for number in range(1, 101)]),
        (b"{}\n" * 10_001, [(0, "expected at most 10000 lines, got 10001")]),
    ],
    ids=[
        "a wrong field",
        "a byte order mark",
        "no text",
        "a long line",
        "no number",
        "all wrong",
        "too many",
    ],
)
def test_what_cannot_be_read_is_told_by_its_line(
    server: RunningServer, owner: Client, body: bytes, findings: list[tuple[int, str]]
) -> None:
    """All of it at once, a hundred at most, and nothing is changed."""
    assert told(sent(owner, body)) == findings
    assert not server.host.snapshot("acme").account.resources


def test_other_types_are_refused(owner: Client) -> None:
    """YAML is for apply."""
    reply = sent(owner, lines({"name": VOLUME}), {"Content-Type": "application/yaml"})
    assert told(reply) == [
        (0, "expected content type `application/jsonl` or `application/x-ndjson` or `application/json`, "
            "got `application/yaml`"),
    ]  # fmt: skip


def test_a_longer_body_is_not_read(owner: Client) -> None:
    """More than 32 MiB are refused before anything is looked at."""
    assert sent(owner, b" " * ((32 << 20) + 1)).status == 413


def test_a_name_of_another_account_is_refused(server: RunningServer, owner: Client) -> None:
    """To register and to remove: nothing is authorized here and done there."""
    other = VOLUME.replace("acme", "globex")
    for line in ({"name": other}, {"remove": other}, {"name": VOLUME, "account": "globex"}):
        [(number, message)] = told(sent(owner, lines(line)))
        assert number == 1
        assert "`globex`, expected `acme`" in message
    assert not server.host.snapshot("acme").account.resources


def test_lists_are_filtered_and_cursors_keep_to_their_filter(owner: Client) -> None:
    """A cursor of one filter is refused under another."""
    names = [VOLUME.replace("-1", f"-{number}") for number in range(5)]
    sent(owner, lines(*({"name": name, "tags": {"n": name[-1]}} for name in names)))
    first = owner.get("resources", service="cloud", type="volume", limit=2)
    assert [one["name"] for one in first.json["items"]] == names[:2]
    cursor = first.json["next_cursor"]
    second = owner.get("resources", service="cloud", type="volume", limit=2, cursor=cursor)
    assert [one["name"] for one in second.json["items"]] == names[2:4]
    assert owner.get("resources", service="cloud", type="server", limit=2, cursor=cursor).status == 400
    assert [one["name"] for one in owner.get("resources", tag="n=3").json["items"]] == [names[3]]
