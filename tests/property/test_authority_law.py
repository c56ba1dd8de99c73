"""The law of rule 8.7: authority over a scope implies the decision on whatever the scope matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.differential.draw import SeededDraw
from tests.differential.questions import draw_query, draw_scoped_path
from tests.differential.worlds import GeneratedWorld, seeded_authority
from tests.property.worlds import Evaluator, by_engine, by_reference, engine_holds, reference_holds, told
from tests.reference.decide import find_action
from tests.reference.resources import as_action_sees, path_fault, resolve
from tests.reference.scopes import scope_truth
from tests.reference.world import World

from bailiwick.model.names import parse_resource_name
from bailiwick.model.requests import AuthorityQuestion, Request, ResourceQuery
from bailiwick.model.services import IAM

Holds = Callable[[GeneratedWorld], Callable[[AuthorityQuestion], bool]]


@pytest.mark.parametrize(("holds", "evaluator"), [(engine_holds, by_engine), (reference_holds, by_reference)])
def test_authority_implies_the_decision(holds: Holds, evaluator: Evaluator) -> None:
    """Who holds an action over a scope is allowed it on every resource that the scope matches."""
    checked = 0
    for seed in range(150):
        world, questions = seeded_authority(seed, 25)
        is_held, judge = holds(world), evaluator(world)
        for question in questions:
            if not is_held(question):
                continue
            for request in matched_requests(SeededDraw(seed), world, question):
                checked += 1
                assert judge(request), told(world, request, question)
    assert checked > 3000


def matched_requests(
    draw: SeededDraw, world: GeneratedWorld, question: AuthorityQuestion
) -> Iterator[Request]:
    """Which requests ask for the action on something that the scope matches, registered or described?"""
    whole = World.of(world.services, world.account)
    named = question.scope.service or sorted(set(whole.services) - {IAM})
    queries = [ResourceQuery.of(parse_resource_name(name)) for name in sorted(world.account.resources)]
    for _ in range(6):
        service = whole.services[draw.pick(named)]
        asked = find_action(whole, service, question.action)
        if asked is not None:
            path = draw_scoped_path(draw, service, question.scope, asked.action)
            queries.append(draw_query(draw, service, path, question.scope))
    for query in queries:
        if is_matched(whole, question, query):
            yield Request(
                question.principal,
                question.action,
                query,
                question.now,
                question.context,
                question.action_properties,
                restrictions=question.restrictions,
            )


def is_matched(world: World, question: AuthorityQuestion, query: ResourceQuery) -> bool:
    """Can the action be asked of the resource, and is the scope true of it as the action sees it (3.2)?"""
    service = world.services[query.service]
    asked = find_action(world, service, question.action)
    if asked is None or path_fault(service, query.path):
        return False
    if asked.action.resource_type not in (None, query.path[-1][0]) and not asked.spans:
        return False
    seen = as_action_sees(resolve(world, service, query), asked.action)
    return scope_truth(question.scope, seen, service.name) is True
