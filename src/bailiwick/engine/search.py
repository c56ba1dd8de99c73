"""The questions asked backwards: on which resources, who, which actions?

Implements docs/spec.md section 17. Pure. What is found is exactly what `decide` allows, pair by pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bailiwick.engine.compile import CompiledAccount
from bailiwick.engine.decide import decide
from bailiwick.model.accounts import Property
from bailiwick.model.names import ResourceName, format_resource_name, parse_resource_name
from bailiwick.model.policies import Guardrail
from bailiwick.model.requests import Request, ResourceQuery


@dataclass(frozen=True, slots=True)
class ResourceSearch:
    """On which registered resources of one type of one service may this principal do this?

    What is registered, for a type that stands for a project: the projects. All else as in a Request; `properties`
    describes every resource alike, as far as nothing is stored.
    """

    principal: str
    action: str
    service: str
    type: str
    now: float
    context: Mapping[str, Property] = field(default_factory=dict)
    action_properties: Mapping[str, Property] = field(default_factory=dict)
    principal_properties: Mapping[str, Property] = field(default_factory=dict)
    properties: Mapping[str, Property] = field(default_factory=dict)
    chain: tuple[str, ...] = ()
    restrictions: tuple[Guardrail, ...] = ()


@dataclass(frozen=True, slots=True)
class PrincipalSearch:
    """Which stored principals of one kind (`user`, `service-id`, `profile`) may do what this request asks?

    `request.principal` is not looked at.
    """

    request: Request
    kind: str


@dataclass(frozen=True, slots=True)
class Page:
    """What was found, in the order of code points; `after`: where to go on, None at the end.

    A page may be shorter than asked for, even empty, where conditions on the resource are in play; it is the last
    only when `after` is None.
    """

    found: tuple[str, ...]
    after: str | None


def find_resources(
    compiled: CompiledAccount, search: ResourceSearch, *, after: str | None, limit: int
) -> Page:
    """Which resources, by canonical name, after this one?"""
    return _page(_resources(compiled, search), after, limit)


def count_resources(compiled: CompiledAccount, search: ResourceSearch) -> int:
    """How many resources are there in all?"""
    return sum(1 for _ in _resources(compiled, search))


def find_principals(
    compiled: CompiledAccount, search: PrincipalSearch, *, after: str | None, limit: int
) -> Page:
    """Which principals, by reference, after this one?"""
    return _page(_principals(compiled, search), after, limit)


def count_principals(compiled: CompiledAccount, search: PrincipalSearch) -> int:
    """How many principals are there in all?"""
    return sum(1 for _ in _principals(compiled, search))


def find_actions(compiled: CompiledAccount, request: Request) -> tuple[str, ...]:
    """Which actions may the request's principal do on its resource, in order? `request.action` is not looked at."""
    needs = compiled.needs.get(request.resource.service, {})
    return tuple(
        action for action in sorted(needs) if decide(compiled, _with(request, action=action)).allowed
    )


def _resources(compiled: CompiledAccount, search: ResourceSearch) -> Iterator[str]:
    for name in sorted(_candidates(compiled, search.service, search.type)):
        query = ResourceQuery.of(parse_resource_name(name), properties=search.properties)
        if decide(compiled, _request(search, query)).allowed:
            yield name


def _candidates(compiled: CompiledAccount, service: str, type: str) -> Iterator[str]:
    entry = compiled.services.get(service)
    found = None if entry is None else entry.resource_types.get(type)
    if found is not None and found.stands_for_project:
        for project in compiled.account.projects:
            yield format_resource_name(
                ResourceName(compiled.account.name, service, "", "", ((type, project),))
            )
        return
    for name in compiled.account.resources:
        parsed = parse_resource_name(name)
        if (parsed.service, parsed.type) == (service, type):
            yield name


def _request(search: ResourceSearch, query: ResourceQuery) -> Request:
    return Request(
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


def _principals(compiled: CompiledAccount, search: PrincipalSearch) -> Iterator[str]:
    for reference in sorted(compiled.account.principals):
        is_asked = reference.partition(":")[0] == search.kind
        if is_asked and decide(compiled, _with(search.request, principal=reference)).allowed:
            yield reference


def _with(request: Request, *, principal: str | None = None, action: str | None = None) -> Request:
    return Request(
        request.principal if principal is None else principal,
        request.action if action is None else action,
        request.resource,
        request.now,
        request.context,
        request.action_properties,
        request.principal_properties,
        request.chain,
        request.restrictions,
    )


def _page(found: Iterator[str], after: str | None, limit: int) -> Page:
    kept: list[str] = []
    for name in found:
        if after is not None and name <= after:
            continue
        if len(kept) == limit:
            return Page(tuple(kept), kept[-1])
        kept.append(name)
    return Page(tuple(kept), None)
