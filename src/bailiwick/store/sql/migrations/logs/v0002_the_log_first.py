"""Every table of the logs' begins with the log; objects are found from outside; heads say when they moved.

Not for a store in use: an older program does not find its settings any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    MetaData,
    Table,
    column,
    select,
    table,
    text,
)

from bailiwick.errors import Unavailable
from bailiwick.store.canonical import parse_document
from bailiwick.store.sql.migrations.columns import EXACT, bytes_column, integer_column, text_column
from bailiwick.store.sql.migrations.rows import AT_ONCE, SYSTEM_LOG, Row, put
from bailiwick.store.sql.migrations.running import tools

revision = "0002"
down_revision = "0001"
expands = False

_Purpose = Callable[[Mapping[str, Any]], tuple[str, ...]]
_ANSWER = ("principal_uid", "idempotency_key", "request_digest", "status", "key_id", "ciphertext", "at")


def upgrade() -> None:
    """From what 0.4 wrote."""
    connection = op.get_bind()
    op.add_column("head", Column("moved_at", BigInteger, nullable=False, server_default=text("0")))
    op.create_index("head_by_moved_at", "head", ["moved_at"])
    _fill_locators(connection, _create_locator(connection))
    answers = _take(connection, "idempotency", _ANSWER)
    settings = _take(connection, "setting", ("name", "value"))
    tables = _tables(keyed_by_log=True)
    tables.create_all(connection, checkfirst=False)
    moved = [{**row, "log": log} for row in answers for log in _logs_of(connection, row)]
    put(connection, tables.tables["idempotency"], _sealed(moved, _old_purpose, _new_purpose))
    named = [{**row, "log": SYSTEM_LOG} for row in settings]
    put(connection, tables.tables["setting"], _with_version(named, "2"))


def downgrade() -> None:
    """To what 0.4 reads. Of two answers under one key of one principal, on two logs, the newer one stays."""
    connection = op.get_bind()
    settings = _take(connection, "setting", ("log", "name", "value"))
    answers = _take(connection, "idempotency", ("log", *_ANSWER))
    op.drop_table("locator")
    op.drop_index("head_by_moved_at", "head")
    op.drop_column("head", "moved_at")
    tables = _tables(keyed_by_log=False)
    tables.create_all(connection, checkfirst=False)
    newest = {(row["principal_uid"], row["idempotency_key"]): row for row in sorted(answers, key=_at)}
    kept = _sealed(list(newest.values()), _new_purpose, _old_purpose)
    put(connection, tables.tables["idempotency"], ({name: row[name] for name in _ANSWER} for row in kept))
    own = [{"name": row["name"], "value": row["value"]} for row in settings if row["log"] == SYSTEM_LOG]
    put(connection, tables.tables["setting"], _with_version(own, "1"))


def _tables(*, keyed_by_log: bool) -> MetaData:
    """Which tables are the answers and settings kept in, after or before this revision?"""
    tables = MetaData()
    logs = Table("head", MetaData(), text_column("log", key=True))
    of_log = Column("log", EXACT, ForeignKey(logs.c.log), primary_key=True, nullable=False)
    Table(
        "idempotency",
        tables,
        *([of_log] if keyed_by_log else []),
        text_column("principal_uid", key=True),
        text_column("idempotency_key", key=True),
        text_column("request_digest"),
        integer_column("status"),
        text_column("key_id"),
        bytes_column("ciphertext"),
        text_column("at"),
        Index("idempotency_by_at", *(("log", "at") if keyed_by_log else ("at",))),
    )
    key = [text_column("log", key=True)] if keyed_by_log else []
    Table("setting", tables, *key, text_column("name", key=True), text_column("value"))
    return tables


def _create_locator(connection: Connection) -> Table:
    logs = Table("head", MetaData(), text_column("log", key=True))
    locator = Table(
        "locator",
        MetaData(),
        Column("log", EXACT, ForeignKey(logs.c.log), primary_key=True, nullable=False),
        *(text_column(name, key=True) for name in ("kind", "uid", "value")),
        Index("locator_by_value", "kind", "value", "log"),
    )
    locator.create(connection)
    return locator


def _fill_locators(connection: Connection, locator: Table) -> None:
    """Let what is there be found."""
    locate = tools().locate
    if locate is None:
        return
    rows: list[Row] = []
    objects = table("object", *map(column, ("log", "kind", "uid", "body")))
    for row in connection.execute(select(objects), execution_options={"yield_per": AT_ONCE}):
        values = sorted(set(locate(row.kind, row.uid, parse_document(row.body))))
        rows.extend({"log": row.log, "kind": row.kind, "uid": row.uid, "value": value} for value in values)
    put(connection, locator, rows)


def _take(connection: Connection, name: str, columns: Sequence[str]) -> list[Row]:
    """Which rows had this table, which goes? Those of a day, or a few."""
    rows = connection.execute(select(table(name, *map(column, columns)))).mappings().all()
    op.drop_table(name)
    return [dict(row) for row in rows]


def _with_version(settings: Iterable[Row], version: str) -> list[Row]:
    """What 0.4 reads of the schema, so that it refuses what it does not know."""
    return [{**row, "value": version} if row["name"] == "schema_version" else row for row in settings]


def _logs_of(connection: Connection, answer: Mapping[str, Any]) -> list[str]:
    """To which log's change was this answered? It was kept in the very transaction, so at the same instant."""
    changes = table("change", *map(column, ("log", "at", "actor_uid")))
    then = select(changes.c.log).distinct().where(changes.c.at == answer["at"])
    logs = connection.scalars(then.where(changes.c.actor_uid == answer["principal_uid"])).all()
    return list(logs or connection.scalars(then))


def _sealed(rows: Sequence[Row], old: _Purpose, new: _Purpose) -> list[Row]:
    """What are these answers, each bound to its new row by its ciphertext?"""
    vault = tools().vault
    if rows and vault is None:
        raise Unavailable("kept answers cannot be read", "migrate with the store's master key")
    return [
        {**row, "ciphertext": vault.seal(key, new(row), vault.open(key, old(row), row["ciphertext"]))}
        for row in rows
        if vault is not None
        for key in (row["key_id"],)
    ]


def _old_purpose(row: Mapping[str, Any]) -> tuple[str, ...]:
    return ("answer", row["principal_uid"], row["idempotency_key"])


def _new_purpose(row: Mapping[str, Any]) -> tuple[str, ...]:
    return ("answer", row["log"], row["principal_uid"], row["idempotency_key"])


def _at(row: Mapping[str, Any]) -> str:
    return str(row["at"])
