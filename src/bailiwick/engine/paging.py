"""One page of what may be found: what is sure as it is, what is possible once it was decided. (rules 17.3, 17.6)

Pure. A page decides a bounded number of candidates, so that it comes in bounded time; it is then short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from operator import itemgetter
from typing import TypeVar

from bailiwick.engine.extents import Extent
from bailiwick.engine.ranks import Part
from bailiwick.model.searches import Page

MOST_DECIDED = 500

Item = TypeVar("Item")
Parts = Iterable[tuple[Part[Item], Extent]]
Candidate = tuple[str, Item, bool]
IsFound = Callable[[str, Item], bool]


def read_page(parts: Parts[Item], is_found: IsFound[Item], after: str | None, limit: int) -> Page:
    """What is found after this name? `is_found` decides on those that are not sure."""
    found: list[str] = []
    decided = 0
    last = after
    for name, item, is_sure in _in_order(parts, after):
        if not is_sure and decided == MOST_DECIDED:
            return Page(tuple(found), last)
        decided += not is_sure
        if is_sure or is_found(name, item):
            if len(found) == limit:
                return Page(tuple(found), found[-1])
            found.append(name)
        last = name
    return Page(tuple(found), None)


def count_found(parts: Parts[Item], is_found: IsFound[Item], most: int | None = None) -> int | None:
    """How many are found in all? None: more than `most` would have to be decided one by one."""
    known = list(parts)
    if most is not None and sum(len(maybe) - len(sure) for _, (sure, maybe) in known) > most:
        return None
    count = 0
    for part, (sure, maybe) in known:
        names, items = part.segment.names, part.segment.items
        count += len(sure)
        count += sum(is_found(names[number], items[number]) for number in maybe - sure)
    return count


def _in_order(parts: Parts[Item], after: str | None) -> Iterator[Candidate[Item]]:
    """What may be found after this name, in order, and is it sure?"""
    streams = [_read(part, extent, after) for part, extent in parts if extent.maybe]
    return streams[0] if len(streams) == 1 else merge(*streams, key=itemgetter(0))


def _read(part: Part[Item], extent: Extent, after: str | None) -> Iterator[Candidate[Item]]:
    names, items = part.segment.names, part.segment.items
    sure, maybe = extent
    is_all_sure = len(sure) == len(maybe)
    for number in maybe.iter_equal_or_larger(part.segment.after(after)):
        yield names[number], items[number], is_all_sure or number in sure
