"""How a failing case is written down: YAML, without what is left at its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum

import yaml

from bailiwick.model.conditions import All, Any, Comparison, Not, format_condition


def format_document(value: object) -> str:
    """How is any value of the model written as YAML?"""
    return yaml.safe_dump(plain(value), sort_keys=False, allow_unicode=True, width=110)


def plain(value: object) -> object:
    """Which plain data does the value hold?"""
    if isinstance(value, All | Any | Not | Comparison):
        return plain(format_condition(value))
    if is_dataclass(value) and not isinstance(value, type):
        parts = {
            part.name: getattr(value, part.name) for part in fields(value) if not _has_default(part, value)
        }
        return {name: plain(part) for name, part in parts.items()}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(str(item) for item in value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _has_default(part: Field[object], value: object) -> bool:
    default = part.default_factory() if part.default_factory is not MISSING else part.default
    return bool(getattr(value, part.name) == default)
