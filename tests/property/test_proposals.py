"""The law of docs/spec.md 26.3: what is proposed allows exactly what was refused, and gives nobody else anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from tests import reference
from tests.differential.worlds import GeneratedWorld
from tests.property.worlds import seeded, told

from bailiwick.catalog.catalog import Catalog
from bailiwick.engine import CompiledAccount, compile_account, decide
from bailiwick.model.names import ANONYMOUS
from bailiwick.model.requests import Request
from bailiwick.service.proposals.grants import divide
from bailiwick.service.proposals.obstacles import find_obstacles
from bailiwick.service.proposals.proposing import drafts_of
from bailiwick.service.refused import MEMBERSHIP, ROLE, Draft, Refused, missing_actions
from bailiwick.service.snapshots import Snapshot

Drafted = tuple[GeneratedWorld, list[Request], Refused, Draft]


def drafted(first: int, count: int) -> Iterator[Drafted]:
    """Which drafts come of the refused questions of these worlds?"""
    for world, requests in seeded(first, count, requests=20):
        compiled = compile_account(world.services, world.account)
        snapshot = Snapshot(compiled, {}, {}, {}, {}, 1)
        for request in requests:
            decision = decide(compiled, request)
            if decision.allowed or request.resource.service not in compiled.services:
                continue
            principal = decision.link or request.principal
            refused = Refused(Catalog(world.services), snapshot, request, principal)
            for draft in drafts_for(refused):
                yield world, requests, refused, draft


def drafts_for(refused: Refused) -> list[Draft]:
    """Which drafts are made, where the question can be allowed at all?"""
    if request_is_unclear(refused):
        return []
    missing = missing_actions(refused)
    if find_obstacles(refused, missing):
        return []
    parts = divide(refused, missing)
    return [] if isinstance(parts, str) else drafts_of(refused, parts)


def request_is_unclear(refused: Refused) -> bool:
    """Is the action not known there?"""
    return refused.request.action not in refused.compiled.needs[refused.request.resource.service]


def principals_of(world: GeneratedWorld) -> list[str]:
    """Who is there?"""
    return [*world.account.principals, ANONYMOUS, *(f"service:{name}" for name in world.services)]


def test_what_is_proposed_allows_the_question() -> None:
    """Both evaluators allow it once the draft is carried out, whichever kind it is."""
    kinds: Counter[str] = Counter()
    for world, _, refused, draft in drafted(0, 150):
        kinds[draft.kind] += 1
        assert decide(draft.plan.compile(), refused.request), told(world, refused.request, draft.text)
        again = reference.decide(world.services, draft.plan.account, refused.request)
        assert again, told(world, refused.request, draft.text)
    assert min(kinds.values()) > 3, kinds
    assert len(kinds) == 3, kinds


def test_a_grant_gives_nobody_else_anything() -> None:
    """After a grant by an existing or a new role, no other principal is allowed what it was not before."""
    asked = 0
    for world, requests, refused, draft in drafted(1000, 60):
        if draft.kind == MEMBERSHIP:
            continue
        before, after = refused.compiled, draft.plan.compile()
        for principal in principals_of(world):
            if principal == refused.principal:
                continue
            for request in requests:
                again = replace(request, principal=principal, chain=(), principal_properties={})
                asked += 1
                assert not is_gained(before, after, again), told(world, refused.request, again, draft.text)
    assert asked > 1000


def test_a_new_role_gives_exactly_what_was_missing() -> None:
    """What its holder gains is a missing action, or one that required it, on the very resource."""
    gained = 0
    for world, requests, refused, draft in drafted(2000, 60):
        if draft.kind != ROLE or draft.wider:
            continue
        before, after = refused.compiled, draft.plan.compile()
        missing = set(missing_actions(refused))
        for request in requests:
            for action in before.needs_over(request.resource.service):
                again = replace(
                    request, principal=refused.principal, action=action, chain=(), principal_properties={}
                )
                if not is_gained(before, after, again):
                    continue
                gained += 1
                need = before.needs[request.resource.service][action]
                assert action in missing or missing & set(need.action.requires), told(
                    world, again, draft.text
                )
                if need.action.resource_type is not None and need.action.decided_on is None:
                    assert again.resource.path == refused.request.resource.path, told(
                        world, again, draft.text
                    )
    assert gained > 20


def is_gained(before: CompiledAccount, after: CompiledAccount, request: Request) -> bool:
    """Is it allowed after and was not before?"""
    return decide(after, request).allowed and not decide(before, request).allowed
