"""What is known, absent or unknown of the resource that is asked about (docs/spec.md sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.reference.world import World

from bailiwick.model.accounts import Resource
from bailiwick.model.names import SERVICE_TYPE, ResourceName, format_resource_name, parse_resource_name
from bailiwick.model.requests import ABSENT, UNKNOWN, Reason, ResourceQuery, State
from bailiwick.model.services import BUILT_IN_ATTRIBUTES, Action, ResourceType, Service

Path = tuple[tuple[str, str | None], ...]
SCOPED = ("region", "instance", "project")
NODES = frozenset({"type", "id", "within"})


@dataclass(frozen=True)
class Attributes:
    """What is there? Every field holds a value, ABSENT or UNKNOWN; the nodes run outermost first."""

    account: str
    service: str
    nodes: tuple[tuple[str, str | State], ...] = ()
    region: object = UNKNOWN
    instance: object = UNKNOWN
    project: object = UNKNOWN
    owner: object = UNKNOWN
    groups: object = UNKNOWN
    budget: object = UNKNOWN
    tags: object = UNKNOWN
    missing_tag: State = UNKNOWN
    stored_properties: Mapping[str, object] = field(default_factory=dict)
    said_properties: Mapping[str, object] = field(default_factory=dict)
    has_properties: bool = True


def type_of(service: Service, name: str) -> ResourceType | None:
    """What does the service say of this type? The type `service` exists everywhere (2.1)."""
    return ResourceType(SERVICE_TYPE) if name == SERVICE_TYPE else service.resource_types.get(name)


def path_fault(service: Service, path: Path) -> Reason | None:
    """What is wrong with the path (7.2 a)? An empty one names no resource and is incomplete."""
    types = [type_of(service, name) for name, _ in path]
    if None in types:
        return Reason.UNKNOWN_RESOURCE_TYPE
    names = [name for name, _ in path]
    if not path or (SERVICE_TYPE in names and len(path) > 1):
        return Reason.INCOMPLETE_RESOURCE
    for index, kind in enumerate(kind for kind in types if kind is not None):
        is_in_place = names[index - 1] in kind.parents if index else not kind.parents
        if not is_in_place:
            return Reason.INCOMPLETE_RESOURCE
    return None


def find_registered(world: World, service: Service, query: ResourceQuery, path: Path) -> Resource | None:
    """Which registered resource has this path, in the query's region and instance? A whole name is needed (2.10)."""
    known = tuple((kind, ident) for kind, ident in path if ident is not None)
    if is_incomplete(service, query, path):
        return None
    region = query.region if service.regional else None
    instance = query.instance if service.instances else None
    text = format_resource_name(
        ResourceName(world.account.name, service.name, region or "", instance or "", known)
    )
    return next((each for each in world.account.resources.values() if each.name == text), None)


def is_incomplete(service: Service, query: ResourceQuery | ResourceName, path: Path) -> bool:
    """Does the name leave out an id, the region or the instance (2.10)?"""
    return (
        any(ident is None for _, ident in path)
        or (service.regional and not query.region)
        or (service.instances and not query.instance)
    )


def could_be_meant(world: World, service: Service, query: ResourceQuery, path: Path) -> bool:
    """Is a registered resource such that every part that the name says is its own (2.10)?"""
    names = [parse_resource_name(each.name) for each in world.account.resources.values()]
    return any(
        name.service == service.name
        and not is_incomplete(service, name, name.path)
        and [kind for kind, _ in name.path] == [kind for kind, _ in path]
        and all(said in (None, ident) for (_, said), (_, ident) in zip(path, name.path, strict=True))
        and ((query.region or name.region) if service.regional else "") == name.region
        and ((query.instance or name.instance) if service.instances else "") == name.instance
        for name in names
    )


def find_ancestor(
    world: World, service: Service, query: ResourceQuery
) -> tuple[Resource, Path] | State | None:
    """Which is the nearest registered ancestor, and at which path? The instance is looked for last (2.5).

    UNKNOWN where an incompletely named one could be registered (2.10).
    """
    paths: list[Path] = [query.path[:end] for end in range(len(query.path) - 1, 0, -1)]
    if service.instances and "instance" in service.resource_types:
        paths.append((("instance", query.instance or None),))
    for path in paths:
        if is_incomplete(service, query, path) and could_be_meant(world, service, query, path):
            return UNKNOWN
        found = find_registered(world, service, query, path)
        if found is not None:
            return found, path
    return None


def resolve(world: World, service: Service, query: ResourceQuery) -> Attributes:
    """What is there of the resource before any action is looked at? The path must be sound."""
    if is_incomplete(service, query, query.path) and could_be_meant(world, service, query, query.path):
        query = ResourceQuery(query.service, query.path, query.region, query.instance)
        found = keep_what_type_has(
            service, Attributes(world.account.name, service.name, nodes=_nodes(query.path), tags={})
        )
        return with_name(service, query, found, UNKNOWN)
    registered = find_registered(world, service, query, query.path)
    if registered is not None:
        return with_name(service, query, stored(world, service, registered, query.path), ABSENT)
    return with_name(service, query, described(world, service, query), UNKNOWN)


