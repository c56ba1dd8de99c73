"""Lists: may this principal list what is in a container, and which of its members?

Implements docs/spec.md rules 17.17 to 17.20. Pure. It must not decide anything by itself: the container is asked about
as any resource, and members are searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bailiwick.engine.compile import CompiledAccount
from bailiwick.engine.decide import decide
from bailiwick.engine.resources import INSTANCE_TYPE
from bailiwick.engine.search import find_resources
from bailiwick.model.names import SERVICE_TYPE, ResourceName, format_resource_name
from bailiwick.model.policies import Scope
from bailiwick.model.requests import Decision, Reason, Request, ResourceQuery
from bailiwick.model.searches import Narrowing, ResourceSearch
from bailiwick.model.services import IAM, Action, Service

LIST = "list"


class Listed(NamedTuple):
    """What does a list hold: those resources of this type on which this action is allowed."""

    type: str
    action: str


class ListDecision(NamedTuple):
    """May it be listed? `container`: what was decided of the container alone; where allowed, every member is listed."""

    allowed: bool
    container: Decision


def listed_by(service: Service, action: Action) -> Listed | None:
    """What does this list hold? None: what it holds is not known here. (rule 17.18)"""
    if action.resource_type not in (None, SERVICE_TYPE):
        return Listed(str(action.resource_type), action.id)
    if service.name == IAM:
        for kind in service.resource_types:
            if action.id == f"{IAM}.{kind}.list" and f"{IAM}.{kind}.read" in service.actions:
                return Listed(kind, f"{IAM}.{kind}.read")
    return None


def decide_container(compiled: CompiledAccount, request: Request) -> Decision:
    """Is the list granted on its container, `request.resource`, and so with every member? (rule 17.19)"""
    service = compiled.services.get(request.resource.service)
    action = None if service is None else service.actions.get(request.action)
    if service is None or action is None:
        return decide(compiled, request)
    place = _place(service, request.resource, action.resource_type)
    if place is None:
        return Decision(False, Reason.WRONG_RESOURCE_TYPE)
    return decide(compiled, _asked_of(request, place))


def decide_list(compiled: CompiledAccount, request: Request) -> ListDecision:
    """May it be listed: is it granted on the container, or on a member that is registered in it? (rule 17.20)"""
    container = decide_container(compiled, request)
    if container.allowed:
        return ListDecision(True, container)
    search = member_search(compiled, request)
    after: str | None = None
    while search is not None:
        page = find_resources(compiled, search, after=after, limit=1)
        if page.found:
            return ListDecision(True, container)
        after = page.after
        if after is None:
            break
    return ListDecision(False, container)


def member_search(compiled: CompiledAccount, request: Request) -> ResourceSearch | None:
    """Which search finds the members that may be listed? None: no member is known here. (rule 17.18)"""
    service = compiled.services.get(request.resource.service)
    action = None if service is None else service.actions.get(request.action)
    listed = None if service is None or action is None else listed_by(service, action)
    if service is None or listed is None:
        return None
    only = narrowing_of(compiled.account.name, service, request.resource)
    if only is None:
        return None
    return ResourceSearch(
        request.principal,
        listed.action,
        service.name,
        listed.type,
        request.now,
        context=request.context,
        action_properties=request.action_properties,
        principal_properties=request.principal_properties,
        chain=request.chain,
        restrictions=request.restrictions,
        only=only,
    )


def narrowing_of(account: str, service: Service, container: ResourceQuery) -> Narrowing | None:
    """Which members are in this container? None: none can be, because of what its name says or leaves out. (17.18)"""
    root = _root_of(service, container)
    if root is not None:
        said = "".join(filter(None, (root.region, root.instance, root.project)))
        if "*" in said or "?" in said:
            # WHY: in a scope these would be wildcards; nothing is called so.
            return None
        scope = Scope(
            service=(service.name,),
            region=_one(root.region),
            instance=_one(root.instance),
            project=_one(root.project),
        )
        return Narrowing(scope)
    path = tuple((kind, ident) for kind, ident in container.path if ident is not None)
    region = container.region if service.regional else ""
    instance = container.instance if service.instances else ""
    if len(path) < len(container.path) or region is None or instance is None:
        return None
    name = format_resource_name(ResourceName(account, service.name, region, instance, path))
    return Narrowing(name_prefix=f"{name}/")


def _one(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else (text,)


def _root_of(service: Service, container: ResourceQuery) -> ResourceQuery | None:
    """The container, if it stands for the service itself or for one of its instances: what is in it begins a path."""
    kind, ident = container.path[-1]
    if kind == SERVICE_TYPE:
        return container
    if kind == INSTANCE_TYPE and service.instances and len(container.path) == 1:
        instance = container.instance or ident
        return ResourceQuery(container.service, container.path, container.region, instance)
    return None


def _place(service: Service, container: ResourceQuery, wanted: str | None) -> ResourceQuery | None:
    """Of what is the action asked, so that the answer is one about everything in the container? None: of nothing."""
    if wanted is None or container.path[-1][0] == wanted:
        return container
    root = _root_of(service, container)
    ways = list(_ways(service, None if root is not None else container.path[-1][0], (wanted,)))
    if len(ways) != 1:
        return None
    below: tuple[tuple[str, str | None], ...] = tuple((kind, None) for kind in ways[0])
    if root is None:
        return ResourceQuery(
            container.service, (*container.path, *below), container.region, container.instance
        )
    return ResourceQuery(container.service, below, root.region, root.instance, root.project)


def _ways(service: Service, top: str | None, way: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """By which types, none twice, does one come from below `top` (None: from the outermost) to the end of this way?"""
    first = service.resource_types.get(way[0])
    if first is None:
        return
    if (top is None and not first.parents) or (top is not None and top in first.parents):
        yield way
    for parent in first.parents:
        if parent not in way and parent != top:
            yield from _ways(service, top, (parent, *way))


def _asked_of(request: Request, place: ResourceQuery) -> Request:
    return Request(
        request.principal,
        request.action,
        place,
        request.now,
        request.context,
        request.action_properties,
        request.principal_properties,
        request.chain,
        request.restrictions,
    )
