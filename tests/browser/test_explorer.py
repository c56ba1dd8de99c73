"""The access explorer in a real browser: ask, see the way, grant what is missing, ask again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect
from tests.browser.checking import find_barriers, find_keyboard_traps, find_overflow
from tests.browser.chromium import DESKTOP, PHONE, PHONE_DARK, View
from tests.browser.visiting import Visits

WEB_1 = "brn:acme:ims:eu-de::image/web-1"
ALICE_GETS = f"/explorer?who=user:alice&action=ims:images:get&resource={WEB_1}"


def step_texts(page: Page) -> list[str]:
    """What a screen reader reads of the first way, step by step."""
    return [
        " ".join(one.inner_text().split())
        for one in page.get_by_role("list", name="How it is decided").get_by_role("listitem").all()
    ]


def test_a_way_reads_as_a_list(visits: Visits) -> None:
    """Each step says how it was reached; the picture is nothing that a list does not say."""
    page = visits.open(ALICE_GETS)
    expect(page.get_by_role("heading", name="Allowed")).to_be_visible()
    assert step_texts(page) == [
        "User alice",
        "is a member of Group image-readers",
        "is granted by Policy image-readers-eu-de",
        "gives the role Role IMS ReadOnlyAccess",
        "allows it on Image web-1 Image Management Service · eu-de",
    ]


@pytest.mark.parametrize(("view", "is_row"), [(DESKTOP, True), (PHONE, False)], ids=["desktop", "phone"])
def test_a_way_is_a_line_where_there_is_room(visits: Visits, view: View, is_row: bool) -> None:
    """On a wide screen the nodes stand side by side and do not overlap, on a phone one below the other."""
    page = visits.open(ALICE_GETS, view=view)
    boxes = [one.bounding_box() for one in page.locator(".way-node").all()]
    for one, other in pairwise(boxes):
        assert one is not None
        assert other is not None
        if is_row:
            assert one["x"] + one["width"] <= other["x"] + 1
        else:
            assert one["y"] + one["height"] <= other["y"] + 1


def test_what_is_missing_is_granted_from_the_answer(visits: Visits) -> None:
    """Ask by the form, with names offered while one types; grant, confirm, and the same question is allowed."""
    page = visits.open("/explorer")
    page.get_by_label("Who", exact=True).fill("user:erin")
    action = page.get_by_label("Action", exact=True)
    action.fill("deleting an image")
    page.locator('#action-choices option[value="ims:images:delete"]').wait_for(state="attached")
    action.fill("ims:images:delete")
    page.get_by_label("Resource", exact=True).fill(WEB_1)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", name="Denied")).to_be_visible()
    page.get_by_role("link", name="Grant exactly this…").first.click()
    expect(page.get_by_role("heading", name="Grant exactly this?")).to_be_visible()
    assert find_barriers(page) == []
    assert find_overflow(page) == []
    page.get_by_role("button", name="Grant exactly this").click()
    expect(page.get_by_role("status")).to_contain_text("Granted: just this is allowed now.")
    expect(page.get_by_role("heading", name="Allowed")).to_be_visible()
    expect(page.get_by_role("link", name="Show or undo")).to_be_visible()


def test_a_question_is_a_link(visits: Visits) -> None:
    """What one asks another opens, and sees as far as they may: alice may not ask about dave."""
    page = visits.open("/explorer")
    page.get_by_label("Who", exact=True).fill("user:dave")
    page.get_by_label("Action", exact=True).fill("ims:images:get")
    page.get_by_label("Resource", exact=True).fill(WEB_1)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", name="Denied")).to_be_visible()
    shared = page.url
    assert visits.open(shared.removeprefix(visits.server.address)).url == shared
    other = visits.open(shared.removeprefix(visits.server.address), "user:alice")
    expect(other.get_by_text("This cannot be asked")).to_be_visible()


def test_the_keyboard_reaches_everything(visits: Visits) -> None:
    """The proposals too, on a phone's width in the dark."""
    page = visits.open(f"/explorer?who=user:dave&action=ims:images:get&resource={WEB_1}", view=PHONE_DARK)
    assert find_keyboard_traps(page) == []


def test_a_table_is_taken_along(visits: Visits) -> None:
    """The file is called by what was asked."""
    page = visits.open(f"/explorer/who-can?action=ims:images:get&resource={WEB_1}")
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    assert started.value.suggested_filename == "who-can-ims-images-get.csv"
    text = started.value.path().read_text(encoding="utf-8")
    assert "user:alice,alice@acme.example,ims:images:get" in text


def test_what_can_leads_to_why(visits: Visits) -> None:
    """From a list of actions to the answer about one of them."""
    page = visits.open(f"/explorer/what-can?who=user:alice&resource={WEB_1}")
    row = page.get_by_role("row", name="ims:images:get")
    row.get_by_role("link", name="Why?").click()
    expect(page.get_by_role("heading", name="Allowed")).to_be_visible()
