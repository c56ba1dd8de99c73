"""The logs' tables as Bailiwick 0.1 to 0.4 wrote them: schema version 1."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, text

from bailiwick.errors import Conflict
from bailiwick.store.sql.migrations.columns import EXACT, bytes_column, integer_column, text_column

revision = "0001"
down_revision = None
expands = False

_PLAN_STATISTICS = (
    ("change", "change", "1000000 100000 2 1"),
    ("change", "change_by_object", "1000000 100000 20000 4 1 1"),
    ("change", "change_by_actor", "1000000 100000 1000 1 1"),
    ("change", "change_erasures", "1000 1000 100 1"),
)


def upgrade() -> None:
    """Make the tables, and on SQLite fix the planner's statistics."""
    connection = op.get_bind()
    _tables().create_all(connection, checkfirst=False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("ANALYZE sqlite_master")
        for row in _PLAN_STATISTICS:
            connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", row)


def downgrade() -> None:
    """There is nothing before."""
    raise Conflict("there is no schema before revision `0001`", "remove the store instead")


def _log() -> Column[str]:
    """Which column names the log that a row belongs to?"""
    return Column("log", EXACT, ForeignKey("head.log"), primary_key=True, nullable=False)


def _tables() -> MetaData:
    """Which tables are these?"""
    tables = MetaData()
    _add_log_tables(tables)
    _add_state_tables(tables)
    _add_side_tables(tables)
    return tables


def _add_log_tables(tables: MetaData) -> None:
    """Add what the chains are made of."""
    head = (text_column("log", key=True), integer_column("revision"), bytes_column("hash"))
    Table("head", tables, *head, bytes_column("signature"), text_column("at"), sqlite_with_rowid=False)
    change = Table(
        "change",
        tables,
        _log(),
        integer_column("revision", key=True),
        integer_column("seq", key=True),
        *map(text_column, ("at", "actor_uid", "via", "kind", "uid", "op")),
        *map(bytes_column, ("digest", "prev_hash", "hash")),
        Index("change_by_object", "log", "kind", "uid", "revision", "seq"),
        Index("change_by_actor", "log", "actor_uid", "revision", "seq"),
        sqlite_with_rowid=False,
    )
    rare = text("op = 'erase'")
    erasures = (change.c.log, change.c.kind, change.c.uid)
    Index("change_erasures", *erasures, sqlite_where=rare, postgresql_where=rare)
    Table(
        "body",
        tables,
        _log(),
        bytes_column("digest", key=True),
        bytes_column("salt"),
        text_column("document"),
    )


def _add_state_tables(tables: MetaData) -> None:
    """Add what follows from the chains."""
    objects = Table(
        "object",
        tables,
        _log(),
        text_column("kind", key=True),
        text_column("uid", key=True),
        text_column("name"),
        text_column("body"),
        integer_column("revision"),
    )
    named = text("name <> ''")
    by_name = (objects.c.log, objects.c.kind, objects.c.name)
    Index("object_by_name", *by_name, unique=True, sqlite_where=named, postgresql_where=named)


def _add_side_tables(tables: MetaData) -> None:
    """Add what is kept beside the chains."""
    Table(
        "secret",
        tables,
        _log(),
        text_column("name", key=True),
        text_column("purpose"),
        text_column("key_id"),
        bytes_column("ciphertext"),
        integer_column("revision"),
        Index("secret_by_purpose", "log", "purpose", "name"),
    )
    Table(
        "idempotency",
        tables,
        text_column("principal_uid", key=True),
        text_column("idempotency_key", key=True),
        text_column("request_digest"),
        integer_column("status"),
        text_column("key_id"),
        bytes_column("ciphertext"),
        text_column("at"),
        Index("idempotency_by_at", "at"),
    )
    Table("setting", tables, text_column("name", key=True), text_column("value"))
