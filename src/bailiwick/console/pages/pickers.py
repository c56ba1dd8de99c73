"""What inputs offer while one types: names that the visitor may see, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from starlette.responses import Response

from bailiwick.console.catalog import shown_services
from bailiwick.console.page import MAX_TEXT, Page
from bailiwick.console.routes import Entry, get
from bailiwick.errors import Denied, NotFound
from bailiwick.service.kinds import KINDS, reference_of
from bailiwick.service.reading import Filter

MOST = 20
MOST_ROLES = 1000
FOR_ALL = "offers only names that the visitor may see"
# What may be offered, and from which kinds; an input that takes several kinds takes references (`user:alice`).
_OFFERED = {
    "users": ("User",),
    "principals": ("User", "ServiceId", "Profile"),
    "members": ("User", "ServiceId", "Profile", "Group"),
    "subjects": ("Group", "User", "ServiceId", "Profile"),
    "groups": ("Group",),
    "projects": ("Project",),
    "policies": ("Policy",),
    "resources": ("Resource",),
}
_BUILT_IN = {"subjects": ("members", "everyone")}
_BARE = ("users", "groups", "projects", "policies", "resources")


def picker_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [get("/pick/{what}", offer, public=FOR_ALL)]


def offer(page: Page) -> Response:
    """Which names could be meant by what was typed so far? (The input's own name is the parameter.)"""
    what = str(page.request.path_params["what"])
    if what not in (*_OFFERED, "roles", "actions", "services"):
        raise NotFound(f"nothing is offered for `{what[:80]}`")
    typed = next(iter(page.request.query_params.values()), "").strip()[:MAX_TEXT]
    return page.render("pickers/options.html", options=list(_options(page, what, typed)))


def _options(page: Page, what: str, typed: str) -> Iterator[tuple[str, str]]:
    if what in _OFFERED:
        yield from ((one, "built in") for one in _BUILT_IN.get(what, ()) if typed.casefold() in one)
        for kind in _OFFERED[what]:
            yield from _objects(page, kind, typed, bare=what in _BARE)
    else:
        named = {"roles": _roles, "actions": _actions, "services": _services}[what]
        found = (one for one in named(page) if typed.casefold() in " ".join(one).casefold())
        yield from islice(found, MOST)


def _objects(page: Page, kind: str, typed: str, *, bare: bool) -> Iterator[tuple[str, str]]:
    word = typed.removeprefix(KINDS[kind].prefix)
    try:
        found = page.reader.list(kind, Filter(q=word or None), after=None, limit=MOST)
    except Denied:
        return
    for one in found.items:
        said = one.document.get("title") or one.document.get("email") or one.document.get("description") or ""
        yield one.name if bare else reference_of(kind, one.name), str(said)


def _roles(page: Page) -> Iterator[tuple[str, str]]:
    for service in shown_services(page):
        yield from ((role.reference, role.title or service.title) for role in service.roles.values())
    try:
        own = page.reader.list("Role", Filter(), after=None, limit=MOST_ROLES)
    except Denied:
        return
    yield from ((one.name, str(one.document.get("description", ""))) for one in own.items)


def _actions(page: Page) -> Iterator[tuple[str, str]]:
    for service in shown_services(page):
        yield from ((one.id, f"{one.title} · {service.title}") for one in service.actions.values())


def _services(page: Page) -> Iterator[tuple[str, str]]:
    yield from ((service.name, service.title) for service in shown_services(page))
