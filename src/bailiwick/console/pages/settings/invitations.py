"""Settings › Invitations: which links are open; withdrawing one."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.console.routes import Entry, get, post
from bailiwick.service.needed import iam_service
from bailiwick.service.people.invitations import delete_invitation, list_invitations
from bailiwick.service.people.rights import DELETE_INVITATION, INVITE, LIST_INVITATIONS


def invitation_list_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/settings/invitations", list_open, LIST_INVITATIONS),
        post("/settings/invitations/withdraw", withdraw, DELETE_INVITATION),
    ]


def list_open(page: Page) -> Response:
    """Which invitations are open?"""
    return page.render(
        "settings/invitations.html",
        invitations=list_invitations(page.host, page.session),
        may_withdraw=page.judge.could_hold_any((DELETE_INVITATION,)),
        may_invite=page.may(INVITE, iam_service()),
    )


def withdraw(page: Page) -> Response:
    """The link is good for nothing any more."""
    delete_invitation(page.host, page.session, page.form.text("invitation"))
    return page.redirect("/settings/invitations", note="The invitation was withdrawn.")
