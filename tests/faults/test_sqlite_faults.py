"""Two nodes of one machine over one data directory, broken: no acknowledged write is lost, nothing stale is said."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults import next_version
from tests.faults.breaking import MovableClock, fill, make_room, small_disk
from tests.faults.nodes import Installation, NodeProcess
from tests.faults.racing import OTHERS, change_at_once
from tests.faults.world import world

from bailiwick.store.opening import open_store
from bailiwick.store.ports import Store

# WHY: who writes announces it before answering, on a word that every process of the machine reads at each question.
# Only where a writer was killed in between, the others find it by looking, once a second.
BOUND_SECONDS, AFTER_A_KILL_SECONDS = 0.0, 2.0
HOUR = 3600
FULL = "the store cannot be read or written now; the disk is full; make room"


def installed(folder: Path, data: Path) -> Installation:
    """An account on this data directory."""
    made = Installation(folder, ["--data", str(data)])
    made.initialise()
    return made


def opening(data: Path) -> Callable[[], Store]:
    """How is the store read past the nodes?"""
    return lambda: open_store(data)


def two_nodes(installation: Installation) -> list[NodeProcess]:
    """Two equal processes."""
    return [NodeProcess(installation, f"node-{number}") for number in range(2)]


def test_nodes_killed_in_a_write(tmp_path: Path) -> None:
    """A node that gets SIGKILL at random moments loses nothing, and the other goes on."""
    data = tmp_path / "data"
    installation = installed(tmp_path, data)
    with world(installation, opening(data), two_nodes(installation), bound=AFTER_A_KILL_SECONDS) as it:
        for _ in range(3):
            it.load.wait_for_writes(5)
            time.sleep(it.random.random() * 0.3)
            it.node().restart()
        it.recover()
        it.load.wait_for_writes(5)


def test_a_node_that_slept_says_nothing_old_when_it_wakes(tmp_path: Path) -> None:
    """A process that was stopped while others wrote looks at the store before its next answer."""
    data = tmp_path / "data"
    installation = installed(tmp_path, data)
    nodes = two_nodes(installation)
    with world(installation, opening(data), nodes, bound=BOUND_SECONDS, request_seconds=2.0) as it:
        it.load.wait_for_writes(5)
        nodes[0].suspend()
        time.sleep(2.0)
        nodes[0].resume()
        it.recover()
        it.load.wait_for_writes(5)


def test_a_full_disk(tmp_path: Path) -> None:
    """Writes are refused clearly while the disk is full; questions are answered; with room, writes go on."""
    with small_disk(tmp_path / "disk", megabytes=24) as disk:
        data = disk / "data"
        installation = installed(tmp_path, data)
        with world(installation, opening(data), two_nodes(installation), bound=BOUND_SECONDS) as it:
            it.load.wait_for_writes(5)
            fill(disk)
            it.wait_for_refusals()
            make_room(disk)
            it.recover()
            it.load.wait_for_writes(5)
        refused = [one for one in it.load.history.operations if one.changes and one.status == 503]
        assert refused
        assert {one.detail for one in refused} == {FULL}


def test_two_nodes_change_one_group(tmp_path: Path) -> None:
    """Of two swaps of one state at once exactly one is made, whichever node is asked first; plain writes all are."""
    data = tmp_path / "data"
    installation = installed(tmp_path, data)
    nodes = two_nodes(installation)
    with world(installation, opening(data), nodes, clients=2, groups=OTHERS, bound=BOUND_SECONDS) as it:
        change_at_once(it, rounds=15)


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forwards", "backwards"])
def test_a_clock_that_jumps(tmp_path: Path, jump: int) -> None:
    """What a node answers depends on no clock but where time itself decides, as of tokens; it follows the others."""
    data = tmp_path / "data"
    clock = MovableClock(tmp_path / "clock")
    installation = installed(tmp_path, data)
    right = NodeProcess(installation, "right")
    jumping = NodeProcess(installation, "jumping", variables=clock.variables)
    with world(installation, opening(data), [right, jumping], bound=BOUND_SECONDS) as it:
        it.load.wait_for_writes(5)
        clock.move(jump)
        it.load.tokens[jumping.name] = token = jumping.token()
        assert abs(issued_at(token) - time.time() - jump) < HOUR / 2, "the clock did not jump"
        it.wait_for_answers(jumping.name)
        clock.move(0)
        it.load.tokens.clear()
        it.wait_for_answers(jumping.name)
        it.load.wait_for_writes(5)


def test_a_schema_that_changes_under_running_nodes(tmp_path: Path) -> None:
    """What only adds: they go on, and start again, beside it. What they cannot bear: they refuse, until it is gone."""
    data = tmp_path / "data"
    installation = installed(tmp_path, data)
    nodes = two_nodes(installation)
    with world(installation, opening(data), nodes, bound=AFTER_A_KILL_SECONDS) as it:
        it.load.wait_for_writes(5)
        assert "may go on" in installation.call_by(next_version.expanding, "store", "migrate", str(data))
        it.load.wait_for_writes(10)
        nodes[0].restart()
        it.load.wait_for_writes(5)
        back = ("store", "migrate", str(data), "--to", next_version.newest_now())
        installation.call_by(next_version.expanding, *back)
        it.load.wait_for_writes(5)
        installation.call_by(next_version.contracting, "store", "migrate", str(data))
        it.wait_for_refusals()
        written = it.load.acknowledged()
        it.wait_for_refusals()
        assert it.load.acknowledged() == written
        installation.call_by(next_version.contracting, *back)
        it.recover()
        it.load.wait_for_writes(5)


def issued_at(token: str) -> float:
    """At which time of day was it issued, as the node saw it?"""
    payload = token.split(".")[1]
    return float(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["iat"])
