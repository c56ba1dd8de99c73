"""Sessions of one principal that are not over: through whom, from where, until when; and ending one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice

from starlette.responses import Response

from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.subjects.common import PRINCIPALS, show_subject
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import NotFound
from bailiwick.service import ending
from bailiwick.service.history.recorded import READ_ACTIVITY, Records
from bailiwick.service.loading import account_log
from bailiwick.service.session_events import SESSION, KnownSession
from bailiwick.store.ports import EventFilter, StoredEvent

LATELY = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One session. `through`: who assumed it, nearest first; `acts_for`: for whom it acts."""

    known: KnownSession
    through: tuple[str, ...]
    acts_for: tuple[str, ...]
    address: str
    is_going_on: bool


def session_entries() -> list[Entry]:
    """Which lines have sessions?"""
    lines = []
    for objects in PRINCIPALS:
        path = objects.path_of("sessions")
        lines.append(get(path, partial(show_sessions, objects), *objects.readings, ending.LIST))
        lines.append(post(f"{path}/end", partial(end_session, objects), *objects.readings, ending.END))
    return lines


def show_sessions(objects: ObjectPages, page: Page) -> Response:
    """Which sessions has it?"""
    found = objects.get(page)
    of_it = (
        one
        for one in ending.list_sessions(page.host, page.session)
        if one.principal_uid == found.identity.uid
    )
    known = list(islice(of_it, PAGE_SIZE + 1))
    return show_subject(
        page,
        objects,
        found,
        "sessions",
        lines=[_line(page, one) for one in known[:PAGE_SIZE]],
        more=len(known) > PAGE_SIZE,
        may_end=page.judge.could_hold_any((ending.END,)),
        events=_lately(page, found.identity.uid) if objects.kind == "Profile" else None,
    )


def _line(page: Page, known: KnownSession) -> Line:
    through = tuple(step.reference for one in known.link.by for step in one.walk())
    address = str(known.link.context.get("ip", ""))
    acts_for = tuple(one.reference for one in known.acts_for)
    return Line(known, through, acts_for, address, ending.is_going_on(page.host, known))


def _lately(page: Page, uid: str) -> tuple[StoredEvent, ...] | None:
    """Who assumed the profile lately, or was refused? None: the visitor may not see activity."""
    if not page.judge.could_hold_any((READ_ACTIVITY,)):
        return None
    records = Records(page.host, page.session, READ_ACTIVITY)
    wanted = EventFilter(log=account_log(page.account), kind=SESSION, principal_uid=uid)
    return records.events(wanted, before=None, limit=LATELY)


def end_session(objects: ObjectPages, page: Page) -> Response:
    """End one, and whatever was made from it."""
    found, uid = objects.get(page), page.form.get("session")
    known = ending.read_session(page.host, page.session, uid)
    if known.principal_uid != found.identity.uid:
        raise NotFound(f"there is no session `{uid[:80]}` of `{found.name}`")
    ending.end_session(page.host, page.session, uid)
    note = "The session was ended, with whatever was made from it."
    return objects.redirect(page, found.name, "sessions", note=note)
