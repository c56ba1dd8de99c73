"""SCIM over HTTP: what a directory does, and the family's own tester against a running server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from tests.e2e.scim import BULK, DIRECTORY, ENTERPRISE, GROUP, USER, Directory, provision
from tests.e2e.server import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for the file; each test has names of its own."""
    with RunningServer(tmp_path_factory.mktemp("scim"), public_url="") as running:
        yield running


@pytest.fixture(scope="module")
def directory(server: RunningServer) -> Directory:
    """A directory that provisions."""
    return provision(server)


def test_the_familys_own_tester_finds_nothing(server: RunningServer, directory: Directory) -> None:
    """Every check of scim2-tester succeeds, by a service ID that holds nothing but the role."""
    address = f"{server.address}/scim/v2"
    headers = {"Authorization": f"Bearer {server.key(DIRECTORY)}"}
    with httpx2.Client(base_url=address, headers=headers, timeout=60) as http:
        results = check_server(SyncSCIMClient(http))
    assert len(results) > 90
    assert [(one.title, one.reason) for one in results if one.status != Status.SUCCESS] == []


def test_a_user_is_made_shown_replaced_and_deleted(server: RunningServer, directory: Directory) -> None:
    """What has no field of its own is the property `scim`; what the body of a PUT leaves out is gone."""
    said: dict[str, Any] = {
        "externalId": "4711",
        "name": {"familyName": "Jensen", "givenName": "Barbara"},
        "emails": [{"value": "b@home.example", "type": "home"}, {"value": "b@acme.example", "primary": True}],
        ENTERPRISE: {"department": "Imaging", "manager": {"value": "26118915"}},
    }
    shown = directory.user("bjensen", **said)
    assert {name: shown[name] for name in said} == said
    assert shown["active"] is True
    assert shown["schemas"] == [USER, ENTERPRISE]
    stored = server.owner().get("users", "bjensen").json
    assert stored["email"] == "b@acme.example"
    assert stored["provisioned_by"] == DIRECTORY
    assert stored["properties"]["scim"]["department"] == "Imaging"
    reply = directory.send("GET", f"/Users/{shown['id']}")
    assert reply.json == shown
    assert reply.headers["etag"] == shown["meta"]["version"]
    body = {"schemas": [USER], "userName": "bjensen", "displayName": "Babs"}
    replaced = directory.send("PUT", f"/Users/{shown['id']}", body).json
    assert replaced["displayName"] == "Babs"
    assert set(replaced) == {"schemas", "id", "userName", "displayName", "active", "meta"}
    assert directory.send("DELETE", f"/Users/{shown['id']}").status == 204
    directory.refused(directory.send("GET", f"/Users/{shown['id']}"), 404)
    assert server.owner().get("users", "bjensen").status == 404


def test_other_properties_of_a_user_are_left_alone(server: RunningServer, directory: Directory) -> None:
    """What the account says of a user itself is no directory's, and none can write it."""
    shown = directory.user("carla")
    clearance = {"properties": {"clearance": "secret"}}
    assert server.owner().patch("users", "carla", body=clearance).status == 200
    body = {"schemas": [USER], "userName": "carla", "properties": {"clearance": "none"}, "budgets": ["x"]}
    assert directory.send("PUT", f"/Users/{shown['id']}", body).status == 200
    stored = server.owner().get("users", "carla").json
    assert stored["properties"] == {"clearance": "secret", "scim": {}}
    assert "budgets" not in stored


def test_members_join_and_leave(server: RunningServer, directory: Directory) -> None:
    """By PATCH one by one and by PUT as a whole; a user is shown the groups that it is in."""
    ann, ben = directory.user("ann"), directory.user("ben")
    group = directory.group("crew", ann)
    path = f'members[value eq "{ann["id"]}"]'
    operations: list[dict[str, Any]] = [
        {"op": "add", "path": "members", "value": [{"value": ben["id"]}]},
        {"op": "remove", "path": path},
    ]
    reply = directory.patch(group, *operations)
    assert [one["value"] for one in reply.json["members"]] == [ben["id"]]
    groups = directory.send("GET", f"/Users/{ben['id']}").json["groups"]
    assert [(one["value"], one["display"]) for one in groups] == [(group["id"], "crew")]
    inner = directory.group("inner", ann)
    body = {
        "schemas": [GROUP],
        "displayName": "crew",
        "members": [{"value": inner["id"]}, {"value": ann["id"]}],
    }
    reply = directory.send("PUT", f"/Groups/{group['id']}", body)
    assert [one["type"] for one in reply.json["members"]] == ["Group", "User"]
    members = server.owner().get("groups", "crew").json["members"]
    assert members == [
        {"member": "group:inner", "managed_by": "scim"},
        {"member": "user:ann", "managed_by": "scim"},
    ]
    entra = {"op": "Remove", "path": "members", "value": [{"value": ann["id"]}]}
    assert [one["type"] for one in directory.patch(group, entra).json["members"]] == ["Group"]
    assert "members" not in directory.patch(group, {"op": "remove", "path": "members"}).json


