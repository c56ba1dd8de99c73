"""One attribute of many numbered things: which of them have this value, this beginning, or fit this pattern?

Pure. Implements the patterns of docs/spec.md section 4 for many resources at once.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from pyroaring import BitMap

from bailiwick.engine.memory import forget_oldest
from bailiwick.engine.ranks import range_of_prefix
from bailiwick.model.patterns import is_pattern, matches, prefix_of

MANY = 1000
MOST_REMEMBERED = 256
MOST_TRIED = 262_144
NOTHING = BitMap()


class Column:
    """The values in order, beside each the number of a thing that has it.

    WHY: two flat arrays take twelve bytes a value, where a bitmap for each value would take two hundred.
    """

    __slots__ = ("_numbers", "_remembered", "_values")

    def __init__(self, pairs: Iterable[tuple[int, str]]) -> None:
        """Numbers come in order; one may have many values."""
        found = list(pairs)
        values = [value for _, value in found]
        order = sorted(range(len(values)), key=values.__getitem__)
        self._values = [values[place] for place in order]
        self._numbers = array("I", [found[place][0] for place in order])
        self._remembered: dict[str, BitMap] = {}

    def having(self) -> BitMap:
        """Which things have any value at all?"""
        return self._kept("*", 0, len(self._values))

    def equal(self, value: str) -> BitMap:
        """Which things have this value?"""
        start = bisect_left(self._values, value)
        end = bisect_right(self._values, value, lo=start)
        if end - start < MANY:
            return BitMap(self._numbers[start:end])
        return self._kept(f"={value}", start, end)

    def beginning(self, prefix: str) -> BitMap:
        """Which things have a value that begins so?"""
        start, end = range_of_prefix(self._values, prefix)
        if end - start < MANY:
            return BitMap(self._numbers[start:end])
        return self._kept(f"{prefix}*", start, end)

    def fitting(self, pattern: str) -> tuple[BitMap, BitMap]:
        """Which things surely have a value that matches, and which possibly (the sure ones too)?

        They are the same, unless there are too many values to try, which would have to be tried one by one.
        """
        prefix = prefix_of(pattern)
        if prefix is not None:
            found = self.beginning(prefix)
        elif not is_pattern(pattern):
            found = self.equal(pattern)
        else:
            return self._tried(pattern)
        return found, found

    def _tried(self, pattern: str) -> tuple[BitMap, BitMap]:
        found = self._remembered.get(f"?{pattern}")
        if found is None:
            start, end = range_of_prefix(self._values, _literal_head(pattern))
            if end - start > MOST_TRIED:
                return NOTHING, BitMap(self._numbers[start:end])
            fitting = {value for value in set(self._values[start:end]) if matches(pattern, value)}
            numbers = [self._numbers[place] for place in range(start, end) if self._values[place] in fitting]
            found = self._remember(f"?{pattern}", BitMap(numbers))
        return found, found

    def _kept(self, name: str, start: int, end: int) -> BitMap:
        found = self._remembered.get(name)
        return self._remember(name, BitMap(self._numbers[start:end])) if found is None else found

    def _remember(self, name: str, found: BitMap) -> BitMap:
        if len(self._remembered) >= MOST_REMEMBERED:
            forget_oldest(self._remembered, MOST_REMEMBERED // 8)
        self._remembered[name] = found
        return found


def _literal_head(pattern: str) -> str:
    """What stands before the first wildcard?"""
    return pattern[: min(at for at in (pattern.find("*"), pattern.find("?")) if at >= 0)]
