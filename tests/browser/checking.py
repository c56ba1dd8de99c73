"""What is asked of every page: accessible by axe's rules, whole at its width, usable by keyboard, soon there.

Each check returns what it found, in words; nothing found is an empty list. None of them needs the page to be trusted:
they run through the browser's debugging interface, so the page's own content policy stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / ".venv/axe/axe.min.js"
WALK = Path(__file__).parent / "keyboard.js"
GRAVE = {"serious", "critical"}
CONTRAST = "color-contrast"
MAX_STEPS = 600

# WHY no preloading: it is for sounds and for styles of turned screens, of which the pages have none.
_ASKED = {"resultTypes": ["violations"], "preload": False}
_NARROW = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll("*")].filter(one => {
        const box = one.getBoundingClientRect();
        return box.right > width + 1 && box.width > 0 && one.checkVisibility();
    });
    return wide.slice(0, 5).map(one => one.outerHTML.slice(0, 120));
}"""
_TIMES = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
    const [visit] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    done([Math.max(visit.domContentLoadedEventEnd, paint ? paint.startTime : 0), visit.responseEnd]);
})))"""


@dataclass(frozen=True, slots=True)
class Times:
    """How soon a page was there, in milliseconds from the request: painted with its scripts run; its answer read."""

    usable_ms: float
    answered_ms: float


@cache
def read_axe() -> str:
    """The text of axe. Raises FileNotFoundError, saying what brings it."""
    if not AXE.exists():
        raise FileNotFoundError("axe is not there; run scripts/install-frontend.sh")
    return AXE.read_text(encoding="utf-8")


def find_barriers(page: Page, *rules: str) -> list[str]:
    """Which serious or critical barriers does axe find on this page? By these of its rules; without any, by all."""
    return _ask_axe(page, {"runOnly": list(rules)} if rules else {})


def find_barriers_but(page: Page, *rules: str) -> list[str]:
    """Which does it find by all but these of its rules?"""
    return _ask_axe(page, {"rules": {rule: {"enabled": False} for rule in rules}})


def _ask_axe(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("() => 'axe' in globalThis"):
        page.evaluate(read_axe())
    result: dict[str, Any] = page.evaluate("options => axe.run(document, options)", {**_ASKED, **options})
    return [
        f"{found['id']} ({found['impact']}): {found['help']}: {node['html'][:160]}"
        for found in result["violations"]
        if found["impact"] in GRAVE
        for node in found["nodes"]
    ]


def find_overflow(page: Page) -> list[str]:
    """What makes this page scroll sideways?"""
    wide: list[str] = page.evaluate(_NARROW)
    return [f"wider than the page: {one}" for one in wide]


def find_keyboard_traps(page: Page) -> list[str]:
    """What can a person without a mouse not reach, leave or see on this page?

    Walks the page by the Tab key, from its top to its end.
    """
    page.evaluate("() => document.activeElement?.blur()")
    page.evaluate(WALK.read_text(encoding="utf-8"))
    for _ in range(MAX_STEPS):
        page.keyboard.press("Tab")
        if not page.evaluate("() => keyboardWalk.step()"):
            break
    else:
        return [f"the Tab key does not come to the page's end in {MAX_STEPS} steps"]
    findings: list[str] = page.evaluate("() => keyboardWalk.finish()")
    return findings


def measure(page: Page) -> Times:
    """How soon was the page there that is open now?"""
    usable, answered = page.evaluate(_TIMES)
    return Times(usable, answered)
