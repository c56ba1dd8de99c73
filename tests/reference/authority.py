"""The second question: is an action held over everything that a scope can match (docs/spec.md section 8)?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from tests.reference.applies import (
    assigned_role_truth,
    binding_guardrails,
    guardrail_reaches,
    is_deny,
    level_truth,
)
from tests.reference.attributes import Known
from tests.reference.conditions import compare, evaluate
from tests.reference.patterns import can_overlap, covers, fits
from tests.reference.resources import NODES, SCOPED, not_decided_on
from tests.reference.scopes import service_truth
from tests.reference.truth import Truth, all_of, any_of, negation
from tests.reference.world import (
    Asked,
    World,
    holds,
    is_disabled,
    is_implied_for_owner,
    is_known,
    rights_reaching,
    subjects_of,
)

from bailiwick.model.accounts import Account
from bailiwick.model.conditions import All, Any, Comparison, Condition, Not, Ref
from bailiwick.model.policies import Guardrail, Policy, Scope
from bailiwick.model.requests import AuthorityQuestion
from bailiwick.model.services import IAM, Action, Right, Service


@dataclass(frozen=True)
class Cell:
    """Which part of a scope: at most one alternative for each attribute (8.2)?"""

    service: str | None
    region: str | None
    instance: str | None
    project: str | None
    type: str | None
    id: str | None
    within: tuple[str, str] | None


@dataclass(frozen=True)
class Held:
    """What is asked of one cell: the action, and what is known besides (no resource)?

    `first` is the action that the question names; `asked` is that or one that it requires.
    """

    world: World
    question: AuthorityQuestion
    cell: Cell
    asked: Asked
    known: Known
    first: Action

    @property
    def services(self) -> list[str]:
        """Over which services does the cell lie (8.5)?"""
        return [self.cell.service] if self.cell.service else sorted(set(self.world.services) - {IAM})

    def over(self, service: str) -> Asked:
        """Which action is asked, over a resource of this service?"""
        return Asked(self.asked.service, self.asked.action, service)


def decide_over(services: Mapping[str, Service], account: Account, question: AuthorityQuestion) -> bool:
    """Does the principal hold the action over everything that the scope can match (8.1)?"""
    world = World.of(services, account)
    return all(is_held(world, question, cell, question.action) for cell in cells_of(question.scope))


def cells_of(scope: Scope) -> Iterator[Cell]:
    """Which cells make up the scope (8.2)?"""
    parts = (scope.service, scope.region, scope.instance, scope.project, scope.type, scope.id, scope.within)
    for service, region, instance, project, kind, ident, within in product(
        *((None,) if p is None else p for p in parts)
    ):
        yield Cell(service, region, instance, project, kind, ident, within)  # type: ignore[arg-type]  # a product of unlike tuples


def is_held(
    world: World, question: AuthorityQuestion, cell: Cell, action: str, first: Action | None = None
) -> bool:
    """Is the action held over the cell (8.3)?"""
    asked = find_action_over(world, question.scope, action)
    if asked is None or (cell.service is not None and cell.service not in world.services):
        return False
    principal = question.principal
    if world.account.suspended or not is_known(world, principal) or is_disabled(world, principal):
        return False
    known = Known(world, principal, question.now, None, question.context, question.action_properties)
    held = Held(world, question, cell, asked, known, first or asked.action)
    if is_another_action_somewhere(held) or is_met(held) or may_take_into_disabled_project(held):
        return False
    if principal == world.account.owner and is_implied_for_owner(world, asked.service, asked.action.id):
        return True
    is_granted = any(is_granted_by(held, policy) for policy in world.account.policies.values())
    return is_granted and all(
        is_held(world, question, cell, required, held.first) for required in asked.action.requires
    )


def find_action_over(world: World, scope: Scope, name: str) -> Asked | None:
    """Which action is meant: that of the scope's one service, else one of `iam` that spans services (8.1)?"""
    service = world.services.get(scope.service[0]) if scope.service and len(scope.service) == 1 else None
    if service is not None and name in service.actions:
        return Asked(service.name, service.actions[name], service.name)
    iam = world.services.get(IAM)
    if iam is not None and name in iam.actions and iam.actions[name].spans_services:
        return Asked(IAM, iam.actions[name], service.name if service else "")
    return None


def is_another_action_somewhere(held: Held) -> bool:
    """Does a service of the cell mean an action of its own by this name?

    WHY: a decision takes the service's own action first (7.2 a), so authority over that of `iam` says nothing of it.
    """
    own = [
        service for service in held.services if held.asked.action.id in held.world.services[service].actions
    ]
    return bool(own) and held.asked.service not in own


