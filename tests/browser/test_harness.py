"""Each check of the browser tests can fail: pages that are wrong in one way each, made up on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route
from tests.browser.checking import find_barriers, find_keyboard_traps, find_overflow, measure
from tests.browser.chromium import PHONE, new_context
from tests.browser.watching import Watch

ADDRESS = "http://127.0.0.1:9"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
STYLE = "a:focus, button:focus { outline: 2px solid blue } .wide { width: 900px } .hidden { opacity: 0; width: 0 }"
SOUND = '<a href="#main">Skip to the content</a><main id="main"><h1>Pages</h1>{}</main>'

Opened = tuple[Page, Watch]
Opener = Callable[..., Opened]


@pytest.fixture
def show(browser: Browser) -> Iterator[Opener]:
    """Shows a page with this content, and with this script beside it."""
    contexts = []

    def open_page(content: str, script: str = "") -> Opened:
        context = new_context(browser, PHONE)
        contexts.append(context)
        watch = Watch(context, ADDRESS)
        context.route("**/*", lambda route: _answer(route, content, script))
        page = context.new_page()
        page.goto(ADDRESS)
        return page, watch

    yield open_page
    for context in contexts:
        context.close()


def _answer(route: Route, content: str, script: str) -> None:
    path = route.request.url.removeprefix(ADDRESS)
    headers = {"Content-Security-Policy": POLICY}
    if path == "/":
        head = '<title>A page</title><link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script>'
        body = f'<!doctype html><html lang="en"><head>{head}</head><body>{content}</body></html>'
        route.fulfill(body=body, content_type="text/html", headers=headers)
    elif path == "/style.css":
        route.fulfill(body=STYLE, content_type="text/css")
    elif path == "/script.js":
        route.fulfill(body=script, content_type="text/javascript")
    elif path.startswith("/answers/"):
        route.fulfill(status=int(path.removeprefix("/answers/")), body="")
    else:
        route.abort()


def test_a_sound_page_has_no_findings(show: Opener) -> None:
    """A page with nothing wrong passes every check."""
    page, watch = show(SOUND.format("<p>Words</p><button>Save</button>"))
    assert find_barriers(page) == []
    assert find_overflow(page) == []
    assert find_keyboard_traps(page) == []
    assert watch.findings == []


@pytest.mark.parametrize(
    ("content", "script", "expected"),
    [
        ("", "console.error('it broke')", "console: it broke"),
        ("", "throw new Error('it broke')", "script: it broke"),
        ("", "alert('hello')", "dialog: hello"),
        ("<p style='color: red'>red</p>", "", "console: Applying inline style violates"),
        ("<script>document.title = 'ran'</script>", "", "console: Executing inline script violates"),
        ('<button onclick="document.title = 1">x</button><script src="/answers/404"></script>', "", "answer 404"),
        ("", "fetch('/answers/500')", "answer 500"),
        ('<img alt="" src="http://elsewhere.example/pixel.png">', "", "another host: http://elsewhere.example/"),
    ],
    ids=["error", "exception", "dialog", "style", "inline-script", "file", "failure", "another-host"],
)  # fmt: skip
def test_what_no_page_may_do_is_noticed(show: Opener, content: str, script: str, expected: str) -> None:
    """Whatever a page does that it may not do is among the findings of its watch."""
    page, watch = show(SOUND.format(content), script)
    page.wait_for_load_state("networkidle")
    assert any(finding.startswith(expected) for finding in watch.findings), watch.findings


def test_a_refused_part_of_a_page_is_no_finding(show: Opener) -> None:
    """An answer of 403 to a question is an answer."""
    page, watch = show(SOUND.format(""), "fetch('/answers/403')")
    page.wait_for_load_state("networkidle")
    assert watch.findings == []


def test_axe_finds_barriers(show: Opener) -> None:
    """A field without a label is found, on a page whose content policy allows no foreign script."""
    page, _ = show(SOUND.format("<input>"))
    assert [one.split(":")[0] for one in find_barriers(page)] == ["label (critical)"]


def test_what_is_wider_than_a_phone_is_found(show: Opener) -> None:
    """A page that scrolls sideways names what makes it so."""
    page, _ = show(SOUND.format('<div class="wide">wide</div>'))
    assert find_overflow(page) == ['wider than the page: <div class="wide">wide</div>']


@pytest.mark.parametrize(
    ("content", "script", "expected"),
    [
        ("<main><button>Save</button></main>", "", ["the first stop is no link to the content: <button>Save</button>"]),
        (SOUND.format('<input type="text">'), "", []),
        (
            SOUND.format('<button class="hidden">Save</button>'),
            "",
            ['has the focus and cannot be seen: <button class="hidden">Save</button>'],
        ),
        (
            SOUND.format('<summary tabindex="0">More</summary>'),
            "const sheet = new CSSStyleSheet(); sheet.replaceSync('summary { outline: none !important }');"
            "document.adoptedStyleSheets = [sheet];",
            ['does not show that it has the focus: <summary tabindex="0">More</summary>'],
        ),
        (
            SOUND.format("<button>One</button><button>Two</button>"),
            "document.querySelector('button').onkeydown = event => event.preventDefault();",
            [
                "does not let the focus go: <button>One</button>",
                "cannot be reached by the Tab key: <button>Two</button>",
            ],
        ),
    ],
    ids=["no-skip-link", "own-outline", "invisible", "no-focus", "trap"],
)  # fmt: skip
def test_what_the_keyboard_cannot_do_is_found(
    show: Opener, content: str, script: str, expected: list[str]
) -> None:
    """A walk by the Tab key says what it could not reach, leave or see."""
    page, _ = show(content, script)
    assert find_keyboard_traps(page) == expected


def test_times_are_measured(show: Opener) -> None:
    """A page is usable after its answer was read, and both are times of this visit."""
    page, _ = show(SOUND.format("<p>Words</p>"))
    times = measure(page)
    assert 0 < times.answered_ms <= times.usable_ms < 60_000
