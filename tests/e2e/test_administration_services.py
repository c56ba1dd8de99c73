"""The catalog, operations, health, numbers and the interface's page over HTTP."""

from __future__ import annotations

import re

import pytest
from tests.e2e.server import Client, RunningServer

from bailiwick.service.catalog_files import load_system_catalog

RECORDS = """
kind: Service
name: records
title: Records
locality: global
resource_types: {record: {}}
actions:
  - {id: read, title: Read a record, resource_type: record, access: read}
operations:
  - {id: show, title: Show a record, kind: command, actions: [{action: read, on: target}]}
roles:
  - {name: Reader, kind: service, rights: [{actions: ["re*"]}]}
---
kind: User
name: alice
---
kind: User
name: bob
---
kind: Policy
name: bob-reads
subjects: [user:bob]
roles: [Reader]
scope: {service: records}
"""
RECORD = "brn:acme:records:::record/1"


@pytest.fixture
def world(owner: Client) -> Client:
    """The owner, once the account holds a service of its own."""
    reply = owner.apply_text(RECORDS)
    assert reply.status == 200, reply.text
    return owner


def test_services_are_listed_with_everything_that_can_be_granted(owner: Client) -> None:
    """Every system service, each with its actions, roles expanded to actions, and operations."""
    services = owner.send("GET", "/v1/services").json["items"]
    assert [one["id"] for one in services] == sorted(load_system_catalog())
    registry = next(one for one in services if one["id"] == "container-registry")
    assert set(registry) == {
        "id", "title", "regions", "locality", "resource_types", "actions", "roles", "operations",
    }  # fmt: skip
    known = {action["id"] for action in registry["actions"]}
    assert all(set(role["actions"]) <= known for role in registry["roles"])
    assert next(role for role in registry["roles"] if role["name"] == "Reader")["actions"]
    run = next(one for one in registry["operations"] if one["id"] == "ibmcloud cr image-tag")
    assert run == {
        "id": "ibmcloud cr image-tag",
        "title": "Create a container image that refers to a source image",
        "actions": [
            {"action": "container-registry.image.pull", "on": "source"},
            {"action": "container-registry.image.push", "on": "target"},
        ],
    }
    assert owner.send("GET", "/v1/services/container-registry").json == registry


def test_own_services_are_shown_where_the_account_is_named(world: Client) -> None:
    """A service of the account's own is listed with the account, in the same form."""
    assert world.send("GET", "/v1/services/records").status == 404
    shown = world.send("GET", "/v1/services/records?account=acme").json
    roles = {role["name"]: (role["kind"], role["actions"]) for role in shown.pop("roles")}
    assert shown == {
        "id": "records",
        "title": "Records",
        "regions": "global",
        "locality": "global",
        "resource_types": ["record"],
        "actions": [
            {
                "id": "read",
                "title": "Read a record",
                "resource_type": "record",
                "access": "read",
                "source": [],
            }
        ],
        "operations": [
            {"id": "show", "title": "Show a record", "actions": [{"action": "read", "on": "target"}]}
        ],
    }
    platform = {name: ("platform", ["read"]) for name in ("Viewer", "Operator", "Editor", "Administrator")}
    assert roles == {**platform, "Reader": ("service", ["read"])}
    other = world.send("GET", "/v1/services?account=other")
    assert (other.status, other.error["reason"]) == (403, "other_account")
    missing = world.send("GET", "/v1/services/container-registr")
    assert missing.error == {
        "code": "not_found",
        "detail": "there is no service `container-registr`",
        "help": "did you mean `container-registry`?",
    }


def test_the_catalog_is_not_for_everybody(server: RunningServer, world: Client) -> None:
    """Looking needs the action."""
    refused = server.client("user:alice").send("GET", "/v1/services")
    assert (refused.status, refused.error["detail"]) == (403, "`user:alice` lacks `iam.catalog.read`")


