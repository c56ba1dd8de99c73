"""Authority: does a principal hold an action over everything that a scope can match?

Implements docs/spec.md section 8. Pure. It may refuse where a finer look would not; it never errs the other way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from bailiwick.engine.compile import CompiledAccount, guardrail_blocks, guardrails_of
from bailiwick.engine.conditions import Answer, compile_condition
from bailiwick.engine.decide import guardrail_reaches, is_narrow
from bailiwick.engine.facts import Facts
from bailiwick.engine.needs import Need
from bailiwick.engine.resources import INSTANCE, NODE_ID, NOWHERE, PROJECT, REGION
from bailiwick.engine.roles import RightTest
from bailiwick.engine.tables import Block, holds
from bailiwick.engine.views import View, find_view
from bailiwick.model.conditions import All, Any, Comparison, Condition, Not, keys_of
from bailiwick.model.patterns import contains, overlaps
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import AuthorityQuestion
from bailiwick.model.services import IAM, Service


@dataclass(frozen=True, slots=True)
class Cell:
    """One alternative of every constraint of a scope."""

    service: str | None
    region: str | None
    instance: str | None
    project: str | None
    type: str | None
    id: str | None
    within: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Authority:
    """Is the action held over the whole scope? If not, `cell` is the first part without it, `action` what lacks."""

    held: bool
    cell: Cell | None = None
    action: str = ""
    expires_at: float | None = None

    def __bool__(self) -> bool:
        return self.held


def decide_over(compiled: CompiledAccount, question: AuthorityQuestion) -> Authority:
    """Does the principal hold the action over all of the scope, now? (rules 8.1, 8.2)

    `expires_at` of a positive answer: when the authority it rests on ends (the latest that any one policy gives
    for each cell, the earliest over the cells).
    """
    action_service = _service_of_action(compiled, question)
    if action_service is None or compiled.account.suspended:
        return Authority(False, None, question.action)
    view = find_view(compiled, question.principal, question.now)
    if view is None or view.principal.disabled:
        return Authority(False, None, question.action)
    ends: list[float] = []
    for cell in split_cells(question.scope):
        asked = [
            need
            for need in _needs_of(compiled, question.action, cell)
            if need.action_service == action_service
        ]
        end = _held_until(compiled, question, view, question.action, cell) if asked else None
        if end is None:
            return Authority(False, cell, question.action)
        ends.append(end)
    soonest = min(ends)
    return Authority(True, expires_at=None if soonest == float("inf") else soonest)


def split_cells(scope: Scope) -> Iterator[Cell]:
    """Which cells does the scope consist of? (rule 8.2)"""
    for service, region, instance, project, kind, ident, within in product(
        scope.service or (None,),
        scope.region or (None,),
        scope.instance or (None,),
        scope.project or (None,),
        scope.type or (None,),
        scope.id or (None,),
        scope.within or (None,),
    ):
        yield Cell(service, region, instance, project, kind, ident, within)


def _service_of_action(compiled: CompiledAccount, question: AuthorityQuestion) -> str | None:
    """Whose action is it: the scope's one service's, or one of `iam` that spans services? (rule 8.1)"""
    services = question.scope.service
    if services is not None and not all(name in compiled.services for name in services):
        return None
    if services is not None and len(services) == 1 and question.action in compiled.needs[services[0]]:
        return compiled.needs[services[0]][question.action].action_service
    spanning = compiled.services[IAM].actions.get(question.action) if IAM in compiled.services else None
    return IAM if spanning is not None and spanning.spans_services else None


def _held_until(
    compiled: CompiledAccount,
    question: AuthorityQuestion,
    view: View,
    action: str,
    cell: Cell,
    first: Need | None = None,
) -> float | None:
    """Until when is the action held over this cell? None: it is not; infinity: no end. (rule 8.3)

    `first` is the action that was asked about, where this one is required by it.
    """
    needs = _needs_of(compiled, action, cell)
    if not needs:
        return None
    owner = view.principal.reference == compiled.account.owner
    services = _services_of(compiled, cell)
    if any(
        _is_guarded(compiled, question, view, need, cell, service)
        or (not owner and _is_denied(compiled, question, view, need, cell, service))
        for need, service in zip(needs, services, strict=True)
    ):
        return None
    if needs[0].action.takes_into_project and _may_be_disabled(compiled, cell):
        return None
    if owner and all(need.implied for need in needs):
        return float("inf")
    asked = first or needs[0]
    unseen = asked.sight.keeps & ~needs[0].sight.keeps
    end = max(_granting_ends(compiled, question, view, needs, cell, unseen), default=None)
    if end is None:
        return None
    for required in needs[0].action.requires:
        other = _held_until(compiled, question, view, required, cell, asked)
        if other is None:
            return None
        end = min(end, other)
    return end


def _needs_of(compiled: CompiledAccount, action: str, cell: Cell) -> list[Need]:
    """What does the action take in every service of the cell? Empty where one lacks it, or means another by it."""
    services = _services_of(compiled, cell)
    needs = [compiled.needs[name][action] for name in services if action in compiled.needs[name]]
    one_action = len({need.action_service for need in needs}) == 1
    spans = cell.service is not None or (bool(needs) and needs[0].action.spans_services)
    return needs if one_action and spans and len(needs) == len(services) else []


def _may_be_disabled(compiled: CompiledAccount, cell: Cell) -> bool:
    """Is there a disabled project in the cell, into which the action would take something? (rule 7.2 e)"""
    return any(cell.project is None or overlaps(cell.project, name) for name in compiled.disabled_projects)


def _services_of(compiled: CompiledAccount, cell: Cell) -> list[str]:
    """Which services can a resource in this cell belong to?"""
    return [cell.service] if cell.service is not None else [name for name in compiled.services if name != IAM]


def _granting_ends(
    compiled: CompiledAccount,
    question: AuthorityQuestion,
    view: View,
    needs: list[Need],
    cell: Cell,
    unseen: int,
) -> Iterator[float]:
    """Which policies hold the action over the cell, each by itself? When each ends.

    `unseen`: what this action is not decided on though the one asked about is; a scope that constrains it is never
    true for this one (rule 3.2).
    """
    services = _services_of(compiled, cell)
    for subject, policy in policies_of(compiled, view):
        if policy.effect != "allow" or not holds(policy.window, question.now):
            continue
        if constrained(policy.scope) & unseen:
            continue
        if not scope_contains(policy.scope, cell) or _reads_resource(policy.when):
            continue
        facts = _facts(compiled, question, view, subject)
        narrow = any(
            p is not None
            for p in (policy.scope.project, policy.scope.type, policy.scope.id, policy.scope.within)
        )
        if not _is_true(policy.when, facts):
            continue
        if any(_gives_all(compiled, name, needs, services, facts, narrow) for name in policy.roles):
            end = float("inf") if policy.window.expires_at is None else policy.window.expires_at
            yield min(end, membership_end(compiled, view.principal.reference, subject, question.now))


def constrained(scope: Scope) -> int:
    """Which attributes, as bits, does the scope constrain?"""
    bits = 0 if scope.region is None else REGION
    bits |= 0 if scope.instance is None else INSTANCE
    bits |= 0 if scope.project is None else PROJECT
    return bits | (0 if scope.type is None and scope.within is None else NODE_ID)


def membership_end(compiled: CompiledAccount, principal: str, subject: str, now: float) -> float:
    """Until when does the principal have this subject, by the path that lasts longest? Infinity: no end."""
    best = {principal: float("inf")}
    pending = [principal]
    while pending:
        member = pending.pop()
        for group, window in compiled.parents.get(member, ()):
            if not holds(window, now):
                continue
            end = min(best[member], float("inf") if window.expires_at is None else window.expires_at)
            if end > best.get(group, float("-inf")):
                best[group] = end
                pending.append(group)
    return best.get(subject, float("inf"))


def _gives_all(
    compiled: CompiledAccount, name: str, needs: list[Need], services: list[str], facts: Facts, narrow: bool
) -> bool:
    """Has the role of this name, in every one of these services, a right that is authority? (rules 8.3, 8.4)"""
    return all(
        any(
            _is_authority(right, facts, narrow)
            for right in compiled.roles.reach(name, service, need.action_service, need.action).allows
        )
        for service, need in zip(services, needs, strict=True)
    )


def _is_authority(right: RightTest, facts: Facts, narrow: bool) -> bool:
    if right.qualifier is not None or _reads_resource(right.condition):
        return False
    return right.answer(facts, narrow=narrow) is True


def policies_of(compiled: CompiledAccount, view: View) -> Iterator[tuple[str, Policy]]:
    """Which enabled policies name one of the principal's subjects, and which subject?"""
    for subject in view.subjects:
        for name in compiled.policies_of.get(subject, ()):
            policy = compiled.account.policies[name]
            if policy.enabled:
                yield subject, policy


