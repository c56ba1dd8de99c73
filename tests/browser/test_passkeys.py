"""Passkeys in a real browser, with an authenticator that it pretends to have: made, shown in every place, removed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.chromium import DESKTOP, PHONE, new_context
from tests.browser.visiting import CHEAP, PASSWORD, link_of
from tests.browser.watching import Watch
from tests.e2e.server import ACCOUNT, RunningServer

from bailiwick.service.people import hashing
from bailiwick.service.settings import Settings

HOME = f"/console/accounts/{ACCOUNT}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that is reached by a name: browsers make no passkeys for an address."""
    folder = tmp_path_factory.mktemp("passkeys") / "server"
    with pytest.MonkeyPatch.context() as patch, RunningServer(folder, public_url="") as running:
        patch.setattr(hashing, "COST", CHEAP)
        running.address = running.address.replace("127.0.0.1", "localhost")
        running.host.settings = Settings(running.address)
        running.owner().apply({"kind": "User", "name": "bob"})
        yield running


@pytest.fixture
def page(browser: Browser, server: RunningServer) -> Iterator[Page]:
    """A page of a browser that holds an authenticator which knows its user."""
    context = new_context(browser, DESKTOP)
    watch = Watch(context, server.address)
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    client.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield page
    context.close()
    assert watch.findings == []


def go(page: Page, server: RunningServer, path: str) -> None:
    """Open a page of the account, or of the console."""
    page.goto(server.address + (path if path.startswith("/console") else HOME + path))


def enter(page: Page, server: RunningServer) -> None:
    """The owner chooses a password."""
    page.goto(link_of(server, "user:owner"))
    for field in ("#password", "#again"):
        page.locator(field).fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    expect(page).to_have_url(server.address + HOME)


def sign_out(page: Page, server: RunningServer) -> None:
    """Leave."""
    page.context.clear_cookies()


def test_a_passkey_through_its_life(page: Page, server: RunningServer) -> None:
    """Made, signed in with alone, shown after the password, shown as proof with what was typed kept, removed."""
    enter(page, server)
    go(page, server, "/me/passkeys")
    page.get_by_role("button", name="New passkey").click()
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("Passkey laptop was made")).to_be_visible()

    sign_out(page, server)
    go(page, server, "/console/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(server.address + HOME)

    sign_out(page, server)
    go(page, server, "/console/sign-in")
    for label, value in (("Account", ACCOUNT), ("User name", "owner"), ("Password", PASSWORD)):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Show a passkey").click()
    expect(page).to_have_url(server.address + HOME)

    go(page, server, "/users/bob/disable")
    server.clock.advance(960)
    page.locator("main form button[type=submit]").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_role("button", name="Show a passkey").click()
    expect(page.get_by_text("was disabled")).to_be_visible()

    go(page, server, "/me/passkeys")
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove passkey").click()
    expect(page.get_by_text("No passkeys yet")).to_be_visible()


def test_without_scripts_there_is_no_such_button_and_all_else_works(
    browser: Browser, server: RunningServer
) -> None:
    """The form for a passkey stays hidden."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": PHONE.width, "height": PHONE.height}
    )
    page = context.new_page()
    go(page, server, "/console/sign-in")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    context.close()
