"""Letting in a program without a browser: type the code that it shows, see who asks, approve or refuse.

SECURITY: whoever sends somebody a link with a code of their own would be let in as that person (RFC 8628, 5.4). So the
page says from where and when it was asked, warns, and nothing happens without a button.
"""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.entrance import client_of
from bailiwick.console.following import DEVICE
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.oauth.settling import address_of, find_unsettled
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, at_root
from bailiwick.errors import Denied, Invalid
from bailiwick.model.applications import DEVICE_CODE
from bailiwick.service.oauth.approvals import Approval, approve, require_may_begin
from bailiwick.service.oauth.asking import Asking, find_asking
from bailiwick.service.oauth.consents import remember_consent
from bailiwick.service.oauth.device import WRONG_CODE, Waiting, answer_device, find_waiting
from bailiwick.service.oauth.scope_words import words_of
from bailiwick.service.people.attempts import LockedOut

ANSWER = f"{DEVICE}/answer"
REASON = "lets a program act for whoever has signed in here, who decides by themselves"


def device_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        at_root("GET", DEVICE, show, REASON),
        at_root("POST", DEVICE, look, REASON),
        at_root("POST", ANSWER, answer, REASON),
    ]


def show(page: Page) -> Response:
    """Which code does your device show? Where the address says it: who asks?"""
    unsettled = find_unsettled(page, address_of(page))
    if unsettled is not None:
        return unsettled
    typed = page.asked("user_code")
    return _look(page, Form.of({"user_code": typed})) if typed else _ask(page, Form())


def look(page: Page) -> Response:
    """Who asks, by this code?"""
    return find_unsettled(page, DEVICE) or _look(page, page.form)


def _ask(page: Page, form: Form, status: int = 200) -> Response:
    return page.render("oauth/device.html", status=status, form=form)


def _look(page: Page, form: Form) -> Response:
    try:
        waiting, asking = _find(page, form)
    except (Invalid, LockedOut) as error:
        return _ask(page, form.failed(error, "user_code"), status_of(error))
    return page.render(
        "oauth/device_asks.html",
        waiting=waiting,
        asking=asking,
        words=words_of(waiting.scopes),
        here=client_of(page.request).address,
    )


def _find(page: Page, form: Form) -> tuple[Waiting, Asking]:
    """Which program waits, of which application? Raises Invalid, LockedOut."""
    waiting = find_waiting(page.host, page.visit, form.text("user_code"), client_of(page.request))
    asking = find_asking(page.host, waiting.client_id, page.account)
    if asking is None or not asking.is_of(page.account) or not asking.may_use(DEVICE_CODE):
        raise Invalid.at("user_code", WRONG_CODE, "begin again on your device")
    return waiting, asking


def answer(page: Page) -> Response:
    """The program is let in, or is not."""
    unsettled = find_unsettled(page, DEVICE)
    if unsettled is not None:
        return unsettled
    is_approved = page.form.text("answer") == "approve"
    try:
        waiting, asking = _find(page, page.form)
        answer_device(page.host, waiting, _approval(page, waiting, asking) if is_approved else None)
    except (Invalid, LockedOut, Denied) as error:
        return _ask(page, page.form.failed(error, "user_code"), status_of(error))
    outcome = "approved" if is_approved else "refused"
    page.host.record("device", outcome, page.session, client_id=waiting.client_id, address=waiting.address)
    return page.render("oauth/device_done.html", asking=asking, is_approved=is_approved)


def _approval(page: Page, waiting: Waiting, asking: Asking) -> Approval:
    require_may_begin(page.host, page.visit)
    consent = ""
    if not asking.application.first_party:
        consent = remember_consent(page.host, page.visit, waiting.client_id, waiting.scopes).uid
    return approve(
        page.visit, waiting.client_id, waiting.scopes, consent_uid=consent, resource=waiting.resource
    )
