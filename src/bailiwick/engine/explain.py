"""The explanation: which policies were considered, which decided, and what came nearest.

Implements docs/spec.md rule 7.10. Pure. It asks each policy by itself, without the index, and states the first
thing about it that is not so; the verdict is `decide`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.engine.authority import policies_of
from bailiwick.engine.compile import CompiledAccount
from bailiwick.engine.conditions import compile_condition
from bailiwick.engine.decide import (
    applicable_denies,
    applicable_guardrails,
    decide,
    decide_one,
    facts_of,
    for_link,
    understand,
)
from bailiwick.engine.facts import Facts
from bailiwick.engine.mismatch import condition_mismatch, scope_mismatch
from bailiwick.engine.needs import Need
from bailiwick.engine.resources import Resolved
from bailiwick.engine.roles import RightTest
from bailiwick.engine.scopes import scope_answer
from bailiwick.engine.tables import holds
from bailiwick.engine.views import View, find_view
from bailiwick.model.policies import Policy
from bailiwick.model.requests import Decision, Reason, Request
from bailiwick.model.services import IAM

MOST_NEAR_MISSES = 5


@dataclass(frozen=True, slots=True)
class Considered:
    """What became of one policy? `failed` is empty where it applies, else which part does not hold.

    `failed`: role, service, scope, window, condition, qualifier, level, role-assignment; in that order of nearness, the
    role being farthest. `text` says it in words. `role` is the one of its roles that grants it or comes nearest.
    """

    policy: str
    effect: str
    subject: str
    applies: bool
    failed: str
    text: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why was it decided so? `deciding` sorted by name; `near_misses` nearest first (only of a denial)."""

    decision: Decision
    principal: str
    deciding: tuple[str, ...]
    considered: tuple[Considered, ...]
    near_misses: tuple[Considered, ...]
    text: str


def explain(compiled: CompiledAccount, request: Request) -> Explanation:
    """Why is it allowed or denied?"""
    decision = decide(compiled, request)
    principal = decision.link or request.principal
    request = _as_judged(compiled, request, principal)
    one = decide_one(compiled, request, principal) if request.chain else decision
    asked = understand(compiled, request.action, request.resource)
    view = find_view(compiled, principal, request.now)
    if isinstance(asked, Reason) or view is None or one.reason in _BEFORE_POLICIES:
        return Explanation(
            decision, principal, (), (), (), _sentence(compiled, request, principal, one, (), ())
        )
    need, resource = asked
    considered = tuple(_consider_all(compiled, request, view, need, resource))
    deciding = _deciding(compiled, request, view, need, resource, one, considered)
    misses = () if one.allowed else _near_misses(considered)
    text = _sentence(compiled, request, principal, one, deciding, misses)
    return Explanation(decision, principal, deciding, considered, misses, text)


def _as_judged(compiled: CompiledAccount, request: Request, link: str) -> Request:
    """Which request was this one judged by: as the principal, or as somebody in the chain? (rule 7.9)"""
    first = link == request.principal and not (request.chain and decide_one(compiled, request, link).allowed)
    is_allowed = link == request.principal and not any(
        not decide_one(compiled, for_link(request), other).allowed for other in request.chain
    )
    return request if first or is_allowed else for_link(request)


_BEFORE_POLICIES = frozenset(
    {Reason.ACCOUNT_SUSPENDED, Reason.UNKNOWN_PRINCIPAL, Reason.PRINCIPAL_DISABLED, Reason.PROJECT_DISABLED}
)
# A policy without the action, or for other services alone, is not near.
_FAR = ("role", "service")
_NEARNESS = ("condition", "qualifier", "window", "scope", "level", "assigned role", "service", "role")


def _deciding(
    compiled: CompiledAccount,
    request: Request,
    view: View,
    need: Need,
    resource: Resolved,
    decision: Decision,
    considered: tuple[Considered, ...],
) -> tuple[str, ...]:
    """Which policies, all of them, decided? (rule 7.10)"""
    if decision.reason is Reason.GUARDRAIL:
        return tuple(sorted(set(applicable_guardrails(compiled, request, view, need, resource))))
    if decision.reason is Reason.EXPLICIT_DENY:
        return tuple(sorted(set(applicable_denies(compiled, request, view, need, resource))))
    if decision.allowed:
        return tuple(sorted({one.policy for one in considered if one.applies and one.effect == "allow"}))
    return ()


def _consider_all(
    compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved
) -> Iterator[Considered]:
    seen: set[tuple[str, str]] = set()
    for subject, policy in policies_of(compiled, view):
        if (subject, policy.name) not in seen:
            seen.add((subject, policy.name))
            yield _consider(compiled, request, view, need, resource, subject, policy)


