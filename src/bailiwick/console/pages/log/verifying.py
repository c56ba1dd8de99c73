"""Is the log as it was written? A run with its progress, and what the last one found."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.console.routes import Entry, get, post
from bailiwick.service.history.recorded import VERIFY_LOG
from bailiwick.service.loading import account_log
from bailiwick.service.needed import iam_service

# A log that takes no longer is verified before the page answers.
WAIT_SECONDS = 0.4


def verify_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [get("/log/verify", show, VERIFY_LOG), post("/log/verify", start, VERIFY_LOG)]


def show(page: Page) -> Response:
    """How far is it, or what did it find?"""
    page.judge.require(VERIFY_LOG, iam_service())
    log = account_log(page.account)
    return page.render(
        "log/verify.html", run=page.host.verifications.find(log), head=page.host.store.head(log)
    )


def start(page: Page) -> Response:
    """Begin a run, unless one is going on."""
    page.judge.require(VERIFY_LOG, iam_service())
    page.host.verifications.start(account_log(page.account), page.session.principal, WAIT_SECONDS)
    return page.redirect("/log/verify")
