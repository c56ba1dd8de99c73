"""The catalog: which services there are, and the whole entry of each; those of the installation, the account's own."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import Response

from bailiwick.catalog.access_rights import actions_by_type, title_of
from bailiwick.catalog.entries import format_service
from bailiwick.catalog.matrix import ordered_roles
from bailiwick.console.catalog import READ, get_service, shown_services
from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import Page
from bailiwick.model.services import Action, Service
from bailiwick.service.needed import iam_service

UPDATE = "iam.catalog.update"
FOR_ALL = (
    "the services of the installation are the same in every account; its own are shown to who may see them"
)
PARTS = (
    ("", "About"),
    ("types", "Resource types"),
    ("actions", "Actions"),
    ("operations", "Operations"),
    ("roles", "Roles"),
)
SERVICES = ObjectPages(
    "Service",
    "Catalog",
    heading="Settings",
    read=(READ,),
    update=(UPDATE,),
    delete=(UPDATE,),
    at="/settings/catalog",
)


def list_services(page: Page) -> Response:
    """Which services are there?"""
    word = page.asked("q").casefold()
    found = [one for one in shown_services(page) if word in f"{one.name} {one.title}".casefold()]
    own = page.snapshot.account.services
    return page.render(
        "settings/services.html",
        own=[one for one in found if one.name in own],
        shipped=[one for one in found if one.name not in own],
        may_create=page.may(UPDATE, iam_service()),
        hash=page.host.catalog.content_hash,
    )


def show_service(page: Page) -> Response:
    """What does the entry say?"""
    service = get_service(page, page.name)
    part = page.asked("part")
    is_own = service.name in page.snapshot.account.services
    found = page.reader.get("Service", service.name) if is_own else None
    steps = [
        (title, page.url("/settings/catalog", service.name, part=one), one == part) for one, title in PARTS
    ]
    return page.render(
        "settings/service.html",
        service=service,
        part=part if part in dict(PARTS) else "",
        tabs=[*steps, *(SERVICES.tabs(page, found, "-")[1:] if found else ())],
        is_own=is_own,
        may_update=is_own and page.may(UPDATE, iam_service()),
        types=[(title_of(name, service), actions) for name, actions in _actions(page, service)],
        roles=ordered_roles(service),
        operations=[one for one in service.operations.values() if _mentions(page, one.id, one.title)],
        discontinued=[one for one in service.operations.values() if one.discontinued],
        document=None if found else format_service(service),
    )


def _actions(page: Page, service: Service) -> Iterator[tuple[str, list[Action]]]:
    for name, actions in actions_by_type(service).items():
        found: list[Action] = [one for one in actions if _mentions(page, one.id, one.title)]
        if found:
            yield name, found


def _mentions(page: Page, *texts: str) -> bool:
    return page.asked("q").casefold() in " ".join(texts).casefold()
