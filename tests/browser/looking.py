"""One look at one page: pictures of it, light and dark, and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page
from tests.browser.checking import ROOT, Times, find_barriers, find_overflow, measure
from tests.browser.chromium import View
from tests.browser.pages import Shown
from tests.browser.visiting import Visits

PICTURES = ROOT / "test-results/screenshots"
CONTRAST = "color-contrast"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a page found, and how soon the page was there."""

    page: Page
    findings: list[str]
    times: Times


def look_at(visits: Visits, shown: Shown, light: View, dark: View) -> Look:
    """Open the page in the light, try what every page must stand, take its picture; then let it get dark.

    WHY not opened twice: between light and dark only colours differ.
    """
    page = visits.context(shown.who, light, shown.account).new_page()
    response = page.goto(visits.url(shown.address, shown.account))
    times = measure(page)
    findings = [*find_barriers(page), *find_overflow(page)]
    if response is None or response.status != shown.status:
        findings.append(f"status {response and response.status}, expected {shown.status}")
    take_picture(page, light, shown.file_name)
    page.emulate_media(color_scheme=dark.scheme)
    findings += [f"in the dark: {finding}" for finding in find_barriers(page, CONTRAST)]
    take_picture(page, dark, shown.file_name)
    page.emulate_media(color_scheme=light.scheme)
    return Look(page, findings, times)


def take_picture(page: Page, view: View, name: str) -> None:
    """Keep a picture of the whole page, for people to look at."""
    page.screenshot(path=PICTURES / view.name / f"{name}.png", full_page=True, caret="initial")
