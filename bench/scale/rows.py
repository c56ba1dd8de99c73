"""How many rows and bytes does one object of each kind take in the database, tables and indexes apart?

Sizes are PostgreSQL's own (heap, indexes and TOAST, after a VACUUM), as differences over many objects.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.faults.cluster import DATABASE, Server

from bailiwick.service.host import Host
from bailiwick.service.keys.making import create_key
from bailiwick.service.loading import account_log
from bailiwick.service.sessions import Session
from bailiwick.store.ports import ActivityEvent
from bench.scale.world import Document, apply, group, make_empty, owner_of, policy, role, user

ACCOUNTS = 400
OBJECTS = 2_000
KEYS = 400
EVENTS = 20_000
EVENT_ACCOUNTS = 100
EVENTS_AT_ONCE = 10

Costs = dict[str, dict[str, float]]

_SIZES = """
SELECT c.relname, pg_relation_size(c.oid) + COALESCE(pg_total_relation_size(c.reltoastrelid), 0),
       pg_indexes_size(c.oid)
FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True, slots=True)
class Size:
    """Rows, bytes of the table with its TOAST, bytes of its indexes."""

    rows: int
    table: int
    indexes: int


def read_sizes(server: Server) -> dict[str, Size]:
    """How large is each table now?"""
    server.execute("VACUUM")
    found: dict[str, Size] = {}
    for name, table, indexes in server.execute(_SIZES):
        [(rows,)] = server.execute(f'SELECT count(*) FROM "{name}"', DATABASE)
        found[str(name)] = Size(int(str(rows)), int(str(table)), int(str(indexes)))
    return found


def measure_rows(server: Server, host: Host) -> dict[str, Costs]:
    """What does one of each kind take: `{kind: {table: {rows, table_bytes, index_bytes}}}`?"""
    account = "rows"
    make_empty(host, account)
    host.poll()
    session = owner_of(host, account)
    made = Making(host, session)
    found: dict[str, Costs] = {}
    for kind, (count, make) in made.every().items():
        before = read_sizes(server)
        begun = time.perf_counter()
        make()
        taken = time.perf_counter() - begun
        found[kind] = _each(before, read_sizes(server), count)
        print(f"  {kind}: {count} in {taken:.1f} s", flush=True)
    return found


def _each(before: dict[str, Size], after: dict[str, Size], count: int) -> Costs:
    """What did each of so many add? Tables that did not grow are left out."""
    nothing = Size(0, 0, 0)
    found: Costs = {}
    for name, now in after.items():
        then = before.get(name, nothing)
        grown = Size(now.rows - then.rows, now.table - then.table, now.indexes - then.indexes)
        if grown != nothing:
            found[name] = {
                "rows": round(grown.rows / count, 4),
                "table_bytes": round(grown.table / count, 1),
                "index_bytes": round(grown.indexes / count, 1),
            }
    return found


@dataclass(frozen=True, slots=True)
class Making:
    """Makes many of each kind, as the service makes them."""

    host: Host
    session: Session

    def every(self) -> dict[str, tuple[int, Callable[[], None]]]:
        """How many of each kind are made, and how, in an order in which that can be done?"""
        return {
            "account": (ACCOUNTS, self._accounts),
            "user": (OBJECTS, lambda: self._apply([user(n) for n in range(OBJECTS)])),
            "group": (OBJECTS, lambda: self._apply([group(n, OBJECTS) for n in range(OBJECTS)])),
            "role": (OBJECTS, lambda: self._apply([role(n) for n in range(OBJECTS)])),
            "policy": (OBJECTS, lambda: self._apply([policy(n, OBJECTS) for n in range(OBJECTS)])),
            "policy changed": (OBJECTS, self._change_policies),
            "credential": (KEYS, self._keys),
            "event": (EVENTS, self._events),
        }

    def _apply(self, listed: list[Document]) -> None:
        apply(self.host, self.session, listed)

    def _accounts(self) -> None:
        for number in range(ACCOUNTS):
            make_empty(self.host, f"empty-{number}")

    def _change_policies(self) -> None:
        self._apply([policy(number, OBJECTS, "changed") for number in range(OBJECTS)])

    def _keys(self) -> None:
        for number in range(KEYS):
            create_key(self.host, self.session, f"user:user-{number}")

    def _events(self) -> None:
        for begin in range(0, EVENTS, EVENTS_AT_ONCE):
            log = account_log(f"empty-{begin // EVENTS_AT_ONCE % EVENT_ACCOUNTS}")
            self.host.store.activity.record([_event(log, begin + one) for one in range(EVENTS_AT_ONCE)])
        self.host.store.activity.flush()


def _event(log: str, number: int) -> ActivityEvent:
    """A token that was issued for a key."""
    return ActivityEvent(
        at=datetime.now(UTC),
        kind="token",
        outcome="issued",
        log=log,
        principal_uid=f"user-{number % OBJECTS:032x}",
        credential_uid=f"apikey-{number % OBJECTS:032x}",
        detail={"grant_type": "api-key", "ip": f"203.0.113.{number % 250}"},
    )
