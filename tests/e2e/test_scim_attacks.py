"""SCIM, attacked: no side door, no mass assignment, no bombs, no other account, nothing read in two ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.e2e.scim import BULK, DIRECTORY, GROUP, PATCH, USER, Directory, provision
from tests.e2e.server import RunningServer

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for the file; each test has names of its own."""
    with RunningServer(tmp_path_factory.mktemp("scim"), public_url="") as running:
        yield running


@pytest.fixture(scope="module")
def directory(server: RunningServer) -> Directory:
    """A directory that provisions."""
    return provision(server)


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "bwk_aaaaaaaa_" + "A" * 43])
def test_nobody_is_told_anything(server: RunningServer, directory: Directory, token: str | None) -> None:
    """Every route asks who it is, those that describe the server and those that are not there aside from these."""
    stranger = Directory(server.caller(token))
    paths = (
        "ServiceProviderConfig",
        "ResourceTypes",
        "Schemas",
        "Schemas/x",
        "Users",
        "Users/x",
        "Groups",
        "Groups/x",
    )
    for path in paths:
        reply = stranger.send("GET", f"/{path}")
        stranger.refused(reply, 401)
        assert reply.headers["www-authenticate"].startswith("Bearer")
    for method, path in (
        ("POST", "/Bulk"),
        ("POST", "/.search"),
        ("DELETE", "/Users/x"),
        ("PATCH", "/Groups/x"),
    ):
        stranger.refused(stranger.send(method, path, b"{"), 401)


def test_a_key_that_is_withdrawn_opens_nothing(server: RunningServer) -> None:
    """At the very next request, as does disabling its owner."""
    owner = server.owner()
    owner.apply({"kind": "ServiceId", "name": "brief"}, {"kind": "Policy", "name": "brief", "subjects":
                ["service-id:brief"], "roles": ["User Provisioner"], "scope": {"service": "iam"}})  # fmt: skip
    made = owner.post("api-keys", body={"owner": "service-id:brief"}).json
    brief = Directory(server.caller(made["key"] if "key" in made else made["apikey"]))
    assert brief.send("GET", "/Users").status == 200
    assert owner.patch("service-ids", "brief", body={"disabled": True}).status == 200
    brief.refused(brief.send("GET", "/Users"), 401)
    assert owner.patch("service-ids", "brief", body={"disabled": False}).status == 200
    assert brief.send("GET", "/Users").status == 200
    assert owner.delete("api-keys", made["id"]).status == 204
    brief.refused(brief.send("GET", "/Users"), 401)


def test_who_provisions_nothing_is_told_nothing(server: RunningServer, directory: Directory) -> None:
    """An ordinary user: refused everywhere, whether or not there is such an id."""
    shown = directory.user("ordinary")
    ordinary = Directory(server.client("user:ordinary"))
    for path in (
        "/ServiceProviderConfig",
        "/Schemas",
        "/Users",
        "/Groups",
        "/Users/user-00000000000000000000",
    ):
        ordinary.refused(ordinary.send("GET", path), 403)
    filtered = ordinary.send("GET", '/Users?filter=userName%20eq%20"owner"')
    ordinary.refused(filtered, 403)
    itself = ordinary.send("GET", f"/Users/{shown['id']}")
    assert itself.status == 403
    ordinary.refused(ordinary.send("POST", "/Users", {"schemas": [USER], "userName": "x"}), 403)


def test_another_accounts_ids_are_not_found(server: RunningServer, directory: Directory) -> None:
    """Not to look at, change, delete, find or put into a group."""
    other = server.client_of("shop")
    assert other.put("users", "theirs", body={}).status == 201
    uid = server.host.snapshot("shop").identities["User", "theirs"].uid
    title = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "x"}]}
    body = {"schemas": [USER], "userName": "theirs"}
    for method, sent in (("GET", None), ("PUT", body), ("PATCH", title), ("DELETE", None)):
        directory.refused(directory.send(method, f"/Users/{uid}", sent), 404)
    assert directory.send("GET", f'/Users?filter=id%20eq%20"{uid}"').json["totalResults"] == 0
    group = {"schemas": [GROUP], "displayName": "mixed accounts", "members": [{"value": uid}]}
    directory.refused(directory.send("POST", "/Groups", group), 400, "invalidValue")
    ours = directory.group("ours")
    directory.refused(directory.send("GET", f"/Users/{ours['id']}"), 404)
    assert other.get("users", "theirs").status == 200


