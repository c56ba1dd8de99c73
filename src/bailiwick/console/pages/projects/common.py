"""What every page of a project has: its heading, its tabs, and which buttons the visitor may press."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.service.needed import needed_on_project, needed_to_add_resources, needed_to_remove_resources
from bailiwick.service.projects import eps
from bailiwick.service.reading import Found

SEE = ("eps:enterpriseProjects:get", "iam.project.read")
ADD = (eps.ADD_RESOURCES, "iam.project.add-resource")
REMOVE = (eps.REMOVE_RESOURCES, "iam.project.remove-resource", "iam.resource.move")
AUTHORITY = ("iam.policy.create", "iam.role.assign", *SEE)


@dataclass(frozen=True, slots=True)
class Deeds:
    """What may the visitor do to a project, as it is?"""

    edit: bool
    disable: bool
    enable: bool
    delete: bool
    add: bool
    remove: bool


def deeds_of(page: Page, found: Found) -> Deeds:
    """Which buttons has the page of this project?"""
    name, document = found.name, found.document
    may = page.judge.is_any_allowed
    enabled, is_default = not document.get("disabled"), bool(document.get("default"))
    changes = enabled and not is_default
    return Deeds(
        edit=changes and may(needed_on_project("update", name)),
        disable=changes and may(needed_on_project("disable", name)),
        enable=not enabled and may(needed_on_project("enable", name)),
        delete=not is_default and may(needed_on_project("delete", name)),
        add=enabled and may(needed_to_add_resources(name)),
        remove=may(needed_to_remove_resources(name)),
    )


def show_project(page: Page, template: str, tab: str, *, status: int = 200, **context: Any) -> Response:
    """Which answer shows this part of the project that the address names? Raises Denied, NotFound."""
    found = page.reader.get("Project", page.name)
    return page.render(
        f"projects/{template}.html",
        status=status,
        found=found,
        project=found.document,
        deeds=deeds_of(page, found),
        tab=tab,
        **context,
    )
