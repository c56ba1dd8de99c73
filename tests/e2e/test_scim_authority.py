"""What a provisioner may: exactly what whoever named it handed over, by SCIM and by any other way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.scim import BULK, DIRECTORY, GROUP, USER, Directory, provision
from tests.e2e.server import Client, RunningServer

REPOSITORY = "brn:acme:container-registry:eu-de::namespace/a/image/app"
PULL = "container-registry.image.pull"
READERS = {"roles": ["Reader"], "scope": {"service": "container-registry"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for the file; each test has names of its own."""
    with RunningServer(tmp_path_factory.mktemp("scim"), public_url="") as running:
        yield running


@pytest.fixture(scope="module")
def directory(server: RunningServer) -> Directory:
    """A directory that provisions."""
    return provision(server)


def grant(owner: Client, name: str, subject: str) -> None:
    """Let these read the registry."""
    reply = owner.put("policies", name, body={"subjects": [subject], **READERS})
    assert reply.status in (200, 201), reply.text


def test_a_group_of_its_own_is_filled_whatever_it_is_granted(
    server: RunningServer, directory: Directory
) -> None:
    """Whoever granted it said so; the provisioner itself holds nothing of it."""
    user, group = directory.user("filled"), directory.group("filled")
    grant(server.owner(), "filled", "group:filled")
    add = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    assert directory.patch(group, add).status == 200
    assert server.owner().is_allowed(PULL, REPOSITORY, "user:filled")
    assert not server.owner().is_allowed(PULL, REPOSITORY, DIRECTORY)


def test_a_group_of_the_accounts_own_is_not_filled(server: RunningServer, directory: Directory) -> None:
    """Adding somebody is a grant of what the group holds, by SCIM as by any other way."""
    owner, user = server.owner(), directory.user("climber")
    assert owner.put("groups", "guarded", body={}).status == 201
    shown = directory.send("GET", '/Groups?filter=displayName%20eq%20"guarded"').json["Resources"][0]
    grant(owner, "guarded", "group:guarded")
    add = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    words = directory.refused(directory.patch(shown, add), 403)
    assert words.startswith("`user:climber` joins `group:guarded`, and you lack `iam.policy.create`")
    body = {"schemas": [GROUP], "displayName": "guarded", "members": [{"value": user["id"]}]}
    directory.refused(directory.send("PUT", f"/Groups/{shown['id']}", body), 403)
    operation = {"method": "PUT", "path": f"/Groups/{shown['id']}", "data": body}
    answer = directory.send("POST", "/Bulk", {"schemas": [BULK], "Operations": [operation]}).json
    assert [one["status"] for one in answer["Operations"]] == ["403"]
    wrapped = directory.group("wrapper", user)
    nested = {"op": "add", "path": "members", "value": [{"value": wrapped["id"]}]}
    directory.refused(directory.patch(shown, nested), 403)
    assert not owner.is_allowed(PULL, REPOSITORY, "user:climber")


def test_a_provisioner_does_not_name_itself(server: RunningServer, directory: Directory) -> None:
    """To name a provisioner is a grant of what the group holds, or the user."""
    owner, client = server.owner(), server.client(DIRECTORY)
    assert owner.apply({"kind": "Group", "name": "wanted"}, {"kind": "User", "name": "wanted"}).status == 200
    grant(owner, "wanted-group", "group:wanted")
    grant(owner, "wanted-user", "user:wanted")
    for path in ("groups", "users"):
        reply = client.patch(path, "wanted", body={"provisioned_by": DIRECTORY})
        assert (reply.status, reply.error["reason"]) == (403, "no_authority"), reply.text
        reply = owner.patch(path, "wanted", body={"provisioned_by": DIRECTORY})
        assert reply.status == 200, reply.text


def test_only_whom_it_provisions_joins_by_its_word(server: RunningServer, directory: Directory) -> None:
    """Not a service ID, not somebody of the account's own, not by a membership that is not SCIM's."""
    owner, client = server.owner(), server.client(DIRECTORY)
    group, theirs = directory.group("narrow"), directory.user("narrow")
    assert (
        owner.apply({"kind": "User", "name": "own-hand"}, {"kind": "Group", "name": "own-group"}).status
        == 200
    )
    grant(owner, "narrow", "group:narrow")
    shown = directory.send("GET", '/Users?filter=userName%20eq%20"own-hand"').json["Resources"][0]
    other = directory.send("GET", '/Groups?filter=displayName%20eq%20"own-group"').json["Resources"][0]
    for one in (shown, other):
        add = {"op": "add", "path": "members", "value": [{"value": one["id"]}]}
        directory.refused(directory.patch(group, add), 403)
    for member in (DIRECTORY, {"member": DIRECTORY, "managed_by": "scim"}, "user:narrow"):
        reply = client.patch("groups", "narrow", body={"members": [member]})
        assert (reply.status, reply.error["reason"]) == (403, "no_authority"), (member, reply.text)
    add = {"op": "add", "path": "members", "value": [{"value": theirs["id"]}]}
    assert directory.patch(group, add).status == 200


def test_a_session_that_may_do_less_hands_over_less(server: RunningServer, directory: Directory) -> None:
    """A restricted session of the provisioner is not the provisioner."""
    user, group = directory.user("restricted"), directory.group("restricted")
    grant(server.owner(), "restricted", "group:restricted")
    narrow = {"actions": ["iam.user.delete"], "scope": {"service": "iam"}}
    begun = server.client(DIRECTORY).post("sessions", body={"restrict": [narrow]})
    assert begun.status == 201, begun.text
    less = Directory(server.caller(begun.json["access_token"]))
    add = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    less.refused(less.patch(group, add), 403)


