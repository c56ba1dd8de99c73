"""Pages: in order over all parts, bounded in what they decide, and going on where they end."""

from __future__ import annotations

import pytest
from pyroaring import BitMap

from bailiwick.engine import paging
from bailiwick.engine.extents import Extent
from bailiwick.engine.paging import count_found, read_page
from bailiwick.engine.ranks import Part, Segment
from bailiwick.model.searches import Page

FIRST = Part(Segment([(name, name) for name in "aceg"]), BitMap(range(4)))
SECOND = Part(Segment([(name, name) for name in "bdf"]), BitMap(range(3)))
PARTS = [
    (FIRST, Extent(BitMap([0, 2]), BitMap([0, 1, 2, 3]))),
    (SECOND, Extent(BitMap([0, 1, 2]), BitMap([0, 1, 2]))),
]


def is_found(name: str, item: str) -> bool:
    """Is it the last one?"""
    assert name == item
    return name == "g"


def test_parts_are_read_as_one() -> None:
    """What is sure is found, what is possible only when it was decided, in the order of names."""
    assert read_page(PARTS, is_found, None, 10) == Page(tuple("abdefg"), None)
    assert read_page(PARTS, is_found, "b", 2) == Page(("d", "e"), "e")
    assert read_page(PARTS, is_found, "f", 2) == Page(("g",), None)
    assert read_page([], is_found, None, 2) == Page((), None)
    assert count_found(PARTS, is_found) == 6


def test_what_would_take_too_many_decisions_is_not_counted() -> None:
    """What is sure costs nothing, however much it is; of the rest at most so many are decided."""
    assert count_found(PARTS, is_found, 2) == 6
    assert count_found(PARTS, is_found, 1) is None
    assert count_found(PARTS[1:], is_found, 0) == 3


def test_a_page_that_decided_enough_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says where to go on: after the last that was looked at, found or not."""
    monkeypatch.setattr(paging, "MOST_DECIDED", 1)
    possible = [(FIRST, Extent(BitMap([0]), BitMap([0, 1, 2, 3])))]
    assert read_page(possible, is_found, None, 10) == Page(("a",), "c")
    assert read_page(possible, is_found, "c", 10) == Page((), "e")
    assert read_page(possible, is_found, "e", 10) == Page(("g",), None)


def test_a_page_of_which_nothing_can_be_decided_goes_nowhere_else() -> None:
    """A full page ends with its last name, and the next one begins there."""
    assert read_page(PARTS, is_found, None, 1) == Page(("a",), "a")
    assert read_page(PARTS, is_found, "a", 1) == Page(("b",), "b")
