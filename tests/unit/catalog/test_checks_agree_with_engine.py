"""What the checks say of a policy is what the engine does with it: refused as granting nothing, if and only if
no question about any resource of the shipped services is ever answered yes through it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import parse_document
from bailiwick.engine import CompiledAccount, compile_account, decide
from bailiwick.model.accounts import Account, Group, Membership, Principal, Project
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.policies import Policy
from bailiwick.model.requests import Reason, Request, ResourceQuery
from bailiwick.model.services import IAM, Service
from bailiwick.service.catalog_files import load_system_catalog

CATALOG = load_system_catalog()
SPANNING = ["iam.policy.create", "iam.decision.evaluate", "iam.role.assign"]
HANDED_OUT = ["iam.user.invite", "iam.service-id.create", "iam.service-id.delete"]
ASSIGNED = ["eps/EPS FullAccess", "hs-crypto/Reader"]
MOST_TYPES = 6
Nodes = tuple[tuple[str, str | None], ...]


def account_with(policies: list[Policy]) -> Account:
    """An account in which each of the policies is held by a user of its own, through a group."""
    users = [f"user:{policy.name}" for policy in policies]
    return Account(
        "acme",
        "user:root",
        principals={user: Principal(user, budgets=("b",)) for user in ["user:root", *users]},
        groups={policy.name: Group(policy.name, (Membership(f"user:{policy.name}"),)) for policy in policies},
        projects={"x": Project("x")},
        policies={policy.name: policy for policy in policies},
    )


def paths(service: Service) -> Iterator[Nodes]:
    """Where resources of the service can stand, three levels deep at most."""
    yield ((SERVICE_TYPE, service.name),)
    found: list[Nodes] = [((name, "x"),) for name, type in service.resource_types.items() if not type.parents]
    for path in found:
        yield path
        if len(path) < 3:
            last = path[-1][0]
            found.extend(
                (*path, (name, "x")) for name, type in service.resource_types.items() if last in type.parents
            )


@cache
def questions(name: str, user: str, *, every: bool) -> list[Request]:
    """The actions over every kind of resource of the service, described to suit the scopes.

    `every`: all of its own; else those that other services' roles hold. Of those that span services, three.
    """
    service = CATALOG[name]
    out = []
    for path in paths(service):
        query = ResourceQuery(
            service.name, path, "x", "x", "x", owner=f"user:{user}", groups=(f"group:{user}",), budget="b"
        )
        for action in [*(service.actions if every else HANDED_OUT), *SPANNING]:
            roles = [f"{service.name}/Viewer", *ASSIGNED] if action == "iam.role.assign" else [""]
            out += [
                Request(f"user:{user}", action, query, now=0.0, action_properties={"role": role})
                for role in roles
            ]
    return out


def grants_anything(compiled: CompiledAccount, service: str, user: str) -> bool:
    """Does the engine ever say yes to this user, or yes but for a prerequisite?"""
    asked = [*questions(service, user, every=True), *questions(IAM, user, every=False)]
    granted = (Reason.ALLOWED, Reason.PREREQUISITE_MISSING)
    return any(decide(compiled, request).reason in granted for request in asked)


def scopes(service: Service) -> Iterator[dict[str, Any]]:
    """Scopes of many shapes on the service; of a service of many types, the first few."""
    yield {}
    yield from ({word: "x"} for word in ("region", "instance", "project"))
    types = list(service.resource_types)[:MOST_TYPES]
    yield {"type": SERVICE_TYPE, "id": service.name}
    for name in types:
        yield {"type": name, "id": "x"}
        yield {"type": name, "project": "x"}
        yield {"within": f"{name}/x"}
    yield from ({"within": f"{outer}/x", "type": name} for outer in types[:2] for name in types)


@pytest.mark.parametrize("service", list(CATALOG))
def test_a_policy_is_refused_exactly_when_the_engine_grants_nothing(service: str) -> None:
    """Each role of the service, and one of iam, under scopes of every shape that the service takes."""
    entry = CATALOG[service]
    wrong = []
    for scope in scopes(entry):
        roles = [*entry.roles, "iam/Evaluator"]
        policies = [
            _policy(f"p{index}", role, {"service": service, **scope}) for index, role in enumerate(roles)
        ]
        account = account_with(policies)
        findings = check_account(CATALOG, account)
        if any("scope" in finding.place for finding in findings):
            continue
        refused = {finding.place.removeprefix("Policy ").partition(":")[0] for finding in findings}
        compiled = compile_account(CATALOG, account)
        for policy in policies:
            if grants_anything(compiled, service, policy.name) == (policy.name in refused):
                wrong.append((policy.roles, scope))
    assert wrong == []


def _policy(name: str, role: str, scope: dict[str, Any]) -> Policy:
    document = {
        "kind": "Policy",
        "name": name,
        "subjects": [f"group:{name}"],
        "roles": [role],
        "scope": scope,
    }
    policy = parse_document(document, "acme")[1]
    assert isinstance(policy, Policy)
    return policy
