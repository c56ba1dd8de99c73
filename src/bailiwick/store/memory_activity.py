"""Activity in memory: the obvious implementation, which the one in SQL must agree with.

Implements docs/spec.md, section "Activity".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from threading import RLock

from bailiwick.store.activity_chain import (
    ActivityCheck,
    Batch,
    EventFields,
    build_event,
    event_fields,
    first_head,
    is_signed,
    seal_batch,
)
from bailiwick.store.canonical import format_canonical, format_instant, parse_document, parse_instant
from bailiwick.store.chain import check_texts
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


class MemoryActivity:
    """What happened without changing state, in lists."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._lock = RLock()
        self._buffer: list[EventFields] = []
        self._used: dict[str, str] = {}
        self._notes: dict[str, tuple[str, str]] = {}
        self.rows: dict[int, EventFields] = {}
        self.batches: list[Batch] = []
        self.head = first_head()
        self.signature = signer.sign(self.head.message())

    def record(self, events: Sequence[ActivityEvent], *, durable: bool = False) -> None:
        """Keep these events; nothing in memory is durable."""
        self.keep([event_fields(event) for event in events])
        if durable:
            self.flush()

    def keep(self, events: Sequence[EventFields]) -> None:
        """Keep what happened with a change that is committed."""
        with self._lock:
            self._buffer.extend(events)

    def touch_credential(self, credential_uid: str, at: datetime) -> None:
        """Remember when a credential was last used (an older instant changes nothing)."""
        check_texts((("credential_uid", credential_uid),))
        with self._lock:
            self._used[credential_uid] = max(format_instant(at), self._used.get(credential_uid, ""))

    def last_used(self, credential_uid: str) -> datetime | None:
        """When was this credential last used?"""
        with self._lock:
            used = self._used.get(credential_uid)
        return None if used is None else parse_instant(used)

    def amend(self, name: str, at: datetime, change: ChangeNote) -> None:
        """Change the note of this name, alone."""
        check_texts((("name", name),))
        with self._lock:
            held = self._find_note(name, at)
            wanted = change(None if held is None else held.document)
            if wanted is None:
                self._notes.pop(name, None)
            else:
                self._notes[name] = format_canonical(wanted.document, "note"), format_instant(wanted.until)

    def _find_note(self, name: str, at: datetime) -> Note | None:
        text, until = self._notes.get(name, ("", ""))
        return Note(parse_document(text), parse_instant(until)) if until > format_instant(at) else None

    def notes(
        self, prefix: str, at: datetime, limit: int, *, after: str = ""
    ) -> tuple[tuple[str, Note], ...]:
        """Which notes hold at `at` whose names begin with this prefix, by name, beyond `after`?"""
        with self._lock:
            names = sorted(name for name in self._notes if name.startswith(prefix) and name > after)
            found = [(name, self._find_note(name, at)) for name in names]
        return tuple([(name, note) for name, note in found if note is not None][:limit])

    def flush(self) -> None:
        """Put what is buffered into one chained batch."""
        with self._lock:
            if not self._buffer:
                return
            batch, head = seal_batch(self.head, self._buffer)
            self.rows.update(enumerate(self._buffer, batch.first_id))
            self.batches.append(batch)
            self.head, self.signature = head, self._signer.sign(head.message())
            self._buffer = []

    def events(
        self, wanted: EventFilter, after: int | None, limit: int, *, newest_first: bool = False
    ) -> tuple[StoredEvent, ...]:
        """Which events match, beyond the id `after` in the order asked for?"""
        with self._lock:
            self.flush()
            rows = sorted(self.rows.items(), reverse=newest_first)
        found = [
            StoredEvent(at, build_event(fields[:-1], parse_document(fields[-1])))
            for at, fields in rows
            if after is None or (at < after if newest_first else at > after)
        ]
        return tuple([item for item in found if _is_wanted(item.event, wanted)][:limit])

    def prune(self, before: datetime) -> int:
        """How many events went, whole batches from the oldest on, all of them older than `before`?"""
        end = format_instant(before)
        with self._lock:
            self.flush()
            count = len(self.rows)
            while self.batches and self.batches[0].last_at < end:
                self._drop(self.batches.pop(0))
            return count - len(self.rows)

    def _drop(self, batch: Batch) -> None:
        """Remove this oldest batch."""
        for at in range(batch.first_id, batch.first_id + batch.event_count):
            del self.rows[at]
        self.head = self.head.pruned_to(batch)
        self.signature = self._signer.sign(self.head.message())

    def verify(self) -> VerifyReport:
        """Is every kept event as it was recorded, with none missing inside?"""
        with self._lock:
            self.flush()
            check = ActivityCheck(self.head, signed=is_signed(self.head, self.signature, self._signer))
            for batch in self.batches:
                ids = range(batch.first_id, batch.first_id + batch.event_count)
                check.follow(batch, [(at, self.rows[at]) for at in ids if at in self.rows])
            return check.report(len(self.rows))


def _is_wanted(event: ActivityEvent, wanted: EventFilter) -> bool:
    """Does this event have every wanted field?"""
    equal = all(getattr(wanted, name) in (None, getattr(event, name)) for name in _NAMES)
    begun = wanted.since is None or event.at >= wanted.since
    return equal and begun and (wanted.until is None or event.at < wanted.until)
