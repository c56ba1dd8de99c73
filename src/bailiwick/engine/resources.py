"""From a query to the attributes that policies match: known, absent or unknown.

Implements docs/spec.md section 2 and rules 3.2 and 3.3. Pure.
A None attribute is absent unless its bit in `unknown` is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from bailiwick.model.accounts import Property, Resource
from bailiwick.model.names import SERVICE_TYPE, parse_resource_name
from bailiwick.model.requests import Reason, ResourceQuery
from bailiwick.model.services import Action, ResourceType, Service

REGION, INSTANCE, PROJECT, OWNER, GROUPS, BUDGET, TAGS, NODE_ID = (1 << bit for bit in range(8))
INSTANCE_TYPE = "instance"
PATH_ATTRIBUTES = frozenset({"type", "id", "within"})
NO_PROPERTIES: Mapping[str, Property] = {}

_SERVICE_ITSELF = ResourceType(SERVICE_TYPE, "The service itself")
_OWN = (("project", PROJECT), ("owner", OWNER), ("groups", GROUPS), ("budget", BUDGET))

Nodes = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """Which attributes does the asked resource have? `nodes` runs outermost first; `properties` None: all absent."""

    service: str
    region: str | None
    instance: str | None
    project: str | None
    nodes: Nodes
    unknown: int
    owner: str | None
    groups: tuple[str, ...] | None
    budget: str | None
    tags: Mapping[str, str] | None
    properties: Mapping[str, Property] | None
    said_properties: Mapping[str, Property]


class Key(NamedTuple):
    """Under which key is a resource registered? Text segments are empty where there is nothing."""

    service: str
    region: str
    instance: str
    path: Nodes


Registered = Mapping[Key, Resource]


def key_of_name(name: str) -> Key:
    """Under which key is the resource of this canonical name registered?"""
    parsed = parse_resource_name(name)
    return Key(parsed.service, parsed.region, parsed.instance, parsed.path)


def check_path(service: Service, path: Nodes) -> Reason | None:
    """Is this a path of the service's types under the right parents? (rules 2.1 and 7.2 a)"""
    parent = None
    for kind, _ in path:
        found = service.resource_types.get(kind) if kind != SERVICE_TYPE else _SERVICE_ITSELF
        if found is None:
            return Reason.UNKNOWN_RESOURCE_TYPE
        if (parent is None and found.parents) or (parent is not None and parent not in found.parents):
            return _first_problem(service, path)
        parent = kind
    return None if path else Reason.INCOMPLETE_RESOURCE


def _first_problem(service: Service, path: Nodes) -> Reason:
    known = all(kind == SERVICE_TYPE or kind in service.resource_types for kind, _ in path)
    return Reason.INCOMPLETE_RESOURCE if known else Reason.UNKNOWN_RESOURCE_TYPE


def resolve(service: Service, query: ResourceQuery, registered: Registered) -> Resolved:
    """Which attributes does this resource have, before the action removes any? (rules 2.3 to 2.8)"""
    if registered:
        stored = registered.get(Key(service.name, query.region or "", query.instance or "", query.path))
        if stored is not None:
            return _resolve_registered(service, query, stored)
        inherited = _nearest_ancestor(service, query, registered)
        if inherited is not None:
            return _resolve_described(service, query, inherited)
    return _resolve_described(service, query, None)


def _resolve_registered(service: Service, query: ResourceQuery, stored: Resource) -> Resolved:
    kind = _type_of(service, query.path)
    has = kind.attributes
    return Resolved(
        service=service.name,
        region=(query.region or None) if service.regional else None,
        instance=(query.instance or None) if service.instances else None,
        project=_project(kind, query.path, stored.project if "project" in has else None),
        nodes=query.path,
        unknown=0,
        owner=stored.owner if "owner" in has else None,
        groups=stored.groups if "groups" in has else None,
        budget=stored.budget if "budget" in has else None,
        tags=stored.tags if "tags" in has else None,
        properties=stored.properties,
        said_properties=query.properties,
    )


