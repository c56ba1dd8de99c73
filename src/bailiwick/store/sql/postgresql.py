"""A PostgreSQL database: how it is reached, read and written, and how it is noticed that it is gone.

Reads are REPEATABLE READ; writes READ COMMITTED, and lock the heads of logs before they read anything, so that what
they judge is what they write on. No statement and no transaction lasts longer than is said here, and a commit whose
answer does not come is neither believed nor forgotten: `OutcomeUnknown`.
Implements docs/spec.md, section "Stores".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, RootTransaction, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from bailiwick.errors import Invalid
from bailiwick.store.sql.clock import LONGEST_TRANSACTION_SECONDS
from bailiwick.store.sql.cutting import Cutter
from bailiwick.store.sql.database import Database, OutcomeUnknown, failures_named, raw, state_of

POOL_SIZE = 8
MOST_CONNECTIONS = 24
WAIT_SECONDS = 5
CONNECT_SECONDS = 5
STATEMENT_SECONDS = 20
LOCK_SECONDS = 10
COMMIT_SECONDS = 10
SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_DRIVER = "postgresql+psycopg"
_SETTINGS = {
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{LONGEST_TRANSACTION_SECONDS}s",
}
CONNECTING: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "bailiwick",
    # WHY: a cut network says nothing; what was sent and is not acknowledged for so long is lost.
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8_000,
}
# What the server says when it ends a connection: a commit under way may be there, or not.
_ENDED = ("57P01", "57P02", "57P03", "40003")
# A wait for the standby that was cancelled: the commit is here, and nobody knows whether it is there.
_NOT_CONFIRMED = "01000"


class PostgresDatabase(Database):
    """A database with a bounded number of connections. Any number of readers and writers."""

    locks_rows = True

    def __init__(self, engine: Engine, *, is_patient: bool = False) -> None:
        super().__init__(engine)
        self._is_patient = is_patient
        self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._cutter = Cutter()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Which connection sees the database at one moment?"""
        with failures_named(), self._reader.connect() as connection, connection.begin():
            self.admitted(connection)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Which connection may write, and commits when the block ends well?

        INVARIANT: the transaction ends within its longest time, or its connection is cut: the feed relies on it.
        """
        with failures_named(), self.engine.connect() as connection:
            with self._bounded(LONGEST_TRANSACTION_SECONDS - COMMIT_SECONDS, connection):
                transaction = connection.begin()
                try:
                    self.admitted(connection)
                    yield connection
                except BaseException:
                    _roll_back(transaction)
                    raise
            with self._bounded(COMMIT_SECONDS, connection):
                _commit(connection, transaction)

    def _bounded(self, seconds: float, connection: Connection) -> AbstractContextManager[None]:
        return nullcontext() if self._is_patient else self._cutter.after(seconds, raw(connection))

    def forget_overwritten(self) -> None:
        """Nothing: the server's own vacuum removes it, in its time (docs/deploy.md)."""

    def close(self) -> None:
        """Let go of the connections."""
        super().close()
        self._cutter.close()


def _roll_back(transaction: RootTransaction) -> None:
    """Give up what was begun. WHY quietly: on a lost connection nothing was done either."""
    with suppress(DBAPIError):
        transaction.rollback()


def _commit(connection: Connection, transaction: RootTransaction) -> None:
    """Commit, and believe only an answer that is one. Raises OutcomeUnknown."""
    warned: list[str] = []
    driver: psycopg.Connection[Any] = raw(connection)

    def notice(said: psycopg.errors.Diagnostic) -> None:
        if said.sqlstate == _NOT_CONFIRMED:
            warned.append(said.sqlstate)

    driver.add_notice_handler(notice)
    try:
        transaction.commit()
    except DBAPIError as error:
        state = state_of(error)
        if state is None or state in _ENDED or state.startswith("08"):
            raise OutcomeUnknown from error
        raise
    finally:
        driver.remove_notice_handler(notice)
    if warned:
        raise OutcomeUnknown


def open_postgres(url: URL, *, is_patient: bool = False) -> PostgresDatabase:
    """Which database is at this address? Nothing is connected yet.

    `is_patient`: nothing is cut off for the time that it takes, for who uses the database alone.
    """
    engine = create_engine(
        url.set(drivername=_DRIVER),
        pool_size=POOL_SIZE,
        max_overflow=MOST_CONNECTIONS - POOL_SIZE,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args=CONNECTING,
    )
    if not is_patient:
        event.listen(engine, "connect", _prepare)
    return PostgresDatabase(engine, is_patient=is_patient)


def _prepare(driver: psycopg.Connection[Any], _record: object) -> None:
    """Bound what a new connection may take."""
    for name, value in _SETTINGS.items():
        driver.execute(f"SET {name} = '{value}'")
    driver.commit()


def parse_url(text: str) -> URL:
    """Which database does this address name? Raises Invalid.

    SECURITY: the text is not repeated, it may hold a password.
    """
    try:
        url = make_url(text)
    except Exception:
        raise Invalid.at("store", "the address of the store cannot be read", _FORM) from None
    if url.drivername not in SCHEMES or not url.database:
        raise Invalid.at("store", "the address of the store names no PostgreSQL database", _FORM)
    # SECURITY: what a URL says behind its question mark is shown with it.
    hidden = sorted(_SECRET_OPTIONS & set(url.query))
    if hidden:
        raise Invalid.at(
            "store",
            f"the address of the store holds `{hidden[0]}` as an option",
            "use PGPASSWORD or PGPASSFILE",
        )
    return url


_SECRET_OPTIONS = {"password", "sslpassword", "passfile"}
_FORM = "write postgresql://USER@HOST[:PORT]/DATABASE, or name a data directory by --data"
