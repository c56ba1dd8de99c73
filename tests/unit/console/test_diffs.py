"""Documents side by side: which lines stand beside which, what is left out, and which fields differ."""

from __future__ import annotations

from bailiwick.console.diffs import GAP, Line, Side, changed_fields, side_by_side


def test_a_changed_line_stands_beside_what_it_was() -> None:
    """Equal lines keep their numbers on both sides; what comes or goes stands alone."""
    before = {"kind": "Group", "name": "dev", "members": ["user:alice", "user:bob"]}
    after = {"kind": "Group", "name": "ops", "members": ["user:alice"]}
    assert side_by_side(before, after) == (
        Line("same", Side(1, "kind: Group"), Side(1, "kind: Group")),
        Line("changed", Side(2, "name: dev"), Side(2, "name: ops")),
        Line("same", Side(3, "members:"), Side(3, "members:")),
        Line("same", Side(4, "- user:alice"), Side(4, "- user:alice")),
        Line("gone", Side(5, "- user:bob"), None),
    )


def test_what_came_or_went_has_one_side() -> None:
    """A new object has only lines of after, one that is gone only lines of before."""
    document = {"kind": "Project", "name": "web"}
    assert {line.mark for line in side_by_side(None, document)} == {"new"}
    assert {line.mark for line in side_by_side(document, None)} == {"gone"}
    assert side_by_side(None, None) == ()


def test_long_equal_runs_are_left_out() -> None:
    """A few lines are kept beside what differs; a short run is shown whole."""
    many = {f"field-{number:02}": number for number in range(20)}
    lines = side_by_side({**many, "last": 1}, {**many, "last": 2})
    assert [line.mark for line in lines] == [GAP, "same", "same", "same", "changed"]
    assert lines[0].left_out == 17
    few = {f"field-{number}": number for number in range(5)}
    assert GAP not in {line.mark for line in side_by_side({**few, "last": 1}, {**few, "last": 2})}


def test_the_name_stands_first_whatever_the_stored_order() -> None:
    """Stored documents are sorted by field; people look for kind and name."""
    document = {"description": "x", "kind": "Group", "members": [], "name": "dev"}
    shown = [line.after.text for line in side_by_side(None, document) if line.after is not None]
    assert shown == ["kind: Group", "name: dev", "description: x", "members: []"]


def test_fields_that_differ_are_named_once() -> None:
    """In the order in which they stand, also those of one side only."""
    assert changed_fields({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "d": 4}) == ("b", "c", "d")
