"""Activity in SQL: events in chained batches, of each log apart, notes, and when credentials were last used.

Buffered in memory and written in batches: a sign-in costs no transaction. What is buffered is lost
with the process unless it was recorded as durable.
Implements docs/spec.md, section "Activity".
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock, RLock

from sqlalchemy import Connection

from bailiwick.errors import Unavailable
from bailiwick.store.activity_chain import ActivityHead, Batch, EventFields, event_fields, pruned_event
from bailiwick.store.canonical import format_instant, parse_instant
from bailiwick.store.chain import check_log_key, check_texts
from bailiwick.store.ports import (
    ActivityEvent,
    ChangeNote,
    EventFilter,
    Note,
    Signer,
    StoredEvent,
    VerifyReport,
)
from bailiwick.store.sql import activity_rows as rows
from bailiwick.store.sql.append import batched
from bailiwick.store.sql.database import Database, OutcomeUnknown
from bailiwick.store.sql.notes import amend_note, find_notes
from bailiwick.store.sql.settling import settle_by, try_again

BATCH_EVENTS = 256
MOST_BUFFERED = 100_000
# SECURITY: so that one log which cannot be written, or of which very much is told, takes no other's room.
MOST_OF_LOG = 20_000
# WHY not all at once: a transaction holds the heads of its logs, and is not to last long.
LOGS_AT_ONCE = 64
PRUNED_AT_ONCE = 10_000
"""How many events go in one transaction, unless one batch has more? WHY not all: it is not to last long."""
PAUSE_SECONDS = 0.02
"""WHY a pause between two such transactions: on a file, others who write have to poll for their turn."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """What of one log is to be written: its events, and the newest use of its credentials."""

    events: Sequence[EventFields]
    used: dict[str, str]


def _parts(old: Sequence[Batch]) -> Iterator[list[Batch]]:
    """Which of these go together, in their order?"""
    part: list[Batch] = []
    events = 0
    for one in old:
        events += one.event_count
        if part and events > PRUNED_AT_ONCE:
            yield part
            part, events = [], one.event_count
        part.append(one)
    if part:
        yield part


class SqlActivity:
    """What happened without changing state. Safe for threads.

    `has_log`: is there such a log, whose activity has to have a beginning?
    INVARIANT: nobody waits for the database while holding `_lock`, so whoever records or touches waits for no I/O;
    `_turn` is held by who writes.
    """

    def __init__(
        self, database: Database, signer: Callable[[], Signer], has_log: Callable[[str], bool]
    ) -> None:
        self._database = database
        self._signer = signer
        self._has_log = has_log
        self._lock = Lock()
        self._turn = RLock()
        self._count = 0
        self._events: dict[str, list[EventFields]] = {}
        self._used: dict[str, dict[str, str]] = {}
        self._unsure: dict[str, list[Batch]] = {}

    def begin(self, log: str) -> None:
        """Let there be activity of this log, which is about to be made. SECURITY: a head lost later is noticed."""
        signer = self._signer()

        def once() -> None:
            with self._database.writing() as connection:
                rows.begin_log(connection, log, signer)

        def surely(connection: Connection) -> bool:
            rows.begin_surely(connection, log, signer)
            return True

        try:
            try_again(once)
        except OutcomeUnknown:
            # Doing it once more is no harm, and settles it.
            settle_by(self._database, surely)

    def record(self, events: Sequence[ActivityEvent], *, durable: bool = False) -> None:
        """Keep these events; buffered, unless `durable` asks to write them out before returning."""
        fields = [event_fields(item) for item in events]
        come = Counter(one[1] for one in fields)
        with self._lock:
            is_full = any(len(self._events.get(log, ())) + come[log] > MOST_OF_LOG for log in come)
            if is_full or self._count + len(fields) > MOST_BUFFERED:
                raise Unavailable("activity cannot be recorded", "check the store, its disk and its server")
            due = self._add(fields)
        self._flush({item.log for item in events} if durable else due)

    def keep(self, events: Sequence[EventFields]) -> None:
        """Keep what happened with a change. Never raises: the change is committed."""
        with self._lock:
            due = self._add(events)
        with suppress(Unavailable):
            self._flush(due)

    def _add(self, events: Iterable[EventFields]) -> set[str]:
        """Of which logs is there now a batch to write?"""
        logs = set()
        for fields in events:
            logs.add(fields[1])
            self._events.setdefault(fields[1], []).append(fields)
            self._count += 1
        return {log for log in logs if len(self._events[log]) >= BATCH_EVENTS}

    def touch_credential(self, log: str, credential_uid: str, at: datetime) -> None:
        """Remember when a credential was last used (buffered; an older instant changes nothing). No I/O."""
        used = format_instant(at)
        check_log_key(log)
        check_texts((("credential_uid", credential_uid),))
        with self._lock:
            of_log = self._used.setdefault(log, {})
            of_log[credential_uid] = max(used, of_log.get(credential_uid, ""))

    def last_used(self, log: str, credential_uid: str) -> datetime | None:
        """When was this credential last used?"""
        # INVARIANT: memory first; what leaves it then is in the database before.
        with self._lock:
            buffered = self._used.get(log, {}).get(credential_uid, "")
        with self._database.reading() as connection:
            used = max(buffered, rows.find_use(connection, log, credential_uid))
        return parse_instant(used) if used else None

    def amend(self, log: str, name: str, at: datetime, change: ChangeNote) -> None:
        """Change the note of this name, alone among all processes; written out before returning."""
        check_log_key(log)
        check_texts((("name", name),))

        def once() -> None:
            with self._database.writing() as connection:
                amend_note(connection, (log, name), at, change, locks=self._database.locks_rows)

        try_again(once)

    def notes(
        self, log: str, prefix: str, at: datetime, limit: int, *, after: str = ""
    ) -> tuple[tuple[str, Note], ...]:
        """Which notes of the log hold at `at` whose names begin with this prefix, by name, beyond `after`?"""
        with self._database.reading() as connection:
            return find_notes(connection, log, prefix, at, limit, after=after)

    def buffered(self) -> int:
        """How many events are not written out yet? No I/O."""
        return self._count

    def flush(self) -> None:
        """Write out what is buffered, of each log as one chained batch. Raises Unavailable for what could not be."""
        with self._lock:
            logs = {*self._events, *self._used}
        self._flush(logs)

    def _flush(self, logs: Collection[str]) -> None:
        """Write out what of these logs is buffered.

        A log whose head is not to be trusted keeps what it has, and keeps no other log from being written.
        INVARIANT: a buffer is emptied only after the commit; a failed flush loses nothing.
        """
        refused: list[Unavailable] = []
        for some in batched(sorted(logs), LOGS_AT_ONCE):
            with self._turn:
                pending = self._pending(some)
                if pending:
                    refused += self._write(pending)
        if refused:
            raise refused[0]

    def _pending(self, logs: Iterable[str]) -> dict[str, _Pending]:
        """What of these logs is buffered now?"""
        with self._lock:
            found = {
                log: _Pending(tuple(self._events.get(log, ())), dict(self._used.get(log, {}))) for log in logs
            }
        return {log: some for log, some in found.items() if some.events or some.used}

    def _write(self, pending: dict[str, _Pending]) -> list[Unavailable]:
        """Why were some of these logs not written? One transaction, their heads locked in the order of names."""
        signer = self._signer()
        sealed: dict[str, list[Batch]] = {}
        refused: dict[str, Unavailable] = {}

        def once() -> None:
            sealed.clear()
            refused.clear()
            with self._database.writing() as connection:
                for log, some in pending.items():
                    try:
                        head = rows.lock_head(connection, log, signer, has_log=self._has_log)
                    except rows.UntrustedHead as error:
                        refused[log] = error
                    else:
                        sealed[log] = self._write_log(connection, head, some, signer)

        try:
            try_again(once)
        except OutcomeUnknown:
            # Whether they are there is seen when the same are written again.
            self._unsure |= sealed
            raise
        self._forget({log: some for log, some in pending.items() if log not in refused})
        return list(refused.values())

    def _write_log(
        self, connection: Connection, head: ActivityHead, some: _Pending, signer: Signer
    ) -> list[Batch]:
        """As which batches is what is buffered of one log written, now or by a commit that nobody answered?"""
        there = [one for one in self._unsure.get(head.log, ()) if rows.has_batch(connection, head.log, one)]
        events = some.events[sum(one.event_count for one in there) :]
        if events:
            there.append(rows.append_batch(connection, head, events, signer))
        rows.write_uses(connection, head.log, some.used)
        return there

    def _forget(self, written: dict[str, _Pending]) -> None:
        """These are written: keep what came meanwhile."""
        with self._lock:
            for log, some in written.items():
                self._unsure.pop(log, None)
                self._count -= len(some.events)
                left = self._events.pop(log, [])[len(some.events) :]
                if left:
                    self._events[log] = left
                of_log = self._used.get(log, {})
                for uid, at in some.used.items():
                    if of_log.get(uid) == at:
                        del of_log[uid]
                if not of_log:
                    self._used.pop(log, None)

    def events(
        self, wanted: EventFilter, after: int | None, limit: int, *, newest_first: bool = False
    ) -> tuple[StoredEvent, ...]:
        """Which events match, beyond the id `after` in the order asked for?"""
        self._flush([wanted.log])
        with self._database.reading() as connection:
            return rows.find_events(connection, wanted, after, limit, newest_first=newest_first)

    def prune(self, log: str, before: datetime, *, at: datetime) -> int:
        """How many events of the log went, whole batches from the oldest on, all of them older than `before`?

        Each transaction takes a part, and tells of it by an event, at this instant. Raises Unavailable for a log that
        is not as it was written.
        """
        old = self._find_old(log, before)
        signer = self._signer()
        for part in _parts(old):
            told = event_fields(pruned_event(log, before, sum(one.event_count for one in part), at))
            try_again(partial(self._prune_part, log, part, told, signer))
            time.sleep(PAUSE_SECONDS)
        return sum(one.event_count for one in old)

    def _prune_part(self, log: str, part: Sequence[Batch], told: EventFields, signer: Signer) -> None:
        with self._database.writing() as connection:
            rows.prune_part(connection, log, part, told, signer)

    def count_before(self, log: str, before: datetime) -> int:
        """How many events would pruning the log take? Raises as it does."""
        return sum(one.event_count for one in self._find_old(log, before))

    def _find_old(self, log: str, before: datetime) -> tuple[Batch, ...]:
        end = format_instant(before)
        self._flush([log])
        signer = self._signer()
        with self._database.examining() as connection:
            return rows.find_old(connection, log, end, signer)

    def list_logs(self) -> tuple[str, ...]:
        """Of which logs is there activity, if only a beginning, by code point?"""
        with self._database.reading() as connection:
            return rows.list_logs(connection)

    def verify(self, log: str) -> VerifyReport:
        """Is every kept event of the log as it was recorded, with none missing inside?"""
        with suppress(Unavailable):
            self._flush([log])
        signer = self._signer()
        with self._database.examining() as connection:
            return rows.verify_activity(connection, log, signer)
