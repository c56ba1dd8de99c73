"""The decision: may this principal do this to that, now?

Implements docs/spec.md section 7, in the order of rule 7.2. Pure: values in, decision out.
Each step is one function below; `_decide_action` and `_decide_by_policies` are the order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bailiwick.engine.compile import CompiledAccount, guardrail_blocks
from bailiwick.engine.facts import Facts
from bailiwick.engine.needs import Need, Reaching
from bailiwick.engine.resources import ALL_OF_IT, PROJECT, Resolved, find_kind, path_problem, resolve
from bailiwick.engine.scopes import Key
from bailiwick.engine.tables import Allows, Block, BlockTable, Held
from bailiwick.engine.views import View, find_tables, find_view
from bailiwick.model.patterns import matches
from bailiwick.model.requests import Decision, Reason, Request, ResourceQuery

# A key under which something is held that needs a test, whether its scope is narrow, for which slots.
Pending = tuple[Key, bool, Reaching]


def decide(compiled: CompiledAccount, request: Request) -> Decision:
    """Is it allowed, for the principal and for everyone it acts for? (rule 7.9)"""
    if not request.chain:
        return _decide_action(compiled, request, request.principal, request.action)
    until: float | None = None
    for place, link in enumerate((request.principal, *request.chain)):
        decision = decide_one(compiled, request if place == 0 else for_link(request), link)
        until = _sooner(until, decision.valid_until)
        if not decision.allowed:
            return Decision(False, decision.reason, until, link, decision.prerequisite)
    return Decision(True, Reason.ALLOWED, until)


def for_link(request: Request) -> Request:
    """Which request judges someone in the chain? What the caller says of the principal is not said of them (2.9)."""
    return replace(request, principal_properties={}) if request.principal_properties else request


def decide_one(compiled: CompiledAccount, request: Request, principal: str) -> Decision:
    """Is it allowed for this one principal, judged as itself? (rule 7.2)"""
    return _decide_action(compiled, request, principal, request.action)


def _decide_action(compiled: CompiledAccount, request: Request, principal: str, action: str) -> Decision:
    """Is this action, the request's or one that it requires, allowed?"""
    asked = understand(compiled, action, request.resource)
    if not isinstance(asked, tuple):
        return Decision(False, asked)
    if compiled.account.suspended:
        return Decision(False, Reason.ACCOUNT_SUSPENDED)
    view = find_view(compiled, principal, request.now)
    if view is None:
        return Decision(False, Reason.UNKNOWN_PRINCIPAL)
    if view.is_disabled:
        return Decision(False, Reason.PRINCIPAL_DISABLED)
    need, resource = asked
    decision = _decide_by_policies(compiled, request, view, need, resource)
    return _bounded(decision, request) if request.restrictions else decision


def _decide_by_policies(
    compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved
) -> Decision:
    """What do guardrails, projects, denies, ownership and allows say? (rule 7.2 d to h)"""
    is_guarded = request.restrictions or is_any_reaching(compiled.guardrails, need, resource.service)
    if is_guarded and applicable_guardrails(compiled, request, view, need, resource):
        return _refused(view, Reason.GUARDRAIL)
    if need.action.takes_into_project and project_may_be_disabled(compiled, request.resource):
        return _refused(view, Reason.PROJECT_DISABLED)
    if view.is_owner:
        if need.implied:
            return view.allowed
    elif view.denies and applicable_denies(compiled, request, view, need, resource):
        return _refused(view, Reason.EXPLICIT_DENY)
    if not granted(compiled, request, view, need, resource):
        return view.refused
    if need.action.requires:
        missing = _missing_prerequisite(compiled, request, view.principal.reference, need)
        if missing is not None:
            return Decision(
                False, Reason.PREREQUISITE_MISSING, view.refused.valid_until, prerequisite=missing
            )
    return view.allowed


def _refused(view: View, reason: Reason) -> Decision:
    return Decision(False, reason, view.refused.valid_until)


