"""Users: the people of an account."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.lists import list_objects
from bailiwick.console.page import Page
from bailiwick.console.routes import Entry, get

READ = ("iam.user.list", "iam.user.read")


def user_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [get("/users", list_users, *READ)]


def list_users(page: Page) -> Response:
    """Who is there?"""
    return page.render("users/list.html", listed=list_objects(page, "User"))
