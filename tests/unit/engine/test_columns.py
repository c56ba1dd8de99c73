"""Columns: which numbered things have a value, a beginning, a pattern."""

from __future__ import annotations

import pytest
from pyroaring import BitMap

from bailiwick.engine import columns
from bailiwick.engine.columns import Column

PAIRS = [(0, "web-1"), (1, "web-2"), (1, "db-1"), (2, "db-1"), (4, "*")]


def test_values_beginnings_and_patterns_are_found() -> None:
    """Each of them finds every thing that has such a value, and nothing else."""
    column = Column(PAIRS)
    assert column.equal("db-1") == BitMap([1, 2])
    assert column.equal("db") == BitMap()
    assert column.beginning("web-") == BitMap([0, 1])
    assert column.having() == BitMap([0, 1, 2, 4])


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [("db-1", [1, 2]), ("web*", [0, 1]), ("*-1", [0, 1, 2]), ("w?b-2", [1]), ("*", [0, 1, 2, 4]), ("?", [4])],
)
def test_patterns_fit_as_in_scopes(pattern: str, numbers: list[int]) -> None:
    """A value, a beginning and inner wildcards fit as they do in a scope, asked once and again."""
    column = Column(PAIRS)
    for _ in range(2):
        assert column.fitting(pattern) == (BitMap(numbers), BitMap(numbers))


def test_too_many_values_are_left_to_be_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many to try, none is sure and all that begin like the pattern are possible."""
    monkeypatch.setattr(columns, "MOST_TRIED", 1)
    assert Column(PAIRS).fitting("web*1") == (BitMap(), BitMap([0, 1]))
    assert Column(PAIRS).fitting("d*x") == (BitMap(), BitMap([1, 2]))
    assert Column(PAIRS).fitting("*-1*2") == (BitMap(), BitMap([0, 1, 2, 4]))


def test_what_many_have_is_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set that took long to make is made once, and no more than so many are kept."""
    monkeypatch.setattr(columns, "MANY", 1)
    monkeypatch.setattr(columns, "MOST_REMEMBERED", 8)
    column = Column([(number, f"v{number}") for number in range(20)])
    assert column.equal("v3") is column.equal("v3")
    assert column.beginning("v1") is column.beginning("v1")
    first = column.equal("v0")
    for number in range(20):
        assert column.equal(f"v{number}") == BitMap([number])
    assert column.equal("v0") == first
    assert column.equal("v0") is not first
