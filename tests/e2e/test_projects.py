"""Seed 004's whole cycle with real sessions: owner, and EPS FullAccess and ReadOnlyAccess, global and for one project.

Source: Huawei Cloud Enterprise Management, Enterprise Project Permissions (2025-03-28), tables 1 and 2. Every operation
of the tables is tried by every persona; whoever may not changes nothing and is told the action that is lacking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from tests.e2e.server import Client, Reply, RunningServer

IMAGE = "brn:acme:ims:eu-de::image/base"
OTHER = "brn:acme:ims:eu-de::image/other"
NEW = "brn:acme:ims:eu-de::image/new"
PERSONAS = ("owner", "full", "full-dev", "read", "read-dev")
WORLD = f"""
{{kind: User, name: full}}
---
{{kind: User, name: full-dev}}
---
{{kind: User, name: read}}
---
{{kind: User, name: read-dev}}
---
{{kind: User, name: nobody}}
---
{{kind: Group, name: designers, members: [user:nobody]}}
---
{{kind: Group, name: builders}}
---
{{kind: Project, name: dev}}
---
{{kind: Project, name: prod}}
---
{{kind: Project, name: old, disabled: true}}
---
{{kind: Resource, name: "{IMAGE}", project: dev}}
---
{{kind: Resource, name: "{OTHER}", project: prod}}
---
{{kind: Resource, name: "{NEW}", project: default}}
---
{{kind: Policy, name: full, subjects: [user:full], roles: [EPS FullAccess], scope: {{service: eps}}}}
---
{{kind: Policy, name: read, subjects: [user:read], roles: [EPS ReadOnlyAccess], scope: {{service: eps}}}}
---
kind: Policy
name: full-dev
subjects: [user:full-dev]
roles: [EPS FullAccess]
scope: {{service: eps, type: enterprise-project, id: dev}}
---
kind: Policy
name: read-dev
subjects: [user:read-dev]
roles: [EPS ReadOnlyAccess]
scope: {{service: eps, project: dev}}
---
kind: Policy
name: builds
subjects: [group:builders]
roles: [EPS ReadOnlyAccess]
scope: {{service: eps, project: dev}}
"""
EPS = "eps:enterpriseProjects"
Operation = Callable[[Client], Reply]


def move(verb: str, project: str, name: str, **more: object) -> Operation:
    """The operation that moves this resource."""
    return lambda who: who.post("projects", project, "resources", verb, body={"resources": [name], **more})


def act(verb: str, project: str) -> Operation:
    """The operation that enables or disables this project."""
    return lambda who: who.send("POST", who.path("projects", project, verb))


def attach(verb: str, project: str, subject: str, *roles: str) -> Operation:
    """The operation that attaches or detaches."""
    body = {"subject": subject, **({"roles": list(roles)} if roles else {})}
    return lambda who: who.post("projects", project, verb, body=body)


# What is done, who may (table 2, and table 1 for the levels), and the action that the others lack.
OPERATIONS: dict[str, tuple[Operation, tuple[str, ...], str]] = {
    "viewing resources in a project": (
        lambda who: who.get("projects", "dev", "resources"), PERSONAS, "eps:resources:list"),
    "viewing resources in another": (
        lambda who: who.get("projects", "prod", "resources"), ("owner", "full", "read"), "eps:resources:list"),
    "viewing a project": (lambda who: who.get("projects", "dev"), PERSONAS, f"{EPS}:get"),
    "viewing another": (lambda who: who.get("projects", "prod"), ("owner", "full", "read"), f"{EPS}:get"),
    "creating": (
        lambda who: who.post("projects", body={"name": "fresh"}), ("owner", "full"), f"{EPS}:create"),
    "creating by a document": (
        lambda who: who.apply({"kind": "Project", "name": "fresh"}), ("owner", "full"), f"{EPS}:create"),
    "modifying": (
        lambda who: who.patch("projects", "dev", body={"description": "new"}),
        ("owner", "full", "full-dev"), f"{EPS}:update"),
    "modifying another": (
        lambda who: who.apply({"kind": "Project", "name": "prod", "description": "new"}),
        ("owner", "full"), f"{EPS}:update"),
    "disabling": (act("disable", "dev"), ("owner", "full", "full-dev"), f"{EPS}:disable"),
    "disabling another": (act("disable", "prod"), ("owner", "full"), f"{EPS}:disable"),
    "enabling another": (act("enable", "old"), ("owner", "full"), f"{EPS}:enable"),
    "deleting": (lambda who: who.delete("projects", "prod2"), ("owner", "full"), f"{EPS}:delete"),
    "adding resources": (move("add", "dev", NEW), ("owner", "full"), "eps:resources:add"),
    "removing a resource": (move("remove", "dev", IMAGE), ("owner", "full"), "eps:resources:remove"),
    "migrating": (move("move", "dev", IMAGE, to="prod"), ("owner", "full"), "eps:resources:remove"),
    "migrating by a document": (
        lambda who: who.apply({"kind": "Resource", "name": IMAGE, "project": "prod"}),
        ("owner", "full"), "eps:resources:remove"),
    "adding a group with the read-only policy": (
        attach("attach", "dev", "group:designers", "EPS ReadOnlyAccess"), ("owner", "full"), "eps:userGroups:add"),
    "adding a group with full access": (
        attach("attach", "dev", "group:designers", "EPS FullAccess"), ("owner", "full"), "eps:userGroups:add"),
    "attaching another policy to a group": (
        attach("attach", "dev", "group:builders", "EPS FullAccess"), ("owner", "full"), "eps:userGroups:add"),
    "removing a group": (attach("detach", "dev", "group:builders"), ("owner", "full"), "eps:userGroups:remove"),
    "viewing user information": (
        lambda who: who.get("projects", "dev", "attached"), ("owner", "full", "read"), "eps:users:list"),
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on which every operation is put back after it was carried out."""
    with RunningServer(tmp_path_factory.mktemp("projects")) as running:
        reset(running)
        yield running


