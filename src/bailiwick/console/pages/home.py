"""Home: the first page of an account."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.console.routes import Entry, get

FOR_ALL = "everybody who has signed in has a home; what stands on it is judged there"


def home_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [get("", show_home, public=FOR_ALL)]


def show_home(page: Page) -> Response:
    """The first page."""
    return page.render("home/home.html")
