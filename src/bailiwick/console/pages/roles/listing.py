"""The list of roles: the account's own, by name, and those that the catalog brings, by service."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from bailiwick.catalog.matrix import ordered_roles
from bailiwick.console.catalog import shown_services
from bailiwick.console.lists import Listed
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.roles.shown import CREATE, KIND, uses_of_roles
from bailiwick.model.services import Role, Service
from bailiwick.service.needed import iam_service
from bailiwick.service.reading import Filter, Found

CUSTOM, SYSTEM = "custom", "system"


@dataclass(frozen=True, slots=True)
class OfService:
    """The roles that a service brings, as far as the search finds them."""

    service: Service
    roles: tuple[Role, ...]


def list_roles(page: Page) -> Response:
    """Which roles are there, and how many policies hold each?"""
    kind, services = page.asked("kind"), shown_services(page)
    # WHY asked even where only the system's are shown: the page is for whoever may read roles.
    listed = _custom(page)
    is_first = not page.asked("after")
    return page.render(
        "roles/list.html",
        listed=None if kind not in ("", CUSTOM) else listed,
        own=page.snapshot.account.roles,
        system=_system(page, services) if kind != CUSTOM and is_first else [],
        services=services,
        titles={service.name: service.title for service in services},
        uses=uses_of_roles(page),
        may_create=page.may(CREATE, iam_service()),
    )


def _custom(page: Page) -> Listed:
    service = page.asked("service")
    wanted = Filter(q=page.asked("q") or None)
    if not service:
        found = page.reader.list(KIND, wanted, after=page.asked("after") or None, limit=PAGE_SIZE)
        return Listed(found.items, found.items[-1].name if found.more else "")
    return _custom_of(page, service, wanted)


def _custom_of(page: Page, service: str, wanted: Filter) -> Listed:
    """The same of one service: lists know no such filter for roles, so that pages are put together here."""
    after = page.asked("after") or None
    items: list[Found] = []
    while True:
        found = page.reader.list(KIND, wanted, after=after, limit=PAGE_SIZE)
        for one in found.items:
            if one.document["service"] == service:
                if len(items) == PAGE_SIZE:
                    return Listed(tuple(items), items[-1].name)
                items.append(one)
        if not found.more:
            return Listed(tuple(items), "")
        after = found.items[-1].name


def _system(page: Page, services: list[Service]) -> list[OfService]:
    kind, wanted = page.asked("kind"), page.asked("service")
    found = []
    for service in services:
        roles = tuple(
            role
            for role in ordered_roles(service)
            if kind in ("", SYSTEM, role.kind) and _mentions(role, page.asked("q"))
        )
        if roles and wanted in ("", service.name):
            found.append(OfService(service, roles))
    return found


def _mentions(role: Role, word: str) -> bool:
    return word.casefold() in f"{role.reference} {role.title} {role.description}".casefold()
