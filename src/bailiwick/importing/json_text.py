"""JSON text as plain values: strict, bounded, no name twice.

Serves docs/spec.md section 23. Must not know what a document means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bailiwick.importing.findings import Refusals, step

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 24


class _TwiceError(Exception):
    """An object holds a name twice. SECURITY: which one counts differs between readers."""


def parse_json(text: str, refusals: Refusals) -> object:
    """Which value is this text? None, and a refusal, where it is none."""
    if len(text) > MAX_CHARACTERS:
        refusals.add("too_large", "", f"{len(text)} characters, expected at most {MAX_CHARACTERS}")
        return None
    try:
        value = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_once, parse_constant=_no_constant)
    except _TwiceError as error:
        refusals.add("malformed", "", f"name `{error}` stands twice in one object")
        return None
    except (ValueError, RecursionError) as error:
        detail = (
            f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "it is nested too deep"
        )
        refusals.add("malformed", "", f"not JSON: {detail}", "policies are read as JSON")
        return None
    if _depth(value) > MAX_DEPTH:
        refusals.add("too_large", "", f"nested deeper than {MAX_DEPTH}")
        return None
    return value


def as_object(value: object, pointer: str, refusals: Refusals) -> dict[str, Any]:
    """Is this an object? Empty, and a refusal, where it is none."""
    if isinstance(value, dict):
        return value
    refusals.add("malformed", pointer, f"expected an object, got {shown(value)}")
    return {}


def known_only(value: dict[str, Any], known: tuple[str, ...], pointer: str, refusals: Refusals) -> None:
    """Does the object hold only these members? SECURITY: what is not understood may restrict."""
    for word in value:
        if word not in known:
            listed = ", ".join(f"`{one}`" for one in known)
            refusals.add(
                "element_unknown", step(pointer, word), f"unknown element `{word}`", f"read: {listed}"
            )


def texts_of(value: object, pointer: str, refusals: Refusals) -> Iterator[tuple[str, str]]:
    """Which texts are listed, each with its pointer? One text stands for a list of one."""
    if isinstance(value, str):
        yield value, pointer
        return
    if not isinstance(value, list) or not value:
        refusals.add("malformed", pointer, f"expected a text or a list of texts, got {shown(value)}")
        return
    for index, item in enumerate(value):
        if isinstance(item, str):
            yield item, step(pointer, index)
        else:
            refusals.add("malformed", step(pointer, index), f"expected a text, got {shown(item)}")


def objects_of(value: object, pointer: str, refusals: Refusals) -> Iterator[tuple[dict[str, Any], str]]:
    """Which objects are listed, each with its pointer?"""
    if not isinstance(value, list) or not value:
        refusals.add("malformed", pointer, f"expected a list of objects, got {shown(value)}")
        return
    for index, item in enumerate(value):
        place = step(pointer, index)
        if isinstance(item, dict):
            yield item, place
        else:
            refusals.add("malformed", place, f"expected an object, got {shown(item)}")


def shown(value: object) -> str:
    """How is a wrong value shown?"""
    if value is None or value in ([], {}, ""):
        return "nothing"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return f"`{json.dumps(value) if isinstance(value, bool) else value}`"[:80]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _TwiceError(name)
            seen.add(name)
    return out


def _no_constant(word: str) -> object:
    raise ValueError(word)


def _depth(value: object) -> int:
    deepest, pending = 0, [(value, 1)]
    while pending:
        one, depth = pending.pop()
        deepest = max(deepest, depth)
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        pending.extend((item, depth + 1) for item in inner)
    return deepest