def may_take_into_disabled_project(held: Held) -> bool:
    """Would the action take something into a disabled project somewhere in the cell?

    Rule 7.2 e would deny that.
    """
    project = held.cell.project
    return held.asked.action.takes_into_project and any(
        each.disabled and (project is None or fits(project, each.name))
        for each in held.world.account.projects.values()
    )


def is_granted_by(held: Held, policy: Policy) -> bool:
    """Does this one policy grant the action over the whole cell (8.3)?"""
    if not policy.enabled or policy.effect != "allow" or not holds(policy.window, held.known.now):
        return False
    if reads_resource(policy.when) or not contains(policy.scope, held):
        return False
    mine = subjects_of(held.world, held.known.principal, held.known.now)
    return any(
        _grants(held, policy, role_name, held.known.through(subject))
        for subject in policy.subjects
        if subject in mine
        for role_name in policy.roles
    )


def _grants(held: Held, policy: Policy, role_name: str, known: Known) -> bool:
    """Does the role, in every service of the cell, have a right to the action (8.4)?"""
    if evaluate(policy.when, known) is not True:
        return False
    return bool(held.services) and all(
        any(
            _right_grants(held, policy, right, known)
            for right in _rights_of_authority(held, role_name, service)
        )
        for service in held.services
    )


def _rights_of_authority(held: Held, role_name: str, service: str) -> Iterator[Right]:
    """Which rights count? Other rights do so only where the action spans services (8.4)."""
    asked = held.over(service)
    for right, compared in rights_reaching(held.world, role_name, asked):
        if compared == asked.resource_service:
            yield right


def _right_grants(held: Held, policy: Policy, right: Right, known: Known) -> bool:
    is_unqualified = right.qualifier is None or held.asked.action.ignores_qualifiers
    return (
        right.effect == "allow"
        and is_unqualified
        and not reads_resource(right.when)
        and evaluate(right.when, known) is True
        and level_truth(policy, right)
        and assigned_role_truth(held.world, held.asked, right, known) is True
    )


def contains(scope: Scope, held: Held) -> bool:
    """Does the policy's scope contain the cell, attribute by attribute (8.5)?"""
    cell = held.cell
    if constrains_unseen(scope, held):
        return False
    return (
        _contains_service(scope, cell)
        and all(_contains_value(getattr(scope, name), getattr(cell, name)) for name in SCOPED)
        and _contains_node(scope, cell)
        and (scope.within is None or cell.within in scope.within)
    )


def constrains_unseen(scope: Scope, held: Held) -> bool:
    """Does the scope constrain what a required action is not decided on, though the one that is asked about is?

    WHY: such a scope is never true for the required action (3.2, 4.2), while the cell is full of resources.
    """
    unseen = not_decided_on(held.asked.action) - not_decided_on(held.first)
    return any(getattr(scope, name) is not None for name in unseen & {*SCOPED, *NODES})


def _contains_service(scope: Scope, cell: Cell) -> bool:
    if cell.service is None:
        return scope.service is None
    return service_truth(scope, cell.service)


def _contains_value(alternatives: tuple[str, ...] | None, value: str | None) -> bool:
    if alternatives is None:
        return True
    return value is not None and any(covers(outer, value) for outer in alternatives)


def _contains_node(scope: Scope, cell: Cell) -> bool:
    if scope.type is None and scope.id is None:
        return True
    kinds = scope.type or ()
    if cell.type in kinds and _contains_value(scope.id, cell.id):
        return True
    return cell.within is not None and cell.within[0] in kinds and _contains_exactly(scope.id, cell.within[1])


def _contains_exactly(alternatives: tuple[str, ...] | None, text: str) -> bool:
    return alternatives is None or any(fits(outer, text) for outer in alternatives)


def reads_resource(condition: Condition | None) -> bool:
    """Does the condition read anything of `resource.` (8.3)?"""
    match condition:
        case None:
            return False
        case All(items) | Any(items):
            return any(reads_resource(item) for item in items)
        case Not(item):
            return reads_resource(item)
        case Comparison(key, _, value):
            other = value.key if isinstance(value, Ref) else ""
            return key.startswith("resource.") or other.startswith("resource.")


def is_met(held: Held) -> bool:
    """Does a guardrail, a restriction or a deny meet the cell (8.6)? Denies do not bind the owner."""
    account = held.world.account
    rails = (*binding_guardrails(held.world), *held.question.restrictions)
    if any(_guardrail_meets(held, rail) for rail in rails):
        return True
    is_owner = held.question.principal == account.owner
    return not is_owner and any(_deny_meets(held, policy) for policy in account.policies.values())


