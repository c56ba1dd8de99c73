"""The documents' own steps, one after the other, over HTTP: what an administrator does and what users then find.

Their tables are golden (tests/golden); here are the walks between them. Sources: Open Telekom Cloud Image Management
Service, Creating a User and Granting Permissions; Dell Cloud Manager Security Guide, Access Rights (2015-12-16); Huawei
Cloud Enterprise Management, Enterprise Project Permissions (2025-03-28).
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.delegation import CREATE, lacks, refusal
from tests.e2e.server import Client, RunningServer

IMAGE = "brn:acme:ims:{}::image/web-1"
ABOVE = {"subnet": "vpc/one/", "route-table": "vpc/one/", "security-group-rule": "security-group/one/"}
QUERIES = {"ims:images:list", "ims:images:get", "ims:quotas:get"}


def operations(owner: Client, service: str) -> list[dict[str, Any]]:
    """Which operations has this service?"""
    shown = owner.send("GET", f"/v1/services/{service}")
    assert shown.status == 200, shown.text
    return list(shown.json["operations"])


def can(caller: Client, service: str, operation: dict[str, Any], target: str) -> tuple[bool, str]:
    """May the caller do this whole operation there, and for which reason?"""
    sides = {one["on"] for one in operation["actions"]} or {"target"}
    body = {"service": service, "operation": operation["id"], "resources": dict.fromkeys(sides, target)}
    reply = caller.post("operations", "check", body=body)
    assert reply.status == 200, reply.text
    return bool(reply.json["decision"]), str(reply.json["reason"])


def reasons(caller: Client, service: str, owner: Client) -> list[str]:
    """What is the caller answered to each action of the service in eu-de, on a thing of the action's type?"""
    kind, _, name = caller.whoami.partition(":")
    questions = []
    for action in owner.send("GET", f"/v1/services/{service}").json["actions"]:
        of = action["resource_type"] or "service"
        one = f"{of}/one" if action["resource_type"] else f"service/{service}"
        resource = {"type": f"{service}/{of}", "id": f"brn:acme:{service}:eu-de::{ABOVE.get(of, '')}{one}"}
        subject = {"type": kind, "id": name}
        questions.append({"subject": subject, "action": {"name": action["id"]}, "resource": resource})
    reply = caller.send("POST", "/access/v1/evaluations", {"evaluations": questions})
    assert reply.status == 200, reply.text
    return [answer["context"]["reason"] for answer in reply.json["evaluations"]]


def test_a_group_a_permission_a_user_and_the_check(server: RunningServer) -> None:
    """In the region images are queried and nothing else is done; elsewhere and in other services nothing."""
    owner = server.owner()
    # Create a user group and grant permissions to it.
    assert owner.post("groups", body={"name": "image-readers"}).status == 201
    policy = {
        "name": "read-images", "subjects": ["group:image-readers"], "roles": ["IMS ReadOnlyAccess"],
        "scope": {"service": "ims", "region": "eu-de"},
    }  # fmt: skip
    assert owner.post("policies", body=policy).status == 201
    # Create a user and add it to the user group.
    assert owner.post("users", body={"name": "ria"}).status == 201
    ria = server.client("user:ria")
    assert not ria.is_allowed("ims:images:list", IMAGE.format("eu-de"))
    assert owner.patch("groups", "image-readers", body={"members": ["user:ria"]}).status == 200
    # Log in and verify permissions.
    images = operations(owner, "ims")
    done = {one["id"] for one in images if can(ria, "ims", one, IMAGE.format("eu-de"))[0]}
    assert done == {one["id"] for one in images if {a["action"] for a in one["actions"]} <= QUERIES}
    creating = [one for one in images if one["id"].startswith("Create Private Image (")]
    assert len(creating) == 4
    for one in creating:
        assert can(ria, "ims", one, IMAGE.format("eu-de")) == (False, "no_matching_policy")
    # Another region, any other service.
    nowhere = {one["id"] for one in images if can(ria, "ims", one, IMAGE.format("eu-nl"))[0]}
    assert nowhere == {one["id"] for one in images if not one["actions"]}
    assert set(reasons(ria, "vpc", owner)) == {"no_matching_policy"}
    assert set(reasons(owner, "vpc", owner)) == {"allowed"}
    # The account itself needs neither users nor permissions.
    assert all(can(owner, "ims", one, IMAGE.format("eu-nl"))[0] for one in images)
    # Out of the group again.
    assert owner.patch("groups", "image-readers", body={"members": []}).status == 200
    assert not ria.is_allowed("ims:images:list", IMAGE.format("eu-de"))


VOLUME, SERVER = "brn:acme:cloud:us-east::volume/{}", "brn:acme:cloud:us-east::server/s"
OTHER_TYPES = ("account", "ip", "network", "subnet")


