"""Questions asked backwards, pair by pair (docs/spec.md section 17): every candidate is asked about, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tests.reference.decide import decide
from tests.reference.resources import Attributes, is_incomplete, path_fault, resolve
from tests.reference.scopes import scope_truth
from tests.reference.world import World

from bailiwick.model.accounts import Account
from bailiwick.model.names import ResourceName, format_resource_name, parse_resource_name
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.searches import Narrowing, PrincipalSearch, ResourceSearch
from bailiwick.model.services import IAM, Service


def resources_found(
    services: Mapping[str, Service], account: Account, search: ResourceSearch
) -> tuple[str, ...]:
    """On which candidates is it allowed, by name in order (17.1 to 17.3, 17.7, 17.8)?"""
    world = World.of(services, account)
    return tuple(name for name in sorted(candidates(world, search)) if is_found(world, search, name))


def candidates(world: World, search: ResourceSearch) -> Iterator[str]:
    """Which resources of the service and type are there: the registered ones, or every project (17.1)?

    What is stored with an incomplete name counts as not registered (2.10).
    """
    service = world.services.get(search.service)
    kind = None if service is None else service.resource_types.get(search.type)
    if kind is not None and kind.stands_for_project:
        for project in world.account.projects:
            path = ((search.type, project),)
            yield format_resource_name(ResourceName(world.account.name, search.service, "", "", path))
    else:
        for name in world.account.resources:
            parsed = parse_resource_name(name)
            is_of_it = service is not None and parsed.service == service.name and parsed.type == search.type
            if is_of_it and service is not None and not is_incomplete(service, parsed, parsed.path):
                yield name


def is_found(world: World, search: ResourceSearch, name: str) -> bool:
    """Is it allowed here, within what the search is narrowed to, and found by the other search too?"""
    query = ResourceQuery.of(parse_resource_name(name), properties=search.properties)
    request = Request(
        search.principal,
        search.action,
        query,
        search.now,
        search.context,
        search.action_properties,
        search.principal_properties,
        search.chain,
        search.restrictions,
    )
    return (
        decide(world.services, world.account, request).allowed
        and is_within(world, search.only, query, name)
        and (search.also is None or is_found(world, search.also, name))
    )


def is_within(world: World, only: Narrowing, query: ResourceQuery, name: str) -> bool:
    """Does all that narrows hold of what is registered (17.7)?"""
    service = world.services.get(query.service)
    if service is None or path_fault(service, query.path) is not None:
        return False
    whole: Attributes = resolve(world, service, query)
    tags = whole.tags if isinstance(whole.tags, Mapping) else {}
    return (
        name.startswith(only.name_prefix)
        and (only.scope is None or scope_truth(only.scope, whole, query.service) is True)
        and (only.owner is None or whole.owner == only.owner)
        and all(tags.get(key) == value for key, value in only.tags.items())
    )


def principals_found(
    services: Mapping[str, Service], account: Account, search: PrincipalSearch
) -> tuple[str, ...]:
    """Which stored principals of the kind may do it, in order (17.4)?"""
    return tuple(
        reference
        for reference in sorted(account.principals)
        if reference.startswith(f"{search.kind}:{search.name_prefix}")
        and decide(services, account, replace(search.request, principal=reference)).allowed
    )


def actions_found(services: Mapping[str, Service], account: Account, request: Request) -> tuple[str, ...]:
    """Which actions of the resource's service, and of `iam` over any, may be done on it, in order (17.5)?"""
    world = World.of(services, account)
    service = world.services.get(request.resource.service)
    iam = world.services.get(IAM)
    known = set(() if service is None else service.actions)
    known |= {action.id for action in (() if iam is None else iam.actions.values()) if action.spans_services}
    return tuple(
        action
        for action in sorted(known)
        if decide(services, account, replace(request, action=action)).allowed
    )
