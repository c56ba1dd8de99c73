"""Lists over HTTP: a container, or the members on which it is granted; for who may ask, as search and check say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.server import Client, Reply, RunningServer

REGISTRY = "brn:acme:container-registry:eu-de::service/container-registry"
IMAGES = "container-registry.image.list"
IAM = "brn:acme:iam:::service/iam"
EPS = "brn:acme:eps:::service/eps"


def policy(name: str, subjects: list[str], roles: list[str], **scope: Any) -> dict[str, Any]:
    """A policy over this scope."""
    return {"kind": "Policy", "name": name, "subjects": subjects, "roles": roles, "scope": scope}


DOCUMENTS = (
    *({"kind": "User", "name": name} for name in ("alice", "bob", "carol", "erin", "zoe")),
    {"kind": "ServiceId", "name": "gateway"},
    {"kind": "Project", "name": "dev"},
    {"kind": "Project", "name": "prod"},
    *(
        {"kind": "Resource", "name": f"brn:acme:container-registry:{region}::namespace/{name}", "project": project}
        for region, name, project in (("eu-de", "dev", "dev"), ("eu-de", "prod", "prod"), ("us-south", "dev", "dev"))
    ),
    policy("alice-reads-one", ["user:alice"], ["Reader"], service="container-registry", region="eu-de",
           type="namespace", id="dev"),
    policy("bob-reads-all", ["user:bob"], ["Reader"], service="container-registry", region="eu-de"),
    policy("carol-reads-a-project", ["user:carol"], ["Reader"], service="container-registry", project="dev"),
    policy("erin-queries-dev", ["user:erin"], ["EPS ReadOnlyAccess"], service="eps", type="enterprise-project",
           id="dev"),
    policy("alice-keeps-users", ["user:alice"], ["iam/Editor"], service="iam", type="user", id="b*"),
    policy("bob-views", ["user:bob"], ["iam/Viewer"], service="iam"),
    policy("gateway-asks", ["service-id:gateway"], ["iam/Evaluator"], service="container-registry", project="dev"),
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with two namespaces in one region, a third in another, and two projects."""
    with RunningServer(tmp_path_factory.mktemp("lists")) as running:
        reply = running.owner().apply(*DOCUMENTS)
        assert reply.status == 200, reply.text
        yield running


def ask(client: Client, action: str, container: Any, **more: Any) -> Reply:
    """May it be listed?"""
    return client.post("lists", body={"action": action, "container": container, **more})


def told(client: Client, action: str, container: Any, **more: Any) -> tuple[bool, bool, list[str]]:
    """The decision, whether it is about the whole container, and the ids of the members."""
    reply = ask(client, action, container, **more)
    assert reply.status == 200, reply.text
    members = [name.rpartition("/")[2] for name in reply.json["members"]]
    return reply.json["decision"], reply.json["whole"], members


def test_a_reader_of_one_namespace_lists_that_namespaces_images(server: RunningServer) -> None:
    """In the registry alice lists one namespace's images; in that namespace it is granted, in the other it is not."""
    alice = server.client("user:alice")
    assert told(alice, IMAGES, REGISTRY) == (True, False, ["dev"])
    assert told(alice, IMAGES, "brn:acme:container-registry:eu-de::namespace/dev") == (True, True, [])
    assert told(alice, IMAGES, "brn:acme:container-registry:eu-de::namespace/prod") == (False, False, [])
    assert told(alice, IMAGES, REGISTRY.replace("eu-de", "us-south")) == (False, False, [])


def test_a_reader_of_the_registry_lists_all_of_it(server: RunningServer) -> None:
    """It is granted on the container, so also for namespaces that nobody registered."""
    bob = server.client("user:bob")
    assert told(bob, IMAGES, REGISTRY) == (True, True, ["dev", "prod"])
    assert told(bob, IMAGES, {"id": REGISTRY, "properties": {"project": "prod"}}) == (True, True, ["prod"])


def test_a_project_narrows_what_is_listed(server: RunningServer) -> None:
    """Who reads a project's namespaces lists these, in each region."""
    carol = server.client("user:carol")
    assert told(carol, IMAGES, REGISTRY) == (True, False, ["dev"])
    everywhere = {"id": "brn:acme:container-registry:::service/container-registry"}
    assert told(carol, IMAGES, everywhere) == (True, False, ["dev", "dev"])


