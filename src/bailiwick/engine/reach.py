"""How many principals belong to some subjects, and how many registered resources are in a scope.

Implements docs/spec.md rule 25.7. Pure. Counted by sets; what they cannot say is looked at one by one, up to a bound.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bailiwick.engine.compile import CompiledAccount
from bailiwick.engine.extents import Seen
from bailiwick.engine.indexes import find_inventory, find_people
from bailiwick.engine.inventory import find_kind_of
from bailiwick.engine.own import PRINCIPAL_TYPES
from bailiwick.engine.people import Crowd
from bailiwick.engine.resources import ALL_OF_IT, resolve
from bailiwick.engine.scopes import scope_answer
from bailiwick.model.policies import Scope
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import IAM

MOST_COMPARED = 50_000


@dataclass(frozen=True, slots=True)
class Count:
    """How many are there? Not exact: at least so many."""

    number: int
    exact: bool = True


def count_belonging(compiled: CompiledAccount, subjects: Collection[str], now: float) -> Count:
    """How many stored principals, disabled ones left out, and services belong to one of these subjects now?"""
    found = sum(subject.startswith("service:") for subject in set(subjects))
    for kind in PRINCIPAL_TYPES:
        for part in find_people(compiled).of(kind).parts:
            crowd = Crowd(compiled, part, kind, now)
            found += len(crowd.belonging(subjects) - crowd.disabled())
    return Count(found)


def groups_within(compiled: CompiledAccount, subjects: Collection[str]) -> Iterator[str]:
    """Which stored groups are these, and which are in them, whenever?"""
    pending, seen = list(subjects), set(subjects)
    while pending:
        group = compiled.account.groups.get(pending.pop().removeprefix("group:"))
        if group is not None:
            yield group.name
            fresh = {one.member for one in group.members if one.member.startswith("group:")} - seen
            seen |= fresh
            pending += fresh


def count_in_scope(compiled: CompiledAccount, scope: Scope, most: int = MOST_COMPARED) -> Count:
    """How many registered resources are in the scope?"""
    found = compared = 0
    inventory = find_inventory(compiled)
    for (service, kind), rows in inventory.rows.items():
        is_meant = service != IAM if scope.service is None else service in scope.service
        if not is_meant or (service, kind) in inventory.project_sorts:
            continue
        for part in rows.parts:
            row_kind = find_kind_of(compiled, part.segment.items[0].key)
            if row_kind is None:
                continue
            sure, maybe = Seen.by(ALL_OF_IT, part, row_kind, kind).scope(scope, service)
            found += len(sure)
            for number in maybe - sure:
                if compared == most:
                    return Count(found, exact=False)
                compared += 1
                key = part.segment.items[number].key
                query = ResourceQuery(key.service, key.path, key.region or None, key.instance or None)
                whole = resolve(row_kind, query, compiled.registered, ALL_OF_IT)
                found += scope_answer(scope, whole, service) is True
    return Count(found)
