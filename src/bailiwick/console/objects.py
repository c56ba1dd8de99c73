"""What the pages of one object have in common: its addresses, its head, its tabs.

A subject says once which tabs its objects have; pages/objects.py brings those that are alike for every kind: the
document as text, its changes, its deletion. It decides nothing: every page asks the reader for the object.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.service.kinds import KINDS
from bailiwick.service.reading import Found

USER_ACCESS = "User access"
DOCUMENT, CHANGES, DELETE = "document", "changes", "delete"


def always(page: Page, found: Found) -> bool:
    """Is the tab shown? To whoever sees the object."""
    return True


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab. `step` follows the object's address, "" for the first; `shown` says whether this visitor has it."""

    title: str
    step: str = ""
    shown: Callable[[Page, Found], bool] = always


def may_read_log(page: Page, found: Found) -> bool:
    """Is the tab of changes shown?"""
    return page.judge.could_hold_any(("iam.log.read",))


GENERIC_TABS = (Tab("Changes", CHANGES, may_read_log), Tab("YAML", DOCUMENT))


@dataclass(frozen=True, slots=True)
class ObjectPages:
    """The pages of objects of one kind. `own_tabs` come before those that every kind has.

    `update` are the actions that changing one may ask for; none: `iam.<type>.update`. `in_query`: names hold slashes,
    so that they are a parameter of the address. `at`: the path under which they are, where it is not that of the API.
    """

    kind: str
    many: str
    own_tabs: tuple[Tab, ...] = (Tab("Overview"),)
    heading: str = USER_ACCESS
    update: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    in_query: bool = False
    at: str = ""

    @property
    def crumbs(self) -> tuple[tuple[str, str], ...]:
        """What stands before the list in the line that says where one is?"""
        own = ((self.heading, ""),)
        return (("Administration", ""), *own) if self.heading == USER_ACCESS else own

    @property
    def one(self) -> str:
        """What is one of them called, within a sentence?"""
        return words_of(self.kind)

    @property
    def path(self) -> str:
        """Under which path of the account are they listed?"""
        return self.at or f"/{KINDS[self.kind].path}"

    @property
    def readings(self) -> tuple[str, ...]:
        """Which actions may showing one ask for?"""
        return self.read or (f"iam.{KINDS[self.kind].resource_type}.read",)

    @property
    def updates(self) -> tuple[str, ...]:
        """Which actions may changing one ask for, beyond seeing it?"""
        return self.update or (f"iam.{KINDS[self.kind].resource_type}.update",)

    @property
    def deletions(self) -> tuple[str, ...]:
        """Which actions may deleting one ask for, beyond seeing it?"""
        return self.delete or (f"iam.{KINDS[self.kind].resource_type}.delete",)

    def path_of(self, step: str = "") -> str:
        """Which path has this page in the table of routes?"""
        one = f"{self.path}/one" if self.in_query else f"{self.path}/{{name}}"
        return f"{one}/{step}" if step else one

    def name(self, page: Page) -> str:
        """Which object does the address name?"""
        return page.asked("name") if self.in_query else page.name

    def url(self, page: Page, name: str, step: str = "", /, **query: object) -> str:
        """Under which address is this page of the object?"""
        steps = step.split("/") if step else []
        if self.in_query:
            return page.url(self.path, "one", *steps, name=name, **query)
        return page.url(self.path, name, *steps, **query)

    def redirect(
        self, page: Page, name: str, step: str = "", *, note: str = "", revision: int = 0, **query: object
    ) -> Response:
        """Which answer leads to this page of the object?"""
        steps = step.split("/") if step else []
        if self.in_query:
            return page.redirect(self.path, "one", *steps, note=note, revision=revision, name=name, **query)
        return page.redirect(self.path, name, *steps, note=note, revision=revision, **query)

    def get(self, page: Page) -> Found:
        """Which object is it? Raises Denied, NotFound."""
        return page.reader.get(self.kind, self.name(page))

    def tabs(self, page: Page, found: Found, here: str) -> list[tuple[str, str, bool]]:
        """Which tabs are shown: title, address, and whether it is this one?"""
        return [
            (tab.title, self.url(page, found.name, tab.step), tab.step == here)
            for tab in (*self.own_tabs, *GENERIC_TABS)
            if tab.shown(page, found)
        ]

    def show(
        self,
        page: Page,
        found: Found,
        template: str,
        here: str = "",
        *,
        status: int = 200,
        **context: object,
    ) -> Response:
        """Which answer shows this tab of the object? (The template extends `objects/one.html`.)"""
        tabs = self.tabs(page, found, here)
        return page.render(template, status=status, objects=self, found=found, tabs=tabs, **context)


def words_of(kind: str) -> str:
    """What is one object of this kind called, within a sentence?"""
    return "service ID" if kind == "ServiceId" else KINDS[kind].resource_type.replace("-", " ")
