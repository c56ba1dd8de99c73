"""What stands in the menu: the pages that this visitor can have any use for.

An entry is shown to whoever could hold one of its actions on anything; what the page then shows is judged there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bailiwick.console.page import Page


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the menu. Without `actions` it is for everybody."""

    title: str
    path: str
    icon: str
    actions: tuple[str, ...] = ()


OF_PROJECTS = (
    "iam.project.list",
    "iam.project.read",
    "eps:enterpriseProjects:list",
    "eps:enterpriseProjects:get",
)
OF_ENTERPRISE = ("enterprise.enterprise.retrieve", "enterprise.account-group.retrieve", "iam.account.read")
OF_GUARDRAILS = (
    "iam.guardrail.list",
    "iam.guardrail.read",
    "enterprise.account-group.retrieve",
    "iam.account.read",
)


@dataclass(frozen=True, slots=True)
class Group:
    """Some lines under one heading ("" for none)."""

    title: str
    items: tuple[Item, ...]


MENU: tuple[Group, ...] = (
    Group("", (Item("Home", "", "home"), Item("Services", "/services", "server"))),
    Group(
        "User access",
        (
            Item("Users", "/users", "user", ("iam.user.list", "iam.user.read")),
            Item("Groups", "/groups", "users-group", ("iam.group.list", "iam.group.read")),
            Item("Service IDs", "/service-ids", "robot", ("iam.service-id.list", "iam.service-id.read")),
            Item("Profiles", "/profiles", "id-badge", ("iam.profile.list", "iam.profile.read")),
            Item("Applications", "/applications", "stack", ("iam.application.list", "iam.application.read")),
            Item("Roles", "/roles", "shield", ("iam.role.list", "iam.role.read")),
            Item("Policies", "/policies", "shield-check", ("iam.policy.list", "iam.policy.read")),
        ),
    ),
    Group(
        "Organisation",
        (
            Item("Projects", "/projects", "folder", OF_PROJECTS),
            Item("Resources", "/resources", "stack", ("iam.resource.list", "iam.resource.read")),
            Item("Enterprise", "/enterprise", "hierarchy", OF_ENTERPRISE),
            Item("Guardrails", "/guardrails", "lock", OF_GUARDRAILS),
        ),
    ),
    Group(
        "Review",
        (
            Item("Access explorer", "/explorer", "route"),
            Item("Change log", "/log", "history", ("iam.log.read",)),
            Item("Activity", "/activity", "clock", ("iam.activity.read",)),
        ),
    ),
    Group("", (Item("Settings", "/settings", "settings"),)),
)


def menu_of(page: Page) -> Iterator[tuple[str, list[Item]]]:
    """Which lines does this visitor see, under which headings?"""
    for group in MENU:
        shown = [one for one in group.items if not one.actions or page.judge.could_hold_any(one.actions)]
        if shown:
            yield group.title, shown


def is_here(page: Page, item: Item) -> bool:
    """Is the page that is shown one of this line?"""
    path = page.request.url.path.removeprefix(page.url())
    return path == item.path if not item.path else path == item.path or path.startswith(f"{item.path}/")
