"""Laws of patterns: they mean what the regular expression means; containment and overlap never err dangerously."""

from __future__ import annotations

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.reference.patterns import can_overlap, covers, fits

from bailiwick.model.patterns import contains, is_pattern, matches, overlaps, prefix_of

# Few letters, so that patterns and texts meet; a newline, which a careless regular expression would miss.
TEXTS = st.text("ab\n.", max_size=7)
PATTERNS = st.text("ab*?\n.", max_size=7)
MANY = settings(max_examples=1500)


def regex_of(pattern: str) -> re.Pattern[str]:
    """Which regular expression means the same?"""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(mark, re.escape(mark)) for mark in pattern), re.DOTALL)


@MANY
@given(PATTERNS, TEXTS)
def test_matching_is_that_of_the_regular_expression(pattern: str, text: str) -> None:
    """`*` is any text, `?` any one character, everything else itself."""
    assert matches(pattern, text) == bool(regex_of(pattern).fullmatch(text)) == fits(pattern, text)


@MANY
@given(PATTERNS, PATTERNS, TEXTS)
def test_containment_is_sound(outer: str, inner: str, text: str) -> None:
    """A text that matches the contained pattern matches the containing one."""
    if contains(outer, inner) and matches(inner, text):
        assert matches(outer, text)


@MANY
@given(PATTERNS, TEXTS)
def test_containment_of_a_value_is_exact(outer: str, value: str) -> None:
    """A value is contained exactly where it matches."""
    assert contains(outer, value) == matches(outer, value)


@MANY
@given(TEXTS, PATTERNS)
def test_containment_in_a_prefix_is_exact(prefix: str, inner: str) -> None:
    """A pattern is contained in `prefix*` exactly where its own text before the first wildcard begins so."""
    assume(is_pattern(inner))
    head = re.split(r"[*?]", inner, maxsplit=1)[0]
    assert contains(f"{prefix}*", inner) == head.startswith(prefix)


@MANY
@given(PATTERNS, PATTERNS, TEXTS)
def test_what_shares_a_text_overlaps(one: str, other: str, text: str) -> None:
    """Two patterns that match one text are never said to be disjoint, whichever is named first."""
    if matches(one, text) and matches(other, text):
        assert overlaps(one, other)
    assert overlaps(one, other) == overlaps(other, one)


@MANY
@given(PATTERNS, PATTERNS)
def test_the_model_and_the_reference_agree_on_patterns(one: str, other: str) -> None:
    """Containment and overlap are as the specification has them, written twice."""
    assert contains(one, other) == covers(one, other)
    assert overlaps(one, other) == can_overlap(one, other)


@given(PATTERNS)
def test_a_prefix_has_no_wildcard(pattern: str) -> None:
    """`prefix*` has a prefix, any other pattern has none."""
    prefix = prefix_of(pattern)
    expected = pattern[:-1] if pattern.endswith("*") and not set("*?") & set(pattern[:-1]) else None
    assert prefix == expected


@given(st.text("ab", min_size=1, max_size=3), st.integers(50, 400))
def test_matching_does_not_explode(text: str, times: int) -> None:
    """Many stars against a long text that nearly matches are answered at once."""
    assert not matches("*".join([text] * 30) + "c", text * times)
