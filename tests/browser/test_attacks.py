"""Attacks in a real browser: script text in everything that is stored, forms from elsewhere, frames around pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route
from tests.browser import hostile
from tests.browser.pages import ADDRESSES, addresses_of, list_pages
from tests.browser.visiting import Visits
from tests.e2e.server import ACCOUNT, OWNER, RunningServer

from bailiwick.console.app import console_entries
from bailiwick.console.forgery import FIELD
from bailiwick.console.routes import Entry

SAME_SITE = "http://127.0.0.1:9"
"""Another origin of the same site: browsers send its requests with the visitor's cookies."""
ELSEWHERE = "http://attacker.example"
REFUSED = "The form was not accepted"
FORMS = [entry for entry in console_entries() if entry.method == "POST" and entry.of_account]
_OWN_NAMES = ("projects", "services")
"""What cannot be called so, or is the system's."""
_SEEN = """() => {
    const count = what => document.querySelectorAll(what).length;
    return {
        ran: typeof ran,
        markup: count("svg[onload], img[onerror], script:not([src])"),
        addresses: count("a[href^='javascript:' i], form[action^='javascript:' i]"),
        titles: count("main h1"),
        footers: count("main ~ footer"),
        content: document.documentElement.outerHTML,
    };
}"""
_PARTS_OF_PAGES = ("/pick/subjects", "/pick/roles", "/pick/actions", "/pick/services")


@pytest.fixture(scope="module", autouse=True)
def attacked(server: RunningServer) -> None:
    """The account full of attacks."""
    hostile.load(server)


def hostile_addresses() -> list[str]:
    """Every page of an account, once for an object whose name is an attack, once as the other tests look at it."""
    found: list[str] = list(_PARTS_OF_PAGES)
    for entry in list_pages():
        if not entry.of_account:
            continue
        part = entry.path.split("/")[1] if entry.path else ""
        if "{name}" in entry.path and entry.path not in ADDRESSES and part not in _OWN_NAMES:
            found.append(entry.path.replace("{name}", quote(hostile.NAME, safe="")))
        elif "name=" in "".join(addresses_of(entry)) and part == "roles":
            found.append(f"{entry.path}?name={quote(hostile.NAME, safe='')}")
        else:
            found += addresses_of(entry)
    return found


@pytest.mark.parametrize("address", hostile_addresses())
def test_script_text_is_only_text(visits: Visits, address: str) -> None:
    """Nothing that is stored runs, becomes markup or is taken for a template; the page is whole."""
    page = visits.kept(account=hostile.ACCOUNT)
    page.goto(visits.url(address.replace("brn:acme", f"brn:{hostile.ACCOUNT}"), hostile.ACCOUNT))
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    seen = page.evaluate(_SEEN)
    assert hostile.FORBIDDEN not in seen.pop("content")
    whole = 0 if address.startswith("/pick/") else 1
    assert seen == {"ran": "undefined", "markup": 0, "addresses": 0, "titles": whole, "footers": whole}


@pytest.mark.parametrize("entry", FORMS[::8], ids=lambda entry: entry.path)
def test_a_form_from_another_origin_does_nothing(visits: Visits, server: RunningServer, entry: Entry) -> None:
    """A page of another origin, even of the same site, cannot send a form in the visitor's name.

    What the browser says of it does not depend on the form; that each of them asks is tried by tests/meta/test_pages.
    """
    address = entry.path.replace("{name}", "dev").replace("{revision}", "2")
    before = server.export()
    with page_of(
        visits, SAME_SITE, f'<form method="post" action="{visits.url(address)}"><button>Win</button></form>'
    ) as page:
        with page.expect_navigation():
            page.get_by_role("button").click()
        assert REFUSED in page.content()
    assert server.export() == before


def test_a_form_from_another_site_does_nothing(visits: Visits, server: RunningServer) -> None:
    """Nor can a page of another site; the browser does not even say whose it is."""
    fields = '<input name="name" value="stolen"><button>Win</button>'
    form = f'<form method="post" action="{visits.url("/projects/new")}">{fields}</form>'
    with page_of(visits, ELSEWHERE, form) as page:
        with page.expect_navigation():
            page.get_by_role("button").click()
        assert "Project stolen" not in page.content()
    assert "stolen" not in server.export()


@pytest.mark.parametrize("whose", ["nobody", "another"])
def test_a_form_without_its_token_does_nothing(visits: Visits, server: RunningServer, whose: str) -> None:
    """The token is needed, and that of another visit is none."""
    token = ""
    if whose == "another":
        other = visits.open("/projects/new", account=hostile.ACCOUNT)
        token = other.locator(f"main input[name={FIELD}]").first.input_value()
    page = visits.open("/projects/new")
    page.get_by_label("Name", exact=True).fill("stolen")
    page.evaluate(
        "([field, token]) => document.querySelectorAll(`input[name=${field}]`).forEach(one => one.value = token)",
        [FIELD, token],
    )
    page.locator("main form button[type=submit]").click()
    page.get_by_text(REFUSED).first.wait_for()
    assert "stolen" not in server.export()


@pytest.mark.parametrize("path", ["", "/users", "/projects/new", "/console/sign-in"])
def test_no_page_shows_itself_in_a_frame(visits: Visits, path: str) -> None:
    """A page of another origin that puts the console into a frame shows nothing of it."""
    with page_of(visits, SAME_SITE, f'<iframe src="{visits.url(path)}"></iframe>') as page:
        page.wait_for_load_state("load")
        assert page.frames[1].url.startswith("chrome-error:")


@contextmanager
def page_of(visits: Visits, origin: str, content: str) -> Iterator[Page]:
    """A page of this origin, in the browser in which the owner has signed in. What it does wrong is its purpose."""
    context = visits.context(OWNER, account=ACCOUNT)

    def answer(route: Route) -> None:
        route.fulfill(body=f"<!doctype html><title>x</title>{content}", content_type="text/html")

    context.route(f"{origin}/**", answer)
    page = context.new_page()
    try:
        page.goto(f"{origin}/")
        yield page
    finally:
        context.unroute(f"{origin}/**")
        visits.take_findings()
