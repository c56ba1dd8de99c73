"""A list is decided, and holds, what the reference says: generated worlds, containers of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.differential.draw import SeededDraw
from tests.differential.questions import draw_query, draw_request
from tests.differential.searches import draw_searched_world
from tests.differential.worlds import GeneratedWorld
from tests.reference.lists import list_decision, members_listed

from bailiwick.engine import CompiledAccount, compile_account, find_resources
from bailiwick.engine.lists import decide_list, member_search
from bailiwick.model.names import SERVICE_TYPE, parse_resource_name
from bailiwick.model.policies import Scope
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.services import Service

BLOCK = 20
LISTS = 80


def draw_list(draw: SeededDraw, world: GeneratedWorld) -> Request:
    """A request whose resource is a container: the service, an instance, a registered resource, or any at all."""
    request = draw_request(draw, world.services, world.account)
    services = {**world.account.services, **world.services}
    service = services.get(request.resource.service)
    if draw.chance(60) and world.account.resources:
        return _around_member(draw, services, request, draw.pick(sorted(world.account.resources)))
    if service is None:
        return request
    if draw.chance(45):
        query = draw_query(draw, service, ((SERVICE_TYPE, service.name),), Scope())
        said = {name: getattr(query, name) for name in ("region", "instance", "project") if draw.chance(50)}
        return replace(request, resource=ResourceQuery(service.name, query.path, **said))
    if service.instances and draw.chance(25):
        return replace(
            request, resource=draw_query(draw, service, (("instance", draw.pick(("i1", "i2"))),), Scope())
        )
    names = [
        name for name in sorted(world.account.resources) if parse_resource_name(name).service == service.name
    ]
    if names and draw.chance(60):
        name = parse_resource_name(draw.pick(names))
        end = draw.below(len(name.path)) + 1
        return replace(
            request,
            resource=ResourceQuery(service.name, name.path[:end], name.region or None, name.instance or None),
        )
    return request


def _around_member(draw: SeededDraw, services: Mapping[str, Service], request: Request, text: str) -> Request:
    """A list that could hold this registered resource."""
    name = parse_resource_name(text)
    actions = [one for one in services[name.service].actions.values() if one.resource_type == name.type]
    said = {"region": name.region or None, "instance": name.instance or None}
    path = ((SERVICE_TYPE, name.service),) if draw.chance(70) else name.path[: 1 + draw.below(len(name.path))]
    described = {place: value for place, value in said.items() if len(path) > 1 or draw.chance(50)}
    container = ResourceQuery(name.service, path, described.get("region"), described.get("instance"))
    action = draw.pick(actions).id if actions else request.action
    return replace(request, action=action, resource=container)


def compare_list(
    world: GeneratedWorld, compiled: CompiledAccount, request: Request
) -> tuple[bool, bool, int]:
    """Is it allowed, granted on the container, and how many members are listed, once both agree?"""
    services, account = world.services, world.account
    told = str(request)
    ours = decide_list(compiled, request)
    allowed, whole = list_decision(services, account, request)
    assert (ours.allowed, ours.container.allowed) == (allowed, whole), told
    search = member_search(compiled, request)
    expected = members_listed(services, account, request)
    found: list[str] = []
    after: str | None = None
    while search is not None:
        page = find_resources(compiled, search, after=after, limit=3)
        found += page.found
        after = page.after
        if after is None:
            break
    assert tuple(found) == expected, told
    return allowed, whole, len(expected)


@pytest.mark.parametrize("block", range(4))
def test_lists_are_decided_and_hold_what_the_reference_says(block: int) -> None:
    """Verdict, container and members agree; enough of each kind was seen."""
    seen = [0, 0, 0]
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        draw = SeededDraw(f"lists {seed}")
        world = draw_searched_world(draw)
        compiled = compile_account(world.services, world.account)
        for _ in range(LISTS):
            allowed, whole, members = compare_list(world, compiled, draw_list(draw, world))
            seen = [seen[0] + allowed, seen[1] + whole, seen[2] + (members > 0 and not whole)]
    assert min(seen) > 10, seen