def test_the_role_developer_is_edited(server: RunningServer) -> None:
    """A new role gives nothing; with everything in it it gives that; after the edit what the edit left."""
    owner = server.owner()
    world: list[dict[str, Any]] = [
        *({"kind": "User", "name": name} for name in ("frank", "bob")),
        {"kind": "Group", "name": "developers", "members": ["user:frank"]},
        {"kind": "Resource", "name": VOLUME.format("franks"), "owner": "user:frank"},
        {"kind": "Resource", "name": VOLUME.format("bobs"), "owner": "user:bob"},
        {"kind": "Role", "name": "Developer", "service": "cloud", "rights": [{"actions": ["ssh-key.Access"]}]},
        {
            "kind": "Policy", "name": "developers", "subjects": ["group:developers"], "roles": ["Developer"],
            "scope": {"service": "cloud"},
        },
    ]  # fmt: skip
    assert owner.apply(*world).status == 200
    frank = server.client("user:frank")

    def held() -> set[str]:
        """Which of the actions that the edit is about has frank, on what is his and on what is bob's?"""
        found = {
            f"{action} {whose}"
            for action in ("Access", "Attach", "Delete", "Detach", "ManageOwnership", "ManageBilling")
            for whose in ("franks", "bobs")
            if frank.is_allowed(f"volume.{action}", VOLUME.format(whose))
        }
        found |= {kind for kind in OTHER_TYPES if frank.is_allowed(f"{kind}.Access", _one(kind))}
        return found | ({"server"} if frank.is_allowed("server.Start", SERVER) else set())

    def edit(*rights: dict[str, Any]) -> None:
        """Save changes."""
        changed = owner.patch("roles", "Developer", body={"rights": list(rights)})
        assert changed.status == 200, changed.text
        assert owner.get("roles", "Developer").json["rights"] == list(rights)

    assert held() == set()
    edit({"actions": ["*"]})
    both = {f"{action} {whose}" for action in ("Access", "Attach", "Delete", "Detach", "ManageOwnership",
                                               "ManageBilling") for whose in ("franks", "bobs")}  # fmt: skip
    assert held() == both | {*OTHER_TYPES, "server"}
    edit(
        {"actions": ["server.*", "volume.Access", "volume.Attach", "volume.Create", "volume.Configure",
                     "volume.Snapshot"]},
        {"actions": ["volume.Delete", "volume.Detach", "volume.ManageOwnership"], "qualifier": "mine"},
    )  # fmt: skip
    assert held() == {
        "Access franks", "Access bobs", "Attach franks", "Attach bobs", "Delete franks", "Detach franks",
        "ManageOwnership franks", "server",
    }  # fmt: skip
    edit({"actions": ["ssh-key.Access"]})
    assert held() == set()


def _one(kind: str) -> str:
    return f"brn:acme:cloud:us-east::{kind}/one"


def test_rights_of_two_roles_add_up_and_the_widest_qualifier_counts(server: RunningServer) -> None:
    """Any over my groups over mine, whatever order the roles came in, and less again when one is taken away."""
    owner = server.owner()
    stop = {"any": {}, "my groups": {"qualifier": "my groups"}, "mine": {"qualifier": "mine"}}
    servers = {"own": ("user:frank", []), "team": ("user:bob", ["group:team"]), "other": ("user:bob", [])}
    world: list[dict[str, Any]] = [
        *({"kind": "User", "name": name} for name in ("frank", "bob")),
        {"kind": "Group", "name": "team", "members": ["user:frank"]},
        *(
            {"kind": "Resource", "name": f"{SERVER}-{name}", "owner": whose, "groups": groups}
            for name, (whose, groups) in servers.items()
        ),
        *(
            {"kind": "Role", "name": f"Stop {name}", "service": "cloud",
             "rights": [{"actions": ["server.Access"]}, {"actions": ["server.Stop"], **how}]}
            for name, how in stop.items()
        ),
    ]  # fmt: skip
    assert owner.apply(*world).status == 200
    frank = server.client("user:frank")

    def stopped() -> list[str]:
        return [name for name in servers if frank.is_allowed("server.Stop", f"{SERVER}-{name}")]

    policy = {"subjects": ["user:frank"], "scope": {"service": "cloud"}}
    widest = {"mine": ["own"], "my groups": ["own", "team"], "any": ["own", "team", "other"]}
    for name in ("mine", "my groups", "any"):
        assert owner.put("policies", name, body={**policy, "roles": [f"Stop {name}"]}).status == 201
        assert stopped() == widest[name]
    for name, left in (("any", widest["my groups"]), ("mine", widest["my groups"]), ("my groups", [])):
        assert owner.delete("policies", name).status == 204
        assert stopped() == left


