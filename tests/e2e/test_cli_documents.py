"""apply, diff and export against a real server: what changes, what does not, and what is wrong, all at once."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from tests.e2e.processes import Done, asking, command, company, environment, signed_in
from tests.e2e.server import OWNER, RunningServer

Ask = Callable[..., Done]
COMPANY = (files("bailiwick.sample") / "company.yaml").read_text(encoding="utf-8")
SMALL = """\
kind: User
name: alice
email: alice@acme.example
---
kind: Group
name: readers
description: look at images
members: [user:alice]
---
kind: Policy
name: readers-read
subjects: [group:readers]
roles: [IMS ReadOnlyAccess]
scope: {service: ims, region: eu-de}
"""


@pytest.fixture
def ask(server: RunningServer) -> Ask:
    """A command as the owner of a fresh server."""
    return asking(server)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A file of three documents."""
    return write(tmp_path / "small.yaml", SMALL)


def write(file: Path, text: str) -> Path:
    """A file with this text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_apply_shows_what_it_has_created(ask: Ask, small: Path) -> None:
    """New objects are listed with a plus, and counted; again there is nothing to do."""
    assert ask("apply", "-f", str(small)) == Done(
        0,
        "+ User alice\n+ Group readers\n+ Policy readers-read\n"
        "3 created, 0 changed, 0 deleted, 0 unchanged\n",
        "",
    )
    assert ask("apply", "-f", str(small)) == Done(0, "0 created, 0 changed, 0 deleted, 3 unchanged\n", "")


def test_a_dry_run_changes_nothing(ask: Ask, small: Path) -> None:
    """--dry-run lists what would happen, and it does not happen."""
    before = ask("export").out
    assert ask("apply", "-f", str(small), "--dry-run").out.splitlines()[-1] == (
        "3 to create, 0 to change, 0 to delete, 0 unchanged"
    )
    assert ask("export").out == before


def test_diff_says_by_its_exit_code_whether_anything_differs(ask: Ask, small: Path) -> None:
    """1 where something would change, 0 where nothing would, 2 where the documents are wrong."""
    assert ask("diff", "-f", str(small)).code == 1
    ask("apply", "-f", str(small))
    assert ask("diff", "-f", str(small)) == Done(
        0, "0 to create, 0 to change, 0 to delete, 3 unchanged\n", ""
    )
    assert ask("diff", "-f", str(write(small, "kind: Usr\nname: x\n"))).code == 2


def test_changes_are_shown_field_by_field(ask: Ask, small: Path) -> None:
    """A changed text stands before and after an arrow, a list by what goes and comes, a scope by its parts."""
    ask("apply", "-f", str(small))
    changed = (
        SMALL.replace("look at images", "see images")
        .replace("eu-de", "eu-nl")
        .replace("members: [user:alice]", "members: [user:bob]")
        + "---\nkind: User\nname: bob\n"
    )
    assert ask("diff", "-f", str(write(small, changed))) == Done(
        1,
        "~ Group readers\n"
        "    members: - user:alice\n"
        "    members: + user:bob\n"
        "    description: look at images → see images\n"
        "~ Policy readers-read\n"
        "    scope.region: eu-de → eu-nl\n"
        "+ User bob\n"
        "1 to create, 2 to change, 0 to delete, 1 unchanged\n",
        "",
    )


def test_prune_removes_what_the_documents_do_not_name(ask: Ask, small: Path) -> None:
    """--prune takes the rest away, but for the account, its owner and the default project."""
    ask("apply", "-f", str(small))
    rest = write(small.with_name("rest.yaml"), "kind: User\nname: alice\nemail: alice@acme.example\n")
    pruned = ask("apply", "-f", str(rest), "--prune")
    assert pruned.code == 0
    assert sorted(pruned.out.splitlines()[:-1]) == ["- Group readers", "- Policy readers-read"]
    assert pruned.out.splitlines()[-1] == "0 created, 0 changed, 2 deleted, 1 unchanged"
    exported = ask("export").out
    assert "name: owner" in exported
    assert "name: default" in exported
    assert "readers" not in exported


def test_diff_counts_what_prune_would_remove(ask: Ask, small: Path) -> None:
    """diff --prune lists removals, and removes nothing."""
    ask("apply", "-f", str(small))
    rest = write(small.with_name("rest.yaml"), "kind: User\nname: alice\nemail: alice@acme.example\n")
    done = ask("diff", "-f", str(rest), "--prune")
    assert (done.code, done.out.splitlines()[-1]) == (1, "0 to create, 0 to change, 2 to delete, 1 unchanged")
    assert "name: readers" in ask("export").out


def test_several_files_and_directories_are_one_transaction(ask: Ask, tmp_path: Path) -> None:
    """A directory is read with all below it, and documents may refer across files."""
    first, *rest = SMALL.split("---\n")
    write(tmp_path / "world" / "people" / "users.yml", first)
    write(tmp_path / "world" / "access.yaml", "---\n".join(rest))
    write(tmp_path / "world" / "notes.txt", "not a document")
    done = ask(
        "apply",
        "-f",
        str(tmp_path / "world"),
        "-f",
        str(write(tmp_path / "p.yaml", "kind: Project\nname: p\n")),
    )
    assert done.out.splitlines()[-1] == "4 created, 0 changed, 0 deleted, 0 unchanged"


def test_documents_come_from_standard_input_too(ask: Ask) -> None:
    """`-f -` reads what is piped in, and findings call it standard input."""
    assert ask("apply", "-f", "-", stdin=SMALL).code == 0
    broken = ask("apply", "-f", "-", stdin="kind: Project\nnaem: p\n")
    assert broken.err.splitlines()[0] == "error: standard input:1: missing field `name`"


def test_everything_that_is_wrong_is_said_at_once(ask: Ask, tmp_path: Path) -> None:
    """Findings of several documents in several files come together, each with file, line and the nearest right word."""
    one = write(
        tmp_path / "one.yaml",
        "kind: Polcy\nname: x\n---\nkind: User\nname: zed\nemial: z@acme.example\n---\n"
        "kind: Group\nname: g\nmembers: [alice]\n",
    )
    two = write(
        tmp_path / "two.yaml",
        "kind: Role\nname: R\nservice: cloud\nrights:\n  - {actions: [volume.Attach], efect: deny}\n",
    )
    before = ask("export").out
    done = ask("apply", "-f", str(one), "-f", str(two))
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: {one}:1: unknown kind `Polcy` at kind\n"
        "  help: did you mean `Policy`?\n"
        f"error: {one}:6: unknown field `emial` at emial\n"
        "  help: did you mean `email`?\n"
        f"error: {one}:10: `alice` cannot be a member at members[0]\n"
        "  help: expected one of `user:`, `service-id:`, `profile:`, `group:` and a name\n"
        f"error: {two}:5: unknown field `efect` at rights[0].efect\n"
        "  help: did you mean `effect`?\n"
    )
    assert ask("export").out == before


def test_what_does_not_fit_together_is_said_at_once(ask: Ask, tmp_path: Path) -> None:
    """Names of roles, services, actions, groups and projects that are not there come together, with what is near."""
    file = write(
        tmp_path / "world.yaml",
        SMALL.replace("group:readers]", "group:reader]").replace("IMS ReadOnlyAccess", "IMS ReadOnlyAcces")
        + "---\nkind: Policy\nname: second\nsubjects: [user:alice]\nroles: [Reader]\nscope: {service: imss}\n"
        "---\nkind: Role\nname: R\nservice: cloud\nrights:\n  - {actions: [volume.Atach]}\n",
    )
    done = ask("apply", "-f", str(file))
    assert (done.code, done.out) == (2, "")
    errors = [text.partition("\n") for text in done.err.split("error: ")[1:]]
    said = {(head.removeprefix(f"{file}:"), help.strip()) for head, _, help in errors}
    assert {
        (
            "12: unknown group `reader` at Policy readers-read: subjects[0]",
            "help: did you mean `readers`?",
        ),
        (
            "13: unknown role `IMS ReadOnlyAcces` at Policy readers-read: roles[0]",
            "help: did you mean `IMS ReadOnlyAccess`?",
        ),
        ("20: unknown service `imss` at Policy second: scope.service", "help: did you mean `ims`?"),
        (
            "26: unknown action `volume.Atach` at Role R: rights[0].actions[0]",
            "help: did you mean `volume.Attach`?",
        ),
    } <= said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read `{file}`: No such file or directory"),
        (b"kind: User\nname: \xff\n", "`{file}` is not UTF-8 text, in line 2"),
        (b"kind: {\nname: ]\n", "{file}:2: broken YAML"),
        (b"- a\n", "{file}:1: expected a document with fields"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    ask: Ask, tmp_path: Path, content: bytes | None, message: str
) -> None:
    """What is missing, no text, or no document is an error with the file's name."""
    file = tmp_path / "broken.yaml"
    if content is not None:
        file.write_bytes(content)
    done = ask("apply", "-f", str(file))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {message.format(file=file)}")


