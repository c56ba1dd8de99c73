"""Steps that a guide writes are done as written, and one that cannot be done, or shows something else, is an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route
from tests.browser.steps import People, parse_step

ADDRESS = "http://127.0.0.1:9"
WORDS = {"LINK": "/form"}
FORM = """
<nav><a href="/elsewhere">Projects</a></nav>
<main><h1>New project</h1><form action="/made">
<label for="name">Name</label><input id="name" name="name">
<label>Type <select name="type"><option value="p">poc: a trial</option><option value="q">prod</option></select></label>
<input aria-label="Roles" name="role" value="Reader"><input aria-label="Roles" name="role">
<label><input type="checkbox" name="whole" value="yes"> with what belongs to them <small>all of it</small></label>
<label for="link">Link</label><input id="link" readonly value="/elsewhere">
<button>Create</button></form>
<table><tr><td>group:a</td><td><a href="/a">Detach</a></td></tr>
<tr><td>group:b</td><td><a href="/b">Detach</a></td></tr></table>
<p hidden>Nobody reads this.</p></main>
"""
STEPS = """open $LINK
see New project
write Name: web
choose Type: prod
write Roles: Writer
tick with what belongs to them
press Create
see /made?name=web&type=q&role=Reader&role=Writer&whole=yes&
"""


@pytest.fixture
def people(browser: Browser) -> Iterator[People]:
    """Somebody in front of pages that are made up on the spot: a form, and pages that say their own address."""
    made = People(browser, ADDRESS, lambda name: WORDS.get(name, ""))
    page = made.page_of("carol")
    page.context.set_default_timeout(3000)
    page.context.route("**/*", _answer)
    yield made
    page.context.close()


def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(ADDRESS)
    shown = FORM if path == "/form" else f"<main>{path.replace('&', '&amp;')}&amp;</main>"
    route.fulfill(body=f"<!doctype html><title>A page</title>{shown}", content_type="text/html")


@pytest.mark.parametrize(
    "steps",
    [
        STEPS,
        "open /form\npress Detach beside group:b\nsee /b",
        "open /form\npress Projects\nsee /elsewhere",
        "open /form\nkeep Link as OWN\nopen $OWN\nsee /elsewhere",
        "open /form\nnot see Nobody reads this.\nnot see Delete",
    ],
    ids=["form", "beside", "menu", "keep", "not-see"],
)
def test_steps_are_done_as_written(people: People, steps: str) -> None:
    """Each kind of step does what it says."""
    people.do("carol", steps)


@pytest.mark.parametrize(
    "steps",
    [
        "press Delete",
        "press Detach beside group:c",
        "write Title: web",
        "choose Type: other",
        "tick without anything",
        "see Nobody reads this.",
        "not see New project",
    ],
)
def test_a_step_that_cannot_be_done_is_an_error(
    people: People, steps: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the step and says what is on the page instead."""
    monkeypatch.setattr("tests.browser.steps.WAIT_MS", 1000)
    with pytest.raises(AssertionError, match=rf"`{steps}`, on {ADDRESS}/form[\s\S]*New project"):
        people.do("carol", f"open /form\n{steps}")


def test_what_a_page_must_not_do_is_an_error(people: People) -> None:
    """A page that fails in the browser's console does not pass, though it shows what was asked for."""
    page = people.page_of("carol")
    people.do("carol", "open /form")
    page.evaluate("console.error('broken')")
    with pytest.raises(AssertionError, match="broken"):
        people.do("carol", "see New project")


@pytest.mark.parametrize("line", ["click Create", "open", "looks good"])
def test_a_line_that_is_no_step_is_an_error(line: str) -> None:
    """Words that the test would not understand are not left out."""
    with pytest.raises(AssertionError, match="is no step"):
        parse_step(line)
