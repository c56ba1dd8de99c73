"""Proving who one is before a page that is only for whoever has done so lately."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.following import asked_next, lead, next_of
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.proving import STEP_UP, prove, show_proof
from bailiwick.console.routes import ANYTHING, Entry, get, post

OWN = "everybody proves who they are, by what they sign in with"


def stepping_up_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get(STEP_UP, show_step_up, public=OWN, owing=ANYTHING),
        post(STEP_UP, send_step_up, public=OWN, owing=ANYTHING),
    ]


def show_step_up(page: Page) -> Response:
    """Who are you?"""
    return show_proof(page, Form.of({"next": asked_next(page)}), page.url(STEP_UP))


def send_step_up(page: Page) -> Response:
    """The proof is looked at; then the page follows that was wanted."""
    refused = prove(page, page.form, page.url(STEP_UP))
    if refused is not None:
        return refused
    return lead(page, next_of(page, page.form.get("next")))
