"""The identities by which another signs in: linked by an administrator, by subject, and taken away.

Linking gives whoever that is all that the user holds; the service asks the engine for that.
"""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.subjects.common import USERS
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.service.federation.linking import (
    LINK_IDENTITY,
    LIST_IDENTITIES,
    UNLINK_IDENTITY,
    list_identities,
    unlink_identity,
)
from bailiwick.service.federation.linking import link_identity as link_to
from bailiwick.service.federation.providers import list_believed

AUTHORITY = ("iam.policy.create", "iam.role.assign")
TAB = "sign-in"


def user_identity_entries() -> list[Entry]:
    """Which lines has this subject?"""
    read, path = (*USERS.readings, LIST_IDENTITIES), USERS.path_of(TAB)
    link, unlink = f"{path}/link-identity", f"{path}/unlink-identity"
    return [
        get(link, ask_link, *read),
        post(link, link_identity, *read, LINK_IDENTITY, *AUTHORITY),
        get(unlink, ask_unlink, *read),
        post(unlink, unlink_one, *read, UNLINK_IDENTITY, *AUTHORITY),
    ]


def ask_link(page: Page) -> Response:
    """Which subject of which provider is it?"""
    return _ask(page, Form())


def _ask(page: Page, form: Form, status: int = 200) -> Response:
    found = USERS.get(page)
    providers = [(one.name, one.shown) for one in list_believed(page.host, page.account)]
    return page.render(
        "federation/link_user.html", status=status, objects=USERS, found=found, form=form, providers=providers
    )


def link_identity(page: Page) -> Response:
    """Whoever that is signs in as this user from now on."""
    found, form = USERS.get(page), page.form
    try:
        link_to(page.host, page.session, found.name, form.text("provider"), form.text("subject"))
    except (Invalid, Conflict, Denied) as error:
        return _ask(page, form.failed(error, "provider", "subject"), status_of(error))
    return USERS.redirect(page, found.name, TAB, note="The identity was linked.")


def ask_unlink(page: Page) -> Response:
    """What ends with it?"""
    found, uid = USERS.get(page), page.asked("identity")
    linked = [one for one in list_identities(page.host, page.session, found.name) if one.record.uid == uid]
    if not linked:
        raise NotFound(f"`{found.name}` has no such identity", "it may have been taken away meanwhile")
    back = USERS.url(page, found.name, TAB)
    return page.render("federation/unlink.html", linked=linked[0], back=back)


def unlink_one(page: Page) -> Response:
    """Nobody signs in as this user by it any more."""
    found = USERS.get(page)
    unlink_identity(page.host, page.session, found.name, page.asked("identity"))
    return USERS.redirect(page, found.name, TAB, note="The identity was unlinked.")
