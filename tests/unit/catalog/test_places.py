"""Paths read the way people write them, both ways."""

from __future__ import annotations

import pytest

from bailiwick.catalog.places import Collector, Path, format_path, nowhere, parse_path
from bailiwick.errors import Finding, Invalid

PATHS: dict[str, Path] = {
    "": (),
    "name": ("name",),
    "rights[2].actions[0]": ("rights", 2, "actions", 0),
    "when.all[1].not.key": ("when", "all", 1, "not", "key"),
}


@pytest.mark.parametrize("text", PATHS)
def test_paths_format_and_parse(text: str) -> None:
    """Formatting and parsing are inverse."""
    assert format_path(PATHS[text]) == text
    assert parse_path(text) == PATHS[text]


def test_a_collector_places_what_other_parsers_found() -> None:
    """Nested findings keep their path below the part that was parsed; others take the part's."""
    notes = Collector(lambda path: ("f.yaml", len(path)))
    notes.adopt(("rights", 0), Invalid.at("when.key", "wrong", "write it"), nested=True)
    notes.adopt(("name",), Invalid.at("anything", "wrong too"))
    assert notes.findings == [
        Finding("wrong", "rights[0].when.key", "write it", "f.yaml", 4),
        Finding("wrong too", "name", None, "f.yaml", 1),
    ]
    with pytest.raises(Invalid):
        notes.raise_if_any()


def test_nothing_wrong_raises_nothing() -> None:
    """A collector without findings lets the caller go on; without a file there is no line."""
    Collector().raise_if_any()
    assert nowhere(("a",)) == ("", 0)
