"""Every page without a mouse, and every page of the route table in the list that these tests go through."""

from __future__ import annotations

import pytest
from tests.browser.checking import find_keyboard_traps
from tests.browser.pages import ADDRESSES, PARTS, Shown, addresses_of, list_pages, list_shown
from tests.browser.visiting import Visits

from bailiwick.console.app import console_entries
from bailiwick.console.routes import Entry


@pytest.mark.parametrize("shown", list_shown(), ids=str)
def test_a_page_is_used_by_keyboard(visits: Visits, shown: Shown) -> None:
    """The first stop leads to the content; everything can be reached, left, and shows that it has the focus."""
    page = visits.open(shown.address, shown.who, account=shown.account)
    assert find_keyboard_traps(page) == []


@pytest.mark.parametrize("entry", list_pages(), ids=lambda entry: entry.full_path)
def test_every_page_is_looked_at(entry: Entry) -> None:
    """A page whose address names something needs a line in `tests/browser/pages.py`."""
    if entry.path not in ADDRESSES:
        assert addresses_of(entry) != (), (
            f"`{entry.path}` needs a line in ADDRESSES of tests/browser/pages.py"
        )


def test_the_list_names_only_pages_that_are_there() -> None:
    """What is gone from the route table is gone from the list."""
    there = {path for entry in console_entries() for path in (entry.path, entry.full_path)}
    assert {*ADDRESSES, *PARTS} <= there
