"""The services in a real browser: the region is switched, operations are looked for and tried."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.browser.checking import find_barriers, find_keyboard_traps, find_overflow
from tests.browser.chromium import PHONE, PHONE_DARK
from tests.browser.visiting import Visits

CLOSED = "Insufficient permissions to access the service"


def test_the_walk_of_the_document(visits: Visits) -> None:
    """As alice, who may read images in eu-de: query, create, another region, another service."""
    page = visits.open("/services", "user:alice")
    expect(page.get_by_role("combobox", name="Region")).to_have_value("eu-de")
    page.get_by_role("link", name="Image Management Service", exact=True).click()
    page.get_by_role("button", name="Try Querying images", exact=True).click()
    expect(page.get_by_role("heading", name="Allowed")).to_be_visible()
    page.get_by_role("link", name="Image Management Service", exact=True).click()
    page.get_by_role("button", name="Try Create Private Image (server or file)").click()
    expect(page.get_by_role("heading", name="Insufficient permissions")).to_be_visible()
    expect(page.get_by_text("Missing action: ims:serverImages:create")).to_be_visible()
    expect(page.get_by_text("Ask an administrator of the account.")).to_be_visible()
    page.get_by_role("link", name="Image Management Service", exact=True).click()
    page.get_by_role("combobox", name="Region").select_option("us-south")
    page.get_by_role("button", name="Switch").click()
    expect(page.get_by_role("heading", name=CLOSED)).to_be_visible()
    page.get_by_text("Another region").click()
    page.get_by_label("Its name").fill("eu-nl")
    page.get_by_role("button", name="Switch").click()
    expect(page.get_by_role("combobox", name="Region")).to_have_value("eu-nl")
    expect(page.get_by_role("heading", name=CLOSED)).to_be_visible()
    page.get_by_role("combobox", name="Region").select_option("eu-de")
    page.get_by_role("button", name="Switch").click()
    expect(page.get_by_role("button", name="Try Querying images", exact=True)).to_be_visible()
    page.goto(visits.url("/services"))
    page.get_by_role("link", name="Virtual Private Cloud").click()
    expect(page.get_by_role("heading", name=CLOSED)).to_be_visible()


def test_operations_are_looked_for_while_one_types(visits: Visits) -> None:
    """The list follows the search and the filter; the address does too."""
    page = visits.open("/services/ims?region=eu-de")
    page.get_by_label("Search operations").fill("quota")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("combobox", name="Access").select_option("none")
    expect(page.get_by_text("No operation found")).to_be_visible()
    assert "q=quota" in page.url
    assert "access=none" in page.url


def test_an_administrator_looks_as_another(visits: Visits) -> None:
    """What is open to ivan is shown, and it is said that it is his view."""
    page = visits.open("/services")
    page.get_by_label("As seen by").fill("user:ivan")
    page.get_by_role("button", name="Switch").click()
    expect(page.get_by_text("You see what user:ivan may do.")).to_be_visible()
    page.get_by_label("Only theirs").check()
    expect(page.get_by_role("list", name="Services").get_by_role("listitem")).to_have_count(1)
    page.get_by_role("link", name="Container Registry").click()
    expect(page.get_by_text("You see what user:ivan may do.")).to_be_visible()
    page.get_by_role("link", name="Back to your own view").click()
    expect(page.get_by_text("You see what")).to_have_count(0)


def test_what_was_tried_is_accessible(visits: Visits) -> None:
    """A refusal, drawn and with its form, has no barrier and no trap; it is what has the focus."""
    page = visits.open("/services/hs-crypto?as=user:dave&region=us-south", view=PHONE)
    page.get_by_role("button", name="Try").first.click()
    expect(page.get_by_role("heading", name="Insufficient permissions")).to_be_visible()
    assert page.evaluate("document.activeElement.matches('.answer')")
    assert find_barriers(page) == []
    assert find_overflow(page) == []
    dark = visits.open("/services/vpc?region=eu-de", "user:alice", view=PHONE_DARK)
    assert find_keyboard_traps(dark) == []
