"""Writing where others write too: what was contended is tried again, what nobody answered is settled by the chain.

A head's hash is of exactly one transaction, for its rows are salted. So whether a commit whose answer was lost was
carried out can be read from the log, once there is a connection again.
Implements docs/spec.md, section "Stores".
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, select, update

from bailiwick.errors import Unavailable
from bailiwick.store.ports import Head
from bailiwick.store.sql.clock import now_microseconds
from bailiwick.store.sql.database import Contended, Database, OutcomeUnknown
from bailiwick.store.sql.schema import change, head

TRIES = 5
SETTLE_SECONDS = 15.0
_PAUSE_SECONDS = 0.02
T = TypeVar("T")


def try_again(work: Callable[[], T]) -> T:
    """What does this work give, done again while others get in its way? Raises Contended after a few times."""
    for tried in range(TRIES - 1):
        try:
            return work()
        except Contended:
            time.sleep(_PAUSE_SECONDS * 2**tried * random.random())  # noqa: S311 - spreads writers, guards nothing
    return work()


def settle(database: Database, wanted: Head) -> None:
    """Was this head committed after all? Raises Unavailable if it was not, OutcomeUnknown if that cannot be found out.

    SECURITY: reading is not enough. What a primary shows need not have reached the standby that commits wait for; so
    a further commit is made, and only its answer says that what it follows is there.
    """
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            with database.writing() as connection:
                carried_out = _holds(connection, wanted)
            break
        except Unavailable:
            if time.monotonic() >= deadline:
                raise OutcomeUnknown from None
            time.sleep(_PAUSE_SECONDS * 10)
    if not carried_out:
        raise Unavailable("the store was lost, and the change was not carried out", "send it again")


def _holds(connection: Connection, wanted: Head) -> bool:
    """Does the log hold this head? Its row is written in any case."""
    log = wanted.log
    connection.execute(select(head.c.log).where(head.c.log == log).with_for_update())
    of_revision = (change.c.log == log) & (change.c.revision == wanted.revision)
    last = select(change.c.hash).where(of_revision).order_by(change.c.seq.desc()).limit(1)
    found = connection.execute(last).scalar_one_or_none()
    connection.execute(update(head).where(head.c.log == log).values(moved_at=now_microseconds()))
    return found is not None and found.hex() == wanted.hash
