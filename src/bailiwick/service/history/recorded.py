"""What is recorded of an account, in today's names: its change log and its activity, newest first, in pages.

Names are today's; what is gone keeps its uid. Reading asks the engine for `iam.log.read` or `iam.activity.read`.
It must not show what the store keeps secret, which is in no body of a log.
Implements docs/spec.md sections 11, 13 and 27 as far as they are read.
"""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, cast
from urllib.parse import unquote

from bailiwick.service.history.recorded_rows import find_revision_at, rows_of
from bailiwick.service.host import Host
from bailiwick.service.kinds import ACCOUNT, KINDS
from bailiwick.service.loading import account_log
from bailiwick.service.needed import iam_service
from bailiwick.service.people.records import INVITATION
from bailiwick.service.reading import Reader
from bailiwick.service.references import parse_target, unbind
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import ChangeRow, EventFilter, StoredEvent

READ_LOG, VERIFY_LOG, READ_ACTIVITY = "iam.log.read", "iam.log.verify", "iam.activity.read"
UNDO = ":undo:"
# So many rows are looked at for one page; a filter that finds less says where to go on.
MOST_EXAMINED = 5_000
_AT_ONCE = 500
MOST_SHOWN = 4
_MOST_PARTS = 20

Place = tuple[int, int]


class Names(ChainMap[str, tuple[str, str]]):
    """Names by uid; what is gone is called by its uid."""

    def __init__(self, known: Mapping[str, tuple[str, str]]) -> None:
        super().__init__({}, cast(MutableMapping[str, tuple[str, str]], known))

    def __missing__(self, uid: str) -> tuple[str, str]:
        return "Role", uid

    def reference(self, uid: str) -> str:
        """How is this principal referred to now?"""
        kind, name = self[uid]
        return f"{KINDS[kind].prefix}{name}" if kind in KINDS else name


@dataclass(frozen=True, slots=True)
class Surface:
    """By which surface was it changed, through whom, for whom, and which revision does it undo? (22.8, 27.3)"""

    via: str
    through: tuple[str, ...] = ()
    acts_for: tuple[str, ...] = ()
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """One row of the log with today's names. `document` is the new state; None: gone, or erased."""

    row: ChangeRow
    actor: str
    surface: Surface
    document: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class RecordedRevision:
    """One revision with the first few of its changes that are wanted; `more`: it has others."""

    changes: tuple[RecordedChange, ...]
    more: bool

    @property
    def first(self) -> RecordedChange:
        """Any of its changes: who, when and how are the same for all."""
        return self.changes[0]

    @property
    def telling(self) -> RecordedChange:
        """The change that says most about it: a link that was used up says less than what came of it."""
        return next((one for one in self.changes if not _is_used_link(one)), self.first)


def _is_used_link(change: RecordedChange) -> bool:
    return change.row.kind == INVITATION and change.row.op == "delete"


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes? `actor` by reference or uid; `name` is what the object was called then.

    `text` is found anywhere in name or document, whatever its case.
    """

    kind: str | None = None
    uid: str | None = None
    name: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None

    @property
    def is_found_by_store(self) -> bool:
        """Does the store alone find what is wanted, but for the time?"""
        return self.text is None and self.name is None

    def fits(self, row: ChangeRow) -> bool:
        """Is this row wanted, as far as the store was not asked already?"""
        if self.name is not None and row.name != self.name:
            return False
        if self.since is not None and row.at < self.since:
            return False
        if self.until is not None and row.at >= self.until:
            return False
        return self.text is None or _mentions(row, self.text.casefold())


def _mentions(row: ChangeRow, word: str) -> bool:
    said = "" if row.document is None else json.dumps(row.document, ensure_ascii=False)
    return word in row.name.casefold() or word in said.casefold()


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Some changes, newest first; `next` is the place after which to go on, None: there are no others.

    With a filter a page may be short, or empty, although there is more to look through.
    """

    changes: tuple[RecordedChange, ...]
    next: Place | None


