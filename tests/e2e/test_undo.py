"""Undoing, looking for changes and attention, over HTTP and on the command line."""

from __future__ import annotations

import pytest
from tests.e2e.processes import Done, asking
from tests.e2e.server import Client, RunningServer

WORLD = """
kind: User
name: alice
---
kind: User
name: bob
---
kind: Group
name: dev
members: [user:alice]
---
kind: Policy
name: bob
subjects: [user:bob]
roles: [Auditor]
scope: {service: iam}
"""


@pytest.fixture
def world(owner: Client) -> Client:
    """The owner, once the account holds the world above (revision 2)."""
    reply = owner.apply_text(WORLD)
    assert reply.status == 200, reply.text
    return owner


def test_a_revision_is_undone_once(world: Client) -> None:
    """A dry run first; then it is done, the log says so, and the same request again is the same answer."""
    world.put("groups", "dev", body={"members": []})
    planned = world.post("log", "3", "undo", body={}, dry_run="true").json
    assert (planned["dry_run"], planned["kept"]) == (True, [])
    assert planned["differences"][0]["after"]["members"] == ["user:alice"]
    headers = {"Idempotency-Key": "once"}
    first = world.post("log", "3", "undo", body={}, headers=headers)
    again = world.post("log", "3", "undo", body={}, headers=headers)
    assert (first.status, first.body, again.headers["idempotent-replayed"]) == (200, again.body, "true")
    assert world.get("groups", "dev").json["members"] == ["user:alice"]
    newest = world.get("log", limit=1).json["items"][0]
    assert (newest["revision"], newest["via"], newest["undoes"]) == (4, "api", 3)


def test_what_stands_in_the_way_is_listed(world: Client) -> None:
    """A conflict names every object and the newest change of each."""
    world.put("groups", "dev", body={"members": []})
    world.put("groups", "dev", body={"members": ["user:bob"]})
    reply = world.post("log", "3", "undo", body={})
    assert (reply.status, reply.error["code"]) == (409, "changed_since")
    assert reply.error["later"] == [{"kind": "Group", "name": "dev", "revision": 4}]


def test_what_is_no_revision_is_not_found(world: Client) -> None:
    """A number too large, and no number."""
    for text in ("99", "0", "last", "-1"):
        assert world.post("log", text, "undo", body={}).status == 404


def test_who_only_reads_the_log_does_not_undo(world: Client, server: RunningServer) -> None:
    """It is refused for the action that the change back would need."""
    world.put("groups", "dev", body={"members": []})
    reply = server.client("user:bob").post("log", "3", "undo", body={})
    assert (reply.status, reply.error["action"]) == (403, "iam.group.add-member")


def test_changes_are_found_by_text_and_time(world: Client) -> None:
    """In name or document, whatever the case; from an instant on, and before one."""
    world.put("groups", "Ops", body={"description": "They Keep It Running"})
    found = world.get("log", q="keep it")
    assert [row["name"] for row in found.json["items"]] == ["Ops"]
    at = found.json["items"][0]["at"]
    assert [row["name"] for row in world.get("log", since=at).json["items"]] == ["Ops"]
    assert "Ops" not in {row["name"] for row in world.get("log", until=at).json["items"]}
    assert world.get("log", since="yesterday").status == 400


def test_attention_is_told_to_who_may_see_it(world: Client, server: RunningServer) -> None:
    """Topics with their objects; nobody without rights is told any."""
    world.put(
        "policies",
        "all",
        body={"subjects": ["group:members"], "roles": ["Viewer"], "scope": {"service": "ims"}},
    )
    (topic,) = world.get("attention").json["topics"]
    assert (topic["code"], topic["count"], topic["at_least"]) == ("for-everyone", 1, False)
    assert topic["items"] == [{"kind": "Policy", "name": "all", "of": "group:members", "at": None}]
    assert server.client("user:alice").get("attention").status == 403


def test_the_command_line_undoes(world: Client, server: RunningServer) -> None:
    """A dry run shows, undo does, show tells what was undone; attention lists topics."""
    world.put("groups", "dev", body={"members": []})
    ask = asking(server)
    planned = "~ Group dev\n    members: + user:alice\n"
    assert ask("log", "undo", "3", "--dry-run") == Done(
        0, f"{planned}0 to create, 1 to change, 0 to delete, 0 unchanged\n", ""
    )
    assert ask("log", "undo", "3") == Done(0, f"{planned}0 created, 1 changed, 0 deleted, 0 unchanged\n", "")
    assert "user:owner  api, undoes 3  replace  Group  dev" in ask("log", "show", "--limit", "1").out
    again = ask("log", "undo", "3")
    assert again.code == 2
    assert again.err == (
        "error: revision `3` cannot be undone: Group `dev` was changed again in revision `4`\n"
        "  help: undo revision 4 first, or change `dev` itself\n"
    )
    assert ask("attention") == Done(0, "nothing needs attention\n", "")
    world.put(
        "policies",
        "all",
        body={"subjects": ["group:members"], "roles": ["Viewer"], "scope": {"service": "ims"}},
    )
    assert ask("attention").out == (
        "! Policies for everyone (1): Check that all of them, without exception, are meant to have this.\n"
        "    Policy all (group:members)\n"
    )
