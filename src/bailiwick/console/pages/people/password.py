"""Changing one's own password, by the old one."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.authn.passwords import describe_policy
from bailiwick.console.entrance import client_of
from bailiwick.console.following import lead, way_on
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.passwords import change_own_password
from bailiwick.service.people.visits import OWES_FACTOR, OWES_PASSWORD

OWN = "everybody changes their own, by what they sign in with"


def password_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/me/password", show_password, public=OWN, owing=OWES_PASSWORD),
        post("/me/password", change_password, public=OWN, owing=OWES_PASSWORD),
    ]


def show_password(page: Page) -> Response:
    """Which password shall it be?"""
    return _show(page, Form())


def _show(page: Page, form: Form, status: int = 200) -> Response:
    return page.render(
        "people/password.html",
        status=status,
        form=form,
        rules=describe_policy(page.snapshot.account.security_settings.passwords),
        is_due=page.visit.owes == OWES_PASSWORD,
    )


def change_password(page: Page) -> Response:
    """The password is another from now on; every other visit has ended."""
    form = page.form
    try:
        check_again(form)
        page.visitor = change_own_password(
            page.host, page.visit, form.get("old_password"), form.get("password"), client_of(page.request)
        )
    except (Invalid, Conflict, Denied, NotFound, LockedOut, Unavailable) as error:
        return _show(page, form.failed(error, "old_password", "password", "again"), status_of(error))
    onward = way_on(page)
    if onward and not page.visit.owes:
        return lead(page, onward)
    following = "/me/second-factor" if page.visit.owes == OWES_FACTOR else "/me"
    note = "Your password was changed. Wherever else you were signed in, you are not any more."
    return page.redirect(following, note=note, next=onward)


def check_again(form: Form) -> None:
    """Was the new password typed twice alike? Raises Invalid."""
    if form.get("password") != form.get("again"):
        raise Invalid.at("again", "the two are not the same", "type the new password once more")
