"""Generated searches, and worlds with so many resources of one type that a page does not hold them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.differential import vocabulary as words
from tests.differential.accounts import draw_resource, draw_scope
from tests.differential.draw import Draw
from tests.differential.questions import draw_request
from tests.differential.worlds import GeneratedWorld, draw_world

from bailiwick.model.accounts import Account
from bailiwick.model.names import parse_resource_name
from bailiwick.model.requests import Request
from bailiwick.model.searches import ALL_THAT_IS_FOUND, Narrowing, PrincipalSearch, ResourceSearch
from bailiwick.model.services import Service

KINDS = ("user", "service-id", "profile")


def draw_searched_world(draw: Draw) -> GeneratedWorld:
    """Which world, with some more resources of few services?"""
    world = draw_world(draw)
    services = {**world.account.services, **world.services}
    some = {name: services[name] for name in draw.some(sorted(services), 1, 2)}
    resources = dict(world.account.resources)
    for _ in range(4 + draw.below(14)):
        found = draw_resource(draw, some)
        resources[found.name] = found
    return GeneratedWorld(world.services, replace(world.account, resources=resources))


def draw_resource_search(draw: Draw, catalog: Mapping[str, Service], account: Account) -> ResourceSearch:
    """Which search for resources, mostly for a type of which some are registered?"""
    request = draw_request(draw, catalog, account)
    service, kind = request.resource.service, request.resource.path[-1][0] if request.resource.path else ""
    there = sorted({(name.service, name.type) for name in map(parse_resource_name, account.resources)})
    near = [(one, type) for one, type in there if one == service]
    if near and draw.chance(85) and (service, kind) not in near:
        service, kind = draw.pick(near)
    elif there and not near and draw.chance(50):
        service, kind = draw.pick(there)
    search = _search(draw, request, service, kind, {**account.services, **catalog})
    if draw.chance(20):
        other = draw_request(draw, catalog, account)
        search = replace(search, also=_search(draw, other, service, kind, {**account.services, **catalog}))
    return search


def _search(
    draw: Draw, request: Request, service: str, kind: str, services: Mapping[str, Service]
) -> ResourceSearch:
    action = request.action
    if service in services and draw.chance(85):
        fitting = [a.id for a in services[service].actions.values() if a.resource_type in (None, kind)]
        action = request.action if request.action in fitting else draw.pick(fitting or [request.action])
    return ResourceSearch(
        request.principal if draw.chance(80) else draw.pick(words.STORED),
        action,
        service,
        kind,
        request.now,
        request.context,
        request.action_properties,
        request.principal_properties,
        request.resource.properties,
        request.chain,
        request.restrictions,
        only=_narrowing(draw, services) if draw.chance(25) else ALL_THAT_IS_FOUND,
    )


def _narrowing(draw: Draw, services: Mapping[str, Service]) -> Narrowing:
    """To what is it narrowed?"""
    return Narrowing(
        scope=draw_scope(draw, services) if draw.chance(50) else None,
        name_prefix="" if draw.chance(70) else f"brn:{words.ACCOUNT}:"[: draw.below(10)],
        owner=draw.pick(words.STORED) if draw.chance(20) else None,
        tags={"env": draw.pick(words.TAGS["env"])} if draw.chance(25) else {},
    )


def draw_principal_search(draw: Draw, catalog: Mapping[str, Service], account: Account) -> PrincipalSearch:
    """Which search for principals?"""
    kind = "user" if draw.chance(70) else draw.pick(KINDS)
    prefix = "" if draw.chance(85) else draw.pick(("a", "al", "alice", "d", "c", "nobody"))
    return PrincipalSearch(draw_request(draw, catalog, account), kind, prefix)
