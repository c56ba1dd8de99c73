"""Effective access: which policies reach somebody and by which groups, what stands in the way, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.responses import Response

from bailiwick.catalog.documents import format_document
from bailiwick.console.catalog import shown_services
from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.subjects.common import SUBJECTS, show_subject
from bailiwick.console.routes import Entry, get
from bailiwick.errors import Denied
from bailiwick.model.services import Action, Service
from bailiwick.service.asking import Asking
from bailiwick.service.effective import Reach, State
from bailiwick.service.effective_told import ToldAccess, tell_access
from bailiwick.service.kinds import reference_of
from bailiwick.service.searching import ResourcesSought, search_resources

MOST_COUNTED_ACTIONS = 300
_SEPARATOR = "\n"
WORDS = {
    State.HOLDS: ("holds", "green"),
    State.DISABLED: ("policy disabled", "secondary"),
    State.NOT_YET: ("begins later", "yellow"),
    State.OVER: ("over", "secondary"),
    State.NO_MEMBER_NOW: ("no member now", "yellow"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One policy that reaches the subject, as the page shows it. `ways`: by which groups, from the nearest on."""

    reach: Reach
    document: dict[str, Any]
    ways: tuple[tuple[str, ...], ...]
    state: str
    colour: str

    @property
    def scope(self) -> list[tuple[str, str]]:
        """What does the scope constrain, to which values?"""
        said: dict[str, Any] = self.document.get("scope", {})
        return [(name, ", ".join([one] if isinstance(one, str) else one)) for name, one in said.items()]


@dataclass(frozen=True, slots=True)
class Counted:
    """On how many registered resources is an action allowed? None: too many to say."""

    action: Action
    type_title: str
    number: int | None


def access_entries() -> list[Entry]:
    """Which lines show effective access?"""
    return [
        get(
            objects.path_of("access"),
            partial(show_access, objects),
            *objects.readings,
            "iam.decision.evaluate",
        )
        for objects in SUBJECTS
    ]


def show_access(objects: ObjectPages, page: Page) -> Response:
    """What reaches it?"""
    found = objects.get(page)
    told = tell_access(page.reader, found.kind, found.name, page.now)
    everything = page.asked("show") == "all"
    wanted = [one for one in told.reaches if everything or one.state is State.HOLDS]
    after = page.asked("after")
    rest = [one for one in wanted if _position(one) > after]
    shown = rest[:PAGE_SIZE]
    return show_subject(
        page,
        objects,
        found,
        "access",
        told=told,
        lines=[_line(page, told, one) for one in shown],
        others=len(told.reaches) - told.holding,
        next=_position(shown[-1]) if len(rest) > PAGE_SIZE else "",
        services=[(one.name, one.title) for one in shown_services(page)],
        **_counts(page, objects, reference_of(found.kind, found.name)),
    )


def _position(one: Reach) -> str:
    return _SEPARATOR.join(one.position)


def _line(page: Page, told: ToldAccess, one: Reach) -> Line:
    ways = tuple(
        tuple(step.group.removeprefix("group:") if step.group in told.groups else "" for step in path.steps)
        for path in one.paths
    )
    state, colour = WORDS[one.state]
    return Line(one, format_document("Policy", one.policy, page.account), ways, state, colour)


# What it comes to, on demand


def _counts(page: Page, objects: ObjectPages, reference: str) -> dict[str, Any]:
    """What is counted for the service that the address names? Of principals; a group does nothing itself."""
    empty: dict[str, Any] = {"counted": None, "nowhere": 0, "refused": None, "service": None}
    service = page.snapshot.compiled.services.get(page.asked("service"))
    if service is None or objects.kind == "Group":
        return empty
    asking = Asking(page.host, page.session, page.snapshot, page.now)
    try:
        counted = list(_count(asking, service, reference))
    except Denied as error:
        return {**empty, "service": service, "refused": error}
    found = [one for one in counted if one.number != 0]
    return {**empty, "service": service, "counted": found, "nowhere": len(counted) - len(found)}


def _count(asking: Asking, service: Service, principal: str) -> Iterator[Counted]:
    """On how many registered resources is each action of the service allowed? By the search engine."""
    typed = [one for one in service.actions.values() if one.resource_type in service.resource_types]
    for action in typed[:MOST_COUNTED_ACTIONS]:
        sought = ResourcesSought(principal, action.id, service.name, str(action.resource_type))
        number = search_resources(asking, sought).count()
        yield Counted(action, service.resource_types[str(action.resource_type)].title, number)
