"""Whom the laws are asked of, and the seeded worlds in which they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from tests import reference
from tests.differential.show import format_document
from tests.differential.worlds import GeneratedWorld, seeded_world

from bailiwick.engine import compile_account, decide, decide_over
from bailiwick.model.conditions import Comparison
from bailiwick.model.requests import AuthorityQuestion, Decision, Request

T = TypeVar("T")
Judge = Callable[[Request], Decision]
Evaluator = Callable[[GeneratedWorld], Judge]


def by_reference(world: GeneratedWorld) -> Judge:
    """How does the reference decide in this world?"""
    return lambda request: reference.decide(world.services, world.account, request)


def by_engine(world: GeneratedWorld) -> Judge:
    """How does the engine decide in this world?"""
    compiled = compile_account(world.services, world.account)
    return lambda request: decide(compiled, request)


def engine_holds(world: GeneratedWorld) -> Callable[[AuthorityQuestion], bool]:
    """How does the engine answer questions of authority in this world?"""
    compiled = compile_account(world.services, world.account)
    return lambda question: bool(decide_over(compiled, question))


def reference_holds(world: GeneratedWorld) -> Callable[[AuthorityQuestion], bool]:
    """How does the reference answer questions of authority in this world?"""
    return lambda question: reference.decide_over(world.services, world.account, question)


def seeded(first: int, count: int, requests: int = 15) -> Iterator[tuple[GeneratedWorld, list[Request]]]:
    """Which worlds and requests belong to these seeds?"""
    for seed in range(first, first + count):
        yield seeded_world(seed, requests)


def told(world: GeneratedWorld, request: object, *more: object) -> str:
    """How is a broken law told?"""
    return "\n".join([*(str(each) for each in more), format_document(request), format_document(world)])


def with_fields(value: T, changes: Mapping[str, Any]) -> T:
    """Which value has these fields instead?"""
    again: T = replace(value, **changes)  # type: ignore[type-var]  # T is always a dataclass here
    return again


def rewrite(value: T, change: Callable[[Comparison], Comparison]) -> T:
    """Which value has every comparison in it changed so?"""
    again: T = _rewritten(value, change)
    return again


def without_missing(comparison: Comparison) -> Comparison:
    """Which comparison has neither `missing` nor `exists`, which rule 5.3 excepts?"""
    if comparison.operator == "exists":
        return Comparison(comparison.key, "string-equals", "a")
    return replace(comparison, missing=None)


def _rewritten(value: Any, change: Callable[[Comparison], Comparison]) -> Any:
    if isinstance(value, Comparison):
        return change(value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {part.name: _rewritten(getattr(value, part.name), change) for part in fields(value)}
        return replace(value, **parts)
    if isinstance(value, Mapping):
        return {key: _rewritten(item, change) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_rewritten(item, change) for item in value)
    return value
