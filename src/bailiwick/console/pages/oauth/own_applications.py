"""To which applications one has agreed, what each may do by that, and how to take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.console.routes import Entry, get, post
from bailiwick.service.oauth.consents import withdraw_consent
from bailiwick.service.oauth.scope_words import words_of
from bailiwick.service.people.records import ConsentRecord

OWN = "everybody sees and takes back what they agreed to themselves"


@dataclass(frozen=True, slots=True)
class ShownConsent:
    """One consent as the list shows it."""

    uid: str
    title: str
    words: list[str]
    given_at: datetime
    is_gone: bool


def own_application_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/me/applications", list_own, public=OWN),
        post("/me/applications/withdraw", withdraw, public=OWN),
    ]


def list_own(page: Page) -> Response:
    """Whom did I let in?"""
    consents = [_shown(page, one) for one in page.snapshot.consents_of(page.session.uid)]
    return page.render("oauth/own_applications.html", consents=consents)


def _shown(page: Page, consent: ConsentRecord) -> ShownConsent:
    application = page.snapshot.application_of(consent.client_id)
    title = consent.client_id if application is None else application.title or application.name
    return ShownConsent(
        consent.uid, title, words_of(consent.scopes), consent.given_at, is_gone=application is None
    )


def withdraw(page: Page) -> Response:
    """It may do nothing any more, anywhere, from now on."""
    withdraw_consent(page.host, page.visit, page.form.text("consent"))
    return page.redirect(
        "/me/applications", note="Withdrawn. Whatever the application held from you has ended."
    )
