"""who-can and what-can, asked of a real server with a few people, a registry and a volume."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.e2e.processes import Done, asking
from tests.e2e.server import RunningServer

PUSH = "container-registry.image.push"
IMAGE = "brn:acme:container-registry:eu-de::namespace/dev/image/app"
DEV = "brn:acme:container-registry:eu-de::namespace/dev"
VOLUME = "brn:acme:cloud:us-east::volume/v-17"
Ask = Callable[..., Done]


REGISTRY = {"service": "container-registry", "region": "eu-de"}
DOCUMENTS: tuple[dict[str, Any], ...] = (
    *({"kind": "User", "name": name} for name in ("alice", "bob", "carol", "frank", "grace")),
    {"kind": "ServiceId", "name": "ci"},
    {"kind": "ServiceId", "name": "gateway"},
    {
        "kind": "Policy",
        "name": "gateway-asks",
        "subjects": ["service-id:gateway"],
        "roles": ["iam/Evaluator"],
    },
    {"kind": "Project", "name": "dev"},
    {"kind": "Project", "name": "prod"},
    {"kind": "Group", "name": "builders", "members": ["service-id:ci", "user:bob"]},
    {"kind": "Group", "name": "release-managers", "members": ["user:carol"]},
    {"kind": "Group", "name": "developers", "members": ["user:frank"]},
    {
        "kind": "Policy",
        "name": "builders-write-dev",
        "subjects": ["group:builders"],
        "roles": ["Reader", "Writer"],
        "scope": {**REGISTRY, "type": "namespace", "id": "dev"},
    },
    {
        "kind": "Policy",
        "name": "release-managers-manage-registry",
        "subjects": ["group:release-managers"],
        "roles": ["Manager"],
        "scope": REGISTRY,
    },
    {
        "kind": "Role",
        "name": "Volume user",
        "service": "cloud",
        "rights": [{"actions": ["volume.*"]}],
    },
    {
        "kind": "Policy",
        "name": "developers-in-cloud",
        "subjects": ["group:developers"],
        "roles": ["Volume user"],
        "scope": {"service": "cloud"},
    },
    {"kind": "Resource", "name": DEV, "project": "dev"},
    {"kind": "Resource", "name": DEV.replace("/dev", "/prod"), "project": "prod"},
    {"kind": "Resource", "name": VOLUME, "project": "dev", "owner": "user:frank"},
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with these people and things."""
    with RunningServer(tmp_path_factory.mktemp("searches")) as running:
        reply = running.owner().apply(*DOCUMENTS)
        assert reply.status == 200, reply.text
        yield running


@pytest.fixture(scope="module")
def ask(server: RunningServer) -> Ask:
    """A command as the owner."""
    return asking(server)


