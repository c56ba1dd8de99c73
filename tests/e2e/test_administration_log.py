"""What is recorded, over HTTP: the change log, its verification, the activity.

Reading it has actions of its own, which seeing the objects is not.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from tests.e2e.server import Client, RunningServer

from bailiwick.store.ports import VerifyReport

WORLD = """
kind: User
name: alice
---
kind: User
name: vera
---
kind: User
name: aud
---
kind: Policy
name: aud
subjects: [user:aud]
roles: [Auditor]
scope: {service: iam}
---
kind: Policy
name: vera
subjects: [user:vera]
roles: [Viewer]
scope: {service: iam}
"""


@pytest.fixture
def world(owner: Client) -> Client:
    """The owner, once the account holds the world above."""
    reply = owner.apply_text(WORLD)
    assert reply.status == 200, reply.text
    return owner


def test_the_log_tells_who_changed_what_newest_first(world: Client) -> None:
    """Each change has its revision, actor, way, object and new state, by today's names."""
    world.put("groups", "dev", body={"members": ["user:alice"]})
    world.delete("groups", "dev")
    gone, made = world.get("log", limit=2).json["items"]
    assert (gone["op"], gone["kind"], gone["name"], gone["document"]) == ("delete", "Group", "dev", None)
    assert (made["op"], made["actor"], made["via"]) == ("create", "user:owner", "api")
    assert made["document"] == {"kind": "Group", "name": "dev", "members": ["user:alice"]}
    assert made["uid"] == gone["uid"]
    assert gone["revision"] == made["revision"] + 1
    assert len(gone["hash"]) == 64


def test_what_is_gone_is_called_by_its_uid(world: Client) -> None:
    """An old state that names somebody who is no longer there names the uid, which is never given again."""
    uid = world.get("users", "alice").headers["etag"].strip('"').partition("-")[2]
    world.put("groups", "dev", body={"members": ["user:alice"]})
    world.put("groups", "dev", body={"members": []})
    world.delete("users", "alice")
    world.post("users", body={"name": "alice"})
    rows = world.get("log", kind="Group", name="dev").json["items"]
    assert [row["document"]["members"] for row in rows] == [[], [uid]]


def test_the_log_is_filtered_and_paged(world: Client) -> None:
    """By kind, by object (name or uid), by actor; pages hold every change once."""
    world.patch("users", "alice", body={"email": "a@acme.example"})
    uid = world.get("users", "alice").headers["etag"].strip('"').partition("-")[2]
    by_name = world.get("log", kind="User", name="alice").json["items"]
    assert [row["op"] for row in by_name] == ["replace", "create"]
    assert world.get("log", kind="User", uid=uid).json["items"] == by_name
    assert world.get("log", kind="User", name="nobody").json["items"] == []
    everything = world.get("log", limit=1000).json["items"]
    assert world.get("log", actor="user:owner", limit=1000).json["items"] == everything
    assert world.get("log", actor="user:alice").json["items"] == []
    seen = []
    cursor: dict[str, Any] = {}
    while True:
        page = world.get("log", limit=3, **cursor).json
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == everything
    wrong = world.get("log", kind="Usr")
    assert wrong.error["errors"] == [
        {"message": "unknown kind `Usr`", "place": "kind", "help": "did you mean `User`?"}
    ]
    alone = world.get("log", name="alice")
    assert alone.error["errors"][0]["message"] == "expected `kind` with it, and `name` or `uid`"


def test_the_log_holds_no_secret(server: RunningServer, world: Client) -> None:
    """Keys are in it without their secrets and hashes."""
    server.client("user:alice")
    row = world.get("log", kind="ApiKey", limit=1).json["items"][0]
    said = {"owner", "prefix", "created_at", "description", "disabled", "locked", "networks", "when_leaked"}
    assert set(row["document"]) == said
    assert row["document"]["owner"] == "user:alice"


def test_a_log_that_was_changed_does_not_verify(server: RunningServer, world: Client) -> None:
    """Verification passes, and names the row that somebody wrote into the file behind the server's back."""
    assert world.post("log", "verify", body={}).json == {
        "log": "account:acme",
        "ok": True,
        "rows": len(world.get("log", limit=1000).json["items"]),
        "findings": [],
        "truncated": False,
        "activity": {"ok": True, "rows": 1, "findings": [], "truncated": False},
    }
    with sqlite3.connect(next(server.data.glob("*log*.db"), next(server.data.glob("*.db")))) as file:
        file.execute(
            "update change set actor_uid = 'user-mallory' where log = 'account:acme' and revision = 2 and seq = 1"
        )
    file.close()
    report = world.post("log", "verify", body={}).json
    assert report["ok"] is False
    assert any("2" in finding for finding in report["findings"])


def test_activity_tells_of_tokens_and_refusals(server: RunningServer, world: Client) -> None:
    """Who got a token, and who was refused what by which route."""
    alice = server.client("user:alice")
    alice.get("export")
    refusal = world.get("activity", kind="refusal").json["items"][0]
    assert refusal["principal"] == "user:alice"
    assert refusal["outcome"] == "no_matching_policy"
    assert refusal["detail"] == {"action": "iam.export.read", "route": "GET /v1/accounts/{account}/export"}
    tokens = world.get("activity", principal="user:alice", kind="token").json["items"]
    assert [event["outcome"] for event in tokens] == ["issued"]
    newest = world.get("activity", limit=1).json
    older = world.get("activity", limit=1, cursor=newest["next_cursor"]).json
    assert older["items"][0]["id"] < newest["items"][0]["id"]
    assert world.get("activity", since="2099-01-01T00:00:00Z").json["items"] == []
    assert world.get("activity", until="yesterday").status == 400


def test_what_is_recorded_needs_its_own_actions(server: RunningServer, world: Client) -> None:
    """Who may see every object may not read the log, verify it, or read the activity; an auditor may."""
    vera, auditor = server.client("user:vera"), server.client("user:aud")
    for method, part, action in (
        ("GET", "log", "iam.log.read"),
        ("POST", "log/verify", "iam.log.verify"),
        ("GET", "activity", "iam.activity.read"),
    ):
        path = f"/v1/accounts/acme/{part}"
        refused = vera.send(method, path)
        assert (refused.status, refused.error["action"]) == (403, action)
        assert auditor.send(method, path).status == 200


def test_a_log_is_verified_for_one_caller_at_a_time(
    server: RunningServer, world: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks meanwhile is told to ask again; then it is verified, with the account's activity."""
    seen: list[tuple[int, str]] = []
    auditor = server.client("user:aud")
    verify = server.host.store.verify

    def meanwhile(log: str) -> VerifyReport:
        refused = auditor.send("POST", "/v1/accounts/acme/log/verify")
        seen.append((refused.status, refused.error["detail"]))
        return verify(log)

    with monkeypatch.context() as patch:
        patch.setattr(server.host.store, "verify", meanwhile)
        first = world.send("POST", "/v1/accounts/acme/log/verify").json
    assert seen == [(503, "this log is being verified already")]
    assert (first["ok"], first["activity"]["ok"]) == (True, True)
    assert world.send("POST", "/v1/accounts/acme/log/verify").json["ok"]