def test_an_operation_is_allowed_when_each_of_its_actions_is(server: RunningServer, world: Client) -> None:
    """The answer tells every action with its resource, and which roles would be enough."""
    asked = world.post(
        "operations",
        "check",
        body={"principal": "user:bob", "operation": "show", "resources": {"target": RECORD}},
    )
    answer = asked.json
    answer.pop("revision")
    assert answer == {
        "service": "records",
        "operation": "show",
        "title": "Show a record",
        "principal": "user:bob",
        "decision": True,
        "reason": "allowed",
        "actions": [
            {"action": "read", "on": "target", "resource": RECORD, "decision": True, "reason": "allowed"}
        ],
        "sufficient_roles": answer["sufficient_roles"],
    }
    assert ["Reader"] in answer["sufficient_roles"]
    denied = world.post(
        "operations",
        "check",
        body={"principal": "user:alice", "operation": "show", "resources": {"target": RECORD}},
    ).json
    assert (denied["decision"], denied["reason"]) == (False, "no_matching_policy")


def test_anyone_may_ask_about_oneself_and_nobody_about_others(server: RunningServer, world: Client) -> None:
    """Rule 10.1 holds for operations: about oneself without any right, about others with it."""
    bob, alice = server.client("user:bob"), server.client("user:alice")
    own = bob.post("operations", "check", body={"operation": "show", "resources": {"target": RECORD}})
    assert (own.status, own.json["decision"], own.json["principal"]) == (200, True, "user:bob")
    for operation, service in (("show", "records"), ("ibmcloud cr image-tag", "container-registry")):
        target = RECORD if service == "records" else "brn:acme:container-registry:eu-de::namespace/a/image/b"
        refused = alice.post(
            "operations",
            "check",
            body={
                "principal": "user:bob",
                "operation": operation,
                "resources": {"target": target, "source": target},
            },
        )
        assert refused.status == 403
        assert refused.error["action"] == "iam.decision.evaluate"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "missing field `operation`"),
        ({"operation": "sho"}, 404, "there is no operation `sho`"),
        ({"operation": "show", "service": "nix"}, 404, "there is no service `nix`"),
        ({"operation": "show"}, 400, "`show` needs a target"),
        ({"operation": "show", "resources": {"tagret": RECORD}}, 400, "unknown side `tagret`"),
        ({"operation": "show", "resources": {"target": "x"}}, 400, "`x` is no resource name"),
        ({"operation": "show", "principal": "bob", "resources": {}}, 400, "`bob` is no principal"),
    ],
)
def test_a_wrong_question_about_an_operation_is_refused_in_words(
    world: Client, body: dict[str, object], status: int, message: str
) -> None:
    """What is missing or unknown is named."""
    reply = world.post("operations", "check", body=body)
    assert reply.status == status, reply.text
    error = reply.error
    assert error["detail"].partition(" at ")[0] == message if status == 400 else error["detail"] == message


def test_health_is_public_and_says_nothing_else(server: RunningServer) -> None:
    """Whoever asks learns that the server answers."""
    nobody = server.nobody()
    assert nobody.send("GET", "/healthz").json == {"status": "alive"}
    assert nobody.send("GET", "/readyz").json == {"status": "ready"}


def test_the_interface_is_described_by_a_document(server: RunningServer) -> None:
    """OpenAPI 3.1: every reference leads somewhere, every operation has its own id and an error."""
    document = server.nobody().send("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")
    text = str(document)
    wanted = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert wanted <= set(document["components"]["schemas"])
    operations = [o for path in document["paths"].values() for o in path.values()]
    ids = [o["operationId"] for o in operations if "operationId" in o]
    assert len(ids) == len(set(ids))
    assert "/v1/accounts/{account}/resources/{name}" in document["paths"]
    assert "/access/v1/evaluation" in document["paths"]


def test_the_page_needs_nothing_from_elsewhere(server: RunningServer) -> None:
    """Own HTML: no script, no address of another host, a policy that allows nothing but its own style."""
    page = server.nobody().send("GET", "/docs")
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    html = page.text
    assert "<script" not in html
    assert not re.search(r"(?:src|href)=\"(?:[a-z]+:)?//", html)
    assert not re.search(r"\son[a-z]+=|javascript:|@import|url\(", html)
    for shown in ("/v1/accounts/{account}/policies", "iam.policy.create", "Problem"):
        assert shown in html
    targets = set(re.findall(r'href="#([^"]+)"', html))
    assert targets <= set(re.findall(r'id="([^"]+)"', html))


def test_the_frameworks_own_pages_are_off(server: RunningServer) -> None:
    """No page loads anything from a content network (bug class 10)."""
    for path in ("/redoc", "/docs/oauth2-redirect", "/playground", "/admin", "/debug"):
        assert server.nobody().send("GET", path).status == 404
