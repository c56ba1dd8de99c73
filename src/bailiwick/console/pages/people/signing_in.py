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
from bailiwick.console.proving import passkey_in
from bailiwick.console.routes import ACCOUNT_PATH, ANYTHING, SIGN_IN, Entry, outside, post
from bailiwick.console.ways_in import ways_in
from bailiwick.errors import Invalid, Unauthenticated, Unavailable
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.last_use import EarlierSignIn, find_earlier
from bailiwick.service.people.passkey_ceremonies import ShownPasskey
from bailiwick.service.people.passkey_signing_in import begin_passkey_sign_in, sign_in_with_passkey
from bailiwick.service.people.signing_in import (
    CODE_SECONDS,
    CodeDue,
    Given,
    begin_passkey_factor,
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
        outside("POST", "/sign-in/passkey", send_passkey, FOR_GUESTS),
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
    # WHY the form's token: it is of this guest alone, and the answer comes back with it.
    passkey = begin_passkey_sign_in(page.host, page.form_token)
    ways = ways_in(page.host, form.text("account"), form.get("next"))
    return page.render("people/sign_in.html", status=status, form=form, passkey=passkey, ways=ways)


def send_passkey(page: Page) -> Response:
    """A passkey alone says who it is; then the visit begins."""
    shown = passkey_in(page.form) or ShownPasskey("", "")
    try:
        visit = sign_in_with_passkey(page.host, shown, page.form_token, client_of(page.request))
    except Unauthenticated as error:
        return _form(page, Form.of({"next": page.form.get("next")}).failed(error), 401)
    return welcome(page, visit, page.form.get("next"))


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
    return _code_form(page, Form.of({"next": asked_next(page)}))


def _code_form(page: Page, form: Form, status: int = 200) -> Response:
    ticket = page.request.cookies.get(cookie_name(page.host, DUE_COOKIE), "")
    try:
        has_codes, passkey = begin_passkey_factor(page.host, ticket)
    except Unauthenticated as error:
        return _form(page, Form.of({"next": form.get("next")}).failed(error), 401)
    return page.render("people/code.html", status=status, form=form, has_codes=has_codes, passkey=passkey)


def send_code(page: Page) -> Response:
    """The code is looked at; then the visit begins."""
    ticket = page.request.cookies.get(cookie_name(page.host, DUE_COOKIE), "")
    try:
        visit = show_factor(
            page.host,
            ticket,
            page.form.text("code"),
            client_of(page.request),
            passkey=passkey_in(page.form),
        )
    except Unauthenticated as error:
        return _form(page, Form.of({"next": page.form.get("next")}).failed(error), 401)
    except (Invalid, LockedOut) as error:
        status = 401 if isinstance(error, Invalid) else status_of(error)
        return _code_form(page, page.form.failed(error, "code"), status)
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
        earlier = find_earlier(page.host, visit.session.account, visit.session.uid, before=visit.uid)
        told.append("This is your first sign-in." if earlier is None else _said_of(earlier))
    return told


def _said_of(earlier: EarlierSignIn) -> str:
    """In words: when, from where, and what was tried since."""
    where = f" from {earlier.address}" if earlier.address else ""
    count = earlier.refused_since
    tries = f" {count} attempt{'' if count == 1 else 's'} failed since." if count else ""
    return f"You signed in before on {earlier.at:%Y-%m-%d at %H:%M} UTC{where}.{tries}"


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
