"""Effective access over HTTP and on the command line: what reaches somebody, and through which groups."""

from __future__ import annotations

import json

import pytest
from tests.e2e.processes import asking
from tests.e2e.server import Client, RunningServer

IMS = "IMS ReadOnlyAccess"
WORLD: tuple[dict[str, object], ...] = (
    {"kind": "User", "name": "alice"},
    {"kind": "User", "name": "bob"},
    {"kind": "User", "name": "carol"},
    {"kind": "Group", "name": "readers", "members": ["user:alice"]},
    {
        "kind": "Group",
        "name": "staff",
        "members": ["group:readers", {"member": "user:bob", "expires_at": "2020-01-01T00:00:00Z"}],
    },
    {
        "kind": "Policy",
        "name": "images",
        "subjects": ["group:staff"],
        "roles": [IMS],
        "scope": {"service": "ims", "region": "eu-de"},
    },
    {
        "kind": "Policy",
        "name": "own",
        "subjects": ["user:alice"],
        "roles": [IMS],
        "scope": {"service": "ims"},
    },
    {
        "kind": "Policy",
        "name": "sees-alice",
        "subjects": ["user:carol"],
        "roles": ["Viewer"],
        "scope": {"service": "iam", "type": "user", "id": "alice"},
    },
)


@pytest.fixture
def world(server: RunningServer) -> RunningServer:
    """A server with two groups, one in the other."""
    reply = server.owner().apply(*WORLD)
    assert reply.status == 200, reply.text
    return server


def ways(caller: Client, *path: str, **more: str) -> list[tuple[str, str, list[str | None]]]:
    """Which policies, in which state, by which groups?"""
    reply = caller.get(*path, "access", headers=None, **more)
    assert reply.status == 200, reply.text
    return [
        (one["policy"]["name"], one["state"], [step["group"] for path in one["paths"] for step in path])
        for one in reply.json["items"]
    ]


def test_access_names_every_policy_and_way(world: RunningServer) -> None:
    """Of a user, of a group, and of somebody whose membership is over."""
    owner = world.owner()
    assert ways(owner, "users", "alice") == [
        ("images", "holds", ["group:readers", "group:staff"]),
        ("own", "holds", []),
    ]
    assert ways(owner, "groups", "readers") == [("images", "holds", ["group:staff"])]
    assert ways(owner, "users", "bob") == [("images", "no_member_now", ["group:staff"])]
    assert ways(owner, "users", "bob", state="holds") == []


def test_access_comes_in_pages(world: RunningServer) -> None:
    """One by one it is the same."""
    owner = world.owner()
    first = owner.get("users", "alice", "access", limit=1).json
    second = owner.get("users", "alice", "access", limit=1, cursor=first["next_cursor"]).json
    assert [first["items"][0]["policy"]["name"], second["items"][0]["policy"]["name"]] == ["images", "own"]
    assert second["next_cursor"] is None


def test_one_sees_all_of_oneself_and_of_others_what_one_may_read(world: RunningServer) -> None:
    """Alice sees her own; bob is refused; carol, who may see alice but no policy, is told how many there are."""
    assert len(ways(world.client("user:alice"), "users", "alice")) == 2
    refused = world.client("user:bob").get("users", "alice", "access")
    assert (refused.status, refused.error["action"]) == (403, "iam.user.read")
    told = world.client("user:carol").get("users", "alice", "access")
    assert (told.status, told.json["items"], told.json["hidden"]) == (200, [], 2)


def test_what_stands_in_the_way_is_told(world: RunningServer) -> None:
    """Disabled, and guardrails in force."""
    scope = {"service": "ims"}
    guardrail = {"kind": "Guardrail", "name": "no-deletes", "actions": ["ims:images:delete"], "scope": scope}
    assert world.owner().apply({"kind": "User", "name": "alice", "disabled": True}, guardrail).status == 200
    told = world.owner().get("users", "alice", "access").json
    assert (told["disabled"], told["guardrails"]) == (True, ["no-deletes"])


def test_the_command_shows_ways_in_words(world: RunningServer) -> None:
    """`bailiwick access` prints a line for each policy; JSON is the server's."""
    ask = asking(world)
    done = ask("access", "user:alice")
    assert done.code == 0, done.err
    line = next(line for line in done.out.splitlines() if line.startswith("images"))
    assert "group:readers in group:staff" in line
    assert "no policy reaches user:bob" in ask("access", "user:bob").out
    assert "the membership does not hold now" in ask("access", "user:bob", "--all").out
    whole = json.loads(ask("access", "user:owner", "--output", "json").out)
    assert whole["owner"] is True
    wrong = ask("access", "alice")
    assert (wrong.code, "expected one of `user:NAME`" in wrong.err) == (2, True)
