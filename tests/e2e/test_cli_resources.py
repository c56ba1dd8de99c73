"""resource list, show, register, set, move, remove, load, sync, against a real server."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.processes import Done, asking, command, environment, signed_in
from tests.e2e.server import RunningServer

Ask = Callable[..., Done]
BRN = "brn:acme:cloud:us-east::volume/"
HELP = "\n  help: expected `brn:<account>:<service>:<region>:<instance>:<type>/<id>`, percent-encoded"


@pytest.fixture
def ask(server: RunningServer) -> Ask:
    """A command as the owner of an account with alice, a group and two projects."""
    documents: list[dict[str, Any]] = [{"kind": "Project", "name": name} for name in ("dev", "prod")]
    documents += [{"kind": "User", "name": "alice"}, {"kind": "Group", "name": "staff"}]
    assert server.owner().apply(*documents).status == 200
    return asking(server)


def volume(number: int, **more: Any) -> dict[str, Any]:
    """A volume as a line of a file."""
    return {"name": f"{BRN}v-{number:05}", "project": "dev", **more}


def written(path: Path, *documents: dict[str, Any]) -> str:
    """A file of these lines."""
    path.write_text("".join(json.dumps(one) + "\n" for one in documents), encoding="utf-8")
    return str(path)


def held(server: RunningServer) -> dict[str, Any]:
    """What is registered, by name?"""
    return dict(server.host.snapshot("acme").account.resources)


def test_one_resource_is_registered_changed_moved_and_removed(ask: Ask) -> None:
    """Each says in a line what it did, and `show` what is registered."""
    name = f"{BRN}v-1"
    done = ask("resource", "register", name, "--project", "dev", "--owner", "user:alice", "--group", "group:staff",
               "--tag", "env=test", "--property", "size=20", "--description", "a disk")  # fmt: skip
    assert (done.code, done.out) == (0, f"registered {name}\n")
    assert ask(
        "resource", "set", name, "--tag", "env=", "--tag", "tier=1", "--budget", "b", "--group", ""
    ).out == (f"changed {name}\n")
    assert ask("resource", "move", name, "prod").out == f"moved {name}\n"
    assert json.loads(ask("resource", "show", name, "--output", "json").out) == {
        "kind": "Resource", "account": "acme", "name": name, "project": "prod", "owner": "user:alice", "budget": "b",
        "tags": {"tier": "1"}, "properties": {"size": 20}, "description": "a disk",
    }  # fmt: skip
    assert ask("resource", "show", name).out.splitlines()[1:] == [
        f"name         {name}", "project      prod", "owner        user:alice", "budget       b",
        "tags         tier 1", "properties   size 20", "description  a disk",
    ]  # fmt: skip
    assert ask("resource", "remove", name).out == f"removed {name}\n"
    assert ask("resource", "list").out == "no such resource is registered\n"


def test_a_change_of_nothing_and_a_broken_pair_are_refused(ask: Ask) -> None:
    """Before the server is asked."""
    assert ask("resource", "set", f"{BRN}v-1").err == (
        "error: nothing to change is given\n  help: see `bailiwick resource set --help`\n"
    )
    done = ask("resource", "register", f"{BRN}v-1", "--tag", "env")
    assert (done.code, done.err) == (2, "error: expected NAME=VALUE, got `env` at --tag\n")


def test_the_list_is_filtered_by_the_server(ask: Ask, tmp_path: Path) -> None:
    """By attributes, parts of the name and the beginning of it."""
    documents = [
        volume(1, owner="user:alice", tags={"env": "test"}),
        volume(2, budget="b", groups=["group:staff"]),
        {"name": "brn:acme:cloud:us-west::server/s-1", "project": "prod"},
    ]
    assert ask("resource", "load", written(tmp_path / "f.jsonl", *documents)).code == 0
    for options, names in (
        ((), ["server/s-1", "volume/v-00001", "volume/v-00002"]),
        (("--type", "volume"), ["volume/v-00001", "volume/v-00002"]),
        (("--project", "prod"), ["server/s-1"]),
        (("--service", "cloud", "--region", "us-west"), ["server/s-1"]),
        (("--owner", "user:alice"), ["volume/v-00001"]),
        (("--group", "group:staff"), ["volume/v-00002"]),
        (("--budget", "b"), ["volume/v-00002"]),
        (("--tag", "env=test"), ["volume/v-00001"]),
        (("--prefix", BRN), ["volume/v-00001", "volume/v-00002"]),
        (("--service", "ims"), []),
    ):
        found = json.loads(ask("resource", "list", *options, "--output", "json").out)
        assert sorted(one["name"].rpartition(":")[2] for one in found) == names, options
    assert ask("resource", "list", "--owner", "user:alice").out == (
        "name                                    project  owner       groups  budget  tags\n"
        f"{BRN}v-00001  dev      user:alice                  env test\n"
    )


def test_a_file_is_loaded_in_parts_and_again_without_effect(
    server: RunningServer, ask: Ask, tmp_path: Path
) -> None:
    """Twelve thousand lines are two transactions; sent again nothing is written."""
    file = written(tmp_path / "f.jsonl", *(volume(number) for number in range(12_000)))
    before = server.host.snapshot("acme").revision
    done = ask("resource", "load", file)
    assert (done.code, done.out) == (0, "12000 created, 0 changed, 0 deleted, 0 unchanged\n"), done.err
    assert server.host.snapshot("acme").revision == before + 2
    assert len(held(server)) == 12_000
    again = json.loads(ask("resource", "load", file, "--output", "json").out)
    assert {key: again[key] for key in ("created", "changed", "deleted", "unchanged", "dry_run")} == {
        "created": 0, "changed": 0, "deleted": 0, "unchanged": 12_000, "dry_run": False,
    }  # fmt: skip
    assert server.host.snapshot("acme").revision == before + 2


def test_standard_input_is_loaded_too(server: RunningServer, ask: Ask) -> None:
    """An empty line is nothing, and the last line needs no end."""
    text = json.dumps(volume(1)) + "\n\n" + json.dumps(volume(2))
    assert ask("resource", "load", "-", stdin=text).out == "2 created, 0 changed, 0 deleted, 0 unchanged\n"
    assert len(held(server)) == 2


def test_a_dry_run_loads_nothing(server: RunningServer, ask: Ask, tmp_path: Path) -> None:
    """It says what would be."""
    file = written(tmp_path / "f.jsonl", volume(1))
    assert (
        ask("resource", "load", file, "--dry-run").out
        == "1 to create, 0 to change, 0 to delete, 0 unchanged\n"
    )
    assert held(server) == {}


def test_a_file_with_broken_lines_changes_nothing(server: RunningServer, ask: Ask, tmp_path: Path) -> None:
    """Every finding of every line is told with file and number, and nothing is sent, good lines included."""
    good = "".join(json.dumps(volume(number)) + "\n" for number in range(10_500))
    file = tmp_path / "f.jsonl"
    lines = ['{"name": "v-1", "owner": "alice"}', "{", '{"name": 1, "name": 2}', '{"remove": "x"}',
             json.dumps(volume(7)), json.dumps({"name": f"{BRN}x".replace("acme", "globex")}), "[]"]  # fmt: skip
    file.write_text(good + "\n".join(lines), encoding="utf-8")
    done = ask("resource", "load", str(file))
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: {file}:10501: `v-1` is no resource name at name{HELP}\n"
        f"error: {file}:10501: `alice` cannot be an owner at owner\n"
        "  help: expected one of `user:`, `service-id:`, `profile:` and a name\n"
        f"error: {file}:10502: expected JSON: expecting property name enclosed in double quotes at line 1, column 2\n"
        f"error: {file}:10503: duplicate name `name` at name\n"
        f"error: {file}:10504: `x` is no resource name at remove{HELP}\n"
        f"error: {file}:10505: Resource `{BRN}v-00007` is given twice (first in line 8) at name\n"
        f"error: {file}:10506: resource is of account `globex`, expected `acme` at name\n"
        f"error: {file}:10507: expected a JSON object, got something else\n"
    )
    assert held(server) == {}


def test_a_part_that_is_refused_leaves_those_before(server: RunningServer, ask: Ask, tmp_path: Path) -> None:
    """The line is named by its number in the file; what is done is said, and the mended file goes on from there."""
    documents = [volume(number) for number in range(10_100)]
    documents[10_050]["project"] = "deev"
    file = written(tmp_path / "f.jsonl", *documents)
    done = ask("resource", "load", file)
    assert done.code == 2
    assert done.err == (
        "everything up to line 10000 is done, nothing after it\n"
        f"error: {file}:10051: unknown project `deev` at Resource {BRN}v-10050: project\n  help: did you mean `dev`?\n"
    )
    assert len(held(server)) == 10_000
    documents[10_050]["project"] = "dev"
    assert ask("resource", "load", written(tmp_path / "f.jsonl", *documents)).out == (
        "100 created, 0 changed, 0 deleted, 10000 unchanged\n"
    )


def test_a_loader_that_is_killed_is_started_again(server: RunningServer, ask: Ask, tmp_path: Path) -> None:
    """Each part is there whole or not at all, and a second run does the rest."""
    file = written(tmp_path / "f.jsonl", *(volume(number) for number in range(30_000)))
    variables = environment(**signed_in(server.address, server.key("user:owner")))
    process = subprocess.Popen(command("resource", "load", file), env=variables, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not held(server) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    time.sleep(0.5)
    assert process.returncode == -9, "it was done before it was killed"
    assert ask("resource", "load", file).code == 0
    assert len(held(server)) == 30_000
    created = [row for row in server.host.store.changes("account:acme", 0, 100_000) if row.kind == "Resource"]
    assert len(created) == 30_000, "nothing is registered twice"


def test_sync_registers_changes_and_removes_within_its_scope(
    server: RunningServer, ask: Ask, tmp_path: Path
) -> None:
    """What is outside of the scope stays; the plan is shown first."""
    others = [{"name": "brn:acme:cloud:us-east::server/s-1"}, {"name": f"{BRN}w-1", "project": "prod"}]
    ask("resource", "load", written(tmp_path / "f.jsonl", *(volume(n) for n in range(10)), *others))
    documents = [volume(n, **({"budget": "b"} if n == 3 else {})) for n in range(1, 10)] + [volume(20)]
    file = written(tmp_path / "f.jsonl", *documents)
    plan = f"+ {BRN}v-00020\n~ {BRN}v-00003\n- {BRN}v-00000\n1 to create, 1 to change, 1 to delete, 8 unchanged\n"
    scope = ("--service", "cloud", "--type", "volume", "--project", "dev")
    assert ask("resource", "sync", file, *scope, "--dry-run").out == plan
    assert len(held(server)) == 12
    refused = ask("resource", "sync", file, *scope)
    assert (refused.code, refused.err) == (
        2, "error: nobody is there to be asked\n  help: say `--yes`, or look first with `--dry-run`\n",
    )  # fmt: skip
    done = ask("resource", "sync", file, *scope, "--yes")
    assert (done.code, done.out) == (0, f"{plan}1 created, 1 changed, 1 deleted, 0 unchanged\n"), done.err
    names = {one["name"] for one in [*documents, *others]}
    assert set(held(server)) == names
    assert held(server)[f"{BRN}v-00003"].budget == "b"
    assert (
        ask("resource", "sync", file, *scope).out == "0 to create, 0 to change, 0 to delete, 10 unchanged\n"
    )


def test_sync_refuses_to_remove_more_than_a_share(server: RunningServer, ask: Ask, tmp_path: Path) -> None:
    """An empty or half file is the commonest accident."""
    ask("resource", "load", written(tmp_path / "f.jsonl", *(volume(n) for n in range(10))))
    file = written(tmp_path / "f.jsonl", *(volume(n) for n in range(3, 10)))
    done = ask("resource", "sync", file, "--yes")
    assert (done.code, done.err) == (
        2,
        "error: 3 of 10 resources in the scope would be removed, expected at most 20 of 100\n"
        "  help: is it the right file and scope? `--remove-at-most 30` allows it\n",
    )
    assert len(held(server)) == 10
    done = ask("resource", "sync", file, "--yes", "--remove-at-most", "30", "--output", "json")
    assert json.loads(done.out)["deleted"] == 3
    assert len(held(server)) == 7


def test_sync_refuses_lines_outside_its_scope(server: RunningServer, ask: Ask, tmp_path: Path) -> None:
    """They would be removed by the next sync."""
    file = written(tmp_path / "f.jsonl", volume(1), {"name": f"{BRN}w"}, volume(2, project="prod"))
    done = ask("resource", "sync", file, "--project", "dev", "--yes")
    help = "\n  help: it would be removed by the next sync\n"
    assert (done.code, done.err) == (
        2,
        f"error: {file}:2: `{BRN}w` is outside the scope: expected project `dev`, got none at name{help}"
        f"error: {file}:3: `{BRN}v-00002` is outside the scope: expected project `dev`, got `prod` at name{help}",
    )
    assert held(server) == {}


def test_sync_removes_what_is_attached_before_what_it_is_attached_to(
    server: RunningServer, ask: Ask, tmp_path: Path
) -> None:
    """Nothing is left that refers to what is gone, in whatever order the names are."""
    machine = "brn:acme:cloud:us-east::server/s-1"
    ask("resource", "load", written(tmp_path / "f.jsonl", {"name": machine, "project": "dev"},
                                    volume(1, attached_to=machine)))  # fmt: skip
    empty = written(tmp_path / "f.jsonl")
    assert ask("resource", "sync", empty, "--yes", "--remove-at-most", "100").code == 0
    assert held(server) == {}


def test_who_may_not_is_refused_and_nothing_is_sent(server: RunningServer, ask: Ask, tmp_path: Path) -> None:
    """The refusal names the action."""
    file = written(tmp_path / "f.jsonl", volume(1))
    done = asking(server, "user:alice")("resource", "load", file)
    assert done.code == 2
    assert "`user:alice` lacks `iam.resource.register`" in done.err
    assert held(server) == {}
