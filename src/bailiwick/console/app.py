"""Every page of the console, put together in one place."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bailiwick.console.entrance import Guest, enter
from bailiwick.console.headers import secure
from bailiwick.console.page import ROOT, Page
from bailiwick.console.pages.applications import application_entries
from bailiwick.console.pages.enterprise import enterprise_entries
from bailiwick.console.pages.explorer import explorer_entries
from bailiwick.console.pages.federation import federation_entries
from bailiwick.console.pages.guardrails import guardrail_entries
from bailiwick.console.pages.home import home_entries
from bailiwick.console.pages.log import log_entries
from bailiwick.console.pages.oauth import oauth_entries
from bailiwick.console.pages.people import people_entries
from bailiwick.console.pages.pickers import picker_entries
from bailiwick.console.pages.policies import policy_entries
from bailiwick.console.pages.projects import project_entries
from bailiwick.console.pages.resources import resource_entries
from bailiwick.console.pages.roles import role_entries
from bailiwick.console.pages.services import service_entries
from bailiwick.console.pages.settings import settings_entries
from bailiwick.console.pages.subjects import subject_entries
from bailiwick.console.routes import SIGN_IN, Entry, outside, route_of
from bailiwick.console.static import INSTALL, missing_files, static_route
from bailiwick.errors import NotFound
from bailiwick.service.host import Host

ENTRANCE = "leads to the account's home, or to signing in"


def console_entries() -> list[Entry]:
    """Which pages are there?"""
    return [
        *home_entries(),
        *log_entries(),
        *picker_entries(),
        *enterprise_entries(),
        *guardrail_entries(),
        *project_entries(),
        *resource_entries(),
        *policy_entries(),
        *explorer_entries(),
        *service_entries(),
        *role_entries(),
        *settings_entries(),
        *subject_entries(),
        *application_entries(),
        *people_entries(),
        *federation_entries(),
        *oauth_entries(),
        # WHY last: it takes every address that no page has.
        outside("GET", "/{rest:path}", find_nothing, "says that there is no such page"),
    ]


def find_nothing(page: Page) -> Response:
    """There is no page at this address; with one slash less there may be."""
    url = page.request.url
    if url.path.endswith("/"):
        return RedirectResponse(quote(url.path.rstrip("/")) + (f"?{url.query}" if url.query else ""), 303)
    raise NotFound("there is no page at this address", "it may have been moved, or the link is cut off")


def console_routes(host: Host) -> Iterator[BaseRoute]:
    """Which routes answer for the console of this host?"""
    if missing := missing_files():
        yield from _incomplete(missing)
        return
    yield static_route()
    yield from _entrances(host)
    for entry in console_entries():
        yield route_of(host, entry)


def _entrances(host: Host) -> Iterator[Route]:
    """The server's own address, and the console's, lead to the page where one begins."""

    def lead(request: Request) -> Response:
        visitor = enter(host, request)
        page = Page(host, request, visitor)
        target = SIGN_IN if isinstance(visitor, Guest) else page.url()
        return secure(RedirectResponse(target, 303), host)

    for path in ("/", ROOT):
        yield _public(Route(path, lead, methods=["GET"], include_in_schema=False))


def _incomplete(missing: list[str]) -> Iterator[Route]:
    """A checkout without the third-party files says so, rather than showing pages that do not work."""

    def say(request: Request) -> Response:
        return PlainTextResponse(f"The console lacks {', '.join(missing)}: {INSTALL}.\n", 503)

    for path in (ROOT, f"{ROOT}/{{rest:path}}"):
        yield _public(Route(path, say, methods=["GET"], include_in_schema=False))


def _public(route: Route) -> Route:
    route.public = ENTRANCE  # type: ignore[attr-defined]  # every route says what it asks for
    return route