def with_name(service: Service, query: ResourceQuery, found: Attributes, otherwise: State) -> Attributes:
    """What is known besides, from the name and the properties that the request says (2.3, 2.8)?"""
    return replace(
        found,
        region=(query.region or otherwise) if service.regional else ABSENT,
        instance=(query.instance or otherwise) if service.instances else ABSENT,
        said_properties=query.properties,
    )


def stored(world: World, service: Service, resource: Resource, path: Path) -> Attributes:
    """What is stored of a registered resource? What is not, is absent (2.4)."""
    attributes = Attributes(
        world.account.name,
        service.name,
        nodes=_nodes(path),
        project=_or(resource.project, ABSENT),
        owner=_or(resource.owner, ABSENT),
        groups=_or(resource.groups, ABSENT),
        budget=_or(resource.budget, ABSENT),
        tags=resource.tags,
        missing_tag=ABSENT,
        stored_properties=resource.properties,
    )
    return keep_what_type_has(service, attributes)


def described(world: World, service: Service, query: ResourceQuery) -> Attributes:
    """What is known of a resource that is not registered (2.5)?"""
    attributes = Attributes(
        world.account.name,
        service.name,
        nodes=_nodes(query.path),
        project=_or(query.project, UNKNOWN),
        owner=_or(query.owner, UNKNOWN),
        groups=_or(query.groups, UNKNOWN),
        budget=_or(query.budget, UNKNOWN),
        tags=_or(query.tags, {}),
        missing_tag=UNKNOWN,
    )
    ancestor = find_ancestor(world, service, query)
    if isinstance(ancestor, State):
        nothing_known = Attributes(world.account.name, service.name, tags={})
        attributes = _inherit(service, attributes, nothing_known)
    elif ancestor is not None:
        attributes = _inherit(service, attributes, stored(world, service, *ancestor))
    return keep_what_type_has(service, attributes)


def _inherit(service: Service, attributes: Attributes, ancestor: Attributes) -> Attributes:
    """What does it take from its ancestor: the project, and what its type inherits (2.5)?"""
    kind = type_of(service, attributes.nodes[-1][0])
    taken = {"project", *(kind.inherits if kind else ())} & set(BUILT_IN_ATTRIBUTES)
    if "tags" in taken:
        attributes = replace(attributes, missing_tag=ancestor.missing_tag)
    return replace(attributes, **{name: getattr(ancestor, name) for name in taken})


def keep_what_type_has(service: Service, attributes: Attributes) -> Attributes:
    """Which attributes are left of a resource of this type (2.6)?"""
    name, ident = attributes.nodes[-1]
    kind = type_of(service, name)
    if kind is None:
        return attributes
    attributes = drop(attributes, frozenset(BUILT_IN_ATTRIBUTES) - kind.attributes)
    return replace(attributes, project=ident) if kind.stands_for_project else attributes


def drop(attributes: Attributes, names: frozenset[str]) -> Attributes:
    """What is left when these attributes become absent?"""
    gone: dict[str, object] = dict.fromkeys(names - NODES - {"tags", "properties"}, ABSENT)
    if "tags" in names:
        gone |= {"tags": {}, "missing_tag": ABSENT}
    if "properties" in names:
        gone["has_properties"] = False
    if "type" in names:
        gone["nodes"] = ()
    return replace(attributes, **gone)  # type: ignore[arg-type]  # every name is a field


def as_action_sees(attributes: Attributes, action: Action) -> Attributes:
    """What is there for this action to be decided on (3.2, 3.3)?"""
    if action.resource_type is None and not action.spans_services:
        attributes = replace(attributes, nodes=((SERVICE_TYPE, attributes.service),))
    return drop(attributes, not_decided_on(action))


def not_decided_on(action: Action) -> frozenset[str]:
    """Which attributes is the action not decided on (3.1)? `type`, `id` and `within` go together (3.2).

    WHY: an action that spans services is asked over any resource (3.4), so one without a type is no exception.
    """
    every = frozenset({*SCOPED, *BUILT_IN_ATTRIBUTES, "properties"}) | NODES
    seen = action.decided_on
    if seen is None:
        is_of_any = action.resource_type is not None or action.spans_services
        seen = every if is_of_any else frozenset({"region"})
    return every - seen - (NODES if seen & NODES else frozenset())


def _nodes(path: Path) -> tuple[tuple[str, str | State], ...]:
    return tuple((kind, UNKNOWN if ident is None else ident) for kind, ident in path)


def _or(value: object, otherwise: object) -> object:
    return otherwise if value is None else value
