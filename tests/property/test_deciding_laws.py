"""Laws of one decision: denies and guardrails win, nothing is allowed by default, more of the same changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from tests.differential.accounts import draw_guardrail, draw_policy
from tests.differential.draw import SeededDraw
from tests.differential.reorder import reorder
from tests.differential.worlds import GeneratedWorld
from tests.property.worlds import Evaluator, by_engine, by_reference, seeded, told

from bailiwick.model.names import EVERYONE
from bailiwick.model.policies import Guardrail, Policy, Scope
from bailiwick.model.requests import Reason, Request
from bailiwick.model.services import IAM, Right, Role

EVALUATORS = pytest.mark.parametrize("evaluator", [by_engine, by_reference])
EVERYTHING = "Everything"


def with_account(world: GeneratedWorld, **changes: Any) -> GeneratedWorld:
    """Which world has an account changed so?"""
    return GeneratedWorld(world.services, replace(world.account, **changes))


def with_policy(world: GeneratedWorld, policy: Policy) -> GeneratedWorld:
    """Which world has this policy too?"""
    return with_account(world, policies={**world.account.policies, policy.name: policy})


def action_service(world: GeneratedWorld, request: Request) -> str:
    """Of which service is the action that an allowed request names?"""
    services = {**world.account.services, **world.services}
    return request.resource.service if request.action in services[request.resource.service].actions else IAM


def allowed_of_others(
    evaluator: Evaluator, first: int, count: int
) -> Iterator[tuple[GeneratedWorld, Request]]:
    """Which requests are allowed, asked for one principal that is not the owner?"""
    for world, requests in seeded(first, count):
        judge = evaluator(world)
        for request in requests:
            if not request.chain and request.principal != world.account.owner and judge(request):
                yield world, request


@EVALUATORS
def test_deny_beats_allow(evaluator: Evaluator) -> None:
    """What is allowed is an explicit deny once one policy denies it, whatever else allows it."""
    count = 0
    for world, request in allowed_of_others(evaluator, 1000, 60):
        service = action_service(world, request)
        role = Role(service, EVERYTHING, "service", (Right(service, ("*",)),), custom=True)
        policy = Policy(
            "deny-it",
            (EVERYONE,),
            (role.reference,),
            Scope(service=(request.resource.service,)),
            effect="deny",
        )
        denied = with_policy(with_account(world, roles={**world.account.roles, EVERYTHING: role}), policy)
        assert evaluator(denied)(request).reason is Reason.EXPLICIT_DENY, told(denied, request)
        count += 1
    assert count > 150


@EVALUATORS
def test_guardrail_binds_everybody(evaluator: Evaluator) -> None:
    """A guardrail denies to everybody what it names, the owner included."""
    count = 0
    for world, requests in seeded(2000, 40):
        rails = {
            name: Guardrail(name, ("*", "iam.*"), Scope(service=(name,)))
            for name in {**world.account.services, **world.services}
        }
        judge, judge_bound = evaluator(world), evaluator(with_account(world, guardrails=rails))
        for request in requests:
            if judge(request) and (
                request.action.startswith("iam.") or action_service(world, request) != IAM
            ):
                assert judge_bound(request).reason is Reason.GUARDRAIL, told(world, request)
                count += 1
    assert count > 100


@EVALUATORS
def test_nothing_is_allowed_by_default(evaluator: Evaluator) -> None:
    """Without policies nobody but the owner is allowed anything."""
    for world, requests in seeded(3000, 60):
        judge = evaluator(with_account(world, policies={}))
        for request in requests:
            if request.principal != world.account.owner:
                assert not judge(request), told(world, request)


@EVALUATORS
def test_duplicates_change_nothing(evaluator: Evaluator) -> None:
    """A policy under a second name, and subjects, roles and alternatives said twice, decide as they do once."""
    for world, requests in seeded(4000, 60):
        twice = {f"{name}-again": _twice(policy) for name, policy in world.account.policies.items()}
        judge, judge_doubled = (
            evaluator(world),
            evaluator(with_account(world, policies={**world.account.policies, **twice})),
        )
        for request in requests:
            assert judge(request) == judge_doubled(request), told(world, request)


def _twice(policy: Policy) -> Policy:
    scope = policy.scope
    doubled = replace(
        scope,
        service=scope.service and scope.service * 2,
        project=scope.project and scope.project * 2,
        type=scope.type and scope.type * 2,
        id=scope.id and scope.id * 2,
    )
    return replace(
        policy,
        name=f"{policy.name}-again",
        subjects=policy.subjects * 2,
        roles=policy.roles * 2,
        scope=doubled,
    )


@EVALUATORS
def test_order_changes_nothing(evaluator: Evaluator) -> None:
    """The order in which anything was written down changes no decision."""
    for index, (world, requests) in enumerate(seeded(5000, 60)):
        judge, judge_reordered = evaluator(world), evaluator(reorder(world, Random(index)))
        for request in requests:
            assert judge(request) == judge_reordered(request), told(world, request)


@EVALUATORS
def test_adding_an_allow_removes_nothing(evaluator: Evaluator) -> None:
    """Whatever is allowed stays so when a policy is added whose roles hold no deny."""
    gained = 0
    for index, (world, requests) in enumerate(seeded(6000, 80)):
        after = with_policy(world, _allow_policy(SeededDraw(f"allow {index}"), world))
        judge, judge_after = evaluator(world), evaluator(after)
        for request in requests:
            before_it, after_it = judge(request), judge_after(request)
            assert after_it.allowed >= before_it.allowed, told(after, request)
            gained += after_it.allowed > before_it.allowed
    assert gained


def _allow_policy(draw: SeededDraw, world: GeneratedWorld) -> Policy:
    """Which policy only allows? Roles that any service knows with a deny right are left out of it."""
    services = {**world.account.services, **world.services}
    every = [
        *world.account.roles.values(),
        *(role for each in services.values() for role in each.roles.values()),
    ]
    denying = {role.name for role in every if any(right.effect == "deny" for right in role.rights)}
    policy = draw_policy(draw, services, world.account.roles, "added")
    kept = tuple(name for name in policy.roles if name.rpartition("/")[2] not in denying)
    return replace(policy, effect="allow", roles=kept)


@EVALUATORS
def test_adding_a_deny_or_a_guardrail_allows_nothing(evaluator: Evaluator) -> None:
    """Whatever is denied stays so when a deny, a guardrail or a restriction is added."""
    lost = 0
    for index, (world, requests) in enumerate(seeded(7000, 80)):
        draw = SeededDraw(f"deny {index}")
        services = {**world.account.services, **world.services}
        policy = replace(draw_policy(draw, services, world.account.roles, "added"), effect="deny")
        rail = draw_guardrail(draw, services, "added")
        judge = evaluator(world)
        judge_denied = evaluator(with_policy(world, policy))
        judge_railed = evaluator(with_account(world, guardrails={**world.account.guardrails, "added": rail}))
        for request in requests:
            before_it = judge(request)
            restricted = replace(request, restrictions=(*request.restrictions, rail))
            for after_it in (judge_denied(request), judge_railed(request), judge(restricted)):
                assert after_it.allowed <= before_it.allowed, told(world, request, policy, rail)
                lost += after_it.allowed < before_it.allowed
    assert lost


@EVALUATORS
def test_a_longer_chain_allows_nothing_more(evaluator: Evaluator) -> None:
    """Acting for one more identity never allows what was denied."""
    for index, (world, requests) in enumerate(seeded(8000, 60)):
        judge, draw = evaluator(world), SeededDraw(f"chain {index}")
        for request in requests:
            longer = replace(
                request, chain=(*request.chain, draw.pick(sorted(world.account.principals) or ["user:x"]))
            )
            assert judge(longer).allowed <= judge(request).allowed, told(world, longer)


@EVALUATORS
def test_a_decision_holds_until_its_valid_until(evaluator: Evaluator) -> None:
    """Until `valid_until`, or for ever without one, asking again gets the same verdict and reason."""
    bounded = 0
    for world, requests in seeded(9000, 60):
        judge = evaluator(world)
        for request in requests:
            decision = judge(request)
            end = decision.valid_until
            later = request.now + 1e9 if end is None else request.now + (end - request.now) * 0.999
            again = judge(replace(request, now=later))
            assert (again.allowed, again.reason) == (decision.allowed, decision.reason), told(
                world, request, later
            )
            bounded += end is not None
    assert bounded > 100
