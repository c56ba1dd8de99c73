"""No answer depends on the order in which a world was written down, nor on Python's hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from tests.differential.answers import answers_of, digest
from tests.differential.reorder import reorder
from tests.differential.worlds import seeded_world

ROOT = Path(__file__).parents[2]
SEEDS = 25


@pytest.mark.parametrize("order", range(3))
def test_order_changes_no_answer(order: int) -> None:
    """The answers are the same with every mapping and list in another order."""
    for seed in range(60):
        assert list(answers_of(seed, order)) == list(answers_of(seed, None)), f"seed {seed}"


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_hash_seed_changes_no_answer(hash_seed: str) -> None:
    """The answers are the same in another process with another hash seed and another order."""
    command = [sys.executable, "-m", "tests.differential.answers", "0", str(SEEDS), hash_seed]
    paths = os.pathsep.join(sys.path)
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest(0, SEEDS, None)


def test_reordering_keeps_the_world_but_not_its_order() -> None:
    """Another order is really another order, of the same world."""
    world, _ = seeded_world(3, 0)
    again = reorder(world, Random(1))
    assert list(again.services) != list(world.services)
    assert set(again.services) == set(world.services)
    assert again.account.projects == world.account.projects
