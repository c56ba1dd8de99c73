"""How differences between documents are shown: each field by its path, lists by what comes and goes."""

from __future__ import annotations

from typing import Any

import pytest

from bailiwick.cli.documents import changed_fields, difference_lines


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": "x"}, {"a": "y"}, ["a: x → y"]),
        ({}, {"a": "y"}, ["a: (nothing) → y"]),
        ({"a": "x"}, {}, ["a: x → (nothing)"]),
        ({"a": ""}, {"a": "y"}, ["a: (nothing) → y"]),
        ({"a": False}, {"a": True}, ["a: no → yes"]),
        ({"a": 0}, {"a": None}, ["a: 0 → (nothing)"]),
        (
            {"scope": {"region": "a", "type": "t"}},
            {"scope": {"region": "b"}},
            ["scope.region: a → b", "scope.type: t → (nothing)"],
        ),
        ({"l": ["a", "b"]}, {"l": ["b", "c"]}, ["l: - a", "l: + c"]),
        ({"l": ["a", "b"]}, {"l": ["b", "a"]}, ["l: a, b → b, a"]),
        ({"l": ["a"]}, {"l": []}, ["l: - a"]),
        ({"l": [{"actions": ["x"]}]}, {"l": [{"actions": ["y"]}]}, ["l: - actions [x]", "l: + actions [y]"]),
    ],
)
def test_changed_fields(before: dict[str, Any], after: dict[str, Any], lines: list[str]) -> None:
    """What is the same is left out; what differs stands before and after."""
    assert list(changed_fields("", before, after)) == lines


def test_created_and_deleted_objects_are_one_line() -> None:
    """A new or removed object is named, not spelled out."""
    for op, mark in (("created", "+"), ("deleted", "-")):
        difference = {"op": op, "kind": "Group", "name": "g", "before": None, "after": {"name": "g"}}
        assert list(difference_lines(difference)) == [f"{mark} Group g"]


def test_an_earlier_state_that_may_not_be_seen_is_not_made_up() -> None:
    """Where the server hides what was, no field is shown as new."""
    difference = {"op": "changed", "kind": "Group", "name": "g", "before": None, "after": {"name": "g"}}
    assert list(difference_lines(difference)) == ["~ Group g", "    what it was is not yours to see"]
