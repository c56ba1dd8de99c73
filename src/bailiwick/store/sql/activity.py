"""Activity in an SQLite file of its own: events in chained batches, and when credentials were last used.

Buffered in memory and written in batches: a sign-in costs no transaction. What is buffered is lost
with the process unless it was recorded as durable.
Implements docs/spec.md, section "Activity".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from threading import RLock
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    delete,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.types import NullType

from bailiwick.errors import Invalid, Unavailable
from bailiwick.store.activity_chain import (
    ActivityCheck,
    ActivityHead,
    Batch,
    EventFields,
    build_event,
    event_fields,
    is_signed,
    seal_batch,
)
from bailiwick.store.canonical import format_instant, parse_document, parse_instant
from bailiwick.store.chain import check_texts
from bailiwick.store.ports import (
    ActivityEvent,
    ChangeNote,
    EventFilter,
    Note,
    Signer,
    StoredEvent,
    VerifyReport,
)
from bailiwick.store.sql.append import KEYS_IN_QUERY, batched
from bailiwick.store.sql.database import Database
from bailiwick.store.sql.notes import amend_note, find_notes
from bailiwick.store.sql.schema import activity_head, batch, credential_use, event

BATCH_EVENTS = 256
MOST_BUFFERED = 100_000
_FIELDS = ("at", "log", "kind", "outcome", "principal_uid", "credential_uid", "detail")
_BATCH_FIELDS = ("number", "first_id", "event_count", "last_at", "prev_hash", "hash")
_HEAD_FIELDS = ("number", "hash", "last_event_id", "pruned_number", "pruned_hash")


class SqlActivity:
    """What happened without changing state. Safe for threads."""

    def __init__(self, database: Database, signer: Callable[[], Signer]) -> None:
        self._database = database
        self._signer = signer
        self._lock = RLock()
        self._buffer: list[EventFields] = []
        self._used: dict[str, str] = {}

    def record(self, events: Sequence[ActivityEvent], *, durable: bool = False) -> None:
        """Keep these events; buffered, unless `durable` asks to write them out before returning."""
        fields = [event_fields(item) for item in events]
        with self._lock:
            if len(self._buffer) + len(fields) > MOST_BUFFERED:
                raise Unavailable("activity cannot be recorded", "check the data directory's disk")
            self._buffer.extend(fields)
            if durable or len(self._buffer) >= BATCH_EVENTS:
                self.flush()

    def keep(self, events: Sequence[EventFields]) -> None:
        """Keep what happened with a change. Never raises: the change is committed."""
        with self._lock:
            self._buffer.extend(events)
            if len(self._buffer) >= BATCH_EVENTS:
                with suppress(Unavailable):
                    self.flush()

    def touch_credential(self, credential_uid: str, at: datetime) -> None:
        """Remember when a credential was last used (buffered; an older instant changes nothing)."""
        used = format_instant(at)
        check_texts((("credential_uid", credential_uid),))
        with self._lock:
            self._used[credential_uid] = max(used, self._used.get(credential_uid, ""))

    def last_used(self, credential_uid: str) -> datetime | None:
        """When was this credential last used?"""
        query = select(credential_use.c.last_used_at)
        with self._lock, self._database.reading() as connection:
            stored = connection.scalar(query.where(credential_use.c.credential_uid == credential_uid))
            used = max(stored or "", self._used.get(credential_uid, ""))
        return parse_instant(used) if used else None

    def amend(self, name: str, at: datetime, change: ChangeNote) -> None:
        """Change the note of this name, alone among all processes; written out before returning."""
        check_texts((("name", name),))
        with self._database.writing() as connection:
            # WHY the head: the note may not be there yet, and what is not there cannot be locked.
            lock_activity(connection)
            amend_note(connection, name, at, change)

    def notes(
        self, prefix: str, at: datetime, limit: int, *, after: str = ""
    ) -> tuple[tuple[str, Note], ...]:
        """Which notes hold at `at` whose names begin with this prefix, by name, beyond `after`?"""
        with self._database.reading() as connection:
            return find_notes(connection, prefix, at, limit, after=after)

    def flush(self) -> None:
        """Write out what is buffered, as one chained batch.

        INVARIANT: the buffer is emptied only after the commit; a failed flush loses nothing.
        """
        with self._lock:
            if not self._buffer and not self._used:
                return
            signer = self._signer()
            with self._database.writing() as connection:
                lock_activity(connection)
                if self._buffer:
                    _append_batch(connection, self._buffer, signer)
                _write_used(connection, self._used)
            self._buffer, self._used = [], {}

    def events(
        self, wanted: EventFilter, after: int | None, limit: int, *, newest_first: bool = False
    ) -> tuple[StoredEvent, ...]:
        """Which events match, beyond the id `after` in the order asked for?"""
        self.flush()
        query = _matching(wanted)
        if after is not None:
            query = query.where(event.c.id < after if newest_first else event.c.id > after)
        order = event.c.id.desc() if newest_first else event.c.id
        with self._database.reading() as connection:
            return tuple(map(_stored, connection.execute(query.order_by(order).limit(limit))))

    def prune(self, before: datetime) -> int:
        """How many events went, whole batches from the oldest on, all of them older than `before`?"""
        end = format_instant(before)
        with self._lock:
            self.flush()
            signer = self._signer()
            with self._database.writing() as connection:
                return _prune(connection, end, signer)

    def verify(self) -> VerifyReport:
        """Is every kept event as it was recorded, with none missing inside?"""
        with self._lock:
            self.flush()
            signer = self._signer()
        with self._database.examining() as connection:
            return verify_activity(connection, signer)


def write_first_head(connection: Connection, head: ActivityHead, signer: Signer) -> None:
    """Start the chain of a new file."""
    connection.execute(insert(activity_head).values(id=1, **_head_values(head, signer)))


def lock_activity(connection: Connection) -> None:
    """Let nobody else write activity until the transaction ends, where several may at once."""
    connection.execute(select(activity_head.c.id).where(activity_head.c.id == 1).with_for_update())


def _head_values(head: ActivityHead, signer: Signer) -> dict[str, Any]:
    """Which signed values stand for this head?"""
    values = {field: getattr(head, field) for field in _HEAD_FIELDS}
    return {**values, "signature": signer.sign(head.message())}


def _raw(table: Table) -> Select[Any]:
    """Which query reads this table exactly as the file holds it?"""
    return select(*(type_coerce(column, NullType()).label(column.name) for column in table.columns))


def _read_head(connection: Connection) -> tuple[ActivityHead, object]:
    """What is the head, and its signature?"""
    row = connection.execute(_raw(activity_head)).one_or_none()
    if row is None:
        raise Unavailable("the head of the activity is missing", "restore it from the backup")
    return ActivityHead(*(getattr(row, field) for field in _HEAD_FIELDS)), row.signature


def _trusted_head(connection: Connection, signer: Signer) -> ActivityHead:
    """What is the head to write on? SECURITY: an honest write must not sign a forged chain."""
    lock_activity(connection)
    head, signature = _read_head(connection)
    if not is_signed(head, signature, signer):
        raise Unavailable(
            "the head of the activity is not signed by this store", "run `bailiwick log verify`"
        )
    return head


def _append_batch(connection: Connection, events: Sequence[EventFields], signer: Signer) -> None:
    """Write these events as the next batch."""
    sealed, head = seal_batch(_trusted_head(connection, signer), events)
    for some in batched(enumerate(events, sealed.first_id), KEYS_IN_QUERY):
        rows = [{"id": at, **dict(zip(_FIELDS, fields, strict=True))} for at, fields in some]
        connection.execute(insert(event), rows)
    values = {field: getattr(sealed, field) for field in _BATCH_FIELDS}
    connection.execute(insert(batch).values(**values))
    connection.execute(update(activity_head).values(**_head_values(head, signer)))


def _write_used(connection: Connection, used: dict[str, str]) -> None:
    """Keep the newest use of each credential."""
    for some in batched(used, KEYS_IN_QUERY):
        where = credential_use.c.credential_uid.in_(some)
        have = {
            row.credential_uid: row.last_used_at
            for row in connection.execute(select(credential_use).where(where))
        }
        connection.execute(delete(credential_use).where(where))
        rows = [{"credential_uid": uid, "last_used_at": max(used[uid], have.get(uid, ""))} for uid in some]
        connection.execute(insert(credential_use), rows)


def _matching(wanted: EventFilter) -> Select[Any]:
    """Which query finds the wanted events?"""
    query = select(event)
    for field in ("log", "kind", "outcome", "principal_uid", "credential_uid"):
        value = getattr(wanted, field)
        if value is not None:
            query = query.where(event.c[field] == value)
    bounds: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        bounds.append(event.c.at >= _bound("since", wanted.since))
    if wanted.until is not None:
        bounds.append(event.c.at < _bound("until", wanted.until))
    return query.where(*bounds)


def _bound(name: str, at: datetime) -> str:
    """How is this instant written in the file, whatever its offset? Raises Invalid outside of the calendar."""
    try:
        return format_instant(at.astimezone(UTC))
    except OverflowError:
        raise Invalid.at(name, f"instant `{at.isoformat()}` is outside of the years 1 to 9999") from None


def _stored(row: Row[Any]) -> StoredEvent:
    """Which event is in this row?"""
    fields = [getattr(row, field) for field in _FIELDS[:-1]]
    return StoredEvent(row.id, build_event(fields, parse_document(row.detail)))


def _prune(connection: Connection, end: str, signer: Signer) -> int:
    """How many events of the oldest batches, all older than `end`, went?"""
    head = _trusted_head(connection, signer)
    keep = select(func.min(batch.c.number)).where(batch.c.last_at >= end)
    first_kept = connection.execute(keep).scalar_one_or_none() or head.number + 1
    last = connection.execute(select(batch).where(batch.c.number == first_kept - 1)).one_or_none()
    if last is None:
        return 0
    gone = connection.execute(delete(event).where(event.c.id < last.first_id + last.event_count)).rowcount
    connection.execute(delete(batch).where(batch.c.number <= last.number))
    pruned = head.pruned_to(Batch(*(getattr(last, field) for field in _BATCH_FIELDS)))
    connection.execute(update(activity_head).values(**_head_values(pruned, signer)))
    return gone


def verify_activity(connection: Connection, signer: Signer) -> VerifyReport:
    """Do the kept batches follow each other up to the signed head?"""
    head, signature = _read_head(connection)
    check = ActivityCheck(head, signed=is_signed(head, signature, signer))
    for row in connection.execute(_raw(batch).order_by(batch.c.number)):
        sealed = Batch(*(getattr(row, field) for field in _BATCH_FIELDS))
        found = _read_batch(connection, sealed) if sealed.is_well_formed() else []
        check.follow(sealed, found)
    return check.report(connection.execute(select(func.count()).select_from(event)).scalar_one())


def _read_batch(connection: Connection, sealed: Batch) -> list[tuple[int, list[object]]]:
    """Which ids and fields have the events of this batch?"""
    inside = (event.c.id >= sealed.first_id) & (event.c.id < sealed.first_id + sealed.event_count)
    rows = connection.execute(_raw(event).where(inside).order_by(event.c.id))
    return [(row.id, [getattr(row, field) for field in _FIELDS]) for row in rows]
