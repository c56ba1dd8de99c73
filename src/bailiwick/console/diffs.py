"""Two documents side by side: which lines are the same, changed, gone or new, and which runs are left out.

Pure: texts in, lines out; the template draws them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import yaml

KEPT_AROUND = 3
LEAST_LEFT_OUT = 4
# What stands first in a document, whatever order it was stored in.
_FIRST = ("kind", "account", "name", "title", "description", "email", "service")
MOST_LINES = 2_000
MOST_COLUMNS = 100
SAME, CHANGED, GONE, NEW, GAP = "same", "changed", "gone", "new", "gap"


@dataclass(frozen=True, slots=True)
class Side:
    """One line of one document, by number."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """What stands beside each other. `left_out`: how many equal lines a gap stands for."""

    mark: str
    before: Side | None = None
    after: Side | None = None
    left_out: int = 0


def changed_fields(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Which fields differ, in the order in which they stand?"""
    old, new = before or {}, after or {}
    return tuple(name for name in {**old, **new} if old.get(name) != new.get(name))


def side_by_side(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Line, ...]:
    """Which lines show how one document became the other? None: there was, or is, none."""
    old, new = _lines(before), _lines(after)
    lines: list[Line] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            equal = [
                Line(SAME, Side(a + i + 1, old[a + i]), Side(c + i + 1, new[c + i])) for i in range(b - a)
            ]
            lines += _without_middle(equal, first=a == 0, last=b == len(old))
        else:
            lines += _differing(old, new, (a, b), (c, d))
    return tuple(lines)


def in_order(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same document with what it is, and what it is called, first."""
    first = [name for name in _FIRST if name in document]
    return {name: document[name] for name in (*first, *(name for name in document if name not in first))}


def _lines(document: Mapping[str, Any] | None) -> list[str]:
    if document is None:
        return []
    # WHY not as documents are shown elsewhere: one line for each member shows which one came or went.
    text = yaml.safe_dump(
        in_order(document), sort_keys=False, allow_unicode=True, width=MOST_COLUMNS, default_flow_style=False
    )
    lines = text.splitlines()
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"# and {more} more lines"]


def _differing(
    old: list[str], new: list[str], before: tuple[int, int], after: tuple[int, int]
) -> Iterator[Line]:
    (a, b), (c, d) = before, after
    for i in range(max(b - a, d - c)):
        left = Side(a + i + 1, old[a + i]) if a + i < b else None
        right = Side(c + i + 1, new[c + i]) if c + i < d else None
        yield Line(CHANGED if left and right else GONE if left else NEW, left, right)


def _without_middle(equal: list[Line], *, first: bool, last: bool) -> list[Line]:
    """The same, with a gap for all but a few lines beside what differs."""
    head, tail = 0 if first else KEPT_AROUND, 0 if last else KEPT_AROUND
    if len(equal) < head + tail + LEAST_LEFT_OUT:
        return equal
    return [*equal[:head], Line(GAP, left_out=len(equal) - head - tail), *equal[len(equal) - tail :]]