def _reads_resource(condition: Condition | None) -> bool:
    return any(key.startswith("resource.") for key in keys_of(condition))


def _is_true(condition: Condition | None, facts: Facts) -> bool:
    return condition is None or compile_condition(condition)(facts) is True


def _facts(compiled: CompiledAccount, question: AuthorityQuestion, view: View, subject: str | None) -> Facts:
    principal = view.principal
    return Facts(
        principal.reference, view.told_groups, principal.budgets, principal.properties, {}, NOWHERE,
        question.action_properties, question.context, "", subject,
    )  # fmt: skip


def scope_contains(scope: Scope, cell: Cell) -> bool:
    """Does everything in the cell surely match the scope? (rule 8.5)"""
    if scope.service is None:
        if cell.service == IAM:
            return False
    elif cell.service not in scope.service:
        return False
    for patterns, value in (
        (scope.region, cell.region),
        (scope.instance, cell.instance),
        (scope.project, cell.project),
    ):
        if patterns is not None and (
            value is None or not any(contains(pattern, value) for pattern in patterns)
        ):
            return False
    if scope.within is not None and cell.within not in scope.within:
        return False
    return scope.type is None or _node_contains(scope, cell)


def _node_contains(scope: Scope, cell: Cell) -> bool:
    nodes = [(cell.type, cell.id)] + ([cell.within] if cell.within is not None else [])
    for kind, ident in nodes:
        if kind is None or kind not in (scope.type or ()):
            continue
        if scope.id is None or (ident is not None and any(contains(pattern, ident) for pattern in scope.id)):
            return True
    return False


