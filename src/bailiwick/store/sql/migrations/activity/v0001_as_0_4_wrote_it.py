"""The activity's tables as Bailiwick 0.3 and 0.4 wrote them: schema version 1."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Connection, Index, Integer, MetaData, Table

from bailiwick.errors import Conflict
from bailiwick.store.sql.migrations.columns import bytes_column, integer_column, text_column

revision = "0001"
down_revision = None
expands = False


def upgrade() -> None:
    """Make the tables."""
    connection = op.get_bind()
    tables_of(connection).create_all(connection, checkfirst=False)


def downgrade() -> None:
    """There is nothing before."""
    raise Conflict("there is no schema before revision `0001`", "remove the store instead")


def settings_of(connection: Connection) -> str:
    """What is the table of settings called? (On PostgreSQL the logs' table `setting` lies in the same database.)"""
    return "setting" if connection.dialect.name == "sqlite" else "activity_setting"


def tables_of(connection: Connection) -> MetaData:
    """Which tables are these?"""
    tables = MetaData()
    _add_chain(tables)
    Table(
        "credential_use",
        tables,
        text_column("credential_uid", key=True),
        text_column("last_used_at"),
    )
    Table(
        "note",
        tables,
        text_column("name", key=True),
        text_column("document"),
        text_column("until"),
        Index("note_by_until", "until"),
    )
    Table(settings_of(connection), tables, text_column("name", key=True), text_column("value"))
    return tables


def _add_chain(tables: MetaData) -> None:
    """Add the events and their batches."""
    Table(
        "batch",
        tables,
        integer_column("number", key=True),
        *map(integer_column, ("first_id", "event_count")),
        text_column("last_at"),
        *map(bytes_column, ("prev_hash", "hash")),
    )
    Table(
        "event",
        tables,
        Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
        *map(text_column, ("at", "log", "kind", "outcome", "principal_uid", "credential_uid", "detail")),
        Index("event_by_principal", "principal_uid", "id"),
        Index("event_by_credential", "credential_uid", "id"),
        Index("event_by_kind", "kind", "id"),
        Index("event_by_log", "log", "id"),
    )
    Table(
        "activity_head",
        tables,
        integer_column("id", key=True),
        integer_column("number"),
        bytes_column("hash"),
        *map(integer_column, ("last_event_id", "pruned_number")),
        *map(bytes_column, ("pruned_hash", "signature")),
    )
