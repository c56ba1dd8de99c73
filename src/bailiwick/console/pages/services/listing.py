"""The services of a region, each with how much of it one may use."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from bailiwick.console.catalog import shown_services
from bailiwick.console.page import Page
from bailiwick.console.pages.services.places import Chosen, asking_of, chosen, itself, remember
from bailiwick.model.services import Service
from bailiwick.service.asking import EVALUATE
from bailiwick.service.needed import iam_service
from bailiwick.service.surveying import Survey


@dataclass(frozen=True, slots=True)
class Line:
    """One service: how many of its actions are allowed, on anything or something there?"""

    service: Service
    allowed: int


def list_services(page: Page) -> Response:
    """Which services are there, and which of them are open to the visitor?"""
    where = chosen(page)
    word, is_mine = page.asked("q").casefold(), page.asked("mine") == "yes"
    lines = [
        line
        for line in _lines(page, where)
        if word in f"{line.service.name} {line.service.title}".casefold() and (line.allowed or not is_mine)
    ]
    response = page.render("services/list.html", where=where, lines=lines, is_mine=is_mine)
    return remember(page, response, where)


def _lines(page: Page, where: Chosen) -> list[Line]:
    """Raises Denied where the visitor may ask about the other in no service at all."""
    services = shown_services(page)
    if where.is_other:
        services = [one for one in services if page.may(EVALUATE, itself(one, where.place))]
        if not services:
            page.judge.require(EVALUATE, iam_service())
    survey = Survey(asking_of(page), where.who, where.place)
    return [Line(service, survey.count(service)) for service in services]