def _resolve_described(service: Service, query: ResourceQuery, ancestor: Resource | None) -> Resolved:
    kind = _type_of(service, query.path)
    unknown = 0
    region = instance = None
    if service.regional:
        region = query.region or None
        unknown |= 0 if region is not None else REGION
    if service.instances:
        instance = query.instance or None
        unknown |= 0 if instance is not None else INSTANCE
    project, owner, groups, budget, tags = query.project, query.owner, query.groups, query.budget, query.tags
    inherited: frozenset[str] = frozenset()
    if ancestor is not None:
        inherited = kind.inherits | {"project"}
        project = ancestor.project
        owner = ancestor.owner if "owner" in inherited else owner
        groups = ancestor.groups if "groups" in inherited else groups
        budget = ancestor.budget if "budget" in inherited else budget
        tags = ancestor.tags if "tags" in inherited else tags
    has = kind.attributes
    if "project" not in has:
        project = None
    elif project is None and "project" not in inherited:
        unknown |= PROJECT
    if "owner" not in has:
        owner = None
    elif owner is None and "owner" not in inherited:
        unknown |= OWNER
    if "groups" not in has:
        groups = None
    elif groups is None and "groups" not in inherited:
        unknown |= GROUPS
    if "budget" not in has:
        budget = None
    elif budget is None and "budget" not in inherited:
        unknown |= BUDGET
    if "tags" not in has:
        tags = None
    elif "tags" not in inherited:
        unknown |= TAGS
    for _, ident in query.path:
        if ident is None:
            unknown |= NODE_ID
    if kind.stands_for_project:
        project = query.path[-1][1]
        unknown = unknown | PROJECT if project is None else unknown & ~PROJECT
    return Resolved(
        service.name, region, instance, project, query.path, unknown,
        owner, groups, budget, tags, NO_PROPERTIES, query.properties,
    )  # fmt: skip


def _project(kind: ResourceType, path: Nodes, stored: str | None) -> str | None:
    return path[-1][1] if kind.stands_for_project else stored


def _type_of(service: Service, path: Nodes) -> ResourceType:
    return service.resource_types.get(path[-1][0], _SERVICE_ITSELF)


def _nearest_ancestor(service: Service, query: ResourceQuery, registered: Registered) -> Resource | None:
    for end in range(len(query.path) - 1, 0, -1):
        found = registered.get(Key(service.name, query.region or "", query.instance or "", query.path[:end]))
        if found is not None:
            return found
    if service.instances and query.instance and INSTANCE_TYPE in service.resource_types:
        own = ((INSTANCE_TYPE, query.instance),)
        return registered.get(Key(service.name, query.region or "", query.instance, own))
    return None


def as_asked(resource: Resolved, action: Action) -> Resolved:
    """What does this action see of the resource? (rules 3.2 and 3.3)"""
    nodes = resource.nodes
    unknown = resource.unknown
    if action.resource_type is None and not action.spans_services:
        nodes = ((SERVICE_TYPE, resource.service),)
        unknown &= ~NODE_ID
    kept = action.decided_on
    if kept is None:
        if action.resource_type is not None or action.spans_services:
            return resource
        kept = frozenset({"region"})
    if not kept & PATH_ATTRIBUTES:
        nodes, unknown = (), unknown & ~NODE_ID
    for name, bit in (("region", REGION), ("instance", INSTANCE), ("tags", TAGS), *_OWN):
        if name not in kept:
            unknown &= ~bit
    return replace(
        resource,
        region=resource.region if "region" in kept else None,
        instance=resource.instance if "instance" in kept else None,
        project=resource.project if "project" in kept else None,
        owner=resource.owner if "owner" in kept else None,
        groups=resource.groups if "groups" in kept else None,
        budget=resource.budget if "budget" in kept else None,
        tags=resource.tags if "tags" in kept else None,
        properties=resource.properties if "properties" in kept else None,
        nodes=nodes,
        unknown=unknown,
    )
