"""Signing in to an application and letting a device in, in a real browser: every step, on a desktop and on a phone.

The application is a program on the person's machine; where it would listen, a page of the server itself answers.
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from tests.browser.checking import find_keyboard_traps, find_overflow
from tests.browser.chromium import DESKTOP, PHONE, View
from tests.browser.visiting import GUEST, PASSWORD, Visits
from tests.e2e.server import ACCOUNT

from bailiwick.authn.oauth.pkce import challenge_of
from bailiwick.service.oauth.device import begin_device
from bailiwick.service.people.events import Client

LISTENING = "/console/signed-out"
VIEWS = pytest.mark.parametrize("view", [DESKTOP, PHONE], ids=["desktop", "phone"])
APPLICATION = {
    "kind": "Application",
    "name": "desktop",
    "title": "Image viewer",
    "description": "Shows images of this account.",
    "type": "public",
    "redirect_uris": [f"http://127.0.0.1{LISTENING}"],
    "grants": ["authorization_code"],
    "scopes": ["openid", "profile", "groups", "ims:images:get"],
}


def address(visits: Visits) -> str:
    """The address of the application's request."""
    reply = visits.server.owner().apply(APPLICATION)
    assert reply.status == 200, reply.text
    host = visits.server.host
    asked = {
        "response_type": "code",
        "client_id": host.snapshot(ACCOUNT).identities["Application", "desktop"].uid,
        "redirect_uri": f"{visits.server.address}{LISTENING}",
        "scope": "openid profile groups ims:images:get",
        "state": "a-state",
        "code_challenge": challenge_of("v" * 43),
        "code_challenge_method": "S256",
    }
    return f"/oauth/authorize?{urlencode(asked)}"


def check(page: Page) -> None:
    """It is as wide as the window, and the keyboard gets through."""
    assert [*find_overflow(page), *find_keyboard_traps(page)] == []


@VIEWS
def test_a_person_signs_in_to_an_application(visits: Visits, view: View) -> None:
    """Password, consent, back: no redirect after a form is stopped by the page's own policy."""
    visits.context("user:alice")
    page = visits.open(address(visits), GUEST, view)
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Let Image viewer in?")).to_be_visible()
    expect(page.get_by_text("A program on this computer asks")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Let it in").click()
    page.wait_for_url(f"**{LISTENING}?code=*")
    assert "state=a-state" in page.url
    page.context.clear_cookies()


@VIEWS
def test_a_device_is_let_in(visits: Visits, view: View) -> None:
    """Type the code, see who asks, press the button."""
    begun = Client("198.51.100.9", "bailiwick/0.4")
    codes = begin_device(visits.server.host, "bailiwick-cli", "", ("openid", "all"), "", begun)
    page = visits.open("/device", "user:alice", view)
    page.get_by_label("Code").fill(codes.user_code.lower())
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Only if you have just begun this yourself")).to_be_visible()
    expect(page.get_by_text(codes.user_code)).to_be_visible()
    check(page)
    page.get_by_role("button", name="Let it in").click()
    expect(page.get_by_role("heading", name="Bailiwick command line was let in")).to_be_visible()
    check(page)