def _is_guarded(
    compiled: CompiledAccount, question: AuthorityQuestion, view: View, need: Need, cell: Cell, service: str
) -> bool:
    """Does a guardrail or restriction meet the cell, over resources of this service? (rule 8.6)"""
    facts = _facts(compiled, question, view, None)
    entry = compiled.services[service]
    guardrails = [g for g in (*guardrails_of(compiled.account), *question.restrictions) if g.enabled]
    blocks = (*compiled.guardrails.all, *guardrail_blocks(question.restrictions))
    return any(
        guardrail_reaches(block, need, service)
        and _meets(block, guardrail.when, facts, question.now, cell, service, entry)
        for guardrail, block in zip(guardrails, blocks, strict=True)
    )


def _is_denied(
    compiled: CompiledAccount, question: AuthorityQuestion, view: View, need: Need, cell: Cell, service: str
) -> bool:
    """Does a deny meet the cell, over resources of this service, its roles meant for any that reach? (8.6, 3.9)"""
    entry = compiled.services[service]
    for subject, table in view.denies:
        facts = _facts(compiled, question, view, subject)
        for block in table.all:
            for meaning in need.meanings:
                when = compiled.account.policies[block.name].when
                if _deny_reaches(compiled, need, block, facts, meaning) and _meets(
                    block, when, facts, question.now, cell, meaning, entry
                ):
                    return True
    return False


