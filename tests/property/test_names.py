"""Laws of names: what is written can be read back, one text for one name, and no text crashes the parser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bailiwick.errors import Invalid
from bailiwick.model.names import (
    ResourceName,
    format_resource_name,
    parse_group_reference,
    parse_name,
    parse_path,
    parse_principal,
    parse_resource_name,
    parse_subject,
    parse_type_name,
)

TYPES = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
NODES = st.tuples(TYPES, st.text(min_size=1))
NAMES = st.builds(
    ResourceName,
    st.text(min_size=1),
    st.text(min_size=1),
    st.text(),
    st.text(),
    st.lists(NODES, min_size=1, max_size=16).map(tuple),
)
NASTY = st.one_of(
    st.text(st.characters()),
    st.text("brn:/%aF0~ü\x00\ud800*?. "),
    st.text("a:/%2f").map(lambda text: f"brn:a:b:::{text}"),
)
PARSERS: list[Callable[[str], object]] = [
    parse_resource_name,
    parse_path,
    parse_principal,
    parse_subject,
    lambda text: parse_name(text, "place"),
    lambda text: parse_type_name(text, "place"),
    lambda text: parse_group_reference(text, "place"),
]


@given(NAMES)
def test_a_resource_name_survives_its_text(name: ResourceName) -> None:
    """A formatted name parses to itself."""
    assert parse_resource_name(format_resource_name(name)) == name


@given(NAMES)
def test_a_formatted_name_is_plain(name: ResourceName) -> None:
    """A formatted name is ASCII with exactly five colons, whatever its parts hold."""
    text = format_resource_name(name)
    assert text.isascii()
    assert text.count(":") == 5
    assert text.rpartition(":")[2].count("/") == 2 * len(name.path) - 1


@given(NASTY)
@example("brn:a:b:::t/%c3%bc")
@example("brn:a:b:::t/%41")
@example("brn:a:b:::t/ü")
@example("brn:a:b:::t/%")
@example("brn:a:b:::t/%FF")
def test_there_is_one_text_for_one_name(text: str) -> None:
    """What parses is exactly what formatting gives; anything else is refused as invalid."""
    try:
        name = parse_resource_name(text)
    except Invalid:
        return
    assert format_resource_name(name) == text


@pytest.mark.parametrize("parser", PARSERS)
@given(text=NASTY)
def test_no_text_crashes_a_parser(parser: Callable[[str], object], text: str) -> None:
    """Every text is read or refused with Invalid; nothing else is raised."""
    refusal = None
    try:
        parser(text)
    except Invalid as raised:
        refusal = raised
    assert refusal is None or refusal.findings


@given(NAMES)
def test_ancestors_shorten_the_path_from_its_end(name: ResourceName) -> None:
    """The ancestors, nearest first, are the name with one node less each."""
    assert [each.path for each in name.ancestors()] == [
        name.path[:end] for end in range(len(name.path) - 1, 0, -1)
    ]
    assert all(
        each.ancestors() == name.ancestors()[index + 1 :] for index, each in enumerate(name.ancestors())
    )
