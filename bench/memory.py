"""How much memory the compiled index takes: bytes that Python holds for it (tracemalloc), in a fresh process.

Policies are streamed and not kept, so that whatever the index holds on to is counted as its own.
`python -m bench.memory 1000` prints JSON.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import tracemalloc
from dataclasses import replace

from bailiwick.engine import CompiledAccount, compile_account, decide
from bailiwick.engine.compile import deny_roles
from bailiwick.engine.roles import Slots
from bailiwick.engine.scopes import Shapes
from bailiwick.engine.tables import SubjectTable, TableBuilder
from bench.questions import question
from bench.worlds import World, services

VIEWS = 5000


def measure(world: World) -> dict[str, float]:
    """Bytes a policy: the index alone, with the names of each subject's policies, what does not come of policies;
    bytes that are remembered of one principal that asks."""
    tracemalloc.start()
    before = _held()
    tables = build_tables(world)
    index = _held() - before
    del tables
    account = world.account()
    before = _held()
    compiled = compile_account(services(), replace(account, groups={}, resources={}))
    named = _held() - before
    del compiled
    before = _held()
    compiled = compile_account(services(), account)
    return {
        "index": index / world.policies,
        "index_and_names": named / world.policies,
        "memberships_and_resources": (_held() - before - named) / world.policies,
        "view": _view(world, compiled),
    }


def build_tables(world: World) -> dict[str, SubjectTable]:
    """Which tables decide in this world? Nothing else is kept."""
    builder = TableBuilder(Shapes(), Slots(), deny_roles(services(), {}))
    for policy in world.every_policy():
        builder.add(policy, policy.subjects)
    return builder.finish()


def _held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _view(world: World, compiled: CompiledAccount) -> float:
    chance = random.Random(1)
    asking = chance.sample(range(world.principals), min(VIEWS, world.principals))
    before = _held()
    for user in asking:
        decide(compiled, question(world, user, chance, registered=False))
    return (_held() - before) / len(asking)


if __name__ == "__main__":
    print(json.dumps({"bytes": measure(World(int(sys.argv[1])))}))
