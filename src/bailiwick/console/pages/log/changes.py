"""The change log: who changed what, newest first; one revision with what each of its objects was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from bailiwick.console.asking import asked_instant, asked_place, revision_of
from bailiwick.console.diffs import Line, changed_fields, side_by_side
from bailiwick.console.naming import Words, kind_words
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.routes import Entry, get
from bailiwick.service.history.recorded import READ_LOG, ChangeFilter, RecordedChange, Records
from bailiwick.service.kinds import ACCOUNT, KINDS
from bailiwick.service.loading import API_KEY, SESSION_END
from bailiwick.service.people.records import CREDENTIAL_KINDS

FILTERS = ("q", "kind", "name", "actor", "since", "until")
MOST_OBJECTS = 20
_KINDS = (*KINDS, ACCOUNT, API_KEY, SESSION_END, *CREDENTIAL_KINDS)


def change_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [get("/log", list_changes, READ_LOG), get("/log/{revision}", show_revision, READ_LOG)]


def list_changes(page: Page) -> Response:
    """Who changed what?"""
    records = Records(page.host, page.session, READ_LOG)
    wanted = ChangeFilter(
        kind=page.asked("kind") or None,
        name=page.asked("name") or None,
        actor=page.asked("actor") or None,
        since=asked_instant(page, "since"),
        until=asked_instant(page, "until", end=True),
        text=page.asked("q") or None,
    )
    revisions, rest = records.revisions(wanted, before=asked_place(page), limit=PAGE_SIZE)
    return page.render(
        "log/list.html",
        words=Words(page),
        revisions=revisions,
        next="" if rest is None else f"{rest[0]}.{rest[1]}",
        filtered=any(page.asked(field) for field in FILTERS),
        kinds=[(kind, kind_words(kind)) for kind in _KINDS],
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """One object of a revision: what happened to it, which fields differ, and both documents side by side."""

    change: RecordedChange
    fields: tuple[str, ...]
    lines: Sequence[Line]
    was_erased: bool


def show_revision(page: Page) -> Response:
    """What was changed in one revision?"""
    revision = revision_of(page)
    records = Records(page.host, page.session, READ_LOG)
    changes = records.revision(revision)
    start = max(0, _number(page.asked("after")))
    part = changes[start : start + MOST_OBJECTS]
    return page.render(
        "log/revision.html",
        words=Words(page),
        revision=revision,
        first=changes[0],
        last=changes[-1],
        shown=[_shown(records, change) for change in part],
        count=len(changes),
        start=start,
        next=str(start + MOST_OBJECTS) if len(changes) > start + MOST_OBJECTS else "",
        undone_by=records.undone_by(revision),
        newest=records.snapshot.revision,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _shown(records: Records, change: RecordedChange) -> Shown:
    is_new = change.row.op in ("create", "erase")
    before = None if is_new else records.before(change.row)
    fields = changed_fields(before, change.document) if change.row.op == "replace" else ()
    lines = side_by_side(before, change.document)
    was_erased = change.row.erased or (not is_new and before is None)
    return Shown(change, fields, lines, was_erased)
