"""Scopes against services: may this be constrained there, and can an action ever meet the scope?

The answers err on the side of "it can": only what can never hold is refused.
Implements docs/spec.md 2.1, 2.6, 3.1 to 3.4, 3.9 and section 4, seen from types alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bailiwick.catalog.check_world import World
from bailiwick.catalog.places import Collector, Path
from bailiwick.catalog.rights import attributes_of, matching_actions
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.patterns import is_pattern
from bailiwick.model.policies import SCOPE_ATTRIBUTES, Scope
from bailiwick.model.services import IAM, Action, Right, Role, Service

_NARROW = frozenset({"project", "type", "id", "within"})
_NODES = frozenset({"type", "id", "within"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What does a scope constrain, its values left out but for the types?"""

    constrained: frozenset[str]
    types: tuple[str, ...] = ()
    within: tuple[str, ...] = ()

    def without(self, attribute: str) -> Shape:
        """Which shape has the scope without this constraint?"""
        dropped = {"type", "id"} if attribute == "type" else {attribute}
        return replace(
            self,
            constrained=self.constrained - dropped,
            types=() if attribute == "type" else self.types,
            within=() if attribute == "within" else self.within,
        )


def shape_of(scope: Scope) -> Shape:
    """Which shape has this scope? Its services are left out."""
    constrained = frozenset(name for name in SCOPE_ATTRIBUTES[1:] if getattr(scope, name) is not None)
    return Shape(constrained, scope.type or (), tuple(dict.fromkeys(kind for kind, _ in scope.within or ())))


def services_of(scope: Scope, world: World) -> tuple[Service, ...]:
    """Which services does the scope hold for? Unknown ones are left out."""
    names = world.open_services if scope.service is None else scope.service
    return tuple(world.services[name] for name in names if name in world.services)


def check_scope(scope: Scope, path: Path, notes: Collector, world: World) -> None:
    """Does the scope name what exists, and only what its services may be constrained by?"""
    for index, name in enumerate(scope.service or ()):
        if name not in world.services:
            notes.add(
                _at(path, "service", scope.service, index),
                f"unknown service `{name}`",
                world.nearest(name, world.services),
            )
    for index, name in enumerate(scope.project or ()):
        if not is_pattern(name):
            world.check_project(name, _at(path, "project", scope.project, index), notes)
    services = services_of(scope, world)
    _check_types(scope, services, path, notes, world)
    if scope.service is not None:
        for service in services:
            _check_fit(service, shape_of(scope), path, notes, world)


def role_grants(role: Role, service: Service, shape: Shape, world: World) -> bool:
    """Can any right of the role, meant for resources of this service, ever hold under a scope of this shape?"""
    key = (role.reference, role.custom, service.name, shape)
    found = world.grants.get(key)
    if found is None:
        found = world.grants[key] = any(
            _right_holds(right, role, service, shape, world) for right in role.rights
        )
    return found


def action_meets(action: Action, owner: Service, over: Service, shape: Shape, world: World) -> bool:
    """Can this action of `owner`, asked over resources of `over`, ever be decided under such a scope?"""
    if not _sees(action, over if action.spans_services else owner, shape):
        return False
    needs_project = "project" in shape.constrained
    if action.spans_services:
        return any(
            has_project >= needs_project and _reaches_type(over, type, shape, world)
            for type, has_project in _types_with_project(over)
        )
    if needs_project and "project" not in attributes_of(action, owner):
        return False
    return _reaches_type(owner, action.resource_type or SERVICE_TYPE, shape, world)


def _at(path: Path, field: str, values: tuple[object, ...] | None, index: int) -> Path:
    return (*path, field, index) if values is not None and len(values) > 1 else (*path, field)


