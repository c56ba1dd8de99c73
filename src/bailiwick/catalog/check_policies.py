"""Policies and guardrails of an account against everything that they name.

A policy that could never match or grant anything is refused when it is written.
Implements docs/spec.md 3.8, 7.3, 7.4 and 7.7 for what can be known without a request.
"""

from __future__ import annotations

from bailiwick.catalog.check_enterprises import check_node
from bailiwick.catalog.check_scopes import (
    Shape,
    action_meets,
    check_scope,
    role_grants,
    services_of,
    shape_of,
)
from bailiwick.catalog.check_world import ObjectNotes, World, check_window
from bailiwick.catalog.places import Path
from bailiwick.catalog.rights import matching_actions
from bailiwick.model.policies import SCOPE_ATTRIBUTES, Guardrail, Policy
from bailiwick.model.services import IAM, Right, Role, Service


def check_policy(policy: Policy, notes: ObjectNotes, world: World) -> None:
    """Does everything that the policy names exist, and does every role of it do something there?"""
    check_window(policy.window, (), notes)
    for index, subject in enumerate(policy.subjects):
        world.check_reference(subject, ("subjects", index), notes)
    before = len(notes.findings)
    check_scope(policy.scope, ("scope",), notes, world)
    is_scope_fine = len(notes.findings) == before
    services = services_of(policy.scope, world)
    for index, name in enumerate(policy.roles):
        path = ("roles", index)
        meanings = _meanings(name, services, world)
        if not meanings:
            _note_unknown_role(name, path, services, notes, world)
            continue
        if policy.effect == "deny":
            _check_deny(meanings, path, notes)
        if is_scope_fine:
            _check_does_something(meanings, path, shape_of(policy.scope), notes, world)


def check_guardrail(guardrail: Guardrail, notes: ObjectNotes, world: World) -> None:
    """Does everything that the guardrail names exist, and can each of its actions meet its scope?"""
    check_window(guardrail.window, (), notes)
    check_node(guardrail, notes, world)
    before = len(notes.findings)
    check_scope(guardrail.scope, ("scope",), notes, world)
    is_scope_fine = len(notes.findings) == before
    services = services_of(guardrail.scope, world)
    shape = shape_of(guardrail.scope)
    for index, pattern in enumerate(guardrail.except_actions):
        _check_known_action(pattern, ("except_actions", index), services, notes, world)
    for index, pattern in enumerate(guardrail.actions):
        path = ("actions", index)
        if pattern in guardrail.except_actions or "*" in guardrail.except_actions:
            notes.add(path, f"`{pattern}` is excepted whole", "it would deny nothing")
        elif not _check_known_action(pattern, path, services, notes, world):
            continue
        elif is_scope_fine and services and not _can_meet(pattern, services, shape, world):
            notes.add(
                path, f"`{pattern}` is never decided on what the scope constrains", "it would deny nothing"
            )


def _check_known_action(
    pattern: str, path: Path, services: tuple[Service, ...], notes: ObjectNotes, world: World
) -> bool:
    """Does the pattern name any action of these services, or one of `iam` that is asked over them?"""
    owners = [*services, *_spanning_owner(pattern, services, world)]
    if not services or any(matching_actions(Right(owner.name, (pattern,)), owner) for owner in owners):
        return True
    ids = {id for owner in owners for id in owner.actions}
    notes.add(path, f"unknown action `{pattern}`", world.nearest(pattern, ids))
    return False


def _spanning_owner(pattern: str, services: tuple[Service, ...], world: World) -> tuple[Service, ...]:
    iam = world.services.get(IAM)
    return (iam,) if iam is not None and iam not in services and pattern.startswith(f"{IAM}.") else ()


def _can_meet(pattern: str, services: tuple[Service, ...], shape: Shape, world: World) -> bool:
    """Can any action of this pattern, over resources of any of the services, meet the scope? (rule 7.7)"""
    iam = world.services.get(IAM)
    for service in services:
        own = matching_actions(Right(service.name, (pattern,)), service)
        if any(action_meets(action, service, service, shape, world) for action in own):
            return True
        if iam is None or not pattern.startswith(f"{IAM}."):
            continue
        spanning = (a for a in matching_actions(Right(IAM, (pattern,)), iam) if a.spans_services)
        if any(action_meets(action, iam, service, shape, world) for action in spanning):
            return True
    return False


def _meanings(name: str, services: tuple[Service, ...], world: World) -> list[tuple[Role, Service]]:
    """Which roles does the name mean, each for which service of the scope? (rule 3.8)"""
    found = ((world.find_role(name, service.name), service) for service in services)
    return [(role, service) for role, service in found if role is not None]


def _note_unknown_role(
    name: str, path: Path, services: tuple[Service, ...], notes: ObjectNotes, world: World
) -> None:
    if not services:
        return
    head, slash, bare = name.partition("/")
    if slash and head not in world.services:
        notes.add(path, f"unknown service `{head}` in role `{name}`", world.nearest(head, world.services))
        return
    among = [world.services[head]] if slash else list(services)
    wanted = bare if slash else name
    refusing = [service.name for service in among if wanted in service.unsupported_roles]
    if refusing:
        roles = f"use one of its roles: {_listed(_role_names(among[:1], world))}"
        notes.add(path, f"`{refusing[0]}` does not support the platform role `{wanted}`", roles)
        return
    elsewhere = [role.reference for role in world.catalog.roles_named(wanted, world.account)]
    help = world.nearest(wanted, _role_names(among, world))
    if elsewhere and not slash:
        help = f"there is {_listed(elsewhere)}: name its service in the scope, or write the full name"
    notes.add(path, f"unknown role `{name}`", help)


def _role_names(services: list[Service], world: World) -> list[str]:
    names = {service.name for service in services}
    custom = [role.name for role in world.account.roles.values() if role.service in names]
    return sorted({*custom, *(name for service in services for name in service.roles)})


def _check_deny(meanings: list[tuple[Role, Service]], path: Path, notes: ObjectNotes) -> None:
    for role, _ in meanings:
        if any(right.effect == "deny" for right in role.rights):
            help = "a deny policy turns every right of its roles into a deny: use a role without denies"
            notes.add(path, f"role `{role.reference}` has deny rights, which a deny policy cannot hold", help)
            return


def _check_does_something(
    meanings: list[tuple[Role, Service]], path: Path, shape: Shape, notes: ObjectNotes, world: World
) -> None:
    if any(role_grants(role, service, shape, world) for role, service in meanings):
        return
    role, service = meanings[0]
    help: str | None
    if role.service not in (service.name, IAM):
        help = f"the scope is on `{service.name}`: use one of that service's roles"
    elif not role.rights:
        help = f"role `{role.reference}` holds no rights"
    else:
        hindrance = _find_hindrance(meanings, shape, world)
        help = (
            f"none of its actions is decided on `{hindrance}`: leave `{hindrance}` out" if hindrance else None
        )
    notes.add(path, f"role `{role.reference}` grants nothing under this scope", help)


def _find_hindrance(meanings: list[tuple[Role, Service]], shape: Shape, world: World) -> str | None:
    """Which single constraint stands in the way?"""
    for attribute in SCOPE_ATTRIBUTES[1:]:
        if attribute not in shape.constrained:
            continue
        wider = shape.without(attribute)
        if any(role_grants(role, service, wider, world) for role, service in meanings):
            return attribute
    return None


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
