"""The role editor: access rights by resource type, for a new role, a copy of another, or one that is changed.

Saving goes through `change_account` like every change. What the form cannot show stays as it was (sheet.py). An action
whose prerequisite the role would lack is pointed out before it is saved, and the prerequisite offered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from bailiwick.catalog.access_rights import (
    Selection,
    Unmet,
    find_unmet,
    is_plain,
    read_selection,
    select,
    with_required,
)
from bailiwick.catalog.edit_rights import Changed, compare_held
from bailiwick.catalog.rights import format_right
from bailiwick.console.catalog import get_service, shown_services
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.policies.previews import Preview as Effects
from bailiwick.console.pages.policies.previews import preview_edits
from bailiwick.console.pages.roles.sheet import (
    ACCESS,
    TEXTS,
    besides_of,
    read_sheet,
    rights_fields,
    rights_wanted,
    sections_of,
    set_all,
    with_selection,
)
from bailiwick.console.pages.roles.shown import CREATE, KIND, ROLES, UPDATE, Shown, get_shown
from bailiwick.console.problems import status_of
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid, NotFound
from bailiwick.model.services import Right, Role, Service
from bailiwick.service.changes import Outcome
from bailiwick.service.needed import iam_object, iam_service

FIELDS = ("name", *TEXTS)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is edited: a role of this service, that starts from these rights. `role` None: a new one."""

    service: Service
    rights: tuple[Right, ...]
    role: Role | None = None
    source: Shown | None = None

    @property
    def left_out(self) -> tuple[Right, ...]:
        """Which rights of the role that is copied can no custom role have?"""
        if self.source is None:
            return ()
        return tuple(right for right in self.source.role.rights if right.service != self.service.name)


@dataclass(frozen=True, slots=True)
class Preview:
    """What saving would change of the role, which prerequisites it would lack, and what that would do to people.

    `effects` None: nothing is said of that, as of a new role, which nobody holds. `refusal`: why it cannot be saved.
    """

    changed: tuple[Changed, ...]
    besides: int
    lacking: tuple[Unmet, ...]
    narrower: tuple[Unmet, ...]
    effects: Effects | None = None
    refusal: BailiwickError | None = None


# A new role


def start(page: Page) -> Response:
    """For which service, from which role? Then the form."""
    page.judge.require(CREATE, iam_service())
    if not page.asked("from") and not page.asked("service"):
        return page.render("roles/start.html", services=shown_services(page))
    draft = _new_draft(page)
    role = None if draft.source is None else draft.source.role
    texts = {field: "" if role is None else getattr(role, field) for field in TEXTS}
    name = "" if role is None else f"Copy of {role.name}"
    form = Form.of({"name": name, **texts, **rights_fields(draft.rights, draft.service)})
    return _show(page, draft, form)


def create(page: Page) -> Response:
    """Make the role, or answer what the form asks for before that."""
    page.judge.require(CREATE, iam_service())
    return _answer(page, _new_draft(page))


def _new_draft(page: Page) -> Draft:
    if name := page.asked("from"):
        source = get_shown(page, name)
        rights = tuple(right for right in source.role.rights if right.service == source.service.name)
        return Draft(source.service, rights, source=source)
    return Draft(get_service(page, page.asked("service")), ())


# One that is there


def edit(page: Page) -> Response:
    """The form of a custom role."""
    draft = _draft_of(page)
    found = ROLES.get(page)
    texts = {field: str(found.document.get(field, "")) for field in TEXTS}
    form = Form.of(
        {"since": str(found.identity.revision), **texts, **rights_fields(draft.rights, draft.service)}
    )
    return _show(page, draft, form)


def save(page: Page) -> Response:
    """Save the role, or answer what the form asks for before that."""
    return _answer(page, _draft_of(page))


def _draft_of(page: Page) -> Draft:
    shown = get_shown(page, page.asked("name"))
    if shown.found is None:
        raise Conflict(
            f"`{shown.address}` is a role of the system and does not change", "clone it, and change the copy"
        )
    page.judge.require(UPDATE, iam_object("role", shown.role.name))
    return Draft(shown.service, shown.role.rights, role=shown.role)


# Answers


