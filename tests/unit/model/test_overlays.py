"""A mapping that shares what a change did not touch equals the one that would have been copied."""

from __future__ import annotations

import random

import pytest

from bailiwick.model import overlays
from bailiwick.model.overlays import Overlay, as_overlay


@pytest.mark.parametrize("most_apart", [0, 3, 1000])
def test_any_changes_come_to_what_a_copy_would_hold(monkeypatch: pytest.MonkeyPatch, most_apart: int) -> None:
    """Two hundred drawn changes, however many lie apart: look-ups, length, order of use and earlier versions agree."""
    monkeypatch.setattr(overlays, "MOST_APART", most_apart)
    chance = random.Random(7)
    plain: dict[int, str] = {number: f"v{number}" for number in range(8)}
    overlay = Overlay(dict(plain))
    versions = [(overlay, dict(plain))]
    for step in range(200):
        changes = {
            chance.randrange(16): chance.choice([None, f"s{step}"]) for _ in range(chance.randrange(4))
        }
        overlay = overlay.changed(changes)
        plain |= {key: value for key, value in changes.items() if value is not None}
        for key, value in changes.items():
            if value is None:
                plain.pop(key, None)
        versions.append((overlay, dict(plain)))
    for version, copied in versions:
        assert dict(version) == copied == dict(version.items())
        assert sorted(version.values()) == sorted(copied.values())
        assert len(version) == len(copied)
        assert [version.get(key) for key in range(16)] == [copied.get(key) for key in range(16)]
        assert [version.find(key) for key in range(16)] == [copied.get(key) for key in range(16)]
        assert [key in version for key in range(16)] == [key in copied for key in range(16)]


def test_a_missing_key_is_an_error_and_a_default_a_default() -> None:
    """`[]` raises as a dictionary does, for what was removed too; `get` gives the default."""
    overlay = Overlay({"a": 1}).changed({"a": None})
    for key in ("a", "b"):
        with pytest.raises(KeyError, match=key):
            overlay[key]
        assert overlay.get(key, 5) == 5
    assert overlay == {}


def test_what_stands_below_is_shared_until_much_lies_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change copies only what differs; beyond a limit one new dictionary is made."""
    monkeypatch.setattr(overlays, "MOST_APART", 2)
    below = {"a": 1}
    one = Overlay(below).changed({"b": 2})
    assert one._below is below
    assert one.changed({"c": 3})._below is below
    assert one.changed({"c": 3, "d": 4})._below == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert below == {"a": 1}


def test_a_plain_mapping_becomes_one_once() -> None:
    """What is an overlay already stays the same object."""
    overlay = as_overlay({"a": 1})
    assert as_overlay(overlay) is overlay
    assert repr(overlay) == "Overlay({'a': 1})"
