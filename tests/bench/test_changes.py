"""A change costs what it touches: the rest of the compiled account, and what principals look at, is kept."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from bench.questions import question
from bench.worlds import NOW, World, services

from bailiwick.engine import CompiledAccount, compile_account, decide
from bailiwick.engine.views import find_view
from bailiwick.model.accounts import Account, Membership


@pytest.fixture(scope="module")
def world() -> World:
    """A small world."""
    return World(1000)


@pytest.fixture
def compiled(world: World) -> CompiledAccount:
    """The world compiled, and everybody looked up once."""
    fresh = compile_account(services(), world.account())
    for user in range(world.principals):
        assert find_view(fresh, world.user(user), NOW) is not None
    return fresh


def _with_policy(world: World, account: Account, number: int, subject: str) -> Account:
    policy = replace(world.policy(number), subjects=(subject,))
    return replace(account, policies={**account.policies, policy.name: policy})


def test_a_changed_policy_drops_only_the_views_of_its_subjects(
    world: World, compiled: CompiledAccount
) -> None:
    """The subject before and the subject after are looked up again, nobody else."""
    account = _with_policy(world, compiled.account, 3, world.user(9))
    applied = compiled.apply(account, [("Policy", "policy-3")])
    assert compiled.views.keys() - applied.views.keys() == {world.user(3), world.user(9)}


def test_a_policy_of_a_group_drops_the_views_of_its_members(world: World, compiled: CompiledAccount) -> None:
    """All members of the group, and nobody else, are looked up again."""
    account = _with_policy(world, compiled.account, 3, "group:staff")
    applied = compiled.apply(account, [("Policy", "policy-3")])
    staff = {membership.member for membership in account.groups["staff"].members}
    assert compiled.views.keys() - applied.views.keys() == staff | {world.user(3)}


def test_a_policy_of_everyone_drops_every_view(world: World, compiled: CompiledAccount) -> None:
    """Nothing is remembered where everybody may have more."""
    account = _with_policy(world, compiled.account, 3, "group:everyone")
    assert compiled.apply(account, [("Policy", "policy-3")]).views == {}


def test_a_new_member_alone_is_looked_up_again(world: World, compiled: CompiledAccount) -> None:
    """A group that gains one member touches the view of that member only."""
    staff = compiled.account.groups["staff"]
    newcomer = world.user(world.principals - 1)
    larger = replace(staff, members=(*staff.members, Membership(newcomer)))
    account = replace(compiled.account, groups={**compiled.account.groups, "staff": larger})
    applied = compiled.apply(account, [("Group", "staff")])
    assert compiled.views.keys() - applied.views.keys() == {newcomer}


def test_a_registered_resource_leaves_every_view(compiled: CompiledAccount) -> None:
    """What principals look at does not depend on resources."""
    name = next(iter(compiled.account.resources))
    resources = {key: one for key, one in compiled.account.resources.items() if key != name}
    applied = compiled.apply(replace(compiled.account, resources=resources), [("Resource", name)])
    assert applied.views == compiled.views


def test_the_second_question_of_the_hub_is_answered_like_the_first(
    world: World, compiled: CompiledAccount
) -> None:
    """Uniting the tables of two hundred groups changes no answer."""
    chance = random.Random(11)
    for _ in range(300):
        asked = question(world, world.hub, chance, registered=False)
        compiled.views.pop(world.user(world.hub), None)
        assert decide(compiled, asked) == decide(compiled, asked)
