"""Settings › Lock-outs: who may not try to sign in for a while, and letting them."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.console.routes import Entry, get, post
from bailiwick.service.needed import iam_service
from bailiwick.service.people.rights import LIFT_LOCKOUT, LIST_LOCKOUTS
from bailiwick.service.people.unlocking import list_locked_out, unlock


def lockout_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/settings/lockouts", list_lockouts, LIST_LOCKOUTS),
        post("/settings/lockouts/lift", lift, LIFT_LOCKOUT),
    ]


def list_lockouts(page: Page) -> Response:
    """Who is locked out?"""
    return page.render(
        "settings/lockouts.html",
        lockouts=list_locked_out(page.host, page.session),
        may_lift=page.may(LIFT_LOCKOUT, iam_service()),
    )


def lift(page: Page) -> Response:
    """They may try again."""
    known = unlock(page.host, page.session, page.form.text("lockout"))
    return page.redirect("/settings/lockouts", note=f"{known.name or known.address or 'They'} may try again.")