def test_nothing_but_what_a_directory_may_say_is_written(server: RunningServer, directory: Directory) -> None:
    """Ids, revisions, groups, roles, passwords, owners and managers of others' memberships are not the client's."""
    owner = server.owner()
    admins = directory.group("assigned")
    said: dict[str, Any] = {
        "id": "user-00000000000000000000",
        "meta": {"version": "W/1", "resourceType": "Group", "location": "https://evil.example"},
        "groups": [{"value": admins["id"]}],
        "roles": [{"value": "Administrator"}],
        "entitlements": [{"value": "everything"}],
        "password": "correct horse 1",
        "owner": "user:owner",
        "provisioned_by": "service-id:other",
        "disabled": True,
        "properties": {"clearance": "secret"},
        "urn:evil:2.0:User": {"admin": True},
    }
    shown = directory.user("assigner", **said)
    assert shown["id"] != said["id"]
    stored = owner.get("users", "assigner").json
    expected = {
        "account": "acme",
        "kind": "User",
        "name": "assigner",
        "properties": {"scim": {}},
        "provisioned_by": DIRECTORY,
    }
    assert stored == expected
    assert owner.get("groups", "assigned").json["members"] == []
    for path in ("id", "meta.version", "groups", "schemas"):
        reply = directory.patch(shown, {"op": "replace", "path": path, "value": "x"})
        assert reply.status == 400, (path, reply.text)
    for name in ("id", "meta", "groups"):
        reply = directory.patch(shown, {"op": "add", "value": {name: said[name]}})
        assert reply.status in (200, 400), reply.text
    assert owner.get("users", "assigner").json == expected
    members = [{"value": shown["id"], "managed_by": "document", "expires_at": "2030-01-01T00:00:00Z"}]
    reply = directory.patch(admins, {"op": "add", "path": "members", "value": members})
    assert reply.status == 200, reply.text
    stored = owner.get("groups", "assigned").json
    assert stored["members"] == [{"member": "user:assigner", "managed_by": "scim"}]


def test_names_that_differ_in_case_only_are_refused(server: RunningServer, directory: Directory) -> None:
    """Names are exact, so an administrator may make them; a directory, for which they are one, may not."""
    directory.user("Alice@acme.example")
    for name in ("alice@acme.example", "ALICE@ACME.EXAMPLE", "Alice@acme.example"):
        directory.refused(
            directory.send("POST", "/Users", {"schemas": [USER], "userName": name}), 409, "uniqueness"
        )
    directory.user("Stra\u00dfe")
    directory.refused(
        directory.send("POST", "/Users", {"schemas": [USER], "userName": "STRASSE"}), 409, "uniqueness"
    )
    directory.refused(
        directory.send("POST", "/Users", {"schemas": [USER], "userName": "e\u0301"}), 400, "invalidValue"
    )
    directory.group("Crew")
    directory.refused(
        directory.send("POST", "/Groups", {"schemas": [GROUP], "displayName": "crew"}), 409, "uniqueness"
    )
    assert server.owner().put("users", "alice@acme.example", body={}).status == 201
    found = directory.send("GET", '/Users?filter=userName%20eq%20"ALICE@acme.example"').json["Resources"]
    assert [one["userName"] for one in found] == ["Alice@acme.example", "alice@acme.example"]


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a:b", " a", "a\n", "a\u0000", "x" * 257, 5, None, ["a"], {"a": 1}]
)
def test_what_is_no_name_is_refused(directory: Directory, name: object) -> None:
    """As for any other way."""
    for path, body in (("/Users", {"schemas": [USER], "userName": name}), ("/Groups", {"schemas": [GROUP],
                       "displayName": name})):  # fmt: skip
        directory.refused(directory.send("POST", path, body), 400, "invalidValue")


@pytest.mark.parametrize("name", ["members", "everyone"])
def test_built_in_groups_are_not_there(directory: Directory, name: str) -> None:
    """Neither to see nor to make."""
    directory.refused(
        directory.send("POST", "/Groups", {"schemas": [GROUP], "displayName": name}), 400, "invalidValue"
    )
    assert directory.send("GET", f'/Groups?filter=displayName%20eq%20"{name}"').json["totalResults"] == 0


