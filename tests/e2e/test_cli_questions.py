"""check, explain, can and roles, asked of a real server that holds the sample company."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from tests.e2e.processes import Done, asking, company
from tests.e2e.server import RunningServer

PULL, PUSH = "container-registry.image.pull", "container-registry.image.push"
IMAGE = "brn:acme:container-registry:eu-de::namespace/dev/image/app"
WEB_1 = "brn:acme:ims:eu-de::image/web-1"
Ask = Callable[..., Done]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The sample company, for all tests: what one adds is no other's."""
    with company(tmp_path_factory.mktemp("questions")) as running:
        yield running


@pytest.fixture(scope="module")
def ask(server: RunningServer) -> Ask:
    """A command as the owner."""
    return asking(server)


def test_check_says_allowed_with_exit_code_0(ask: Ask) -> None:
    """What is allowed prints one word."""
    assert ask("check", "service-id:ci", PUSH, IMAGE) == Done(0, "allowed\n", "")


def test_check_says_denied_and_why_with_exit_code_1(ask: Ask) -> None:
    """What is denied prints the reason's word."""
    assert ask("check", "user:alice", PUSH, IMAGE) == Done(1, "denied  no_matching_policy\n", "")


def test_check_prints_the_whole_answer_as_json(ask: Ask) -> None:
    """With --output json the server's answer comes as it is, and the exit code is the same."""
    done = ask("check", "user:alice", PUSH, IMAGE, "--output", "json")
    answer = json.loads(done.out)
    assert (done.code, answer["decision"], answer["context"]["reason"]) == (1, False, "no_matching_policy")
    assert answer["context"]["revision"]["account"].startswith("2-")


@pytest.mark.parametrize(
    ("action", "resource", "reason", "help"),
    [
        (
            "container-registry.image.psuh",
            IMAGE,
            "unknown_action",
            "did you mean `container-registry.image.push`?",
        ),
        (PUSH, IMAGE.replace("image/", "imag/"), "unknown_resource_type", "did you mean `image`?"),
        (PUSH, IMAGE.replace("registry", "registy"), "unknown_service", "did you mean `container-registry`?"),
        (
            PUSH,
            IMAGE.replace("namespace/dev/", ""),
            "incomplete_resource",
            f"`{PUSH}` is asked of `namespace/ID/image/ID`",
        ),
        (
            PUSH,
            IMAGE.removesuffix("/image/app"),
            "wrong_resource_type",
            f"`{PUSH}` is asked of `namespace/ID/image/ID`",
        ),
    ],
)
def test_a_question_that_nobody_can_answer_says_what_was_meant(
    ask: Ask, action: str, resource: str, reason: str, help: str
) -> None:
    """Wrong words are denied as such, with the nearest right one on standard error."""
    assert ask("check", "user:alice", action, resource) == Done(1, f"denied  {reason}\n", f"  help: {help}\n")


def test_an_unknown_principal_is_named(ask: Ask) -> None:
    """Who is not there is denied, and the help says that the account has no such principal."""
    done = ask("explain", "user:alcie", PULL, IMAGE)
    assert done == Done(1, "denied: unknown principal\n", "  help: the account has no `user:alcie`\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("alice", PUSH, IMAGE),
            "error: `alice` is no principal at principal\n"
            "  help: expected one of `user:`, `service-id:`, `profile:`, `service:` and a name\n",
        ),
        (
            ("user:alice", PUSH, "web-1"),
            "error: `web-1` is no resource name at resource\n"
            "  help: expected `brn:<account>:<service>:<region>:<instance>:<type>/<id>`, percent-encoded\n",
        ),
        (
            ("user:alice", PUSH, IMAGE.replace("acme", "other")),
            "error: expected one account, got `other` and `acme` at resource\n  help: you ask in account `acme`\n",
        ),
        (("user:alice", PUSH, IMAGE, "--context", "mfa"), "error: `mfa` is not K=V at --context\n"),
        (
            ("user:alice", PUSH, IMAGE, "--property", "a=1", "--property", "a=2"),
            "error: `a` is given twice at --property\n",
        ),
    ],
)
def test_what_cannot_be_asked_is_an_error_with_exit_code_2(
    ask: Ask, arguments: tuple[str, ...], error: str
) -> None:
    """Names that are none are refused with what is expected."""
    assert ask("check", *arguments) == Done(2, "", error)


def test_what_is_said_of_a_resource_is_heard(ask: Ask) -> None:
    """--property describes what is not registered: frank deletes his own volume, and not another's."""
    volume = "brn:acme:cloud:us-east::volume/new"
    own = ask("check", "user:frank", "volume.Delete", volume, "--property", "owner=user:frank")
    other = ask("check", "user:frank", "volume.Delete", volume, "--property", "owner=user:bob")
    groups = ask("check", "user:frank", "volume.Delete", volume, "--property", 'groups=["group:developers"]')
    assert (own.code, other.code, groups.code) == (0, 1, 1)


