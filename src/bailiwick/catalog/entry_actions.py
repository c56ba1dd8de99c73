"""Actions and operations of a service: documents to values and back.

Implements docs/spec.md 3.1, 3.3, 3.4 and 3.13 (grammar).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bailiwick.catalog.citations import format_citations, parse_citations
from bailiwick.catalog.places import Collector, Path
from bailiwick.catalog.reading import Fields, format_value
from bailiwick.errors import Invalid, did_you_mean
from bailiwick.model.services import ACCESS_LEVELS, IAM, Action, Operation, ResourceType

DECIDED_ON = (
    "region",
    "instance",
    "project",
    "type",
    "id",
    "within",
    "owner",
    "groups",
    "budget",
    "tags",
    "properties",
)
OPERATION_KINDS = ("command", "api", "console")
OPERATION_SIDES = ("source", "target")
MAX_ACTIONS = 5000

_ACTION_FIELDS = (
    "id", "title", "resource_type", "access", "source", "decided_on", "ignores_qualifiers", "requires",
    "takes_into_project", "depends_on", "spans_services", "description",
)  # fmt: skip
_OPERATION_FIELDS = ("id", "title", "kind", "actions", "source", "performed_by", "discontinued")
_ACTION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,255}")
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def parse_actions(
    fields: Fields, service: str, types: Mapping[str, ResourceType], *, folded: bool
) -> dict[str, Action]:
    """Which actions does the entry define? `folded`: ids that differ in case only are the same."""
    out: dict[str, Action] = {}
    paths: dict[str, Path] = {}
    seen: set[str] = set()
    for data, path in fields.items("actions", most=MAX_ACTIONS):
        action = _parse_action(Fields(data, path, fields.notes, _ACTION_FIELDS), service, types)
        if action is None:
            continue
        key = action.id.casefold() if folded else action.id
        if key in seen:
            fields.notes.add((*path, "id"), f"duplicate action `{action.id}`")
        seen.add(key)
        out[action.id], paths[action.id] = action, path
    _check_requires(out, paths, fields.notes)
    return out


def format_action(action: Action) -> dict[str, object]:
    """Which document parses to this action?"""
    out: dict[str, object] = {"id": action.id}
    if action.title:
        out["title"] = action.title
    if action.resource_type is not None:
        out["resource_type"] = action.resource_type
    out["access"] = action.access
    if action.source:
        out["source"] = format_citations(action.source)
    if action.decided_on is not None:
        out["decided_on"] = [word for word in DECIDED_ON if word in action.decided_on]
    for flag in ("ignores_qualifiers", "takes_into_project", "spans_services"):
        if getattr(action, flag):
            out[flag] = True
    for words in ("requires", "depends_on"):
        if getattr(action, words):
            out[words] = list(getattr(action, words))
    if action.description:
        out["description"] = action.description
    return out


def parse_operations(fields: Fields, actions: Mapping[str, Action]) -> dict[str, Operation]:
    """Which operations does the entry define?"""
    out: dict[str, Operation] = {}
    for data, path in fields.items("operations", most=MAX_ACTIONS):
        operation = _parse_operation(Fields(data, path, fields.notes, _OPERATION_FIELDS), actions)
        if operation is None:
            continue
        if operation.id in out:
            fields.notes.add((*path, "id"), f"duplicate operation `{operation.id}`")
        out[operation.id] = operation
    return out


def format_operation(operation: Operation) -> dict[str, object]:
    """Which document parses to this operation?"""
    out: dict[str, object] = {"id": operation.id}
    if operation.title:
        out["title"] = operation.title
    out["kind"] = operation.kind
    out["actions"] = [{"action": action, "on": side} for action, side in operation.actions]
    if operation.source:
        out["source"] = format_citations(operation.source)
    if operation.performed_by:
        out["performed_by"] = operation.performed_by
    if operation.discontinued:
        ended = {"date": operation.discontinued}
        out["discontinued"] = {**ended, "successor": operation.successor} if operation.successor else ended
    return out


def _parse_action(fields: Fields, service: str, types: Mapping[str, ResourceType]) -> Action | None:
    fields.require("id", "access")
    id = fields.parsed("id", _parse_action_id)
    type = fields.text("resource_type") or None
    if type is not None and type not in types:
        fields.notes.add(
            fields.at("resource_type"), f"unknown resource type `{type}`", did_you_mean(type, types)
        )
    if id is not None and service != IAM:
        _check_not_iam(id, fields)
    if id is None:
        return None
    return Action(
        id=id,
        title=fields.text("title"),
        access=fields.choice("access", ACCESS_LEVELS, "permissions"),
        resource_type=type,
        source=parse_citations(fields),
        decided_on=frozenset(fields.words("decided_on", DECIDED_ON, "attribute"))
        if fields.has("decided_on")
        else None,
        ignores_qualifiers=fields.flag("ignores_qualifiers"),
        requires=fields.texts("requires"),
        takes_into_project=fields.flag("takes_into_project"),
        depends_on=fields.texts("depends_on"),
        spans_services=fields.flag("spans_services"),
        description=fields.text("description"),
    )


def _check_not_iam(id: str, fields: Fields) -> None:
    # SECURITY: a service's own action comes before one of iam that spans services (rule 7.2 a), so an
    # action of that name would stand in its place.
    if id.startswith(f"{IAM}."):
        fields.notes.add(
            fields.at("id"), f"action `{id}` begins with `{IAM}.`", f"only `{IAM}` defines such actions"
        )
    if fields.data.get("spans_services"):
        fields.notes.add(fields.at("spans_services"), f"only actions of `{IAM}` span services")


def _parse_action_id(text: str, place: str) -> str:
    if not _ACTION_ID.fullmatch(text):
        help = "an action id holds letters, digits and `.`, `_`, `:`, `-`, at most 256 of them"
        raise Invalid.at(place, f"`{text}` is no action id", help)
    return text


def _check_requires(actions: Mapping[str, Action], paths: Mapping[str, Path], notes: Collector) -> None:
    for action in actions.values():
        for index, required in enumerate(action.requires):
            path = (*paths[action.id], "requires", index)
            other = actions.get(required)
            if other is None:
                notes.add(path, f"unknown action `{required}`", did_you_mean(required, actions))
            elif other.resource_type != action.resource_type:
                expected = f"`{action.resource_type}`" if action.resource_type else "no resource type"
                notes.add(
                    path,
                    f"required action `{required}` is asked of another resource type, expected {expected}",
                )
    for cycle in _find_cycles(actions):
        path = (*paths[cycle[0]], "requires")
        notes.add(path, f"actions require each other: {' → '.join(f'`{id}`' for id in cycle)}")


def _find_cycles(actions: Mapping[str, Action]) -> list[list[str]]:
    """Which actions require themselves in the end? One path for each cycle found."""
    cycles: list[list[str]] = []
    done: set[str] = set()
    for start in actions:
        trail = [start]
        pending = [iter(actions[start].requires)] if start not in done else []
        while pending:
            step = next(pending[-1], None)
            if step is None:
                pending.pop()
                done.add(trail.pop())
            elif step in trail:
                cycles.append([*trail[trail.index(step) :], step])
            elif step in actions and step not in done:
                trail.append(step)
                pending.append(iter(actions[step].requires))
    return cycles


def _parse_operation(fields: Fields, actions: Mapping[str, Action]) -> Operation | None:
    fields.require("id", "kind")
    id = fields.text("id", most=256)
    ended = None
    if fields.has("discontinued"):
        ended = Fields(
            fields.data["discontinued"], fields.at("discontinued"), fields.notes, ("date", "successor")
        )
        ended.require("date")
    if not id:
        return None
    return Operation(
        id=id,
        title=fields.text("title"),
        kind=fields.choice("kind", OPERATION_KINDS, "command"),
        actions=_parse_needs(fields, actions),
        source=parse_citations(fields),
        performed_by=fields.text("performed_by"),
        discontinued=(ended.parsed("date", _parse_date) or "") if ended else "",
        successor=ended.text("successor") if ended else "",
    )


def _parse_needs(fields: Fields, actions: Mapping[str, Action]) -> tuple[tuple[str, str], ...]:
    out: dict[tuple[str, str], None] = {}
    for data, path in fields.items("actions"):
        need = Fields(data, path, fields.notes, ("action", "on"))
        need.require("action")
        action = need.text("action")
        if action and action not in actions:
            fields.notes.add((*path, "action"), f"unknown action `{action}`", did_you_mean(action, actions))
        key = action, need.choice("on", OPERATION_SIDES, "target")
        if key in out:
            fields.notes.add(path, f"duplicate `{action}` on {format_value(key[1])}")
        out[key] = None
    return tuple(out)


def _parse_date(text: str, place: str) -> str:
    if not _DATE.fullmatch(text):
        raise Invalid.at(place, f"expected a date, got `{text}`", "write it as 2027-01-31")
    return text