BODIES = [
    b"",
    b"{",
    b"[]",
    b'"x"',
    b"null",
    b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a1", "userName": "b1"}',
    b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a1", "USERNAME": "b1"}',
    b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a1", "name": {"formatted": "a", '
    b'"Formatted": "b"}}',
    b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "\\ud800"}',
    b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a1", "title": NaN}',
    b'{"userName": "' + b"\xff" + b'"}',
    b'{"a":' * 100 + b"1" + b"}" * 100,
    b"[" * 100_000,
    b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "userName": "a1"}',
    b'{"schemas": [], "userName": "a1", "emails": [{"value": "a@b.example"}, null, 5]}',
    b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a1", "active": "maybe"}',
    b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a1", "emails": '
    b'[{"value": "no address"}]}',
    b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a1", "emails": '
    b'[{"value": "a@b.example", "primary": true}, {"value": "c@b.example", "primary": true}]}',
    json.dumps(
        {"schemas": [USER], "userName": "a1", "phoneNumbers": [{"value": str(n)} for n in range(51)]}
    ).encode(),
    json.dumps({"schemas": [USER], "userName": "a1", "title": "x" * 100_000}).encode(),
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_what_is_no_user_is_refused(server: RunningServer, directory: Directory, body: bytes) -> None:
    """With 400, whatever it is; nothing is made."""
    for method, path in (("POST", "/Users"), ("POST", "/Bulk"), ("POST", "/Users/.search")):
        reply = directory.send(method, path, body)
        assert reply.status == 400, (path, reply.text)
        assert reply.json["scimType"] in ("invalidSyntax", "invalidValue")
    assert server.owner().get("users", "a1").status == server.owner().get("users", "b1").status == 404


def test_what_is_too_much_is_refused(directory: Directory) -> None:
    """Bodies, operations, filters; none costs more than reading it."""
    directory.refused(directory.send("POST", "/Users", b" " * (2**20 + 1)), 413)
    one = {"method": "DELETE", "path": "/Users/x"}
    many = {"schemas": [BULK], "Operations": [one] * 1001}
    directory.refused(directory.send("POST", "/Bulk", many), 413, "tooMany")
    operations = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "x"}] * 1001}
    directory.refused(directory.send("PATCH", "/Users/x", operations), 413, "tooMany")
    bomb = {"schemas": [SEARCH], "filter": "(" * 2000 + "title pr" + ")" * 2000}
    directory.refused(directory.send("POST", "/Users/.search", bomb), 400, "invalidFilter")
    nested = {"op": "replace", "path": "emails[" + "(" * 5000 + "type pr" + ")" * 5000 + "]", "value": "x"}
    directory.refused(directory.send("PATCH", "/Users/x", {"schemas": [PATCH], "Operations": [nested]}), 400,
                      "invalidPath")  # fmt: skip
    for query in ("count=1e9", "startIndex=x", "count=9999999999999999999", "sortOrder=up", "filter=x&filter=y",
                  "attributes=a&excludedAttributes=b"):  # fmt: skip
        reply = directory.send("GET", f"/Users?{query}")
        assert reply.status == 400, (query, reply.text)
    assert directory.send("GET", "/Users?startIndex=-5&count=-1").json["Resources"] == []
    assert directory.send("GET", "/Users?startIndex=999999999").json["Resources"] == []


@pytest.mark.parametrize(
    "path", ["/Users/..%2FGroups", "/Users/%2e%2e/Groups", "/Users//x", "/users", "/Me", "/x"]
)
def test_no_path_is_read_in_two_ways(directory: Directory, path: str) -> None:
    """What is not exactly a route is nothing."""
    assert directory.send("GET", path).status == 404


def test_of_many_at_once_with_one_version_one_wins(server: RunningServer, directory: Directory) -> None:
    """The others are told that they saw an older one, and none is lost."""
    shown = directory.user("raced")
    version = shown["meta"]["version"]

    def change(number: int) -> int:
        racer = Directory(server.caller(server.key(DIRECTORY)))
        operation = {"op": "replace", "path": "title", "value": f"T{number}"}
        return racer.patch(shown, operation, If_Match=version).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(change, range(8)))
    assert sorted(statuses) == [200, *[412] * 7]


