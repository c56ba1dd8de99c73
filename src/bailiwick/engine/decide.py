"""The decision: may this principal do this to that, now?

Implements docs/spec.md section 7, in the order of rule 7.2. Pure: values in, decision out.
Each step is one function below; `decide_one` is the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bailiwick.engine.compile import CompiledAccount, guardrail_blocks
from bailiwick.engine.facts import Facts
from bailiwick.engine.resources import PROJECT, Resolved, as_asked, check_path, resolve
from bailiwick.engine.roles import Need, Space
from bailiwick.engine.scopes import Shape, keys_of
from bailiwick.engine.tables import Block, Held
from bailiwick.engine.views import View, find_view, merged_table
from bailiwick.model.patterns import matches
from bailiwick.model.requests import Decision, Reason, Request, ResourceQuery
from bailiwick.model.services import IAM

ALLOWED = Decision(True, Reason.ALLOWED)
NO_POLICY = Decision(False, Reason.NO_MATCHING_POLICY)


def decide(compiled: CompiledAccount, request: Request) -> Decision:
    """Is it allowed, for the principal and for everyone it acts for? (rule 7.9)"""
    if not request.chain:
        return decide_one(compiled, request, request.principal)
    until: float | None = None
    for link in (request.principal, *request.chain):
        decision = decide_one(compiled, request, link)
        until = _sooner(until, decision.valid_until)
        if not decision.allowed:
            return Decision(False, decision.reason, until, link, decision.prerequisite)
    return Decision(True, Reason.ALLOWED, until)


def decide_one(compiled: CompiledAccount, request: Request, principal: str) -> Decision:
    """Is it allowed for this one principal, judged as itself? (rule 7.2)"""
    asked = understand(compiled, request.action, request.resource)
    if isinstance(asked, Reason):
        return Decision(False, asked)
    need, resource = asked
    if compiled.account.suspended:
        return Decision(False, Reason.ACCOUNT_SUSPENDED)
    view = find_view(compiled, principal, request.now)
    if view is None:
        return Decision(False, Reason.UNKNOWN_PRINCIPAL)
    if view.principal.disabled:
        return Decision(False, Reason.PRINCIPAL_DISABLED)
    until = view.valid_until
    if request.restrictions:
        until = _sooner(until, _next_edge(request))
    if (compiled.guardrails or request.restrictions) and guarded(compiled, request, view, need, resource):
        return Decision(False, Reason.GUARDRAIL, until)
    if need.action.takes_into_project and project_is_disabled(compiled, resource):
        return Decision(False, Reason.PROJECT_DISABLED, until)
    owner = principal == compiled.account.owner
    if view.denies and not owner and denied(compiled, request, view, need, resource):
        return Decision(False, Reason.EXPLICIT_DENY, until)
    if owner and need.implied:
        return ALLOWED if until is None else Decision(True, Reason.ALLOWED, until)
    if not granted(compiled, request, view, need, resource):
        return NO_POLICY if until is None else Decision(False, Reason.NO_MATCHING_POLICY, until)
    missing = _missing_prerequisite(compiled, request, principal, need) if need.action.requires else None
    if missing is not None:
        return Decision(False, Reason.PREREQUISITE_MISSING, until, prerequisite=missing)
    return ALLOWED if until is None else Decision(True, Reason.ALLOWED, until)


def understand(
    compiled: CompiledAccount, action: str, query: ResourceQuery
) -> tuple[Need, Resolved] | Reason:
    """Which action is asked of which resource, as the action sees it? (rule 7.2 a)"""
    needs = compiled.needs.get(query.service)
    if needs is None:
        return Reason.UNKNOWN_SERVICE
    service = compiled.services[query.service]
    problem = check_path(service, query.path)
    if problem is not None:
        return problem
    need = needs.get(action)
    if need is None:
        return Reason.UNKNOWN_ACTION
    wanted = need.action.resource_type
    if wanted is not None and wanted != query.path[-1][0] and not need.action.spans_services:
        return Reason.WRONG_RESOURCE_TYPE
    resource = resolve(service, query, compiled.registered)
    if need.action.decided_on is None and (wanted is not None or need.action.spans_services):
        return need, resource
    return need, as_asked(resource, need.action)


def granted(compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved) -> bool:
    """Does an allow apply, prerequisites aside? (rule 7.3)"""
    merged = merged_table(view)
    service = resource.service
    more_to_ask = bool(need.foreign)
    for shape, tables in view.tables:
        if shape.service:
            plain, tested = need.plain_own, need.tested_own
        else:
            plain, tested = need.plain_any, need.tested_any
        if not plain | tested:
            continue
        for key in keys_of(shape, resource, service):
            looks = [table.get(key) for _, table in tables] if merged is None else [merged.get(key)]
            for held in looks:
                if held is None:
                    continue
                if isinstance(held, int):
                    if held & plain:
                        return True
                    more_to_ask = more_to_ask or bool(held & tested)
                elif held.mask & plain:
                    return True
                else:
                    more_to_ask = True
    return more_to_ask and _granted_by_test(compiled, request, view, need, resource)


def _granted_by_test(
    compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved
) -> bool:
    """Does an allow apply that asks for more than a look-up: qualifier, condition, window, other service?"""
    services = [resource.service, *(foreign[0] for foreign in need.foreign)]
    for subject, shape, key_service, held in _held(view, resource, services):
        facts = facts_of(compiled, request, view, resource, subject)
        space: Space = key_service if shape.service else None
        meanings = [key_service] if shape.service else [name for name in services if name != IAM]
        for mask in _masks(held, facts, request.now, meanings):
            for name in _names(compiled, space, mask):
                if any(_right_applies(compiled, need, name, meaning, facts, shape) for meaning in meanings):
                    return True
    return False


def _held(view: View, resource: Resolved, services: list[str]) -> Iterator[tuple[str, Shape, str, Held]]:
    """What is held for this resource, through which subject, in which shape, taking it for which service?"""
    for shape, tables in view.tables:
        for service in services if shape.service else services[:1]:
            for key in keys_of(shape, resource, service):
                for subject, table in tables:
                    held = table.get(key)
                    if held is not None:
                        yield subject, shape, service, held


def _masks(held: Held, facts: Facts, now: float, services: list[str]) -> Iterator[int]:
    """Which roles are held here now, by policies whose window, condition and leftover scope are true?"""
    if isinstance(held, int):
        yield held
        return
    if held.mask:
        yield held.mask
    for residue in held.residues:
        if any(residue.answer(facts, now, service) for service in services):
            yield residue.mask


def _names(compiled: CompiledAccount, space: Space, mask: int) -> Iterator[str]:
    for bit, name in enumerate(compiled.slots.names(space)):
        if mask >> bit & 1:
            yield name


def _right_applies(
    compiled: CompiledAccount, need: Need, name: str, meaning: str, facts: Facts, shape: Shape
) -> bool:
    """Has the role of this name, meant for this service, an allow right that applies?"""
    reach = compiled.roles.reach(name, meaning, need.action_service, need.action)
    return any(test.answer(facts, narrow=shape.narrow) is True for test in reach.allows)


def facts_of(
    compiled: CompiledAccount, request: Request, view: View, resource: Resolved, subject: str | None
) -> Facts:
    """What may conditions read, for a policy that holds through this subject?"""
    principal = view.principal
    return Facts(
        principal=principal.reference,
        groups=view.groups,
        budgets=principal.budgets,
        stored_properties=principal.properties,
        said_properties=request.principal_properties,
        resource=resource,
        action_properties=request.action_properties,
        context=request.context,
        account=compiled.account.name,
        subject=subject,
    )


def denied(compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved) -> bool:
    """Does a deny apply? (rule 7.4)"""
    return any(True for _ in applicable_denies(compiled, request, view, need, resource))


def applicable_denies(
    compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved
) -> Iterator[str]:
    """Which policies deny it? Names, some more than once."""
    for subject, table in view.denies:
        facts = facts_of(compiled, request, view, resource, subject)
        for meaning in (resource.service, *(foreign[0] for foreign in need.foreign)):
            blocks: Iterable[Block] = table.all if need.foreign else table.near(resource, meaning)
            for block in blocks:
                if _deny_applies(compiled, need, block, facts, request.now, meaning):
                    yield block.name


def _deny_applies(
    compiled: CompiledAccount, need: Need, block: Block, facts: Facts, now: float, meaning: str
) -> bool:
    narrow = is_narrow(block)
    for name in block.roles:
        reach = compiled.roles.reach(name, meaning, need.action_service, need.action)
        tests = (*reach.denies, *reach.allows) if block.all_rights else reach.denies
        if any(test.answer(facts, narrow=narrow) is not False for test in tests) and block.stands(
            facts, now, meaning
        ):
            return True
    return False


def is_narrow(block: Block) -> bool:
    """Does its scope constrain project, type, id or within? (rule 7.5)"""
    scope = block.scope
    return any(part is not None for part in (scope.project, scope.type, scope.id, scope.within))


def guarded(compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved) -> bool:
    """Does a guardrail or a restriction of the session apply? (rules 7.2 d, 7.7)"""
    return any(True for _ in applicable_guardrails(compiled, request, view, need, resource))


def applicable_guardrails(
    compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved
) -> Iterator[str]:
    """Which guardrails or restrictions forbid it? Names, some more than once."""
    facts = facts_of(compiled, request, view, resource, None)
    restrictions = guardrail_blocks(request.restrictions)
    for block in (*compiled.guardrails.near(resource, resource.service), *restrictions):
        if guardrail_reaches(block, need, resource.service) and block.stands(
            facts, request.now, resource.service
        ):
            yield block.name


def guardrail_reaches(block: Block, need: Need, service: str) -> bool:
    """Does it name this action over resources of this service? (rule 7.7)"""
    spanning = need.action_service != service
    return any(
        matches(pattern, need.action.id)
        for pattern in block.roles
        if not spanning or pattern.startswith("iam.")
    )


def project_is_disabled(compiled: CompiledAccount, resource: Resolved) -> bool:
    """Is, or could be, the resource's project a disabled one? (rule 7.2 e)"""
    if resource.project is not None:
        return resource.project in compiled.disabled_projects
    return bool(resource.unknown & PROJECT) and bool(compiled.disabled_projects)


def _missing_prerequisite(
    compiled: CompiledAccount, request: Request, principal: str, need: Need
) -> str | None:
    """Which required action, the first in the action's order, is not allowed? (rule 7.6)"""
    for action in need.action.requires:
        asked = Request(
            principal=principal,
            action=action,
            resource=request.resource,
            now=request.now,
            context=request.context,
            action_properties=request.action_properties,
            principal_properties=request.principal_properties,
            restrictions=request.restrictions,
        )
        if not decide_one(compiled, asked, principal).allowed:
            return action
    return None


def _next_edge(request: Request) -> float | None:
    edges = [e for r in request.restrictions if r.enabled for e in (r.window.starts_at, r.window.expires_at)]
    return min((edge for edge in edges if edge is not None and edge > request.now), default=None)


def _sooner(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)
