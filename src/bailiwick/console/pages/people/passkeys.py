"""One's own passkeys: list, make, remove."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.authn.passkeys import relying_party
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.problems import status_of
from bailiwick.console.proving import passkey_in
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid, NotFound
from bailiwick.service.people.passkey_ceremonies import ShownPasskey
from bailiwick.service.people.passkeys import (
    begin_registration,
    get_own_passkey,
    list_passkeys,
    register_passkey,
    remove_own_passkey,
)
from bailiwick.service.people.visits import OWES_FACTOR

OWN = "everybody keeps their own, by a proof of who they are"
PASSKEYS = "/me/passkeys"
WRONG = (Invalid, Conflict, Denied, NotFound)


def passkey_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get(PASSKEYS, show_passkeys, public=OWN, owing=OWES_FACTOR),
        post(f"{PASSKEYS}/new", ask_to_make, public=OWN, owing=OWES_FACTOR),
        post(PASSKEYS, make, public=OWN, owing=OWES_FACTOR),
        get(f"{PASSKEYS}/{{name}}/remove", ask_to_remove, public=OWN),
        post(f"{PASSKEYS}/{{name}}/remove", remove, public=OWN),
    ]


def show_passkeys(page: Page) -> Response:
    """Which ones are there?"""
    return page.render(
        "people/passkeys.html",
        passkeys=list_passkeys(page.host, page.host.snapshot(page.account), page.session.uid),
        takes_any=relying_party(page.host.public_url) is not None,
        is_due=page.visit.owes == OWES_FACTOR,
    )


def ask_to_make(page: Page) -> Response:
    """How shall it be called? Its challenge is good for five minutes.

    WHY a form leads here: whoever proved too long ago who they are is asked first, and comes back.
    """
    try:
        return _asked(page, Form())
    except Conflict as error:
        return page.render("people/new_passkey.html", status=409, form=Form().failed(error), ceremony=None)


def _asked(page: Page, form: Form, status: int = 200) -> Response:
    ceremony = begin_registration(page.host, page.visit)
    return page.render("people/new_passkey.html", status=status, form=form, ceremony=ceremony)


def make(page: Page) -> Response:
    """What the browser made is kept."""
    form = page.form
    shown = passkey_in(form) or ShownPasskey("", "")
    try:
        page.visitor = register_passkey(page.host, page.visit, form.text("name"), shown)
    except WRONG as error:
        return _again(page, form, error)
    note = f"Passkey {form.text('name')} was made. You can sign in with it."
    return page.redirect(PASSKEYS, note=note)


def _again(page: Page, form: Form, error: BailiwickError) -> Response:
    kept = Form.of({"name": form.text("name")}).failed(error, "name")
    try:
        return _asked(page, kept, status_of(error))
    except Conflict:
        return page.render("people/new_passkey.html", status=409, form=kept, ceremony=None)


def ask_to_remove(page: Page) -> Response:
    """What is lost without it?"""
    record = get_own_passkey(page.snapshot, page.session.uid, page.name)
    return _removal(page, Form(), record.name)


def _removal(page: Page, form: Form, called: str, status: int = 200) -> Response:
    is_this = page.session.credential == page.name
    return page.render("people/remove_passkey.html", status=status, form=form, called=called, is_this=is_this)


def remove(page: Page) -> Response:
    """It opens nothing any more, and every visit that began with it has ended."""
    record = get_own_passkey(page.host.snapshot(page.account), page.session.uid, page.name)
    try:
        remove_own_passkey(page.host, page.visit, page.name)
    except (Conflict, Denied) as error:
        return _removal(page, Form().failed(error), record.name, status_of(error))
    return page.redirect(PASSKEYS, note=f"Passkey {record.name} was removed.")
