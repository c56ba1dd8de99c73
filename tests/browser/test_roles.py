"""The role editor in a real browser: the edit of seed 003 by mouse, what it would do meanwhile, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.browser.checking import find_barriers, find_keyboard_traps, find_overflow
from tests.browser.chromium import DESKTOP, PHONE, View, new_context
from tests.browser.watching import Watch
from tests.e2e.server import OWNER, RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

OBJECTS: tuple[dict[str, object], ...] = (
    {"kind": "User", "name": "frank"},
    {"kind": "Role", "name": "Developer", "service": "cloud", "rights": [{"actions": ["*"]}]},
    {
        "kind": "Policy",
        "name": "frank-develops",
        "subjects": ["user:frank"],
        "roles": ["Developer"],
        "scope": {"service": "cloud"},
    },
    {"kind": "Resource", "name": "brn:acme:cloud:us::volume/his", "owner": "user:frank"},
    {"kind": "Resource", "name": "brn:acme:cloud:us::volume/another", "owner": "user:owner"},
)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    """A server with a developer who may do everything, and two volumes, which browsers reach without TLS."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    with RunningServer(tmp_path / "server", public_url="") as running:
        assert running.owner().apply(*OBJECTS).status == 200
        yield running


def opened(
    server: RunningServer, browser: Browser, path: str, view: View = DESKTOP, *, scripts: bool = True
) -> tuple[Page, Watch]:
    """The owner's browser at this page of the account, and what watches it."""
    context = new_context(browser, view) if scripts else browser.new_context(java_script_enabled=False)
    watch = Watch(context, server.address)
    cookies = visitor(server, OWNER).cookies
    context.add_cookies(
        [{"name": name, "value": value, "url": server.address} for name, value in cookies.items()]
    )
    page = context.new_page()
    page.goto(f"{server.address}/console/accounts/acme{path}")
    return page, watch


def section(page: Page, title: str) -> Locator:
    """The part of the editor that is of this resource type."""
    return page.get_by_role("group", name=title, exact=True)


def make_the_edit(page: Page) -> None:
    """Seed 003: four types deselected, Volume custom, three actions for one's own, one box unchecked."""
    for title in ("Account", "IP", "Network", "Subnet"):
        section(page, title).get_by_label("No access").check()
    volume = section(page, "Volume")
    volume.get_by_label("Custom").check()
    for action in ("Delete", "Detach", "ManageOwnership"):
        volume.get_by_label(f"Qualifier of volume.{action}").select_option("mine")
    volume.get_by_label("volume.ManageBilling Change").uncheck()


def see_the_result(server: RunningServer, page: Page) -> None:
    """The resulting access rights, on the page and in the account."""
    expect(page.locator("h1")).to_contain_text("Developer")
    table = page.locator(".rights-table")
    for title, access in (("Account", "No access"), ("Server", "Full access"), ("Volume", "Custom access")):
        expect(
            table.locator("tbody").filter(has=page.get_by_role("rowheader", name=title, exact=True))
        ).to_contain_text(access)
    expect(table.get_by_role("row", name="volume.Detach")).to_contain_text("mine")
    expect(table.get_by_role("row", name="volume.ManageBilling")).to_have_count(0)
    rights = server.owner().get("roles", "Developer").json["rights"]
    assert rights[1] == {
        "actions": ["volume.Delete", "volume.Detach", "volume.ManageOwnership"],
        "qualifier": "mine",
    }


def test_the_role_edit_of_the_document(server: RunningServer, browser: Browser) -> None:
    """What saving would do stands there while one chooses: actions, and who loses what; then the resulting rights."""
    page, watch = opened(server, browser, "/roles")
    page.get_by_role("link", name="Developer", exact=True).click()
    page.get_by_role("link", name="Edit access rights").click()
    expect(section(page, "Volume").get_by_label("Qualifier of volume.Detach")).to_be_hidden()
    make_the_edit(page)
    outcome = page.locator("#outcome")
    expect(outcome).to_contain_text("22 actions taken away, 3 actions limited otherwise")
    expect(outcome).to_contain_text("No longer possible")
    expect(outcome).to_contain_text("frank")
    page.get_by_role("button", name="Save changes").click()
    see_the_result(server, page)
    changed = page.locator(".card-changed")
    expect(changed).to_contain_text("22 actions taken away, 3 actions limited otherwise")
    expect(changed).to_contain_text("volume: another (us)")
    assert watch.findings == []


