"""An account compiled afresh and one that took the same changes step by step answer alike."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from tests.differential.changes import draw_changes
from tests.differential.draw import SeededDraw
from tests.differential.questions import draw_authority_question, draw_request
from tests.differential.show import format_document
from tests.differential.worlds import GeneratedWorld, draw_world

from bailiwick.engine import CompiledAccount, compile_account, decide, decide_over, explain
from bailiwick.model.accounts import Account
from bailiwick.model.requests import AuthorityQuestion, Request

BLOCK = 40
CHANGES = 8


def answers(
    compiled: CompiledAccount, requests: list[Request], questions: list[AuthorityQuestion]
) -> list[object]:
    """What does the engine answer to all of these?"""
    decided = [(decide(compiled, request), explain(compiled, request).deciding) for request in requests]
    return [*decided, *(bool(decide_over(compiled, question)) for question in questions)]


@pytest.mark.parametrize("block", range(4))
def test_changed_answers_as_compiled_afresh(block: int) -> None:
    """After every change the answers are those of the account compiled from nothing."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        draw = SeededDraw(f"changes {seed}")
        world = draw_world(draw)
        compiled = compile_account(world.services, world.account)
        for _ in range(CHANGES):
            after, changed = draw_changes(draw, world.services, world.account)
            requests = [draw_request(draw, world.services, after) for _ in range(12)]
            questions = [draw_authority_question(draw, world.services, after) for _ in range(4)]
            before = answers(compiled, requests, questions)
            stepped, afresh = compiled.apply(after, changed), compile_account(world.services, after)
            assert answers(stepped, requests, questions) == answers(afresh, requests, questions), (
                f"seed {seed}, after {changed}\n{format_document(GeneratedWorld(world.services, after))}"
            )
            assert answers(compiled, requests, questions) == before, (
                f"seed {seed}: {changed} reached the one before it"
            )
            world, compiled = GeneratedWorld(world.services, after), stepped


@pytest.mark.parametrize("block", range(2))
def test_a_change_that_never_came_to_be_leaves_nothing_behind(block: int) -> None:
    """What was planned and dropped, as in a dry run, changes no answer of what comes after."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        draw = SeededDraw(f"dropped {seed}")
        world = draw_world(draw)
        compiled = compile_account(world.services, world.account)
        for _ in range(CHANGES):
            after, changed = draw_changes(draw, world.services, world.account)
            compiled.apply(after, changed)
            stepped, afresh = compiled.apply(after, changed), compile_account(world.services, after)
            requests = [draw_request(draw, world.services, after) for _ in range(12)]
            assert answers(stepped, requests, []) == answers(afresh, requests, []), f"seed {seed}: {changed}"
            world, compiled = GeneratedWorld(world.services, after), stepped


def what_happened(kind: str, name: str, before: Account, after: Account) -> str:
    """Was the thing of this name added, altered or removed?"""
    was, is_there = (name in names_of(kind, account) for account in (before, after))
    return "altered" if was == is_there else "added" if is_there else "removed"


def names_of(kind: str, account: Account) -> set[str]:
    """Which things of this kind are in the account, by the names that the engine is told?"""
    by_kind: dict[str, Iterable[str]] = {
        "Policy": account.policies,
        "Group": account.groups,
        "Role": account.roles,
        "Resource": account.resources,
        "Project": account.projects,
        "Guardrail": account.guardrails,
        "Service": account.services,
        "Account": (account.name,),
    }
    return set(by_kind.get(kind, (reference.partition(":")[2] for reference in account.principals)))


def test_every_kind_of_change_is_drawn() -> None:
    """The generator adds, alters and removes every kind of thing that the engine is told of."""
    seen: set[tuple[str, str]] = set()
    for seed in range(120):
        draw = SeededDraw(f"kinds {seed}")
        world = draw_world(draw)
        after, changed = draw_changes(draw, world.services, world.account)
        seen |= {(kind, what_happened(kind, name, world.account, after)) for kind, name in changed}
    kinds = {
        "Policy",
        "Group",
        "Role",
        "User",
        "ServiceId",
        "Profile",
        "Resource",
        "Project",
        "Guardrail",
        "Account",
        "Service",
    }
    assert {kind for kind, _ in seen} == kinds
    assert {what for _, what in seen} == {"added", "altered", "removed"}
