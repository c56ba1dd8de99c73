"""Whether policies, guardrails and restrictions apply to one request (docs/spec.md 3.10, 5.2, 7.3 to 7.7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.reference.attributes import Known
from tests.reference.conditions import evaluate
from tests.reference.patterns import fits
from tests.reference.resources import Attributes
from tests.reference.scopes import scope_truth
from tests.reference.truth import Truth, all_of
from tests.reference.world import Asked, World, holds, rights_reaching, role_is_listed, subjects_of

from bailiwick.model.policies import Guardrail, Policy
from bailiwick.model.services import Right

ASSIGN = "iam.role.assign"


@dataclass(frozen=True)
class Matter:
    """What is being decided: the action, the resource as it sees it, and what is known besides."""

    world: World
    asked: Asked
    resource: Attributes
    known: Known

    @property
    def now(self) -> float:
        """Which instant is it?"""
        return self.known.now


def applying_allows(matter: Matter) -> list[str]:
    """Which policies allow, their prerequisites not looked at (7.3)? All of 5.2 must be true."""
    return sorted(
        policy.name
        for policy in enabled_policies(matter)
        if policy.effect == "allow"
        and any(truth is True for right, truth in truths(matter, policy) if right.effect == "allow")
    )


def applying_denies(matter: Matter) -> list[str]:
    """Which policies deny (7.4)? Nothing of 5.2 may be false."""
    return sorted(
        policy.name
        for policy in enabled_policies(matter)
        if any(truth is not False for right, truth in truths(matter, policy) if is_deny(policy, right))
    )


def applying_guardrails(matter: Matter, restrictions: tuple[Guardrail, ...]) -> list[str]:
    """Which guardrails and restrictions apply (7.2 d)?"""
    return sorted(
        rail.name
        for rail in (*binding_guardrails(matter.world), *restrictions)
        if rail.enabled
        and guardrail_reaches(rail, matter.asked)
        and _guardrail_truth(matter, rail) is not False
    )


def binding_guardrails(world: World) -> Iterator[Guardrail]:
    """Which guardrails bind the account: its own without a node, and those above it (20.6), those implied (30.9)?"""
    yield from (rail for rail in world.account.guardrails.values() if rail.node is None)
    yield from world.account.guardrails_above.values()
    yield from world.account.guardrails_implied


def enabled_policies(matter: Matter) -> Iterator[Policy]:
    """Which policies are switched on?"""
    yield from (policy for policy in matter.world.account.policies.values() if policy.enabled)


def is_deny(policy: Policy, right: Right) -> bool:
    """Does this right deny under this policy (7.4)?"""
    return policy.effect == "deny" or right.effect == "deny"


def truths(matter: Matter, policy: Policy) -> Iterator[tuple[Right, Truth]]:
    """How far does each right that reaches the action hold, for each subject of the principal?"""
    mine = subjects_of(matter.world, matter.known.principal, matter.now)
    for subject in policy.subjects:
        if subject in mine:
            for role_name in policy.roles:
                for right, service in rights_reaching(matter.world, role_name, matter.asked):
                    yield right, _right_truth(matter, policy, right, service, subject)


def _right_truth(matter: Matter, policy: Policy, right: Right, service: str, subject: str) -> Truth:
    """Does everything of 5.2 hold?"""
    known = matter.known.through(subject)
    return all_of(
        [
            scope_truth(policy.scope, matter.resource, service),
            holds(policy.window, matter.now),
            evaluate(policy.when, known),
            evaluate(right.when, known),
            qualifier_truth(matter, right, known),
            level_truth(policy, right),
            assigned_role_truth(matter.world, matter.asked, right, known),
        ]
    )


def qualifier_truth(matter: Matter, right: Right, known: Known) -> Truth:
    """Does the right's qualifier hold (3.12)? Unknown where the service has none of that name."""
    if right.qualifier is None or matter.asked.action.ignores_qualifiers:
        return True
    qualifier = matter.world.services[right.service].qualifiers.get(right.qualifier)
    return None if qualifier is None else evaluate(qualifier.when, known)


def level_truth(policy: Policy, right: Right) -> bool:
    """Is the policy wide enough for a right with `level: account` (7.5)?"""
    scope = policy.scope
    is_narrow = any(part is not None for part in (scope.project, scope.type, scope.id, scope.within))
    return not (right.level == "account" and is_narrow)


def assigned_role_truth(world: World, asked: Asked, right: Right, known: Known) -> Truth:
    """Is the assigned role one of the right's `roles` (3.10)? They narrow nothing but `iam.role.assign`."""
    if right.roles is None or asked.action.id != ASSIGN:
        return True
    role = known("action.properties.role")
    return role_is_listed(world, right.roles, role) if isinstance(role, str) else None


def guardrail_reaches(rail: Guardrail, asked: Asked) -> bool:
    """Is the action one of those that it names, and none that it spares (7.7)?"""
    if any(fits(pattern, asked.action.id) for pattern in rail.except_actions):
        return False
    is_elsewhere = asked.service != asked.resource_service
    return any(
        fits(pattern, asked.action.id)
        for pattern in rail.actions
        if not is_elsewhere or pattern.startswith("iam.")
    )


def _guardrail_truth(matter: Matter, rail: Guardrail) -> Truth:
    return all_of(
        [
            scope_truth(rail.scope, matter.resource, matter.asked.resource_service),
            holds(rail.window, matter.now),
            evaluate(rail.when, matter.known),
        ]
    )