def understand(
    compiled: CompiledAccount, action: str, query: ResourceQuery
) -> tuple[Need, Resolved] | Reason:
    """Which action is asked of which resource, as the action sees it? (rule 7.2 a)"""
    needs = compiled.needs.get(query.service)
    if needs is None:
        return Reason.UNKNOWN_SERVICE
    kind = find_kind(compiled.kinds[query.service], query.path)
    if kind is None:
        return path_problem(compiled.services[query.service], query.path)
    need = needs.known.get(action) or needs.get(action)
    if need is None:
        return Reason.UNKNOWN_ACTION
    wanted = need.action.resource_type
    if wanted is not None and wanted != query.path[-1][0] and not need.action.spans_services:
        return Reason.WRONG_RESOURCE_TYPE
    return need, resolve(kind, query, compiled.registered, need.sight)


def granted(compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved) -> bool:
    """Does an allow apply, prerequisites aside? (rule 7.3)"""
    pending: list[Pending] = []
    for slots in need.slots:
        if view.spaces & slots.bit and _is_held(view.allows, resource, slots, pending):
            return True
    return bool(pending) and _is_held_by_test(compiled, request, view, resource, pending)


def _is_held(tables: Allows, resource: Resolved, slots: Reaching, pending: list[Pending]) -> bool:
    """Is one of the plain slots held here without residue? What else may grant it is added to `pending`."""
    space, bit, plain, every = slots.space, slots.bit, slots.plain, slots.every
    for spaces, table in tables:
        if not spaces & bit:
            continue
        for occurring, shape in table.get(space) or ():
            if not occurring & every:
                continue
            for key in shape.keys(resource):
                held = table.get(key)
                if held is None:
                    continue
                mask, most = (held, held) if isinstance(held, int) else (held.mask, held.every)
                if mask & plain:
                    return True
                if most & every:
                    pending.append((key, shape.narrow, slots))
    return False


def _is_held_by_test(
    compiled: CompiledAccount, request: Request, view: View, resource: Resolved, pending: list[Pending]
) -> bool:
    """Does an allow apply that asks for more than a look-up: qualifier, condition, window, leftover scope?"""
    for subject, table in find_tables(compiled, view.subjects):
        for key, narrow, slots in pending:
            held = table.allows.get(key)
            if held is None:
                continue
            facts = facts_of(compiled, request, view, resource, subject)
            for mask, narrower in _masks(held, slots, facts, request.now):
                if mask & slots.plain or _passes_test(mask, slots, facts, narrow=narrow or narrower):
                    return True
    return False


def _masks(held: Held, slots: Reaching, facts: Facts, now: float) -> Iterator[tuple[int, bool]]:
    """Which slots are held here now, by policies whose window, condition and leftover scope are true?

    With each mask: does what is left of the scope make it narrow, though its shape is not? (rule 7.5)
    """
    if isinstance(held, int):
        yield held, False
        return
    yield held.mask, False
    for residue in held.residues:
        if residue.mask & slots.every and residue.answer(facts, now, slots.service):
            yield residue.mask, residue.narrow


def _passes_test(mask: int, slots: Reaching, facts: Facts, *, narrow: bool) -> bool:
    """Has one of these slots an allow right whose qualifier and condition are true?"""
    return any(
        mask & bit and any(test.answer(facts, narrow=narrow) is True for test in tests)
        for bit, tests in slots.tested
    )


def facts_of(
    compiled: CompiledAccount, request: Request, view: View, resource: Resolved, subject: str | None
) -> Facts:
    """What may conditions read, for a policy that holds through this subject?"""
    principal = view.principal
    return Facts(
        principal=principal.reference,
        groups=view.told_groups,
        budgets=principal.budgets,
        stored_properties=principal.properties,
        said_properties=request.principal_properties,
        resource=resource,
        action_properties=request.action_properties,
        context=request.context,
        account=compiled.account.name,
        subject=subject,
    )


