"""import against a real server and without one: documents printed, applied in one transaction, or every refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.processes import Done, asking, call
from tests.e2e.server import RunningServer

Ask = Callable[..., Done]
DOCS = Path(__file__).resolve().parents[2] / "docs"
PEOPLE: tuple[dict[str, Any], ...] = (
    {"kind": "User", "name": "alice", "email": "alice@acme.example"},
    {"kind": "Group", "name": "image-editors", "members": ["user:alice"]},
    {"kind": "Group", "name": "image-readers", "members": ["user:alice"]},
    {"kind": "Group", "name": "readers", "members": ["user:alice"]},
)
HUAWEI = ("import", "huawei", str(DOCS / "importing/image-editors.json"), "--subject", "group:image-editors")
AWS = (
    "import", "aws", str(DOCS / "importing/log-readers.json"), "--subject", "group:readers",
    "--map", str(DOCS / "importing/aws-mapping.yaml"),
)  # fmt: skip
SERVICES = ("--services", str(DOCS / "importing/object-store.yaml"))
IMAGE = "brn:acme:ims:eu-de::image/web-1"


@pytest.fixture
def ask(server: RunningServer) -> Ask:
    """A command as the owner of an account with a few people."""
    assert server.owner().apply(*PEOPLE).status == 200
    return asking(server)


def write(folder: Path, name: str, value: Any) -> str:
    """A file with this JSON."""
    file = folder / name
    file.write_text(json.dumps(value), encoding="utf-8")
    return str(file)


def test_the_example_of_the_documentation_prints_what_it_says() -> None:
    """The page's printed answer is the command's, without any server."""
    page = (DOCS / "importing.md").read_text(encoding="utf-8")
    shown = re.search(r"```console\n\$ bailiwick [^\n]+\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    assert call(*HUAWEI) == Done(0, shown[1], "")


def test_the_shipped_examples_import_and_apply(ask: Ask) -> None:
    """Every example of the documentation is accepted by a server that has its service and subjects."""
    assert ask("apply", "-f", str(DOCS / "importing/object-store.yaml")).code == 0
    assert ask(*AWS, "--apply").out.splitlines()[-1] == "6 created, 0 changed, 0 deleted, 0 unchanged"
    assert ask(*HUAWEI, "--apply").out.splitlines()[-1] == "4 created, 0 changed, 0 deleted, 0 unchanged"
    ibm = ("import", "ibm", str(DOCS / "importing/registry-readers.json"))
    done = ask(*ibm, "--map", str(DOCS / "importing/ibm-mapping.yaml"), "--apply")
    assert done == Done(0, "+ Policy registry-readers-1\n1 created, 0 changed, 0 deleted, 0 unchanged\n", "")


def test_what_is_applied_decides(ask: Ask) -> None:
    """After the import alice may read with a second factor, not without, and delete never."""
    assert ask(*HUAWEI, "--apply").code == 0
    with_factor = ("--context", "mfa=true")
    assert ask("check", "user:alice", "ims:images:get", IMAGE, *with_factor).code == 0
    assert ask("check", "user:alice", "ims:images:get", IMAGE).code == 1
    assert ask("check", "user:alice", "ims:images:delete", IMAGE, *with_factor).code == 1


def test_a_dry_run_changes_nothing_and_importing_again_neither(ask: Ask) -> None:
    """--dry-run shows what --apply would do; applied twice, nothing changes."""
    planned = ask(*HUAWEI, "--dry-run")
    assert planned.out.splitlines()[-1] == "4 to create, 0 to change, 0 to delete, 0 unchanged"
    assert "image-editors-0" not in ask("export").out
    ask(*HUAWEI, "--apply")
    assert ask(*HUAWEI, "--apply") == Done(0, "0 created, 0 changed, 0 deleted, 4 unchanged\n", "")


def test_what_is_printed_can_be_applied(ask: Ask, tmp_path: Path) -> None:
    """The printed documents are those that --apply applies."""
    printed = tmp_path / "out.yaml"
    printed.write_text(ask(*HUAWEI).out, encoding="utf-8")
    assert ask("apply", "-f", str(printed)).out.splitlines()[-1] == (
        "4 created, 0 changed, 0 deleted, 0 unchanged"
    )
    assert ask(*HUAWEI, "--apply").out == "0 created, 0 changed, 0 deleted, 4 unchanged\n"


def test_everything_that_is_wrong_is_said_at_once(ask: Ask, tmp_path: Path) -> None:
    """Each refusal has its file, JSON pointer, code and help; nothing is applied."""
    policy = {
        "Version": "1.1",
        "Statement": [
            {"Effect": "Allow", "Action": ["ims:images:gett", "ims:images:list"]},
            {"Effect": "Deny", "Action": ["obs:bucket:list"]},
            {
                "Effect": "Allow",
                "Action": ["ims:images:list"],
                "Condition": {"StringNotEquals": {"g:UserName": "x"}},
            },
        ],
    }
    file = write(tmp_path, "wrong.json", policy)
    before = ask("export").out
    assert ask("import", "huawei", file, "--subject", "group:readers", "--apply") == Done(
        2,
        "",
        f"error: {file}#/Statement/0/Action/0: `ims` has no action `ims:images:gett` [action_unknown]\n"
        "  help: did you mean `ims:images:get`?\n"
        f"error: {file}#/Statement/1/Action/0: service `obs` is not in the catalog, which only mentions it "
        "[action_external]\n"
        "  help: describe it as a service of the account first\n"
        f"error: {file}#/Statement/2/Condition/StringNotEquals/g:UserName: `StringNotEquals` cannot be expressed "
        "[set_operator]\n"
        "  help: nowhere is written what it comes to when the key is missing: write it with `IfExists`\n",
    )
    assert ask("export").out == before


def test_an_object_that_the_import_did_not_make_is_not_changed(ask: Ask, tmp_path: Path) -> None:
    """A policy of the same name stays as it is."""
    own = tmp_path / "own.yaml"
    own.write_text(
        "kind: Policy\nname: image-editors-1\nsubjects: [user:alice]\nroles: [IMS ReadOnlyAccess]\n"
        "scope: {service: ims}\neffect: deny\n",
        encoding="utf-8",
    )
    assert ask("apply", "-f", str(own)).code == 0
    assert ask(*HUAWEI, "--apply") == Done(
        2,
        "",
        "error: import#: the account has a Policy `image-editors-1` that this import did not make [name_taken]\n"
        "  help: rename the file, or that object\n",
    )


def test_what_an_earlier_import_left_is_not_forgotten(ask: Ask, tmp_path: Path) -> None:
    """A statement that is gone would stay as a policy: the import says so and does nothing."""
    statement = {"Effect": "Allow", "Action": ["ims:images:list"]}
    two = {"Version": "1.1", "Statement": [statement, {**statement, "Action": ["ims:images:get"]}]}
    file = write(tmp_path, "few.json", two)
    command = ("import", "huawei", file, "--subject", "group:readers", "--apply")
    assert ask(*command).code == 0
    write(tmp_path, "few.json", {"Version": "1.1", "Statement": [statement]})
    assert ask(*command) == Done(
        2,
        "",
        "error: import#: Role `few-ims-2` of an earlier import is no more in it, and would stay [left_over]\n"
        "  help: delete it first\n"
        "error: import#: Policy `few-1` of an earlier import is no more in it, and would stay [left_over]\n"
        "  help: delete it first\n",
    )


def test_an_own_service_comes_from_the_server_or_a_file(ask: Ask) -> None:
    """Without the service the mapping is wrong; with a file, or once the account has it, the policy is read."""
    missing = ask(*AWS)
    assert (missing.code, missing.out) == (2, "")
    assert missing.err.startswith("error: unknown service `object-store` at mapping: services.s3.service\n")
    assert call(*AWS, *SERVICES).code == 0
    ask("apply", "-f", str(DOCS / "importing/object-store.yaml"))
    assert ask(*AWS) == call(*AWS, *SERVICES)


def test_json_holds_documents_and_notes(tmp_path: Path) -> None:
    """--output json prints the documents as data, with the notes beside them."""
    everything = {"Version": "1.1", "Statement": [{"Effect": "Allow", "Action": ["*:images:list"]}]}
    file = write(tmp_path, "all.json", everything)
    done = call("import", "huawei", file, "--subject", "group:readers", "--output", "json")
    assert json.loads(done.out) == {
        "documents": [
            {
                "kind": "Role",
                "name": "all-ims-1",
                "service": "ims",
                "description": "imported from huawei all",
                "rights": [{"actions": ["ims:images:list"]}],
            },
            {
                "kind": "Policy",
                "name": "all-0",
                "subjects": ["group:readers"],
                "roles": ["ims/all-ims-1"],
                "scope": {"service": "ims"},
                "description": "imported from huawei all#/Statement/0",
            },
        ],
        "notes": [f"{file}#/Statement/0/Action/0: services that come later are not allowed by it"],
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            HUAWEI[:3],
            "error: expected whom the policies are for at --subject\n"
            "  help: such as --subject group:readers; the policy itself names nobody\n",
        ),
        (
            ("import", "ibm", str(DOCS / "importing/registry-readers.json"), "--subject", "user:alice"),
            "error: these policies name their own subjects at --subject\n  help: map them under `subjects`\n",
        ),
        (
            (*HUAWEI, "--map", str(DOCS / "importing/aws-mapping.yaml")),
            f"error: {DOCS / 'importing/aws-mapping.yaml'}:2: expected a mapping of `huawei`, got one of `aws` "
            "at provider\n",
        ),
        (
            (*HUAWEI[:3], str(DOCS / "importing/image-editors.json"), *HUAWEI[3:]),
            "error: two files are called `image-editors`\n"
            "  help: a file's name begins the names of what it becomes\n",
        ),
        (
            (*AWS, *SERVICES, "--region", "eu-de"),
            "error: only Huawei's grants have a region or project of authorization besides at --region\n",
        ),
    ],
)  # fmt: skip
def test_wrong_options_are_errors(arguments: tuple[str, ...], message: str) -> None:
    """Each says what is expected."""
    assert call(*arguments) == Done(2, "", message)
