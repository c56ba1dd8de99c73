"""Where and as whom are services looked at? Region, project and principal: in the address, or as chosen before.

The choice of region and project is kept in a cookie; it decides nothing, it only fills in the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.responses import Response

from bailiwick.console.catalog import shown_services
from bailiwick.console.entrance import cookie_name, set_cookie
from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.errors import Denied, NotFound, did_you_mean
from bailiwick.model.names import SERVICE_TYPE, parse_principal
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import Service
from bailiwick.service.asking import EVALUATE, Asking
from bailiwick.service.reading import Filter
from bailiwick.service.surveying import Place, Survey, regions_of

COOKIE = "place"
COOKIE_SECONDS = 180 * 24 * 3600
MOST_PROJECTS = 200
MAX_WORD = 256


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where, as whom, and what could be chosen instead? `who` is the visitor where nobody else was named."""

    place: Place
    who: str
    is_other: bool
    regions: tuple[str, ...]
    projects: tuple[str, ...]

    @property
    def query(self) -> dict[str, str]:
        """Which parameters choose the same again?"""
        return {
            "region": self.place.region,
            "project": self.place.project,
            "as": self.who if self.is_other else "",
        }


def chosen(page: Page, form: Form | None = None) -> Chosen:
    """What does the address choose (or the form that was sent), else the cookie, else what there is? Raises Invalid."""
    kept_region, kept_project = _kept(page)
    said = _said(page, form)
    regions = _regions(page)
    region = said.get("region") or kept_region or _first_region(page, regions)
    project = said.get("project", kept_project)
    who = said.get("as", "")
    if who:
        who = parse_principal(who if ":" in who else f"user:{who}", "as")
    is_other = bool(who) and who != page.session.principal
    return Chosen(
        Place(region[:MAX_WORD], project[:MAX_WORD]),
        who if is_other else page.session.principal,
        is_other,
        tuple(dict.fromkeys((*regions, *((region,) if region else ())))),
        _projects(page, project),
    )


def _said(page: Page, form: Form | None) -> dict[str, str]:
    """What is said of it? The other region that was typed stands for the one in the list."""
    names = ("region", "project", "as")
    if form is not None:
        return {name: form.text(name) for name in names if form.has(name)}
    said = {name: page.asked(name) for name in names if name in page.request.query_params}
    other = page.asked("other-region")
    return {**said, "region": other} if other else said


def _first_region(page: Page, regions: tuple[str, ...]) -> str:
    """Where does the visitor probably want to look: where its own policies hold, else anywhere?"""
    return next(iter((*_own_regions(page), *regions)), "")


def _regions(page: Page) -> tuple[str, ...]:
    """Which regions may be named: all of the account to who lists what names them, else those of one's own policies?"""
    if page.reader.may_list("Policy") and page.reader.may_list("Resource"):
        return tuple(page.snapshot.regions())
    return _own_regions(page)


def _own_regions(page: Page) -> tuple[str, ...]:
    return regions_of(asking_of(page), page.session.principal)


def _projects(page: Page, chosen: str) -> tuple[str, ...]:
    try:
        found = page.reader.list("Project", Filter(), after=None, limit=MOST_PROJECTS).items
    except Denied:
        found = ()
    return tuple(dict.fromkeys((*(one.name for one in found), *((chosen,) if chosen else ()))))


def _kept(page: Page) -> tuple[str, str]:
    text = page.request.cookies.get(cookie_name(page.host, COOKIE), "")
    region, _, project = text.partition("|")
    return unquote(region)[:MAX_WORD], unquote(project)[:MAX_WORD]


def remember(page: Page, response: Response, where: Chosen) -> Response:
    """The same answer; the browser keeps the choice that the address made."""
    if {"region", "project", "other-region"} & set(page.request.query_params):
        text = f"{quote(where.place.region, safe='')}|{quote(where.place.project, safe='')}"
        set_cookie(page.host, response, COOKIE, text, seconds=COOKIE_SECONDS)
    return response


def find_service(page: Page, name: str) -> Service:
    """Which service is this? Raises NotFound, as for one that is not there where the visitor may not see it."""
    known = {one.name: one for one in shown_services(page)}
    if name not in known:
        raise NotFound(f"there is no service `{name[:80]}`", did_you_mean(name, known))
    return known[name]


def asking_of(page: Page) -> Asking:
    """The visitor, asking the state that the page shows."""
    return Asking(page.host, page.session, page.snapshot, page.now)


def itself(service: Service, place: Place) -> ResourceQuery:
    """The service itself, there."""
    region = (place.region or None) if service.regional else None
    return ResourceQuery(service.name, ((SERVICE_TYPE, service.name),), region, project=place.project or None)


def survey_of(page: Page, where: Chosen, service: Service) -> Survey:
    """What may the chosen principal do there? Raises Denied where the visitor may not ask about them."""
    if where.is_other:
        page.judge.require(EVALUATE, itself(service, where.place))
    return Survey(asking_of(page), where.who, where.place)
