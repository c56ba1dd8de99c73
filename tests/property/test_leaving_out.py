"""The law of rule 5.3: leaving something out of a request never turns a denial into an allow.

What the law excepts, `missing` and `exists`, is taken out of the worlds. Where a part of the resource's name is left
out, a registered resource or ancestor is no longer found, and nothing that is said may take its place (rule 2.10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.differential.worlds import GeneratedWorld
from tests.property.worlds import (
    Evaluator,
    by_engine,
    by_reference,
    rewrite,
    seeded,
    told,
    with_fields,
    without_missing,
)

from bailiwick.model.requests import Request

EVALUATORS = pytest.mark.parametrize("evaluator", [by_engine, by_reference])


@EVALUATORS
def test_leaving_out_what_is_said_allows_nothing(evaluator: Evaluator) -> None:
    """No attribute of resource, principal, action or context can be left out to become allowed."""
    denied = 0
    for original, requests in seeded(20_000, 60):
        world = rewrite(original, without_missing)
        judge = evaluator(world)
        for request in (rewrite(each, without_missing) for each in requests):
            if judge(request):
                continue
            for less in said_less(request):
                denied += 1
                assert not judge(less), told(world, request, less)
    assert denied > 3000


@EVALUATORS
def test_leaving_out_a_part_of_the_name_allows_nothing(evaluator: Evaluator) -> None:
    """No region, instance or id can be left out to become allowed, of the resource or of an ancestor."""
    denied = found = 0
    for original, requests in seeded(21_000, 100):
        world = rewrite(original, without_missing)
        judge = evaluator(world)
        unregistered = evaluator(GeneratedWorld(world.services, replace(world.account, resources={})))
        for request in (rewrite(each, without_missing) for each in requests):
            if judge(request):
                continue
            for less in named_less(request):
                denied += 1
                found += unregistered(less).allowed
                assert not judge(less), told(world, request, less)
    assert denied > 1000
    assert found > 2, "too few would be allowed if what is registered did not count"


def said_less(request: Request) -> Iterator[Request]:
    """Which requests say one thing less?"""
    for name in ("context", "action_properties", "principal_properties"):
        for rest in _each_left_out(getattr(request, name)):
            yield with_fields(request, {name: rest})
    resource = request.resource
    for name in ("project", "owner", "groups", "budget", "tags"):
        if getattr(resource, name) is not None:
            yield replace(request, resource=with_fields(resource, {name: None}))
    for rest in _each_left_out(resource.tags or {}):
        yield replace(request, resource=replace(resource, tags=rest))
    for rest in _each_left_out(resource.properties):
        yield replace(request, resource=replace(resource, properties=rest))


def named_less(request: Request) -> Iterator[Request]:
    """Which requests leave out one part of the resource's name?"""
    resource = request.resource
    for name in ("region", "instance"):
        if getattr(resource, name) is not None:
            yield replace(request, resource=with_fields(resource, {name: None}))
    for index, (kind, ident) in enumerate(resource.path):
        if ident is not None:
            path = (*resource.path[:index], (kind, None), *resource.path[index + 1 :])
            yield replace(request, resource=replace(resource, path=path))


def _each_left_out(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for left_out in values:
        yield {key: value for key, value in values.items() if key != left_out}
