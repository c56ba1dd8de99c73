"""Users and groups in a real browser: what is offered while one types, times in one's own zone, links shown once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.checking import find_keyboard_traps, find_overflow
from tests.browser.chromium import PHONE
from tests.browser.watching import Watch
from tests.e2e.server import OWNER, RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

PEOPLE: tuple[dict[str, object], ...] = (
    {"kind": "User", "name": "alice"},
    {"kind": "User", "name": "bob"},
    {"kind": "User", "name": "carol"},
    {"kind": "Group", "name": "readers", "members": ["user:alice", "user:bob"]},
    {
        "kind": "Policy",
        "name": "readers-images",
        "subjects": ["group:readers"],
        "roles": ["IMS ReadOnlyAccess"],
        "scope": {"service": "ims"},
    },
)
ZONE = "America/New_York"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    """A server with a few people, which browsers reach without TLS."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    with RunningServer(tmp_path / "server", public_url="") as running:
        assert running.owner().apply(*PEOPLE).status == 200
        yield running


@pytest.fixture
def page(server: RunningServer, browser: Browser) -> Iterator[Page]:
    """The owner's browser, somewhere in New York, on a wide screen. No page may do what none may."""
    context = browser.new_context(
        timezone_id=ZONE, locale="en-GB", reduced_motion="reduce", viewport={"width": 1440, "height": 900}
    )
    watch = Watch(context, server.address)
    cookies = visitor(server, OWNER).cookies
    context.add_cookies(
        [{"name": name, "value": value, "url": server.address} for name, value in cookies.items()]
    )
    yield context.new_page()
    assert watch.findings == []
    context.close()


def go(server: RunningServer, page: Page, path: str) -> None:
    """Open this page of the account."""
    page.goto(f"{server.address}/console/accounts/acme{path}")


def test_members_are_offered_and_added_until_a_time_of_ones_own_zone(
    server: RunningServer, page: Page
) -> None:
    """Whoever sits in New York writes New York's time; what is stored is the same instant, and so is what is shown."""
    go(server, page, "/groups/readers/add")
    member = page.get_by_label("Members").first
    member.focus()
    member.press_sequentially("car")
    expect(page.locator("#member-choices option[value='user:carol']")).to_be_attached()
    member.fill("user:carol")
    expect(page.get_by_text(f"({ZONE})").first).to_be_visible()
    page.locator("#expires_at").fill("2999-01-01T09:30")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("main")).to_contain_text("user:carol was added to group readers.")
    assert server.owner().get("groups", "readers").json["members"][-1] == {
        "member": "user:carol",
        "expires_at": "2999-01-01T14:30:00Z",
    }
    row = page.locator("tr").filter(has_text="user:carol")
    expect(row).to_contain_text("1 Jan 2999, 09:30")


def test_a_time_that_was_refused_is_still_ones_own(server: RunningServer, page: Page) -> None:
    """After an error the form holds what was written, in the zone in which it was written."""
    go(server, page, "/groups/readers/add")
    page.get_by_label("Members").first.fill("user:nobody")
    page.locator("#expires_at").fill("2999-01-01T09:30")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#member-error")).to_be_visible()
    expect(page.locator("#expires_at")).to_have_value("2999-01-01T09:30")


def test_the_list_follows_while_one_types(server: RunningServer, page: Page) -> None:
    """Only the lines change; the address is one to share."""
    go(server, page, "/groups/readers")
    page.get_by_label("Search").press_sequentially("ali")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{server.address}/console/accounts/acme/groups/readers?q=ali&kind=")


def test_a_link_is_shown_once_and_copied(server: RunningServer, page: Page) -> None:
    """The button takes it along; whoever comes back to the form finds no link."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.address)
    go(server, page, "/users/:invite")
    page.get_by_label("Name").fill("dora")
    page.get_by_label("Groups").first.fill("readers")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("One-time link").input_value()
    assert "/console/invitation/" in link
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.get_by_role("link", name="I have copied it").click()
    go(server, page, "/users/:invite")
    assert "/console/invitation/" not in page.content()


def test_a_mistake_in_the_text_is_read_first(server: RunningServer, page: Page) -> None:
    """The line is named and has the focus; the text stays, is mended and saved."""
    go(server, page, "/users/alice/document")
    page.get_by_label("Document").fill("kind: User\nname: alice\nemial: a@acme.example\n")
    page.get_by_role("button", name="Save").click()
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("Line 3: unknown field emial")
    expect(problem).to_be_focused()
    page.get_by_label("Document").fill("kind: User\nname: alice\nemail: a@acme.example\n")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("User alice was saved.")
    expect(page.get_by_role("link", name="Show or undo")).to_be_visible()


def test_a_user_is_deleted_with_what_was_said(server: RunningServer, page: Page) -> None:
    """From the user's page, by keyboard alone."""
    go(server, page, "/users/bob")
    page.get_by_role("link", name="Delete", exact=True).press("Enter")
    expect(page.locator("main")).to_contain_text("memberships end in these groups: readers")
    page.get_by_role("button", name="Delete bob").press("Enter")
    expect(page.locator("main")).to_contain_text("User bob was deleted.")
    assert server.owner().get("groups", "readers").json["members"] == ["user:alice"]


@pytest.mark.parametrize(
    "path", ["/users/alice/access", "/users/alice/access?service=ims", "/groups/readers", "/users/:invite"]
)
def test_pages_are_for_everybody(server: RunningServer, page: Page, path: str) -> None:
    """No trap for the keyboard, nothing that scrolls sideways on a phone."""
    go(server, page, path)
    assert find_keyboard_traps(page) == []
    page.set_viewport_size({"width": PHONE.width, "height": PHONE.height})
    assert find_overflow(page) == []
