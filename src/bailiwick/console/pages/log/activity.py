"""Activity: sign-ins, refusals, the use of keys and sessions, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from bailiwick.console.asking import asked_instant
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.routes import Entry, get
from bailiwick.errors import Invalid
from bailiwick.service.history.recorded import READ_ACTIVITY, Names, Records, principal_uid
from bailiwick.service.loading import account_log
from bailiwick.store.ports import EventFilter, StoredEvent

# What each kind of event is called.
KINDS: Mapping[str, str] = {
    "sign-in": "Sign-in",
    "refusal": "Refused request",
    "token": "Access token",
    "session": "Session",
    "assume": "Profile assumed",
    "registry-token": "Registry token",
    "project-move": "Move of resources",
    "activity": "Activity",
    "fork": "Lost history",
}
FILTERS = ("kind", "outcome", "principal", "since", "until")
OUTCOMES = (
    "succeeded",
    "refused",
    "locked-out",
    "unlocked",
    "signed-out",
    "issued",
    "begun",
    "ended",
    "pruned",
    "found",
)
GOOD = ("succeeded", "issued", "begun", "unlocked")
BAD = ("refused", "locked-out", "found")
# What else is shown of an event, and what it is called.
_MORE: Mapping[str, str] = {
    "profile": "profile",
    "through": "through",
    "for": "for",
    "by": "by",
    "reason": "because",
    "registry": "registry",
    "until": "until",
    "others_since_last": "others not written",
    "client": "with",
    "before": "before",
    "events": "events",
    "lost": "lost",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One event in words. `more`: what else was recorded, as pairs."""

    id: int
    at: datetime
    title: str
    outcome: str
    colour: str
    principal: str
    where: str
    action: str
    about: str
    more: tuple[tuple[str, str], ...]


def activity_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [get("/activity", list_activity, READ_ACTIVITY)]


def list_activity(page: Page) -> Response:
    """What happened?"""
    records = Records(page.host, page.session, READ_ACTIVITY)
    wanted = EventFilter(
        log=account_log(page.account),
        kind=page.asked("kind") or None,
        outcome=page.asked("outcome") or None,
        principal_uid=principal_uid(records.snapshot, page.asked("principal") or None),
        since=asked_instant(page, "since"),
        until=asked_instant(page, "until", end=True),
    )
    events = records.events(wanted, before=_after(page), limit=PAGE_SIZE + 1)
    shown = [show_event(one, records.names) for one in events[:PAGE_SIZE]]
    return page.render(
        "activity/list.html",
        events=shown,
        next=str(shown[-1].id) if len(events) > PAGE_SIZE else "",
        filtered=any(page.asked(field) for field in FILTERS),
        kinds=tuple(KINDS.items()),
        outcomes=[(one, _words(one)) for one in OUTCOMES],
    )


def _after(page: Page) -> int | None:
    text = page.asked("after")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid.at("after", f"expected a number, got `{text[:40]}`")
    return int(text)


def show_event(stored: StoredEvent, names: Names) -> Shown:
    """How is an event told?"""
    event, detail = stored.event, stored.event.detail
    return Shown(
        id=stored.id,
        at=event.at,
        title=KINDS.get(event.kind, event.kind.replace("-", " ").capitalize()),
        outcome=_words(event.outcome),
        colour="green"
        if event.outcome in GOOD
        else "red"
        if _is_bad(event.kind, event.outcome)
        else "secondary",
        principal=names.reference(event.principal_uid) if event.principal_uid else "",
        where=str(detail.get("ip") or detail.get("address") or ""),
        action=str(detail.get("action") or ""),
        about=" ".join(str(detail[field]) for field in ("action", "route") if detail.get(field)),
        more=tuple(_more(detail)),
    )


def _words(outcome: str) -> str:
    return outcome.replace("_", " ").replace("-", " ")


def _is_bad(kind: str, outcome: str) -> bool:
    # A refused request has the reason as its outcome.
    return kind == "refusal" or outcome in BAD


def _more(detail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, title in _MORE.items():
        value = detail.get(name)
        if value:
            yield title, ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