def reset(server: RunningServer) -> None:
    """Let the account be as the tests begin, whatever was done to it."""
    owner = server.owner()
    owner.send("POST", owner.path("projects", "dev", "enable"))
    owner.send("POST", owner.path("projects", "prod", "enable"))
    world = WORLD + "---\n{kind: Project, name: prod2}\n"
    reply = owner.apply_text(world, prune=True)
    assert reply.status == 200, reply.text


def client(server: RunningServer, persona: str) -> Client:
    """The session of a persona."""
    return server.owner() if persona == "owner" else server.client(f"user:{persona}")


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_persona_does_what_the_tables_say(world: RunningServer, operation: str, persona: str) -> None:
    """Whoever may does it; whoever may not is refused by the document's code and action, and nothing has changed."""
    carry_out, allowed, lacking = OPERATIONS[operation]
    who, owner = client(world, persona), world.owner()
    before = owner.get("export").text
    reply = carry_out(who)
    if persona in allowed:
        assert reply.status in (200, 201, 204), reply.text
    else:
        assert reply.status == 403, reply.text
        assert (reply.error["action"], reply.error["code"]) == (lacking, "EPS.0039")
        assert reply.error["detail"].startswith(f"`user:{persona}` lacks `{lacking}`")
    if owner.get("export").text != before:
        assert persona in allowed
        reset(world)


@pytest.mark.parametrize(
    ("persona", "projects"),
    [
        ("owner", ["default", "dev", "old", "prod", "prod2"]),
        ("full", ["default", "dev", "old", "prod", "prod2"]),
        ("read", ["default", "dev", "old", "prod", "prod2"]),
        ("full-dev", ["dev"]),
        ("read-dev", ["dev"]),
    ],
)
def test_everyone_lists_exactly_the_projects_granted(
    world: RunningServer, persona: str, projects: list[str]
) -> None:
    """Page by page too; who has none is refused."""
    who = client(world, persona)
    assert [one["name"] for one in who.get("projects").json["items"]] == projects
    pages: list[str] = []
    page = who.get("projects", limit=1).json
    pages += [one["name"] for one in page["items"]]
    while page["next_cursor"] is not None:
        page = who.get("projects", limit=1, cursor=page["next_cursor"]).json
        pages += [one["name"] for one in page["items"]]
    assert pages == projects
    refused = world.client("user:nobody").get("projects")
    assert (refused.status, refused.error["action"]) == (403, f"{EPS}:list")


