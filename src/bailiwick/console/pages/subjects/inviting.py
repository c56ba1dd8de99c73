"""Inviting somebody: who, into which groups, with which roles, for how long; and the one-time link, shown once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from bailiwick.catalog.documents import parse_document
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.subjects.common import USERS
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.model.accounts import Principal
from bailiwick.model.policies import Policy
from bailiwick.service.needed import iam_service
from bailiwick.service.people.invitations import Wish, invite_user
from bailiwick.service.people.rights import INVITE

INVITE_PATH = "/:invite"
AUTHORITY = ("iam.policy.create", "iam.role.assign", "iam.group.add-member")
DAYS = (("7", "7 days"), ("3", "3 days"), ("1", "1 day"))
SECONDS_A_DAY = 86_400
WHEN_MADE = (
    "The user is made when the link is opened and a password chosen, if you may still grant all of it then."
)
FIELDS = ("name", "email", "description", "groups", "roles", "service", "region", "project", "seconds")
SCOPE = ("service", "region", "project")


def inviting_entries() -> list[Entry]:
    """Which lines invite?"""
    path = USERS.path + INVITE_PATH
    return [get(path, ask_invitation, INVITE), post(path, invite, INVITE, *AUTHORITY)]


def ask_invitation(page: Page) -> Response:
    """An empty form."""
    page.judge.require(INVITE, iam_service())
    return _show(page, Form.of({"days": "7", "groups": page.asked_all("group")}))


def _show(page: Page, form: Form, status: int = 200) -> Response:
    return page.render("subjects/invite.html", status=status, objects=USERS, form=form, days=DAYS)


def invite(page: Page) -> Response:
    """Make the invitation, and show its link: this once."""
    page.judge.require(INVITE, iam_service())
    try:
        made = invite_user(page.host, page.session, _wish(page))
    except (Invalid, Conflict, NotFound) as error:
        form = page.form.failed(error, *FIELDS, scope="service", subjects="name")
        return _show(page, form, status_of(error))
    except Denied as error:
        if error.reason != "no_authority":
            raise
        return _show(page, page.form.failed(error), status_of(error))
    # SECURITY: shown in this answer, which no cache keeps, and nowhere else.
    return page.render(
        "subjects/link.html",
        objects=USERS,
        title=f"The invitation for {made.invitation.name}",
        address=made.address,
        until=made.invitation.expires_at,
        email=page.form.text("email"),
        what=WHEN_MADE,
        back=page.url(USERS.path),
    )


def _wish(page: Page) -> Wish:
    """What does the form ask for? Raises Invalid."""
    form = page.form
    said = {name: form.text(name) for name in ("name", "email", "description") if form.text(name)}
    user = parse_document({"kind": "User", **said}, page.account)[1]
    if not isinstance(user, Principal):
        raise RuntimeError("a document of a user is a principal")
    groups = tuple(one.removeprefix("group:") for one in form.all("groups"))
    days = form.text("days") or "7"
    if days not in dict(DAYS):
        raise Invalid.at("days", f"`{days[:10]}` is not offered")
    return Wish(user, groups, _policies(page, user), int(days) * SECONDS_A_DAY)


def _policies(page: Page, user: Principal) -> tuple[Policy, ...]:
    """Which policy gives the roles of the form? None where there are none."""
    roles = page.form.all("roles")
    scope = {name: page.form.text(name) for name in SCOPE if page.form.text(name)}
    if not roles:
        if scope:
            raise Invalid.at("roles", "expected a role for this scope")
        return ()
    name = f"{user.reference.removeprefix('user:')}-access"
    document: Mapping[str, Any] = {
        "kind": "Policy",
        "name": name,
        "subjects": [user.reference],
        "roles": list(roles),
        **({"scope": scope} if scope else {}),
    }
    policy = parse_document(document, page.account)[1]
    if not isinstance(policy, Policy):
        raise RuntimeError("a document of a policy is a policy")
    return (policy,)
