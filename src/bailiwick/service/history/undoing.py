"""Undoing a revision of the account's log: the edits that make its objects what they were before.

An undo is a change like any other (changes.py): judged by authority and validity on the newest state, logged as a
revision of its own, which says what it undoes, and undone like any other. It is refused where what the revision made
is no longer as it made it. It must not bring back credentials, sessions, or what was erased.
Implements docs/spec.md 27.1 to 27.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bailiwick.catalog.documents import Value, format_document, parse_document
from bailiwick.errors import Conflict
from bailiwick.service.changes import Outcome, change_account
from bailiwick.service.edits import Edit
from bailiwick.service.history.recorded import READ_LOG, UNDO
from bailiwick.service.history.recorded_rows import rows_of
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.kinds import ACCOUNT, KINDS, find_value
from bailiwick.service.loading import account_log
from bailiwick.service.needed import iam_service
from bailiwick.service.references import unbind
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Name, Snapshot
from bailiwick.store.ports import ChangeRow, Head, Idempotency, Store

NOT_UNDONE = "not_undoable"
CHANGED_SINCE = "changed_since"
# How often one name is followed from undo to undo, and in how many rows its making is looked for.
_MOST_STEPS = 16
_MOST_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """One object of the revision that undoing leaves as it is, such as an API key."""

    kind: str
    name: str
    op: str


@dataclass(frozen=True, slots=True)
class Later:
    """One object that a later revision changed, so that undoing the earlier one would undo both."""

    kind: str
    name: str
    revision: int


class ChangedSince(Conflict):
    """What the revision made is no longer as it made it; `later` names every object, and the newest change of each."""

    def __init__(self, revision: int, later: Sequence[Later]) -> None:
        first = later[0]
        more = f" and {len(later) - 1} more" if len(later) > 1 else ""
        super().__init__(
            f"revision `{revision}` cannot be undone: {first.kind} `{first.name}` was changed again"
            f" in revision `{first.revision}`{more}",
            f"undo revision {first.revision} first, or change `{first.name}` itself",
            code=CHANGED_SINCE,
        )
        self.later = tuple(later)


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo changed (or, in a dry run, would), and what of the revision it leaves as it is."""

    outcome: Outcome
    kept: tuple[Kept, ...]


KeepUndone = Callable[[Callable[[Head], Undone]], Idempotency | None]


def undo_revision(
    host: Host,
    session: Session,
    revision: int,
    *,
    via: str,
    dry_run: bool = False,
    idempotency: KeepUndone | None = None,
) -> Undone:
    """Make what this revision changed what it was before, all of it or nothing.

    Raises Denied, NotFound, Conflict, ChangedSince, Invalid; then nothing has changed.
    """
    kept: list[Kept] = []

    def prepare(before: Snapshot) -> Sequence[Edit]:
        Judge(host.catalog, session, before, None, host.now()).require(READ_LOG, iam_service())
        rows = rows_of(host.store, account_log(session.account), revision)
        kept[:] = [Kept(row.kind, row.name or row.uid, row.op) for row in rows if not _is_document(row)]
        return inverse_edits(host.store, before, rows)

    def keep(done: Callable[[Head], Outcome]) -> Idempotency | None:
        return None if idempotency is None else idempotency(lambda head: Undone(done(head), tuple(kept)))

    outcome = change_account(
        host, session, prepare, via=f"{via}{UNDO}{revision}", dry_run=dry_run, idempotency=keep
    )
    return Undone(outcome, tuple(kept))


def _is_document(row: ChangeRow) -> bool:
    return row.kind in (ACCOUNT, *KINDS) and row.op != "erase"


def inverse_edits(store: Store, snapshot: Snapshot, rows: Sequence[ChangeRow]) -> list[Edit]:
    """Which edits undo these rows of one revision on this state? Raises Conflict, ChangedSince."""
    revision = rows[0].revision
    documents = [row for row in rows if _is_document(row)]
    _refuse(revision, rows, documents)
    undoing = _Undoing(store, snapshot, documents)
    later = [one for row in documents if (one := undoing.find_later(row)) is not None]
    if later:
        raise ChangedSince(revision, later)
    return [undoing.inverse(row) for row in documents]


def _refuse(revision: int, rows: Sequence[ChangeRow], documents: Sequence[ChangeRow]) -> None:
    """Is it a revision that can be undone at all? Raises Conflict."""
    if not documents:
        what = sorted({"erased contents" if row.op == "erase" else f"`{row.kind}`" for row in rows})
        raise Conflict(
            f"revision `{revision}` cannot be undone: it changed only {', '.join(what)}",
            "credentials, ended sessions and erased contents are not brought back",
            code=NOT_UNDONE,
        )
    if any(row.kind == ACCOUNT and row.op == "create" for row in documents):
        raise Conflict(
            f"revision `{revision}` cannot be undone: it is the account's beginning", code=NOT_UNDONE
        )


class _Gone(Exception):
    """A stored document refers to something that is no longer there."""

    def __init__(self, uid: str) -> None:
        super().__init__(uid)
        self.uid = uid


