"""Signing in through a real provider of another make, in a real browser: from the button to the wanted page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.chromium import PHONE, new_context
from tests.e2e.foreign_provider import ForeignProvider, foreign_provider
from tests.e2e.server import RunningServer


@pytest.fixture(scope="module")
def provider() -> Iterator[ForeignProvider]:
    """A provider of another make."""
    with foreign_provider() as running:
        running.know("eve", preferred_username="eve", email="eve@acme.example")
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, provider: ForeignProvider) -> Iterator[RunningServer]:
    """A server, reached by its real address, whose account believes it."""
    folder = tmp_path_factory.mktemp("federation")
    with RunningServer(folder, public_url="", provider_networks=("127.0.0.0/8",)) as running:
        owner = running.owner()
        assert owner.apply({**provider.document, "new_users": "create"}).status == 200
        assert owner.put("identity-providers", "sso", "client-secret", body={"secret": "s"}).status == 204
        yield running


def test_somebody_signs_in_by_the_button(
    browser: Browser, server: RunningServer, provider: ForeignProvider
) -> None:
    """On a phone; cookies come back with the answer, though it comes from another site."""
    context = new_context(browser, PHONE)
    page = context.new_page()
    page.goto(f"{server.address}/console/sign-in?account=acme&next=/console/accounts/acme/me")
    page.get_by_role("link", name="Sign in with Company").click()
    assert page.url.startswith(provider.issuer)
    page.locator("input[name=sub]").fill("eve")
    page.get_by_role("button", name="Authorize").first.click()
    expect(page).to_have_url(f"{server.address}/console/accounts/acme/me")
    expect(page.get_by_role("main")).to_contain_text("eve@acme.example")
    page.goto(f"{server.address}/console/sign-in/acme/sso/callback?state=x&code=y")
    expect(page.get_by_role("alert")).to_contain_text("begun elsewhere, too long ago, or is over already")
    context.close()
