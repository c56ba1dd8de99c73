"""Effects of a change are what every single question about it answers, before and after, as far as one may ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pytest
from tests import reference
from tests.differential import vocabulary as words
from tests.differential.changes import Changed, draw_changes
from tests.differential.draw import SeededDraw
from tests.differential.questions import draw_said
from tests.differential.searches import draw_searched_world
from tests.differential.show import format_document
from tests.differential.test_search_equals_check import LARGE_FROM
from tests.differential.worlds import GeneratedWorld

from bailiwick.engine import CompiledAccount, compile_account, decide
from bailiwick.engine.difference import TwoStates, share_indexes
from bailiwick.engine.inventory import find_kind_of
from bailiwick.engine.own import as_stored, has_own, own_names
from bailiwick.engine.registered import key_of_name
from bailiwick.model.accounts import Account, Property
from bailiwick.model.names import ResourceName, format_resource_name, parse_resource_name
from bailiwick.model.policies import Scope
from bailiwick.model.requests import AuthorityQuestion, Request, ResourceQuery
from bailiwick.service.asking import Asking
from bailiwick.service.edits import Plan
from bailiwick.service.effects import askable
from bailiwick.service.effects.alike import everybody_in
from bailiwick.service.effects.comparing import Comparison, Effect
from bailiwick.service.effects.touched import Touched
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

BLOCKS = 4
BLOCK = 4
CHANGES = 6
# The action of the generated `iam` that stands for asking about others: many hold it somewhere.
ASKING = "iam.policy.create"
# Who, what, on which resource or over which scope.
Row = tuple[str, str, str]
ScopeRow = tuple[str, str, Scope]


@pytest.fixture(autouse=True)
def _asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(askable, "EVALUATE", ASKING)
    monkeypatch.setattr(askable, "EXPLAIN", ASKING)


@dataclass(frozen=True)
class Changing:
    """One change of one world, and who asks what it does. `shares`: both states share most of their indexes."""

    world: GeneratedWorld
    after: Account
    changed: Changed
    asker: str
    context: Mapping[str, Property]
    shares: bool

    def compare(self) -> Comparison:
        """What does the service find?"""
        before = compile_account(self.world.services, self.world.account)
        if self.shares:
            share_indexes(before)
        snapshot = Snapshot(before, {}, {}, {}, {}, 0)
        plan = Plan(snapshot, self.after, frozenset(self.changed), (), (), (), (), {})
        states = TwoStates(before, plan.compile(), words.NOW, self.context)
        session = Session(self.after.name, self.asker, "uid", "key", words.NOW + 3600.0)
        asking = Asking(None, session, snapshot, words.NOW)  # type: ignore[arg-type]  # nothing is counted here
        comparison = Comparison(asking, Touched(plan, states))
        comparison.run()
        assert comparison.is_complete
        return comparison


def rows_of(effects: list[Effect]) -> list[Row]:
    """All answers about resources that these effects say change."""
    return [
        (principal, action, name)
        for effect in effects
        for principal in effect.principals
        for action in effect.actions
        for name in effect.resources
    ]


def scope_rows_of(effects: list[Effect]) -> list[ScopeRow]:
    """All that these effects say of whole scopes."""
    return [
        (principal, action, effect.scope)
        for effect in effects
        if effect.scope is not None
        for principal in effect.principals
        for action in effect.actions
    ]


def brute_force(changing: Changing, named: tuple[str, ...]) -> tuple[set[Row], set[Row]]:
    """What is gained and lost, when everybody is asked about everything in both states, both compiled afresh?

    `named` are the resources that the change itself names.
    """
    states = [
        compile_account(changing.world.services, account)
        for account in (changing.world.account, changing.after)
    ]
    names = sorted({name for state in states for name in names_in(state)})
    gained: set[Row] = set()
    lost: set[Row] = set()
    for name in names:
        query = ResourceQuery.of(parse_resource_name(name))
        may_ask = decide(
            states[0],
            Request(changing.asker, ASKING, as_stored(states[0].account, query), words.NOW),
        ).allowed
        actions = sorted({action for state in states for action in state.needs_over(query.service)})
        for principal in everybody_in(states):
            if not may_ask and principal != changing.asker:
                continue
            for action in actions:
                if not is_asked_of(states, query, action):
                    continue
                before, after = (
                    decide(
                        state,
                        Request(
                            principal, action, as_stored(state.account, query), words.NOW, changing.context
                        ),
                    ).allowed
                    for state in states
                )
                if before != after and (may_ask or not after or name in named):
                    (gained if after else lost).add((principal, action, name))
    return gained, lost


def is_asked_of(states: list[CompiledAccount], query: ResourceQuery, action: str) -> bool:
    """Is the action asked of resources of this type? One without a type is asked of the service itself alone."""
    for state in states:
        need = state.needs_over(query.service).get(action)
        if need is not None:
            wanted = need.action.resource_type or "service"
            if need.action.spans_services or wanted == query.path[-1][0]:
                return True
    return False


def names_in(state: CompiledAccount) -> Iterator[str]:
    """Which resources are looked at by searches of this state? (rule 17.11)"""
    account = state.account
    for service, entry in state.services.items():
        yield format_resource_name(ResourceName(account.name, service, "", "", (("service", service),)))
        for kind, found in entry.resource_types.items():
            if found.stands_for_project:
                for project in account.projects:
                    yield format_resource_name(
                        ResourceName(account.name, service, "", "", ((kind, project),))
                    )
            elif has_own(service, kind):
                yield from own_names(account, service, kind)
    for name in account.resources:
        key = key_of_name(name)
        types = state.services[key.service].resource_types if key.service in state.services else {}
        type_ = types.get(key.path[-1][0])
        is_plain = type_ is not None and not type_.stands_for_project and not has_own(key.service, type_.name)
        if is_plain and key in state.registered and find_kind_of(state, key) is not None:
            yield name


def changings(block: int) -> Iterator[tuple[str, Changing]]:
    """Which changes belong to this block? Half of them are asked about by the owner, who may ask about everything."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        draw = SeededDraw(f"effects {seed}")
        world = draw_searched_world(draw)
        for number in range(CHANGES):
            after, changed = draw_changes(draw, world.services, world.account)
            after = replace(after, guardrails_above=world.account.guardrails_above)
            asker = world.account.owner if draw.chance(50) else draw.pick(words.STORED)
            context = draw_said(draw, "context.")
            told = f"seed {seed}, change {number}: {changed}\n{format_document(world)}"
            yield told, Changing(world, after, changed, asker, context, shares=number % 3 > 0)
            world = GeneratedWorld(world.services, after)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_effects_equal_brute_force(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is gained and lost on known resources is what every single question about it says, each row once."""
    if block % 2:
        for module, name in LARGE_FROM:
            monkeypatch.setattr(module, name, 1)
    gains = losses = 0
    for told, changing in changings(block):
        comparison = changing.compare()
        gained, lost = brute_force(changing, comparison.touched.places)
        for found, expected in ((comparison.gained, gained), (comparison.lost, lost)):
            rows = rows_of(found.effects)
            assert sorted(rows, key=str) == sorted(expected, key=str), told
            assert found.answers == len(expected), told
        gains, losses = gains + len(gained), losses + len(lost)
    assert gains > 100
    assert losses > 100


@pytest.mark.parametrize("block", range(2))
def test_scopes_are_gained_and_lost_as_the_reference_judges_authority(block: int) -> None:
    """Whoever is said to gain or lose an action over a scope holds it there in just that state, by the reference."""
    asked = 0
    for told, changing in changings(block):
        comparison = changing.compare()
        for found, is_gain in ((comparison.gained, True), (comparison.lost, False)):
            for principal, action, scope in scope_rows_of(found.effects):
                question = AuthorityQuestion(principal, action, scope, words.NOW, changing.context)
                held = [
                    reference.decide_over(changing.world.services, account, question)
                    for account in (changing.world.account, changing.after)
                ]
                assert [bool(one) for one in held] == [not is_gain, is_gain], f"{told}\n{question}"
                asked += 1
    assert asked > 50
