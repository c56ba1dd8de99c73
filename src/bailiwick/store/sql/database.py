"""A database through SQLAlchemy: what the stores ask of it, whichever engine it is, and how its failures are named.

`sqlite` and `postgresql` hold what each engine needs.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Select
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bailiwick.errors import Unavailable
from bailiwick.store.sql.admission import Admission

BUSY_SECONDS = 30
STREAM_ROWS = 1_000
CONTENDED = ("40001", "40P01")
"""Serialization failure and deadlock: nothing was done, and the same may succeed now."""
LOCKED_TOO_LONG = "55P03"
_POOLED = "what a connection had prepared was gone, or another's: a pooler in between must pool by session"
_SHOWN_STATES = {
    "53100": "the database's disk is full; make room there",
    "53300": "the database has no connection left; raise its limit, or start fewer nodes",
    "57014": "the database did not answer in time; look at its load",
    LOCKED_TOO_LONG: "another change held the same rows for too long; try again",
    "25006": "the database is a standby that takes no changes; name the primary, or promote this one",
    "28P01": "the database refuses the password; see PGPASSWORD or PGPASSFILE",
    "3D000": "there is no such database; create it first (`createdb`)",
    "42501": "the database's role lacks a right; see docs/deploy.md",
    "42P05": _POOLED,
    "26000": _POOLED,
}


class Contended(Unavailable):
    """Nothing was done, because others were doing the like at the same moment: trying again may succeed."""


class LockedTooLong(Unavailable):
    """Nothing was done, because others held for too long what it needs."""


class OutcomeUnknown(Unavailable):
    """The connection ended while a commit was under way: it may have been carried out, or not."""

    def __init__(self) -> None:
        super().__init__(
            "the outcome of the change is unknown: the store was lost while it was being committed",
            "look whether it is there, or send it again with the same idempotency key",
        )


class Database(ABC):
    """Connections to one database. Any number of readers; what writes is each engine's own."""

    locks_rows: bool
    """Do several transactions write at once, so that rows must be locked?"""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.admission: Admission | None = None
        """What is asked at the start of every transaction; None: nothing, for who makes and changes tables."""

    def admitted(self, connection: Connection) -> None:
        """May this program use the tables, in this transaction that has just begun? Raises AnotherSchema."""
        if self.admission is not None:
            self.admission.check(connection)

    def require_own(self, connection: Connection, deed: str) -> None:
        """Are the tables exactly this program's, as this deed needs? Raises AnotherSchema."""
        if self.admission is not None:
            self.admission.require_own(connection, deed)

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """Which connection sees the database at one moment?"""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """Which connection may write, and commits when the block ends well?

        Raises Contended, OutcomeUnknown, Unavailable.
        """

    @contextmanager
    def examining(self) -> Iterator[Connection]:
        """Which connection sees the database at one moment, even text that is no text?

        WHY: else one invalid byte in a file makes the driver fail where verification should report it.
        """
        with self.reading() as connection, examined(connection):
            yield connection

    @abstractmethod
    def forget_overwritten(self) -> None:
        """Remove what is still kept of overwritten rows, as far as this is the program's to do."""

    def close(self) -> None:
        """Let go of it."""
        self.engine.dispose()


def stream(connection: Connection, query: Select[Any]) -> CursorResult[Any]:
    """Which rows come, of which only a batch is in memory at any time?"""
    return connection.execute(query, execution_options={"yield_per": STREAM_ROWS})


@contextmanager
def examined(connection: Connection) -> Iterator[None]:
    """For how long does this connection give even text that is no text? (PostgreSQL holds none.)"""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = raw(connection)
    driver.text_factory = _decode
    try:
        yield
    finally:
        driver.text_factory = str


def _decode(data: bytes) -> str:
    """Which text is this, with a mark for each byte that is none?"""
    return data.decode("utf-8", "surrogateescape")


def raw(connection: Connection) -> Any:
    """Which driver connection is behind this one?"""
    return connection.connection.driver_connection


@contextmanager
def failures_named() -> Iterator[None]:
    """Which error of Bailiwick stands for the driver's?

    SECURITY: the driver's text stays in the chain of causes; it may hold values.
    """
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(
            "all connections to the store are in use", "try again; more nodes or a larger pool serve more"
        ) from error
    except DBAPIError as error:
        raise _named(error) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise Unavailable("the store failed", "run `bailiwick store verify`") from error


def state_of(error: BaseException) -> str | None:
    """Which SQLSTATE did the database give? None: it gave none, or the connection is gone."""
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return state if isinstance(state, str) else None


def _named(error: DBAPIError) -> Unavailable:
    """Which error stands for this one?"""
    state = state_of(error)
    if state in CONTENDED:
        return Contended("others were changing the same at the same moment", "try again")
    if state in _SHOWN_STATES:
        kind = LockedTooLong if state == LOCKED_TOO_LONG else Unavailable
        return kind("the store cannot be read or written now", _SHOWN_STATES[state])
    if isinstance(error, OperationalError) or error.connection_invalidated:
        return Unavailable("the store cannot be read or written now", _advice(error))
    return Unavailable("the store failed", "run `bailiwick store verify`")


def _advice(error: DBAPIError) -> str:
    """What helps against this failure?"""
    if not isinstance(error.orig, sqlite3.Error):
        return "check that the database runs, can be reached from here, and lets this role in"
    text = str(error.orig)
    if "locked" in text or "busy" in text:
        return f"another process has been writing for {BUSY_SECONDS} seconds; try again"
    if "full" in text:
        return "the disk is full; make room"
    return "check the data directory's disk and permissions"
