"""Roles of a service: documents to values and back, platform roles that follow from access levels,
and what every service's Administrator holds besides.

Implements docs/spec.md 3.5 to 3.7.
"""

from __future__ import annotations

from collections.abc import Mapping

from bailiwick.catalog.places import Path
from bailiwick.catalog.reading import Fields
from bailiwick.catalog.rights import format_right, parse_action_pattern, parse_right
from bailiwick.model.names import parse_name
from bailiwick.model.services import ACCESS_LEVELS, IAM, PLATFORM_ROLES, Action, Right, Role

ROLE_KINDS = ("platform", "service")
ADMINISTRATOR = "Administrator"

_ROLE_FIELDS = ("name", "kind", "title", "description", "held_by", "grant", "rights", "actions")
_LEVELS: Mapping[str, tuple[str, ...]] = {
    "Viewer": ("list", "read"),
    "Operator": ("list", "read", "use", "write"),
    "Editor": ("list", "read", "use", "write", "create", "delete"),
    ADMINISTRATOR: ACCESS_LEVELS,
}
_DESCRIPTIONS: Mapping[str, str] = {
    "Viewer": "Lists and reads.",
    "Operator": "Lists, reads, uses and changes what is there.",
    "Editor": "Lists, reads, uses, changes, creates and deletes.",
    ADMINISTRATOR: "Does everything, and gives others access to the service.",
}


def parse_roles(fields: Fields, service: str) -> tuple[dict[str, Role], dict[str, Path]]:
    """Which roles does the entry list, and where does each stand?"""
    out: dict[str, Role] = {}
    paths: dict[str, Path] = {}
    for data, path in fields.items("roles"):
        role = _parse_role(Fields(data, path, fields.notes, _ROLE_FIELDS), service)
        if role is None:
            continue
        if role.name in out:
            fields.notes.add((*path, "name"), f"duplicate role `{role.name}`")
        out[role.name], paths[role.name] = role, path
    return out, paths


def derive_platform_roles(
    service: str, actions: Mapping[str, Action], unsupported: frozenset[str]
) -> dict[str, Role]:
    """Which platform roles follow from the access levels of the actions? (rule 3.6)"""
    out = {}
    for name in PLATFORM_ROLES:
        if name in unsupported:
            continue
        held = tuple(action.id for action in actions.values() if action.access in _LEVELS[name])
        rights = (Right(service, held),) if held else ()
        out[name] = Role(service, name, "platform", rights, description=_DESCRIPTIONS[name])
    return out


def implied_rights(service: str) -> tuple[Right, ...]:
    """What does the Administrator of this service hold besides? Nothing in `iam` itself. (rule 3.7)"""
    if service == IAM:
        return ()
    return (
        Right(IAM, ("iam.policy.*",)),
        Right(IAM, ("iam.role.assign",), roles=(f"{service}/*",)),
        Right(IAM, ("iam.user.invite", "iam.service-id.create"), level="account"),
        Right(IAM, ("iam.service-id.delete",), level="account", qualifier="mine"),
    )


def format_role(role: Role) -> dict[str, object]:
    """Which document parses to this role of the catalog? What is implied is left out."""
    out: dict[str, object] = {"name": role.name, "kind": role.kind}
    for field in ("title", "description", "held_by"):
        if getattr(role, field):
            out[field] = getattr(role, field)
    if role.explicit:
        out["grant"] = "explicit"
    implied = implied_rights(role.service) if role.name == ADMINISTRATOR else ()
    out["rights"] = [format_right(right, role.service) for right in role.rights if right not in implied]
    return out


def _parse_role(fields: Fields, service: str) -> Role | None:
    fields.require("name", "kind")
    name = fields.parsed("name", parse_name)
    rights = tuple(parse_right(data, path, fields.notes, service) for data, path in fields.items("rights"))
    if fields.has("actions"):
        rights = (*rights, Right(service, fields.parsed_items("actions", parse_action_pattern)))
    if name is None:
        return None
    kind = fields.choice("kind", ROLE_KINDS, "service")
    if name in PLATFORM_ROLES and kind != "platform":
        fields.notes.add(fields.at("kind"), f"`{name}` is a platform role", "write `kind: platform`")
    return Role(
        service=service,
        name=name,
        kind=kind,
        rights=rights,
        explicit=fields.choice("grant", ("explicit",), "") == "explicit",
        title=fields.text("title"),
        description=fields.text("description"),
        held_by=fields.text("held_by"),
    )
