"""Home in a real browser: topics open and close, and lead to what they name."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.browser.visiting import Visits


def test_a_topic_opens_and_leads_to_what_it_names(visits: Visits) -> None:
    """By mouse and by keyboard, without any script."""
    page = visits.open("")
    topics = page.locator("details.topic")
    expect(topics.first).to_have_attribute("open", "")
    second = topics.nth(1)
    expect(second.get_by_role("listitem").first).to_be_hidden()
    second.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(second.get_by_role("listitem").first).to_be_visible()
    named = topics.first.get_by_role("link").first
    name = named.inner_text().partition(" ")[2]
    named.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_user_finds_their_services(visits: Visits) -> None:
    """Whoever administers nothing sees what they have, and how to get on."""
    page = visits.open("", who="user:alice")
    expect(page.get_by_role("heading", name="Your services")).to_be_visible()
    page.get_by_role("link", name="Image Management Service").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Image Management Service")
