"""One's own email address, where the account's settings let people change it."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from bailiwick.catalog.documents import format_document
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Invalid, NotFound
from bailiwick.model.accounts import Principal
from bailiwick.service.kinds import find_value

OWN = "people change their own email address where the settings let them; the engine is asked if anything forbids it"


def own_email_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [get("/me/email", ask_email, public=OWN), post("/me/email", change_email, public=OWN)]


def ask_email(page: Page) -> Response:
    """Which address shall it be?"""
    user = _user(page)
    return page.render("people/email.html", form=Form.of({"email": user.email}))


def _user(page: Page) -> Principal:
    """Who visits? Raises NotFound where there is nothing that may be changed."""
    kind, _, name = page.session.principal.partition(":")
    user = find_value(page.snapshot.account, "User", name) if kind == "user" else None
    if not isinstance(user, Principal) or not page.snapshot.account.security_settings.may_change.email:
        raise NotFound(
            "people do not change their own email address here", "ask an administrator to change yours"
        )
    return user


def change_email(page: Page) -> Response:
    """It is this address from now on."""
    user, email = _user(page), page.form.text("email")
    if email == user.email:
        return page.redirect("/me", note="Nothing is different; nothing was changed.")
    try:
        document = {**format_document("User", replace(user, email="")), "email": email}
        edit = page.edit_of("User", {name: value for name, value in document.items() if value != ""})
        outcome = page.change(lambda _: [edit])
    except (Invalid, Conflict, NotFound) as error:
        form = page.form.failed(error, "email")
        return page.render("people/email.html", status=status_of(error), form=form)
    return page.redirect("/me", note="Your email address was changed.", revision=outcome.revision)
