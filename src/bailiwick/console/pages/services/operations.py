"""One service: its operations, each allowed or not in the chosen region and project."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import Response

from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.services.places import (
    Chosen,
    chosen,
    find_service,
    itself,
    remember,
    survey_of,
)
from bailiwick.model.services import Operation, Service
from bailiwick.service.proposals.asking_for_access import ask_for_access
from bailiwick.service.surveying import Access

_ORDER = {"console": 0, "command": 1, "api": 2}
KINDS = {"api": "API", "command": "Command", "console": "Console", "action": "Action"}


def show_service(page: Page) -> Response:
    """What may be done in this service? Who may do nothing there is told so, and whom to ask."""
    service, where = find_service(page, page.name), chosen(page)
    survey = survey_of(page, where, service)
    if not survey.has_any(service):
        return remember(page, _closed(page, service, where), where)
    wanted = {one.value: one for one in Access}.get(page.asked("access"))
    found = (survey.operation(service, one) for one in _wanted(page, service))
    fitting = [one for one in found if wanted is None or one.access is wanted]
    start = int(page.asked("after", "0")) if page.asked("after", "0").isdecimal() else 0
    shown = fitting[start : start + PAGE_SIZE]
    following = str(start + PAGE_SIZE) if start + PAGE_SIZE < len(fitting) else ""
    response = page.render(
        "services/service.html",
        service=service,
        where=where,
        shown=shown,
        total=len(fitting),
        next=following,
        kinds=KINDS,
        is_closed=False,
        ask=None,
        Access=Access,
    )
    return remember(page, response, where)


def _closed(page: Page, service: Service, where: Chosen) -> Response:
    """Insufficient permissions to access the service."""
    return page.render(
        "services/service.html",
        status=403,
        service=service,
        where=where,
        shown=[],
        total=0,
        next="",
        kinds=KINDS,
        is_closed=True,
        ask=ask_for_access(page.host, page.reader, where.who, itself(service, where.place)),
        Access=Access,
    )


def operations_of(service: Service) -> Iterator[Operation]:
    """Which operations has it? Where the catalog lists none, each of its actions by itself."""
    if service.operations:
        # What people do in a console first, what programs call last.
        yield from sorted(service.operations.values(), key=lambda one: _ORDER.get(one.kind, len(_ORDER)))
        return
    for action in service.actions.values():
        yield Operation(action.id, action.title, "action", ((action.id, "target"),))


def _wanted(page: Page, service: Service) -> Iterator[Operation]:
    word = page.asked("q").casefold()
    for one in operations_of(service):
        if word in " ".join((one.id, one.title, *(action for action, _ in one.actions))).casefold():
            yield one
