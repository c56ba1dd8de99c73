"""docs/operations.md does what it says: its drill is run, command by command, on a real store and real servers."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.guide import GuideShell, make_room, read_guide, run_guide
from tests.e2e.processes import ServerProcess, call

from bailiwick.store.opening import open_store
from bailiwick.store.ports import EventFilter

HEAD_WORDS = "verified on both sides"


def test_the_drill_restores_what_was_backed_up(tmp_path: Path) -> None:
    """Every command succeeds or is refused as written; whoever has seen what is lost is told of a fork."""
    with GuideShell(*make_room(tmp_path)) as shell:
        done = [block.words for block in run_guide(read_guide("../operations"), shell)]
        assert done.count("sh refused") == 2
        printed = [path.read_text() for path in shell.folder.glob(".block-*.output")]
    [told] = [json.loads(text[text.index('{"type"') :]) for text in printed if '"code":"forked"' in text]
    assert told["status"] == 409
    assert sum(HEAD_WORDS in text for text in printed) == 2


def test_copying_says_what_came_and_what_to_do_next(tmp_path: Path) -> None:
    """A store is copied under a new key by one command, and verifies; over a store nothing is copied."""
    data, copy, key = (str(tmp_path / name) for name in ("data", "copy", "owner.key"))
    made = call("init", "--data", data, "--account", "acme", "--owner", "o@acme.example", "--key-file", key)
    assert made.code == 0
    done = call("store", "copy", data, copy, "--new-key")
    assert (done.code, done.err) == (0, "")
    assert f"next: bailiwick serve --data {copy}" in done.out
    assert Path(copy, "master.key").read_text() != Path(data, "master.key").read_text()
    assert call("store", "verify", copy) == call("log", "verify", "--data", copy)
    again = call("store", "copy", data, copy)
    assert (again.code, again.out) == (2, "")
    assert again.err.startswith(f"error: `{copy}` is not empty\n")


def test_a_server_that_is_stopped_writes_out_what_it_has_seen(tmp_path: Path) -> None:
    """Activity of the last seconds is there after a signal: a key that was used is not taken for unused."""
    with ServerProcess(tmp_path) as server:
        assert call("project", "list", variables=server.variables).code == 0
    with open_store(server.data) as store:
        assert store.activity.events(EventFilter("account:acme"), None, 10) != ()
