"""Lists over HTTP: filters, pages, cursors, and what a session sees that may not list.

Cursors are bound to the list, the caller and an hour (bug class 16).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from tests.e2e.server import Client, RunningServer

WORLD = """
kind: User
name: alice
email: alice@acme.example
---
kind: User
name: albert
disabled: true
---
kind: User
name: bob
description: Tests Images
---
kind: User
name: carol
---
kind: Group
name: dev
members: [user:bob]
---
kind: Policy
name: carol-administers
subjects: [user:carol]
roles: [Administrator]
scope: {service: container-registry}
---
kind: Policy
name: everything
subjects: [user:alice]
roles: [Viewer]
---
kind: Policy
name: no-push
subjects: [group:dev]
roles: [Writer]
effect: deny
scope: {service: container-registry}
state: disabled
---
kind: Policy
name: self
subjects: [group:members]
roles: [Self-service]
scope: {service: iam}
---
kind: Policy
name: view
subjects: [group:dev]
roles: [ims/IMS ReadOnlyAccess]
scope: {service: ims}
"""


@pytest.fixture
def world(server: RunningServer, owner: Client) -> Client:
    """The owner, once the account holds the world above."""
    reply = owner.apply_text(WORLD)
    assert reply.status == 200, reply.text
    return owner


def names(reply: Any) -> list[str]:
    """Which names has the page?"""
    assert reply.status == 200, reply.text
    return [item["name"] for item in reply.json["items"]]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["albert", "alice", "bob", "carol", "owner"]),
        ({"name": "alice"}, ["alice"]),
        ({"name": "ALICE"}, []),
        ({"prefix": "al"}, ["albert", "alice"]),
        ({"q": "iMAGes"}, ["bob"]),
        ({"q": "@acme"}, ["alice", "owner"]),
        ({"disabled": "true"}, ["albert"]),
        ({"disabled": "false", "prefix": "a"}, ["alice"]),
    ],
)
def test_users_are_filtered(world: Client, filters: dict[str, Any], expected: list[str]) -> None:
    """Names are compared exactly, `q` whatever the case; filters add up."""
    assert names(world.get("users", **filters)) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"subject": "group:dev"}, ["no-push", "view"]),
        ({"role": "Writer"}, ["no-push"]),
        ({"role": "IMS ReadOnlyAccess"}, ["view"]),
        ({"role": "ims/IMS ReadOnlyAccess"}, ["view"]),
        ({"role": "container-registry/Writer"}, []),
        ({"service": "ims"}, ["everything", "view"]),
        ({"service": "iam"}, ["self"]),
        ({"effect": "deny"}, ["no-push"]),
        ({"state": "disabled"}, ["no-push"]),
        ({"state": "enabled", "service": "container-registry"}, ["carol-administers", "everything"]),
    ],
)
def test_policies_are_filtered(world: Client, filters: dict[str, Any], expected: list[str]) -> None:
    """By subject, role (alone or in full), the service that they reach, effect and state."""
    assert names(world.get("policies", **filters)) == expected


def test_pages_hold_every_member_once_in_order(world: Client) -> None:
    """Page after page gives the list, with the tags of its members, and the last page has no cursor."""
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = world.get("users", limit=2, **cursor)
        for item, tag in zip(page.json["items"], page.json["etags"], strict=True):
            assert world.get("users", item["name"]).headers["etag"] == tag
        seen += names(page)
        if page.json["next_cursor"] is None:
            break
        cursor = {"cursor": page.json["next_cursor"]}
    assert seen == ["albert", "alice", "bob", "carol", "owner"]


def test_pages_go_on_where_they_were_while_the_list_changes(world: Client) -> None:
    """What comes or goes before the cursor neither repeats nor loses a member."""
    page = world.get("users", limit=2)
    world.delete("users", "alice")
    world.post("users", body={"name": "aaron"})
    assert names(world.get("users", cursor=page.json["next_cursor"])) == ["bob", "carol", "owner"]


REFUSED = {
    "code": "invalid",
    "detail": "the cursor is not of this list, or has expired at cursor",
    "errors": [
        {
            "message": "the cursor is not of this list, or has expired",
            "place": "cursor",
            "help": "begin again without a cursor",
        }
    ],
}


def test_a_cursor_is_good_for_its_own_list_only(server: RunningServer, world: Client) -> None:
    """Another kind, another filter and another caller are refused, all alike."""
    cursor = world.get("users", limit=2, prefix="").json["next_cursor"]
    plain = world.get("users", limit=2).json["next_cursor"]
    assert names(world.get("users", cursor=plain, limit=1000)) == ["bob", "carol", "owner"]
    world.put(
        "policies",
        "view-users",
        body={"subjects": ["user:carol"], "roles": ["Viewer"], "scope": {"service": "iam"}},
    )
    carol = server.client("user:carol")
    replayed = [
        world.get("groups", cursor=plain),
        world.get("users", cursor=plain, disabled=True),
        world.get("users", cursor=cursor),
        carol.get("users", cursor=plain),
    ]
    assert [(reply.status, reply.error) for reply in replayed] == [(400, REFUSED)] * 4


def test_a_forged_cursor_is_refused(world: Client) -> None:
    """Every changed byte, a cut cursor and nonsense are refused, all alike."""
    cursor = world.get("users", limit=2).json["next_cursor"]
    data = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    forged = [
        urlsafe_b64encode(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]).decode().rstrip("=")
        for at in range(len(data))
    ]
    for text in [*forged, cursor[:-2], "", "x", "\u00e9", "A" * 3000]:
        reply = world.get("users", cursor=text)
        assert (reply.status, reply.error) == (400, REFUSED)


def test_a_cursor_ends_after_an_hour(server: RunningServer, world: Client) -> None:
    """An old cursor is refused like a forged one."""
    cursor = world.get("users", limit=2).json["next_cursor"]
    server.clock.advance(3590)
    later = server.owner()
    assert names(later.get("users", cursor=cursor)) == ["bob", "carol", "owner"]
    server.clock.advance(20)
    assert later.get("users", cursor=cursor).status in (400, 401)
    assert server.owner().get("users", cursor=cursor).error == REFUSED


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "a", "", "1e2", "١"])
def test_a_page_has_one_to_a_thousand_members(owner: Client, limit: str) -> None:
    """Any other number is refused."""
    reply = owner.get("users", limit=limit)
    assert reply.error["errors"] == [
        {"message": f"expected a number from 1 to 1000, got `{limit}`", "place": "limit"}
    ]


def test_who_may_not_list_sees_what_may_be_read(server: RunningServer, world: Client) -> None:
    """With the right to read oneself only, the list of users is oneself."""
    bob = server.client("user:bob")
    assert names(bob.get("users")) == ["bob"]
    assert bob.get("users", "bob").status == 200
    refused = bob.get("users", "alice")
    assert refused.status == 403
    assert refused.error == {
        "code": "denied",
        "detail": "`user:bob` lacks `iam.user.read` on user `alice`",
        "action": "iam.user.read",
        "reason": "no_matching_policy",
        "help": "ask somebody who may grant this, or the account's owner",
    }


def test_who_administers_a_service_sees_its_policies(server: RunningServer, world: Client) -> None:
    """Policies are read over their scope: those of the service, not those of others or of everything."""
    carol = server.client("user:carol")
    assert names(carol.get("policies")) == ["carol-administers", "no-push"]
    assert names(carol.get("policies", limit=1)) == ["carol-administers"]
    assert carol.get("policies", "no-push").status == 200
    assert carol.get("policies", "view").status == 403


def test_who_sees_nothing_is_refused_and_learns_nothing(server: RunningServer, world: Client) -> None:
    """An empty list and a list that may not be seen are different; what exists and what does not are alike."""
    bob = server.client("user:bob")
    refused = bob.get("groups")
    assert refused.status == 403
    assert refused.error["detail"] == "`user:bob` lacks `iam.group.list`"
    there, missing = bob.get("groups", "dev"), bob.get("groups", "nix")
    assert there.status == missing.status == 403
    assert there.error["detail"] == "`user:bob` lacks `iam.group.read` on group `dev`"
    assert missing.error["detail"] == "`user:bob` lacks `iam.group.read` on group `nix`"
    assert names(bob.get("users", q="nothing like this")) == []


def test_what_a_session_may_not_read_is_told_in_no_other_way(server: RunningServer, world: Client) -> None:
    """Conditions, creations, replacements and deletions tell nothing about what may not be read."""
    bob = server.client("user:bob")
    tag = world.get("groups", "dev").headers["etag"]
    same = {"members": ["user:bob"]}
    asked = {
        name: [
            bob.post("groups", body={"name": name, **same}),
            bob.put("groups", name, body=same),
            bob.put("groups", name, body=same, headers={"If-Match": tag}),
            bob.put("groups", name, body=same, headers={"If-Match": '"9-x"'}),
            bob.put("groups", name, body=same, headers={"If-None-Match": "*"}),
            bob.patch("groups", name, body={}),
            bob.delete("groups", name),
            bob.delete("groups", name, headers={"If-Match": tag}),
            bob.apply({"kind": "Group", "name": name, **same}),
            bob.apply({"kind": "Group", "name": name, **same}, dry_run=True),
            bob.apply({"kind": "Policy", "name": "x", "subjects": [f"group:{name}"], "roles": ["Viewer"]}),
        ]
        for name in ("dev", "nix")
    }
    assert [reply.status for reply in asked["dev"]] == [403] * 11
    assert [reply.status for reply in asked["nix"]] == [403] * 11
    last = [reply.error["detail"] for replies in asked.values() for reply in replies[-1:]]
    assert last[0] == last[1]
