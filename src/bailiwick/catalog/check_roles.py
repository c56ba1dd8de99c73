"""Custom roles and an account's own services against the catalog.

Implements docs/spec.md 1.2, 3.5, 3.8 and 3.10 for what can be known without a request.
"""

from __future__ import annotations

from bailiwick.catalog.check_world import ObjectNotes, World
from bailiwick.catalog.rights import check_right
from bailiwick.model.patterns import is_pattern, matches
from bailiwick.model.services import PLATFORM_ROLES, Right, Role, Service


def check_role(role: Role, notes: ObjectNotes, world: World) -> None:
    """Does everything that the custom role names exist, and is its name its own?"""
    service = world.services.get(role.service)
    if service is None:
        notes.add(
            ("service",), f"unknown service `{role.service}`", world.nearest(role.service, world.services)
        )
        return
    if role.name in service.roles:
        notes.add(("name",), f"`{role.service}` has a role `{role.name}` already", "choose another name")
    elif role.name in PLATFORM_ROLES:
        notes.add(("name",), f"`{role.name}` is the name of a platform role", "choose another name")
    if not role.rights:
        notes.add(("rights",), "the role holds no rights", "list at least one right")
    for index, right in enumerate(role.rights):
        path = ("rights", index)
        if right.service != role.service:
            message = f"a role of `{role.service}` cannot name service `{right.service}`"
            notes.add((*path, "service"), message, "make a role for each service")
            continue
        check_right(right, path, notes, service)
        _check_role_patterns(right, index, notes, world)


def check_own_service(service: Service, notes: ObjectNotes, world: World) -> None:
    """Is the service's name free?"""
    if service.name in world.catalog:
        notes.add(("name",), f"`{service.name}` is a service of the system", "choose another name")


def _check_role_patterns(right: Right, index: int, notes: ObjectNotes, world: World) -> None:
    for position, pattern in enumerate(right.roles or ()):
        path = ("rights", index, "roles", position)
        head, _, name = pattern.partition("/")
        if not is_pattern(pattern):
            if head not in world.services:
                notes.add(
                    path, f"unknown service `{head}` in role `{pattern}`", world.nearest(head, world.services)
                )
            elif world.find_role(name, head) is None:
                notes.add(path, f"unknown role `{pattern}`", world.nearest(name, world.services[head].roles))
        elif not any(matches(pattern, reference) for reference in world.role_references):
            notes.add(path, f"pattern `{pattern}` matches no role", "write `service/role`, such as `ims/*`")
