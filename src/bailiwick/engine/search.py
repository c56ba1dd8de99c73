"""The questions asked backwards: on which resources, who, which actions?

Implements docs/spec.md section 17. Pure. What is found is exactly what `decide` allows, pair by pair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bailiwick.engine.compile import CompiledAccount
from bailiwick.engine.decide import decide
from bailiwick.engine.indexes import find_holders, find_inventory, find_people
from bailiwick.engine.inventory import Row
from bailiwick.engine.paging import count_found, read_page
from bailiwick.engine.resources import ALL_OF_IT, Resolved, find_kind, resolve
from bailiwick.engine.scopes import scope_answer
from bailiwick.engine.where import find_extents, request_of
from bailiwick.engine.who import find_crowds
from bailiwick.model.accounts import Principal
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.searches import ALL_THAT_IS_FOUND, Narrowing, Page, PrincipalSearch, ResourceSearch


def prepare_searches(compiled: CompiledAccount) -> None:
    """Make what searches look at, which the first of them would otherwise wait for.

    It changes no answer. It takes seconds in an account of a million resources and policies; afterwards changes carry
    it along, but for a change of a service or of the account itself, after which it is made anew.
    """
    find_inventory(compiled)
    find_people(compiled)
    find_holders(compiled)


def find_resources(
    compiled: CompiledAccount, search: ResourceSearch, *, after: str | None, limit: int
) -> Page:
    """Which resources, by canonical name, after this one? At most `limit`, which is one or more."""
    return read_page(find_extents(compiled, search), _resource_test(compiled, search), after, limit)


def count_resources(
    compiled: CompiledAccount, search: ResourceSearch, *, most: int | None = None
) -> int | None:
    """How many resources are there in all? None: more than `most` would have to be decided one by one.

    CAUTION: where conditions on the resource are in play, every candidate is decided.
    """
    return count_found(find_extents(compiled, search), _resource_test(compiled, search), most)


def find_principals(
    compiled: CompiledAccount, search: PrincipalSearch, *, after: str | None, limit: int
) -> Page:
    """Which principals, by reference, after this one? At most `limit`, which is one or more."""
    return read_page(find_crowds(compiled, search), _principal_test(compiled, search), after, limit)


def count_principals(
    compiled: CompiledAccount, search: PrincipalSearch, *, most: int | None = None
) -> int | None:
    """How many principals are there in all? None, and CAUTION: as for resources."""
    return count_found(find_crowds(compiled, search), _principal_test(compiled, search), most)


def find_actions(compiled: CompiledAccount, request: Request) -> tuple[str, ...]:
    """Which actions may the request's principal do on its resource, in order? `request.action` is not looked at."""
    needs = compiled.needs_over(request.resource.service)
    return tuple(
        action for action in sorted(needs) if decide(compiled, replace(request, action=action)).allowed
    )


def _resource_test(compiled: CompiledAccount, search: ResourceSearch) -> Callable[[str, Row], bool]:
    return lambda name, row: is_found(compiled, search, _query(row), name)


def _principal_test(compiled: CompiledAccount, search: PrincipalSearch) -> Callable[[str, Principal], bool]:
    return lambda reference, _: decide(compiled, replace(search.request, principal=reference)).allowed


def _query(row: Row) -> ResourceQuery:
    key = row.key
    return ResourceQuery(key.service, key.path, key.region or None, key.instance or None)


def is_found(compiled: CompiledAccount, search: ResourceSearch, query: ResourceQuery, name: str) -> bool:
    """Is it allowed on this resource, within what the search is narrowed to, and found by the other search too?"""
    return (
        (search.only is ALL_THAT_IS_FOUND or _is_within(compiled, search.only, query, name))
        and decide(compiled, request_of(search, query)).allowed
        and (search.also is None or is_found(compiled, search.also, query, name))
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
