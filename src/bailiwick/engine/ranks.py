"""Things numbered in the order of their names: a set of them is a bitmap, and is read off in order.

Pure. Implements the order of docs/spec.md rule 17.3.
Numbers cannot move, so things that come later stand in further segments, numbered anew; small segments are united as
further ones come, so that there are few, and a thing is numbered again only as often as its number of digits.
Source: O'Neil, Cheng, Gawlick, O'Neil, The Log-Structured Merge-Tree, Acta Informatica 1996.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from pyroaring import BitMap

Item = TypeVar("Item")


class Segment(Generic[Item]):
    """Some things by number: their names, in order, and beside each the thing.

    `remembered` holds what was worked out about them, by whoever worked it out; it is only a cache.
    """

    __slots__ = ("items", "names", "remembered")

    def __init__(self, things: Iterable[tuple[str, Item]]) -> None:
        """The things may come in any order; no name comes twice."""
        ordered = sorted(things, key=lambda thing: thing[0])
        self.names = [name for name, _ in ordered]
        self.items = [item for _, item in ordered]
        self.remembered: dict[object, object] = {}

    def number(self, name: str) -> int | None:
        """Which number has the thing of this name?"""
        at = bisect_left(self.names, name)
        return at if at < len(self.names) and self.names[at] == name else None

    def after(self, name: str | None) -> int:
        """Which is the first number after this name?"""
        return 0 if name is None else bisect_right(self.names, name)

    def beginning(self, prefix: str) -> BitMap:
        """Which things have names that begin so?"""
        return BitMap(range(*range_of_prefix(self.names, prefix)))


def range_of_prefix(ordered: list[str], prefix: str) -> tuple[int, int]:
    """From where to where do these texts, in order, begin so?"""
    start = bisect_left(ordered, prefix)
    return start, bisect_left(ordered, True, lo=start, key=lambda text: not text.startswith(prefix))


class Part(NamedTuple, Generic[Item]):
    """One segment, and which of its things are still there."""

    segment: Segment[Item]
    there: BitMap


@dataclass(frozen=True, slots=True)
class Ranks(Generic[Item]):
    """All things of one sort, each in one part."""

    parts: tuple[Part[Item], ...]

    @classmethod
    def of(cls, things: Iterable[tuple[str, Item]]) -> Ranks[Item]:
        """Which ranks have these?"""
        return cls(tuple(_part(things)))

    def __iter__(self) -> Iterator[tuple[str, Item]]:
        for part in self.parts:
            yield from _things(part)

    def __len__(self) -> int:
        return sum(len(part.there) for part in self.parts)

    def changed(self, changes: Mapping[str, Item | None]) -> Ranks[Item]:
        """Which ranks are there once the things of these names are these? None: it is gone."""
        parts = [part for part in (_without(part, changes) for part in self.parts) if part.there]
        come = [(name, item) for name, item in changes.items() if item is not None]
        size = len(come)
        # INVARIANT: each part was more than twice as large as the next when that came, so there are few.
        while come and parts and len(parts[-1].there) <= 2 * size:
            size += len(parts[-1].there)
            come += _things(parts.pop())
        return Ranks((*parts, *_part(come)))


def _part(things: Iterable[tuple[str, Item]]) -> list[Part[Item]]:
    segment = Segment(things)
    return [Part(segment, BitMap(range(len(segment.names))))] if segment.names else []


def _things(part: Part[Item]) -> list[tuple[str, Item]]:
    names, items = part.segment.names, part.segment.items
    return [(names[number], items[number]) for number in part.there]


def _without(part: Part[Item], names: Iterable[str]) -> Part[Item]:
    """The part without these. One that has lost three quarters is numbered anew, so that nothing lasts as a ghost."""
    segment = part.segment
    gone = BitMap([number for name in names if (number := segment.number(name)) is not None])
    there = part.there - gone
    if len(there) == len(part.there):
        return part
    if there and len(there) * 4 < len(segment.names):
        return _part(_things(Part(segment, there)))[0]
    return Part(segment, there)