def test_memberships_of_the_account_itself_stay(server: RunningServer, directory: Directory) -> None:
    """They are shown; a whole list leaves them, and taking one out by name is refused."""
    mine, theirs = directory.user("mine"), directory.user("theirs")
    group = directory.group("mixed", mine)
    stored = server.owner().get("groups", "mixed").json
    members = [*stored["members"], "user:theirs"]
    assert server.owner().patch("groups", "mixed", body={"members": members}).status == 200
    body = {"schemas": [GROUP], "displayName": "mixed", "members": []}
    reply = directory.send("PUT", f"/Groups/{group['id']}", body)
    assert [one["value"] for one in reply.json["members"]] == [theirs["id"]]
    path = f'members[value eq "{theirs["id"]}"]'
    directory.refused(directory.patch(group, {"op": "remove", "path": path}), 400, "mutability")


def test_lists_are_filtered_sorted_and_cut(directory: Directory) -> None:
    """Page by page, with the total of all that fit."""
    for name, title in (("list-a", "Zookeeper"), ("list-b", ""), ("list-c", "Baker")):
        directory.user(name, **({"title": title} if title else {}))
    query = "filter=userName%20sw%20%22LIST-%22&sortBy=title"
    reply = directory.send("GET", f"/Users?{query}").json
    assert [one["userName"] for one in reply["Resources"]] == ["list-c", "list-a", "list-b"]
    reply = directory.send("GET", f"/Users?{query}&startIndex=2&count=1&sortOrder=descending").json
    assert (reply["totalResults"], reply["startIndex"], reply["itemsPerPage"]) == (3, 2, 1)
    assert [one["userName"] for one in reply["Resources"]] == ["list-a"]
    reply = directory.send("GET", f"/Users?{query}&count=0").json
    assert (reply["totalResults"], reply["Resources"]) == (3, [])
    reply = directory.send("GET", f"/Users?{query}&attributes=title,meta.version").json
    assert set(reply["Resources"][0]) == {"schemas", "id", "title", "meta"}
    assert set(reply["Resources"][0]["meta"]) == {"version"}
    reply = directory.send("GET", f"/Users?{query}&excludedAttributes=title,meta,id").json
    assert set(reply["Resources"][0]) == {"schemas", "id", "userName", "active"}


def test_many_operations_in_one_request(server: RunningServer, directory: Directory) -> None:
    """Each is a change of its own; what names another by bulkId waits for it; it is over after so many errors."""
    group = {"schemas": [GROUP], "displayName": "bulked", "members": [{"value": "bulkId:u1"}]}
    user = {"schemas": [USER], "userName": "bulk-1"}
    operations = [
        {"method": "POST", "path": "/Groups", "bulkId": "g1", "data": group},
        {"method": "POST", "path": "/Users", "bulkId": "u1", "data": user},
        {"method": "POST", "path": "/Users", "bulkId": "u2", "data": user},
        {"method": "DELETE", "path": "/Users/bulkId:u2"},
    ]
    body = {"schemas": [BULK], "Operations": operations}
    answers = directory.send("POST", "/Bulk", body).json["Operations"]
    assert [(one.get("bulkId"), one["status"]) for one in answers] == [
        ("u1", "201"),
        ("g1", "201"),
        ("u2", "409"),
        (None, "409"),
    ]
    assert answers[2]["response"]["scimType"] == "uniqueness"
    assert server.owner().get("groups", "bulked").json["members"][0]["member"] == "user:bulk-1"
    reply = directory.send("POST", "/Bulk", {**body, "failOnErrors": 1})
    assert [one["status"] for one in reply.json["Operations"]] == ["409"]
    waiting = [
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": one,
            "data": {**group, "members": [{"value": f"bulkId:{two}"}]},
        }
        for one, two in (("x", "y"), ("y", "x"))
    ]
    reply = directory.send("POST", "/Bulk", {"schemas": [BULK], "Operations": waiting})
    assert [one["status"] for one in reply.json["Operations"]] == ["409", "409"]


def test_a_version_guards_a_change(directory: Directory) -> None:
    """Whoever saw an older version changes nothing; an unchanged one is not sent again."""
    shown = directory.user("versioned")
    old = shown["meta"]["version"]
    title = {"op": "replace", "path": "title", "value": "Dr"}
    assert directory.patch(shown, title, If_Match=old).status == 200
    directory.refused(directory.patch(shown, {**title, "value": "Prof"}, If_Match=old), 412)
    body = {"schemas": [USER], "userName": "versioned"}
    directory.refused(directory.send("PUT", f"/Users/{shown['id']}", body, If_Match=old), 412)
    directory.refused(directory.send("DELETE", f"/Users/{shown['id']}", If_Match=old), 412)
    now = directory.send("GET", f"/Users/{shown['id']}")
    assert now.json["title"] == "Dr"
    again = directory.send("GET", f"/Users/{shown['id']}", If_None_Match=now.headers["etag"])
    assert (again.status, again.body) == (304, b"")
