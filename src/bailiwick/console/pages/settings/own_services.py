"""The account's own services: made and changed as text, in the catalog's format, with findings at their lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.objects import DOCUMENT
from bailiwick.console.page import Page
from bailiwick.console.pages.objects import edit_of_text, findings_of, saved, text_of
from bailiwick.console.pages.policies.previews import Preview, preview_edits
from bailiwick.console.pages.settings.catalog import SERVICES, UPDATE
from bailiwick.console.problems import status_of
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid
from bailiwick.service.edits import Edit
from bailiwick.service.kinds import find_value
from bailiwick.service.needed import iam_service
from bailiwick.service.snapshots import Snapshot

KIND = "Service"
EXAMPLE = """\
kind: Service
name: records
title: Records
description: What the archive keeps.
resource_types:
  record: {title: Record}
qualifiers:
  - name: mine
    title: Owned by the user
    when: {key: resource.owner, operator: string-equals, value: {ref: principal.id}}
actions:
  - {id: record.read, title: Read a record, resource_type: record, access: read}
  - {id: record.write, title: Change a record, resource_type: record, access: write, requires: [record.read]}
operations:
  - id: archive edit
    title: Edit a record
    kind: command
    actions: [{action: record.write, on: target}]
roles:
  - {name: Reader, kind: service, actions: [record.read]}
"""


def start_service(page: Page) -> Response:
    """A text to begin with."""
    page.judge.require(UPDATE, iam_service())
    return _show_new(page, Form.of({"text": EXAMPLE}))


def create_service(page: Page) -> Response:
    """Make the service that the text describes."""
    page.judge.require(UPDATE, iam_service())
    try:
        edit = edit_of_text(page, page.form.get("text"), KIND)

        def prepare(before: Snapshot) -> Sequence[Edit]:
            if find_value(before.account, KIND, edit.name) is not None:
                raise Conflict(f"there is a service `{edit.name}` already", "choose another name")
            return [edit]

        outcome = page.change(prepare)
    except (Invalid, Conflict, Denied) as error:
        return _show_new(page, _failed(page, error), status_of(error))
    note = f"Service `{edit.name}` was created."
    return SERVICES.redirect(page, edit.name, note=note, revision=outcome.revision)


def _failed(page: Page, error: BailiwickError) -> Form:
    return replace(page.form, errors={"text": findings_of(error)})


def _show_new(page: Page, form: Form, status: int = 200) -> Response:
    return page.render("settings/new_service.html", status=status, form=form)


def edit_service(page: Page) -> Response:
    """The service as text."""
    found = SERVICES.get(page)
    return _show(page, Form.of({"text": text_of(found), "since": str(found.identity.revision)}))


def save_service(page: Page) -> Response:
    """Make the service what the text says."""
    page.judge.require(UPDATE, iam_service())
    name = SERVICES.get(page).name
    try:
        edit = edit_of_text(page, page.form.get("text"), KIND, name)

        if page.form.get("show"):
            return _show(page, page.form, effects=preview_edits(page, [edit]))

        def prepare(before: Snapshot) -> Sequence[Edit]:
            page.check_since(before, KIND, name, page.form.get("since"))
            return [edit]

        outcome = page.change(prepare)
    except (Invalid, Conflict, Denied) as error:
        return _show(page, _failed(page, error), status_of(error))
    if not outcome.differences:
        return SERVICES.redirect(page, name, note="Nothing is different; nothing was changed.")
    return SERVICES.redirect(page, name, note=saved("service", name), revision=outcome.revision)


def _show(page: Page, form: Form, status: int = 200, effects: Preview | None = None) -> Response:
    found = SERVICES.get(page)
    return SERVICES.show(
        page,
        found,
        "settings/service_text.html",
        DOCUMENT,
        status=status,
        form=form,
        may_change=page.may(UPDATE, iam_service()),
        effects=effects,
    )
