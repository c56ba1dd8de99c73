"""What may somebody do in a service, in a region and a project: every operation, on anything, on something, or not.

Implements docs/spec.md 26.9. The engine decides each; what is said of *something* rests on a witness: a resource,
stored or described as a policy's scope says, on which the engine allowed the action. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from itertools import islice

from bailiwick.engine import CompiledAccount, Narrowing, ResourceSearch, decide, find_resources
from bailiwick.engine.authority import policies_of
from bailiwick.engine.operations import operation_requests, type_path
from bailiwick.engine.own import has_own
from bailiwick.engine.views import View, find_view
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.patterns import is_pattern
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.services import IAM, Action, Operation, Service
from bailiwick.service.asking import Asking, Question

MOST_POLICIES = 500
MOST_WITNESSES = 50
# What stands for an id, an instance or a project that nobody names.
ANY = "any"


class Access(Enum):
    """On what is it allowed: on anything there, on something, on nothing?"""

    ALL = "all"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Place:
    """Where is it asked? "" for a region or project that is not said."""

    region: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True)
class OperationAccess:
    """May an operation be done? `missing`: the first action that is not allowed on anything there, "" if none."""

    operation: Operation
    access: Access
    missing: str = ""


def regions_of(asking: Asking, principal: str) -> tuple[str, ...]:
    """Which regions do the principal's own policies name, in order?"""
    view = find_view(asking.snapshot.compiled, principal, asking.now)
    if view is None:
        return ()
    own = islice(policies_of(asking.snapshot.compiled, view), MOST_POLICIES)
    named = {one for _, policy in own if policy.effect == "allow" for one in policy.scope.region or ()}
    return tuple(sorted(one for one in named if not is_pattern(one)))


class Survey:
    """One principal's access in one place, as a session asks for it. The right to ask is the caller's question."""

    def __init__(self, asking: Asking, principal: str, place: Place) -> None:
        self._asking = asking
        self._principal = principal
        self._place = place
        self._known: dict[tuple[str, str], Access] = {}

    @property
    def _compiled(self) -> CompiledAccount:
        return self._asking.snapshot.compiled

    @cached_property
    def _view(self) -> View | None:
        return find_view(self._compiled, self._principal, self._asking.now)

    def count(self, service: Service) -> int:
        """How many of the service's actions are allowed on anything or something?"""
        return sum(self.action(service, action) is not Access.NONE for action in service.actions.values())

    def has_any(self, service: Service) -> bool:
        """Is any action of the service allowed there?"""
        return any(self.action(service, action) is not Access.NONE for action in service.actions.values())

    def operation(self, service: Service, operation: Operation) -> OperationAccess:
        """May the operation be done? What is discontinued may be done by nobody."""
        if operation.discontinued:
            return OperationAccess(operation, Access.NONE)
        found = {action: self.action(service, service.actions[action]) for action, _ in operation.actions}
        missing = next((action for action, access in found.items() if access is Access.NONE), "")
        if missing:
            return OperationAccess(operation, Access.NONE, missing)
        is_all = all(access is Access.ALL for access in found.values())
        return OperationAccess(operation, Access.ALL if is_all else Access.SOME)

    def action(self, service: Service, action: Action) -> Access:
        """On what is this action allowed there?"""
        key = service.name, action.id
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._find(service, action)
        return known

    def query(self, service: Service, action: Action) -> ResourceQuery:
        """Which question asks about anything there? Of a type without its id; the chosen project is said."""
        named = ResourceQuery(service.name, ((SERVICE_TYPE, service.name),), self._region(service))
        whole = Operation(action.id, action.title, "", ((action.id, "target"),))
        [(_, found)] = operation_requests(service, whole, {"target": named})
        return replace(found, project=self._place.project or None)

    def _region(self, service: Service) -> str | None:
        return (self._place.region or None) if service.regional else None

    def _request(self, action: str, query: ResourceQuery) -> Request:
        return self._asking.request(Question(self._principal, action, query))

    def _find(self, service: Service, action: Action) -> Access:
        query = self.query(service, action)
        if decide(self._compiled, self._request(action.id, query)).allowed:
            return Access.ALL
        policies = self._granting(service, action)
        for witness in self._witnesses(service, action, policies):
            if decide(self._compiled, self._request(action.id, witness)).allowed:
                return Access.SOME
        return Access.SOME if policies and self._is_stored(service, action) else Access.NONE

    def _granting(self, service: Service, action: Action) -> list[Policy]:
        """Which policies of the principal could give the action here?"""
        need = self._compiled.needs[service.name][action.id]
        return [
            policy
            for policy in self._policies(service)
            if any(
                self._compiled.roles.reach(role, service.name, need.action_service, action).allows
                for role in policy.roles
            )
        ]

    def _policies(self, service: Service) -> list[Policy]:
        """Which policies of the principal reach the service?"""
        if self._view is None:
            return []
        found: dict[str, Policy] = {}
        for _, policy in policies_of(self._compiled, self._view):
            services = policy.scope.service
            fits = service.name != IAM if services is None else service.name in services
            if policy.effect == "allow" and fits:
                found[policy.name] = policy
            if len(found) >= MOST_POLICIES:
                break
        return list(found.values())

    def _witnesses(self, service: Service, action: Action, policies: list[Policy]) -> Iterator[ResourceQuery]:
        """Which resources, as the scopes describe them, might the action be allowed on?"""
        kinds = type_path(service, action.resource_type) if action.resource_type is not None else None
        for scope in dict.fromkeys(policy.scope for policy in policies[:MOST_WITNESSES]):
            path = tuple((kind, _id_in(scope, kind)) for kind in kinds or ()) or (
                (SERVICE_TYPE, service.name),
            )
            yield ResourceQuery(
                service.name,
                path,
                self._region(service),
                _first(scope.instance) if service.instances else None,
                project=self._place.project or _first(scope.project),
                owner=self._principal,
                groups=self._view.told_groups if self._view is not None else (),
                budget=next(iter(self._view.principal.budgets), None) if self._view is not None else None,
            )

    def _is_stored(self, service: Service, action: Action) -> bool:
        """Is there a registered resource on which it is allowed?"""
        if action.resource_type is None or has_own(service.name, action.resource_type):
            return False
        session = self._asking.judged_session(Question(self._principal, action.id, ResourceQuery("", ())))
        search = ResourceSearch(
            self._principal,
            action.id,
            service.name,
            action.resource_type,
            self._asking.now,
            chain=() if session is None else session.chain,
            restrictions=() if session is None else session.restrictions,
            only=Narrowing(scope=self._narrowing(service)),
        )
        return bool(find_resources(self._compiled, search, after=None, limit=1).found)

    def _narrowing(self, service: Service) -> Scope:
        region, project = self._region(service), self._place.project
        return Scope(
            service=(service.name,),
            region=None if region is None or is_pattern(region) else (region,),
            project=(project,) if project and not is_pattern(project) else None,
        )


def _id_in(scope: Scope, kind: str) -> str:
    """Which id has a node of this type, as the scope describes it?"""
    if scope.type is not None and kind in scope.type:
        return _first(scope.id)
    return next((ident for type, ident in scope.within or () if type == kind), ANY)


def _first(patterns: tuple[str, ...] | None) -> str:
    """Which value does the first of these patterns match? Any where there is none."""
    return ANY if not patterns else patterns[0].replace("*", "").replace("?", "x") or ANY
