"""Every page at the width of a desk and of a phone, light and dark, by keyboard: no barrier, nothing wrong.

With `PICTURES=1` in the environment (`make pictures`) it leaves pictures of all of them for people to look at.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.browser.checking import find_keyboard_traps
from tests.browser.looking import look_at, look_narrowly
from tests.browser.pages import ADDRESSES, PARTS, Shown, addresses_of, list_pages, list_shown
from tests.browser.visiting import Visits

from bailiwick.console.app import console_entries
from bailiwick.console.routes import Entry


@pytest.mark.parametrize("shown", list_shown(), ids=str)
def test_a_page_on_screens(
    visits: Visits, shown: Shown, record_property: Callable[[str, object], None]
) -> None:
    """axe finds nothing serious, nothing scrolls sideways, the browser complains about nothing.

    By the Tab key: the first stop leads to the content; everything can be reached, left, and shows its focus.
    """
    look = look_at(visits, shown)
    record_property("usable_ms", look.times.usable_ms)
    assert [*look.findings, *find_keyboard_traps(look.page), *look_narrowly(look.page, shown)] == []


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
