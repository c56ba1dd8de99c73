"""What a guardrail stops: policies by containment, losses by decisions, both in bounded walks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.reference.worlds import ACCOUNT, NOW, SERVICES, account, policy, registered

from bailiwick.engine import compile_account, decide
from bailiwick.engine.guardrail_effect import Compared, Loss, Scan, policy_effect
from bailiwick.model.accounts import Account
from bailiwick.model.conditions import parse_condition
from bailiwick.model.names import parse_resource_name
from bailiwick.model.policies import Guardrail, Policy, Scope, Window
from bailiwick.model.requests import Request, ResourceQuery

NO_PULL = Guardrail("no-pull", ("pull",), Scope(service=("store",)), enabled=False)
IN_EU = {"key": "resource.region", "operator": "string-equals", "value": "eu"}


def compared(world: Account, guardrail: Guardrail, *, above: bool = False) -> Compared:
    """The world without the guardrail and with it."""
    return Compared.of(compile_account(SERVICES, world), guardrail, above=above)


def effect(one: Policy, guardrail: Guardrail) -> tuple[int, int, int]:
    """Of how many actions of the policy, how many are denied, how many perhaps?"""
    found = policy_effect(compared(account(one), guardrail), one)
    assert found.is_void == (found.void == found.actions > 0)
    assert found.is_touched == (found.void + found.partly > 0)
    return found.actions, found.void, found.partly


STORE = Scope(service=("store",))
EU = Scope(service=("store",), region=("eu",))


@pytest.mark.parametrize(
    ("one", "guardrail", "expected"),
    [
        (policy("Burner", scope=STORE), replace(NO_PULL, actions=("burn",)), (1, 1, 0)),
        (policy("Reader", scope=STORE), NO_PULL, (3, 1, 0)),
        (policy("Reader", scope=STORE), replace(NO_PULL, actions=("*",)), (3, 3, 0)),
        (policy("Reader", scope=STORE), replace(NO_PULL, actions=("*",), except_actions=("s*",)), (3, 2, 0)),
        (policy("Reader", scope=STORE), replace(NO_PULL, scope=EU), (3, 0, 1)),
        (policy("Reader", scope=EU), replace(NO_PULL, scope=EU), (3, 1, 0)),
        (policy("Reader", scope=EU), replace(NO_PULL, scope=replace(EU, region=("us",))), (3, 0, 0)),
        (policy("Reader", scope=replace(EU, region=("eu", "us"))), replace(NO_PULL, scope=EU), (3, 0, 1)),
        (policy("Reader", scope=STORE), replace(NO_PULL, when=parse_condition(IN_EU)), (3, 0, 1)),
        (policy("Reader", scope=STORE), replace(NO_PULL, window=Window(NOW + 1)), (3, 1, 0)),
        (policy("Reader", scope=STORE), replace(NO_PULL, scope=Scope(service=("vault",))), (3, 0, 0)),
        (policy("Reader", scope=STORE, effect="deny"), NO_PULL, (0, 0, 0)),
        (policy("Reader", scope=STORE, enabled=False), NO_PULL, (0, 0, 0)),
        (policy("Reader", scope=replace(STORE, region=tuple(f"r{i}" for i in range(300)))), NO_PULL, (3, 0, 1)),
    ],
)  # fmt: skip
def test_a_policy_is_void_partly_void_or_whole(
    one: Policy, guardrail: Guardrail, expected: tuple[int, int, int]
) -> None:
    """Surely denied where the guardrail's scope contains the policy's; perhaps where they only meet."""
    assert effect(one, guardrail) == expected


WORLD = account(
    policy("Reader", "user:ann", "ann", scope=STORE),
    policy("Reader", "group:crew", "crew", scope=EU),
    resources=registered("space/s") | registered("space/s/image/i") | registered("space/t", region="us"),
)


def brute_force(world: Account, pair: Compared) -> list[Loss]:
    """Every pair of answers, for everybody, every action and every registered resource."""
    found = []
    for name in sorted(world.resources):
        query = ResourceQuery.of(parse_resource_name(name))
        for action in sorted(pair.without.needs[query.service]):
            for principal in sorted(p.reference for p in world.principals.values() if not p.disabled):
                request = Request(principal, action, query, NOW)
                if decide(pair.without, request).allowed and not decide(pair.with_it, request).allowed:
                    found.append(Loss(principal, action, name))
    return found


@pytest.mark.parametrize("above", [False, True])
def test_losses_are_what_is_allowed_without_and_denied_with(above: bool) -> None:
    """Equal to asking for everything, on the registered resources; the owner loses too."""
    guardrail = replace(NO_PULL, actions=("pull", "see"))
    pair = compared(WORLD, guardrail, above=above)
    found = [
        one
        for one in Scan(pair, sorted(WORLD.resources), NOW, 10**6).losses()
        if "/service/" not in one.resource
    ]
    expected = [one for one in brute_force(WORLD, pair) if one.action in ("pull", "see")]
    assert [one for one in found if not one.resource.endswith(":service/store")] == expected
    assert {one.principal for one in found} >= {WORLD.owner, "user:ann"}


def test_what_is_enabled_already_is_compared_with_its_absence() -> None:
    """The report of a guardrail that is on says what it stops now."""
    on = replace(NO_PULL, enabled=True)
    world = replace(WORLD, guardrails={on.name: on})
    resources = sorted(WORLD.resources)
    assert list(Scan(compared(world, on), resources, NOW, 10**6).losses()) == list(
        Scan(compared(WORLD, NO_PULL), resources, NOW, 10**6).losses()
    )


@pytest.mark.parametrize("left", [1, 2, 3, 7, 20])
def test_a_walk_that_stops_goes_on_at_its_place(left: int) -> None:
    """However little is asked at a time, together it is the whole, each once."""
    pair, resources = compared(WORLD, NO_PULL), sorted(WORLD.resources)
    whole = list(Scan(pair, resources, NOW, 10**6).losses())
    found: list[Loss] = []
    scan = Scan(pair, resources, NOW, left)
    for _ in range(10_000):
        found += scan.losses()
        if scan.place is None:
            break
        scan = Scan(pair, resources, NOW, left, scan.place)
    assert found == whole
    assert len(whole) > 1


def test_a_walk_that_is_left_in_the_middle_goes_on_after_what_was_found() -> None:
    """A page that is full ends at a loss; the next begins behind it."""
    pair, resources = compared(WORLD, NO_PULL), sorted(WORLD.resources)
    whole = list(Scan(pair, resources, NOW, 10**6).losses())
    first = Scan(pair, resources, NOW, 10**6)
    head = next(first.losses())
    assert first.place is not None
    assert [head, *Scan(pair, resources, NOW, 10**6, first.place).losses()] == whole


def test_nobody_is_asked_who_is_disabled() -> None:
    """What is not allowed without the guardrail is no loss."""
    everybody = {name: replace(one, disabled=True) for name, one in ACCOUNT.principals.items()}
    world = replace(WORLD, principals=everybody)
    assert list(Scan(compared(world, NO_PULL), sorted(WORLD.resources), NOW, 10**6).losses()) == []


def test_a_guardrail_that_begins_later_is_asked_about_as_if_it_held() -> None:
    """What it will stop is what one wants to know before it does."""
    resources = sorted(WORLD.resources)
    later = replace(NO_PULL, window=Window(NOW + 3600))
    found = list(Scan(compared(WORLD, later), resources, NOW, 10**6).losses())
    assert found == list(Scan(compared(WORLD, NO_PULL), resources, NOW, 10**6).losses()) != []