def test_what_is_said_of_the_situation_is_heard(server: RunningServer, ask: Ask) -> None:
    """--context is what conditions read: `mfa=true` is a truth value, `mfa="true"` a text."""
    policy = {
        "kind": "Policy",
        "name": "erin-with-a-second-factor",
        "subjects": ["user:erin"],
        "roles": ["IMS ReadOnlyAccess"],
        "scope": {"service": "ims"},
        "when": {"key": "context.mfa", "operator": "bool-equals", "value": True},
    }
    assert server.owner().apply(policy).status == 200
    question = ("check", "user:erin", "ims:images:get", WEB_1)
    assert ask(*question, "--context", "mfa=true").code == 0
    assert ask(*question, "--context", 'mfa="true"').code == 1
    assert ask(*question).code == 1


def test_explain_names_the_policy_and_through_what_it_is_held(ask: Ask) -> None:
    """An allowed question shows the deciding policies in a table."""
    assert ask("explain", "user:alice", "ims:images:get", WEB_1) == Done(
        0,
        "allowed by `image-readers-eu-de`\n"
        "\n"
        "policy               effect  held through         applies  because\n"
        "image-readers-eu-de  allow   group:image-readers  yes      role `IMS ReadOnlyAccess` grants it\n",
        "",
    )


def test_explain_says_what_came_nearest(ask: Ask) -> None:
    """A denial names the policy that would allow it, and what stands in its way."""
    assert ask("explain", "user:alice", "ims:images:get", WEB_1.replace("eu-de", "eu-nl")) == Done(
        1,
        "denied: no policy allows it; policy `image-readers-eu-de` would, "
        "but its scope says region eu-de and the request says eu-nl\n",
        "",
    )


def test_explain_all_lists_every_policy_of_the_principal(ask: Ask) -> None:
    """With --all each policy that alice holds stands with what became of it."""
    done = ask("explain", "user:alice", "ims:images:get", WEB_1, "--all")
    rows = [line.split()[0] for line in done.out.splitlines()[3:]]
    assert sorted(rows) == [
        "image-readers-eu-de",
        "members-read-shared-images",
        "members-view-development-keys",
    ]
    assert "role `Reader` does not have `ims:images:get`" in done.out


def test_explain_names_a_deny_and_a_guardrail(ask: Ask) -> None:
    """A deny that beats an allow, and a guardrail that binds the owner too, are named."""
    prod = IMAGE.replace("/dev/", "/prod/")
    denied = ask("explain", "user:bob", "container-registry.image.delete", prod)
    assert (denied.code, denied.out.splitlines()[0]) == (1, "denied by `bob-changes-nothing-in-prod`")
    assert "bob-changes-nothing-in-prod  deny    user:bob" in denied.out
    ring = "brn:acme:hs-crypto:eu-de:development:key-ring/default"
    guarded = ask("explain", "user:owner", "hs-crypto.secrets.create", ring)
    assert guarded == Done(1, "denied by guardrail `keys-stay-in-us-south`\n", "")


def test_can_says_which_roles_would_be_enough(ask: Ask) -> None:
    """A command that needs two actions is enough for a Manager, or for Reader and Writer together."""
    namespace = "brn:acme:container-registry:eu-de::namespace/dev"
    assert ask("can", "service-id:ci", "ibmcloud cr retention-run", namespace) == Done(
        0,
        "ibmcloud cr retention-run: allowed\n"
        "action                                on      decision  reason\n"
        "container-registry.image.delete       target  allowed   allowed\n"
        "container-registry.retention.analyze  target  allowed   allowed\n"
        "\n"
        "enough: Manager, or Reader and Writer\n",
        "",
    )


def test_can_says_which_action_is_missing(ask: Ask) -> None:
    """A whole command is denied where one of its actions is, and each action has its own verdict."""
    namespace = "brn:acme:container-registry:eu-de::namespace/shared"
    done = ask("can", "user:alice", "ibmcloud cr retention-run", namespace)
    assert done.code == 1
    assert done.out.splitlines()[0] == "ibmcloud cr retention-run: denied"
    assert "container-registry.image.delete       target  denied    no_matching_policy" in done.out
    assert "container-registry.retention.analyze  target  allowed   allowed" in done.out


def test_can_takes_a_source_and_a_target(ask: Ask) -> None:
    """A command that moves something asks each action of its own side."""
    sides = ("source=brn:acme:container-registry:eu-de::namespace/shared/image/x",
             "target=brn:acme:container-registry:eu-de::namespace/dev/image/y")  # fmt: skip
    done = ask("can", "service-id:ci", "ibmcloud cr image-tag", *sides)
    assert done.code == 0
    assert [line.split()[:3] for line in done.out.splitlines()[2:4]] == [
        [PULL, "source", "allowed"],
        [PUSH, "target", "allowed"],
    ]
    alone = ask("can", "service-id:ci", "ibmcloud cr image-tag", sides[1].removeprefix("target="))
    assert alone == Done(
        2,
        "",
        "error: `ibmcloud cr image-tag` needs a source at source\n  help: name the resource that is its source\n",
    )
    twice = ask("can", "service-id:ci", "ibmcloud cr image-tag", sides[1], sides[1])
    assert (twice.code, twice.err.splitlines()[1]) == (2, "  help: write source=RESOURCE target=RESOURCE")


