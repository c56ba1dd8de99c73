"""What every page of a project has: its heading, its tabs, and which buttons the visitor may press."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.service import eps
from bailiwick.service.needed import needed_on_project, needed_to_add_resources, needed_to_remove_resources
from bailiwick.service.reading import Found

SEE = ("eps:enterpriseProjects:get", "iam.project.read")
ADD = (eps.ADD_RESOURCES, "iam.project.add-resource")
REMOVE = (eps.REMOVE_RESOURCES, "iam.project.remove-resource", "iam.resource.move")
AUTHORITY = ("iam.policy.create", "iam.role.assign", *SEE)


def deeds_of(page: Page, found: Found) -> Mapping[str, bool]:
    """What may the visitor do to this project, as it is?"""
    name, document = found.name, found.document
    may = page.judge.is_any_allowed
    enabled, is_default = not document.get("disabled"), bool(document.get("default"))
    return {
        "update": enabled and not is_default and may(needed_on_project("update", name)),
        "disable": enabled and not is_default and may(needed_on_project("disable", name)),
        "enable": not enabled and may(needed_on_project("enable", name)),
        "delete": not is_default and may(needed_on_project("delete", name)),
        "add": enabled and may(needed_to_add_resources(name)),
        "remove": may(needed_to_remove_resources(name)),
    }


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
