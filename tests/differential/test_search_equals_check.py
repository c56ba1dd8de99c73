"""What is found is what the reference allows, pair by pair: in every page size, counted, and after changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from tests import reference
from tests.differential.changes import draw_changes
from tests.differential.draw import SeededDraw
from tests.differential.questions import draw_request
from tests.differential.searches import draw_principal_search, draw_resource_search, draw_searched_world
from tests.differential.show import format_document
from tests.differential.worlds import GeneratedWorld

from bailiwick.engine import (
    CompiledAccount,
    Page,
    columns,
    compile_account,
    count_principals,
    count_resources,
    find_actions,
    find_principals,
    find_resources,
    holders,
    indexes,
    paging,
    where,
)

BLOCK = 12
# From which number on are things arranged as there are many of them?
LARGE_FROM = (
    (columns, "MANY"),
    (columns, "MOST_REMEMBERED"),
    (holders, "MANY"),
    (indexes, "SMALL_TABLE"),
    (indexes, "MOST_NUMBERED"),
    (paging, "MOST_DECIDED"),
    (where, "MANY_CELLS"),
    (where, "MOST_UNITED"),
)
CHANGES = 4
SEARCHES = 10
Turn = Callable[[str | None, int], Page]


def pages(turn: Turn, size: int) -> tuple[str, ...]:
    """What is found page by page? No page is longer than asked for, and every turn goes on."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = turn(after, size)
        assert len(page.found) <= size
        found += page.found
        if page.after is None:
            return tuple(found)
        assert after is None or page.after > after
        after = page.after


def assert_found(turn: Turn, count: int | None, expected: Sequence[str], told: str) -> None:
    """Is exactly this found, in every page size?"""
    assert count == len(expected), told
    for size in range(1, len(expected) + 2):
        assert pages(turn, size) == expected, f"in pages of {size}: {told}"


def compare_searches(draw: SeededDraw, world: GeneratedWorld, compiled: CompiledAccount, told: str) -> int:
    """How much was found in all, once everything that was found is as the reference has it?"""
    services, account = world.services, world.account
    total = 0
    for _ in range(SEARCHES):
        search = draw_resource_search(draw, services, account)
        expected = reference.resources_found(services, account, search)
        total += len(expected)
        assert_found(
            lambda after, limit, s=search: find_resources(compiled, s, after=after, limit=limit),  # type: ignore[misc]
            count_resources(compiled, search),
            expected,
            f"{told}\n{search}",
        )
    for _ in range(SEARCHES // 2):
        who = draw_principal_search(draw, services, account)
        expected = reference.principals_found(services, account, who)
        total += len(expected)
        assert_found(
            lambda after, limit, w=who: find_principals(compiled, w, after=after, limit=limit),  # type: ignore[misc]
            count_principals(compiled, who),
            expected,
            f"{told}\n{who}",
        )
        request = draw_request(draw, services, account)
        assert find_actions(compiled, request) == reference.actions_found(services, account, request), (
            f"{told}\n{request}"
        )
    return total


@pytest.mark.parametrize("block", range(6))
def test_search_equals_check(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every search finds what the reference allows, before changes and after each; small worlds take large paths."""
    if block % 2:
        for module, name in LARGE_FROM:
            monkeypatch.setattr(module, name, 1)
    total = 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        draw = SeededDraw(f"searches {seed}")
        world = draw_searched_world(draw)
        compiled = compile_account(world.services, world.account)
        total += compare_searches(draw, world, compiled, f"seed {seed}\n{format_document(world)}")
        for _ in range(CHANGES):
            after, changed = draw_changes(draw, world.services, world.account)
            before, compiled = compiled, compiled.apply(after, changed)
            told = f"seed {seed}, after {changed}"
            old, world = world, GeneratedWorld(world.services, after)
            total += compare_searches(draw, world, compiled, f"{told}\n{format_document(world)}")
            total += compare_searches(draw, old, before, f"{told} of the one before it")
    assert total > 300