def test_a_directory_without_documents_is_an_error(ask: Ask, tmp_path: Path) -> None:
    """An empty directory is a slip, not an empty wish: with --prune it would remove everything."""
    done = ask("apply", "-f", str(tmp_path), "--prune")
    assert done == Done(
        2,
        "",
        f"error: no .yaml or .yml file in `{tmp_path}`\n  help: name a file, or another directory\n",
    )


def test_json_is_the_servers_answer(ask: Ask, small: Path) -> None:
    """--output json gives every difference with its states, for apply and diff."""
    planned = json.loads(ask("diff", "-f", str(small), "--output", "json").out)
    done = json.loads(ask("apply", "-f", str(small), "--output", "json").out)
    assert (planned["dry_run"], done["dry_run"]) == (True, False)
    assert [one["op"] for one in done["differences"]] == ["created"] * 3
    assert done["differences"] == planned["differences"]
    assert done["differences"][1]["after"]["members"] == ["user:alice"]


def test_an_export_makes_an_equal_account_elsewhere(tmp_path: Path, ask: Ask) -> None:
    """What one server exports another one takes, and exports again to the letter."""
    with company(tmp_path / "first") as first:
        done = asking(first)("export", "-f", str(tmp_path / "export.yaml"))
        assert done == Done(0, "", "")
    exported = (tmp_path / "export.yaml").read_text(encoding="utf-8")
    assert (
        exported.count("\nkind: ") == COMPANY.count("kind: ") + 3
    )  # and the account, its owner, the default project
    assert ask("apply", "-f", str(tmp_path / "export.yaml")).code == 0
    assert ask("export").out == exported
    assert ask("diff", "-f", str(tmp_path / "export.yaml"), "--prune").code == 0