def _guardrail_meets(held: Held, rail: Guardrail) -> bool:
    if not rail.enabled or not holds(rail.window, held.known.now) or _blind(rail.when, held.known) is False:
        return False
    return any(
        guardrail_reaches(rail, held.over(service)) and can_meet(rail.scope, held, service, service)
        for service in held.services
    )


def _deny_meets(held: Held, policy: Policy) -> bool:
    if not policy.enabled or not holds(policy.window, held.known.now):
        return False
    mine = subjects_of(held.world, held.known.principal, held.known.now)
    return any(
        _right_meets(held, policy, right, held.known.through(subject))
        and can_meet(policy.scope, held, service, compared)
        for subject in policy.subjects
        if subject in mine
        for role_name in policy.roles
        for service in held.services
        for right, compared in rights_reaching(held.world, role_name, held.over(service))
        if is_deny(policy, right)
    )


def _right_meets(held: Held, policy: Policy, right: Right, known: Known) -> bool:
    """Is nothing of the deny false, whatever the resource and the qualifier are?"""
    truth = all_of(
        [
            _blind(policy.when, known),
            _blind(right.when, known),
            level_truth(policy, right),
            assigned_role_truth(held.world, held.asked, right, known),
        ]
    )
    return truth is not False


def _blind(condition: Condition | None, known: Known) -> Truth:
    """What does the condition answer where nothing is known of any resource?

    SECURITY: a comparison that reads the resource is unknown whatever its operator and its `missing` say;
    else `exists: true` or `missing: false` would hide a deny that applies to some resource of the cell.
    """
    match condition:
        case None:
            return True
        case All(items):
            return all_of(_blind(item, known) for item in items)
        case Any(items):
            return any_of(_blind(item, known) for item in items)
        case Not(item):
            return negation(_blind(item, known))
        case Comparison():
            return None if reads_resource(condition) else compare(condition, known)


def can_meet(scope: Scope, held: Held, service: str, compared: str) -> bool:
    """Does no attribute show that the scope and the cell are disjoint (8.6)?"""
    cell = held.cell
    return (
        service_truth(scope, compared)
        and all(_may_share(getattr(scope, name), getattr(cell, name)) for name in SCOPED)
        and not _nodes_differ(held.world.services[service], scope, cell)
    )


def _may_share(alternatives: tuple[str, ...] | None, value: str | None) -> bool:
    if alternatives is None or value is None:
        return True
    return any(can_overlap(one, value) for one in alternatives)


def _nodes_differ(service: Service, scope: Scope, cell: Cell) -> bool:
    """Do both name the one node of some type, and never the same (8.6)?"""
    theirs = _named_nodes(scope.type, scope.id, scope.within)
    ours = _named_nodes(
        None if cell.type is None else (cell.type,),
        None if cell.id is None else (cell.id,),
        None if cell.within is None else (cell.within,),
    )
    return any(
        kind in ours and not can_stand_below_itself(service, kind) and not _share(theirs[kind], ours[kind])
        for kind in theirs
    )


def _named_nodes(
    kinds: tuple[str, ...] | None, ids: tuple[str, ...] | None, within: tuple[tuple[str, str], ...] | None
) -> dict[str, list[tuple[str, ...]]]:
    """Which types are constrained to which ids? Each constraint is one entry of its type's list."""
    named: dict[str, list[tuple[str, ...]]] = {}
    if kinds is not None and ids is not None and len(set(kinds)) == 1:
        named.setdefault(kinds[0], []).append(ids)
    if within is not None and len({kind for kind, _ in within}) == 1:
        named.setdefault(within[0][0], []).append(tuple(ident for _, ident in within))
    return named


def _share(theirs: list[tuple[str, ...]], ours: list[tuple[str, ...]]) -> bool:
    """Can one id satisfy each constraint of theirs together with each of ours?"""
    return all(
        any(can_overlap(one, other) for one in their_ids for other in our_ids)
        for their_ids in theirs
        for our_ids in ours
    )


def can_stand_below_itself(service: Service, kind: str) -> bool:
    """Can a node of this type have an ancestor of the same type?"""
    above: set[str] = set()
    parents = {kind}
    while not parents <= above:
        above |= parents
        parents = {
            p
            for name in above
            if name in service.resource_types
            for p in service.resource_types[name].parents
        }
    direct = [
        name
        for name in above
        if name in service.resource_types and kind in service.resource_types[name].parents
    ]
    return bool(direct)
