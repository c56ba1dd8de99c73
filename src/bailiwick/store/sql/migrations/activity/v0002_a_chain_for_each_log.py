"""The log comes first in every table of the activity, and each log has a chain and a signed head of its own.

Not for a store in use. Events are numbered anew: in each log in their order, on the way back by their instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from alembic import op
from sqlalchemy import (
    Connection,
    Index,
    MetaData,
    Table,
    TableClause,
    column,
    func,
    insert,
    inspect,
    select,
    table,
)

from bailiwick.errors import Unavailable
from bailiwick.store.canonical import parse_document
from bailiwick.store.ports import Signer
from bailiwick.store.sql.migrations import chains
from bailiwick.store.sql.migrations.activity.v0001_as_0_4_wrote_it import settings_of, tables_of
from bailiwick.store.sql.migrations.columns import bytes_column, integer_column, text_column
from bailiwick.store.sql.migrations.placing import Places, log_of_note, uid_in
from bailiwick.store.sql.migrations.rows import AT_ONCE, SYSTEM_LOG, Row, put
from bailiwick.store.sql.migrations.running import tools

revision = "0002"
down_revision = "0001"
expands = False

_COLUMNS = {
    "batch": ("number", "first_id", "event_count", "last_at", "prev_hash", "hash"),
    "event": ("id", *chains.FIELDS),
    "activity_head": (*chains.HEAD_FIELDS, "signature"),
    "credential_use": ("credential_uid", "last_used_at"),
    "note": ("name", "document", "until"),
}
_INDEXES = (
    ("event_by_principal", "event"),
    ("event_by_credential", "event"),
    ("event_by_kind", "event"),
    ("note_by_until", "note"),
)


def upgrade() -> None:
    """From one chain for all logs."""
    connection, places = op.get_bind(), tools().places
    op.drop_table(settings_of(connection))
    _set_aside(connection)
    new = _tables_by_log()
    new.create_all(connection, checkfirst=False)
    if connection.execute(select(_old("activity_head"))).first() is not None:
        if places is None:
            raise Unavailable("the activity's logs are not known", "migrate the whole store")
        signer = _signer()
        _check(connection, None, signer)
        events = _old("event")
        found = connection.scalars(select(events.c.log).distinct())
        for log in sorted({SYSTEM_LOG, *places.logs, *(one for one in found if one)}):
            texts = ("", log) if log == SYSTEM_LOG else (log,)
            ordered = select(events).where(events.c.log.in_(texts)).order_by(events.c.id)
            _chain(connection, new, log, _stream(connection, ordered), signer)
        _place(connection, new, places)
    _drop_aside()


def downgrade() -> None:
    """To one chain for all logs, as 0.4 reads it."""
    connection = op.get_bind()
    _set_aside(connection)
    new = tables_of(connection)
    new.create_all(connection, checkfirst=False)
    heads, events = _old("activity_head", "log"), _old("event")
    logs = list(connection.scalars(select(heads.c.log).order_by(heads.c.log)))
    if logs:
        signer = _signer()
        for log in logs:
            _check(connection, log, signer)
        ordered = select(events).order_by(events.c.at, events.c.log, events.c.id)
        _chain(connection, new, None, _stream(connection, ordered), signer)
    _join(connection, new.tables["credential_use"], "last_used_at")
    _join(connection, new.tables["note"], "until")
    _drop_aside()
    settings = new.tables[settings_of(connection)]
    connection.execute(insert(settings).values(name="schema_version", value="1"))


def _signer() -> Signer:
    signer = tools().signer
    if signer is None:
        raise Unavailable("the activity cannot be signed anew", "migrate with the store's master key")
    return signer


def _set_aside(connection: Connection) -> None:
    """Let the tables be read under other names, so that theirs, and those of their indexes and keys, are free."""
    for index, name in _INDEXES:
        op.drop_index(index, name)
    for name in _COLUMNS:
        op.rename_table(name, f"old_{name}")
        if connection.dialect.name != "sqlite":
            key = inspect(connection).get_pk_constraint(f"old_{name}")["name"]
            connection.exec_driver_sql(f'ALTER INDEX "{key}" RENAME TO "old_{name}_key"')


def _old(name: str, *more: str) -> TableClause:
    """What is read of the table that had this name?"""
    return table(f"old_{name}", *map(column, (*more, *_COLUMNS[name])))


def _drop_aside() -> None:
    for name in _COLUMNS:
        op.drop_table(f"old_{name}")


def _stream(connection: Connection, query: Any) -> Iterator[Row]:
    rows = connection.execute(query, execution_options={"yield_per": AT_ONCE}).mappings()
    return (dict(row) for row in rows)


def _check(connection: Connection, log: str | None, signer: Signer) -> None:
    """Is this chain as it was written? Raises Unavailable."""
    more = () if log is None else ("log",)
    heads, batches, events = _old("activity_head", *more), _old("batch", *more), _old("event")
    of_head, of_batch, of_event = select(heads), select(batches), select(events)
    count = select(func.count()).select_from(events)
    if log is not None:
        of_head, of_batch = of_head.where(heads.c.log == log), of_batch.where(batches.c.log == log)
        of_event, count = of_event.where(events.c.log == log), count.where(events.c.log == log)

    def followed() -> Iterator[tuple[Row, Sequence[Row]]]:
        for one in _stream(connection, of_batch.order_by(batches.c.number)):
            first, end = one["first_id"], one["first_id"] + one["event_count"]
            inside = of_event.where(events.c.id >= first, events.c.id < end).order_by(events.c.id)
            yield one, [dict(row) for row in connection.execute(inside).mappings()]

    row = connection.execute(of_head).mappings().one_or_none()
    head = None if row is None else dict(row)
    chains.check(log, head, followed(), connection.execute(count).scalar_one(), signer)


def _chain(
    connection: Connection, new: MetaData, log: str | None, events: Iterable[Row], signer: Signer
) -> None:
    """Write these events as the chain of this log (None: of all)."""
    key = {} if log is None else {"log": log}

    def put(one: Mapping[str, Any], some: Sequence[Mapping[str, Any]]) -> None:
        connection.execute(insert(new.tables["event"]), list(some))
        connection.execute(insert(new.tables["batch"]).values(**key, **one))

    head = chains.chain(log, ({**row, **key} for row in events), signer, put)
    first = {"id": 1} if log is None else key
    connection.execute(insert(new.tables["activity_head"]).values(**first, **head))


def _place(connection: Connection, new: MetaData, places: Places) -> None:
    """Bring notes, and the last uses of credentials, to their logs."""
    uses, notes = _all(connection, _old("credential_use")), _all(connection, _old("note"))
    uids = places.find({*(row["credential_uid"] for row in uses), *(uid_in(row["name"]) for row in notes)})
    tags = places.by_tag()
    placed_uses = [{**row, "log": uids.get(row["credential_uid"], SYSTEM_LOG)} for row in uses]
    placed_notes = [
        {**row, "log": log_of_note(row["name"], parse_document(row["document"]), tags, uids)} for row in notes
    ]
    put(connection, new.tables["credential_use"], placed_uses)
    put(connection, new.tables["note"], placed_notes)


def _join(connection: Connection, into: Table, newest_by: str) -> None:
    """Bring what several logs hold together; of two of one name the newer one stays."""
    old = _old(into.name)
    rows = sorted(_all(connection, old), key=lambda row: str(row[newest_by]))
    (key,) = (one.name for one in into.primary_key.columns)
    put(connection, into, list({row[key]: row for row in rows}.values()))


def _all(connection: Connection, old: TableClause) -> list[Row]:
    return [dict(row) for row in connection.execute(select(old)).mappings()]


def _tables_by_log() -> MetaData:
    """Which tables are there after this revision?"""
    tables = MetaData()
    _add_chain(tables)
    Table(
        "credential_use",
        tables,
        text_column("log", key=True),
        text_column("credential_uid", key=True),
        text_column("last_used_at"),
        sqlite_with_rowid=False,
    )
    Table(
        "note",
        tables,
        text_column("log", key=True),
        text_column("name", key=True),
        text_column("document"),
        text_column("until"),
        Index("note_by_until", "log", "until"),
    )
    return tables


def _add_chain(tables: MetaData) -> None:
    Table(
        "batch",
        tables,
        text_column("log", key=True),
        integer_column("number", key=True),
        *map(integer_column, ("first_id", "event_count")),
        text_column("last_at"),
        *map(bytes_column, ("prev_hash", "hash")),
    )
    Table(
        "event",
        tables,
        text_column("log", key=True),
        integer_column("id", key=True),
        *map(text_column, ("at", "kind", "outcome", "principal_uid", "credential_uid", "detail")),
        Index("event_by_principal", "log", "principal_uid", "id"),
        Index("event_by_credential", "log", "credential_uid", "id"),
        Index("event_by_kind", "log", "kind", "id"),
        sqlite_with_rowid=False,
    )
    Table(
        "activity_head",
        tables,
        text_column("log", key=True),
        integer_column("number"),
        bytes_column("hash"),
        *map(integer_column, ("last_event_id", "pruned_number")),
        *map(bytes_column, ("pruned_hash", "signature")),
    )
