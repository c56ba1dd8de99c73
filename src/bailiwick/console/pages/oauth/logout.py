"""Signing out because an application says so: without a question where it proves whose visit it means."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse, Response

from bailiwick.authn.oauth.faults import INVALID_REQUEST, OAuthRefused
from bailiwick.console.entrance import Guest, client_of
from bailiwick.console.following import lead
from bailiwick.console.page import Page
from bailiwick.console.pages.people.signing_in import SIGNED_OUT
from bailiwick.console.routes import Entry, at_root
from bailiwick.service.oauth.leaving import Leaving, read_leaving
from bailiwick.service.people.visits import end_visit

LOGOUT = "/oauth/logout"
CONFIRM = f"{LOGOUT}/confirm"
MAX_PARAMETERS = 32
MAX_QUERY = 16_384
REASON = "everybody may leave, and nobody is made to without proof or question"


def logout_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [at_root("GET", LOGOUT, show, REASON), at_root("POST", CONFIRM, confirm, REASON)]


def show(page: Page) -> Response:
    """Shall it end? Where the application proves that it means this visit, it has."""
    query = page.request.url.query
    try:
        leaving = _read(page, query)
    except OAuthRefused as error:
        return page.render("oauth/refused.html", status=400, error=error)
    if not page.is_signed_in:
        is_proved = leaving.hint is not None and leaving.target
        return RedirectResponse(leaving.target, 303) if is_proved else _gone(page, leaving)
    if not leaving.is_of(page.visit):
        return page.render("oauth/logout.html", leaving=leaving, query=query)
    _end(page)
    return RedirectResponse(leaving.target or SIGNED_OUT, 303)


def confirm(page: Page) -> Response:
    """The person says so themselves."""
    try:
        leaving = _read(page, page.form.get("request"))
    except OAuthRefused as error:
        return page.render("oauth/refused.html", status=400, error=error)
    if page.is_signed_in:
        _end(page)
    return lead(page, leaving.target or SIGNED_OUT)


def _gone(page: Page, leaving: Leaving) -> Response:
    return page.render("oauth/logged_out.html", leaving=leaving)


def _end(page: Page) -> None:
    end_visit(page.host, page.visit, client_of(page.request))
    page.visitor = Guest()


def _read(page: Page, query: str) -> Leaving:
    if len(query) > MAX_QUERY:
        raise OAuthRefused(INVALID_REQUEST, "the request is too long")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise OAuthRefused(INVALID_REQUEST, "the request cannot be read") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise OAuthRefused(INVALID_REQUEST, "a parameter is given twice")
    return read_leaving(page.host, fields)
