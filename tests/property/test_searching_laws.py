"""Laws of searches: more allows find no less, more denies no more; to narrow or join is to take a part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.differential.accounts import draw_policy
from tests.differential.draw import SeededDraw
from tests.differential.searches import draw_principal_search, draw_resource_search, draw_searched_world
from tests.differential.worlds import GeneratedWorld
from tests.property.worlds import told

from bailiwick.engine import compile_account, find_principals, find_resources
from bailiwick.model.policies import Policy
from bailiwick.model.searches import ALL_THAT_IS_FOUND, PrincipalSearch, ResourceSearch
from bailiwick.model.services import Role

WORLDS = 60
SEARCHES = 12
ALL = 10_000

Drawn = tuple[SeededDraw, GeneratedWorld, ResourceSearch, PrincipalSearch]


def drawn(name: str) -> Iterator[Drawn]:
    """Which worlds and searches are the laws tried on?"""
    for seed in range(WORLDS):
        draw = SeededDraw(f"{name} {seed}")
        world = draw_searched_world(draw)
        for _ in range(SEARCHES):
            yield (
                draw,
                world,
                draw_resource_search(draw, world.services, world.account),
                draw_principal_search(draw, world.services, world.account),
            )


def found(
    world: GeneratedWorld, resources: ResourceSearch, principals: PrincipalSearch | None = None
) -> set[str]:
    """What is found in this world by both?"""
    compiled = compile_account(world.services, world.account)
    names = set(find_resources(compiled, resources, after=None, limit=ALL).found)
    if principals is not None:
        names |= set(find_principals(compiled, principals, after=None, limit=ALL).found)
    return names


def with_more(world: GeneratedWorld, draw: SeededDraw, effect: str) -> GeneratedWorld:
    """Which world has one more policy of this effect, by roles without rights of the other?"""
    account = world.account
    services = {**account.services, **world.services}
    policy = draw_policy(draw, services, account.roles, "more")
    roles = [*account.roles.values(), *(role for entry in services.values() for role in entry.roles.values())]
    denying = {name for role in roles if _denies(role) for name in (role.name, role.reference)}
    kept = tuple(name for name in policy.roles if effect == "deny" or name not in denying)
    more = replace(policy, effect=effect, roles=kept)
    return GeneratedWorld(world.services, replace(account, policies=_joined(account.policies, more)))


def _denies(role: Role) -> bool:
    return any(right.effect == "deny" for right in role.rights)


def _joined(policies: object, more: Policy) -> dict[str, Policy]:
    assert isinstance(policies, dict)
    return {**policies, more.name: more}


def test_adding_an_allow_never_removes_what_is_found() -> None:
    """Whatever was found is found when one more policy allows something."""
    grown = 0
    for draw, world, resources, principals in drawn("allow"):
        before = found(world, resources, principals)
        after = found(with_more(world, draw, "allow"), resources, principals)
        assert before <= after, told(world, resources, before - after)
        grown += len(after - before)
    assert grown > 20


def test_adding_a_deny_never_adds_to_what_is_found() -> None:
    """Whatever is found when one more policy denies something was found before."""
    shrunk = 0
    for draw, world, resources, principals in drawn("deny"):
        before = found(world, resources, principals)
        after = found(with_more(world, draw, "deny"), resources, principals)
        assert after <= before, told(world, resources, after - before)
        shrunk += len(before - after)
    assert shrunk > 20


def test_a_narrowed_search_finds_a_part_of_the_whole() -> None:
    """What is found within bounds is found without them, and what lies outside of them is not."""
    left_out = 0
    for _, world, resources, _ in drawn("narrow"):
        if resources.only is not ALL_THAT_IS_FOUND:
            part, whole = found(world, resources), found(world, replace(resources, only=ALL_THAT_IS_FOUND))
            assert part <= whole, told(world, resources)
            left_out += len(whole - part)
    assert left_out > 20


def test_joined_searches_find_what_both_find() -> None:
    """A search joined with another finds exactly what each finds alone."""
    joined = 0
    for _, world, resources, _ in drawn("join"):
        if resources.also is not None:
            other = replace(resources.also, service=resources.service, type=resources.type)
            alone = found(world, replace(resources, also=None))
            assert found(world, resources) == alone & found(world, other), told(world, resources)
            joined += len(alone)
    assert joined > 20
