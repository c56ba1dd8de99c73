"""Properties and tags: what an account says freely of principals and resources.

Text, numbers, booleans, lists of text and mappings of these. Implements docs/spec.md 2.7 to 2.9 (grammar).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from bailiwick.catalog.places import Collector, Path
from bailiwick.catalog.reading import Fields, format_value, is_text
from bailiwick.catalog.scalars import MAX_INTEGER
from bailiwick.model.accounts import Property

MAX_PROPERTY_DEPTH = 8
_MAX_KEY_LENGTH = 256


def parse_properties(fields: Fields, field: str = "properties") -> dict[str, Property]:
    """Which properties does the field hold?"""
    return _parse_mapping(list(fields.entries(field)), fields.notes, 1)


def format_property(value: Property) -> object:
    """Which document parses to this property?"""
    match value:
        case Mapping():
            return {name: format_property(item) for name, item in value.items()}
        case tuple():
            return list(value)
        case _:
            return value


def parse_tags(fields: Fields, field: str = "tags") -> dict[str, str]:
    """Which tags does the field hold? Texts by name."""
    return {
        name: value
        for name, value, path in fields.entries(field)
        if _is_key(name, path, fields.notes) and is_text(value, path, fields.notes)
    }


def _parse_mapping(
    entries: list[tuple[str, object, Path]], notes: Collector, depth: int
) -> dict[str, Property]:
    out: dict[str, Property] = {}
    for name, value, path in entries:
        if _is_key(name, path, notes) and "." in name:
            notes.add(
                path, f"property `{name}` holds a `.`", "conditions read `a.b` as `b` within `a`: nest it"
            )
        parsed = _parse_property(value, path, notes, depth)
        if parsed is not None:
            out[name] = parsed
    return out


def _parse_property(value: object, path: Path, notes: Collector, depth: int) -> Property | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if abs(value) <= MAX_INTEGER or (isinstance(value, float) and math.isfinite(value)):
            return value
        notes.add(path, f"number {format_value(value)} is out of range")
        return None
    if isinstance(value, list | tuple):
        inner = Fields({"list": value}, path[:-1], notes, ("list",))
        return tuple(item for item, _ in inner.items("list") if is_text(item, path, notes))
    if isinstance(value, Mapping):
        if depth == MAX_PROPERTY_DEPTH:
            notes.add(path, f"properties are nested deeper than {MAX_PROPERTY_DEPTH}")
            return None
        inner = Fields({"mapping": value}, path[:-1], notes, ("mapping",))
        return _parse_mapping([(n, v, (*path, n)) for n, v, _ in inner.entries("mapping")], notes, depth + 1)
    return value if is_text(value, path, notes) else None


def _is_key(name: str, path: Path, notes: Collector) -> bool:
    if 0 < len(name) <= _MAX_KEY_LENGTH:
        return True
    notes.add(path[:-1], f"expected a key of 1 to {_MAX_KEY_LENGTH} characters, got {len(name)}")
    return False
