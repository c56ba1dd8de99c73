"""One look at one page in one view: a picture of it, and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page
from tests.browser.checking import ROOT, Times, find_barriers, find_overflow, measure
from tests.browser.chromium import View
from tests.browser.pages import Shown
from tests.browser.visiting import Visits

PICTURES = ROOT / "test-results/screenshots"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a page found, and how soon the page was there."""

    findings: list[str]
    times: Times


def look_at(visits: Visits, shown: Shown, view: View) -> Look:
    """Open the page, take its picture, and try what every page must stand."""
    page = visits.context(shown.who, view, shown.account).new_page()
    response = page.goto(visits.url(shown.address, shown.account))
    times = measure(page)
    take_picture(page, view, shown.file_name)
    findings = [*find_barriers(page), *find_overflow(page)]
    if response is None or response.status != shown.status:
        findings.append(f"status {response and response.status}, expected {shown.status}")
    return Look(findings, times)


def take_picture(page: Page, view: View, name: str) -> None:
    """Keep a picture of the whole page, for people to look at."""
    page.screenshot(path=PICTURES / view.name / f"{name}.png", full_page=True, caret="initial")
