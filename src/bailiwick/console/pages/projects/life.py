"""Projects: list, create, change, enable, disable, delete."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from starlette.responses import Response

from bailiwick.console.forms import Form
from bailiwick.console.lists import list_objects
from bailiwick.console.page import Page
from bailiwick.console.pages.projects.common import SEE, deeds_of
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid
from bailiwick.model.policies import Policy
from bailiwick.service.edits import Edit
from bailiwick.service.needed import needed_on_project
from bailiwick.service.projects import eps
from bailiwick.service.projects.eps import projects_of
from bailiwick.service.projects.life import Quota, disabling, find_quota
from bailiwick.service.projects.resources import ResourceFilter, list_resources
from bailiwick.service.reading import Reader
from bailiwick.service.snapshots import Snapshot

FIELDS = ("name", "description", "type")
TYPES = (("prod", "prod: in use"), ("poc", "poc: a trial"))
NAMED_AT_MOST = 20


def life_entries() -> list[Entry]:
    """Which lines has the life of a project?"""
    create, update = _needed("create"), _needed("update")
    return [
        get("/projects", list_projects, eps.LIST, "iam.project.list", *SEE),
        get("/projects/new", show_new, *create),
        post("/projects/new", create_project, *create),
        get("/projects/{name}/edit", show_edit, *update, *SEE),
        post("/projects/{name}/edit", change_project, *update, *SEE),
        get("/projects/{name}/disable", show_disable, *_needed("disable"), *SEE),
        post("/projects/{name}/disable", partial(set_disabled, True), *_needed("disable"), *SEE),
        post("/projects/{name}/enable", partial(set_disabled, False), *_needed("enable"), *SEE),
        get("/projects/{name}/delete", show_delete, *_needed("delete"), *SEE),
        post("/projects/{name}/delete", delete_project, *_needed("delete"), *SEE),
    ]


def _needed(verb: str) -> tuple[str, str]:
    return eps.eps_action(verb), f"iam.project.{verb}"


def list_projects(page: Page) -> Response:
    """Which projects does the visitor see?"""
    return page.render(
        "projects/list.html",
        listed=list_objects(page, "Project"),
        quota=_quota(page),
        may_create=page.judge.is_any_allowed(needed_on_project("create", "")),
    )


def _quota(page: Page) -> Quota | None:
    try:
        return find_quota(page.reader)
    except Denied:
        return None


def show_new(page: Page) -> Response:
    """The form of a new project."""
    page.judge.require_any(needed_on_project("create", ""))
    return page.render("projects/edit.html", form=Form.of({"type": "prod"}), types=TYPES, project=None)


def create_project(page: Page) -> Response:
    """Make a new project."""
    name = page.form.text("name")
    try:
        outcome = page.create("Project", _said(page, name))
    except (Invalid, Conflict) as error:
        form = page.form.failed(error, *FIELDS)
        status = status_of(error)
        return page.render("projects/edit.html", status=status, form=form, types=TYPES, project=None)
    return page.redirect("/projects", name, note=f"Project {name} was created.", revision=outcome.revision)


def _said(page: Page, name: str) -> dict[str, str]:
    form = page.form
    said = {"name": name, "description": form.text("description"), "type": form.get("type", "prod")}
    return {field: value for field, value in said.items() if value or field == "name"}


def show_edit(page: Page) -> Response:
    """The form of a project that is there."""
    found = page.reader.get("Project", page.name)
    page.judge.require_any(needed_on_project("update", page.name))
    form = Form.of(
        {
            "name": found.name,
            "description": str(found.document.get("description", "")),
            "type": str(found.document.get("type", "prod")),
            "since": str(found.identity.revision),
        }
    )
    return page.render("projects/edit.html", form=form, types=TYPES, project=found.document)


def change_project(page: Page) -> Response:
    """Change its description or type. Its name stays: scopes name it."""
    found = page.reader.get("Project", page.name)
    kept = {key: value for key, value in found.document.items() if key not in ("description", "type")}
    try:
        outcome = page.replace("Project", {**kept, **_said(page, page.name)}, since=page.form.get("since"))
    except (Invalid, Conflict) as error:
        form = page.form.failed(error, *FIELDS)
        status = status_of(error)
        return page.render(
            "projects/edit.html", status=status, form=form, types=TYPES, project=found.document
        )
    return page.redirect("/projects", page.name, note="The project was changed.", revision=outcome.revision)


def show_disable(page: Page) -> Response:
    """What it means to disable the project."""
    page.judge.require_any(needed_on_project("disable", page.name))
    return page.render("projects/disable.html", found=page.reader.get("Project", page.name), error=None)


def set_disabled(disabled: bool, page: Page) -> Response:
    """Disable it, or enable it again."""

    def prepare(before: Snapshot) -> Sequence[Edit]:
        return disabling(Reader(page.host, page.session, before), page.name, disabled=disabled)

    try:
        outcome = page.change(prepare)
    except (Invalid, Conflict) as error:
        found = page.reader.get("Project", page.name)
        return page.render("projects/disable.html", status=status_of(error), found=found, error=error)
    word = "disabled" if disabled else "enabled"
    return page.redirect("/projects", page.name, note=f"The project was {word}.", revision=outcome.revision)


def show_delete(page: Page) -> Response:
    """What stands in the way of deleting the project, or what is lost."""
    page.judge.require_any(needed_on_project("delete", page.name))
    return _delete_page(page, None)


def _delete_page(page: Page, error: BailiwickError | None) -> Response:
    found = page.reader.get("Project", page.name)
    return page.render(
        "projects/delete.html",
        status=200 if error is None else status_of(error),
        found=found,
        error=error,
        deeds=deeds_of(page, found),
        resources=_resources(page),
        policies=_policies(page),
    )


def _resources(page: Page) -> tuple[str, ...]:
    """What is in it, as far as the visitor sees it: a few names."""
    try:
        inside = list_resources(page.reader, page.name, ResourceFilter(), after=None, limit=NAMED_AT_MOST)
    except Denied:
        return ()
    return tuple(one.name for one in inside.items)


def _policies(page: Page) -> list[str]:
    """Which policies, that the visitor may read, name it? A few."""
    policies = page.snapshot.account.policies

    def names(policy: Policy) -> bool:
        return page.name in projects_of(policy.scope) and page.reader.may_read("Policy", policy.name, policy)

    return [name for name in page.snapshot.sorted_names("Policy") if names(policies[name])][:NAMED_AT_MOST]


def delete_project(page: Page) -> Response:
    """Delete it."""
    try:
        outcome = page.delete("Project", page.name)
    except (Invalid, Conflict) as error:
        return _delete_page(page, error)
    return page.redirect("/projects", note=f"Project {page.name} was deleted.", revision=outcome.revision)
