"""What may I do? By service, then by action."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.console.routes import Entry, get
from bailiwick.errors import NotFound, did_you_mean
from bailiwick.service.asking import Asking
from bailiwick.service.people.own_access import list_actions, list_services

ABOUT_ONESELF = "about oneself anyone may ask (rule 10.1)"


def own_access_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/me/access", show_services, public=ABOUT_ONESELF),
        get("/me/access/{name}", show_actions, public=ABOUT_ONESELF),
    ]


def show_services(page: Page) -> Response:
    """In which services may I do anything?"""
    services = list_services(_asking(page), page.judge, dict(page.snapshot.compiled.services))
    return page.render("people/access.html", services=services)


def _asking(page: Page) -> Asking:
    return Asking(page.host, page.session, page.snapshot, page.now)


def show_actions(page: Page) -> Response:
    """Which actions of this service, and where?"""
    services = page.snapshot.compiled.services
    if page.name not in services:
        raise NotFound(f"there is no service `{page.name}`", did_you_mean(page.name, services))
    actions = list_actions(_asking(page), page.judge, services[page.name])
    return page.render("people/access_service.html", service=services[page.name], actions=actions)