def _answer(page: Page, draft: Draft) -> Response:
    form = page.form
    if word := form.get("set"):
        return _show(page, draft, set_all(form, "full" if word == "full" else "no", draft.service))
    try:
        selection = read_sheet(form, draft.service)
        if form.get("required") == "add":
            selection = _completed(selection, draft.service)
            form = page.form = with_selection(form, selection, draft.service)
        rights = rights_wanted(form, draft.rights, draft.service)
        preview = _preview(draft, selection, rights)
        if form.get("show") or (preview.lacking and not form.get("required")):
            return _show(page, draft, form, _with_effects(page, draft, rights, preview))
        _refuse_empty(draft, rights)
        outcome = _store(page, draft, rights)
    except (Invalid, Conflict, NotFound, Denied) as error:
        failed = form.failed(error, *FIELDS, "rights")
        return _show(page, draft, failed, status=status_of(error))
    return _done(page, draft, outcome)


def _with_effects(page: Page, draft: Draft, rights: tuple[Right, ...], preview: Preview) -> Preview:
    """The same, with who could do what newly, and who no longer: by the engine, as far as the visitor may know."""
    if draft.role is None:
        return preview
    try:
        _refuse_empty(draft, rights)
        edit = page.edit_of(KIND, dict(_document(page.form, draft, rights)))
        effects = preview_edits(page, [edit])
    except (Invalid, Conflict, NotFound, Denied) as error:
        return replace(preview, refusal=error)
    return preview if effects.empty else replace(preview, effects=effects)


def _refuse_empty(draft: Draft, rights: tuple[Right, ...]) -> None:
    if not rights:
        help = "tick at least one action" + ("" if draft.role is None else ", or delete the role")
        raise Invalid.at("rights", "the role would give no access at all", help)


def _completed(selection: Selection, service: Service) -> Selection:
    return select(with_required(selection.held, service), selection.full, service)


def _preview(draft: Draft, selection: Selection, rights: tuple[Right, ...]) -> Preview:
    service = draft.service
    stored = () if draft.role is None else draft.rights
    before = read_selection(stored, service).held
    known = {(one.action.id, one.required.id) for one in find_unmet(before, service)}
    unmet = [
        one for one in find_unmet(selection.held, service) if (one.action.id, one.required.id) not in known
    ]
    gone = [right for right in stored if not is_plain(right, service) and right not in rights]
    return Preview(
        tuple(compare_held(before, selection.held, service)),
        len(gone),
        tuple(one for one in unmet if not one.narrower),
        tuple(one for one in unmet if one.narrower),
    )


def _store(page: Page, draft: Draft, rights: tuple[Right, ...]) -> Outcome:
    document = dict(_document(page.form, draft, rights))
    if draft.role is None:
        return page.create(KIND, document)
    return page.replace(KIND, document, since=page.form.get("since"))


def _document(form: Form, draft: Draft, rights: tuple[Right, ...]) -> Iterator[tuple[str, Any]]:
    yield "name", form.text("name") if draft.role is None else draft.role.name
    yield "service", draft.service.name
    for field in TEXTS:
        if form.text(field):
            yield field, form.text(field)
    yield "rights", [format_right(right, draft.service.name) for right in rights]
    if draft.role is not None and draft.role.managed_by:
        yield "managed_by", draft.role.managed_by


def _done(page: Page, draft: Draft, outcome: Outcome) -> Response:
    name = page.form.text("name") if draft.role is None else draft.role.name
    if not outcome.differences:
        return ROLES.redirect(page, name, note="Nothing is different; nothing was changed.")
    word = "created" if draft.role is None else "saved"
    changed = None if draft.role is None else outcome.revision
    note = f"Role `{name}` was {word}."
    return ROLES.redirect(page, name, note=note, revision=outcome.revision, changed=changed)


def _show(
    page: Page, draft: Draft, form: Form, preview: Preview | None = None, *, status: int = 200
) -> Response:
    service = draft.service
    return page.render(
        "roles/edit.html",
        status=status,
        draft=draft,
        form=form,
        preview=preview,
        sections=sections_of(form, draft.rights, service),
        besides=besides_of(form, draft.rights, service),
        prefix=ACCESS,
        back=page.url("/roles") if draft.role is None else ROLES.url(page, draft.role.name),
    )
