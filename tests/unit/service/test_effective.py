"""Effective access: what reaches a principal, by which groups; the same policies as `explain` considers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.differential.worlds import seeded_world

from bailiwick.engine import compile_account, explain
from bailiwick.model.accounts import Account, Group, Membership, Principal
from bailiwick.model.policies import Guardrail, Policy, Scope, Window
from bailiwick.model.requests import Reason
from bailiwick.service.effective import MOST_PATHS, Access, State, find_access

NOW = 1_000_000.0
BEFORE_POLICIES = (Reason.ACCOUNT_SUSPENDED, Reason.UNKNOWN_PRINCIPAL, Reason.PRINCIPAL_DISABLED)


def access(account: Account, reference: str = "user:alice", now: float = NOW) -> Access:
    """What reaches this principal?"""
    found = find_access(compile_account({}, account), reference, now)
    assert found is not None
    return found


def account(*groups: Group, policies: tuple[Policy, ...] = (), **more: object) -> Account:
    """An account with alice, these groups and these policies."""
    return Account(
        "acme",
        "user:owner",
        principals={name: Principal(name) for name in ("user:alice", "user:owner")},
        groups={group.name: group for group in groups},
        policies={policy.name: policy for policy in policies},
        **more,  # type: ignore[arg-type]  # the fields that a test sets
    )


def group(name: str, *members: str, window: Window | None = None) -> Group:
    """A group with these members."""
    memberships = (Membership(one, window) if window else Membership(one) for one in members)
    return Group(name, tuple(memberships))


def policy(name: str, *subjects: str) -> Policy:
    """A policy of these subjects."""
    return Policy(name, subjects, ("Reader",))


def ways(found: Access) -> dict[tuple[str, str], list[list[str]]]:
    """By which groups is each policy held?"""
    return {
        (one.policy.name, one.subject): [[step.group for step in path.steps] for path in one.paths]
        for one in found.reaches
    }


def test_a_policy_is_told_with_every_short_way() -> None:
    """Named itself, by a group, by a group within a group, and by what everybody is in."""
    world = account(
        group("a", "user:alice"),
        group("b", "group:a", "user:alice"),
        policies=(
            policy("own", "user:alice"),
            policy("of-b", "group:b"),
            policy("all", "group:members", "group:everyone"),
        ),
    )
    assert ways(access(world)) == {
        ("all", "group:everyone"): [[]],
        ("all", "group:members"): [[]],
        ("of-b", "group:b"): [["group:b"], ["group:a", "group:b"]],
        ("own", "user:alice"): [[]],
    }


def test_a_group_holds_what_names_it_or_a_group_that_it_is_in() -> None:
    """Not what names its members."""
    world = account(
        group("a", "user:alice"),
        group("b", "group:a"),
        policies=(policy("p", "group:b"), policy("own", "user:alice"), policy("q", "group:a")),
    )
    assert ways(access(world, "group:a")) == {("p", "group:b"): [["group:b"]], ("q", "group:a"): [[]]}


@pytest.mark.parametrize(
    ("window", "state"),
    [
        (Window(NOW + 1, None), State.NO_MEMBER_NOW),
        (Window(None, NOW), State.NO_MEMBER_NOW),
        (Window(NOW, NOW + 1), State.HOLDS),
    ],
)
def test_a_membership_holds_in_its_window(window: Window, state: State) -> None:
    """A way that does not hold is told where no other does."""
    world = account(group("a", "user:alice", window=window), policies=(policy("p", "group:a"),))
    (found,) = access(world).reaches
    assert found.state is state
    assert found.paths[0].steps[0].window == window


def test_a_way_that_holds_hides_those_that_do_not() -> None:
    """A longer way that holds is worth more than a short one that is over."""
    over = group("b", "user:alice", window=Window(None, NOW))
    inner = group("a", "user:alice")
    both = replace(over, members=(*over.members, Membership("group:a")))
    (found,) = access(account(inner, both, policies=(policy("p", "group:b"),))).reaches
    assert found.state is State.HOLDS
    assert [[step.group for step in path.steps] for path in found.paths] == [["group:a", "group:b"]]


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"enabled": False}, State.DISABLED),
        ({"window": Window(NOW + 1, None)}, State.NOT_YET),
        ({"window": Window(None, NOW)}, State.OVER),
    ],
)
def test_a_policy_that_says_nothing_now_is_told_with_the_reason(
    changed: dict[str, object], state: State
) -> None:
    """It is shown, so that nobody looks for it in vain."""
    world = account(policies=(replace(policy("p", "user:alice"), **changed),))  # type: ignore[arg-type]  # as above
    assert [one.state for one in access(world).reaches] == [state]
    assert access(world).holding == ()


def test_what_binds_besides_is_told() -> None:
    """Disabled, the owner, suspended, guardrails in force: the account's own and those from above."""
    own = Guardrail("own")
    world = account(
        guardrails={
            "own": own,
            "off": replace(own, name="off", enabled=False),
            "node": replace(own, node="x"),
        },
        guardrails_above={"top": replace(own, name="top", node="enterprise:corp")},
        suspended=True,
    )
    world = replace(
        world, principals={**world.principals, "user:alice": Principal("user:alice", disabled=True)}
    )
    found = access(world)
    assert (found.is_disabled, found.is_owner, found.is_suspended) == (True, False, True)
    assert [one.name for one in found.guardrails] == ["own", "top"]
    assert access(world, "user:owner").is_owner


def test_who_is_not_there_has_no_access() -> None:
    """Neither a principal nor a group."""
    compiled = compile_account({}, account())
    assert [find_access(compiled, one, NOW) for one in ("user:bob", "group:x")] == [None, None]


def test_ways_are_few_however_many_there_are() -> None:
    """Twenty layers of two groups each have a million ways; four are told, the shortest."""
    groups = [group("a0", "user:alice"), group("b0", "user:alice")]
    for layer in range(1, 20):
        members = (f"group:a{layer - 1}", f"group:b{layer - 1}")
        groups += [group(f"a{layer}", *members), group(f"b{layer}", *members)]
    world = account(*groups, policies=(policy("p", "group:a19"),))
    (found,) = access(world).reaches
    assert len(found.paths) == MOST_PATHS
    assert all(len(path.steps) == 20 for path in found.paths)


@pytest.mark.parametrize("seed", range(60))
def test_what_reaches_is_what_explain_considers(seed: int) -> None:
    """On generated worlds, at the moments of their questions: the same policies through the same subjects."""
    world, questions = seeded_world(seed, 12)
    compiled = compile_account(world.services, world.account)
    compared = 0
    for question in questions:
        explained = explain(compiled, replace(question, chain=()))
        found = find_access(compiled, question.principal, question.now)
        if found is None or not explained.considered:
            continue
        reached = {
            (one.policy.name, one.subject)
            for one in found.reaches
            if one.policy.enabled and any(path.holds for path in one.paths)
        }
        assert reached == {(one.policy, one.subject) for one in explained.considered}
        compared += len(reached)
    assert compared or seed


def test_scope_is_the_policys() -> None:
    """What is told of a policy is the policy itself."""
    wanted = replace(policy("p", "user:alice"), scope=Scope(service=("ims",)))
    assert access(account(policies=(wanted,))).reaches[0].policy is wanted
