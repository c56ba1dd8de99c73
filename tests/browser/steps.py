"""Steps in the console, as a guide writes them for people, done by a real browser.

    open /console/accounts/acme/projects
    press New project
    write Name: web
    choose Type: poc: a trial
    press Create project
    see Project web was created.

`open` takes a path, or a variable of the guide's shell (`$LINK`). `press` takes the words of a button or link, in the
page rather than the menu; `press Detach beside group:designers` the one in that line of a list. `write` and `choose`
name the field's label; `tick` and `untick` a box, `tick Custom beside Volume` the one of that group. `see` and
`not see` say what must be read, or must not. `keep Link as LINK` keeps a field's text for a later step.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Literal

from playwright.sync_api import Browser, Locator, Page, expect
from tests.browser.chromium import TIMEOUT_MS, new_context
from tests.browser.watching import Watch

_STEP = re.compile(r"(open|press|write|choose|tick|untick|see|not see|keep) (.+)")
_VARIABLE = re.compile(r"\$([A-Z_]+)")


MOST_WORDS = 2000
WAIT_MS = TIMEOUT_MS
PRESSED: tuple[Literal["button"], Literal["link"]] = ("button", "link")
FIELDS: tuple[Literal["textbox", "searchbox", "combobox"], ...] = ("textbox", "searchbox", "combobox")


@dataclass
class People:
    """Everybody who visits the console in a guide: each has a browser of their own, which stays as it was left."""

    browser: Browser
    address: str
    value_of: Callable[[str], str]
    pages: dict[str, Page] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    watches: list[Watch] = field(default_factory=list)

    def page_of(self, person: str) -> Page:
        """Which page does this person look at?"""
        if person not in self.pages:
            context = new_context(self.browser)
            self.watches.append(Watch(context, self.address))
            self.pages[person] = context.new_page()
        return self.pages[person]

    def do(self, person: str, steps: str) -> None:
        """Let this person do these steps. Raises AssertionError where one cannot be done, or shows something else."""
        page = self.page_of(person)
        for line in steps.splitlines():
            verb, words = parse_step(line)
            try:
                _DOING[verb](self, page, words)
            except Exception as error:
                why, words = str(error).partition("\n")[0], _words_on(page)[:MOST_WORDS]
                raise AssertionError(f"`{line}`, on {page.url}: {why}\n{words}") from None
        findings = [finding for watch in self.watches for finding in watch.findings]
        assert not findings, findings

    def text(self, words: str) -> str:
        """The words, with what was kept and the shell's variables in them."""
        return _VARIABLE.sub(lambda found: self.kept.get(found[1]) or self.value_of(found[1]), words)


def parse_step(line: str) -> tuple[str, str]:
    """What is to be done, and with what? Raises AssertionError for a line that is no step."""
    found = _STEP.fullmatch(line.strip())
    assert found is not None, f"`{line}` is no step"
    return found[1], found[2]


def _words_on(page: Page) -> str:
    return page.locator("body").inner_text() if not page.is_closed() else ""


def _open(people: People, page: Page, words: str) -> None:
    address = people.text(words)
    page.goto(address if "://" in address else people.address + address)


def _press(people: People, page: Page, words: str) -> None:
    name, _, beside = words.partition(" beside ")
    body, main = page.locator("body"), page.locator("main")
    line = page.locator("tr, li, .card").filter(has_text=people.text(beside)).last
    places = [line] if beside else [main, body]
    # WHY: a part of the page may still be on its way.
    deadline = time.monotonic() + WAIT_MS / 1000
    while (pressed := next((one for place in places for one in _named(place, name)), None)) is None:
        assert time.monotonic() < deadline, f"there is no button or link `{name}`"
        page.wait_for_timeout(50)
    pressed.focus()
    pressed.click()
    page.wait_for_load_state()


def _named(place: Locator, name: str) -> list[Locator]:
    """The buttons and links of these words that one can see, in this place; buttons first."""
    button, link = (place.get_by_role(role, name=name, exact=True) for role in PRESSED)
    return [*button.filter(visible=True).all(), *link.filter(visible=True).all()]


def _field(page: Page, label: str) -> Locator:
    # WHY: where a label is around its field, the label's text is more than the field's name.
    named = [page.get_by_role(role, name=label, exact=True) for role in FIELDS]
    return reduce(Locator.or_, named, page.get_by_label(label, exact=True)).filter(visible=True)


def _write(people: People, page: Page, words: str) -> None:
    label, _, value = words.partition(": ")
    fields = _field(page, label)
    expect(fields.first).to_be_editable(timeout=WAIT_MS)
    # WHY: where a field takes several values, each goes into the next empty line.
    empty = [one for one in fields.all() if not one.input_value()] if fields.count() > 1 else []
    (empty or [fields.first])[0].fill(people.text(value))


def _choose(people: People, page: Page, words: str) -> None:
    label, _, value = words.partition(": ")
    _field(page, label).first.select_option(label=people.text(value))
    # WHY: a list below may follow what was chosen.
    page.wait_for_load_state("networkidle")


def _box(people: People, page: Page, words: str) -> Locator:
    """The box with this label, of this group if one is named; an explanation may follow the label's words."""
    label, _, group = people.text(words).partition(" beside ")
    place = page.get_by_role("group", name=group, exact=True) if group else page.locator("body")
    box = place.get_by_role("checkbox", name=label).or_(place.get_by_role("radio", name=label))
    return box.filter(visible=True).first


def _tick(people: People, page: Page, words: str) -> None:
    _box(people, page, words).check()


def _untick(people: People, page: Page, words: str) -> None:
    _box(people, page, words).uncheck()


def _see(people: People, page: Page, words: str) -> None:
    expect(page.locator("body")).to_contain_text(people.text(words), use_inner_text=True, timeout=WAIT_MS)


def _see_nothing(people: People, page: Page, words: str) -> None:
    expect(page.locator("main")).not_to_contain_text(people.text(words), use_inner_text=True, timeout=WAIT_MS)


def _keep(people: People, page: Page, words: str) -> None:
    label, _, name = words.partition(" as ")
    people.kept[name] = _field(page, label).first.input_value()


_DOING: Mapping[str, Callable[[People, Page, str], None]] = {
    "open": _open,
    "press": _press,
    "write": _write,
    "choose": _choose,
    "tick": _tick,
    "untick": _untick,
    "see": _see,
    "not see": _see_nothing,
    "keep": _keep,
}
