"""Every line of the console's menu stands in docs/console.md, with its address."""

from __future__ import annotations

from pathlib import Path

import pytest

from bailiwick.console.navigation import MENU, Item

TEXT = (Path(__file__).parents[2] / "docs" / "console.md").read_text(encoding="utf-8")
ITEMS = [item for group in MENU for item in group.items]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.title)
def test_a_page_is_in_the_documentation(item: Item) -> None:
    """By the name that the menu gives it."""
    assert f"| {item.title} | `{item.path or '/'}` |" in TEXT
