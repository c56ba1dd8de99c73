"""A one-time link: who invites to what, and a password to choose."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bailiwick.console.entrance import client_of
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.people.password import check_again
from bailiwick.console.pages.people.signing_in import welcome
from bailiwick.console.problems import status_of
from bailiwick.console.routes import SIGN_IN, Entry, outside
from bailiwick.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from bailiwick.service.people.accepting import accept, find_offer

BY_LINK = "whoever has the link is invited; it is good once, and judged as its inviter"


def invitation_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        outside("GET", "/invitation/{token}", show_offer, BY_LINK),
        outside("POST", "/invitation/{token}", take_offer, BY_LINK),
    ]


def show_offer(page: Page) -> Response:
    """Who invites to what?"""
    return _show(page, Form())


def _show(page: Page, form: Form, status: int = 200) -> Response:
    try:
        offer = find_offer(page.host, _token(page), client_of(page.request))
    except NotFound as error:
        return page.render("people/no_link.html", status=404, error=error)
    return page.render("people/invitation.html", status=status, offer=offer, form=form)


def take_offer(page: Page) -> Response:
    """The password is chosen, and all that was offered is made."""
    try:
        check_again(page.form)
        visit = accept(page.host, _token(page), page.form.get("password"), client_of(page.request))
    except (Invalid, Conflict, Denied, NotFound, Unavailable) as error:
        return _show(page, page.form.failed(error, "password", "again"), status_of(error))
    if visit is None:
        return RedirectResponse(SIGN_IN, 303)
    return welcome(page, visit)


def _token(page: Page) -> str:
    return str(page.request.path_params["token"])
