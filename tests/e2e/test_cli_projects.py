"""`bailiwick project`: a project's whole life on the command line, and what its errors say."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest
from tests.e2e.processes import call, signed_in
from tests.e2e.server import OWNER, Client, RunningServer

SERVER, VOLUME = "brn:acme:cloud:eu-de::server/s", "brn:acme:cloud:eu-de::volume/v"
IMAGE = "brn:acme:ims:eu-de::image/base"


def ask(server: RunningServer, *words: str, who: str = OWNER) -> tuple[int, str, str]:
    """What does the command line say to this principal? Exit code, standard output, standard error."""
    server.client(who)
    done = call("project", *words, variables=signed_in(server.address, server.key(who)))
    return done.code, done.out, done.err


def said(server: RunningServer, *words: str, who: str = OWNER) -> str:
    """What does it say on success? Columns are told apart by one space."""
    code, out, err = ask(server, *words, who=who)
    assert code == 0, err
    return "\n".join(" ".join(line.split()) for line in out.splitlines())


@pytest.fixture
def world(server: RunningServer, owner: Client) -> RunningServer:
    """A server with resources, a group, and a user who administers projects."""
    reply = owner.apply_text(
        dedent(f"""
        {{kind: Resource, name: "{SERVER}"}}
        ---
        {{kind: Resource, name: "{VOLUME}", attached_to: "{SERVER}"}}
        ---
        {{kind: Resource, name: "{IMAGE}"}}
        ---
        {{kind: Group, name: designers}}
        ---
        {{kind: User, name: full}}
        ---
        {{kind: Policy, name: full, subjects: [user:full], roles: [EPS FullAccess], scope: {{service: eps}}}}
    """)
    )
    assert reply.status == 200, reply.text
    return server


def test_a_project_lives_on_the_command_line(world: RunningServer) -> None:
    """Created, changed, disabled, enabled, listed and deleted by who administers projects."""
    head = "project type state description"
    made = said(world, "create", "web", "--description", "what is seen", "--type", "poc", who="user:full")
    assert made == f"{head}\nweb poc enabled what is seen"
    assert (
        said(world, "update", "web", "--type", "prod", who="user:full")
        == f"{head}\nweb prod enabled what is seen"
    )
    assert said(world, "disable", "web", who="user:full") == f"{head}\nweb prod disabled what is seen"
    assert said(world, "show", "web", who="user:full").splitlines()[1] == "web prod disabled what is seen"
    assert said(world, "enable", "web", who="user:full").splitlines()[1] == "web prod enabled what is seen"
    assert (
        said(world, "list", who="user:full") == f"{head}\ndefault prod default\nweb prod enabled what is seen"
    )
    assert said(world, "quota", who="user:full") == "1 of 100 projects"
    shown = json.loads(ask(world, "show", "web", "--output", "json")[1])
    assert shown == {"kind": "Project", "account": "acme", "name": "web", "description": "what is seen"}
    assert said(world, "delete", "web", who="user:full") == "deleted web"


def test_resources_move_and_are_recorded(world: RunningServer) -> None:
    """Added with what belongs to them, moved, removed; a dry run moves nothing; the records say what was."""
    for name in ("web", "old"):
        said(world, "create", name)
    head = "resource from to"
    added = ("add", "web", SERVER, "--associated")
    assert said(world, *added, "--dry-run") == f"{head}\n{SERVER} web\n{VOLUME} web"
    assert said(world, "resources", "web") == "nothing is in it"
    assert said(world, *added) == f"{head}\n{SERVER} web\n{VOLUME} web"
    assert said(world, *added) == "they are there already"
    assert said(world, "resources", "web", "--type", "volume").splitlines()[1] == f"{VOLUME} {SERVER}"
    assert said(world, "move", "web", VOLUME, "--to", "old") == f"{head}\n{VOLUME} web old"
    assert said(world, "remove", "web", SERVER) == f"{head}\n{SERVER} web default"
    records = json.loads(ask(world, "records", "--output", "json")[1])
    assert [(one["resource"], one["from"], one["to"], one["by"]) for one in records] == [
        (SERVER, "web", "default", OWNER), (VOLUME, "web", "old", OWNER),
        (VOLUME, None, "web", OWNER), (SERVER, None, "web", OWNER),
    ]  # fmt: skip
    table = said(world, "records", "--project", "old").splitlines()
    assert table[0] == "at by resource from to revision"
    assert f"{OWNER} {VOLUME} web old" in table[1]
    assert len(table) == 2
    assert said(world, "records", "--refused") == "nobody tried in vain"


def test_groups_are_attached_and_detached(world: RunningServer) -> None:
    """Who administers projects gives the roles of projects; the list says who has which."""
    said(world, "create", "web")
    role = "EPS ReadOnlyAccess"
    attached = said(world, "attach", "web", "group:designers", "--roles", role, who="user:full")
    assert attached.splitlines()[1] == f"web-group-designers-eps created group:designers {role}"
    assert said(world, "attach", "web", "group:designers", "--roles", role) == "it is so already"
    listed = said(world, "attached", "web", who="user:full").splitlines()
    assert listed[1] == f"group:designers {role} eps web-group-designers-eps enabled"
    detached = said(world, "detach", "web", "group:designers", who="user:full").splitlines()
    assert detached[1] == f"web-group-designers-eps deleted group:designers {role}"
    assert said(world, "attached", "web") == "nobody is attached"


@pytest.mark.parametrize(
    ("words", "who", "error"),
    [
        (("create", "my default"), OWNER,
         "error: `my default` is no name of a project at Project my default: name (EPS.0007)\n"
         "  help: a new project's name has letters, digits, `_` and `-`\n"),
        (("create", "default"), OWNER,
         "error: there is a project `default` already (EPS.0010)\n  help: choose another name, or replace it\n"),
        (("show", "none"), OWNER, "error: there is no project `none` (EPS.0005)\n  help: available: `default`\n"),
        (("disable", "default"), OWNER,
         "error: the default project cannot be disabled at Project default: disabled (EPS.0015)\n"
         "  help: make another project the default first\n"),
        (("update", "default"), OWNER, "error: nothing is to be changed\n  help: give --description or --type\n"),
        (("attach", "default", "group:designers", "--roles", " ,"), OWNER,
         "error: expected role names, got nothing at --roles\n  help: such as --roles 'EPS ReadOnlyAccess'\n"),
        (("attach", "default", "group:designers", "--roles", "IMS FullAccess"), "user:full",
         "error: `user:full` lacks `iam.policy.create` over service `ims`, project `default` (EPS.0004)\n"
         "  help: ask somebody who may grant this, or the account's owner\n"),
        (("list",), "user:none",
         "error: `user:none` lacks `eps:enterpriseProjects:list` on enterprise-project `*` (EPS.0039)\n"
         "  help: `iam.project.list` is enough too; ask somebody who may grant this, or the account's owner\n"),
    ],
)  # fmt: skip
def test_errors_say_their_code(world: RunningServer, words: tuple[str, ...], who: str, error: str) -> None:
    """The document's code stands behind the message, and nothing is printed on standard output."""
    assert world.owner().apply({"kind": "User", "name": "none"}).status == 200
    assert ask(world, *words, who=who) == (2, "", error)