class Records:
    """One session that reads what is recorded of its account. Raises Denied where it may not."""

    def __init__(self, host: Host, session: Session, action: str) -> None:
        self._host = host
        self._reader = Reader(host, session)
        self._reader.judge.require(action, iam_service())
        self._log = account_log(session.account)
        self.names = Names(self.snapshot.names_by_uid())

    @property
    def snapshot(self) -> Snapshot:
        """By the names of which state is it told?"""
        return self._reader.snapshot

    def changes(self, wanted: ChangeFilter, *, before: Place | None, limit: int) -> ChangePage:
        """Which changes match, newest first, older than this place?"""
        found: list[ChangeRow] = []
        start = before
        if wanted.until is not None:
            top = (find_revision_at(self._host.store, self._log, wanted.until) + 1, 0)
            start = top if start is None else min(start, top)
        for place, row in self._examined(wanted, start, limit):
            if wanted.since is not None and row.at < wanted.since:
                return self._page(found, None)
            if not wanted.fits(row):
                continue
            if len(found) == limit:
                last = found[-1]
                return self._page(found, (last.revision, last.seq))
            found.append(row)
            start = place
        return self._page(found, self._rest)

    def revisions(
        self, wanted: ChangeFilter, *, before: Place | None, limit: int
    ) -> tuple[list[RecordedRevision], Place | None]:
        """Which revisions have changes that match, newest first, and where to go on?

        Of a revision with many changes only the first of them are looked at.
        """
        found: list[RecordedRevision] = []
        start = before
        for _ in range(_MOST_PARTS):
            page = self.changes(wanted, before=start, limit=limit)
            for revision, group in groupby(page.changes, key=lambda one: one.row.revision):
                changes = list(group)
                if found and found[-1].first.row.revision == revision:
                    found[-1] = RecordedRevision(found[-1].changes, more=True)
                    continue
                if len(found) == limit:
                    return found, (found[-1].first.row.revision, 0)
                shown = tuple(reversed(changes[:MOST_SHOWN]))
                # WHY by the place: what of it stands on the next page is not looked at (rows are numbered from 1).
                found.append(RecordedRevision(shown, more=shown[0].row.seq > 1))
            if page.next is None or not found:
                return found, page.next
            # WHY not where the page ended: a revision may have thousands of changes, of which a few are shown.
            is_cut = page.changes[-1:] and page.changes[-1].row.revision == page.next[0]
            start = (page.next[0], 0) if is_cut else page.next
        return found, start

    def _examined(
        self, wanted: ChangeFilter, start: Place | None, limit: int
    ) -> Iterator[tuple[Place, ChangeRow]]:
        """The rows that the store finds, in parts; `_rest` is where it stopped, None at the log's beginning."""
        self._rest: Place | None = None
        actor = principal_uid(self.snapshot, wanted.actor)
        at_once = limit + 1 if wanted.is_found_by_store else _AT_ONCE
        for _ in range(1 + MOST_EXAMINED // at_once):
            rows = self._host.store.history(
                self._log, limit=at_once, before=start, kind=wanted.kind, uid=wanted.uid, actor_uid=actor
            )
            for row in rows:
                start = (row.revision, row.seq)
                yield start, row
            if len(rows) < at_once:
                return
        self._rest = start

    def _page(self, rows: list[ChangeRow], rest: Place | None) -> ChangePage:
        return ChangePage(tuple(self.recorded(row) for row in rows), rest)

    def revision(self, revision: int) -> tuple[RecordedChange, ...]:
        """What was changed in this revision, in order? Raises NotFound."""
        return tuple(self.recorded(row) for row in rows_of(self._host.store, self._log, revision))

    def recorded(self, row: ChangeRow) -> RecordedChange:
        """What does this row say, in today's names?"""
        document = shown_document(row.kind, row.document, self.names)
        return RecordedChange(
            row, self.names.reference(row.actor_uid), read_surface(row.via, row.log, self.names), document
        )

    def undone_by(self, revision: int) -> int | None:
        """Which later revision undid this one, as far as is quickly found? None: none."""
        first = rows_of(self._host.store, self._log, revision)[0]
        now = self.snapshot.identities.get((first.kind, first.name))
        # WHY: what was deleted is made again under a new uid.
        uid = now.uid if first.op == "delete" and now is not None else first.uid
        later = self._host.store.history(self._log, limit=_AT_ONCE, kind=first.kind, uid=uid)
        for row in later:
            if read_surface(row.via, row.log, self.names).undoes == revision:
                return row.revision
        return None

    def before(self, row: ChangeRow) -> dict[str, Any] | None:
        """What was the object before this change, in today's names? None: it was not there, or is erased."""
        old = self._host.store.document_at(self._log, row.kind, row.uid, row.revision - 1)
        if old is None or old.erased:
            return None
        return shown_document(row.kind, old.document, self.names)

    def events(self, wanted: EventFilter, *, before: int | None, limit: int) -> tuple[StoredEvent, ...]:
        """Which events of the account match, newest first?"""
        return self._host.store.activity.events(wanted, before, limit, newest_first=True)


def shown_document(kind: str, document: dict[str, Any] | None, names: Names) -> dict[str, Any] | None:
    """How is a stored document shown, by these names?"""
    if document is None:
        return None
    if kind in (ACCOUNT, *KINDS):
        return unbind(kind, document, names)
    owner = document.get("owner")
    # WHY of every other kind alike: keys, passwords and second factors say so whose they are.
    return {**document, "owner": names.reference(owner["uid"])} if isinstance(owner, dict) else document


def principal_uid(snapshot: Snapshot, reference: str | None) -> str | None:
    """Which uid has this principal? A uid stands for itself; an unknown name finds nothing."""
    target = parse_target(reference)
    if reference is None or target is None:
        return reference
    known = snapshot.identities.get(target)
    return "" if known is None else known.uid


def read_surface(text: str, log: str, names: Names) -> Surface:
    """Which surface is written so? (rule 22.8; those of other accounts are told by uid)"""
    surface, *words = text.split(" ")
    if any("/" not in word for word in words if word not in ("by", "for")):
        return Surface(text)
    said: dict[str, list[str]] = {"by": [], "for": []}
    into: list[str] = []
    for word in words:
        if word in said:
            into = said[word]
        else:
            account, uid = (unquote(part) for part in word.split("/", 1))
            into.append(f"{account}/{names.reference(uid) if account_log(account) == log else uid}")
    via, _, undone = surface.partition(UNDO)
    undoes = int(undone) if undone.isascii() and undone.isdigit() else None
    return Surface(via, tuple(said["by"]), tuple(said["for"]), undoes)
