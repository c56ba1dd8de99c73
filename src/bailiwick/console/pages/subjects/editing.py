"""Forms for users, groups, service IDs and profiles: every field of their documents, new and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.responses import Response

from bailiwick.catalog.documents import parse_document
from bailiwick.catalog.sources import parse_documents
from bailiwick.console.forms import Form
from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import Page
from bailiwick.console.pages.subjects.common import GROUPS, MEMBERS, PROFILES, SUBJECTS, USERS, create_action
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import BailiwickError, Conflict, Denied, Finding, Invalid, NotFound
from bailiwick.model.accounts import Group
from bailiwick.service.changes import Outcome
from bailiwick.service.edits import Edit
from bailiwick.service.kinds import KINDS, find_value
from bailiwick.service.needed import iam_service
from bailiwick.service.reading import Found
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.yaml_text import format_documents

AUTHORITY = ("iam.policy.create", "iam.role.assign")
# WHY the colon: no name holds one, so that an object called `new` has its own address.
NEW = "/:new"
TEXTS = ("email", "access", "description", "owner", "maximum_session_seconds")
LISTS = ("budgets", "trust", "members")
AS_YAML = ("properties", "when")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "User": ("email", "access", "description", "owner", "budgets", "properties"),
    "ServiceId": ("description", "owner", "budgets", "properties"),
    "Profile": (
        *("description", "trust", "when", "maximum_session_seconds"),
        *("owner", "budgets", "properties"),
    ),
    "Group": ("description",),
}


def editing_entries() -> list[Entry]:
    """Which lines make and change subjects by forms?"""
    lines = []
    for objects in SUBJECTS:
        create, edit = create_action(objects), objects.path_of("edit")
        read_too = () if objects.kind != "Group" else MEMBERS
        lines += [
            get(objects.path + NEW, partial(ask_new, objects), create),
            post(
                objects.path + NEW,
                partial(make, objects),
                *(create, *objects.readings, *read_too, *AUTHORITY),
            ),
            get(edit, partial(ask_edit, objects), *objects.readings),
            post(edit, partial(save, objects), *objects.readings, *objects.updates, *AUTHORITY),
        ]
    return lines


# New ones


def ask_new(objects: ObjectPages, page: Page) -> Response:
    """An empty form."""
    page.judge.require(create_action(objects), iam_service())
    return _show(page, objects, Form.of({"maximum_session_seconds": "3600"}), None)


def make(objects: ObjectPages, page: Page) -> Response:
    """Make it."""
    page.judge.require(create_action(objects), iam_service())
    name = page.form.text("name")
    fields = FIELDS[objects.kind] + (("members",) if objects is GROUPS else ())
    try:
        document = {"name": name, **read_fields(page.form, fields)}
        outcome = page.create(objects.kind, document)
    except (Invalid, Conflict, NotFound, Denied) as error:
        return _again(page, objects, None, error)
    note = f"{objects.one[:1].upper()}{objects.one[1:]} `{name}` was created."
    return objects.redirect(page, name, note=note, revision=outcome.revision)


# Changed ones


def ask_edit(objects: ObjectPages, page: Page) -> Response:
    """The form, as the object is."""
    found = objects.get(page)
    return _show(page, objects, form_of(objects, found), found)


def save(objects: ObjectPages, page: Page) -> Response:
    """Make the object what the form says."""
    found = objects.get(page)
    try:
        outcome = _saved(objects, page, found)
    except (Invalid, Conflict, NotFound, Denied) as error:
        return _again(page, objects, found, error)
    is_same = not outcome.differences
    note = f"{objects.one[:1].upper()}{objects.one[1:]} `{found.name}` was saved."
    return objects.redirect(
        page,
        found.name,
        note="Nothing is different; nothing was changed." if is_same else note,
        revision=0 if is_same else outcome.revision,
    )


def _saved(objects: ObjectPages, page: Page, found: Found) -> Outcome:
    said = read_fields(page.form, FIELDS[objects.kind])
    since = page.form.get("since")
    if objects is GROUPS:
        return page.change(partial(_described, page, found.name, said, since))
    kept = {name: one for name, one in found.document.items() if name not in FIELDS[objects.kind]}
    return page.replace(objects.kind, {**kept, **said}, since=since)


def _described(
    page: Page, name: str, said: Mapping[str, Any], since: str, before: Snapshot
) -> Sequence[Edit]:
    """A group's own fields change, and none of its many members is looked at."""
    page.check_since(before, "Group", name, since)
    parsed = parse_document({"kind": "Group", "name": name, **said}, page.account)[1]
    group: Group = find_value(before.account, "Group", name)
    if not isinstance(parsed, Group):
        raise RuntimeError("a document of a group is a group")
    return [Edit("Group", name, replace(group, description=parsed.description))]


# Forms and documents


def form_of(objects: ObjectPages, found: Found) -> Form:
    """Which form shows this document?"""
    values: dict[str, str | list[str]] = {"since": str(found.identity.revision)}
    for name in FIELDS[objects.kind]:
        value = found.document.get(name)
        if name in AS_YAML:
            values[name] = "" if not value else _yaml_of(value)
        elif name in LISTS:
            values[name] = list(value or ())
        else:
            values[name] = "" if value is None else str(value)
    return Form.of(values)


def _yaml_of(value: Mapping[str, object]) -> str:
    return "".join(format_documents([value])).removeprefix("---\n")


def read_fields(form: Form, names: Sequence[str]) -> dict[str, Any]:
    """Which fields of a document does the form say? Raises Invalid where text is no YAML."""
    said: dict[str, Any] = {}
    for name in names:
        if name in AS_YAML:
            value: Any = _read_yaml(form, name)
        elif name in LISTS:
            value = list(form.all(name))
        else:
            value = form.text(name)
        if name == "maximum_session_seconds" and value.isascii() and value.isdigit():
            value = int(value)
        if value:
            said[name] = value
    return said


def _read_yaml(form: Form, name: str) -> dict[str, object] | None:
    text = form.get(name)
    if not text.strip():
        return None
    try:
        (source,) = parse_documents(text)
    except ValueError:
        raise Invalid.at(name, "expected one mapping, without `---` in it") from None
    except Invalid as error:
        raise Invalid(
            Finding(f"line {one.line}: {one.message}" if one.line else one.message, name, one.help)
            for one in error.findings
        ) from None
    return source.data


def _again(page: Page, objects: ObjectPages, found: Found | None, error: BailiwickError) -> Response:
    """The form as it was sent, with what was wrong. What the visitor lacks the action for is a page of its own."""
    if isinstance(error, Denied) and error.reason != "no_authority":
        raise error
    form = page.form.failed(error, "name", *FIELDS[objects.kind], "members")
    return _show(page, objects, form, found, status_of(error))


def _show(page: Page, objects: ObjectPages, form: Form, found: Found | None, status: int = 200) -> Response:
    return page.render(
        "subjects/edit.html",
        status=status,
        objects=objects,
        form=form,
        found=found,
        fields=FIELDS[objects.kind],
        with_members=objects is GROUPS and found is None,
        is_profile=objects is PROFILES,
        is_user=objects is USERS,
        type=KINDS[objects.kind].resource_type,
    )
