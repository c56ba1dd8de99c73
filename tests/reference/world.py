"""What a question is asked in: the services and the account, and what follows from them without a request.

Implements docs/spec.md 1.2 to 1.7 and 3.8 to 3.11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.reference.patterns import fits, has_wildcard

from bailiwick.model.accounts import Account, Principal
from bailiwick.model.names import ANONYMOUS, EVERYONE, MEMBERS
from bailiwick.model.policies import Window
from bailiwick.model.services import IAM, Action, Right, Role, Service


@dataclass(frozen=True)
class World:
    """Which services and which account are asked about?"""

    services: Mapping[str, Service]
    account: Account

    @classmethod
    def of(cls, services: Mapping[str, Service], account: Account) -> World:
        """Which world do a catalog and an account make? A system service keeps its name (1.2)."""
        return cls({**account.services, **services}, account)


@dataclass(frozen=True)
class Asked:
    """Which action of which service, over a resource (or cell) of which service?"""

    service: str
    action: Action
    resource_service: str

    @property
    def spans(self) -> bool:
        """Is it an action of `iam` that is asked over any service (3.4)?"""
        return self.service == IAM and self.action.spans_services


def holds(window: Window, now: float) -> bool:
    """Is it `starts_at <= now < expires_at` (1.7)?"""
    has_begun = window.starts_at is None or window.starts_at <= now
    return has_begun and (window.expires_at is None or now < window.expires_at)


def stored_principal(world: World, reference: str) -> Principal | None:
    """Which stored principal is it?"""
    return next((one for one in world.account.principals.values() if one.reference == reference), None)


def is_known(world: World, reference: str) -> bool:
    """Is there such a principal (1.3)?"""
    kind, _, name = reference.partition(":")
    if kind == "service":
        return name in world.services
    return reference == ANONYMOUS or stored_principal(world, reference) is not None


def is_disabled(world: World, reference: str) -> bool:
    """Is it a stored principal that is disabled?"""
    stored = stored_principal(world, reference)
    return stored is not None and stored.disabled


def groups_of(world: World, reference: str, now: float | None) -> frozenset[str]:
    """Which stored groups contain the principal (1.4), as `group:…`? Without `now`, whatever the windows."""
    within = {reference}
    while True:
        found = {
            f"group:{group.name}"
            for group in world.account.groups.values()
            for membership in group.members
            if membership.member in within and (now is None or holds(membership.window, now))
        }
        if found <= within:
            return frozenset(within - {reference})
        within |= found


def built_in_groups_of(world: World, reference: str) -> frozenset[str]:
    """Which built-in groups hold the principal (1.5)?"""
    stored = stored_principal(world, reference)
    is_member = (
        stored is not None
        and not stored.disabled
        and reference.split(":", maxsplit=1)[0] in ("user", "service-id")
    )
    return frozenset({EVERYONE, MEMBERS} if is_member else {EVERYONE})


def subjects_of(world: World, reference: str, now: float) -> frozenset[str]:
    """As whom may policies name the principal (1.6)?"""
    return groups_of(world, reference, now) | built_in_groups_of(world, reference) | {reference}


def find_role(world: World, service: str, name: str) -> Role | None:
    """Which role has this name in this service: the account's own, else the catalog's (3.8)?"""
    for custom in world.account.roles.values():
        if custom.service == service and custom.name == name:
            return custom
    return world.services[service].roles.get(name) if service in world.services else None


def roles_meant(world: World, name: str) -> Iterator[Role]:
    """Which roles can this name mean? `service/name` one; a bare name one in each service (3.8)."""
    service, slash, bare = name.partition("/")
    for each in [service] if slash else sorted(world.services):
        role = find_role(world, each, bare if slash else name)
        if role is not None:
            yield role


def names_action(right: Right, service: str, action: str) -> bool:
    """Does the right name this action of this service (3.5)?"""
    return right.service == service and any(fits(pattern, action) for pattern in right.actions)


def rights_reaching(world: World, role_name: str, asked: Asked) -> Iterator[tuple[Right, str]]:
    """Which rights of the role reach the action, and with which service is the scope's compared (3.9)?"""
    is_bare = "/" not in role_name
    for role in roles_meant(world, role_name):
        for right in role.rights:
            if not names_action(right, asked.service, asked.action.id):
                continue
            is_over_its_service = role.service == asked.resource_service
            if right.service == role.service:
                if is_over_its_service or not is_bare:
                    yield right, asked.resource_service
            elif not asked.spans:
                yield right, role.service
            elif is_over_its_service:
                yield right, asked.resource_service


def catalog_roles(world: World) -> Iterator[Role]:
    """Which roles do the services themselves offer?"""
    for service in world.services.values():
        yield from service.roles.values()


def has_allow_right(role: Role, service: str, action: str) -> bool:
    """Does the role hold this action?"""
    return any(right.effect == "allow" and names_action(right, service, action) for right in role.rights)


def is_explicit(world: World, role: Role) -> bool:
    """Is it marked `grant: explicit`, or custom with an action that only such roles hold (3.11)?"""
    if role.explicit or not role.custom:
        return role.explicit
    return any(_is_held_explicitly_only(world, role, *each) for each in _every_action(world))


def _every_action(world: World) -> Iterator[tuple[str, str]]:
    for service in world.services.values():
        for action in service.actions:
            yield service.name, action


def _is_held_explicitly_only(world: World, role: Role, service: str, action: str) -> bool:
    if not has_allow_right(role, service, action):
        return False
    holders = [each for each in catalog_roles(world) if has_allow_right(each, service, action)]
    return bool(holders) and all(each.explicit for each in holders)


def is_implied_for_owner(world: World, service: str, action: str) -> bool:
    """Does the owner hold this action without any policy (7.2 g)?

    WHY: only roles of the catalog count, so that nothing in the account can widen what is implied.
    """
    if service == IAM:
        return True
    roles = world.services[service].roles.values()
    return any(not role.explicit and has_allow_right(role, service, action) for role in roles)


def role_is_listed(world: World, patterns: tuple[str, ...], reference: str) -> bool:
    """Is this role (`service/name`) among a right's `roles` (3.10)?"""
    service, _, name = reference.partition("/")
    role = find_role(world, service, name)
    if role is not None and is_explicit(world, role):
        return reference in patterns and not has_wildcard(reference)
    return any(fits(pattern, reference) for pattern in patterns)
