"""Generated changes of an account: what is added, altered or removed, and which names the engine is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.differential import vocabulary as words
from tests.differential.accounts import (
    draw_custom_role,
    draw_group,
    draw_guardrails_above,
    draw_own_guardrail,
    draw_policy,
    draw_principal,
    draw_resource,
)
from tests.differential.draw import Draw
from tests.differential.services import draw_service

from bailiwick.model.accounts import Account, Project
from bailiwick.model.services import Service

Changed = tuple[tuple[str, str], ...]
_PRINCIPAL_KINDS = {"user": "User", "service-id": "ServiceId", "profile": "Profile"}


def draw_changes(draw: Draw, catalog: Mapping[str, Service], account: Account) -> tuple[Account, Changed]:
    """Which account comes after one to three changes at once?"""
    changed: list[tuple[str, str]] = []
    for _ in range(1 + draw.below(3)):
        account, what = draw.pick(_CHANGES)(draw, catalog, account)
        changed.append(what)
    above = draw.apart("above")
    if above.chance(10):
        # WHY without a name: other guardrails bind from above, and the engine is told of no object that changed.
        account = replace(
            account, guardrails_above=draw_guardrails_above(above, {**account.services, **catalog})
        )
    return account, tuple(dict.fromkeys(changed))


One = tuple[Account, tuple[str, str]]


def _policy(draw: Draw, catalog: Mapping[str, Service], account: Account) -> One:
    services = {**account.services, **catalog}
    name = draw.pick((*sorted(account.policies), "p20", "p21"))
    policy = draw_policy(draw, services, account.roles, name)
    return replace(account, policies=_put(draw, account.policies, name, policy)), ("Policy", name)


def _group(draw: Draw, catalog: Mapping[str, Service], account: Account) -> One:
    name = draw.pick(words.GROUPS)
    return replace(account, groups=_put(draw, account.groups, name, draw_group(draw, name))), ("Group", name)


def _role(draw: Draw, catalog: Mapping[str, Service], account: Account) -> One:
    name = draw.pick(("Custom", "Reader", "Manager"))
    role = draw_custom_role(draw, {**account.services, **catalog}, name)
    return replace(account, roles=_put(draw, account.roles, name, role)), ("Role", name)


def _principal(draw: Draw, catalog: Mapping[str, Service], account: Account) -> One:
    reference = draw.pick(words.STORED)
    kind, _, name = reference.partition(":")
    principals = _put(draw, account.principals, reference, draw_principal(draw, reference))
    return replace(account, principals=principals), (_PRINCIPAL_KINDS[kind], name)


def _resource(draw: Draw, catalog: Mapping[str, Service], account: Account) -> One:
    fresh = draw_resource(draw, {**account.services, **catalog})
    name = draw.pick((fresh.name, *sorted(account.resources)))
    resources = _put(draw, account.resources, name, replace(fresh, name=name))
    return replace(account, resources=resources), ("Resource", name)


def _project(draw: Draw, catalog: Mapping[str, Service], account: Account) -> One:
    name = draw.pick(words.PROJECTS)
    project = Project(name, disabled=draw.chance(40))
    return replace(account, projects=_put(draw, account.projects, name, project)), ("Project", name)


def _guardrail(draw: Draw, catalog: Mapping[str, Service], account: Account) -> One:
    name = draw.pick(("n1", "n2"))
    rail = draw_own_guardrail(draw, {**account.services, **catalog}, name)
    return replace(account, guardrails=_put(draw, account.guardrails, name, rail)), ("Guardrail", name)


def _service(draw: Draw, catalog: Mapping[str, Service], account: Account) -> One:
    service = draw_service(draw, words.OWN_SERVICE)
    services = _put(draw, account.services, words.OWN_SERVICE, service)
    if words.OWN_SERVICE not in services:
        account = _without_own_roles(account)
    return replace(account, services=services), ("Service", words.OWN_SERVICE)


def _without_own_roles(account: Account) -> Account:
    """What is left when the account's own service goes? Its custom roles go with it (the store refuses else)."""
    kept = {name: role for name, role in account.roles.items() if role.service != words.OWN_SERVICE}
    resources = {name: one for name, one in account.resources.items() if f":{words.OWN_SERVICE}:" not in name}
    return replace(account, roles=kept, resources=resources)


def _account(draw: Draw, catalog: Mapping[str, Service], account: Account) -> One:
    owner = draw.pick(words.USERS)
    return replace(account, owner=owner, suspended=draw.chance(10)), ("Account", account.name)


def _put(draw: Draw, into: Mapping[str, Any], name: str, value: object) -> dict[str, Any]:
    """Which mapping is left when the value is put there or, one time in three, taken away?"""
    rest = {key: old for key, old in into.items() if key != name}
    return rest if name in into and draw.chance(33) else {**rest, name: value}


_CHANGES: tuple[Callable[[Draw, Mapping[str, Service], Account], One], ...] = (
    _policy,
    _policy,
    _group,
    _role,
    _principal,
    _resource,
    _project,
    _guardrail,
    _service,
    _account,
)
