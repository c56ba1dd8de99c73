"""What needs attention, in words: each object with its link, who or what it is about, and when.

It decides nothing: what is told was found for this visitor by service/attention.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bailiwick.console.naming import kind_words, object_url
from bailiwick.service.attention import Notice
from bailiwick.service.loading import API_KEY

if TYPE_CHECKING:
    from bailiwick.console.page import Page

_WHEN = {
    "policy-ends": "ends",
    "membership-ends": "ends",
    "key-ends": "ends",
    "policy-ended": "ended",
    "membership-ended": "ended",
    "key-ended": "ended",
    "key-leaked": "reported",
    "key-never-used": "made",
    "key-unused": "last used",
    "user-not-signed-in": "last signed in",
    "owner-recovered": "let in again",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One object: what it is called, where it is shown, what it is about, and when something happens to it."""

    text: str
    address: str
    about: str
    when: str
    at: datetime | None


def line_of(page: Page, code: str, notice: Notice) -> Line:
    """How is this object told under this topic?"""
    text, about = f"{kind_words(notice.kind)} {notice.name}", notice.of
    address = object_url(page, notice.kind, notice.name)
    if notice.kind == API_KEY:
        text, about = f"API key of {notice.of}", page.snapshot.descriptions.get(notice.name, "")
    elif code.startswith("template-"):
        text, about = f"template {notice.name}", f"version {notice.of}" if notice.of else ""
        address = page.url("/enterprise")
    elif code == "disabled-project" and notice.of:
        about = f"{notice.of} resource{'' if notice.of == '1' else 's'}"
    return Line(text, address, about, _WHEN.get(code, ""), notice.at)
