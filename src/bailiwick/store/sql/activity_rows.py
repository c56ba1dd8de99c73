"""The activity's tables, on a connection: the head of each log, its batches and events, and when credentials were used.

Nothing here commits. Implements docs/spec.md, section "Activity".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
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
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import NullType

from bailiwick.errors import Invalid, Unavailable
from bailiwick.store.activity_chain import (
    ActivityCheck,
    ActivityHead,
    Batch,
    EventFields,
    build_event,
    first_head,
    is_signed,
    seal_batch,
)
from bailiwick.store.canonical import format_instant, parse_document
from bailiwick.store.ports import EventFilter, Signer, StoredEvent, VerifyReport
from bailiwick.store.sql.append import KEYS_IN_QUERY, batched
from bailiwick.store.sql.database import stream
from bailiwick.store.sql.schema import activity_head, batch, credential_use, event

_FIELDS = ("at", "log", "kind", "outcome", "principal_uid", "credential_uid", "detail")
_BATCH_FIELDS = ("number", "first_id", "event_count", "last_at", "prev_hash", "hash")
_HEAD_FIELDS = ("number", "hash", "last_event_id", "pruned_number", "pruned_hash")


class UntrustedHead(Unavailable):
    """The head of a log's activity is missing, or not signed by this store: nothing is written on it."""


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Let this row be there; one with its key that is there already stays as it is."""
    # SQLite's words for it are the same.
    wanted = postgresql.insert(table).values(**values)
    connection.execute(wanted.on_conflict_do_nothing(index_elements=list(table.primary_key.columns)))


def begin_log(connection: Connection, log: str, signer: Signer) -> None:
    """Start the chain of this log, unless it was started."""
    insert_if_absent(connection, activity_head, _head_values(first_head(log), signer))


def begin_surely(connection: Connection, log: str, signer: Signer) -> None:
    """The same; there is something to commit in any case, whose answer says that what it follows is there."""
    begin_log(connection, log, signer)
    of_log = update(activity_head).where(activity_head.c.log == log)
    connection.execute(of_log.values(number=activity_head.c.number))


def list_logs(connection: Connection) -> tuple[str, ...]:
    """Of which logs is there activity, by code point?"""
    return tuple(connection.scalars(select(activity_head.c.log).order_by(activity_head.c.log)))


def _head_values(head: ActivityHead, signer: Signer) -> dict[str, Any]:
    """Which signed row stands for this head?"""
    values = {field: getattr(head, field) for field in _HEAD_FIELDS}
    return {"log": head.log, **values, "signature": signer.sign(head.message())}


def _write_head(connection: Connection, head: ActivityHead, signer: Signer) -> None:
    where = activity_head.c.log == head.log
    connection.execute(update(activity_head).where(where).values(**_head_values(head, signer)))


def _raw(table: Table, log: str) -> Select[Any]:
    """Which query reads this log's rows exactly as the file holds them?"""
    columns = (type_coerce(column, NullType()).label(column.name) for column in table.columns)
    return select(*columns).where(table.c.log == log)


def _read_head(query: Select[Any], connection: Connection, log: str) -> tuple[ActivityHead, object] | None:
    """What is the head of this log, and its signature? None: it has none."""
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return ActivityHead(log, *(getattr(row, field) for field in _HEAD_FIELDS)), row.signature


def lock_head(
    connection: Connection, log: str, signer: Signer, *, has_log: Callable[[str], bool] = lambda _log: True
) -> ActivityHead:
    """What is the head to write on? Nobody else writes on it until the transaction ends. Raises UntrustedHead.

    The activity of what is no log of this store (`has_log`) begins here.
    SECURITY: that of a log began with it, so a head that is missing was lost; and an honest write must not sign a
    forged chain.
    """
    query = _raw(activity_head, log).with_for_update()
    found = _read_head(query, connection, log)
    if found is None and not has_log(log):
        begin_log(connection, log, signer)
        found = _read_head(query, connection, log)
    if found is None:
        raise UntrustedHead(f"the head of the activity of `{log}` is missing", "restore it from the backup")
    head, signature = found
    if not is_signed(head, signature, signer):
        raise UntrustedHead(
            f"the head of the activity of `{log}` is not signed by this store", "run `bailiwick store verify`"
        )
    return head


def append_batch(
    connection: Connection, head: ActivityHead, events: Sequence[EventFields], signer: Signer
) -> Batch:
    """Which batch of these events now follows the head?"""
    sealed, after = seal_batch(head, events)
    for some in batched(enumerate(events, sealed.first_id), KEYS_IN_QUERY):
        rows = [{"id": at, **dict(zip(_FIELDS, fields, strict=True))} for at, fields in some]
        connection.execute(insert(event), rows)
    values = {field: getattr(sealed, field) for field in _BATCH_FIELDS}
    connection.execute(insert(batch).values(log=head.log, **values))
    _write_head(connection, after, signer)
    return sealed


def has_batch(connection: Connection, log: str, sealed: Batch) -> bool:
    """Is this very batch in the log?"""
    where = (batch.c.log == log) & (batch.c.number == sealed.number)
    return connection.execute(select(batch.c.hash).where(where)).scalar_one_or_none() == sealed.hash


