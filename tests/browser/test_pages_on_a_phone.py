"""Every page at the width of a phone, light and dark: no barrier, nothing wrong, pictures of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.browser.chromium import PHONE, PHONE_DARK
from tests.browser.looking import look_at
from tests.browser.pages import Shown, list_shown
from tests.browser.visiting import Visits


@pytest.mark.parametrize("shown", list_shown(), ids=str)
def test_a_page_on_a_phone(
    visits: Visits, shown: Shown, record_property: Callable[[str, object], None]
) -> None:
    """axe finds nothing serious, nothing scrolls sideways, the browser complains about nothing."""
    look = look_at(visits, shown, PHONE, PHONE_DARK)
    record_property("usable_ms", look.times.usable_ms)
    assert look.findings == []
