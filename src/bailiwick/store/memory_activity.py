"""Activity in memory: the obvious implementation, which the one in SQL must agree with.

Implements docs/spec.md, section "Activity".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from threading import RLock

from bailiwick.errors import Unavailable
from bailiwick.store.activity_chain import (
    ActivityCheck,
    ActivityHead,
    Batch,
    EventFields,
    build_event,
    event_fields,
    first_head,
    is_signed,
    pruned_event,
    seal_batch,
)
from bailiwick.store.canonical import format_canonical, format_instant, parse_document, parse_instant
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

_NAMES = ("log", "kind", "outcome", "principal_uid", "credential_uid")


@dataclass(slots=True)
class MemoryActivityLog:
    """The activity of one log."""

    head: ActivityHead
    signature: bytes
    buffer: list[EventFields] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    notes: dict[str, tuple[str, str]] = field(default_factory=dict)
    rows: dict[int, EventFields] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)


class MemoryActivity:
    """What happened without changing state, in lists."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._lock = RLock()
        self.logs: dict[str, MemoryActivityLog] = {}

    def of(self, log: str) -> MemoryActivityLog:
        """Which activity has this log? Begun, if it was not."""
        if log not in self.logs:
            check_log_key(log)
            self.logs[log] = self._first(log)
        return self.logs[log]

    def _first(self, log: str) -> MemoryActivityLog:
        head = first_head(log)
        return MemoryActivityLog(head, self._signer.sign(head.message()))

    def _find(self, log: str) -> MemoryActivityLog:
        """What is there of this log? Asking begins nothing."""
        return self.logs.get(log) or self._first(log)

    def record(self, events: Sequence[ActivityEvent], *, durable: bool = False) -> None:
        """Keep these events; nothing in memory is durable."""
        self.keep([event_fields(event) for event in events])
        if durable:
            self.flush()

    def keep(self, events: Sequence[EventFields]) -> None:
        """Keep what happened with a change that is committed."""
        with self._lock:
            for fields in events:
                self.of(fields[1]).buffer.append(fields)

    def touch_credential(self, log: str, credential_uid: str, at: datetime) -> None:
        """Remember when a credential was last used (an older instant changes nothing)."""
        check_texts((("credential_uid", credential_uid),))
        with self._lock:
            used = self.of(log).used
            used[credential_uid] = max(format_instant(at), used.get(credential_uid, ""))

    def last_used(self, log: str, credential_uid: str) -> datetime | None:
        """When was this credential last used?"""
        with self._lock:
            used = self._find(log).used.get(credential_uid)
        return None if used is None else parse_instant(used)

    def amend(self, log: str, name: str, at: datetime, change: ChangeNote) -> None:
        """Change the note of this name, alone."""
        check_texts((("name", name),))
        with self._lock:
            held, notes = self._find_note(log, name, at), self.of(log).notes
            wanted = change(None if held is None else held.document)
            if wanted is None:
                notes.pop(name, None)
            else:
                notes[name] = format_canonical(wanted.document, "note"), format_instant(wanted.until)

    def _find_note(self, log: str, name: str, at: datetime) -> Note | None:
        text, until = self._find(log).notes.get(name, ("", ""))
        return Note(parse_document(text), parse_instant(until)) if until > format_instant(at) else None

    def notes(
        self, log: str, prefix: str, at: datetime, limit: int, *, after: str = ""
    ) -> tuple[tuple[str, Note], ...]:
        """Which notes of the log hold at `at` whose names begin with this prefix, by name, beyond `after`?"""
        with self._lock:
            names = sorted(name for name in self._find(log).notes if name.startswith(prefix) and name > after)
            found = [(name, self._find_note(log, name, at)) for name in names]
        return tuple([(name, note) for name, note in found if note is not None][:limit])

    def buffered(self) -> int:
        """How many events are not written out yet? No I/O."""
        with self._lock:
            return sum(len(kept.buffer) for kept in self.logs.values())

    def flush(self) -> None:
        """Put what is buffered into chained batches."""
        with self._lock:
            for kept in self.logs.values():
                if kept.buffer:
                    batch, head = seal_batch(kept.head, kept.buffer)
                    kept.rows.update(enumerate(kept.buffer, batch.first_id))
                    kept.batches.append(batch)
                    kept.head, kept.signature = head, self._signer.sign(head.message())
                    kept.buffer = []

    def events(
        self, wanted: EventFilter, after: int | None, limit: int, *, newest_first: bool = False
    ) -> tuple[StoredEvent, ...]:
        """Which events match, beyond the id `after` in the order asked for?"""
        with self._lock:
            self.flush()
            rows = sorted(self._find(wanted.log).rows.items(), reverse=newest_first)
        found = [
            StoredEvent(at, build_event(fields[:-1], parse_document(fields[-1])))
            for at, fields in rows
            if after is None or (at < after if newest_first else at > after)
        ]
        return tuple([item for item in found if _is_wanted(item.event, wanted)][:limit])

    def prune(self, log: str, before: datetime, *, at: datetime) -> int:
        """How many events of the log went, whole batches from the oldest on, all of them older than `before`?

        An event at this instant tells of it. Raises Unavailable for a log that is not as it was written.
        """
        with self._lock:
            events = self.count_before(log, before)
            kept = self.of(log)
            while kept.batches and kept.batches[0].last_at < format_instant(before):
                self._drop(kept, kept.batches.pop(0))
            if events:
                self.record([pruned_event(log, before, events, at)], durable=True)
            return events

    def count_before(self, log: str, before: datetime) -> int:
        """How many events would pruning the log take? Raises as it does."""
        end = format_instant(before)
        with self._lock:
            self.flush()
            if not self.verify(log).ok:
                raise Unavailable(f"the activity of `{log}` is not as it was written")
            old = takewhile(lambda batch: batch.last_at < end, self._find(log).batches)
            return sum(batch.event_count for batch in old)

    def _drop(self, kept: MemoryActivityLog, batch: Batch) -> None:
        """Remove this oldest batch."""
        for at in range(batch.first_id, batch.first_id + batch.event_count):
            del kept.rows[at]
        kept.head = kept.head.pruned_to(batch)
        kept.signature = self._signer.sign(kept.head.message())

    def list_logs(self) -> tuple[str, ...]:
        """Of which logs is there activity, if only a beginning, by code point?"""
        with self._lock:
            return tuple(sorted(self.logs))

    def verify(self, log: str) -> VerifyReport:
        """Is every kept event of the log as it was recorded, with none missing inside?"""
        with self._lock:
            self.flush()
            kept = self._find(log)
            signed = is_signed(kept.head, kept.signature, self._signer) if log in self.logs else None
            check = ActivityCheck(kept.head, signed=signed)
            for batch in kept.batches:
                ids = range(batch.first_id, batch.first_id + batch.event_count)
                check.follow(batch, [(at, kept.rows[at]) for at in ids if at in kept.rows])
            return check.report(len(kept.rows))


def _is_wanted(event: ActivityEvent, wanted: EventFilter) -> bool:
    """Does this event have every wanted field?"""
    equal = all(getattr(wanted, name) in (None, getattr(event, name)) for name in _NAMES)
    begun = wanted.since is None or event.at >= wanted.since
    return equal and begun and (wanted.until is None or event.at < wanted.until)
