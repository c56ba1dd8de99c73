"""Identities that nobody used for long, over HTTP. Who they are and who sees them is service/inactive.py's."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH, PAGES
from bailiwick.api.answers import json_response, page_body
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.errors import Invalid
from bailiwick.service.inactive import (
    DEFAULT_DAYS,
    LIST_POLICIES,
    LISTED_BY,
    MOST_DAYS,
    Inactive,
    list_inactive,
)


def inactive_entries() -> list[Entry]:
    """Which routes say who was not used for long?"""
    days = {"days": f"not used for so many days, 1 to {MOST_DAYS}; none: {DEFAULT_DAYS}"}
    return [
        Entry("GET", f"{ACCOUNT_PATH}/inactive-identities", _inactive, actions(*LISTED_BY, LIST_POLICIES),
              "Users, service IDs, profiles and keys that nobody used for long, and what each still holds",
              "account", query={**days, **PAGES}, answers={200: "Page"}),
    ]  # fmt: skip


def _inactive(call: Call) -> Response:
    vector = call.host.snapshot(call.account).vector
    page = list_inactive(
        call.host,
        call.session,
        read_days(call.parameters.get("days")),
        after=call.position() or "",
        limit=call.limit,
    )
    cursor = None if page.next is None else call.cursor(page.next)
    return json_response(page_body([_item(one) for one in page.found], cursor, vector), vector=vector)


def read_days(text: str | None) -> int:
    """How many days? Raises Invalid."""
    if not text:
        return DEFAULT_DAYS
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST_DAYS):
        raise Invalid.at("days", f"expected a number from 1 to {MOST_DAYS}, got `{text[:40]}`")
    return int(text)


def _item(one: Inactive) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "id": one.id,
        "owner": one.owner or None,
        "last_used_at": None if one.last_used_at is None else one.last_used_at.isoformat(),
        "known_since": None if one.known_since is None else one.known_since.isoformat(),
        "disabled": one.disabled,
        "keys": one.keys,
        "policies": one.policies,
    }
