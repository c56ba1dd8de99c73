"""Registered resources: list, show, register, change, forget. Serves docs/spec.md section 18."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.lists import list_objects
from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import Page
from bailiwick.console.pages.objects import object_entries
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.console.yaml_fields import pairs_of, pairs_text, yaml_of
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid, NotFound
from bailiwick.model.names import parse_resource_name
from bailiwick.service.reading import Filter, Found
from bailiwick.service.removing import Removal
from bailiwick.service.resource_filter import ResourceFilter
from bailiwick.service.yaml_text import format_part

READ = ("iam.resource.list", "iam.resource.read")
REGISTER = ("iam.resource.register", "iam.resource.read")
FIELDS = (
    "name", "project", "owner", "groups", "budget", "tags", "properties", "description", "attached_to",
)  # fmt: skip
BELOW_AT_MOST = 20
RESOURCES = ObjectPages("Resource", "Resources", heading="Organisation", read=READ[1:], in_query=True)


def resource_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/resources", list_resources, *READ),
        get("/resources/new", show_new, *REGISTER),
        post("/resources/new", register, *REGISTER),
        get("/resources/one", show_one, *READ),
        get("/resources/one/edit", show_edit, *READ),
        post("/resources/one/edit", change, *READ),
        *object_entries(RESOURCES, ends=say_what_ends),
    ]


def say_what_ends(page: Page, found: Found, removal: Removal) -> Iterable[str]:
    """What does it mean that a resource is no longer registered?"""
    yield (
        "The inventory no longer knows its owner, project, groups, budget and tags: decisions about it then rest on "
        "what the asking service says of it. The thing itself is not touched."
    )


def list_resources(page: Page) -> Response:
    """Which registered resources does the visitor see?"""
    asked = {
        name: page.asked(name) or None for name in ("service", "type", "region", "project", "owner", "tag")
    }
    wanted = Filter(prefix=page.asked("prefix") or None, resource=ResourceFilter(**asked))
    listed = list_objects(page, "Resource", wanted)
    return page.render(
        "resources/list.html",
        items=[(one, parse_resource_name(one.name)) for one in listed.items],
        next=listed.next,
        filtered=any(asked.values()) or bool(page.asked("prefix")),
        may_register=page.judge.could_hold_any(("iam.resource.register",)),
    )


def show_one(page: Page) -> Response:
    """What is registered about this one?"""
    found = RESOURCES.get(page)
    return RESOURCES.show(
        page,
        found,
        "resources/one.html",
        parts=parse_resource_name(found.name),
        attached=_seen(page, page.snapshot.attached_names().get(found.name, ())[:BELOW_AT_MOST]),
        may_change=page.judge.could_hold_any(("iam.resource.update", "iam.resource.move")),
        may_delete=page.judge.could_hold_any(("iam.resource.delete",)),
    )


def _seen(page: Page, names: Sequence[str]) -> list[str]:
    resources = page.snapshot.account.resources
    return [name for name in names if page.reader.may_read("Resource", name, resources[name])]


def show_new(page: Page) -> Response:
    """The form that registers a resource."""
    if not page.judge.could_hold_any(REGISTER[:1]):
        page.judge.refuse(REGISTER[0], "", "no_matching_policy")
    form = Form.of({"name": page.asked("name") or f"brn:{page.account}:", "project": page.asked("project")})
    return page.render("resources/edit.html", form=form, is_new=True)


def register(page: Page) -> Response:
    """Register it."""
    name = page.form.text("name")
    try:
        outcome = page.create("Resource", _said(page, name))
    except (Invalid, Conflict, NotFound, Denied) as error:
        return _again(page, error, is_new=True)
    note = "The resource was registered."
    return RESOURCES.redirect(page, name, note=note, revision=outcome.revision)


def show_edit(page: Page) -> Response:
    """The form of a resource that is registered."""
    return page.render("resources/edit.html", form=_form_of(RESOURCES.get(page)), is_new=False)


def change(page: Page) -> Response:
    """Change what is registered about it."""
    name = RESOURCES.get(page).name
    try:
        outcome = page.replace("Resource", _said(page, name), since=page.form.get("since"))
    except (Invalid, Conflict, NotFound, Denied) as error:
        return _again(page, error, is_new=False)
    note = "The resource was changed."
    return RESOURCES.redirect(page, name, note=note, revision=outcome.revision)


def _again(page: Page, error: BailiwickError, *, is_new: bool) -> Response:
    if isinstance(error, Denied) and error.reason != "no_authority" and is_new:
        raise error
    form = page.form.failed(error, *FIELDS)
    return page.render("resources/edit.html", status=status_of(error), form=form, is_new=is_new)


def _form_of(found: Found) -> Form:
    document = found.document
    texts = {field: str(document.get(field) or "") for field in FIELDS}
    return Form.of(
        {
            **texts,
            "groups": [str(one) for one in document.get("groups") or ()],
            "tags": pairs_text(document.get("tags") or {}),
            "properties": format_part(document.get("properties")),
            "has_groups": "yes" if "groups" in document else "",
            "since": str(found.identity.revision),
        }
    )


def _said(page: Page, name: str) -> Mapping[str, Any]:
    """Which document does the form come to? What is left empty is not there."""
    form = page.form
    said: dict[str, Any] = {"name": name}
    for field in ("project", "owner", "budget", "description", "attached_to"):
        if text := form.text(field):
            said[field] = text
    groups = form.all("groups")
    if groups or form.get("has_groups"):
        said["groups"] = list(groups)
    if tags := pairs_of(form, "tags"):
        said["tags"] = tags
    if (properties := yaml_of(form, "properties")) is not None:
        said["properties"] = properties
    return said
