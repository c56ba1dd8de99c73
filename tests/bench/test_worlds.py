"""The worlds of the benchmark are what docs/performance.md says they are; nothing here measures time."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from bench.decisions import measure
from bench.questions import Draw, by_zipf, evenly, questions
from bench.worlds import HUB_GROUPS, World, services

from bailiwick.engine import CompiledAccount, compile_account, decide
from bailiwick.engine.views import find_tables, find_view
from bailiwick.model.requests import Reason, Request
from bench import decisions

POLICIES = 20_000


@pytest.fixture(scope="module")
def world() -> World:
    """One world, large enough for every form of scope."""
    return World(POLICIES)


@pytest.fixture(scope="module")
def compiled(world: World) -> CompiledAccount:
    """The same world, compiled."""
    return compile_account(services(), world.account())


def _asked(world: World, draw: Draw, *, registered: bool, count: int = 3000) -> list[Request]:
    return list(islice(questions(world, draw, seed=7, registered=registered), count))


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize("draw", [by_zipf, evenly])
def test_about_half_of_the_answers_allow(
    world: World, compiled: CompiledAccount, draw: object, registered: bool
) -> None:
    """Questions by either law, of either kind of resource, are allowed in four to six of ten cases."""
    chosen = by_zipf(world) if draw is by_zipf else evenly(world)
    asked = _asked(world, chosen, registered=registered)
    reasons = Counter(decide(compiled, request).reason for request in asked)
    assert 0.4 < reasons[Reason.ALLOWED] / len(asked) < 0.6
    assert set(reasons) <= {Reason.ALLOWED, Reason.NO_MATCHING_POLICY, Reason.EXPLICIT_DENY}


def test_one_group_holds_half_of_a_small_world_and_a_hundred_thousand_of_a_large_one(world: World) -> None:
    """The group of the staff has as many members as the world says."""
    staff = world.account().groups["staff"]
    assert len(staff.members) == world.in_everyones_group == world.principals // 2
    assert World(1_000_000).in_everyones_group == 100_000


def test_one_principal_is_in_two_hundred_groups_that_all_have_policies(
    world: World, compiled: CompiledAccount
) -> None:
    """The hub looks at the tables of two hundred small groups."""
    view = find_view(compiled, world.user(world.hub), 0.0)
    assert view is not None
    teams = [
        subject for subject, _ in find_tables(compiled, view.groups) if subject.startswith("group:team-")
    ]
    assert len(teams) == HUB_GROUPS


def test_others_are_in_at_most_three_small_groups(world: World) -> None:
    """Nobody but the hub is in more groups than three."""
    sizes = {len(world.groups_of(user)) for user in range(world.principals) if user != world.hub}
    assert sizes == {0, 1, 2, 3}


def test_a_policy_is_the_same_whenever_it_is_made(world: World) -> None:
    """A policy read by name equals the one that was streamed."""
    streamed = list(world.every_policy())
    assert len(streamed) == POLICIES
    policies = world.account().policies
    assert all(policies[policy.name] == policy for policy in streamed[::97])


def test_a_policy_points_at_a_resource_that_its_scope_matches(
    world: World, compiled: CompiledAccount
) -> None:
    """What a user's own unconditional allow points at, its user may read, but for a deny."""
    reasons: Counter[Reason] = Counter()
    for number in range(0, world.direct, 41):
        policy, target = world.policy(number), world.target_of(number)
        action = f"{target.service}.{target.path[-1][0]}.read"
        if policy.effect == "allow" and policy.when is None:
            asked = Request(policy.subjects[0], action, target.query(described=True), 0.0)
            reasons[decide(compiled, asked).reason] += 1
    assert set(reasons) <= {Reason.ALLOWED, Reason.EXPLICIT_DENY}
    assert reasons[Reason.ALLOWED] > 100 * reasons[Reason.EXPLICIT_DENY] > 0


def test_registered_questions_ask_about_registered_resources_only(
    world: World, compiled: CompiledAccount
) -> None:
    """A question asks about a registered resource exactly where it says so."""
    for registered in (False, True):
        for request in _asked(world, evenly(world), registered=registered, count=300):
            query = request.resource
            key = (query.service, query.region, query.instance or "", query.path)
            assert (key in compiled.registered) is registered


def test_zipf_asks_the_first_principal_most_often(world: World) -> None:
    """By Zipf's law the first of the principals asks about every tenth question, evenly almost none."""
    first = world.user(0)
    zipf = sum(request.principal == first for request in _asked(world, by_zipf(world), registered=False))
    even = sum(request.principal == first for request in _asked(world, evenly(world), registered=False))
    assert zipf > 200
    assert even < 20


def test_measuring_a_small_world_finds_every_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measurement runs from compile to change and reports a time for each."""
    monkeypatch.setattr(decisions, "ROUNDS", 1)
    monkeypatch.setattr(decisions, "BATCHES", 1)
    found = measure(World(1000))
    assert set(found) == {
        "compile", "first", "first-of-hub", "condition", "change",
        "zipf-described", "zipf-registered", "even-described", "even-registered",
    }  # fmt: skip
    assert all(value > 0 for figures in found.values() for value in figures.values())