def test_its_credential_hands_over_what_its_groups_hold(server: RunningServer, directory: Directory) -> None:
    """Who may make keys for service IDs, but grant nothing, makes none for the provisioner."""
    owner = server.owner()
    directory.group("keyed")
    maker = {"kind": "User", "name": "maker"}
    policy = {"kind": "Policy", "name": "maker", "subjects": ["user:maker"], "roles": ["Editor"],
              "scope": {"service": "iam"}}  # fmt: skip
    assert owner.apply(maker, policy).status == 200
    grant(owner, "keyed", "group:keyed")
    reply = server.client("user:maker").post("api-keys", body={"owner": DIRECTORY})
    assert (reply.status, reply.error["reason"]) == (403, "no_authority"), reply.text


def test_deactivating_bites_at_once_and_is_taken_back(server: RunningServer, directory: Directory) -> None:
    """The user's token ends with the change; who granted something to it need not be there when it is active again."""
    owner, user = server.owner(), directory.user("paused")
    grant(owner, "paused", "user:paused")
    client = server.client("user:paused")
    assert client.is_allowed(PULL, REPOSITORY)
    off, on = ({"op": "replace", "path": "active", "value": value} for value in (False, True))
    assert directory.patch(user, off).json["active"] is False
    assert client.get("users", "paused").status == 401
    assert directory.patch(user, on).json["active"] is True
    assert client.is_allowed(PULL, REPOSITORY)


def test_whom_somebody_else_disabled_stays_disabled(server: RunningServer, directory: Directory) -> None:
    """Neither by activating, nor by deactivating first, nor by writing the mark itself."""
    owner, client = server.owner(), server.client(DIRECTORY)
    user = directory.user("barred")
    grant(owner, "barred", "user:barred")
    assert owner.patch("users", "barred", body={"disabled": True}).status == 200
    off, on = ({"op": "replace", "path": "active", "value": value} for value in (False, True))
    directory.refused(directory.patch(user, on), 403)
    assert directory.patch(user, off).status == 200
    directory.refused(directory.patch(user, on), 403)
    body = {"schemas": [USER], "userName": "barred", "active": True}
    directory.refused(directory.send("PUT", f"/Users/{user['id']}", body), 403)
    reply = client.patch("users", "barred", body={"properties": {"scim": {"active": False}}})
    assert (reply.status, reply.error["reason"]) == (403, "no_authority"), reply.text
    assert owner.patch("users", "barred", body={"disabled": False}).status == 200


def test_the_owner_is_never_changed(server: RunningServer, directory: Directory) -> None:
    """Not even by a provisioner with every right there is."""
    owner = server.owner()
    policy = {"subjects": [DIRECTORY], "roles": ["Administrator"], "scope": {"service": "iam"}}
    assert owner.put("policies", "powerful", body=policy).status == 201
    shown = directory.send("GET", '/Users?filter=userName%20eq%20"owner"').json["Resources"][0]
    for operation in ({"path": "active", "value": False}, {"path": "title", "value": "Boss"}):
        directory.refused(directory.patch(shown, {"op": "replace", **operation}), 400, "mutability")
    directory.refused(directory.send("DELETE", f"/Users/{shown['id']}"), 400, "mutability")
    assert owner.delete("policies", "powerful").status == 204


def test_deleting_takes_along_only_what_it_may(server: RunningServer, directory: Directory) -> None:
    """Keys and memberships go; a policy that would be left without a subject needs the right to delete policies."""
    owner, user = server.owner(), directory.user("leaving")
    directory.group("left", user)
    token = server.client("user:leaving")
    grant(owner, "leaving", "user:leaving")
    directory.refused(directory.send("DELETE", f"/Users/{user['id']}"), 403)
    assert owner.delete("policies", "leaving").status == 204
    assert directory.send("DELETE", f"/Users/{user['id']}").status == 204
    assert token.get("users", "leaving").status == 401
    assert owner.get("groups", "left").json["members"] == []
    again = directory.user("leaving")
    assert again["id"] != user["id"], "a name that is given anew inherits nothing"


def test_a_provisioner_that_is_deleted_leaves_its_people(server: RunningServer) -> None:
    """It cannot go while they name it; afterwards its key opens nothing."""
    owner = server.owner()
    owner.apply({"kind": "ServiceId", "name": "second"}, {"kind": "Policy", "name": "second", "subjects":
                ["service-id:second"], "roles": ["User Provisioner"], "scope": {"service": "iam"}})  # fmt: skip
    server.client("service-id:second")
    second = Directory(server.caller(server.key("service-id:second")))
    second.group("orphans", second.user("orphan"))
    assert owner.delete("policies", "second").status == 204
    reply = owner.delete("service-ids", "second")
    assert reply.status == 400, reply.text
    assert "still referred to by" in reply.text
    stay: list[dict[str, object]] = [
        {"kind": "User", "name": "orphan", "properties": {"scim": {}}},
        {"kind": "Group", "name": "orphans", "members": [{"member": "user:orphan", "managed_by": "scim"}]},
    ]
    assert owner.apply(*stay).status == 200
    assert owner.delete("service-ids", "second").status == 204
    second.refused(second.send("GET", "/Users"), 401)
