"""Fixtures of the browser tests: one browser for all, and contexts whose pages are watched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.browser.chromium import launch


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's browser."""
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()
