"""Settings › Inactive: who was not used for long, and what each still holds; a page at a time, or all as a table."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.downloads import csv_response
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.routes import Entry, get
from bailiwick.service.inactive import (
    CSV_FIELDS,
    DEFAULT_DAYS,
    LISTED_BY,
    Inactive,
    all_inactive,
    list_inactive,
)
from bailiwick.service.kinds import KINDS
from bailiwick.service.loading import API_KEY

CHOICES = ("30", "60", "90", "180", "365")
WORDS = {"User": "user", "ServiceId": "service ID", "Profile": "profile", API_KEY: "API key"}


def inactive_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/settings/inactive", show_inactive, *LISTED_BY),
        get("/settings/inactive.csv", inactive_table, *LISTED_BY),
    ]


def show_inactive(page: Page) -> Response:
    """Who was not used for so long?"""
    days = _days(page)
    found = list_inactive(page.host, page.session, days, after=page.asked("after"), limit=PAGE_SIZE)
    return page.render(
        "settings/inactive.html",
        days=days,
        choices=[(one, f"{one} days") for one in CHOICES],
        found=[(one, WORDS[one.kind], _address(page, one)) for one in found.found],
        next=found.next or "",
    )


def inactive_table(page: Page) -> Response:
    """All of them, as a file."""
    days = _days(page)
    rows = (_row(one) for one in all_inactive(page.host, page.session, days))
    return csv_response(f"inactive-{days}-days", CSV_FIELDS, rows)


def _days(page: Page) -> int:
    text = page.asked("days")
    return int(text) if text in CHOICES else DEFAULT_DAYS


def _address(page: Page, one: Inactive) -> str:
    """Where is it shown? A key: among its owner's."""
    if one.kind != API_KEY:
        return page.url(f"/{KINDS[one.kind].path}", one.name)
    kind, _, name = one.owner.partition(":")
    return page.url("/users" if kind == "user" else "/service-ids", name, "keys")


def _row(one: Inactive) -> list[str]:
    values = (
        *(one.kind, one.name, one.id, one.owner),
        *("" if at is None else at.isoformat() for at in (one.last_used_at, one.known_since)),
        *("yes" if one.disabled else "no",),
        *("" if count is None else str(count) for count in (one.keys, one.policies)),
    )
    return list(values)
