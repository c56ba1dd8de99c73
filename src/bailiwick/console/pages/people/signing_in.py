"""Signing in and out: account, name and password; then a code, where one is due."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlencode

from starlette.responses import RedirectResponse, Response

from bailiwick.console.entrance import Guest, client_of, cookie_name, drop_cookie, set_cookie
from bailiwick.console.following import asked_next, lead, next_of
from bailiwick.console.forms import Form
from bailiwick.console.notes import Note, keep_note
from bailiwick.console.page import ROOT, Page
from bailiwick.console.problems import status_of
from bailiwick.console.routes import ACCOUNT_PATH, ANYTHING, SIGN_IN, Entry, outside, post
from bailiwick.console.ways_in import ways_in
from bailiwick.errors import Invalid, Unauthenticated, Unavailable
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.signing_in import (
    CODE_SECONDS,
    CodeDue,
    Given,
    find_earlier_sign_in,
    show_factor,
    sign_in,
)
from bailiwick.service.people.visits import Visit, end_visit

CODE = f"{SIGN_IN}/code"
SIGNED_OUT = f"{ROOT}/signed-out"
DUE_COOKIE, ACCOUNT_COOKIE = "code-due", "account"
ACCOUNT_SECONDS = 180 * 86_400
FOR_GUESTS = "is for whoever has not signed in yet"
LEAVING = "everybody may leave, whatever they owe or lack"


def sign_in_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        outside("GET", "/sign-in", show_sign_in, FOR_GUESTS),
        outside("POST", "/sign-in", send_sign_in, FOR_GUESTS),
        outside("GET", "/sign-in/code", show_code, FOR_GUESTS),
        outside("POST", "/sign-in/code", send_code, FOR_GUESTS),
        outside("GET", "/signed-out", show_signed_out, FOR_GUESTS),
        post("/sign-out", sign_out, public=LEAVING, owing=ANYTHING),
    ]


def show_sign_in(page: Page) -> Response:
    """Who are you?"""
    if page.is_signed_in and not page.asked("again"):
        return lead(page, next_of(page, asked_next(page)))
    asked = asked_next(page)
    kept = unquote(page.request.cookies.get(cookie_name(page.host, ACCOUNT_COOKIE), ""))
    account = page.asked("account") or _account_of(asked) or kept
    return _form(page, Form.of({"account": account, "name": page.asked("name"), "next": asked}))


def _form(page: Page, form: Form, status: int = 200) -> Response:
    ways = ways_in(page.host, form.text("account"), form.get("next"))
    return page.render("people/sign_in.html", status=status, form=form, ways=ways)


def send_sign_in(page: Page) -> Response:
    """The password is looked at; then the visit begins, or a code is due."""
    form, host = page.form, page.host
    given = Given(form.text("account"), form.text("name"), form.get("password"))
    try:
        answer = sign_in(host, given, client_of(page.request))
    except (Unauthenticated, LockedOut, Unavailable) as error:
        status = 401 if isinstance(error, Unauthenticated) else status_of(error)
        return _form(page, form.failed(error), status)
    if isinstance(answer, Visit):
        return welcome(page, answer, form.get("next"))
    return to_code(page, answer, form.get("next"))


def to_code(page: Page, due: CodeDue, following: str) -> Response:
    """A code is due before the visit begins."""
    query = f"?{urlencode({'next': following}, quote_via=quote)}" if following else ""
    response = RedirectResponse(CODE + query, 303)
    set_cookie(page.host, response, DUE_COOKIE, due.ticket, seconds=CODE_SECONDS)
    return response


def show_code(page: Page) -> Response:
    """Which code does your phone show?"""
    if not page.request.cookies.get(cookie_name(page.host, DUE_COOKIE)):
        return RedirectResponse(SIGN_IN, 303)
    return page.render("people/code.html", form=Form.of({"next": asked_next(page)}))


def send_code(page: Page) -> Response:
    """The code is looked at; then the visit begins."""
    ticket = page.request.cookies.get(cookie_name(page.host, DUE_COOKIE), "")
    try:
        visit = show_factor(page.host, ticket, page.form.text("code"), client_of(page.request))
    except Unauthenticated as error:
        return _form(page, Form.of({"next": page.form.get("next")}).failed(error), 401)
    except (Invalid, LockedOut) as error:
        status = 401 if isinstance(error, Invalid) else status_of(error)
        return page.render("people/code.html", status=status, form=page.form.failed(error, "code"))
    response = welcome(page, visit, page.form.get("next"))
    drop_cookie(page.host, response, DUE_COOKIE)
    return response


def welcome(page: Page, visit: Visit, following: str = "") -> Response:
    """The visit begins: on the page that was wanted, or at home; and what the account tells those who sign in."""
    page.visitor = visit
    response = lead(page, next_of(page, following))
    set_cookie(page.host, response, ACCOUNT_COOKIE, quote(page.account, safe=""), seconds=ACCOUNT_SECONDS)
    text = " ".join(_told(page, visit))
    if text:
        keep_note(page, response, Note(text))
    return response


def _told(page: Page, visit: Visit) -> list[str]:
    policy = page.snapshot.account.security_settings.sign_in
    told = [policy.notice] if policy.notice else []
    if policy.show_last_sign_in:
        earlier = find_earlier_sign_in(page.host, visit)
        told.append(
            "This is your first sign-in."
            if earlier is None
            else f"You signed in before on {earlier[0]:%Y-%m-%d at %H:%M} UTC"
            + (f" from {earlier[1]}." if earlier[1] else ".")
        )
    return told


def _account_of(address: str) -> str:
    """Of which account is the page that was wanted?"""
    begin = f"{ROOT}{ACCOUNT_PATH}".partition("{")[0]
    return (
        unquote(address.removeprefix(begin).split("/")[0].split("?")[0]) if address.startswith(begin) else ""
    )


def sign_out(page: Page) -> Response:
    """The visit ends here and everywhere, with whatever was begun in it."""
    end_visit(page.host, page.visit, client_of(page.request))
    page.visitor = Guest()
    return RedirectResponse(SIGNED_OUT, 303)


def show_signed_out(page: Page) -> Response:
    """You have left."""
    return page.render("people/signed_out.html")