def lines(text: str) -> list[str]:
    """The lines of a table, without what is between columns."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_who_can_lists_users_service_ids_and_profiles(ask: Ask) -> None:
    """Who may push to the development namespace? In order, with the kind."""
    done = ask("who-can", PUSH, IMAGE)
    assert (done.code, lines(done.out), done.err) == (
        0,
        ["principal", "user:bob", "user:carol", "user:owner", "service-id:ci"],
        "",
    )
    assert lines(ask("who-can", PUSH, IMAGE, "--kind", "service-id").out) == ["principal", "service-id:ci"]


def test_who_can_says_by_which_policy_and_through_whom(ask: Ask) -> None:
    """With --why each row names the deciding policies, and the subject by which they are held."""
    done = ask("who-can", PUSH, IMAGE, "--why")
    rows = lines(done.out)
    assert rows[0] == "principal policy held through"
    assert rows[1] == "user:bob builders-write-dev group:builders"
    assert rows[2] == "user:carol release-managers-manage-registry group:release-managers"
    assert rows[3].startswith("user:owner ")
    assert rows[4] == "service-id:ci builders-write-dev group:builders"


def test_nobody_is_said_so_with_exit_code_1(ask: Ask) -> None:
    """An empty answer is a sentence, and a code of its own."""
    done = ask("who-can", PUSH, IMAGE, "--kind", "profile")
    assert done == Done(1, f"nobody of whom you may ask may do {PUSH} there\n", "")
    assert ask("who-can", PUSH, IMAGE, "--kind", "profile", "--count") == Done(1, "0\n", "")


def test_what_can_finds_the_resources_of_an_action(ask: Ask) -> None:
    """The type is that of the action, where it has one."""
    action = "container-registry.image.list"
    done = ask("what-can", "service-id:ci", action)
    assert done == Done(0, f"resource\n{DEV}\n", "")
    assert ask("what-can", "user:alice", action).out == (
        f"{action}: on no container-registry/namespace that is registered\n"
    )
    narrowed = ask("what-can", "user:owner", action, "--only", "project=prod", "--count")
    assert narrowed == Done(0, "1\n", "")


def test_what_can_finds_the_actions_on_a_resource(ask: Ask) -> None:
    """What may frank do to the volume that is his?"""
    done = ask("what-can", "user:frank", VOLUME, "--why")
    rows = lines(done.out)
    assert rows[0] == "action policy held through"
    assert "volume.Detach developers-in-cloud group:developers" in rows
    assert not any(row.startswith("server.") for row in rows)
    assert ask("what-can", "user:grace", VOLUME) == Done(1, "user:grace may do nothing there\n", "")


def test_a_limit_says_that_there_is_more(ask: Ask) -> None:
    """The rows are the first ones; help says how to see the others."""
    done = ask("what-can", "user:frank", VOLUME, "--limit", "2")
    whole = ask("what-can", "user:frank", VOLUME, "--all")
    assert lines(done.out) == lines(whole.out)[:3]
    assert done.err == "  help: these are the first 2; --all shows the others, --count counts them\n"
    assert (whole.code, whole.err) == (0, "")
    count = ask("what-can", "user:frank", VOLUME, "--count")
    assert count.out == f"{len(lines(whole.out)) - 1}\n"


def test_limits_hold_over_several_kinds(ask: Ask) -> None:
    """The third of three users is the last row, and what follows is not asked for."""
    done = ask("who-can", PUSH, IMAGE, "--limit", "3")
    assert lines(done.out) == ["principal", "user:bob", "user:carol", "user:owner"]
    assert done.err.startswith("  help: these are the first 3")
    assert ask("who-can", PUSH, IMAGE, "--count") == Done(0, "4\n", "")


def test_json_holds_results_revision_and_reasons(ask: Ask) -> None:
    """For machines: what was found, whether there is more, and at which revision."""
    done = ask("who-can", PUSH, IMAGE, "--kind", "service-id", "--why", "--output", "json")
    answer = json.loads(done.out)
    assert answer["results"] == [
        {
            "type": "service-id",
            "id": "ci",
            "why": {"policy": "builders-write-dev", "subject": "group:builders"},
        }
    ]
    assert answer["more"] is False
    assert answer["revision"]["account"][0].isdigit()
    counted = json.loads(ask("who-can", PUSH, IMAGE, "--count", "--output", "json").out)
    assert counted["total"] == 4


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("who-can", PUSH, IMAGE, "--kind", "robot"),
         "error: expected one of `user`, `service-id`, `profile`, `service`, got `robot` at --kind\n"),
        (("what-can", "alice", PUSH), "error: `alice` is no principal at principal\n"
         "  help: expected one of `user:`, `service-id:`, `profile:`, `service:` and a name\n"),
        (("what-can", "user:alice", "iam.policy.create"),
         "error: `iam.policy.create` names no resource type\n  help: say --type SERVICE/TYPE\n"),
        (("what-can", "user:alice", "nonsense"),
         "error: `nonsense` is no action of a service that you may see\n  help: say --type SERVICE/TYPE\n"),
        (("what-can", "user:alice", "volume.Detahc"),
         "error: `volume.Detahc` is no action of a service that you may see\n"
         "  help: did you mean `volume.Detach`? else say --type SERVICE/TYPE\n"),
        (("who-can", "volume.Detahc", VOLUME),
         "error: service `cloud` has no action `volume.Detahc` at action\n  help: did you mean `volume.Detach`?\n"),
        (("who-can", "volume.Detahc", VOLUME, "--count"),
         "error: service `cloud` has no action `volume.Detahc` at action\n  help: did you mean `volume.Detach`?\n"),
        (("what-can", "user:alice", VOLUME, "--only", "project=dev"),
         "error: `--type` and `--only` are for resources, and a resource is named\n"),
        (("what-can", "user:alice", PUSH, "--only", "project=dev", "--property", "project=dev"),
         "error: `project` is given with `--property` too at --only\n  help: give it once\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_says_why_with_exit_code_2(
    ask: Ask, arguments: tuple[str, ...], error: str
) -> None:
    """Wrong words are said to be wrong, and never answered with nobody or nothing."""
    assert ask(*arguments) == Done(2, "", error)


def test_reasons_of_others_are_not_shown_to_who_may_only_ask(server: RunningServer) -> None:
    """Who is found is shown; in the place of each reason stands why it is not."""
    done = asking(server, "service-id:gateway")("who-can", PUSH, IMAGE, "--kind", "service-id", "--why")
    assert (done.code, lines(done.out)[1]) == (
        0,
        "service-id:ci not shown: `service-id:gateway` lacks `iam.decision.explain` over the asked resource",
    )


def test_who_may_not_ask_about_others_finds_itself_or_is_refused(server: RunningServer) -> None:
    """Bob finds himself among those who may push; what carol may do is not his to ask."""
    bob = asking(server, "user:bob")
    assert lines(bob("who-can", PUSH, IMAGE).out) == ["principal", "user:bob"]
    assert bob("what-can", "user:carol", PUSH, "--type", "container-registry/image") == Done(
        2,
        "",
        "error: `user:bob` lacks `iam.decision.evaluate` over every resource\n"
        "  help: ask about yourself, or ask somebody who may grant it\n",
    )
