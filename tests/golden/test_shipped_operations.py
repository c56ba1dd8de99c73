"""Every shipped operation: the computed sets of roles are exactly those with which the engine allows it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from tests.golden.asker import NOW
from tests.golden.examples import example_path, type_of_operation
from tests.golden.tables import Document
from tests.golden.worlds import build_account

from bailiwick.engine import compile_account
from bailiwick.engine.operations import allowed_operation, sufficient_roles
from bailiwick.model.names import parse_path
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import Operation, Service
from bailiwick.service.catalog_files import load_system_catalog

CATALOG = load_system_catalog()
WITH_OPERATIONS = [name for name, service in CATALOG.items() if service.operations]
Roles = frozenset[str]


def resources_for(service: Service, operation: Operation) -> dict[str, ResourceQuery]:
    """Which examples stand for the operation's target and source?"""
    instance = "inst-1" if service.instances else None
    region = "eu-de" if service.regional else None
    kinds = {"target": type_of_operation(service, operation)}
    for action, side in operation.actions:
        kinds[side] = kinds.get(side) or service.actions[action].resource_type
    return {
        side: ResourceQuery(
            service.name, parse_path(example_path(service, kind, {}, instance)), region, instance
        )
        for side, kind in kinds.items()
    }


def sets_to_try(service: Service, found: Iterable[tuple[str, ...]]) -> set[Roles]:
    """Which sets tell? Those computed, each without one of its roles, and every role alone."""
    computed = {frozenset(one) for one in found}
    without = {one - {role} for one in computed for role in one}
    return computed | without | {frozenset({role}) for role in service.roles}


def holders_of(service: Service, sets: Iterable[Roles]) -> tuple[dict[Roles, str], list[Document]]:
    """Which user holds which set, over the service, and which documents say so?"""
    users: dict[Roles, str] = {}
    documents: list[Document] = []
    for number, roles in enumerate(sorted(sets, key=sorted)):
        name = f"holder-{number}"
        users[roles] = f"user:{name}"
        documents.append({"kind": "User", "name": name})
        if roles:
            scope = {"service": service.name}
            policy = {"name": name, "subjects": [f"user:{name}"], "roles": sorted(roles), "scope": scope}
            documents.append({"kind": "Policy", **policy})
    return users, documents


@pytest.mark.parametrize("name", WITH_OPERATIONS)
def test_the_computed_sets_of_roles_are_those_that_the_engine_allows(name: str) -> None:
    """A computed set is enough, one role less is not, and a role alone is enough only if it is computed."""
    service = CATALOG[name]
    computed = {o.id: sufficient_roles(CATALOG, name, o) for o in service.operations.values()}
    sets = set[Roles]().union(*(sets_to_try(service, found) for found in computed.values()))
    users, documents = holders_of(service, sets)
    compiled = compile_account(CATALOG, build_account(CATALOG, documents))
    faults = []
    for operation in service.operations.values():
        resources = resources_for(service, operation)
        for roles, user in users.items():
            expected = any(set(one) <= roles for one in computed[operation.id])
            answer = allowed_operation(compiled, service, operation, resources, principal=user, now=NOW)
            if answer.allowed != expected:
                faults.append(f"{operation.id} by {sorted(roles)}: computed {expected}, got {answer.reason}")
    assert not faults, "\n".join(faults)
