"""One compiled account is read by several threads at once; what it remembers is only a cache."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest
from bench.questions import evenly, question, questions
from bench.worlds import World, services

from bailiwick.engine import compile_account, decide, views


@pytest.fixture(autouse=True)
def threads_change_often() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_threads_that_forget_and_unite_views_answer_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four threads, a cache far too small, and the principal in two hundred groups among the questions."""
    monkeypatch.setattr(views, "MAX_VIEWS", 40)
    monkeypatch.setattr(views, "DROPPED_AT_ONCE", 8)
    world, chance = World(1000), random.Random(5)
    asked = list(islice(questions(world, evenly(world), seed=5, registered=False), 2000))
    asked += [question(world, world.hub, chance, registered=False) for _ in range(500)]
    chance.shuffle(asked)
    compiled = compile_account(services(), world.account())
    expected = [decide(compiled, request) for request in asked]
    shared = compile_account(services(), world.account())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: [decide(shared, request) for request in asked], range(4)))
    assert answers == [expected] * 4
    assert len(shared.views) <= 40 + 4
