"""The system's Chromium, and the ways in which a page is looked at.

Playwright's own browsers are not used: what Debian ships is what is tested (`scripts/install-browser.sh`).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_MS = 10_000.0


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a page."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]

    def __str__(self) -> str:
        return self.name


DESKTOP = View("desktop-light", 1440, 900, "light")
DESKTOP_DARK = View("desktop-dark", 1440, 900, "dark")
PHONE = View("phone-light", 390, 844, "light")
PHONE_DARK = View("phone-dark", 390, 844, "dark")


def find_browser() -> str:
    """Where is the browser? Raises FileNotFoundError, saying what installs it."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError("no Chromium on this system; run scripts/install-browser.sh")
    return found


def launch(playwright: Playwright) -> Browser:
    """Start the browser, without a window."""
    # WHY: Chromium refuses to run its sandbox as root, where tests in containers often are.
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    # WHY no GPU: nothing is seen, and drawing by another process takes a tenth of each page's time.
    args = ["--disable-gpu", *(["--no-sandbox"] if as_root else [])]
    return playwright.chromium.launch(executable_path=find_browser(), args=args)


def new_context(browser: Browser, view: View = DESKTOP) -> BrowserContext:
    """A browser of its own, as far as pages can tell: no cookies, nothing kept."""
    context = browser.new_context(
        viewport={"width": view.width, "height": view.height},
        color_scheme=view.scheme,
        # WHY: what moves is seen half-way by a screenshot and by what measures styles.
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    context.set_default_timeout(TIMEOUT_MS)
    return context
