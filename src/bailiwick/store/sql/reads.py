"""Questions about heads, objects and the past, each on a connection that sees one moment.

Nothing here writes. What streams keeps at most a batch in memory.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, literal, select, tuple_

from bailiwick.errors import NotFound
from bailiwick.store.canonical import parse_document, parse_instant
from bailiwick.store.chain import empty_head, parse_body
from bailiwick.store.ports import ChangeRow, Head, StoredObject
from bailiwick.store.sql.append import KEYS_IN_QUERY, batched
from bailiwick.store.sql.clock import next_mark
from bailiwick.store.sql.database import stream
from bailiwick.store.sql.schema import body, change, head, object_

_ROWS = select(change)
_IN_ORDER = (change.c.revision, change.c.seq)
_BY_OBJECT = (change.c.kind, change.c.uid, *_IN_ORDER)


def list_logs(connection: Connection) -> tuple[str, ...]:
    """Which logs are there, by code point?"""
    return tuple(connection.scalars(select(head.c.log).order_by(head.c.log)))


def read_heads(connection: Connection, logs: Sequence[str]) -> dict[str, Head]:
    """Where do those of these logs that exist stand?"""
    found: dict[str, Head] = {}
    for batch in batched(logs, KEYS_IN_QUERY):
        columns = select(head.c.log, head.c.revision, head.c.hash).where(head.c.log.in_(batch))
        for row in connection.execute(columns):
            found[row.log] = Head(row.log, row.revision, row.hash.hex())
    return found


def read_moved(connection: Connection, mark: int) -> tuple[int, tuple[Head, ...]]:
    """Which heads moved since this mark, and which is the next one?"""
    # INVARIANT: the mark is made before the heads are read; what moves in between is told now and once more.
    following = int(connection.execute(select(next_mark())).scalar_one())
    # WHY the earlier of both: a clock that is set back gives earlier moments than the mark to what moves then.
    since = head.c.moved_at >= min(mark, following)
    columns = select(head.c.log, head.c.revision, head.c.hash).where(since)
    moved = tuple(Head(row.log, row.revision, row.hash.hex()) for row in connection.execute(columns))
    return following, moved


def read_head(connection: Connection, log: str) -> Head:
    """Where does this log stand? Raises NotFound."""
    found = read_heads(connection, [log])
    if log not in found:
        raise NotFound(f"there is no log `{log}`")
    return found[log]


def read_head_at(connection: Connection, log: str, revision: int) -> Head:
    """Which hash did the chain have at this revision? Raises NotFound beyond the head."""
    check_revision(read_head(connection, log), revision)
    if revision == 0:
        return empty_head(log)
    where = (change.c.log == log) & (change.c.revision == revision)
    last = select(change.c.hash).where(where).order_by(change.c.seq.desc()).limit(1)
    found = connection.execute(last).scalar_one_or_none()
    if found is None:
        raise NotFound(f"`{log}` has lost revision `{revision}`", "run `bailiwick log verify`")
    return Head(log, revision, found.hex())


def check_revision(now: Head, revision: int) -> None:
    """Has this log been at this revision?"""
    if not 0 <= revision <= now.revision:
        raise NotFound(
            f"`{now.log}` has no revision `{revision}`", f"expected a revision from 0 to {now.revision}"
        )


def stream_objects(connection: Connection, log: str) -> Iterator[StoredObject]:
    """What is the state now? By kind and uid."""
    order = (object_.c.kind, object_.c.uid)
    with stream(connection, select(object_).where(object_.c.log == log).order_by(*order)) as rows:
        for row in rows:
            yield _object(row)


def find_object(connection: Connection, log: str, where: ColumnElement[bool]) -> StoredObject | None:
    """Which object matches?"""
    row = connection.execute(select(object_).where((object_.c.log == log) & where)).one_or_none()
    return None if row is None else _object(row)


def _object(row: Row[Any]) -> StoredObject:
    """Which object is in this row?"""
    return StoredObject(row.kind, row.uid, row.name, parse_document(row.body), row.revision)


def count_changes(connection: Connection, log: str) -> int:
    """How many changes does this log hold?"""
    read_head(connection, log)
    count = select(func.count()).select_from(change).where(change.c.log == log)
    return connection.execute(count).scalar_one()


def read_changes(connection: Connection, log: str, after_revision: int, limit: int) -> tuple[ChangeRow, ...]:
    """Which changes follow this revision?

    INVARIANT: a revision is never cut, whatever the limit; else a follower would apply half a transaction.
    """
    read_head(connection, log)
    beyond = _ROWS.where((change.c.log == log) & (change.c.revision > after_revision)).order_by(*_IN_ORDER)
    rows = connection.execute(beyond.limit(limit + 1)).all()
    if len(rows) <= limit:
        return _with_bodies(connection, rows)
    whole = [row for row in rows if row.revision != rows[-1].revision]
    if not whole:
        first = _ROWS.where((change.c.log == log) & (change.c.revision == rows[0].revision))
        return _with_bodies(connection, connection.execute(first.order_by(change.c.seq)))
    return _with_bodies(connection, whole)


def read_history(
    connection: Connection, log: str, limit: int, before: tuple[int, int] | None, where: dict[str, str | None]
) -> tuple[ChangeRow, ...]:
    """Which changes match, newest first?"""
    read_head(connection, log)
    query = _ROWS.where(change.c.log == log)
    for column, value in where.items():
        if value is not None:
            query = query.where(change.c[column] == value)
    if before is not None:
        query = query.where(tuple_(*_IN_ORDER) < tuple_(*map(literal, before)))
    newest = query.order_by(change.c.revision.desc(), change.c.seq.desc()).limit(limit)
    return _with_bodies(connection, connection.execute(newest))


def _with_bodies(connection: Connection, rows: Iterable[Row[Any]]) -> tuple[ChangeRow, ...]:
    """Which logged changes are these?

    WHY no join: a database that has no statistics of a new log yet compares each row with every body.
    """
    found: list[ChangeRow] = []
    for batch in batched(rows, KEYS_IN_QUERY):
        texts = _read_bodies(connection, batch)
        found += (_to_change_row(row, texts.get(row.digest)) for row in batch)
    return tuple(found)


def _to_change_row(row: Row[Any], text: str | None) -> ChangeRow:
    """Which logged change is this, with this body or none?"""
    name, document = ("", None) if text is None else parse_body(text)
    return ChangeRow(
        log=row.log,
        revision=row.revision,
        seq=row.seq,
        at=parse_instant(row.at),
        actor_uid=row.actor_uid,
        via=row.via,
        kind=row.kind,
        uid=row.uid,
        op=row.op,
        digest=row.digest.hex(),
        prev_hash=row.prev_hash.hex(),
        hash=row.hash.hex(),
        name=name,
        document=document,
        erased=text is None,
    )


def stream_state_at(connection: Connection, log: str, revision: int) -> Iterator[StoredObject]:
    """What was the state right after this revision? By kind and uid."""
    return _state_where(connection, (change.c.log == log) & (change.c.revision <= revision))


def find_state_at(
    connection: Connection, log: str, revision: int, key: tuple[str, str]
) -> StoredObject | None:
    """What was this object right after this revision?"""
    of_object = (change.c.kind == key[0]) & (change.c.uid == key[1])
    where = (change.c.log == log) & (change.c.revision <= revision) & of_object
    return next(_state_where(connection, where), None)


def _state_where(connection: Connection, where: ColumnElement[bool]) -> Iterator[StoredObject]:
    """Which objects do these rows leave? Only the last row of each needs its body."""
    columns = select(
        change.c.log, change.c.kind, change.c.uid, change.c.revision, change.c.op, change.c.digest
    )
    of_objects = columns.where(where & (change.c.op != "erase")).order_by(*_BY_OBJECT)
    with stream(connection, of_objects) as rows:
        lasts = (list(group)[-1] for _, group in groupby(rows, key=lambda row: (row.kind, row.uid)))
        for batch in batched((row for row in lasts if row.op != "delete"), KEYS_IN_QUERY):
            texts = _read_bodies(connection, batch)
            for row in batch:
                yield _past_object(row, texts.get(row.digest))


def _read_bodies(connection: Connection, rows: Sequence[Row[Any]]) -> dict[bytes, str]:
    """Which bodies of these rows are there?"""
    digests = [row.digest for row in rows]
    query = select(body.c.digest, body.c.document).where(
        body.c.log == rows[0].log, body.c.digest.in_(digests)
    )
    return {row.digest: row.document for row in connection.execute(query)}


def _past_object(row: Row[Any], text: str | None) -> StoredObject:
    """Which past state is this? One whose body was erased says so."""
    if text is None:
        return StoredObject(row.kind, row.uid, "", {}, row.revision, erased=True)
    name, document = parse_body(text)
    return StoredObject(row.kind, row.uid, name, document or {}, row.revision)
