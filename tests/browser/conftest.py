"""Fixtures of the browser tests: a browser and a server for each module, pages that are watched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.browser.chromium import launch
from tests.browser.visiting import Visits, company, make_company
from tests.e2e.server import RunningServer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's browser, of the tests of one module.

    WHY not of all: while it runs it holds this process's event loop, which other tests run of their own.
    """
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture(scope="session")
def made_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company's data, which no test changes."""
    return make_company(tmp_path_factory.mktemp("company") / "made")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, made_company: Path) -> Iterator[RunningServer]:
    """The sample company's server, of the tests of one module."""
    with company(tmp_path_factory.mktemp("server") / "server", made_company) as running:
        yield running


@pytest.fixture(scope="module")
def browsers(browser: Browser, server: RunningServer) -> Iterator[Visits]:
    """The browsers of people who visit that server, kept for the whole module. Tests use `visits`."""
    visits = Visits(browser, server)
    yield visits
    visits.close()


@pytest.fixture
def visits(browsers: Visits) -> Iterator[Visits]:
    """The same; what any page does that no page may do fails the test, and its pages are closed."""
    browsers.take_findings()
    yield browsers
    found = browsers.take_findings()
    browsers.close_pages()
    assert found == []
