"""The account itself: its owner and what its document says; changed, suspended, let work again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.problems import status_of
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.model.accounts import DEFAULT_PROJECT_QUOTA
from bailiwick.service.changes import Outcome
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.needed import iam_object
from bailiwick.service.reading import Found

READ_ACCOUNT, UPDATE_ACCOUNT = "iam.account.read", "iam.account.update"
FIELDS = ("owner", "description", "project_quota", "enterprise", "shares_reports")


def show_account(page: Page) -> Response:
    """What is set for the account?"""
    found = _found(page)
    account = page.snapshot.account
    return page.render(
        "settings/account.html",
        found=found,
        projects=len(account.projects),
        quota=account.project_quota,
        may_update=_may_update(page),
        is_owner=page.session.principal == account.owner,
    )


def _found(page: Page) -> Found:
    return page.reader.get_to_change(ACCOUNT, page.account)


def _may_update(page: Page) -> bool:
    return page.may(UPDATE_ACCOUNT, iam_object("account", page.account))


def edit_account(page: Page) -> Response:
    """The form of what its document says."""
    found = _found(page)
    page.judge.require(UPDATE_ACCOUNT, iam_object("account", page.account))
    said = found.document
    form = Form.of(
        {
            "since": str(found.identity.revision),
            "owner": str(said["owner"]).partition(":")[2],
            "description": str(said.get("description", "")),
            "project_quota": str(said.get("project_quota", DEFAULT_PROJECT_QUOTA)),
            "enterprise": str(said.get("enterprise", "")),
            "shares_reports": "yes" if said.get("shares_reports") else "",
        }
    )
    return _form(page, form)


def _form(page: Page, form: Form, status: int = 200) -> Response:
    return page.render("settings/account_edit.html", status=status, form=form, fields=FIELDS)


def save_account(page: Page) -> Response:
    """Save what the form says."""
    found = _found(page)
    try:
        outcome = _replace(page, found, _said(page.form))
    except (Invalid, Conflict, NotFound, Denied) as error:
        return _form(page, page.form.failed(error, *FIELDS), status_of(error))
    note = "The account was saved." if outcome.differences else "Nothing is different; nothing was changed."
    revision = outcome.revision if outcome.differences else 0
    return page.redirect("/settings/account", note=note, revision=revision)


def _said(form: Form) -> Mapping[str, Any]:
    quota = form.text("project_quota")
    return {
        "owner": f"user:{form.text('owner').removeprefix('user:')}",
        "description": form.text("description") or None,
        "project_quota": int(quota) if quota.isascii() and quota.isdigit() else quota or None,
        "enterprise": form.text("enterprise") or None,
        "shares_reports": form.text("shares_reports") == "yes",
    }


def _replace(page: Page, found: Found, fields: Mapping[str, Any]) -> Outcome:
    # WHY: what the form does not know of the account stays as it is.
    return page.replace(ACCOUNT, {**found.document, **fields}, since=page.form.get("since"))


def ask_suspend(page: Page) -> Response:
    """What will be lost, or be possible again?"""
    found = _found(page)
    _require_suspending(page)
    return _asked(page, found)


def _require_suspending(page: Page) -> None:
    # WHY not of the owner of a suspended account: nothing is allowed there, but lifting it (rule 9.5).
    if not page.judge.may_always_change(ACCOUNT):
        page.judge.require(UPDATE_ACCOUNT, iam_object("account", page.account))


def _asked(page: Page, found: Found, form: Form | None = None, status: int = 200) -> Response:
    return page.render(
        "settings/suspend.html",
        status=status,
        found=found,
        suspended=bool(found.document.get("suspended")),
        form=form or Form.of({"since": str(found.identity.revision)}),
    )


def suspend(page: Page) -> Response:
    """Suspend the account, or let it work again."""
    found = _found(page)
    _require_suspending(page)
    wanted = page.form.get("suspended") == "yes"
    try:
        outcome = _replace(page, found, {"suspended": wanted})
    except (Invalid, Conflict, Denied) as error:
        return _asked(page, found, page.form.failed(error), status_of(error))
    note = "The account is suspended." if wanted else "The account works again."
    return page.redirect("/settings/account", note=note, revision=outcome.revision)
