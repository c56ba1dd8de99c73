"""One look at one page: everything that is wrong with it, wide and narrow, light and dark; pictures, if wanted."""

from __future__ import annotations

import os
from dataclasses import dataclass

from playwright.sync_api import Page
from tests.browser.checking import (
    CONTRAST,
    ROOT,
    Times,
    find_barriers,
    find_barriers_but,
    find_overflow,
    measure,
)
from tests.browser.chromium import DESKTOP, DESKTOP_DARK, PHONE, PHONE_DARK, View
from tests.browser.pages import Shown
from tests.browser.visiting import Visits

PICTURES = ROOT / "test-results/screenshots"
WANTED = "PICTURES"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a page found, and how soon the page was there."""

    page: Page
    findings: list[str]
    times: Times


def look_at(visits: Visits, shown: Shown) -> Look:
    """Open the page on a wide screen in the light, try what every page must stand; then let it get dark.

    WHY not opened twice: between light and dark only colours differ.
    """
    page = visits.kept(shown.who, DESKTOP, shown.account)
    response = page.goto(visits.url(shown.address, shown.account))
    times = measure(page)
    findings = [*find_barriers(page), *find_overflow(page)]
    if response is None or response.status != shown.status:
        findings.append(f"status {response and response.status}, expected {shown.status}")
    take_picture(page, DESKTOP, shown.file_name)
    page.emulate_media(color_scheme=DESKTOP_DARK.scheme)
    findings += [f"in the dark: {finding}" for finding in find_barriers(page, CONTRAST)]
    take_picture(page, DESKTOP_DARK, shown.file_name)
    page.emulate_media(color_scheme=DESKTOP.scheme)
    return Look(page, findings, times)


def look_narrowly(page: Page, shown: Shown) -> list[str]:
    """What is wrong with this open page once its window is as narrow as a phone?

    WHY not opened again, and without looking at contrast: pages are told their width by the style sheet alone, and
    colours do not depend on it.
    """
    page.set_viewport_size({"width": PHONE.width, "height": PHONE.height})
    findings = [*find_barriers_but(page, CONTRAST), *find_overflow(page)]
    take_picture(page, PHONE, shown.file_name)
    if is_wanted():
        page.emulate_media(color_scheme=PHONE_DARK.scheme)
        take_picture(page, PHONE_DARK, shown.file_name)
    return [f"on a phone: {finding}" for finding in findings]


def is_wanted() -> bool:
    """Shall pictures be taken? They are for people, and take a fifth of the time."""
    return bool(os.environ.get(WANTED))


def take_picture(page: Page, view: View, name: str) -> None:
    """Keep a picture of the whole page, if pictures are wanted."""
    if is_wanted():
        page.screenshot(path=PICTURES / view.name / f"{name}.png", full_page=True, caret="initial")
