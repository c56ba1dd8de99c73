"""The same world with every mapping, and every list whose order says nothing, in another order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")

# WHY: `requires` names the first missing one, `path` and `chain` run from one end to the other; these keep order.
_ORDERED = frozenset({"requires", "path", "chain"})


def reorder(value: T, random: Random) -> T:
    """Which equal value has everything that has no order in another one?"""
    again: T = _reordered(value, random)
    return again


def _reordered(value: Any, random: Random) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        parts = {part.name: getattr(value, part.name) for part in fields(value)}
        return replace(value, **{name: _part(name, part, random) for name, part in parts.items()})
    if isinstance(value, Mapping):
        return {key: _reordered(value[key], random) for key in _shuffled(list(value), random)}
    if isinstance(value, tuple) and not all(isinstance(item, str) for item in value):
        return tuple(_reordered(item, random) for item in value)
    return value


def _part(name: str, part: Any, random: Random) -> Any:
    if name in _ORDERED:
        return part
    if isinstance(part, tuple):
        return tuple(_reordered(item, random) for item in _shuffled(part, random))
    return _reordered(part, random)


def _shuffled(items: Sequence[Any], random: Random) -> list[Any]:
    return random.sample(items, len(items))