def test_an_action_of_iam_is_enough_too(world: RunningServer) -> None:
    """Whoever holds `iam.project.*` needs no role of `eps`; the refusal says so."""
    owner, dora = world.owner(), world.client("user:nobody")
    refused = dora.post("projects", body={"name": "fresh"})
    assert refused.error == {
        "code": "EPS.0039",
        "detail": "`user:nobody` lacks `eps:enterpriseProjects:create`",
        "help": "`iam.project.create` is enough too; ask somebody who may grant this, or the account's owner",
        "action": "eps:enterpriseProjects:create",
        "reason": "no_matching_policy",
    }
    owner.apply(
        {
            "kind": "Policy",
            "name": "e",
            "subjects": ["user:nobody"],
            "roles": ["Editor"],
            "scope": {"service": "iam"},
        }
    )
    assert dora.post("projects", body={"name": "fresh"}).status == 201
    assert (
        dora.post("projects", "dev", "resources", "move", body={"resources": [IMAGE], "to": "prod"}).status
        == 200
    )
    assert dora.delete("projects", "fresh").status == 204
    reset(world)


@pytest.mark.parametrize("action", ["iam.project.update", "eps:enterpriseProjects:update"])
@pytest.mark.parametrize("kind", ["guardrail", "deny"])
def test_what_forbids_one_name_of_a_deed_forbids_the_deed(
    world: RunningServer, kind: str, action: str
) -> None:
    """A guardrail or a deny on either service's action, whichever of the two one holds."""
    service = action.partition(".")[0].partition(":")[0]
    role = {"kind": "Role", "name": "Stop", "service": service, "rights": [{"actions": [action]}]}
    scope = {"service": service}
    deny = {"kind": "Policy", "name": "stop", "subjects": ["user:full"], "roles": ["Stop"], "effect": "deny"}
    guardrail = {"kind": "Guardrail", "name": "stop", "actions": [action]}
    stop = [{**guardrail, "scope": scope}] if kind == "guardrail" else [role, {**deny, "scope": scope}]
    assert world.owner().apply(*stop).status == 200
    full = client(world, "full")
    refused = full.patch("projects", "dev", body={"description": "new"})
    assert (refused.status, refused.error["action"]) == (403, action)
    assert refused.error["reason"] == ("guardrail" if kind == "guardrail" else "explicit_deny")
    reset(world)
    assert full.patch("projects", "dev", body={"description": "new"}).status == 200
    reset(world)


@pytest.mark.parametrize(
    "guardrail",
    [
        {"actions": ["*"]},
        {"actions": ["*"], "except_actions": ["ims:*"]},
        {"actions": ["eps:*"], "scope": {"service": "eps"}},
    ],
)
def test_what_forbids_a_whole_service_says_nothing_of_the_other(
    world: RunningServer, guardrail: dict[str, object]
) -> None:
    """The owner goes on administering projects by `iam`; whoever has only `eps` is stopped."""
    owner, full = world.owner(), client(world, "full")
    assert owner.apply({"kind": "Guardrail", "name": "stop", **guardrail}).status == 200
    refused = full.patch("projects", "dev", body={"description": "new"})
    assert (refused.status, refused.error["reason"]) == (403, "guardrail")
    assert owner.patch("projects", "dev", body={"description": "new"}).status == 200
    reset(world)


def test_a_deny_on_a_project_beats_an_allow_for_the_account(world: RunningServer) -> None:
    """Decision 0011: one rule; the document's system would have let the account's allow win."""
    deny = {"kind": "Policy", "name": "no", "subjects": ["user:full"], "roles": ["EPS FullAccess"],
            "scope": {"service": "eps", "project": "dev"}, "effect": "deny"}  # fmt: skip
    assert world.owner().apply(deny).status == 200
    full = client(world, "full")
    assert full.patch("projects", "dev", body={"description": "new"}).error["reason"] == "explicit_deny"
    assert [one["name"] for one in full.get("projects").json["items"]] == ["default", "old", "prod", "prod2"]
    assert full.patch("projects", "prod", body={"description": "new"}).status == 200
    reset(world)


