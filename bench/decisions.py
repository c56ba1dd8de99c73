"""How long one decision takes in a world: compile, first touch, warm, by a condition, after a change.

A figure is the median over rounds. Questions are made just before they are asked, as a server's are, and not
within the measured time. Means, compiling and changes are in processor time, percentiles by the clock.
`python -m bench.decisions 1000` prints JSON.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from statistics import mean, median

from bailiwick.engine import CompiledAccount, compile_account, decide
from bailiwick.model.policies import Policy
from bailiwick.model.requests import Request
from bench.questions import CONTEXT, Draw, by_zipf, evenly, question, questions
from bench.worlds import NOW, StreamedPolicies, World, services

ROUNDS = 9
BATCHES = 6
BATCH = 500
FIRST = 4000
CHANGES = 7

Figures = dict[str, float]


def measure(world: World) -> dict[str, Figures]:
    """Which figures has this world?"""
    found: dict[str, Figures] = {}
    compiled, found["compile"] = _compile(world)
    gc.collect()
    gc.freeze()
    found["first"], found["first-of-hub"] = _first(world, compiled), _first_of_hub(world, compiled)
    _touch_everybody(world, compiled)
    for name, draw in (("zipf", by_zipf(world)), ("even", evenly(world))):
        for kind in ("described", "registered"):
            found[f"{name}-{kind}"] = _warm(world, compiled, draw, registered=kind == "registered")
    found["condition"] = _summary([_timed_again(compiled, request) for request in _by_condition(world)])
    found["change"] = _changes(world, compiled)
    return found


def _compile(world: World) -> tuple[CompiledAccount, Figures]:
    """The compiled account; how long that took, without the making of its policies."""
    began = time.process_time()
    for _ in world.every_policy():
        pass
    making = time.process_time() - began
    account = world.account()
    began = time.process_time()
    compiled = compile_account(services(), account)
    return compiled, {"seconds": time.process_time() - began - making}


def _first(world: World, compiled: CompiledAccount) -> Figures:
    """How long does the first question of a principal take?"""
    chance = random.Random(1)
    asking = chance.sample(range(world.principals), min(FIRST, world.principals))
    return _summary([_timed(compiled, question(world, user, chance, registered=False)) for user in asking])


def _first_of_hub(world: World, compiled: CompiledAccount) -> Figures:
    """How long does the first question of the principal in two hundred groups take?"""
    chance = random.Random(2)
    taken = []
    for _ in range(50):
        compiled.views.pop(world.user(world.hub), None)
        taken.append(_timed(compiled, question(world, world.hub, chance, registered=False)))
    return _summary(taken)


def _touch_everybody(world: World, compiled: CompiledAccount) -> None:
    chance = random.Random(3)
    for user in range(world.principals):
        decide(compiled, question(world, user, chance, registered=False))


def _warm(world: World, compiled: CompiledAccount, draw: Draw, *, registered: bool) -> Figures:
    """How long does a question take, and how many are allowed, in the median round?"""
    stream = questions(world, draw, seed=4, registered=registered)
    rounds = [_round(compiled, stream) for _ in range(ROUNDS + 1)][1:]
    return {name: median(one[name] for one in rounds) for name in rounds[0]}


def _round(compiled: CompiledAccount, stream: Iterator[Request]) -> Figures:
    """The mean of the median batch; the percentiles, a clock's reading included, from single questions."""
    batches = [_timed_batch(compiled, list(islice(stream, BATCH))) for _ in range(BATCHES)]
    single = [_timed(compiled, request) for _ in range(BATCHES) for request in list(islice(stream, BATCH))]
    allowed = mean(decide(compiled, request).allowed for request in islice(stream, BATCH))
    return {**_summary(single), "mean_us": median(batches), "allowed": allowed}


def _timed_batch(compiled: CompiledAccount, batch: list[Request]) -> float:
    began = time.thread_time_ns()
    for request in batch:
        decide(compiled, request)
    return (time.thread_time_ns() - began) / len(batch) / 1000


def _timed(compiled: CompiledAccount, request: Request) -> float:
    began = time.perf_counter_ns()
    decide(compiled, request)
    return (time.perf_counter_ns() - began) / 1000


def _timed_again(compiled: CompiledAccount, request: Request) -> float:
    decide(compiled, request)
    return _timed(compiled, request)


def _summary(taken: list[float]) -> Figures:
    ordered = sorted(taken)
    return {
        "p50_us": ordered[len(ordered) // 2],
        "p99_us": ordered[len(ordered) * 99 // 100],
        "mean_us": mean(ordered),
    }


def _by_condition(world: World) -> Iterator[Request]:
    """Which questions does a policy with a condition decide?"""
    for number in range(min(world.direct, 40_000)):
        policy = world.policy(number)
        if policy.when is not None and policy.effect == "allow":
            target = world.target_of(number)
            action = f"{target.service}.{target.path[-1][0]}.read"
            yield Request(policy.subjects[0], action, target.query(described=True), NOW, CONTEXT)


class _Changed(Mapping[str, Policy]):
    """The policies of a world, one of them another."""

    def __init__(self, policies: Mapping[str, Policy], changed: Policy) -> None:
        self._policies = policies
        self._changed = changed

    def __getitem__(self, name: str) -> Policy:
        return self._changed if name == self._changed.name else self._policies[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)


def _changes(world: World, compiled: CompiledAccount) -> Figures:
    """How long until one change decides: a policy of a principal, a membership of a small and of the large group?"""
    policies = StreamedPolicies(world)
    taken = []
    for number in range(CHANGES):
        changed = replace(world.policy(number), roles=("Manager",))
        account = replace(compiled.account, policies=_Changed(policies, changed))
        taken.append(_apply_ms(compiled, replace(compiled, account=account), ("Policy", changed.name)))
    return {
        "policy_ms": median(taken),
        "small_group_ms": _membership_ms(compiled, "team-0"),
        "large_group_ms": _membership_ms(compiled, "staff"),
    }


def _membership_ms(compiled: CompiledAccount, name: str) -> float:
    taken = []
    for number in range(CHANGES):
        group = compiled.account.groups[name]
        changed = replace(group, members=group.members[:number] + group.members[number + 1 :])
        account = replace(compiled.account, groups={**compiled.account.groups, name: changed})
        taken.append(_apply_ms(compiled, replace(compiled, account=account), ("Group", name)))
    return median(taken)


def _apply_ms(compiled: CompiledAccount, after: CompiledAccount, change: tuple[str, str]) -> float:
    began = time.process_time()
    applied = compiled.apply(after.account, [change])
    taken = (time.process_time() - began) * 1000
    assert applied.account is after.account
    return taken


if __name__ == "__main__":
    print(json.dumps(measure(World(int(sys.argv[1])))))
