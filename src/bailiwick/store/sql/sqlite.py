"""One SQLite file: how it is opened, read and written.

Reads see one moment (a deferred transaction on WAL); writes begin IMMEDIATE, because a read that
turns into a write fails at once when another wrote in between, whatever the timeout.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Literal
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from bailiwick.store.sql.database import BUSY_SECONDS, STREAM_ROWS, Database, failures_named, raw

_POOL_SIZE = 8
_WRITES = "bailiwick_writes"
_WAL_BYTES_KEPT = 64 * 1024 * 1024

Durability = Literal["FULL", "NORMAL"]


class SqliteDatabase(Database):
    """A file with its connections. Any number of readers, one writer at a time."""

    locks_rows = False

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._turn = Lock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Which connection sees the file at one moment?"""
        with failures_named(), self.engine.connect() as connection, connection.begin():
            self.admitted(connection)
            yield connection.execution_options(yield_per=STREAM_ROWS)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Which connection may write, alone, and commits when the block ends well?

        WHY: threads take turns on a mutex first; SQLite's own waiting polls and is not fair.
        """
        with failures_named(), self._turn, self.engine.connect() as connection:
            writer = connection.execution_options(**{_WRITES: True})
            with writer.begin():
                self.admitted(writer)
                yield writer

    def forget_overwritten(self) -> None:
        """Remove what the write-ahead log still holds of overwritten pages, unless a reader is at it."""
        with failures_named(), self._turn, self.engine.connect() as connection:
            raw(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")


def open_database(path: Path, durability: Durability) -> SqliteDatabase:
    """Which database is in this existing file?"""
    engine = create_engine(
        "sqlite://",
        creator=_connector(path, durability),
        poolclass=QueuePool,
        pool_size=_POOL_SIZE,
        max_overflow=-1,
    )
    event.listen(engine, "begin", _begin)
    return SqliteDatabase(engine)


def _connector(path: Path, durability: Durability) -> Callable[[], sqlite3.Connection]:
    """How is a connection to this file made?"""
    # SECURITY: mode=rw never creates a file, so a lost file is an error and not an empty store.
    address = f"file:{quote(str(path.absolute()))}?mode=rw"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        for pragma in _pragmas(durability):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    return connect


def _pragmas(durability: Durability) -> tuple[str, ...]:
    """Which settings does each connection need?"""
    return (
        "journal_mode=WAL",
        f"synchronous={durability}",
        "foreign_keys=ON",
        # SECURITY: an erased body must not stay in free pages.
        "secure_delete=ON",
        "trusted_schema=OFF",
        f"journal_size_limit={_WAL_BYTES_KEPT}",
    )


def _begin(connection: Connection) -> None:
    """Begin as the connection's user asked for."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
