"""Operations: which questions decide a command or API, whether it may be done, which roles are enough for it.

An operation needs actions, each on a named resource (its `target` or `source`); it may be done when all of
them are allowed. Implements docs/spec.md section 3 for operations, and rests on sections 2 and 7. Pure.
It must not decide anything by itself: every action is asked of `decide`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bailiwick.engine.compile import CompiledAccount
from bailiwick.engine.decide import decide
from bailiwick.engine.resources import INSTANCE_TYPE
from bailiwick.engine.roles import Reach, RoleIndex
from bailiwick.engine.views import find_principal
from bailiwick.errors import Invalid, did_you_mean
from bailiwick.model.accounts import Property
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.policies import Guardrail
from bailiwick.model.requests import Decision, Reason, Request, ResourceQuery
from bailiwick.model.services import BUILT_IN_ATTRIBUTES, Action, Operation, Role, Service

DISCONTINUED = "discontinued"
_PROJECT = frozenset({"project"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One action of an operation, the resource that it was asked of, and what was decided."""

    action: str
    resource: ResourceQuery
    decision: Decision


@dataclass(frozen=True, slots=True)
class OperationAnswer:
    """May the operation be done, and why? `reason` is that of the first denied action, `allowed`,
    or `discontinued`; `asked` holds every action in the operation's order.

    `bool(answer)` is `allowed`.
    """

    allowed: bool
    reason: str
    asked: tuple[Asked, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed


def operation_requests(
    service: Service, operation: Operation, resources: Mapping[str, ResourceQuery]
) -> list[tuple[str, ResourceQuery]]:
    """Which action is asked of which resource? `resources` are by side: `target` and `source`.

    An action of another type than the named resource is asked of the nearest node of its type in the path,
    else of one below, whose id is unknown. One without a type is asked of the service itself (rule 3.3):
    the named resource stands for it, since its attributes stay.
    Raises: Invalid, where a side is missing or the type stands neither above nor below.
    """
    asked = []
    for action, side in operation.actions:
        named = _named(service, operation, resources, side)
        wanted = service.actions[action].resource_type
        found = _place(service, named, wanted)
        if found is None:
            kind = named.path[-1][0]
            raise Invalid.at(
                side,
                f"`{operation.id}` asks `{action}` of a `{wanted}`, and none stands above or below a `{kind}`",
                f"name a `{wanted}`",
            )
        asked.append((action, found))
    return asked


def allowed_operation(
    compiled: CompiledAccount,
    service: Service,
    operation: Operation,
    resources: Mapping[str, ResourceQuery],
    *,
    principal: str,
    now: float,
    context: Mapping[str, Property] | None = None,
    chain: tuple[str, ...] = (),
    restrictions: tuple[Guardrail, ...] = (),
) -> OperationAnswer:
    """May the principal do it: is every action that it needs allowed?

    What is discontinued may be done by nobody; what needs no action, by every known principal.
    Raises: Invalid, as `operation_requests` does.
    """
    if operation.discontinued:
        return OperationAnswer(False, DISCONTINUED)
    asked = []
    for action, resource in operation_requests(service, operation, resources):
        request = Request(
            principal=principal,
            action=action,
            resource=resource,
            now=now,
            context=context or {},
            chain=chain,
            restrictions=restrictions,
        )
        asked.append(Asked(action, resource, decide(compiled, request)))
    if not asked:
        reason = _without_actions(compiled, (principal, *chain))
        return OperationAnswer(reason is Reason.ALLOWED, reason.value)
    refused = next((one.decision for one in asked if not one.decision.allowed), None)
    reason = Reason.ALLOWED if refused is None else refused.reason
    return OperationAnswer(refused is None, reason.value, tuple(asked))


def sufficient_roles(
    services: Mapping[str, Service],
    service_name: str,
    operation: Operation,
    *,
    custom: Mapping[str, Role] | None = None,
    among: Iterable[str] | None = None,
    narrow: bool = False,
) -> tuple[tuple[str, ...], ...]:
    """Which smallest sets of the service's roles are enough, held over the service? `()`: none is.

    Computed from the rights, never listed. A right that a qualifier or condition limits is not enough, and a
    role that also denies a needed action is left out. `custom` adds the account's roles of the service,
    `among` looks at these names only, `narrow` asks for a policy that constrains project, type or id.
    An operation that needs no action gives `((),)`. Sets are ordered by size, then by the roles' order.
    """
    if operation.discontinued:
        return ()
    service = services[service_name]
    own = {name: role for name, role in (custom or {}).items() if role.service == service_name}
    index = RoleIndex({service_name: service}, own)
    names = list(dict.fromkeys([*service.roles, *own]))
    if among is not None:
        chosen = set(among)
        names = [name for name in names if name in chosen]
    needed = [service.actions[action] for action in _with_prerequisites(service, operation)]
    usable = [name for name in names if not any(_reach(index, name, service, a).denies for a in needed)]
    sets: set[frozenset[int]] = {frozenset()}
    for action in needed:
        reaches = [_reach(index, name, service, action) for name in usable]
        holders = {number for number, reach in enumerate(reaches) if _is_enough(reach, narrow=narrow)}
        sets = _smallest(wider for one in sets for wider in _widened(one, holders))
    ordered = sorted(sorted(one) for one in sets)
    return tuple(tuple(usable[number] for number in one) for one in sorted(ordered, key=len))


def type_path(service: Service, wanted: str) -> list[str]:
    """Which types lead from the outermost to this one, the fewest? Empty: the service has no such type."""
    return _descent(service, None, wanted) or []


def _named(
    service: Service, operation: Operation, resources: Mapping[str, ResourceQuery], side: str
) -> ResourceQuery:
    """Which resource is named for this side of the operation?"""
    named = resources.get(side)
    if named is None:
        raise Invalid.at(side, f"`{operation.id}` needs a {side}", f"name the resource that is its {side}")
    if named.service != service.name:
        raise Invalid.at(
            side,
            f"`{operation.id}` is of service `{service.name}`, and its {side} of `{named.service}`",
            did_you_mean(named.service, [service.name]),
        )
    if not named.path:
        raise Invalid.at(side, f"the {side} of `{operation.id}` has no path", "expected `type/id`")
    return named


def _place(service: Service, named: ResourceQuery, wanted: str | None) -> ResourceQuery | None:
    """Of which resource is an action of this type asked, where `named` is named? None: there is none."""
    path = named.path
    if wanted is None or path[-1][0] == wanted:
        return named
    for end in range(len(path) - 1, 0, -1):
        if path[end - 1][0] == wanted:
            return _moved(service, named, path[:end], [kind for kind, _ in path[end:]])
    if service.instances and wanted == INSTANCE_TYPE and named.instance is not None:
        return _moved(service, named, ((INSTANCE_TYPE, named.instance),), [kind for kind, _ in path])
    is_instance = service.instances and path[-1][0] == INSTANCE_TYPE
    if is_instance:
        named = replace(named, instance=named.instance or path[-1][1])
    is_root = path[-1][0] == SERVICE_TYPE or is_instance
    below = _descent(service, None if is_root else path[-1][0], wanted)
    if below is None:
        return None
    start = () if is_root else path
    lower = [SERVICE_TYPE] if path[-1][0] == SERVICE_TYPE else below
    return _moved(service, named, (*start, *((kind, None) for kind in below)), lower)


def _descent(service: Service, top: str | None, wanted: str) -> list[str] | None:
    """Which types lead from below `top` (None: from the outermost) down to the wanted one, the fewest?"""
    trails = [[wanted]] if wanted in service.resource_types else []
    seen = {wanted}
    while trails:
        longer: list[list[str]] = []
        for trail in trails:
            parents = service.resource_types[trail[0]].parents
            if (top is None and not parents) or top in parents:
                return trail
            fresh = [parent for parent in parents if parent not in seen]
            seen.update(fresh)
            longer.extend([parent, *trail] for parent in fresh)
        trails = longer
    return None


def _moved(
    service: Service, named: ResourceQuery, path: tuple[tuple[str, str | None], ...], lower: list[str]
) -> ResourceQuery:
    """Which resource is at `path`, above or below the named one? `lower` are the types from one to the other.

    WHY: what was said is said of the named resource. Only what each type on the way takes from the one
    above (rule 2.5) is true of both; the rest nobody said.
    """
    kinds = [service.resource_types.get(kind) for kind in lower]
    shared = frozenset(BUILT_IN_ATTRIBUTES)
    for kind in kinds:
        shared &= frozenset() if kind is None else kind.inherits | _PROJECT
    return ResourceQuery(
        named.service,
        path,
        named.region,
        named.instance,
        project=named.project if "project" in shared else None,
        owner=named.owner if "owner" in shared else None,
        groups=named.groups if "groups" in shared else None,
        budget=named.budget if "budget" in shared else None,
        tags=named.tags if "tags" in shared else None,
    )


def _without_actions(compiled: CompiledAccount, identities: Iterable[str]) -> Reason:
    """May these identities do what needs no action? (rule 7.2 b and c)"""
    if compiled.account.suspended:
        return Reason.ACCOUNT_SUSPENDED
    for identity in identities:
        principal = find_principal(compiled, identity)
        if principal is None:
            return Reason.UNKNOWN_PRINCIPAL
        if principal.disabled:
            return Reason.PRINCIPAL_DISABLED
    return Reason.ALLOWED


def _with_prerequisites(service: Service, operation: Operation) -> list[str]:
    """Which actions must be allowed, those that the needed ones require included? (rule 7.6)"""
    found: dict[str, None] = {}
    pending = [action for action, _ in operation.actions]
    while pending:
        action = pending.pop(0)
        if action not in found:
            found[action] = None
            pending.extend(service.actions[action].requires)
    return list(found)


def _reach(index: RoleIndex, name: str, service: Service, action: Action) -> Reach:
    return index.reach(name, service.name, service.name, action)


def _is_enough(reach: Reach, *, narrow: bool) -> bool:
    """Does one allow right give the action outright?"""
    return any(
        test.qualifier is None and test.when is None and test.roles is None and (test.narrow_ok or not narrow)
        for test in reach.allows
    )


def _widened(one: frozenset[int], holders: set[int]) -> list[frozenset[int]]:
    """Which sets hold this one and at least one of the holders?"""
    return [one] if not one.isdisjoint(holders) else [one | {holder} for holder in holders]


def _smallest(sets: Iterable[frozenset[int]]) -> set[frozenset[int]]:
    """Which of these sets contain no other of them?"""
    every = set(sets)
    return {one for one in every if not any(other < one for other in every)}