def test_a_project_user_lists_the_projects_granted(server: RunningServer) -> None:
    """EPS ReadOnlyAccess for one project lists that one."""
    assert told(server.client("user:erin"), "eps:enterpriseProjects:list", EPS) == (True, False, ["dev"])
    whole = told(server.owner(), "eps:enterpriseProjects:list", EPS)
    assert whole == (True, True, ["default", "dev", "prod"])


def test_own_objects_are_listed_whole_or_as_far_as_they_may_be_read(server: RunningServer) -> None:
    """A Viewer lists every user; who may read some lists those; who may read none lists none."""
    every = ["alice", "bob", "carol", "erin", "owner", "zoe"]
    assert told(server.client("user:bob"), "iam.user.list", IAM) == (True, True, every)
    assert told(server.client("user:alice"), "iam.user.list", IAM) == (True, False, ["bob"])
    assert told(server.client("user:zoe"), "iam.user.list", IAM) == (False, False, [])
    assert told(server.client("user:bob"), "iam.project.list", IAM)[2] == ["default", "dev", "prod"]
    assert ask(server.client("user:zoe"), "iam.user.list", IAM).json["reason"] == "no_matching_policy"


def test_lists_come_in_pages(server: RunningServer) -> None:
    """A cursor belongs to one list of one caller."""
    bob = server.client("user:bob")
    first = ask(bob, "iam.user.list", IAM, limit=2).json
    rest = ask(bob, "iam.user.list", IAM, cursor=first["next_cursor"]).json
    assert len(first["members"]) == 2
    assert first["members"] + rest["members"] == ask(bob, "iam.user.list", IAM).json["members"]
    assert rest["next_cursor"] is None
    for other in (
        ask(bob, "iam.group.list", IAM, cursor=first["next_cursor"]),
        ask(server.owner(), "iam.user.list", IAM, cursor=first["next_cursor"]),
    ):
        assert (other.status, other.error["detail"]) == (
            400,
            "the token is not of this search, or has expired at cursor",
        )


def test_lists_of_others_hold_what_may_be_asked_about(server: RunningServer) -> None:
    """The evaluator of one project sees of bob's list what lies in it; who may ask nothing is refused."""
    gateway = server.client("service-id:gateway")
    assert told(gateway, IMAGES, REGISTRY, principal="user:bob") == (True, False, ["dev"])
    refused = ask(server.client("user:zoe"), IMAGES, REGISTRY, principal="user:bob")
    assert (refused.status, refused.error["action"]) == (403, "iam.decision.evaluate")


def test_a_list_of_what_is_not_known_is_its_containers_alone(server: RunningServer) -> None:
    """What the action `eps:users:list` holds nobody says; it is granted, or not."""
    reply = ask(server.owner(), "eps:users:list", EPS)
    assert (reply.json["type"], reply.json["members"], reply.json["whole"]) == (None, [], True)
    assert told(server.client("user:zoe"), "eps:users:list", EPS) == (False, False, [])


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"container": IAM}, "missing field `action`"),
        ({"action": "iam.user.list"}, "missing field `container`"),
        ({"action": "iam.user.read", "container": IAM}, "`iam.user.read` is no list at action"),
        ({"action": "iam.user.list", "container": "iam"}, "`iam` is no resource name at container"),
        ({"action": "iam.user.list", "container": ""}, "`` is no resource name at container"),
        (
            {"action": "iam.user.list", "container": IAM, "limit": 0},
            "expected a number from 1 to 1000 at limit",
        ),
    ],
)
def test_what_is_no_question_says_why(server: RunningServer, body: dict[str, Any], detail: str) -> None:
    """400, with the place."""
    reply = server.owner().post("lists", body=body)
    assert (reply.status, reply.error["detail"]) == (400, detail)


def test_an_unknown_action_is_not_granted(server: RunningServer) -> None:
    """It is denied as such."""
    reply = ask(server.owner(), "iam.nothing.list", IAM)
    assert (reply.json["decision"], reply.json["reason"]) == (False, "unknown_action")