@pytest.fixture
def projects(server: RunningServer) -> RunningServer:
    """Two projects; adam administers all, priya one; rene looks at all, rosa at one; custom has a role of its own."""
    eps, dev = {"service": "eps"}, {"service": "eps", "type": "enterprise-project", "id": "dev"}
    people = {
        "adam": ("EPS FullAccess", eps), "priya": ("EPS FullAccess", dev),
        "rene": ("EPS ReadOnlyAccess", eps), "rosa": ("EPS ReadOnlyAccess", dev),
        "custom": ("Renamer", dev),
    }  # fmt: skip
    reply = server.owner().apply(
        *({"kind": "Project", "name": name} for name in ("dev", "prod")),
        *({"kind": "User", "name": name} for name in (*people, "newcomer")),
        {"kind": "Group", "name": "team", "members": ["user:newcomer"]},
        {"kind": "Role", "name": "Renamer", "service": "eps",
         "rights": [{"actions": ["eps:enterpriseProjects:get", "eps:enterpriseProjects:update"]}]},
        *(
            {"kind": "Policy", "name": name, "subjects": [f"user:{name}"], "roles": [role], "scope": scope}
            for name, (role, scope) in people.items()
        ),
    )  # fmt: skip
    assert reply.status == 200, reply.text
    return server


DEV = {"service": "eps", "type": "enterprise-project", "id": "dev"}
IN_DEV = "service `eps`, `enterprise-project` `dev`"


def test_policies_of_one_project_are_set_by_who_administers_all(projects: RunningServer) -> None:
    """EPS FullAccess for the account sets both policies on a project; nobody else does, and nothing besides."""
    owner, adam = projects.owner(), projects.client("user:adam")
    get, update = ("eps:enterpriseProjects:get", "eps:enterpriseProjects:update")
    dev, prod = ("brn:acme:eps:::enterprise-project/" + name for name in ("dev", "prod"))
    body = {"subjects": ["group:team"], "scope": DEV}
    newcomer = projects.client("user:newcomer")
    assert not newcomer.is_allowed(get, dev)
    assert adam.put("policies", "set", body={**body, "roles": ["EPS ReadOnlyAccess"]}).status == 201
    assert (newcomer.is_allowed(get, dev), newcomer.is_allowed(update, dev)) == (True, False)
    assert not newcomer.is_allowed(get, prod)
    assert adam.put("policies", "set", body={**body, "roles": ["EPS FullAccess"]}).status == 200
    assert (newcomer.is_allowed(update, dev), newcomer.is_allowed(update, prod)) == (True, False)
    other = adam.put("policies", "other", body={**body, "roles": ["Renamer"]})
    assert other.error == lacks("iam.role.assign", IN_DEV, "policy `other` grants it", "eps/Renamer")
    images = {"subjects": ["group:team"], "roles": ["ims/IMS FullAccess"], "scope": {"project": "dev"}}
    away = adam.put("policies", "other", body=images)
    assert away.error == refusal(CREATE, f"`user:adam` lacks `{CREATE}` over project `dev`")
    for who in ("priya", "rene", "rosa", "custom", "newcomer"):
        reply = projects.client(f"user:{who}").put(
            "policies", "mine", body={**body, "roles": ["EPS ReadOnlyAccess"]}
        )
        assert reply.error == refusal(CREATE, f"`user:{who}` lacks `{CREATE}` over {IN_DEV}")
    assert adam.delete("policies", "set").status == 204
    assert not newcomer.is_allowed(get, dev)
    assert owner.get("policies", "other").status == 404


def test_each_user_sees_and_does_what_was_granted(projects: RunningServer) -> None:
    """The administrator does everything; the two policies at two levels and a custom role do what they say."""
    owner = projects.owner()
    every = [one for one in operations(owner, "eps") if one["actions"]]
    dev, prod = ("brn:acme:eps:::enterprise-project/" + name for name in ("dev", "prod"))
    assert all(can(owner, "eps", one, place)[0] for one in every for place in (dev, prod))
    actions = [f"eps:enterpriseProjects:{name}" for name in ("get", "update", "enable", "disable")]
    actions += ["eps:resources:list", "eps:resources:add", "eps:resources:remove"]
    administer, look, move = set(actions[:5]), {actions[0], actions[4]}, set(actions[5:])
    for who, in_dev, in_prod in (
        ("adam", administer | move, administer | move),
        ("priya", administer, set()),
        ("rene", look, look),
        ("rosa", look, set()),
        ("custom", {actions[0], actions[1]}, set()),
        ("newcomer", set(), set()),
    ):
        caller = projects.client(f"user:{who}")
        assert {one for one in actions if caller.is_allowed(one, dev)} == in_dev, who
        assert {one for one in actions if caller.is_allowed(one, prod)} == in_prod, who