def write_uses(connection: Connection, log: str, used: Mapping[str, str]) -> None:
    """Keep the newest use of each credential of the log, whose head is locked."""
    for some in batched(sorted(used), KEYS_IN_QUERY):
        where = (credential_use.c.log == log) & credential_use.c.credential_uid.in_(some)
        query = select(credential_use.c.credential_uid, credential_use.c.last_used_at).where(where)
        have = {row.credential_uid: row.last_used_at for row in connection.execute(query)}
        connection.execute(delete(credential_use).where(where))
        newest = {uid: max(used[uid], have.get(uid, "")) for uid in some}
        rows = [{"log": log, "credential_uid": uid, "last_used_at": at} for uid, at in newest.items()]
        connection.execute(insert(credential_use), rows)


def find_use(connection: Connection, log: str, credential_uid: str) -> str:
    """When was this credential last used, as far as is written? "": never."""
    where = (credential_use.c.log == log) & (credential_use.c.credential_uid == credential_uid)
    return connection.scalar(select(credential_use.c.last_used_at).where(where)) or ""


def find_events(
    connection: Connection, wanted: EventFilter, after: int | None, limit: int, *, newest_first: bool
) -> tuple[StoredEvent, ...]:
    """Which events match, beyond the id `after` in the order asked for?"""
    query = _matching(wanted)
    if after is not None:
        query = query.where(event.c.id < after if newest_first else event.c.id > after)
    order = event.c.id.desc() if newest_first else event.c.id
    return tuple(map(_stored, connection.execute(query.order_by(order).limit(limit))))


def _matching(wanted: EventFilter) -> Select[Any]:
    """Which query finds the wanted events?"""
    query = select(event).where(event.c.log == wanted.log)
    for field in ("kind", "outcome", "principal_uid", "credential_uid"):
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


class _Oldest:
    """The batches that come first and have only events older than `end`."""

    def __init__(self, end: str) -> None:
        self.batches: list[Batch] = []
        self._end = end
        self._is_over = False

    def see(self, sealed: Batch) -> None:
        """This is the next batch."""
        self._is_over = self._is_over or str(sealed.last_at) >= self._end
        if not self._is_over:
            self.batches.append(sealed)


def find_old(connection: Connection, log: str, end: str, signer: Signer) -> tuple[Batch, ...]:
    """Which of the log's batches, from the oldest on, have only events older than `end`? Raises UntrustedHead.

    SECURITY: all of the log is verified first. Else an honest deed would sign what somebody has put there, and take
    with it what tells of that; a part proves nothing, for only the head at the end of the chain is signed.
    """
    oldest = _Oldest(end)
    if not verify_activity(connection, log, signer, oldest.see).ok:
        raise UntrustedHead(
            f"the activity of `{log}` is not as it was written",
            "run `bailiwick store verify`, and see who did that",
        )
    return tuple(oldest.batches)


def prune_part(
    connection: Connection, log: str, part: Sequence[Batch], told: EventFields, signer: Signer
) -> None:
    """Forget these batches, which were found to be the oldest, and tell of it; nothing, where that is done already."""
    head, last = lock_head(connection, log, signer), part[-1]
    if head.pruned_number >= last.number:
        return
    if (head.pruned_number, head.pruned_hash) != (part[0].number - 1, part[0].prev_hash):
        raise Unavailable(f"others have pruned the activity of `{log}` meanwhile", "try again")
    first, following = part[0].first_id, last.first_id + last.event_count
    of_part = (event.c.log == log) & (event.c.id >= first) & (event.c.id < following)
    connection.execute(delete(event).where(of_part))
    connection.execute(delete(batch).where(batch.c.log == log, batch.c.number <= last.number))
    append_batch(connection, head.pruned_to(last), [told], signer)


def _see_nothing(_sealed: Batch) -> None:
    """Nobody wants to know of it."""


def verify_activity(
    connection: Connection, log: str, signer: Signer, see: Callable[[Batch], None] = _see_nothing
) -> VerifyReport:
    """Do the kept batches of this log follow each other up to its signed head? `see` is called with each of them."""
    found = _read_head(_raw(activity_head, log), connection, log)
    head, signature = (first_head(log), None) if found is None else found
    check = ActivityCheck(head, signed=None if found is None else is_signed(head, signature, signer))
    for row in stream(connection, _raw(batch, log).order_by(batch.c.number)):
        sealed = _as_batch(row)
        check.follow(sealed, _read_batch(connection, log, sealed) if sealed.is_well_formed() else [])
        if sealed.is_well_formed():
            see(sealed)
    count = select(func.count()).select_from(event).where(event.c.log == log)
    return check.report(connection.execute(count).scalar_one())


def _as_batch(row: Row[Any]) -> Batch:
    return Batch(*(getattr(row, field) for field in _BATCH_FIELDS))


def _read_batch(connection: Connection, log: str, sealed: Batch) -> list[tuple[int, list[object]]]:
    """Which ids and fields have the events of this batch?"""
    inside = (event.c.id >= sealed.first_id) & (event.c.id < sealed.first_id + sealed.event_count)
    rows = connection.execute(_raw(event, log).where(inside).order_by(event.c.id))
    return [(row.id, [getattr(row, field) for field in _FIELDS]) for row in rows]