def test_a_disabled_project_takes_nothing_by_any_way(world: RunningServer) -> None:
    """Not by routes, not by documents, not from the owner; it is seen, enabled, and what is in it goes out."""
    owner, full = world.owner(), client(world, "full")
    assert act("disable", "dev")(full).status == 200
    refused = {
        "change": full.patch("projects", "dev", body={"description": "x"}),
        "delete": full.delete("projects", "dev"),
        "add": move("add", "dev", NEW)(full),
        "move": move("move", "prod", OTHER, to="dev")(owner),
        "attach": attach("attach", "dev", "group:designers", "EPS ReadOnlyAccess")(full),
        "document": owner.apply({"kind": "Resource", "name": OTHER, "project": "dev"}),
        "new": owner.apply({"kind": "Resource", "name": f"{OTHER}2", "project": "dev"}),
    }
    codes = {name: (reply.status, reply.error["code"]) for name, reply in refused.items()}
    assert codes == {
        **dict.fromkeys(("change", "delete", "attach"), (403, "EPS.0014")),
        **dict.fromkeys(("add", "move", "document", "new"), (403, "EPS.0034")),
    }
    policy = {"kind": "Policy", "name": "p", "subjects": ["group:designers"], "roles": ["IMS FullAccess"],
              "scope": {"service": "ims", "project": "dev"}}  # fmt: skip
    for reply in (owner.apply(policy), owner.post("policies", body=policy)):
        assert (reply.status, reply.error["code"]) == (400, "EPS.0014")
        assert reply.error["errors"][0]["code"] == "EPS.0014"
    assert full.get("projects", "dev").json["disabled"] is True
    assert full.get("projects", "dev", "resources").status == 200
    assert attach("detach", "dev", "group:builders")(full).status == 200
    assert move("remove", "dev", IMAGE)(full).status == 200
    assert act("enable", "dev")(full).status == 200
    reset(world)


def test_a_taken_name_and_a_missing_project_have_their_codes(world: RunningServer) -> None:
    """EPS.0010 and EPS.0005; who may not see projects is told neither."""
    owner, nobody = world.owner(), world.client("user:nobody")
    assert (owner.post("projects", body={"name": "dev"}).error["code"]) == "EPS.0010"
    for reply in (
        owner.get("projects", "none"),
        act("enable", "none")(owner),
        move("add", "none", IMAGE)(owner),
    ):
        assert (reply.status, reply.error["code"]) == (404, "EPS.0005")
    ways: tuple[Callable[[str], Reply], ...] = (
        lambda name: nobody.get("projects", name),
        lambda name: act("enable", name)(nobody),
        lambda name: move("add", name, IMAGE)(nobody),
        lambda name: move("move", name, IMAGE, to="prod")(nobody),
        lambda name: attach("attach", name, "group:designers", "EPS FullAccess")(nobody),
        lambda name: attach("detach", name, "group:designers")(nobody),
        lambda name: nobody.get("projects", name, "attached"),
        lambda name: nobody.get("projects", name, "resources"),
    )
    for carry_out in ways:
        # WHY not the whole text: each request has an id of its own, which `error` looks at and takes away.
        there, missing = (json.dumps(carry_out(name).error) for name in ("dev", "none"))
        assert there.replace("`dev`", "`none`") == missing


def test_the_quota_is_shown_and_raised_by_who_administers_the_account(world: RunningServer) -> None:
    """Used and allowed, without the default project."""
    owner, full = world.owner(), client(world, "full")
    assert {k: v for k, v in full.get("project-quota").json.items() if k != "revision"} == {
        "quota": 100,
        "used": 4,
    }
    assert full.send("PATCH", full.path(), {"project_quota": 4}).status == 403
    assert owner.send("PATCH", owner.path(), {"project_quota": 4}).status == 200
    refused = full.post("projects", body={"name": "fresh"})
    assert (refused.status, refused.error["code"]) == (400, "EPS.0009")
    assert client(world, "read-dev").get("project-quota").status == 403
    owner.send("PATCH", owner.path(), {"project_quota": None})
    reset(world)


def test_a_change_of_a_project_heeds_its_tag_its_dry_run_and_its_key(world: RunningServer) -> None:
    """As everywhere in the administration."""
    owner = world.owner()
    tag = owner.get("projects", "dev").headers["etag"]
    path = owner.path("projects", "dev", "disable")
    assert owner.send("POST", f"{path}?dry_run=true").json["differences"][0]["after"]["disabled"] is True
    assert owner.send("POST", path, headers={"If-Match": '"1-other"'}).status == 412
    done = owner.send("POST", path, headers={"If-Match": tag, "Idempotency-Key": "once"})
    again = owner.send("POST", path, headers={"If-Match": tag, "Idempotency-Key": "once"})
    assert (done.status, again.status, again.headers["idempotent-replayed"]) == (200, 200, "true")
    assert done.json == again.json
    reset(world)
