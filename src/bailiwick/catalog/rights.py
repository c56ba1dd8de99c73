"""Rights of roles: documents to values and back, and whether a right fits its service.

The same for roles of the catalog and custom roles of an account. Must not know other services than
the one that a right names. Implements docs/spec.md 3.5, 3.10 and 3.12 (grammar).
"""

from __future__ import annotations

import re

from bailiwick.catalog.places import Collector, Path
from bailiwick.catalog.reading import Fields
from bailiwick.errors import Invalid, did_you_mean
from bailiwick.model.conditions import format_condition
from bailiwick.model.names import parse_name, parse_type_name
from bailiwick.model.patterns import is_pattern, matches
from bailiwick.model.services import BUILT_IN_ATTRIBUTES, Action, ResourceType, Right, Service

RIGHT_FIELDS = ("service", "actions", "effect", "qualifier", "when", "level", "roles")

ASSIGN = "iam.role.assign"

_PATTERN = re.compile(r"[A-Za-z0-9*?][A-Za-z0-9._:*?-]*")


def parse_right(data: object, path: Path, notes: Collector, service: str) -> Right:
    """Which right does this document hold? `service` is the role's, taken where the right names none."""
    fields = Fields(data, path, notes, RIGHT_FIELDS)
    actions = fields.parsed_items("actions", parse_action_pattern)
    if not fields.data.get("actions"):
        notes.add(path, "missing field `actions`", "list at least one action or pattern")
    level = fields.choice("level", ("account",), "")
    return Right(
        service=fields.parsed("service", parse_type_name) or service,
        actions=actions,
        effect=fields.choice("effect", ("allow", "deny"), "allow"),
        qualifier=fields.parsed("qualifier", parse_name),
        when=fields.condition("when"),
        level=level or None,
        roles=fields.parsed_items("roles", parse_role_pattern) if fields.has("roles") else None,
    )


def format_right(right: Right, service: str) -> dict[str, object]:
    """Which document parses to this right of a role of `service`?"""
    out: dict[str, object] = {}
    if right.service != service:
        out["service"] = right.service
    out["actions"] = list(right.actions)
    if right.effect != "allow":
        out["effect"] = right.effect
    if right.qualifier is not None:
        out["qualifier"] = right.qualifier
    if right.when is not None:
        out["when"] = format_condition(right.when)
    if right.level is not None:
        out["level"] = right.level
    if right.roles is not None:
        out["roles"] = list(right.roles)
    return out


def parse_action_pattern(text: str, place: str) -> str:
    """Is this an action id, or a pattern of ids?"""
    if not _PATTERN.fullmatch(text) or len(text) > 256:
        help = "an action id holds letters, digits and `.`, `_`, `:`, `-`; a pattern `*` and `?` too"
        raise Invalid.at(place, f"`{text}` is no action", help)
    return text


def parse_role_pattern(text: str, place: str) -> str:
    """Is this a pattern of full role names, `service/name`?"""
    service, slash, name = text.partition("/")
    if not slash or not service or not name or "/" in name:
        raise Invalid.at(
            place, f"`{text}` is no full role name", "write `service/role`; `*` and `?` may stand in both"
        )
    return text


def matching_actions(right: Right, service: Service) -> list[Action]:
    """Which actions of the service does the right name?"""
    found: dict[str, Action] = {}
    for pattern in right.actions:
        if not is_pattern(pattern):
            action = service.actions.get(pattern)
            if action is not None:
                found[pattern] = action
            continue
        found.update((id, action) for id, action in service.actions.items() if matches(pattern, id))
    return list(found.values())


def check_right(right: Right, path: Path, notes: Collector, service: Service) -> None:
    """Does the right fit the service that it names? Its actions and qualifier exist and can hold there."""
    for index, pattern in enumerate(right.actions):
        check_action(pattern, (*path, "actions", index), notes, service)
    if right.qualifier is not None:
        _check_qualifier(right, right.qualifier, path, notes, service)
    if right.roles is not None and all(action.id != ASSIGN for action in matching_actions(right, service)):
        notes.add(
            (*path, "roles"), f"`roles` says for which roles `{ASSIGN}` holds, which the right does not name"
        )


def check_action(pattern: str, path: Path, notes: Collector, service: Service) -> None:
    """Does this id or pattern name any action of the service?"""
    if not is_pattern(pattern):
        if pattern not in service.actions:
            notes.add(path, f"unknown action `{pattern}`", did_you_mean(pattern, service.actions))
    elif not any(matches(pattern, id) for id in service.actions):
        notes.add(
            path,
            f"pattern `{pattern}` matches no action of `{service.name}`",
            did_you_mean("", service.actions),
        )


def attributes_of(action: Action, service: Service) -> frozenset[str]:
    """Which of the built-in attributes may a decision on this action see? (rules 2.6, 3.1, 3.2)"""
    if action.resource_type is None:
        return frozenset(BUILT_IN_ATTRIBUTES) & (action.decided_on or frozenset())
    type = service.resource_types.get(action.resource_type, ResourceType(action.resource_type))
    own = type.attributes | {"project"} if type.stands_for_project else type.attributes
    return own if action.decided_on is None else own & action.decided_on


def _check_qualifier(right: Right, name: str, path: Path, notes: Collector, service: Service) -> None:
    qualifier = service.qualifiers.get(name)
    if qualifier is None:
        help = did_you_mean(name, service.qualifiers) or f"`{service.name}` has no qualifiers"
        notes.add((*path, "qualifier"), f"unknown qualifier `{name}`", help)
        return
    for index, pattern in enumerate(right.actions):
        named = matching_actions(Right(service.name, (pattern,)), service)
        lacking = [
            a for a in named if not a.ignores_qualifiers and qualifier.needs - attributes_of(a, service)
        ]
        if not named or len(lacking) < len(named):
            continue
        missing = sorted(qualifier.needs - attributes_of(lacking[0], service))[0]
        notes.add(
            (*path, "actions", index),
            f"`{pattern}` never sees the attribute `{missing}` that the qualifier `{name}` needs",
            "leave the action or the qualifier out: together they grant nothing",
        )