def test_of_many_at_once_with_one_name_one_is_made(server: RunningServer, directory: Directory) -> None:
    """Names that differ in case only are one name for those who come at once, too."""

    def make(name: str) -> int:
        maker = Directory(server.caller(server.key(DIRECTORY)))
        return maker.send("POST", "/Users", {"schemas": [USER], "userName": name}).status

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(make, ["twin", "Twin", "TWIN", "tWin", "twIn", "twiN"]))
    assert sorted(statuses) == [201, *[409] * 5]


def test_a_patch_is_carried_out_whole_or_not_at_all(directory: Directory) -> None:
    """The last of its operations fails, so none was made."""
    shown = directory.user("whole", title="Dr")
    fine = {"op": "replace", "path": "title", "value": "Prof"}
    directory.refused(directory.patch(shown, fine, {"op": "replace", "path": "userName", "value": "x"}), 400,
                      "mutability")  # fmt: skip
    assert directory.send("GET", f"/Users/{shown['id']}").json == shown
    group = directory.group("whole", shown)
    broken = {"op": "add", "path": "members", "value": [{"value": "user-ffffffffffffffffffff"}]}
    directory.refused(
        directory.patch(group, {"op": "remove", "path": "members"}, broken), 400, "invalidValue"
    )
    assert directory.send("GET", f"/Groups/{group['id']}").json == group


def test_an_external_id_is_one_provisioners_own(server: RunningServer, directory: Directory) -> None:
    """Given twice it is refused; what a second directory calls its people is its own affair."""
    directory.user("external-1", externalId="E1")
    body = {"schemas": [USER], "userName": "external-2", "externalId": "E1"}
    directory.refused(directory.send("POST", "/Users", body), 409, "uniqueness")
    owner = server.owner()
    owner.apply({"kind": "ServiceId", "name": "second"}, {"kind": "Policy", "name": "second", "subjects":
                ["service-id:second"], "roles": ["User Provisioner"], "scope": {"service": "iam"}})  # fmt: skip
    server.client("service-id:second")
    second = Directory(server.caller(server.key("service-id:second")))
    second.user("external-3", externalId="E1")
    found = directory.send("GET", '/Users?filter=externalId%20eq%20"E1"').json["Resources"]
    assert [one["userName"] for one in found] == ["external-1", "external-3"]
    free = {"op": "remove", "path": "externalId"}
    assert directory.patch(found[0], free).status == 200
    assert directory.send("POST", "/Users", body).status == 201


def test_a_group_is_not_put_into_itself(directory: Directory) -> None:
    """Not by way of another either."""
    outer = directory.group("ring-outer")
    inner = directory.group("ring-inner", outer)
    add = {"op": "add", "path": "members", "value": [{"value": inner["id"]}]}
    directory.refused(directory.patch(outer, add), 400, "invalidValue")


def test_what_is_refused_is_in_the_activity(server: RunningServer, directory: Directory) -> None:
    """Also what is refused among many operations; changes say by which surface they came."""
    user = directory.user("seen")
    assert server.owner().put("groups", "seen", body={}).status == 201
    policy = {"subjects": ["group:seen"], "roles": ["Reader"], "scope": {"service": "container-registry"}}
    assert server.owner().put("policies", "seen", body=policy).status == 201
    shown = directory.send("GET", '/Groups?filter=displayName%20eq%20"seen"').json["Resources"][0]
    add = {
        "schemas": [PATCH],
        "Operations": [{"op": "add", "path": "members", "value": [{"value": user["id"]}]}],
    }
    operation = {"method": "PATCH", "path": f"/Groups/{shown['id']}", "data": add}
    directory.send("POST", "/Bulk", {"schemas": [BULK], "Operations": [operation]})
    refused = [
        one for one in server.owner().get("activity", limit=50).json["items"] if one["kind"] == "refusal"
    ]
    assert any(one["detail"]["route"] == "POST /scim/v2/Bulk" for one in refused), refused[:2]
    log = server.owner().get("log", limit=5).json["items"]
    assert "scim" in {one["via"] for one in log}