def test_an_export_that_cannot_be_written_is_an_error(ask: Ask, tmp_path: Path) -> None:
    """A place that cannot be written to is named, and a file that is there stays until the new one is whole."""
    assert ask("export", "-f", str(tmp_path / "no" / "export.yaml")) == Done(
        2, "", f"error: cannot write `{tmp_path / 'no' / 'export.yaml'}`: No such file or directory\n"
    )
    file = write(tmp_path / "export.yaml", "old")
    assert ask("export", "-f", str(file)).code == 0
    assert file.read_text(encoding="utf-8") == ask("export").out
    assert [path.name for path in tmp_path.glob("*.yaml*")] == ["export.yaml"]


def test_who_may_not_change_something_changes_nothing(server: RunningServer, ask: Ask, small: Path) -> None:
    """alice, a reader, applies nothing, not even what she may; and she exports nothing."""
    ask("apply", "-f", str(small))
    alice = asking(server, "user:alice")
    done = alice("apply", "-f", str(write(small, "kind: Project\nname: mine\n")))
    assert (done.code, done.out) == (2, "")
    assert "`user:alice` lacks `eps:enterpriseProjects:create`" in done.err
    assert alice("export").code == 2
    assert "name: mine" not in ask("export").out


def test_progress_of_long_work_is_shown_on_the_terminal_of_errors_only(
    server: RunningServer, tmp_path: Path
) -> None:
    """With many documents a bar moves on standard error, and standard output holds the result alone."""
    many = "---\n".join(f"kind: Group\nname: p-{n}\ndescription: {'x' * 4000}\n" for n in range(300))
    words = command("apply", "-f", str(write(tmp_path / "many.yaml", many)))
    variables = signed_in(server.address, server.key(OWNER))
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=follower, text=True, env=environment(**variables, TERM="xterm")
    )
    os.close(follower)
    with process:
        said = read_all(leader)
        assert process.stdout is not None
        out = process.stdout.read()
    assert process.returncode == 0, said
    assert "applying 300 documents (1 MB)" in said
    assert out.splitlines()[0] == "+ Group p-0"
    assert out.splitlines()[-1] == "300 created, 0 changed, 0 deleted, 0 unchanged"
    assert "\x1b" not in out
    assert "applying" not in out


def read_all(terminal: int) -> str:
    """What is written to this terminal until everybody has closed it?"""
    said = b""
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            part = b""
        if not part:
            os.close(terminal)
            return said.decode()
        said += part
