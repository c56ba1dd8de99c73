"""Patterns match whole texts; containment never errs, overlap never misses."""

from __future__ import annotations

import re
import sys
from itertools import product
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.model.patterns import contains, is_pattern, matches, overlaps, prefix_of

PATTERNS = st.text(st.sampled_from("ab*?"), max_size=5)
TEXTS = st.text(st.sampled_from("ab*?."), max_size=6)
SHORT = ["".join(letters) for length in range(5) for letters in product("ab", repeat=length)]


def translated(pattern: str) -> str:
    """The regular expression of a pattern."""
    return "".join({"*": ".*", "?": "."}.get(mark, re.escape(mark)) for mark in pattern)


@given(PATTERNS, TEXTS)
def test_matching_is_that_of_the_regular_expression(pattern: str, text: str) -> None:
    """A star is any text, a question mark any character, everything else itself."""
    assert matches(pattern, text) == bool(re.fullmatch(translated(pattern), text, re.DOTALL))


@given(PATTERNS, PATTERNS)
def test_what_is_contained_matches(outer: str, inner: str) -> None:
    """Where one pattern contains another, no text tells them apart the wrong way."""
    if contains(outer, inner):
        assert all(matches(outer, text) for text in SHORT if matches(inner, text))


@given(PATTERNS, PATTERNS)
def test_what_both_match_overlaps(one: str, other: str) -> None:
    """Where a text matches both, they overlap; and overlap does not depend on the order."""
    if any(matches(one, text) and matches(other, text) for text in SHORT):
        assert overlaps(one, other)
    assert overlaps(one, other) == overlaps(other, one)


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("*", "a?", True),
        ("a*", "ab*c", True),
        ("a*", "a?", True),
        ("ab*", "a*", False),
        ("a?", "a?", True),
        ("a?", "a*", False),
        ("?*", "a*", False),
        ("a*", "abc", True),
        ("abc", "a*", False),
    ],
)
def test_containment_is_exact_for_values_and_prefixes(outer: str, inner: str, expected: bool) -> None:
    """A value, `*` and `prefix*` are compared exactly, other patterns by equality."""
    assert contains(outer, inner) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("a*", "b*", False), ("a*", "ab*", True), ("a", "a*", True), ("b", "a*", False), ("*a", "*b", True)],
)
def test_disjoint_prefixes_do_not_overlap(one: str, other: str, expected: bool) -> None:
    """Texts that must begin differently are never the same."""
    assert overlaps(one, other) is expected


def test_a_prefix_is_a_pattern_with_one_star_at_its_end() -> None:
    """Nothing else has a prefix."""
    assert prefix_of("web-*") == "web-"
    assert prefix_of("*") == ""
    assert [prefix_of(pattern) for pattern in ("web", "w?b*", "a*b*", "*a", "")] == [None] * 5


def test_wildcards_make_a_pattern() -> None:
    """Only the two wildcards do."""
    assert [is_pattern(text) for text in ("a*", "a?", "a.[b]", "")] == [True, True, False, False]


def test_matching_many_stars_is_not_exponential() -> None:
    """A pattern that makes naive matchers hang is answered at once."""
    assert not matches("*a" * 40 + "b", "a" * 5000)
    assert matches("*a" * 40 + "*", "a" * 5000)


def test_matching_keeps_the_case_and_every_character() -> None:
    """No folding, no normalisation, line feeds included."""
    assert not matches("A*", "abc")
    assert not matches("\u00e9", "e\u0301")
    assert matches("a*c", "a\nb\nc")


# With parts too long for a scan from every place, and with letters that are everywhere or nowhere near.
LONG_PARTS = st.lists(st.text(st.sampled_from("ab?"), max_size=40), min_size=1, max_size=4)
LONG_TEXTS = st.tuples(st.text(st.sampled_from("ab"), max_size=30), st.sampled_from([1, 40, 90])).map(
    lambda drawn: drawn[0] * drawn[1]
)


def translated_for_long_texts(pattern: str) -> str:
    """The same regular expression, which does not try each place of a part again: the first is as good as any.

    WHY: with four stars over thousands of letters it would not be answered in our time.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return translated(pattern)
    *between, last = (translated(part) for part in rest)
    return translated(first) + "".join(f"(?>.*?{part})" for part in between) + f".*{last}"


@given(st.text(st.sampled_from("ab?*"), max_size=12), st.text(st.sampled_from("ab"), max_size=12))
def test_both_regular_expressions_are_the_same(pattern: str, text: str) -> None:
    """The quick one and the obvious one find the same."""
    quick = re.fullmatch(translated_for_long_texts(pattern), text, re.DOTALL)
    assert bool(quick) == bool(re.fullmatch(translated(pattern), text, re.DOTALL))


@given(LONG_PARTS, LONG_TEXTS, st.sampled_from(["", "*"]))
def test_long_patterns_match_like_the_regular_expression(parts: list[str], text: str, edge: str) -> None:
    """Whatever way a part is looked for, it is found where it is first."""
    pattern = edge + "*".join(parts) + edge
    assert matches(pattern, text) == bool(re.fullmatch(translated_for_long_texts(pattern), text, re.DOTALL))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("*" + "a?" * 100 + "b*", "a" * 5000),
        ("*" + "a?" * 100 + "b*", "a" * 5000 + "b"),
        ("*" + "a?" * 100 + "b*", "b" + "a" * 5000),
        ("*" + "é?" * 100 + "b*", "é" * 5000 + "b" * 600),
        ("*" + "?" * 250 + "*", "a" * 249),
        ("*" + "?" * 250 + "*", "a" * 5000),
        ("*x" + "?" * 250 + "*y", "x" * 5000 + "y"),
        ("*x" + "?" * 250 + "*y", "a" * 5000 + "x" * 10 + "a" * 240 + "y"),
    ],
)
def test_long_parts_are_found_where_they_are(pattern: str, text: str) -> None:
    """Letters that are rare, everywhere, missing, or only too near the end."""
    assert matches(pattern, text) == bool(re.fullmatch(translated(pattern), text, re.DOTALL))


HARD = {
    "nested": "*" + "a?" * 126 + "b*",
    "many parts": "*a?" * 84 + "b*",
    "many stars": "*a" * 127 + "b*",
    "one of two": "*" + "ab?" * 84 + "bb*",
    "rare letter": "*" + "?" * 200 + "c" + "a?" * 25 + "b*",
}


@pytest.mark.parametrize("pattern", HARD.values(), ids=HARD)
def test_a_hard_pattern_takes_few_steps(pattern: str) -> None:
    """Steps grow with the pattern or with the text, never with one times the other."""
    text = "aab" * 5461
    steps = 0

    def count(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps
        steps += 1
        return count

    assert len(pattern) <= 256
    sys.settrace(count)
    try:
        matches(pattern, text)
    finally:
        sys.settrace(None)
    assert steps < 2 * len(text)
