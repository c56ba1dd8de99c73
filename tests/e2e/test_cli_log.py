"""log show and log verify: against a real server, and against a data directory that somebody has changed."""

from __future__ import annotations

import json
import os
import pty
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.e2e.processes import Done, asking, call, command, environment
from tests.e2e.server import ACCOUNT, RunningServer
from tests.e2e.test_cli_documents import read_all

Ask = Callable[..., Done]


@pytest.fixture
def ask(server: RunningServer) -> Ask:
    """A command as the owner of an account in which something has happened."""
    owner = server.owner()
    for number in range(3):
        project = {"kind": "Project", "name": f"p-{number}", "description": "made"}
        assert owner.apply(project).status == 200
    assert owner.delete("projects", "p-0").status == 204
    return asking(server)


def test_show_lists_changes_newest_first(ask: Ask) -> None:
    """Each change stands with its revision, time, actor, way, kind and name."""
    done = ask("log", "show")
    lines = done.out.splitlines()
    assert lines[0].split() == ["revision", "at", "actor", "via", "op", "kind", "name"]
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.fullmatch(rf"5         {when}  user:owner  api   delete  Project  p-0", lines[1])
    assert re.fullmatch(rf"4         {when}  user:owner  api   create  Project  p-2", lines[2])
    revisions = [int(line.split()[0]) for line in lines[1:]]
    assert revisions == sorted(revisions, reverse=True)
    assert revisions[-1] == 1


def test_show_is_bounded_and_filtered(ask: Ask) -> None:
    """--limit takes the newest, --kind and --name what is meant, --actor who did it."""
    assert len(ask("log", "show", "--limit", "2").out.splitlines()) == 3
    assert len(json.loads(ask("log", "show", "--kind", "Project", "-o", "json").out)) == 5
    named = json.loads(ask("log", "show", "--kind", "Project", "--name", "p-1", "-o", "json").out)
    assert [(one["op"], one["document"]["description"]) for one in named] == [("create", "made")]
    assert ask("log", "show", "--actor", "user:nobody") == Done(0, "no such change\n", "")
    assert len(ask("log", "show", "--actor", "user:owner", "--limit", "3").out.splitlines()) == 4


def test_show_says_what_it_cannot_filter_by(ask: Ask) -> None:
    """An unknown kind gets the nearest one, a name needs its kind, a limit is a number from one."""
    assert ask("log", "show", "--kind", "Polcy") == Done(
        2, "", "error: unknown kind `Polcy` at --kind\n  help: did you mean `Policy`?\n"
    )
    assert ask("log", "show", "--name", "x") == Done(
        2, "", "error: `--name` needs `--kind` at --name\n  help: such as --kind Policy\n"
    )
    assert ask("log", "show", "--limit", "0").code == 2


def test_show_follows_pages(server: RunningServer, ask: Ask) -> None:
    """More changes than a page of the server holds are all shown."""
    documents = [{"kind": "Group", "name": f"many-{number}"} for number in range(1100)]
    assert server.owner().apply(*documents).status == 200
    done = ask("log", "show", "--limit", "1090", "-o", "json")
    names = [one["name"] for one in json.loads(done.out)]
    assert len(set(names)) == len(names) == 1090


def test_verify_by_the_server(ask: Ask) -> None:
    """The server verifies the account's log and its activity."""
    done = ask("log", "verify")
    first, second = done.out.splitlines()
    assert (done.code, first, done.err) == (0, f"account:{ACCOUNT}: intact, 8 changes", "")
    assert re.fullmatch(rf"account:{ACCOUNT} activity: intact, \d+ events", second)
    report = json.loads(ask("log", "verify", "-o", "json").out)
    assert [(one["log"], one["rows_are"], one["ok"], one["findings"]) for one in report] == [
        (f"account:{ACCOUNT}", "changes", True, []),
        (f"account:{ACCOUNT}", "events", True, []),
    ]


