"""Lists, word by word (docs/spec.md rules 17.17 to 17.20): the container first, then every registered member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.reference.decide import decide
from tests.reference.world import World

from bailiwick.model.accounts import Account
from bailiwick.model.names import SERVICE_TYPE, ResourceName, format_resource_name, parse_resource_name
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.services import IAM, Action, Service

Types = tuple[str, ...]


def list_decision(services: Mapping[str, Service], account: Account, request: Request) -> tuple[bool, bool]:
    """May it be listed, and is it granted on the container (17.20)?"""
    whole = granted_on_container(services, account, request)
    return whole or bool(members_listed(services, account, request)), whole


def granted_on_container(services: Mapping[str, Service], account: Account, request: Request) -> bool:
    """Is the action allowed on the container, or on whatever of its type may be in it (17.19)?"""
    world = World.of(services, account)
    service = world.services.get(request.resource.service)
    action = service.actions.get(request.action) if service else None
    if service is None or action is None:
        return decide(services, account, request).allowed
    place = asked_instead(service, action, request.resource)
    return place is not None and decide(services, account, replace(request, resource=place)).allowed


def asked_instead(service: Service, action: Action, container: ResourceQuery) -> ResourceQuery | None:
    """Which resource stands for everything in the container?"""
    kind, ident = container.path[-1]
    if action.resource_type in (None, kind):
        return container
    begins_paths = kind == SERVICE_TYPE or is_instance(service, container)
    trails = [
        trail
        for trail in every_trail(service, action.resource_type or "")
        if (trail[0] == kind if not begins_paths else not service.resource_types[trail[0]].parents)
        and (begins_paths or kind not in trail[1:])
    ]
    if len(trails) != 1:
        return None
    if begins_paths:
        path: tuple[tuple[str, str | None], ...] = tuple((name, None) for name in trails[0])
        said_instance = container.instance or (None if kind == SERVICE_TYPE else ident)
        project = container.project if kind == SERVICE_TYPE else None
        return ResourceQuery(service.name, path, container.region, said_instance, project)
    path = (*container.path, *((name, None) for name in trails[0][1:]))
    return ResourceQuery(service.name, path, container.region, container.instance)


def is_instance(service: Service, container: ResourceQuery) -> bool:
    """Does the container stand for an instance of the service?"""
    return service.instances and len(container.path) == 1 and container.path[0][0] == "instance"


def every_trail(service: Service, last: str) -> list[Types]:
    """By which chains of types, each a parent of the next and none twice, does one come to the last?"""
    trails: list[Types] = [(last,)] if last in service.resource_types else []
    for trail in trails:
        for parent in service.resource_types[trail[0]].parents:
            if parent in service.resource_types and parent not in trail:
                trails.append((parent, *trail))
    return trails


def members_listed(services: Mapping[str, Service], account: Account, request: Request) -> tuple[str, ...]:
    """On which registered resources, or projects, in the container is the member's action allowed (17.18)?"""
    world = World.of(services, account)
    service = world.services.get(request.resource.service)
    action = service.actions.get(request.action) if service else None
    if service is None or action is None:
        return ()
    kind, wanted = what_is_listed(service, action)
    type_of_members = service.resource_types.get(kind)
    if type_of_members is None:
        return ()
    if type_of_members.stands_for_project:
        names = [
            format_resource_name(ResourceName(account.name, service.name, "", "", ((kind, project),)))
            for project in account.projects
        ]
    else:
        names = [
            name
            for name in account.resources
            if parse_resource_name(name).service == service.name and parse_resource_name(name).type == kind
        ]
    return tuple(
        name
        for name in sorted(names)
        if is_in(service, account, request.resource, name)
        and decide(
            services,
            account,
            replace(request, action=wanted, resource=ResourceQuery.of(parse_resource_name(name))),
        ).allowed
    )


def what_is_listed(service: Service, action: Action) -> tuple[str, str]:
    """Resources of which type are listed, and which action must be allowed on each ("" where nothing is known)?"""
    if action.resource_type is not None:
        return action.resource_type, action.id
    words = action.id.split(".")
    if service.name == IAM and len(words) == 3 and words[0] == IAM and words[2] == "list":
        reading = f"{IAM}.{words[1]}.read"
        if reading in service.actions:
            return words[1], reading
    return "", ""


def is_in(service: Service, account: Account, container: ResourceQuery, text: str) -> bool:
    """Is the resource of this name in the container?"""
    name = parse_resource_name(text)
    kind, ident = container.path[-1]
    if kind == SERVICE_TYPE or is_instance(service, container):
        instance = container.instance or (None if kind == SERVICE_TYPE else ident)
        stored = account.resources.get(text)
        stands = service.resource_types[name.type].stands_for_project
        has_project = "project" in service.resource_types[name.type].attributes
        project = name.id if stands else stored.project if stored and has_project else None
        wanted = (
            (container.region, name.region if service.regional else None),
            (instance, name.instance if service.instances else None),
            (container.project if kind == SERVICE_TYPE else None, project),
        )
        said = "".join(text or "" for text, _ in wanted)
        return not set("*?") & set(said) and all(text is None or text == value for text, value in wanted)
    if (service.regional and container.region is None) or (service.instances and container.instance is None):
        return False
    same_place = (name.region, name.instance) == (
        (container.region or "") if service.regional else "",
        (container.instance or "") if service.instances else "",
    )
    return (
        same_place
        and len(name.path) > len(container.path)
        and name.path[: len(container.path)] == container.path
    )
