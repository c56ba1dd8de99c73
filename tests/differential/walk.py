"""Every value inside a value of the model, and whether its scopes are such as can be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from bailiwick.model.policies import Scope


def values_in(value: Any) -> Iterator[Any]:
    """Which values are anywhere in this one, itself included?"""
    yield value
    if is_dataclass(value):
        for part in fields(value):
            yield from values_in(getattr(value, part.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from values_in(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from values_in(item)


def has_sound_scopes(value: Any) -> bool:
    """Does every scope in it name a service with its types, and a type with its ids (docs/spec.md 4.4)?"""
    return all(
        (scope.id is None or scope.type is not None) and (scope.type is None or scope.service is not None)
        for scope in values_in(value)
        if isinstance(scope, Scope)
    )
