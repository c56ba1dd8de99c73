"""The questions asked backwards: on which resources, who, which actions?

Implements docs/spec.md section 17. Pure. What is found is exactly what `decide` allows, pair by pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bailiwick.engine.compile import CompiledAccount
from bailiwick.engine.decide import decide
from bailiwick.engine.resources import ALL_OF_IT, Resolved, find_kind, resolve
from bailiwick.engine.scopes import scope_answer
from bailiwick.model.names import ResourceName, format_resource_name, parse_resource_name
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.searches import Narrowing, Page, PrincipalSearch, ResourceSearch


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
        action for action in sorted(needs) if decide(compiled, replace(request, action=action)).allowed
    )


def _resources(compiled: CompiledAccount, search: ResourceSearch) -> Iterator[str]:
    for name in sorted(_candidates(compiled, search.service, search.type)):
        if is_found(compiled, search, ResourceQuery.of(parse_resource_name(name)), name):
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


def is_found(compiled: CompiledAccount, search: ResourceSearch, query: ResourceQuery, name: str) -> bool:
    """Is it allowed on this resource, within what the search is narrowed to, and found by the other search too?"""
    return (
        _is_within(compiled, search.only, query, name)
        and decide(compiled, _request(search, query)).allowed
        and (search.also is None or is_found(compiled, search.also, query, name))
    )


def _request(search: ResourceSearch, query: ResourceQuery) -> Request:
    return Request(
        search.principal,
        search.action,
        replace(query, properties=search.properties) if search.properties else query,
        search.now,
        search.context,
        search.action_properties,
        search.principal_properties,
        search.chain,
        search.restrictions,
    )


def _is_within(compiled: CompiledAccount, only: Narrowing, query: ResourceQuery, name: str) -> bool:
    """Does all that narrows hold of what is registered? (rule 17.7)"""
    kind = find_kind(compiled.kinds[query.service], query.path) if query.service in compiled.kinds else None
    if kind is None or not name.startswith(only.name_prefix):
        return False
    whole = resolve(kind, query, compiled.registered, ALL_OF_IT)
    tags = whole.tags or {}
    return (
        _scope_holds(only, whole)
        and (only.owner is None or whole.owner == only.owner)
        and all(tags.get(key) == value for key, value in only.tags.items())
    )


def _scope_holds(only: Narrowing, resource: Resolved) -> bool:
    return only.scope is None or scope_answer(only.scope, resource, resource.service) is True


def _principals(compiled: CompiledAccount, search: PrincipalSearch) -> Iterator[str]:
    head = f"{search.kind}:{search.name_prefix}"
    for reference in sorted(compiled.account.principals):
        if (
            reference.startswith(head)
            and decide(compiled, replace(search.request, principal=reference)).allowed
        ):
            yield reference


def _page(found: Iterator[str], after: str | None, limit: int) -> Page:
    kept: list[str] = []
    for name in found:
        if after is not None and name <= after:
            continue
        if len(kept) == limit:
            return Page(tuple(kept), kept[-1])
        kept.append(name)
    return Page(tuple(kept), None)
