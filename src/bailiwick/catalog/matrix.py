"""The matrix of a service: which role holds which action, as the documents print it.

Pure. Deny rights take nothing away here: shipped roles have none.
"""

from __future__ import annotations

from typing import Any

from bailiwick.model.patterns import matches
from bailiwick.model.services import PLATFORM_ROLES, Role, Service


def held_actions(service: Service, role: Role) -> tuple[str, ...]:
    """Which of the service's own actions does the role hold, in the service's order?"""
    patterns = [
        pattern
        for right in role.rights
        if right.effect == "allow" and right.service == service.name
        for pattern in right.actions
    ]
    return tuple(
        action for action in service.actions if any(matches(pattern, action) for pattern in patterns)
    )


def ordered_roles(service: Service) -> list[Role]:
    """Platform roles first, in their usual order, then the service's own in the catalog's."""

    def place(role: Role) -> int:
        return PLATFORM_ROLES.index(role.name) if role.name in PLATFORM_ROLES else len(PLATFORM_ROLES)

    return sorted(service.roles.values(), key=place)


def role_matrix(service: Service) -> dict[str, Any]:
    """Roles and actions of a service, each action with the roles that hold it, as plain data."""
    held = {role.name: held_actions(service, role) for role in ordered_roles(service)}
    return {
        "service": service.name,
        "roles": [
            {"name": role.name, "kind": role.kind, "explicit": role.explicit, "description": role.description}
            for role in ordered_roles(service)
        ],
        "actions": [
            {"id": a.id, "title": a.title, "access": a.access, "roles": [n for n in held if a.id in held[n]]}
            for a in service.actions.values()
        ],
    }
