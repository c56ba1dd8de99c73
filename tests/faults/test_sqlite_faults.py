"""Two nodes of one machine over one data directory, broken: no acknowledged write is lost, nothing stale is said."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults.nodes import Installation, NodeProcess
from tests.faults.world import world

from bailiwick.store.opening import open_store
from bailiwick.store.ports import Store


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """An account on a data directory."""
    made = Installation(tmp_path, ["--data", str(tmp_path / "data")])
    made.initialise()
    return made


@pytest.fixture
def opening(installation: Installation) -> Callable[[], Store]:
    """How the store is read past the nodes."""
    return lambda: open_store(installation.folder / "data")


def test_nodes_killed_in_a_write(installation: Installation, opening: Callable[[], Store]) -> None:
    """A node that gets SIGKILL at random moments loses nothing, and the other goes on."""
    nodes = [NodeProcess(installation, f"node-{number}") for number in range(2)]
    with world(installation, opening, nodes, bound=1.0) as it:
        for _ in range(3):
            it.load.wait_for_writes(5)
            time.sleep(it.random.random() * 0.3)
            it.node().restart()
        it.recover()
        it.load.wait_for_writes(5)