def test_can_explains_a_discontinued_and_an_unknown_command(ask: Ask) -> None:
    """What ended is denied as such; a wrong word gets the nearest right one."""
    namespace = "brn:acme:container-registry:eu-de::namespace/dev"
    assert ask("can", "user:owner", "ibmcloud cr build", namespace) == Done(
        1, "ibmcloud cr build: denied, discontinued\n", ""
    )
    assert ask("can", "user:owner", "ibmcloud cr retention-rnu", namespace) == Done(
        2,
        "",
        "error: there is no operation `ibmcloud cr retention-rnu`\n"
        "  help: did you mean `ibmcloud cr retention-run`?\n",
    )


def test_can_prints_json(ask: Ask) -> None:
    """With --output json the sets of roles come as lists."""
    namespace = "brn:acme:container-registry:eu-de::namespace/dev"
    done = ask("can", "service-id:ci", "ibmcloud cr retention-run", namespace, "-o", "json")
    assert json.loads(done.out)["sufficient_roles"] == [["Manager"], ["Reader", "Writer"]]


def test_roles_is_the_documents_matrix(ask: Ask) -> None:
    """The registry's roles stand over its actions, in the document's order."""
    done = ask("roles", "container-registry")
    lines = done.out.splitlines()
    assert lines[0].split() == ["action", "access", "Administrator", "Reader", "Writer", "Manager"]
    assert len(lines) == 24
    columns = [lines[0].index(name) for name in ("Administrator", "Reader", "Writer", "Manager")]

    def marks(action: str) -> str:
        [line] = [line for line in lines if line.startswith(f"{action} ")]
        return "".join("x" if line[at : at + 1] == "✓" else "." for at in columns)

    assert marks("container-registry.image.pull") == ".xxx"
    assert marks("container-registry.image.push") == "..xx"
    assert marks("container-registry.namespace.create") == "...x"
    assert marks("container-registry.pull-secret.apply") == "x..."


def test_roles_names_those_that_are_assigned_by_name_only(ask: Ask) -> None:
    """Roles that nobody holds by implication are listed below the matrix."""
    done = ask("roles", "hs-crypto")
    assert "KMS Key Purge: assigned only by name, implied for nobody" in done.out.splitlines()


def test_roles_are_numbered_where_the_terminal_is_narrow(ask: Ask) -> None:
    """At eighty columns a matrix of many roles has numbers over its columns, and no line is longer."""
    done = ask("roles", "ims", COLUMNS="80")
    lines = done.out.splitlines()
    assert lines[0] == " 1 Viewer"
    assert " 6 IMS ReadOnlyAccess" in lines
    assert max(len(line) for line in lines) <= 80
    [reading] = [line for line in lines if line.startswith("ims:images:get ")]
    assert reading.count("✓") == 11


def test_roles_of_the_accounts_own_service_are_asked_of_the_server(server: RunningServer, ask: Ask) -> None:
    """A service that is not shipped is looked for in the account, and only if someone is signed in."""
    service = {
        "kind": "Service",
        "name": "records",
        "title": "Records",
        "resource_types": {"record": {}},
        "actions": [{"id": "read", "title": "Read a record", "resource_type": "record", "access": "read"}],
        "roles": [{"name": "Clerk", "kind": "service", "actions": ["read"]}],
    }
    assert server.owner().apply(service).status == 200
    assert ask("roles", "records").out.splitlines()[0].split()[-1] == "Clerk"
    assert ask("catalog", "show", "records").out.startswith("Records (records)\n")
    assert ask("check", "user:alice", "raed", "brn:acme:records:eu-de::record/1") == Done(
        1, "denied  unknown_action\n", "  help: did you mean `read`?\n"
    )
    alone = ask("roles", "records", BAILIWICK_URL="", BAILIWICK_API_KEY="")
    assert (alone.code, alone.err.splitlines()[0]) == (2, "error: there is no service `records`")


def test_everyone_may_ask_about_themselves_and_nobody_else(server: RunningServer) -> None:
    """alice learns what alice may do; about bob she is refused, which is an error and not a denial."""
    alice = asking(server, "user:alice")
    assert alice("check", "user:alice", "ims:images:get", WEB_1).code == 0
    about_bob = alice("check", "user:bob", "ims:images:get", WEB_1)
    assert about_bob.code == 2
    assert "iam.decision.evaluate" in about_bob.err