def _check_types(
    scope: Scope, services: tuple[Service, ...], path: Path, notes: Collector, world: World
) -> None:
    if not services:
        return
    known = {type for service in services for type in service.resource_types}
    for index, type in enumerate(scope.type or ()):
        if type not in known and type != SERVICE_TYPE:
            notes.add(
                _at(path, "type", scope.type, index),
                f"unknown resource type `{type}`",
                world.nearest(type, known),
            )
    for index, (type, _) in enumerate(scope.within or ()):
        if type not in known:
            notes.add(
                _at(path, "within", scope.within, index),
                f"unknown resource type `{type}`",
                world.nearest(type, known),
            )


def _check_fit(service: Service, shape: Shape, path: Path, notes: Collector, world: World) -> None:
    """May a scope on this service be of such a shape, and can any of its resources lie in it?"""
    for attribute in SCOPE_ATTRIBUTES[1:]:
        if attribute in shape.constrained and attribute not in service.scope_attributes:
            allowed = ", ".join(f"`{word}`" for word in SCOPE_ATTRIBUTES if word in service.scope_attributes)
            help = f"it may constrain {allowed}" if allowed else "it constrains nothing but the service"
            notes.add((*path, attribute), f"a scope on `{service.name}` cannot constrain `{attribute}`", help)
    known = {*service.resource_types, SERVICE_TYPE}
    types = [type for type in shape.types if type in known]
    within = [type for type in shape.within if type in known]
    if shape.types and not types:
        notes.add(
            (*path, "type"), f"`{service.name}` has none of the scope's resource types", _types_help(service)
        )
    elif shape.within and not within:
        notes.add(
            (*path, "within"),
            f"`{service.name}` has none of the scope's resource types",
            _types_help(service),
        )
    elif shape.within and not any(
        _reaches_type(service, type, shape, world) for type in service.resource_types
    ):
        inner = " or ".join(f"`{type}`" for type in types) or "anything"
        outer = " or ".join(f"`{type}`" for type in within)
        notes.add((*path, "within"), f"{inner} cannot lie within {outer}")


def _types_help(service: Service) -> str:
    return f"available: {', '.join(f'`{type}`' for type in sorted(service.resource_types)) or 'none'}"


def _right_holds(right: Right, role: Role, service: Service, shape: Shape, world: World) -> bool:
    owner = world.services.get(right.service)
    if owner is None or (right.level == "account" and shape.constrained & _NARROW):
        return False
    return any(
        action_meets(action, owner, service, shape, world)
        for action in matching_actions(right, owner)
        if role.service == service.name or (role.service == IAM and action.spans_services)
    )


def _sees(action: Action, service: Service, shape: Shape) -> bool:
    """Is the action decided on region, instance and nodes, where constrained, and has the service these?"""
    seen = action.decided_on
    if seen is None:
        is_untyped = action.resource_type is None and not action.spans_services
        seen = frozenset({"region"}) if is_untyped else shape.constrained | _NODES
    has = {"region": service.regional, "instance": service.instances, "project": True}
    if any(word in shape.constrained and not (has[word] and word in seen) for word in has):
        return False
    return not shape.constrained & _NODES or bool(seen & _NODES)


def _types_with_project(service: Service) -> Iterable[tuple[str, bool]]:
    yield SERVICE_TYPE, True
    for name, type in service.resource_types.items():
        yield name, type.stands_for_project or "project" in type.attributes


def _reaches_type(service: Service, leaf: str, shape: Shape, world: World) -> bool:
    """Can a resource of type `leaf` have a node of the scope's types and lie within one of the others?"""
    below = world.below(service)

    def under(type: str) -> frozenset[str]:
        return below.get(type, frozenset())

    def together(type: str, outer: str) -> bool:
        return type == outer or type in under(outer) or outer in under(type)

    types = [type for type in shape.types if type == leaf or leaf in under(type)]
    within = [type for type in shape.within if leaf in under(type)]
    if (shape.types and not types) or (shape.within and not within):
        return False
    if not (types and within):
        return True
    return any(together(type, outer) for type in types for outer in within)
