"""How one user signs in: password, second factor, lock-out, latest sign-ins; and what an administrator may do about it.

To let another choose a password, or to take a second factor away, hands over all that the other holds; the service asks
the engine for that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.subjects.common import USERS, show_subject
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Denied
from bailiwick.model.requests import ResourceQuery
from bailiwick.service.ending import END
from bailiwick.service.federation.linking import (
    LINK_IDENTITY,
    LIST_IDENTITIES,
    UNLINK_IDENTITY,
    Linked,
    linked_to,
)
from bailiwick.service.history.recorded import READ_ACTIVITY, Records
from bailiwick.service.kinds import find_value
from bailiwick.service.loading import account_log
from bailiwick.service.needed import iam_object, iam_service, object_of
from bailiwick.service.people.attempts import Lockout
from bailiwick.service.people.events import SIGN_IN
from bailiwick.service.people.factors import remove_factor
from bailiwick.service.people.invitations import invite_to_password
from bailiwick.service.people.last_use import last_uses
from bailiwick.service.people.rights import (
    LIFT_LOCKOUT,
    LIST_LOCKOUTS,
    REMOVE_FACTOR,
    RESET_PASSWORD,
    get_user,
)
from bailiwick.service.people.unlocking import list_locked_out, unlock_user
from bailiwick.service.people.visits import end_all_visits
from bailiwick.service.reading import Found
from bailiwick.store.ports import EventFilter, StoredEvent

AUTHORITY = ("iam.policy.create", "iam.role.assign")
LATELY = 10
TAB = "sign-in"
Deed = Callable[[Page, str], str]


def signing_in_entries() -> list[Entry]:
    """Which lines have a user's signing in?"""
    read, path = USERS.readings, USERS.path_of(TAB)
    link, factor, ends = f"{path}/link", f"{path}/remove-second-factor", f"{path}/end-sessions"
    asked = [("remove-second-factor", factor), ("end-sessions", ends)]
    return [
        get(path, show_signing_in, *read),
        get(link, ask_link, *read),
        post(link, make_link, *read, RESET_PASSWORD, *AUTHORITY),
        *(get(address, partial(ask, word), *read) for word, address in asked),
        post(factor, partial(_do, _remove_factor), *read, REMOVE_FACTOR, *AUTHORITY),
        post(ends, partial(_do, _end_visits), *read, END),
        post(f"{path}/unlock", partial(_do, _unlock), *read, LIFT_LOCKOUT),
    ]


def show_signing_in(page: Page) -> Response:
    """What does it sign in with, and when did it lately?"""
    found = USERS.get(page)
    uid, here = found.identity.uid, _here(page, found)
    own = page.session.uid == uid
    factor = page.snapshot.factor_of(uid)
    return show_subject(
        page,
        USERS,
        found,
        TAB,
        password=page.snapshot.password_of(uid),
        factor=factor if factor is not None and factor.enrolled_at is not None else None,
        passkeys=page.snapshot.passkeys_of(uid),
        last_sign_in=last_uses(page.host, page.snapshot, [uid]).get(uid),
        required=page.snapshot.account.security_settings.require_second_factor,
        lockout=_lockout(page, found.name),
        events=_lately(page, uid),
        identities=_identities(page, found, here),
        may_link=not own and page.may(LINK_IDENTITY, here),
        may_unlink=not own and page.may(UNLINK_IDENTITY, here),
        own=own,
        may_reset=not own and page.may(RESET_PASSWORD, here),
        may_remove=not own and page.may(REMOVE_FACTOR, here),
        may_lift=page.may(LIFT_LOCKOUT, iam_service()),
        may_end=own or page.may(END, iam_object("session", "*")),
    )


def _here(page: Page, found: Found) -> Any:
    return object_of("User", found.name, find_value(page.snapshot.account, "User", found.name))


def _identities(page: Page, found: Found, here: ResourceQuery) -> list[Linked]:
    """By which identities of providers does it sign in, as far as the visitor may see that?"""
    if not page.may(LIST_IDENTITIES, here):
        return []
    return linked_to(page.snapshot, get_user(page.snapshot, found.name))


def _lockout(page: Page, name: str) -> Lockout | None:
    if not page.may(LIST_LOCKOUTS, iam_service()):
        return None
    return next((one for one in list_locked_out(page.host, page.session) if one.name == name), None)


def _lately(page: Page, uid: str) -> tuple[StoredEvent, ...] | None:
    """When did it sign in, or was refused? None: the visitor may not see activity."""
    if not page.may(READ_ACTIVITY, iam_service()):
        return None
    records = Records(page.host, page.session, READ_ACTIVITY)
    wanted = EventFilter(log=account_log(page.account), kind=SIGN_IN, principal_uid=uid)
    return records.events(wanted, before=None, limit=LATELY)


# A link to choose a password by


def ask_link(page: Page) -> Response:
    """What will come of it?"""
    return _ask_link(page, Form())


def _ask_link(page: Page, form: Form, status: int = 200) -> Response:
    found = USERS.get(page)
    has_password = page.snapshot.password_of(found.identity.uid) is not None
    return page.render(
        "subjects/password_link.html",
        status=status,
        objects=USERS,
        found=found,
        form=form,
        has_password=has_password,
    )


def make_link(page: Page) -> Response:
    """Make the link, and show it: this once."""
    found = USERS.get(page)
    try:
        made = invite_to_password(page.host, page.session, found.name)
    except Conflict as error:
        return _ask_link(page, page.form.failed(error), status_of(error))
    except Denied as error:
        if error.reason != "no_authority":
            raise
        return _ask_link(page, page.form.failed(error), status_of(error))
    return page.render(
        "subjects/link.html",
        objects=USERS,
        title=f"The link for {found.name}",
        address=made.address,
        until=made.invitation.expires_at,
        email=found.document.get("email", ""),
        what="The password that they have works until another is chosen by this link.",
        back=USERS.url(page, found.name, TAB),
    )


# The rest


def ask(word: str, page: Page) -> Response:
    """What will come of it?"""
    return _ask(word, page, Form())


def _ask(word: str, page: Page, form: Form, status: int = 200) -> Response:
    found = USERS.get(page)
    return page.render(
        f"subjects/{word.replace('-', '_')}.html",
        status=status,
        objects=USERS,
        found=found,
        form=form,
        cancel=USERS.url(page, found.name, TAB),
    )


def _do(deed: Deed, page: Page) -> Response:
    found = USERS.get(page)
    try:
        note = deed(page, found.name)
    except Denied as error:
        if error.reason != "no_authority":
            raise
        return _ask("remove-second-factor", page, page.form.failed(error), status_of(error))
    return USERS.redirect(page, found.name, TAB, note=note)


def _remove_factor(page: Page, name: str) -> str:
    remove_factor(page.host, page.session, name)
    return f"The second factor of `{name}` was removed."


def _end_visits(page: Page, name: str) -> str:
    keep = page.session.links[0].session_uids[0] if _is_own(page, name) else ""
    number = end_all_visits(page.host, page.session, f"user:{name}", keep=keep)
    return "There was no session to end." if not number else f"{number} of the sessions of `{name}` ended."


def _is_own(page: Page, name: str) -> bool:
    return page.session.principal == f"user:{name}" and bool(page.session.links[0].session_uids)


def _unlock(page: Page, name: str) -> str:
    unlock_user(page.host, page.session, name)
    return f"`{name}` may try to sign in again."
