"""One's own page: who one is here, and what one signs in with."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.console.pages.people.factor import enrolled
from bailiwick.console.routes import Entry, get
from bailiwick.engine.views import find_view
from bailiwick.service.kinds import find_value
from bailiwick.service.people.visits import password_ends_at

ABOUT_ONESELF = "everybody sees who they are here"


def profile_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [get("/me", show_profile, public=ABOUT_ONESELF)]


def show_profile(page: Page) -> Response:
    """Who am I here?"""
    kind, _, name = page.session.principal.partition(":")
    settings = page.snapshot.account.security_settings
    password = page.snapshot.password_of(page.session.uid)
    return page.render(
        "people/profile.html",
        name=name,
        user=find_value(page.snapshot.account, "User", name) if kind == "user" else None,
        is_owner=page.session.principal == page.snapshot.account.owner,
        groups=_groups(page),
        may_change=settings.may_change,
        password=password,
        password_ends=None if password is None else password_ends_at(settings, password),
        factor=enrolled(page),
        passkeys=page.snapshot.passkeys_of(page.session.uid),
    )


def _groups(page: Page) -> list[str]:
    """In which groups is the visitor, through others too?"""
    view = find_view(page.snapshot.compiled, page.session.principal, page.now)
    return sorted(one.removeprefix("group:") for one in (view.groups if view is not None else ()))