def applicable_denies(
    compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved
) -> list[str]:
    """Which policies deny it? Names, some more than once. (rule 7.4)"""
    names: list[str] = []
    for subject, table in view.denies:
        for meaning in need.meanings:
            blocks = table.near(resource, meaning)
            if blocks:
                facts = facts_of(compiled, request, view, resource, subject)
                names += [
                    block.name
                    for block in blocks
                    if has_right(compiled, need, block, facts, meaning)
                    and block.stands(facts, request.now, meaning)
                ]
    return names


def has_right(compiled: CompiledAccount, need: Need, block: Block, facts: Facts, meaning: str) -> bool:
    """Does one of its roles, meant for this service, have a right that denies and is not false?"""
    narrow = is_narrow(block)
    for name in block.roles:
        reach = compiled.roles.reach(name, meaning, need.action_service, need.action)
        tests = (*reach.denies, *reach.allows) if block.all_rights else reach.denies
        if any(test.answer(facts, narrow=narrow) is not False for test in tests):
            return True
    return False


def is_narrow(block: Block) -> bool:
    """Does its scope constrain project, type, id or within? (rule 7.5)"""
    scope = block.scope
    return any(part is not None for part in (scope.project, scope.type, scope.id, scope.within))


def applicable_guardrails(
    compiled: CompiledAccount, request: Request, view: View, need: Need, resource: Resolved
) -> list[str]:
    """Which guardrails or restrictions of the session forbid it? Names, some more than once. (rules 7.2 d, 7.7)"""
    names: list[str] = []
    near = compiled.guardrails.near(resource, resource.service)
    for block in (*near, *guardrail_blocks(request.restrictions)):
        if guardrail_reaches(block, need, resource.service):
            facts = facts_of(compiled, request, view, resource, None)
            if block.stands(facts, request.now, resource.service):
                names.append(block.name)
    return names


def is_any_reaching(guardrails: BlockTable, need: Need, service: str) -> bool:
    """Does any guardrail, wherever it holds, name this action over resources of this service? Asked once of each."""
    known = guardrails.reached[need.action_service != service]
    found = known.get(need.action.id)
    if found is None:
        found = any(guardrail_reaches(block, need, service) for block in guardrails.all)
        known[need.action.id] = found
    return found


def guardrail_reaches(block: Block, need: Need, service: str) -> bool:
    """Does it name this action over resources of this service, and not spare it? (rule 7.7)"""
    key = (need.action.id, need.action_service != service)
    known = block.reached.get(key)
    if known is None:
        known = block.reached[key] = _names_action(block, *key)
    return known


def _names_action(block: Block, action: str, spanning: bool) -> bool:
    return not any(matches(pattern, action) for pattern in block.spared) and any(
        matches(pattern, action) for pattern in block.roles if not spanning or pattern.startswith("iam.")
    )


def project_may_be_disabled(compiled: CompiledAccount, query: ResourceQuery) -> bool:
    """Is, or could be, the project of the named resource a disabled one, whatever the action sees? (rule 7.2 e)"""
    if not compiled.disabled_projects:
        return False
    kind = find_kind(compiled.kinds[query.service], query.path)
    if kind is None:
        return False
    whole = resolve(kind, query, compiled.registered, ALL_OF_IT)
    if whole.project is not None:
        return whole.project in compiled.disabled_projects
    return bool(whole.unknown & PROJECT)


def _missing_prerequisite(
    compiled: CompiledAccount, request: Request, principal: str, need: Need
) -> str | None:
    """Which required action, the first in the action's order, is not allowed? (rule 7.6)"""
    for action in need.action.requires:
        if not _decide_action(compiled, request, principal, action).allowed:
            return action
    return None


def _bounded(decision: Decision, request: Request) -> Decision:
    """The same, but for no longer than until a window of the session's restrictions opens or closes (rule 7.8)."""
    edges = [e for r in request.restrictions if r.enabled for e in (r.window.starts_at, r.window.expires_at)]
    next_edge = min((edge for edge in edges if edge is not None and edge > request.now), default=None)
    return replace(decision, valid_until=_sooner(decision.valid_until, next_edge))


def _sooner(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)
