"""The change log in a real browser: filter while one types, see both sides, undo, look back, verify."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from tests.browser.checking import find_barriers, find_overflow
from tests.browser.chromium import DESKTOP, PHONE, View
from tests.browser.visiting import Visits


@pytest.fixture
def emptied(visits: Visits) -> Iterator[int]:
    """In which revision somebody emptied the group `image-readers`; it is filled again afterwards."""
    owner = visits.server.owner()
    group = owner.get("groups", "image-readers").json
    assert group["members"], "the sample company's group has members"
    changed = owner.patch("groups", "image-readers", body={"members": []}, headers={"If-Match": "*"})
    assert changed.status == 200, changed.text
    yield visits.server.host.snapshot("acme").revision
    owner.patch("groups", "image-readers", body={"members": group["members"]}, headers={"If-Match": "*"})


def test_the_list_follows_while_one_types(visits: Visits, emptied: int) -> None:
    """The address follows too, so that what is found can be sent to somebody."""
    page = visits.open("/log")
    expect(page.get_by_role("link", name=f"Revision {emptied}", exact=True)).to_be_visible()
    page.get_by_role("searchbox").fill("no such word anywhere")
    expect(page.get_by_text("No such change")).to_be_visible()
    expect(page).to_have_url(visits.url("/log") + "?q=no+such+word+anywhere&actor=&kind=&name=&since=&until=")


@pytest.mark.parametrize("view", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_before_and_after_stand_side_by_side_where_there_is_room(
    visits: Visits, emptied: int, view: View
) -> None:
    """On a phone one stands below the other, and a line that is the same is shown once."""
    page = visits.open(f"/log/{emptied}", view=view)
    was, now = page.locator("td.text.was").first, page.locator("td.text.is").first
    left, right = was.bounding_box(), now.bounding_box()
    assert left is not None
    assert right is not None
    if view is DESKTOP:
        assert left["x"] + left["width"] <= right["x"]
    else:
        assert abs(left["x"] - right["x"]) < 1
        assert left["y"] + left["height"] <= right["y"] + 1
        expect(page.locator("tr.same td.before").first).to_be_hidden()


def test_a_revision_is_undone_and_the_undo_is_shown(visits: Visits, emptied: int) -> None:
    """From the list to the revision, the preview with who gains what, and back with a note."""
    page = visits.open("/log")
    page.get_by_role("link", name=f"Revision {emptied}", exact=True).click()
    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_role("heading", name="Changed back: group image-readers")).to_be_visible()
    expect(page.get_by_role("heading", name="Newly possible")).to_be_visible()
    assert find_barriers(page) == []
    page.get_by_role("button", name=f"Undo revision {emptied}").click()
    expect(page.get_by_role("status")).to_contain_text(f"Revision {emptied} was undone.")
    expect(page.get_by_role("link", name=f"revision {emptied}", exact=True)).to_be_visible()
    assert visits.server.owner().get("groups", "image-readers").json["members"]


def test_the_past_answers_what_was_allowed_then(visits: Visits, emptied: int) -> None:
    """Before the group was emptied alice could; the page says so, and leads back to now."""
    page = visits.open(f"/log/{emptied - 1}")
    page.get_by_role("link", name="View as it was").click()
    expect(page.get_by_text(f"The account as it was after revision {emptied - 1}")).to_be_visible()
    page.get_by_role("link", name="Ask a question").click()
    page.get_by_label("Who", exact=False).first.fill("user:alice")
    page.get_by_label("Does what").fill("ims:images:get")
    page.get_by_label("To what").fill("brn:acme:ims:eu-de::image/web-1")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("main .status")).to_contain_text("allowed")
    assert find_barriers(page) == []
    page.goto(page.url.replace(f"/past/{emptied - 1}/", f"/past/{emptied}/"))
    expect(page.locator("main .status")).to_contain_text("denied")


@pytest.mark.parametrize("view", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_log_is_verified_by_a_button(visits: Visits, view: View) -> None:
    """The result says how many changes, and up to which head."""
    page = visits.open("/log/verify", view=view)
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("The log is intact")).to_be_visible()
    expect(page.get_by_text("by this installation's key")).to_be_visible()
    assert find_barriers(page) == []
    assert find_overflow(page) == []