def _consider(
    compiled: CompiledAccount,
    request: Request,
    view: View,
    need: Need,
    resource: Resolved,
    subject: str,
    policy: Policy,
) -> Considered:
    """What about this policy, held through this subject, is not so?"""
    facts = facts_of(compiled, request, view, resource, subject)
    narrow = any(
        p is not None for p in (policy.scope.project, policy.scope.type, policy.scope.id, policy.scope.within)
    )
    best: tuple[int, str, str, str] | None = None
    for service in need.meanings:
        for role, failed, text in _failures(
            compiled, request, need, resource, policy, service, facts, narrow
        ):
            if not failed:
                return Considered(policy.name, policy.effect, subject, True, "", text, role)
            rank = _NEARNESS.index(failed)
            if best is None or rank < best[0]:
                best = (rank, failed, text, role)
    _, failed, text, role = best if best is not None else (0, "role", "none of its roles has this action", "")
    return Considered(policy.name, policy.effect, subject, False, failed, text, role)


def _failures(
    compiled: CompiledAccount,
    request: Request,
    need: Need,
    resource: Resolved,
    policy: Policy,
    service: str,
    facts: Facts,
    narrow: bool,
) -> Iterator[tuple[str, str, str]]:
    """What stands in the way of each right of each role? Role, part that fails (empty: nothing), words."""
    is_deny = policy.effect == "deny"
    answer = scope_answer(policy.scope, resource, service)
    scope_fits = answer is not False if is_deny else answer is True
    condition = None if policy.when is None else compile_condition(policy.when)(facts)
    when_fits = policy.when is None or (condition is not False if is_deny else condition is True)
    for name in policy.roles:
        reach = compiled.roles.reach(name, service, need.action_service, need.action)
        rights = (*reach.allows, *reach.denies) if is_deny else reach.allows
        if not rights or (service == IAM and policy.scope.service is None):
            yield name, "role", f"role `{name}` does not have `{need.action.id}`"
            continue
        if not scope_fits:
            here = policy.scope.service is None or service in policy.scope.service
            yield name, "scope" if here else "service", scope_mismatch(policy.scope, resource, service)
        elif not holds(policy.window, request.now):
            yield name, "window", "its window does not hold now"
        elif not when_fits and policy.when is not None:
            yield name, "condition", condition_mismatch(policy.when, facts)
        else:
            yield name, *_right_failure(rights, facts, name, narrow, is_deny)


def _right_failure(
    rights: tuple[RightTest, ...], facts: Facts, name: str, narrow: bool, is_deny: bool
) -> tuple[str, str]:
    for right in rights:
        answer = right.answer(facts, narrow=narrow)
        if answer is True or (is_deny and answer is None):
            return "", f"role `{name}` grants it" if not is_deny else f"role `{name}` is denied"
    right = rights[0]
    if narrow and not right.narrow_ok:
        return "level", f"role `{name}` grants it only under a policy for the whole account"
    if right.qualifier is not None and right.qualifier(facts) is not True:
        return "qualifier", f"role `{name}` grants it only with a qualifier that this resource does not meet"
    if right.roles is not None and right.roles_answer(facts) is not True:
        return "assigned role", f"role `{name}` may not assign the asked role"
    if right.condition is None:
        return "condition", f"role `{name}` grants it only on a condition that is not met"
    return (
        "condition",
        f"role `{name}` grants it only on a condition: {condition_mismatch(right.condition, facts)}",
    )


def _near_misses(considered: tuple[Considered, ...]) -> tuple[Considered, ...]:
    misses = [
        one for one in considered if not one.applies and one.effect == "allow" and one.failed not in _FAR
    ]
    misses.sort(key=lambda one: (_NEARNESS.index(one.failed), one.policy))
    return tuple(misses[:MOST_NEAR_MISSES])


def _sentence(
    compiled: CompiledAccount,
    request: Request,
    principal: str,
    decision: Decision,
    deciding: tuple[str, ...],
    misses: tuple[Considered, ...],
) -> str:
    """How is the outcome said in one sentence?"""
    names = ", ".join(f"`{name}`" for name in deciding)
    if decision.allowed:
        return (
            f"allowed by {names}"
            if names
            else f"allowed: `{principal}` owns account `{compiled.account.name}`"
        )
    match decision.reason:
        case Reason.GUARDRAIL:
            return f"denied by guardrail {names}"
        case Reason.EXPLICIT_DENY:
            return f"denied by {names}"
        case Reason.PREREQUISITE_MISSING:
            return f"denied: `{request.action}` requires `{decision.prerequisite}`, which is not allowed"
        case Reason.NO_MATCHING_POLICY if misses:
            return f"denied: no policy allows it; policy `{misses[0].policy}` would, but {misses[0].text}"
        case Reason.NO_MATCHING_POLICY:
            return f"denied: no policy of `{principal}` or its groups allows `{request.action}`"
        case _:
            return f"denied: {decision.reason.value.replace('_', ' ')}"
