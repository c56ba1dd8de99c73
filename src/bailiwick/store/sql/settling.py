"""Writing where others write too: what was contended is tried again, what nobody answered is settled by the chain.

A head's hash is of exactly one transaction, for its rows are salted. So whether a commit whose answer was lost was
carried out can be read from the log, once there is a connection again.
Implements docs/spec.md, section "Stores".
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from sqlalchemy import Connection, select, update

from bailiwick.errors import Unavailable
from bailiwick.store.ports import Head, WriteNumbers
from bailiwick.store.sql.clock import this_move
from bailiwick.store.sql.database import Contended, Database, OutcomeUnknown
from bailiwick.store.sql.schema import change, head

TRIES = 5
SETTLE_SECONDS = 15.0
_PAUSE_SECONDS = 0.02
T = TypeVar("T")


def try_again(work: Callable[[], T], numbers: WriteNumbers | None = None) -> T:
    """What does this work give, done again while others get in its way? Raises Contended after a few times."""
    for tried in range(TRIES - 1):
        try:
            return work()
        except Contended:
            if numbers is not None:
                numbers.contended += 1
            time.sleep(_PAUSE_SECONDS * 2**tried * random.random())  # noqa: S311 - spreads writers, guards nothing
    return work()


def settle(database: Database, wanted: Head) -> None:
    """Was this head committed after all? Raises Unavailable if it was not, OutcomeUnknown if that cannot be found out.

    SECURITY: reading is not enough. What a primary shows need not have reached the standby that commits wait for; so
    a further commit is made, and only its answer says that what it follows is there.
    """
    settle_by(database, lambda connection: _holds(connection, wanted))


def settle_created(database: Database, wanted: Head, at: str) -> None:
    """Was this log created by who did so at that instant? Raises as `settle` does.

    WHY the instant: the hash of a new log is the same whoever made it. Where it has grown meanwhile, nothing tells.
    """

    def is_created(connection: Connection) -> bool | None:
        row = connection.execute(select(head).where(head.c.log == wanted.log).with_for_update()).one_or_none()
        if row is None:
            return False
        _touch(connection, wanted.log)
        return True if (row.revision, row.at) == (wanted.revision, at) else None

    settle_by(database, is_created)


def settle_by(database: Database, holds: Callable[[Connection], bool | None]) -> None:
    """Does this find what a lost commit was to write (None: it cannot tell), and commit on it? Raises as `settle`."""
    deadline = time.monotonic() + SETTLE_SECONDS

    def look() -> bool | None:
        with database.writing() as connection:
            return holds(connection)

    while True:
        try:
            carried_out = _within(deadline - time.monotonic(), look)
            break
        except Unavailable:
            if time.monotonic() + _PAUSE_SECONDS * 10 >= deadline:
                raise OutcomeUnknown from None
            time.sleep(_PAUSE_SECONDS * 10)
    if carried_out is None:
        raise OutcomeUnknown
    if not carried_out:
        raise Unavailable("the store was lost, and the change was not carried out", "send it again")


def _within(seconds: float, work: Callable[[], T]) -> T:
    """What does this work give? Raises OutcomeUnknown after so long.

    WHY in a thread: reaching a server that says nothing takes its own time, and cannot be cut off. The thread ends by
    itself, since nothing on a connection lasts for ever, and what it does then changes no outcome.
    """
    told: SimpleQueue[T | Exception] = SimpleQueue()

    def run() -> None:
        try:
            told.put(work())
        except Exception as error:
            told.put(error)

    Thread(target=run, name="settling a commit", daemon=True).start()
    try:
        outcome = told.get(timeout=max(seconds, 0.0))
    except Empty:
        raise OutcomeUnknown from None
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _holds(connection: Connection, wanted: Head) -> bool:
    """Does the log hold this head? Its row is written in any case."""
    log = wanted.log
    connection.execute(select(head.c.log).where(head.c.log == log).with_for_update())
    of_revision = (change.c.log == log) & (change.c.revision == wanted.revision)
    last = select(change.c.hash).where(of_revision).order_by(change.c.seq.desc()).limit(1)
    found = connection.execute(last).scalar_one_or_none()
    _touch(connection, log)
    return found is not None and found.hex() == wanted.hash


def _touch(connection: Connection, log: str) -> None:
    """Write the log's head as it is, so that there is something to commit."""
    connection.execute(update(head).where(head.c.log == log).values(moved_at=this_move()))
