"""Makes a failing case small: leaves out whatever the failure does not need, over and over.

Knows nothing of Bailiwick but that its values are dataclasses, mappings and tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import Any, TypeVar

from bailiwick.model import conditions

T = TypeVar("T")


def minimise(value: T, fails: Callable[[T], bool], most_tries: int = 20_000) -> T:
    """Which smaller value still fails? `value` itself must."""
    tries = 0
    found = True
    while found:
        found = False
        for smaller in reductions(value):
            tries += 1
            if tries > most_tries:
                return value
            if fails(smaller):
                value, found = smaller, True
                break
    return value


def reductions(value: Any) -> Iterator[Any]:
    """Which values are one step simpler, the biggest steps first?"""
    if isinstance(value, conditions.All | conditions.Any):
        yield from value.items
    elif isinstance(value, conditions.Not):
        yield value.item
    if is_dataclass(value) and not isinstance(value, type):
        yield from _of_dataclass(value)
    elif isinstance(value, Mapping):
        yield from _of_mapping(value)
    elif isinstance(value, tuple):
        yield from _of_tuple(value)


def _of_dataclass(value: Any) -> Iterator[Any]:
    parts = fields(value)
    for part in parts:
        default = _default(part)
        if default is not MISSING and getattr(value, part.name) != default:
            yield replace(value, **{part.name: default})
    for part in parts:
        for smaller in reductions(getattr(value, part.name)):
            yield replace(value, **{part.name: smaller})


def _default(part: Field[Any]) -> Any:
    return part.default_factory() if part.default_factory is not MISSING else part.default


def _of_mapping(value: Mapping[Any, Any]) -> Iterator[Mapping[Any, Any]]:
    keys = list(value)
    half = len(keys) // 2
    if half:
        yield {key: value[key] for key in keys[:half]}
        yield {key: value[key] for key in keys[half:]}
    for left_out in keys:
        yield {key: value[key] for key in keys if key != left_out}
    for key in keys:
        for smaller in reductions(value[key]):
            yield {**value, key: smaller}


def _of_tuple(value: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if len(value) > 1:
        for index in range(len(value)):
            yield (*value[:index], *value[index + 1 :])
    for index, item in enumerate(value):
        for smaller in reductions(item):
            yield (*value[:index], smaller, *value[index + 1 :])