def test_a_misspelt_name_is_answered_with_names_that_one_sees(world: RunningServer) -> None:
    """The nearest, or what is available; never a project that one may not see."""
    applied = world.owner().apply(
        {"kind": "Project", "name": "web"},
        {"kind": "User", "name": "wendy"},
        {"kind": "Policy", "name": "wendy-looks", "subjects": ["user:wendy"], "roles": ["EPS ReadOnlyAccess"],
         "scope": {"service": "eps", "project": "w*"}},
    )  # fmt: skip
    assert applied.status == 200
    missing = "error: there is no project `{}` (EPS.0005)\n  help: {}\n"
    assert ask(world, "show", "wep", who="user:wendy") == (
        2,
        "",
        missing.format("wep", "did you mean `web`?"),
    )
    assert ask(world, "show", "w-9", who="user:wendy") == (2, "", missing.format("w-9", "available: `web`"))


def test_an_attempt_in_vain_is_recorded(world: RunningServer) -> None:
    """With who tried, what for, and why not."""
    owner = world.owner()
    images = {"kind": "Policy", "name": "images", "subjects": ["group:designers"], "roles": ["IMS FullAccess"],
              "scope": {"service": "ims", "project": "web"}}  # fmt: skip
    assert owner.apply({"kind": "Project", "name": "web"}, images).status == 200
    code, _, err = ask(world, "add", "web", IMAGE, who="user:full")
    assert code == 2
    assert err == (
        f"error: policy `images` may newly grant its roles on `{IMAGE}` in project `web`, and you lack "
        "`iam.policy.create` over service `ims`, region `eu-de`, project `web`, `image` `base` (EPS.0004)\n"
        "  help: ask somebody who may grant this, or the account's owner\n"
    )
    (record,) = json.loads(ask(world, "records", "--refused", "--output", "json")[1])
    assert (record["by"], record["resources"], record["to"], record["code"], record["result"]) == (
        "user:full", [IMAGE], "web", "EPS.0004", "refused",
    )  # fmt: skip
