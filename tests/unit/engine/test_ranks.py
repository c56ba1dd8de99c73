"""Things numbered by name: few parts, each thing in one, whatever comes and goes."""

from __future__ import annotations

import random
from itertools import pairwise

from pyroaring import BitMap

from bailiwick.engine.ranks import Ranks, Segment, range_of_prefix


def test_numbers_follow_the_order_of_names() -> None:
    """The thing with the first name has the first number, in whatever order they came."""
    segment = Segment([("b", 2), ("a", 1), ("c", 3)])
    assert segment.names == ["a", "b", "c"]
    assert segment.items == [1, 2, 3]
    assert segment.number("b") == 1
    assert segment.number("bb") is None
    assert segment.number("d") is None


def test_a_page_begins_after_a_name_that_need_not_be_there() -> None:
    """The first number after a name is that of the next thing, and of the first one after nothing."""
    segment = Segment([("b", 0), ("d", 0)])
    assert [segment.after(name) for name in (None, "a", "b", "c", "d")] == [0, 0, 1, 1, 2]


def test_a_beginning_is_found_whatever_characters_follow() -> None:
    """Names that begin so are found even if the last character there is comes next, and no others are."""
    names = ["a", "ab", "ab\U0010ffff", "ab\U0010ffffx", "ac"]
    assert range_of_prefix(names, "ab") == (1, 4)
    assert range_of_prefix(names, "") == (0, 5)
    assert range_of_prefix(names, "b") == (5, 5)
    assert Segment((name, 0) for name in names).beginning("ab") == BitMap([1, 2, 3])


def test_every_change_leaves_exactly_what_is_there() -> None:
    """After many changes every thing is there once, with its last value, and the ranks before are as they were."""
    chance = random.Random(1)
    ranks: Ranks[int] = Ranks.of([(f"n{number}", number) for number in range(100)])
    expected = {f"n{number}": number for number in range(100)}
    for turn in range(400):
        names = [f"n{chance.randrange(150)}" for _ in range(1 + chance.randrange(4))]
        changes = {name: None if chance.random() < 0.5 else turn for name in names}
        before, kept = ranks, dict(ranks)
        ranks = ranks.changed(changes)
        expected |= {name: value for name, value in changes.items() if value is not None}
        expected = {name: value for name, value in expected.items() if changes.get(name, 0) is not None}
        assert sorted(ranks) == sorted(expected.items())
        assert len(ranks) == len(expected)
        assert dict(before) == kept


def test_there_are_few_parts() -> None:
    """A thousand things that come one by one stand in no more parts than their number has binary digits."""
    ranks: Ranks[int] = Ranks(())
    for number in range(1000):
        ranks = ranks.changed({f"n{number}": number})
        sizes = [len(part.there) for part in ranks.parts]
        assert all(one > 2 * following for one, following in pairwise(sizes))
    assert len(ranks) == 1000


def test_what_is_gone_does_not_last() -> None:
    """A part of which three quarters are gone is numbered anew, and one of which all is gone is gone itself."""
    ranks = Ranks.of([(f"n{number:02}", number) for number in range(40)])
    ranks = ranks.changed({f"n{number:02}": None for number in range(29)})
    assert len(ranks.parts[0].segment.names) == 40
    ranks = ranks.changed({"n29": None, "n30": None})
    assert ranks.parts[0].segment.names == [f"n{number}" for number in range(31, 40)]
    assert ranks.changed({f"n{number}": None for number in range(31, 40)}).parts == ()


def test_a_change_of_nothing_that_is_there_shares_the_part() -> None:
    """The part is the same object when nothing of it goes."""
    ranks = Ranks.of([("a", 1)])
    assert ranks.changed({"b": None}).parts[0] is ranks.parts[0]
