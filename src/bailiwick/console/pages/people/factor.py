"""One's own second factor: set up, recovery codes, removal."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.entrance import client_of
from bailiwick.console.following import way_on
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.factors import (
    begin_enrolment,
    confirm_enrolment,
    find_enrolment,
    remove_own_factor,
    renew_recovery_codes,
)
from bailiwick.service.people.records import FactorRecord
from bailiwick.service.people.visits import OWES_FACTOR

OWN = "everybody keeps their own, by the codes that it shows"
WRONG = (Invalid, Conflict, Denied, NotFound, LockedOut)


def factor_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/me/second-factor", show_factor, public=OWN, owing=OWES_FACTOR),
        post("/me/second-factor", set_up, public=OWN, owing=OWES_FACTOR),
        post("/me/second-factor/begin", begin, public=OWN, owing=OWES_FACTOR),
        get("/me/second-factor/codes", ask_for_codes, public=OWN),
        post("/me/second-factor/codes", make_codes, public=OWN),
        get("/me/second-factor/remove", ask_to_remove, public=OWN),
        post("/me/second-factor/remove", remove, public=OWN),
    ]


def enrolled(page: Page) -> FactorRecord | None:
    """Which second factor has the visitor?"""
    factor = page.host.snapshot(page.account).factor_of(page.session.uid)
    return factor if factor is not None and factor.enrolled_at is not None else None


def show_factor(page: Page) -> Response:
    """Which one is there? Where there is none: how to set one up."""
    factor = enrolled(page)
    if factor is not None:
        required = page.snapshot.account.security_settings.require_second_factor
        return page.render("people/factor.html", factor=factor, is_required=required)
    return _enrolment(page, Form())


def _enrolment(page: Page, form: Form, status: int = 200) -> Response:
    enrolment = find_enrolment(page.host, page.visit)
    is_due = page.visit.owes == OWES_FACTOR
    template = "people/begin_factor.html" if enrolment is None else "people/enrolment.html"
    return page.render(
        template, status=status, form=form, enrolment=enrolment, is_due=is_due, onward=way_on(page)
    )


def begin(page: Page) -> Response:
    """A seed for the phone, to be proved by its codes in this visit."""
    if enrolled(page) is None:
        begin_enrolment(page.host, page.visit)
    return page.redirect("/me/second-factor", next=way_on(page))


def set_up(page: Page) -> Response:
    """Two codes in a row prove that the phone has the seed."""
    form = page.form
    try:
        page.visitor, codes = confirm_enrolment(
            page.host, page.visit, form.text("first_code"), form.text("second_code")
        )
    except WRONG as error:
        if enrolled(page) is not None:
            return page.redirect("/me/second-factor")
        return _enrolment(page, form.failed(error, "first_code", "second_code"), status_of(error))
    return page.render("people/recovery_codes.html", codes=codes, is_new=True, onward=way_on(page))


def ask_for_codes(page: Page) -> Response:
    """Shall the recovery codes be made anew?"""
    return page.render("people/renew_codes.html", form=Form())


def make_codes(page: Page) -> Response:
    """Ten new ones, shown once."""
    try:
        codes = renew_recovery_codes(page.host, page.visit, page.form.text("code"), client_of(page.request))
    except WRONG as error:
        form = page.form.failed(error, "code")
        return page.render("people/renew_codes.html", status=status_of(error), form=form)
    return page.render("people/recovery_codes.html", codes=codes, is_new=False, onward="")


def ask_to_remove(page: Page) -> Response:
    """What is lost without it?"""
    return page.render("people/remove_factor.html", form=Form())


def remove(page: Page) -> Response:
    """From now on the password is enough."""
    try:
        remove_own_factor(page.host, page.visit, page.form.text("code"), client_of(page.request))
    except WRONG as error:
        form = page.form.failed(error, "code")
        return page.render("people/remove_factor.html", status=status_of(error), form=form)
    return page.redirect("/me", note="Your second factor was removed.")