def test_verify_a_directory_without_a_server(server: RunningServer, ask: Ask) -> None:
    """--data verifies every log and the activity, with no variables set."""
    ask("token")
    done = call("log", "verify", "--data", str(server.data))
    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert lines[0] == f"account:{ACCOUNT}: intact, 8 changes"
    assert [line.split(",")[0] for line in lines[1:]] == [
        "system: intact",
        f"account:{ACCOUNT} activity: intact",
        "system activity: intact",
    ]
    report = json.loads(call("log", "verify", "--data", str(server.data), "-o", "json").out)
    assert [(one["log"], one["rows_are"], one["ok"], one["findings"]) for one in report] == [
        (f"account:{ACCOUNT}", "changes", True, []),
        ("system", "changes", True, []),
        (f"account:{ACCOUNT}", "events", True, []),
        ("system", "events", True, []),
    ]


def test_verify_names_what_was_changed(server: RunningServer, ask: Ask) -> None:
    """Whoever rewrites history in the file is found out: exit code 1, and the changed row is named."""
    with closing(sqlite3.connect(server.data / "bailiwick.db")) as database:
        changed = database.execute("UPDATE change SET op = 'update' WHERE kind = 'Project' AND op = 'delete'")
        assert changed.rowcount == 1
        database.commit()
    for done in (ask("log", "verify"), call("log", "verify", "--data", str(server.data))):
        assert done.code == 1
        lines = done.out.splitlines()
        assert lines[0] == f"account:{ACCOUNT}: NOT INTACT, 8 changes"
        assert any("5" in line for line in lines[1:])


def test_verify_names_what_was_changed_of_the_activity(server: RunningServer, ask: Ask) -> None:
    """By the server, too: the log is intact, its activity is not."""
    ask("token")
    server.host.store.activity.flush()
    with closing(sqlite3.connect(server.data / "activity.db")) as database:
        changed = database.execute(
            "UPDATE event SET outcome = 'refused' WHERE log = ?", (f"account:{ACCOUNT}",)
        )
        assert changed.rowcount
        database.commit()
    done = ask("log", "verify")
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0] == f"account:{ACCOUNT}: intact, 8 changes"
    assert lines[1].startswith(f"account:{ACCOUNT} activity: NOT INTACT")
    assert len(lines) > 2


def test_verify_needs_a_data_directory(tmp_path: Path) -> None:
    """A directory that is not there, or holds nothing of ours, is an error and not an intact log."""
    assert call("log", "verify", "--data", str(tmp_path / "no")) == Done(
        2,
        "",
        f"error: there is no data directory `{tmp_path / 'no'}`\n  help: create it with `bailiwick init`\n",
    )
    tmp_path.chmod(0o700)
    assert call("log", "verify", "--data", str(tmp_path)).code == 2


def test_progress_is_shown_on_the_terminal_of_errors_only(server: RunningServer, ask: Ask) -> None:
    """A bar moves on standard error, and standard output holds the verdicts alone."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command("log", "verify", "--data", str(server.data)),
        stdout=subprocess.PIPE,
        stderr=follower,
        text=True,
        env=environment(TERM="xterm"),
    )
    os.close(follower)
    with process:
        said = read_all(leader)
        assert process.stdout is not None
        out = process.stdout.read()
    assert process.returncode == 0
    assert f"verifying account:{ACCOUNT}" in said
    assert out.splitlines()[0] == f"account:{ACCOUNT}: intact, 8 changes"
    assert "\x1b" not in out
    assert "verifying" not in out


def test_who_may_not_read_the_log_does_not(server: RunningServer, ask: Ask) -> None:
    """A user without rights sees no change and verifies nothing."""
    assert server.owner().apply({"kind": "User", "name": "alice"}).status == 200
    alice = asking(server, "user:alice")
    for words in (("log", "show"), ("log", "verify")):
        done = alice(*words)
        assert (done.code, done.out) == (2, "")
        assert "`user:alice` lacks `iam.log." in done.err
