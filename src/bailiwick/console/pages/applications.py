"""Applications: listed, shown, made, changed; and their secrets, each shown once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.lists import list_objects
from bailiwick.console.objects import ObjectPages, Tab
from bailiwick.console.page import Page
from bailiwick.console.pages.objects import object_entries
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid
from bailiwick.model.applications import GRANTS, TYPES, Application
from bailiwick.service.edits import Edit
from bailiwick.service.needed import iam_service
from bailiwick.service.oauth import secrets
from bailiwick.service.reading import Found, Reader
from bailiwick.service.snapshots import Snapshot

CREATE, UPDATE, TRUST = "iam.application.create", "iam.application.update", "iam.application.trust"
TEXTS = ("title", "description", "type", "acts_as")
LISTS = ("redirect_uris", "post_logout_redirect_uris", "grants", "audiences", "scopes")
NUMBERS = ("access_token_seconds", "refresh_token_seconds", "refresh_idle_seconds")
FIELDS = ("name", *TEXTS, *LISTS, *NUMBERS, "first_party")
APPLICATIONS = ObjectPages(
    "Application", "Applications", (Tab("Overview"), Tab("Secrets", "secrets")), update=(UPDATE, TRUST)
)
_OVERLAPS = (("0", "ends now: it leaked"), ("3600", "stands for an hour"), ("86400", "stands for a day"))


def application_entries() -> list[Entry]:
    """Which lines has this subject?"""
    read = APPLICATIONS.readings
    one = APPLICATIONS.path_of()
    return [
        get("/applications", list_applications, "iam.application.list", *read),
        get("/applications/:new", show_new, CREATE),
        post("/applications/:new", create_application, CREATE, TRUST),
        get(one, show_application, *read),
        get(f"{one}/edit", show_edit, *read),
        post(f"{one}/edit", change_application, *read, UPDATE, TRUST),
        post(f"{one}/enable", partial(set_state, False), *read, UPDATE),
        post(f"{one}/disable", partial(set_state, True), *read, UPDATE),
        get(f"{one}/secrets", show_secrets, *read),
        post(f"{one}/secrets/new", make_secret, *read, secrets.ROTATE),
        post(f"{one}/secrets/withdraw", withdraw, *read, secrets.ROTATE),
        *object_entries(APPLICATIONS),
    ]


def list_applications(page: Page) -> Response:
    """Which applications are there?"""
    listed = list_objects(page, "Application")
    return page.render(
        "applications/list.html", listed=listed, may_create=page.judge.could_hold_any((CREATE,))
    )


def show_application(page: Page) -> Response:
    """One application: its client id, and what it may do."""
    found = APPLICATIONS.get(page)
    return APPLICATIONS.show(
        page,
        found,
        "applications/one.html",
        value=page.snapshot.account.applications[found.name],
        url=page.host.public_url,
        may_change=page.judge.could_hold_any((UPDATE,)),
        may_delete=page.judge.could_hold_any(APPLICATIONS.deletions),
    )


def show_new(page: Page) -> Response:
    """The form of a new application."""
    page.judge.require(CREATE, iam_service())
    return _form(page, _form_of(Application("")), is_new=True)


def create_application(page: Page) -> Response:
    """Make it."""
    name = page.form.text("name")
    try:
        outcome = page.create("Application", _said(page.form, name))
    except (Invalid, Conflict, Denied) as error:
        return _again(page, error, is_new=True)
    note = f"Application {name} was created."
    return APPLICATIONS.redirect(page, name, "secrets", note=note, revision=outcome.revision)


def show_edit(page: Page) -> Response:
    """The form of an application that is there."""
    found = APPLICATIONS.get(page)
    form = _form_of(page.snapshot.account.applications[found.name], str(found.identity.revision))
    return _form(page, form, is_new=False)


def change_application(page: Page) -> Response:
    """Change it."""
    found = APPLICATIONS.get(page)
    said = _said(page.form, found.name)
    if found.document.get("disabled"):
        said["disabled"] = True
    try:
        outcome = page.replace("Application", said, since=page.form.get("since"))
    except (Invalid, Conflict, Denied) as error:
        return _again(page, error, is_new=False)
    return APPLICATIONS.redirect(
        page, found.name, note="The application was changed.", revision=outcome.revision
    )


def _again(page: Page, error: BailiwickError, *, is_new: bool) -> Response:
    if isinstance(error, Denied) and error.reason == "no_matching_policy":
        raise error
    return _form(page, page.form.failed(error, *FIELDS), is_new=is_new, status=status_of(error))


def _form(page: Page, form: Form, *, is_new: bool, status: int = 200) -> Response:
    return page.render(
        "applications/edit.html", status=status, form=form, is_new=is_new, grants=GRANTS, types=TYPES
    )


def _form_of(value: Application, since: str = "") -> Form:
    return Form.of(
        {
            "name": value.name,
            **{field: str(getattr(value, field) or "") for field in TEXTS},
            **{field: getattr(value, field) for field in LISTS},
            **{field: str(getattr(value, field)) for field in NUMBERS},
            "first_party": ("yes",) if value.first_party else (),
            "since": since,
        }
    )


def _said(form: Form, name: str) -> dict[str, Any]:
    """Which document does the form write? A number that is none is told so by who reads documents."""
    said: dict[str, Any] = {"name": name}
    said |= {field: text for field in TEXTS if (text := form.text(field))}
    said |= {field: list(values) for field in LISTS if (values := form.all(field))}
    for field in NUMBERS:
        text = form.text(field)
        if text:
            said[field] = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else text
    if form.has("first_party"):
        said["first_party"] = True
    return said


def set_state(disabled: bool, page: Page) -> Response:
    """Switch it off, and end all that was begun by it; or on again."""

    def prepare(before: Snapshot) -> Sequence[Edit]:
        name = Reader(page.host, page.session, before).get_to_change("Application", page.name).name
        return [Edit("Application", name, replace(before.account.applications[name], disabled=disabled))]

    outcome = page.change(prepare)
    note = (
        "The application was disabled. Nothing that it began goes on."
        if disabled
        else "The application was enabled."
    )
    return APPLICATIONS.redirect(page, page.name, note=note, revision=outcome.revision)


def show_secrets(page: Page) -> Response:
    """Which secrets has it, used when, until when?"""
    return _secrets(page, APPLICATIONS.get(page), Form.of({"overlap": "86400"}))


def _secrets(page: Page, found: Found, form: Form, status: int = 200) -> Response:
    known = secrets.list_secrets(page.host, page.session, found.name)
    return APPLICATIONS.show(
        page,
        found,
        "applications/secrets.html",
        "secrets",
        status=status,
        form=form,
        secrets=[secrets.describe_secret(page.host, page.account, one) for one in known],
        overlaps=_OVERLAPS,
        is_public=page.snapshot.account.applications[found.name].is_public,
        may_rotate=page.judge.could_hold_any((secrets.ROTATE,)),
    )


def make_secret(page: Page) -> Response:
    """Make a secret, and show it: this once."""
    found = APPLICATIONS.get(page)
    overlap = page.form.get("overlap", "0")
    try:
        seconds = int(overlap) if overlap in dict(_OVERLAPS) else 0
        made = secrets.rotate_secret(page.host, page.session, found.name, overlap_seconds=seconds)
    except (Invalid, Conflict, Denied) as error:
        if isinstance(error, Denied) and error.reason != "no_authority":
            raise
        return _secrets(page, found, page.form.failed(error), status_of(error))
    # SECURITY: shown in this answer, which no cache keeps, and nowhere else.
    return page.render("applications/made_secret.html", objects=APPLICATIONS, found=found, made=made)


def withdraw(page: Page) -> Response:
    """End a secret now."""
    found = APPLICATIONS.get(page)
    secrets.withdraw_secret(page.host, page.session, found.name, page.form.get("secret"))
    note = "The secret was withdrawn, and what rested on it has ended."
    return APPLICATIONS.redirect(page, found.name, "secrets", note=note)
