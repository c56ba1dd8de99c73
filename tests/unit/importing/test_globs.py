"""Patterns taken apart: every way to fill a template, no more and no less."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.importing.globs import (
    ANY_WITHIN,
    Slot,
    Template,
    Tokens,
    braced,
    fill,
    matches_ignoring_case,
    recased,
    segmented,
    text_of,
    tokens_of,
)

FORMS: list[Template] = [
    ("a:", Slot("x")),
    ("a:", Slot("x", "/"), "/", Slot("y")),
    (Slot("r", ":"), ":", Slot("x", "/"), "/b", Slot("y", ":")),
    ("ab",),
]
TEXTS = ["a", "b", ":", "/", "ab", "ba", "a/", "/b", "b:", "aab"]


def regex(tokens: Tokens) -> str:
    """The pattern as a regular expression."""
    return "".join(
        re.escape(one) if isinstance(one, str) else "[^:]*" if one is ANY_WITHIN else ".*" for one in tokens
    )


def fits(tokens: Tokens, text: str) -> bool:
    """Does the whole text match?"""
    return re.fullmatch(regex(tokens), text, re.DOTALL) is not None


@given(st.text("ab:/*", min_size=1, max_size=8), st.sampled_from(FORMS))
def test_a_template_matches_when_one_filling_of_its_slots_does(pattern: str, form: Template) -> None:
    """Over all short texts in the slots: the whole text matches the pattern just when a filling does."""
    tokens = tokens_of(pattern)
    found = [dict(one) for one in fill(tokens, form)]
    slots = [part for part in form if isinstance(part, Slot)]
    for chosen in product(TEXTS, repeat=len(slots)):
        values = dict(zip([slot.name for slot in slots], chosen, strict=True))
        if any(set(values[slot.name]) & set(slot.without) for slot in slots):
            continue
        text = "".join(values[part.name] if isinstance(part, Slot) else part for part in form)
        ours = any(all(fits(one[name], value) for name, value in values.items()) for one in found)
        assert ours is fits(tokens, text), (pattern, text, found)


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("arn:aws:s3:::b/*", [{"bucket": "b", "object": "*"}]),
        ("arn:aws:s3:::b*", [{"bucket": "b*", "object": "*"}]),
        ("arn:aws:s3:::*/x", [{"bucket": "*", "object": "*/x"}, {"bucket": "*", "object": "x"}]),
        ("arn:aws:s3:*", [{"bucket": "*", "object": "*"}]),
        ("arn:*:b/x", [{"bucket": "*", "object": "*:b/x"}, {"bucket": "*:b", "object": "x"},
                       {"bucket": "b", "object": "x"}]),
        ("arn:aws:s3:::b", []),
        ("arn:aws:s3:eu-*:1:b/x", []),
        ("arn:aws:s*3:::b/x", [{"bucket": "b", "object": "x"}]),
    ],
)  # fmt: skip
def test_an_arn_pattern_becomes_scopes(pattern: str, wanted: list[dict[str, str]]) -> None:
    """A `*` crosses colons at the end of a segment only."""
    form: Template = ("arn:aws:s3:::", Slot("bucket", "/"), "/", Slot("object"))
    found = [
        {name: text_of(tokens) for name, tokens in one} for one in fill(segmented(tokens_of(pattern)), form)
    ]
    assert sorted(found, key=str) == sorted(wanted, key=str)


def test_braces_make_wildcards_themselves() -> None:
    """IBM's escapes; a brace alone is a brace."""
    assert braced("a{{*}}b*{{?}}{{x}}") == (*"a*b", *tokens_of("*"), *"?{{x}}")


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("s3:get*", "s3:Get*"),
        ("S3:*OBJECT", "s3:*Object"),
        ("s3:*", "s3:*"),
        ("s3:g?tobject", "s3:G?tObject"),
        ("s3:?etObject", "s3:?etObject"),
        ("s3:*object*", None),
        ("s3:*tobjec*", None),
    ],
)
def test_a_pattern_gets_the_case_of_the_ids(pattern: str, wanted: str | None) -> None:
    """Where it still names just the same; else there is none."""
    known = ["s3:GetObject", "s3:PutObject", "s3:GetBucket"]
    matched = [one for one in known if matches_ignoring_case(pattern, one)]
    assert recased(pattern, matched, known) == wanted