def _deny_reaches(compiled: CompiledAccount, need: Need, block: Block, facts: Facts, service: str) -> bool:
    for name in block.roles:
        reach = compiled.roles.reach(name, service, need.action_service, need.action)
        for right in (*reach.denies, *reach.allows) if block.all_rights else reach.denies:
            if is_narrow(block) and not right.narrow_ok:
                continue
            if is_possible(right.condition, facts) and right.roles_answer(facts) is not False:
                return True
    return False


def _meets(
    block: Block, when: Condition | None, facts: Facts, now: float, cell: Cell, meaning: str, entry: Service
) -> bool:
    if not holds(block.window, now) or not is_possible(when, facts):
        return False
    return not are_disjoint(block.scope, cell, meaning, entry)


def is_possible(condition: Condition | None, facts: Facts) -> bool:
    """Could the condition be other than false for some resource? (rule 8.6)"""
    return condition is None or _blind_answer(condition, facts) is not False


def _blind_answer(condition: Condition, facts: Facts) -> Answer:
    """What does the condition say when nothing is known of the resource, `missing` and `exists` included?"""
    match condition:
        case All(items):
            answers = [_blind_answer(item, facts) for item in items]
            return False if False in answers else None if None in answers else True
        case Any(items):
            answers = [_blind_answer(item, facts) for item in items]
            return True if True in answers else None if None in answers else False
        case Not(item):
            answer = _blind_answer(item, facts)
            return None if answer is None else not answer
        case Comparison():
            return None if _reads_resource(condition) else compile_condition(condition)(facts)


def are_disjoint(scope: Scope, cell: Cell, service: str, entry: Service) -> bool:
    """Does some attribute show that nothing is both in the scope and in the cell? (rule 8.6)

    `service` is what the scope's constraint is compared with, `entry` the service of the resources.
    """
    if (scope.service is None and service == IAM) or (
        scope.service is not None and service not in scope.service
    ):
        return True
    for patterns, value in (
        (scope.region, cell.region),
        (scope.instance, cell.instance),
        (scope.project, cell.project),
    ):
        if patterns is not None and value is not None and not any(overlaps(p, value) for p in patterns):
            return True
    return _nodes_are_disjoint(scope, cell, entry)


def _nodes_are_disjoint(scope: Scope, cell: Cell, entry: Service) -> bool:
    """Do both name the same single type by ids that cannot overlap, and can it not stand below itself?"""
    for kind, idents in _named_nodes(scope):
        for cell_kind, cell_id in ((cell.type, cell.id), cell.within or (None, None)):
            if kind != cell_kind or cell_id is None or _may_nest(entry, kind):
                continue
            if not any(overlaps(ident, cell_id) for ident in idents):
                return True
    return False


def _named_nodes(scope: Scope) -> list[tuple[str, tuple[str, ...]]]:
    nodes: list[tuple[str, tuple[str, ...]]] = []
    if scope.type is not None and len(scope.type) == 1 and scope.id is not None:
        nodes.append((scope.type[0], scope.id))
    kinds = {kind for kind, _ in scope.within or ()}
    if len(kinds) == 1:
        nodes.append((kinds.pop(), tuple(ident for _, ident in scope.within or ())))
    return nodes


def _may_nest(entry: Service, kind: str) -> bool:
    """Can a resource of this type stand, however far, below another of the same type?"""
    pending, seen = [kind], set()
    while pending:
        found = entry.resource_types.get(pending.pop())
        for parent in () if found is None else found.parents:
            if parent == kind:
                return True
            if parent not in seen:
                seen.add(parent)
                pending.append(parent)
    return False
