"""The builder of policies in a real browser: what it would do follows what one writes, and both views say the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.checking import find_keyboard_traps, find_overflow
from tests.browser.chromium import DESKTOP, PHONE_DARK, View, new_context
from tests.browser.watching import Watch
from tests.e2e.server import OWNER, RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

OBJECTS: tuple[dict[str, object], ...] = (
    {"kind": "User", "name": "bob"},
    {"kind": "User", "name": "carol"},
    {"kind": "Group", "name": "designers", "members": ["user:bob", "user:carol"]},
    {"kind": "Resource", "name": "brn:acme:ims:eu-de::image/base"},
    {
        "kind": "Policy",
        "name": "designers-look",
        "subjects": ["group:designers"],
        "roles": ["IMS ReadOnlyAccess"],
        "scope": {"service": "ims"},
        "when": {"not": {"key": "context.mfa", "operator": "bool-equals", "value": False}},
    },
)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    """A server with some designers and one policy, which browsers reach without TLS."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    with RunningServer(tmp_path / "server", public_url="") as running:
        assert running.owner().apply(*OBJECTS).status == 200
        yield running


def opened(server: RunningServer, browser: Browser, path: str, view: View = DESKTOP) -> tuple[Page, Watch]:
    """The owner's browser at this page of the account, and what watches it."""
    context = new_context(browser, view)
    watch = Watch(context, server.address)
    cookies = visitor(server, OWNER).cookies
    context.add_cookies(
        [{"name": name, "value": value, "url": server.address} for name, value in cookies.items()]
    )
    page = context.new_page()
    page.goto(f"{server.address}/console/accounts/acme{path}")
    return page, watch


def test_the_preview_follows_what_one_writes(server: RunningServer, browser: Browser) -> None:
    """Subject, service and role: the sentence grows, then reach, gains and warnings stand there; saving does it."""
    page, watch = opened(server, browser, "/policies/new")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("who?")
    page.get_by_label("Groups, users, service IDs or profiles").first.fill("group:designers")
    page.locator("#service").select_option(label="Image Management Service")
    page.get_by_label("Role", exact=True).first.focus()
    expect(page.locator("#role-choices option[value='IMS FullAccess']")).to_be_attached()
    page.get_by_label("Role", exact=True).first.fill("IMS FullAccess")
    expect(preview).to_contain_text("designers may be IMS FullAccess of Image Management Service")
    expect(preview).to_contain_text("2 principals")
    expect(preview).to_contain_text("It deletes in the whole account")
    page.get_by_label("Region").fill("eu-de")
    expect(preview).not_to_contain_text("It deletes in the whole account")
    expect(preview.locator(".change").first).to_contain_text("Newly possible")
    page.get_by_label("Name", exact=True).fill("designers-images")
    page.get_by_role("button", name="Create policy").click()
    expect(page.locator("h1")).to_contain_text("designers-images")
    expect(page.locator("main")).to_contain_text("Policy designers-images was created.")
    assert "designers-images" in server.host.snapshot("acme").account.policies
    assert watch.findings == []


def test_a_filled_builder_asks_at_once(server: RunningServer, browser: Browser) -> None:
    """A link from elsewhere that names somebody and a role opens with what it would do."""
    query = "subject=group:designers&role=IMS%20FullAccess&service=ims"
    page, watch = opened(server, browser, f"/policies/new?{query}")
    expect(page.locator("#preview")).to_contain_text("Newly possible")
    expect(page.locator("#preview")).to_contain_text("2 principals")
    assert watch.findings == []


def test_lines_come_and_go(server: RunningServer, browser: Browser) -> None:
    """Another subject, another service, another attribute: each gets a line of its own, empty, and loses it again."""
    page, watch = opened(server, browser, "/policies/new")
    page.get_by_text("Only under conditions").click()
    for name in ("subject", "service", "role", "attribute"):
        lines = page.locator(f"[data-several]:has([name={name}])")
        before = lines.locator("[data-line]").count()
        lines.get_by_role("button", name="Add another").click()
        assert lines.locator("[data-line]").count() == before + 1
        lines.locator("[data-remove]").last.click()
        assert lines.locator("[data-line]").count() == before
    page.locator("[name=attribute]").first.fill("resource.tags.env")
    page.locator("[name=equals]").first.fill("test")
    page.locator("[data-several]:has([name=attribute])").get_by_role("button", name="Add another").click()
    assert page.locator("[name=equals]").last.input_value() == ""
    assert watch.findings == []


def test_both_views_hold_the_same(server: RunningServer, browser: Browser) -> None:
    """A policy with a condition that has no field goes to YAML and back, is changed there, and loses nothing."""
    page, watch = opened(server, browser, "/policies/designers-look/edit")
    kept = page.get_by_label("What these fields cannot show")
    expect(kept).to_have_value("when: {not: {key: context.mfa, operator: bool-equals, value: false}}\n")
    page.get_by_label("Region").fill("eu-de")
    expect(page.locator("#preview")).to_contain_text("No longer possible")
    page.get_by_role("button", name="YAML").click()
    text = page.get_by_label("The policy as a document")
    expect(text).to_have_value(
        "name: designers-look\nsubjects: [group:designers]\nroles: [IMS ReadOnlyAccess]\n"
        "scope: {service: ims, region: eu-de}\n"
        "when: {not: {key: context.mfa, operator: bool-equals, value: false}}\n"
    )
    text.fill(text.input_value().replace("eu-de", "[eu-de, eu-nl]"))
    page.get_by_role("button", name="Sentences").click()
    expect(page.get_by_label("Region")).to_have_value("eu-de, eu-nl")
    expect(kept).to_be_visible()
    page.get_by_role("button", name="Save policy").click()
    expect(page.locator("main")).to_contain_text("Policy designers-look was changed.")
    policy = server.host.snapshot("acme").account.policies["designers-look"]
    assert policy.scope.region == ("eu-de", "eu-nl")
    assert policy.when is not None
    assert watch.findings == []


def test_a_name_that_is_script_stays_text(server: RunningServer, browser: Browser) -> None:
    """What is stored or written never becomes part of the page's code."""
    attack = "<img src=x onerror=alert(1)>"
    assert server.owner().apply({**OBJECTS[-1], "description": attack}).status == 200
    page, watch = opened(server, browser, "/policies/designers-look")
    expect(page.locator("main")).to_contain_text(attack)
    page.goto(f"{server.address}/console/accounts/acme/policies/new")
    page.get_by_label("Groups, users, service IDs or profiles").first.fill(f"group:{attack}")
    page.get_by_label("Role", exact=True).first.fill(attack)
    expect(page.locator("#preview")).to_contain_text(attack)
    assert page.locator("main img").count() == 0
    assert watch.findings == []


@pytest.mark.parametrize("view", [DESKTOP, PHONE_DARK], ids=lambda view: view.name)
def test_every_page_fits_and_is_reached_by_keyboard(
    server: RunningServer, browser: Browser, view: View
) -> None:
    """List, one policy, builder, deletion: nothing scrolls sideways, everything is reached by the Tab key."""
    page, watch = opened(server, browser, "/policies", view)
    for path in ("", "/designers-look", "/designers-look/edit", "/new", "/designers-look/delete"):
        page.goto(f"{server.address}/console/accounts/acme/policies{path}")
        assert find_overflow(page) == [], path
        if view is DESKTOP:
            assert find_keyboard_traps(page) == [], path
    assert watch.findings == []
