"""The changes of one object: who made it what it is, newest first. The whole log has pages of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bailiwick.console.objects import CHANGES, ObjectPages
from bailiwick.console.page import Page
from bailiwick.errors import Invalid
from bailiwick.service.history.recorded import READ_LOG, ChangeFilter, RecordedChange, Records

SHOWN = 25
OPERATIONS = {"create": "created", "replace": "changed", "delete": "deleted"}


@dataclass(frozen=True, slots=True)
class Change:
    """One line: what was done, and which fields differ afterwards."""

    recorded: RecordedChange
    op: str
    fields: tuple[str, ...]


def show_changes(objects: ObjectPages, page: Page) -> Response:
    """Who changed this object, when, and what of it?"""
    found = objects.get(page)
    records = Records(page.host, page.session, READ_LOG)
    wanted = ChangeFilter(kind=objects.kind, uid=found.identity.uid)
    read = records.changes(wanted, before=_place(page.asked("after")), limit=SHOWN)
    changes = [
        Change(one, OPERATIONS[one.row.op], differing(records.before(one.row), one.document))
        for one in read.changes
    ]
    after = "" if read.next is None else f"{read.next[0]}-{read.next[1]}"
    return objects.show(page, found, "objects/changes.html", CHANGES, changes=changes, next=after)


def differing(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Which fields differ between two documents? Of one that came or went: none is named."""
    if before is None or after is None:
        return ()
    return tuple(name for name in {**before, **after} if before.get(name) != after.get(name))


def _place(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    revision, _, seq = text.partition("-")
    if not (revision.isascii() and revision.isdigit() and seq.isascii() and seq.isdigit()):
        raise Invalid.at("after", f"`{text[:40]}` is no place in the log")
    return int(revision), int(seq)
