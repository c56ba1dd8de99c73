"""Asking who somebody is before they go on: a deed that needs a newer proof waits in the page that asks for it.

What is asked for and whether it holds is people/stepping_up.py's. Implements docs/spec.md rule 30.11.
"""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.deeds import DEED, open_deed, seal_deed
from bailiwick.console.entrance import client_of
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.problems import status_of
from bailiwick.errors import Invalid, NotFound
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.passkey_ceremonies import ShownPasskey
from bailiwick.service.people.stepping_up import Shown, step_up, ways_of

PASSKEY_TICKET, PASSKEY_ANSWER = "passkey_ticket", "passkey_answer"
STEP_UP = "/me/step-up"
_WRONG = (Invalid, LockedOut, NotFound)


def ask_for_proof(page: Page) -> Response:
    """Who are you? The form that was sent, or the page that was asked for, waits."""
    if page.is_partial:
        return page.redirect(STEP_UP, next=page.referring)
    if page.request.method == "GET":
        return page.redirect(STEP_UP, next=page.here())
    return show_proof(page, Form.of({DEED: seal_deed(page, page.form)}), page.here(), status=403)


def show_proof(page: Page, form: Form, target: str, *, status: int = 200) -> Response:
    """Which proof is asked for? It is sent to `target`, with what waits in the form."""
    ways = ways_of(page.host, page.visit)
    return page.render("people/step_up.html", status=status, form=form, target=target, ways=ways)


def passkey_in(sent: Form) -> ShownPasskey | None:
    """Which passkey was shown in this form? None: none."""
    ticket, answer = sent.get(PASSKEY_TICKET), sent.get(PASSKEY_ANSWER)
    return ShownPasskey(ticket, answer) if ticket or answer else None


def go_on(page: Page) -> Response | None:
    """The proof is looked at; then the page's form is the one that waited. A response: it did not hold."""
    sent = page.form
    waiting = open_deed(page, sent.get(DEED))
    if (refused := prove(page, sent, page.here())) is not None:
        return refused
    page.form = waiting
    return None


def prove(page: Page, sent: Form, target: str) -> Response | None:
    """Does what was sent prove who sits there? From now on the visit says so. A response: it does not."""
    shown = Shown(sent.text("code"), passkey_in(sent), sent.get("password"))
    try:
        page.visitor = step_up(page.host, page.visit, shown, client_of(page.request))
    except _WRONG as error:
        kept = Form.of({name: sent.get(name) for name in (DEED, "next") if sent.has(name)})
        return show_proof(page, kept.failed(error, "code", "password"), target, status=status_of(error))
    return None
