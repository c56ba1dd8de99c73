"""Move records: who moved which resource from which project to which, and when; and who tried in vain.

Moves are read from the change log, where every state of every resource is; nothing is stored twice (decision 0012).
A refused attempt changes nothing, so it is activity. Newest first. It must not show a project that its reader does not
see: whoever may not read the log sees the moves between projects whose resources that session may list.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bailiwick.errors import BailiwickError, Denied, Invalid
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.needed import (
    Asked,
    Needed,
    default_project,
    iam_service,
    needed_to_list_resources,
)
from bailiwick.service.projects.eps import LIST_RESOURCES, eps_project
from bailiwick.service.projects.resources import Move
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session
from bailiwick.store.ports import ChangeRow, EventFilter, StoredEvent

READ_LOG, READ_ACTIVITY = "iam.log.read", "iam.activity.read"
ATTEMPT = "project-move"
MOST_SCANNED = 2000
_BATCH = 200
_MOST_NAMED = 20

Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class MoveFilter:
    """Which moves are wanted? `project`: from there or to there. `since` is included, `until` is not."""

    project: str | None = None
    resource: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """Some of the records, newest first. `after`: where to go on; None: there are no older ones. May be short."""

    items: tuple[dict[str, Any], ...]
    after: str | None


class MoveLog:
    """The moves of one account, as one session may see them."""

    def __init__(self, host: Host, reader: Reader) -> None:
        self._host = host
        self._reader = reader
        self._log = account_log(reader.session.account)
        self._names = reader.snapshot.names_by_uid()
        self._may_read = reader.judge.is_allowed(READ_LOG, iam_service())
        self._default = default_project(reader.snapshot.account)
        self._seen: dict[str, bool] = {}

    def list(self, wanted: MoveFilter, *, before: Position | None, limit: int) -> Records:
        """Which moves were there before this (revision, place)? Raises Denied.

        WHY bounded: changes that are no moves are passed over, and there may be a million of them.
        """
        self._require()
        found: list[dict[str, Any]] = []
        scanned, position = 0, before
        while scanned < MOST_SCANNED:
            rows = self._rows(wanted, position)
            for row in rows:
                if wanted.since is not None and row.at < wanted.since:
                    return Records(tuple(found), None)
                record = self._record(row, wanted)
                if record is not None and len(found) == limit:
                    return Records(tuple(found), _format(position))
                if record is not None:
                    found.append(record)
                position = row.revision, row.seq
            scanned += len(rows)
            if len(rows) < _BATCH:
                return Records(tuple(found), None)
        return Records(tuple(found), _format(position))

    def _rows(self, wanted: MoveFilter, before: Position | None) -> tuple[ChangeRow, ...]:
        uid = None if wanted.resource is None else self._uid("Resource", wanted.resource)
        return self._host.store.history(self._log, limit=_BATCH, before=before, kind="Resource", uid=uid)

    def _uid(self, kind: str, name: str) -> str:
        # WHY: nothing has an empty uid, so an unknown name finds nothing.
        known = self._reader.snapshot.identities.get((kind, name))
        return "" if known is None else known.uid

    def _record(self, row: ChangeRow, wanted: MoveFilter) -> dict[str, Any] | None:
        """Is this change a move that is wanted and may be seen? How is it shown?"""
        if (
            row.op != "replace"
            or row.document is None
            or (wanted.until is not None and row.at >= wanted.until)
        ):
            return None
        before = self._host.store.document_at(self._log, row.kind, row.uid, row.revision - 1)
        if before is None or before.erased:
            return None
        source, target = _uid_of(before.document), _uid_of(row.document)
        if source == target:
            return None
        if wanted.project is not None and self._uid("Project", wanted.project) not in (source, target):
            return None
        if not (self._may_read or (self._sees(source) and self._sees(target))):
            return None
        kind, actor = self._names.get(row.actor_uid, ("", row.actor_uid))
        return {
            "at": row.at.isoformat(),
            "by": f"{_PREFIXES.get(kind, '')}{actor}",
            "via": row.via,
            "resource": row.name,
            "from": self._name(source),
            "to": self._name(target),
            "result": "moved",
            "revision": row.revision,
        }

    def _name(self, uid: str | None) -> str | None:
        return None if uid is None else self._names.get(uid, ("", uid))[1]

    def _sees(self, uid: str | None) -> bool:
        """Does the session see what is in this project? One that is gone only readers of the log see."""
        name = self._default if uid is None else self._names.get(uid, ("", None))[1]
        if name is None:
            return False
        if name not in self._seen:
            self._seen[name] = self._reader.judge.is_any_allowed(needed_to_list_resources(name))
        return self._seen[name]

    def _require(self) -> None:
        """Does the session see what is in any project? Raises Denied."""
        projects = self._reader.snapshot.account.projects
        if self._may_read or any(
            self._reader.judge.is_any_allowed(needed_to_list_resources(name)) for name in projects
        ):
            return
        others = (Asked(READ_LOG, iam_service()),)
        self._reader.judge.require_any(Needed(LIST_RESOURCES, eps_project("*"), others))

    def list_refused(self, wanted: MoveFilter, *, before: int | None, limit: int) -> Records:
        """Who tried in vain, before this event? Raises Denied: it is for who may read the activity."""
        self._reader.judge.require(READ_ACTIVITY, iam_service())
        activity = self._host.store.activity
        filter = EventFilter(log=self._log, kind=ATTEMPT, since=wanted.since, until=wanted.until)
        events = activity.events(filter, before, MOST_SCANNED, newest_first=True)
        fitting = [event for event in events if _fits(event, wanted)]
        items = tuple(self._refused(event) for event in fitting[:limit])
        if len(fitting) > limit:
            return Records(items, str(fitting[limit - 1].id))
        return Records(items, str(events[-1].id) if len(events) == MOST_SCANNED else None)

    def _refused(self, stored: StoredEvent) -> dict[str, Any]:
        event = stored.event
        kind, actor = self._names.get(event.principal_uid, ("", event.principal_uid))
        by = f"{_PREFIXES.get(kind, '')}{actor}"
        return {"at": event.at.isoformat(), "by": by, **event.detail, "result": "refused"}


_PREFIXES = {"User": "user:", "ServiceId": "service-id:", "Profile": "profile:"}


def remember_attempt(host: Host, session: Session, move: Move, error: BailiwickError) -> None:
    """Keep that somebody tried in vain, with what was said to them."""
    if not isinstance(error, Denied | Invalid):
        return
    host.record(
        ATTEMPT,
        "refused",
        session,
        resources=list(move.names[:_MOST_NAMED]),
        count=len(move.names),
        to=move.target,
        because=error.findings[0].message if isinstance(error, Invalid) else error.message,
        code=error.code,
        **({} if move.source is None else {"from": move.source}),
    )


def _fits(stored: StoredEvent, wanted: MoveFilter) -> bool:
    detail = stored.event.detail
    if wanted.resource is not None and wanted.resource not in detail.get("resources", ()):
        return False
    return wanted.project is None or wanted.project in (detail.get("from"), detail.get("to"))


def _uid_of(document: dict[str, Any]) -> str | None:
    """Which project does the stored document name?"""
    project = document.get("project")
    return str(project["uid"]) if isinstance(project, dict) else None


def _format(position: Position | None) -> str | None:
    return None if position is None else f"{position[0]} {position[1]}"


def parse_position(text: str | None) -> Position | None:
    """Which place of the log does a cursor's position name?"""
    if text is None:
        return None
    revision, seq = text.split()
    return int(revision), int(seq)
