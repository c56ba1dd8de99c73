"""One's own sessions: where one is signed in, and how to end that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from bailiwick.console.entrance import client_of
from bailiwick.console.page import Page
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import NotFound
from bailiwick.service.ending import store_ends
from bailiwick.service.loading import account_log
from bailiwick.service.people.events import SIGN_IN, SUCCEEDED
from bailiwick.service.people.visits import end_all_visits, end_visit, list_visits
from bailiwick.service.session_events import KnownSession, record_ended
from bailiwick.store.ports import EventFilter

OWN = "everybody may see and end their own sessions (rule 22.7)"
MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class ShownVisit:
    """One visit as a list shows it. `application`: what went on with it in one's name, "" where it is a browser."""

    uid: str
    begun_at: datetime
    expires_at: datetime
    address: str
    client: str
    is_this: bool
    application: str


def own_session_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/me/sessions", list_own, public=OWN),
        post("/me/sessions/end", end, public=OWN),
        post("/me/sessions/end-others", end_others, public=OWN),
    ]


def list_own(page: Page) -> Response:
    """Where am I signed in?"""
    said = _said_of_sign_ins(page)
    visits = [_shown(page, one, said.get(one.uid, {})) for one in _visits(page)]
    return page.render("people/sessions.html", visits=visits, others=sum(not one.is_this for one in visits))


def _visits(page: Page) -> list[KnownSession]:
    return list_visits(page.host, page.account, page.session.uid)


def _said_of_sign_ins(page: Page) -> dict[str, dict[str, str]]:
    """From where, and with which browser, did each visit begin?"""
    log = account_log(page.account)
    wanted = EventFilter(log, kind=SIGN_IN, outcome=SUCCEEDED, principal_uid=page.session.uid)
    events = page.host.store.activity.events(wanted, None, MOST_EVENTS, newest_first=True)
    return {str(one.event.detail.get("session")): dict(one.event.detail) for one in events}


def _shown(page: Page, known: KnownSession, said: dict[str, str]) -> ShownVisit:
    return ShownVisit(
        uid=known.uid,
        begun_at=known.begun_at,
        expires_at=known.expires_at,
        address=said.get("address", ""),
        client=said.get("client", ""),
        is_this=known.uid == page.visit.uid,
        application=_application_of(page, known.link.client_id),
    )


def _application_of(page: Page, client_id: str) -> str:
    found = page.snapshot.application_of(client_id) if client_id else None
    return client_id if found is None else found.title or found.name


def end(page: Page) -> Response:
    """End one of them."""
    uid = page.form.text("session")
    known = next((one for one in _visits(page) if one.uid == uid), None)
    if known is None:
        raise NotFound("this session is over already, or is not yours", "see which there are")
    if uid == page.visit.uid:
        end_visit(page.host, page.visit, client_of(page.request))
        return page.redirect("/me/sessions")
    store_ends(page.host, page.session, [(uid, page.session.uid, known.expires_at)])
    record_ended(page.host, page.session, uid)
    return page.redirect("/me/sessions", note="The session was ended.")


def end_others(page: Page) -> Response:
    """End all but this one."""
    count = end_all_visits(page.host, page.session, page.session.principal, keep=page.visit.uid)
    note = f"{count} other session{'s were' if count != 1 else ' was'} ended."
    return page.redirect("/me/sessions", note=note)