def test_the_same_without_scripts(server: RunningServer, browser: Browser) -> None:
    """The form is a form: styles open the actions, the server says what changes, and saves."""
    page, _ = opened(server, browser, "/roles/one/edit?name=Developer", scripts=False)
    expect(section(page, "Volume").get_by_label("Qualifier of volume.Detach")).to_be_hidden()
    make_the_edit(page)
    page.get_by_role("button", name="See what changes").click()
    expect(page.locator("#outcome")).to_contain_text("22 actions taken away")
    page.get_by_role("button", name="Save changes").click()
    see_the_result(server, page)


def test_the_whole_role_at_once(server: RunningServer, browser: Browser) -> None:
    """Revoke all and apply full access fill the form where it is; nothing is saved by either."""
    page, watch = opened(server, browser, "/roles/one/edit?name=Developer")
    page.get_by_role("button", name="Revoke all access").click()
    expect(section(page, "Server").get_by_label("No access")).to_be_checked()
    expect(page.locator("#outcome")).to_contain_text("99 actions taken away")
    expect(page.locator("#outcome")).to_contain_text("It could not be saved like this")
    page.get_by_role("button", name="Apply full access").click()
    expect(page.locator("#outcome")).to_contain_text("Nothing is different")
    assert server.owner().get("roles", "Developer").json["rights"] == [{"actions": ["*"]}]
    assert watch.findings == []


def test_a_prerequisite_is_offered_while_one_chooses(server: RunningServer, browser: Browser) -> None:
    """Detaching alone lacks Access; one button saves the role with it."""
    page, watch = opened(server, browser, "/roles/create?service=cloud")
    page.get_by_label("Name", exact=True).fill("Detacher")
    volume = section(page, "Volume")
    volume.get_by_label("Custom").check()
    volume.get_by_label("volume.Detach Detach").check()
    page.get_by_role("button", name="Save with what is required").click()
    expect(page.locator("h1")).to_contain_text("Detacher")
    rights = server.owner().get("roles", "Detacher").json["rights"]
    assert rights == [{"actions": ["volume.Access", "volume.Detach"]}]
    assert watch.findings == []


def test_the_editor_by_keyboard_and_on_a_phone(server: RunningServer, browser: Browser) -> None:
    """Everything is reached by the Tab key; an open type fits a phone and has no barrier."""
    page, _ = opened(server, browser, "/roles/create?service=container-registry")
    assert find_keyboard_traps(page) == []
    phone, watch = opened(server, browser, "/roles/one/edit?name=Developer", PHONE)
    section(phone, "Volume").get_by_label("Custom").check()
    expect(phone.locator("#outcome")).to_contain_text("Nothing is different")
    assert find_overflow(phone) == []
    assert find_barriers(phone) == []
    assert watch.findings == []


def test_the_matrix_keeps_its_heads_and_shows_one_role_on_a_phone(
    server: RunningServer, browser: Browser
) -> None:
    """Columns are named wherever one has scrolled to; in a narrow window a role is chosen."""
    page, watch = opened(server, browser, "/roles/matrix?service=hs-crypto")
    head = page.get_by_role("columnheader", name="KMS Key Purge")
    page.locator(".matrix-card").evaluate("card => card.scrollTop = 2000")
    expect(head).to_be_in_viewport()
    phone, watch_phone = opened(server, browser, "/roles/matrix?service=hs-crypto", PHONE)
    expect(phone.get_by_role("columnheader", name="Viewer")).to_be_visible()
    expect(phone.get_by_role("columnheader", name="Manager", exact=True)).to_be_hidden()
    phone.locator("select[name=role]").select_option("Manager")
    expect(phone.get_by_role("columnheader", name="Manager", exact=True)).to_be_visible()
    assert find_overflow(phone) == []
    assert watch.findings + watch_phone.findings == []


def test_a_list_follows_while_one_types_and_chooses(server: RunningServer, browser: Browser) -> None:
    """Search and filters show what they find without a button, and the address holds them."""
    page, watch = opened(server, browser, "/roles")
    page.locator("select[name=service]").select_option("ims")
    expect(page.locator("#rows")).not_to_contain_text("Developer")
    page.locator("select[name=service]").select_option("")
    page.get_by_role("searchbox").fill("Devel")
    expect(page.locator("#rows")).not_to_contain_text("Image Management Service")
    expect(page.locator("#rows")).to_contain_text("Developer")
    expect(page).to_have_url(f"{server.address}/console/accounts/acme/roles?q=Devel&kind=&service=")
    assert watch.findings == []
