"""Scopes and windows of policies and guardrails: documents to values and back.

Implements docs/spec.md 4.1, 4.4 and 1.7 (grammar). Whether what is named exists is `checks`' question.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bailiwick.catalog.reading import Fields, format_instant
from bailiwick.errors import Invalid
from bailiwick.model.names import (
    MAX_NAME_LENGTH,
    ResourceName,
    format_resource_name,
    parse_path,
    parse_type_name,
)
from bailiwick.model.patterns import is_pattern
from bailiwick.model.policies import SCOPE_ATTRIBUTES, Scope, Window

WINDOW_FIELDS = ("starts_at", "expires_at")
STATES = ("enabled", "disabled")

T = TypeVar("T")

_PARSERS = {"service": parse_type_name, "type": parse_type_name}


def parse_scope(fields: Fields, field: str = "scope") -> Scope:
    """Which scope does the field hold? None written: everything but `iam`."""
    value = fields.data.get(field)
    if value is None:
        return Scope()
    inner = Fields(value, fields.at(field), fields.notes, SCOPE_ATTRIBUTES)
    texts = {
        name: _alternatives(inner, name, _PARSERS.get(name, parse_pattern))
        for name in SCOPE_ATTRIBUTES
        if name != "within" and inner.has(name)
    }
    within = _alternatives(inner, "within", parse_node) if inner.has("within") else None
    for needy, needed in (("id", "type"), ("type", "service")):
        if inner.has(needy) and not inner.has(needed):
            fields.notes.add(
                inner.at(needy), f"`{needy}` needs `{needed}`", f"name the {needed} in the scope too"
            )
    return Scope(**texts, within=within)


def format_scope(scope: Scope) -> dict[str, object]:
    """Which document parses to this scope?"""
    out: dict[str, object] = {}
    for name in SCOPE_ATTRIBUTES[:-1]:
        values: tuple[str, ...] | None = getattr(scope, name)
        if values is not None:
            out[name] = _shortest(values)
    if scope.within is not None:
        out["within"] = _shortest(tuple(format_node(node) for node in scope.within))
    return out


def parse_window(fields: Fields) -> Window:
    """Which window do `starts_at` and `expires_at` describe?"""
    return Window(fields.instant("starts_at"), fields.instant("expires_at"))


def format_window(window: Window) -> dict[str, object]:
    """Which fields parse to this window?"""
    ends = {"starts_at": window.starts_at, "expires_at": window.expires_at}
    return {field: format_instant(end) for field, end in ends.items() if end is not None}


def parse_pattern(text: str, place: str) -> str:
    """Is this a value or a pattern of values?"""
    if not text or len(text) > MAX_NAME_LENGTH:
        raise Invalid.at(place, f"expected a value or a pattern of 1 to {MAX_NAME_LENGTH} characters")
    return text


def parse_node(text: str, place: str) -> tuple[str, str]:
    """Which one resource does `type/id` name? Its id is percent-encoded as in resource names."""
    path = parse_path(text, place)
    if len(path) != 1:
        raise Invalid.at(place, f"`{text}` names {len(path)} resources, expected one `type/id`")
    if is_pattern(text):
        raise Invalid.at(
            place, f"`{text}` is a pattern, expected one `type/id`", "use `type` and `id` for patterns"
        )
    return path[0]


def format_node(node: tuple[str, str]) -> str:
    """Which `type/id` names this resource?"""
    return format_resource_name(ResourceName("a", "s", "", "", (node,))).rsplit(":", 1)[1]


def _alternatives(fields: Fields, name: str, parse: Callable[[str, str], T]) -> tuple[T, ...]:
    """Which alternatives does the constraint list? One value stands for a list of one."""
    if not isinstance(fields.data[name], list | tuple):
        value = fields.parsed(name, parse)
        return () if value is None else (value,)
    if not fields.data[name]:
        fields.notes.add(
            fields.at(name), "expected at least one value, got an empty list", "leave it out for any"
        )
    return fields.parsed_items(name, parse)


def _shortest(values: tuple[str, ...]) -> object:
    return values[0] if len(values) == 1 else list(values)