@dataclass(slots=True)
class _Undoing:
    """One revision that is to be undone on one state."""

    store: Store
    snapshot: Snapshot
    documents: Sequence[ChangeRow]
    _earlier: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def _log(self) -> str:
        return account_log(self.snapshot.account.name)

    def find_later(self, row: ChangeRow) -> Later | None:
        """Which later change stands on this one? None: the object is as this row left it."""
        key = (row.kind, row.name)
        identity = self.snapshot.identities.get(key)
        if row.op == "delete":
            is_so = identity is None
        else:
            is_so = (
                identity is not None
                and (identity.uid == row.uid or row.uid in self._uids_before(identity.uid, key))
                and self._is_as_made(row)
            )
        return None if is_so else Later(*key, self._newest(row, None if identity is None else identity.uid))

    def _is_as_made(self, row: ChangeRow) -> bool:
        if row.document is None:
            return False
        try:
            made = self._document(row.kind, row.document, _NOTHING_MADE)
        except _Gone:
            return False
        value: Any = find_value(self.snapshot.account, row.kind, row.name)
        name = self.snapshot.account.name
        return value is not None and format_document(row.kind, value, name) == self._formatted(row.kind, made)

    def _formatted(self, kind: str, document: dict[str, Any]) -> dict[str, Any]:
        name = self.snapshot.account.name
        return format_document(kind, parse_document(document, name)[1], name)

    def _newest(self, row: ChangeRow, uid: str | None) -> int:
        """In which revision did the object become what it is, or cease to be?"""
        found = self.store.history(self._log, limit=1, kind=row.kind, uid=uid or row.uid)
        return found[0].revision if found else row.revision

    def inverse(self, row: ChangeRow) -> Edit:
        """Which edit makes the object what it was before this row? Raises Conflict."""
        if row.op == "create":
            return Edit(row.kind, row.name, None)
        old = self.store.document_at(self._log, row.kind, row.uid, row.revision - 1)
        if old is None or old.erased:
            raise Conflict(
                f"revision `{row.revision}` cannot be undone: what {row.kind} `{row.name}` was before is erased",
                code=NOT_UNDONE,
            )
        made = {one.uid: (one.kind, one.name) for one in self.documents if one.op == "delete"}
        try:
            document = self._document(row.kind, old.document, made)
        except _Gone as gone:
            raise self._refers_to(row, gone.uid) from None
        return Edit(row.kind, row.name, _value(document, self.snapshot.account.name))

    def _refers_to(self, row: ChangeRow, uid: str) -> Conflict:
        last = self.store.history(self._log, limit=1, uid=uid)
        what = f"{last[0].kind} `{last[0].name}`" if last else f"`{uid}`"
        where = f", which revision `{last[0].revision}` deleted" if last else ""
        return Conflict(
            f"revision `{row.revision}` cannot be undone: {row.kind} `{row.name}` then referred to {what}{where}",
            f"undo revision {last[0].revision} first" if last else None,
            code=CHANGED_SINCE,
        )

    def _document(self, kind: str, stored: dict[str, Any], made: Mapping[str, Name]) -> dict[str, Any]:
        """Which document is this stored one now? `made`: what the undo itself makes again, by its uid of before."""
        return unbind(kind, stored, _NamesNow(self, made))

    def name_of(self, uid: str) -> Name:
        """What is this uid called now, itself or as what an undo made again of it? Raises _Gone."""
        known = self.snapshot.names_by_uid().get(uid)
        if known is not None:
            return known
        last = self.store.history(self._log, limit=1, uid=uid)
        key = (last[0].kind, last[0].name) if last and last[0].op == "delete" else None
        now = None if key is None else self.snapshot.identities.get(key)
        if key is None or now is None or uid not in self._uids_before(now.uid, key):
            raise _Gone(uid)
        return key

    def _uids_before(self, uid: str, key: Name) -> frozenset[str]:
        """Of which deleted objects of this name did undoing make this one again?

        SECURITY: a new object that takes an old name inherits nothing; only what the log says was made again by an
        undo of the deletion counts as the same.
        """
        known = self._earlier.get(uid)
        if known is None:
            known = self._earlier[uid] = frozenset(self._follow(uid, key))
        return known

    def _follow(self, uid: str, key: Name) -> Iterator[str]:
        for _ in range(_MOST_STEPS):
            rows = self.store.history(self._log, limit=_MOST_ROWS, kind=key[0], uid=uid)
            made = rows[-1] if rows and rows[-1].op == "create" else None
            undone = None if made is None else made.via.split(" ", 1)[0].partition(UNDO)[2]
            if not undone:
                return
            deleted = [
                row
                for row in rows_of(self.store, self._log, int(undone))
                if (row.kind, row.name, row.op) == (*key, "delete")
            ]
            if not deleted:
                return
            uid = deleted[0].uid
            yield uid


_NOTHING_MADE: Mapping[str, Name] = {}


class _NamesNow(dict[str, Name]):
    """Names by uid, looked up as they are asked for."""

    def __init__(self, undoing: _Undoing, made: Mapping[str, Name]) -> None:
        super().__init__(made)
        self._undoing = undoing

    def __missing__(self, uid: str) -> Name:
        return self._undoing.name_of(uid)


def _value(document: dict[str, Any], account: str) -> Value:
    return parse_document(document, account)[1]
