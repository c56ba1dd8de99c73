"""Nodes over PostgreSQL that die, sleep, live by another clock, or change the same thing at once.

Each test has a server of its own, and starts it anew; what was recorded is judged after it.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.faults.breaking import MovableClock
from tests.faults.cluster import primary
from tests.faults.nodes import NodeProcess
from tests.faults.postgresql import STRICT_SECONDS, installed, nodes_of, nodes_over, opening
from tests.faults.racing import OTHERS, change_at_once
from tests.faults.world import world

pytestmark = pytest.mark.timeout(280)

HOUR = 3600


def test_nodes_killed_in_a_write(tmp_path: Path) -> None:
    """Nodes that get SIGKILL at random moments lose nothing, and the others go on."""
    with primary() as server, nodes_over(tmp_path, server, count=3) as it:
        for _ in range(4):
            it.load.wait_for_writes(5)
            time.sleep(it.random.random() * 0.3)
            it.node().restart()
        it.recover()
        it.load.wait_for_writes(5)


def test_two_nodes_change_one_group(tmp_path: Path) -> None:
    """Of two swaps of one state at once exactly one is made, whichever node is asked first; plain writes all are."""
    with primary() as server:
        installation = installed(tmp_path, server)
        nodes = nodes_of(installation)
        with world(installation, opening(tmp_path, server), nodes, clients=2, groups=OTHERS) as it:
            change_at_once(it, rounds=25)


def test_a_node_that_slept_says_nothing_old_when_it_wakes(tmp_path: Path) -> None:
    """Its monotonic clock went on: it knows that it was away for longer than the bound."""
    with primary() as server:
        installation = installed(tmp_path, server)
        nodes = nodes_of(installation)
        store = opening(tmp_path, server)
        with world(installation, store, nodes, bound=STRICT_SECONDS, request_seconds=3.0) as it:
            it.load.wait_for_writes(5)
            nodes[0].suspend()
            time.sleep(STRICT_SECONDS + 2)
            nodes[0].resume()
            it.recover()
            it.load.wait_for_writes(5)


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forwards", "backwards"])
def test_a_clock_that_jumps(tmp_path: Path, jump: int) -> None:
    """The feed follows the database's clock, and staleness a monotonic one: both go on as if nothing was."""
    clock = MovableClock(tmp_path / "clock")
    with primary() as server:
        installation = installed(tmp_path, server)
        right = NodeProcess(installation, "right")
        jumping = NodeProcess(installation, "jumping", variables=clock.variables)
        with world(installation, opening(tmp_path, server), [right, jumping]) as it:
            it.load.wait_for_writes(5)
            clock.move(jump)
            it.load.tokens[jumping.name] = jumping.token()
            it.wait_for_answers(jumping.name)
            clock.move(0)
            it.load.tokens.clear()
            it.wait_for_answers(jumping.name)
