"""The chain of a log's activity: events are hashed in batches, the newest batch and the pruned end are signed.

Pure. A batch is the unit of writing and of pruning; what remains after pruning still verifies.
Implements docs/spec.md, section "Activity".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from bailiwick.errors import Finding
from bailiwick.store.canonical import encode_fields, format_canonical, format_instant, parse_instant
from bailiwick.store.chain import HASH_BYTES, check_log_key, check_texts
from bailiwick.store.ports import ActivityEvent, Document, Signer, VerifyReport

EventFields = tuple[str, str, str, str, str, str, str]
MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Batch:
    """Events `first_id` to `first_id + event_count - 1`, written together."""

    number: int
    first_id: int
    event_count: int
    last_at: str
    prev_hash: bytes
    hash: bytes

    def is_well_formed(self) -> bool:
        """Has every field the type that is written? WHY: what verification reads is not trusted."""
        return _are_typed((self.number, self.first_id, self.event_count), (self.prev_hash, self.hash))


@dataclass(frozen=True, slots=True)
class ActivityHead:
    """The newest batch of a log, and the last one that was pruned; 0 means none."""

    log: str
    number: int
    hash: bytes
    last_event_id: int
    pruned_number: int
    pruned_hash: bytes

    def is_well_formed(self) -> bool:
        """Has every field the type that is written?"""
        numbers = (self.number, self.last_event_id, self.pruned_number)
        return _are_typed(numbers, (self.hash, self.pruned_hash))

    def message(self) -> bytes:
        """Which bytes does its signature cover?"""
        return encode_fields(
            "bailiwick.activity.2",
            self.log,
            self.number,
            self.hash,
            self.last_event_id,
            self.pruned_number,
            self.pruned_hash,
        )

    def pruned_to(self, batch: Batch) -> ActivityHead:
        """What is the head once this batch and all before it are gone?"""
        return replace(self, pruned_number=batch.number, pruned_hash=batch.hash)


def _are_typed(numbers: Iterable[object], hashes: Iterable[object]) -> bool:
    """Are these whole numbers and hashes?"""
    counted = all(type(number) is int for number in numbers)
    return counted and all(isinstance(value, bytes) and len(value) == HASH_BYTES for value in hashes)


def first_head(log: str) -> ActivityHead:
    """What stands before the first batch of this log?"""
    start = sha256(encode_fields("bailiwick.activity.2", log)).digest()
    return ActivityHead(log, 0, start, 0, 0, start)


def event_fields(event: ActivityEvent) -> EventFields:
    """Which texts is this event kept as? at, log, kind, outcome, principal, credential, detail."""
    texts = (event.log, event.kind, event.outcome, event.principal_uid, event.credential_uid)
    check_log_key(event.log)
    names = ("log", "kind", "outcome", "principal_uid", "credential_uid")
    check_texts(zip(names, texts, strict=True))
    return (format_instant(event.at), *texts, format_canonical(event.detail, "detail"))


def pruned_event(log: str, before: datetime, events: int, at: datetime) -> ActivityEvent:
    """What tells of so many events of the log that were forgotten, since they were older than `before`?"""
    detail = {"before": format_instant(before), "events": events}
    return ActivityEvent(at, "activity", "pruned", log, detail=detail)


def build_event(fields: Sequence[str], detail: Document) -> ActivityEvent:
    """Which event was kept as these texts?"""
    at, log, kind, outcome, principal_uid, credential_uid = fields
    return ActivityEvent(parse_instant(at), kind, outcome, log, principal_uid, credential_uid, detail)


def seal_batch(head: ActivityHead, events: Sequence[EventFields]) -> tuple[Batch, ActivityHead]:
    """What is the next batch, and the head after it?"""
    number, first_id = head.number + 1, head.last_event_id + 1
    last_at = max(fields[0] for fields in events)
    sealed = batch_hash(head.hash, number, first_id, last_at, events)
    batch = Batch(number, first_id, len(events), last_at, head.hash, sealed)
    last_id = head.last_event_id + len(events)
    return batch, replace(head, number=number, hash=sealed, last_event_id=last_id)


def batch_hash(
    prev_hash: bytes, number: int, first_id: int, last_at: str, events: Iterable[Sequence[object]]
) -> bytes:
    """What is the chain hash of this batch?"""
    inner, count = sha256(), 0
    for fields in events:
        inner.update(encode_fields(*(str(field).encode("utf-8", "replace") for field in fields)))
        count += 1
    outer = encode_fields("bailiwick.batch.1", number, first_id, count, last_at, inner.digest())
    return sha256(prev_hash + outer).digest()


class ActivityCheck:
    """Follows the batches of a log from the pruned end to the head. `signed` None: there is no head."""

    def __init__(self, head: ActivityHead, *, signed: bool | None) -> None:
        self._head = head
        self._number = head.pruned_number
        self._hash = head.pruned_hash
        self._next_id: int | None = None
        self._events = 0
        self._findings: list[Finding] = []
        self._truncated = False
        if signed is None:
            self._add("the head is missing", "head")
        elif not signed:
            self._add("the head's signature is wrong", "head")

    def _add(self, message: str, place: str) -> None:
        """Note that something is wrong."""
        if len(self._findings) >= MOST_FINDINGS:
            self._truncated = True
            return
        self._findings.append(Finding(message, f"{self._head.log} activity {place}"))

    def follow(self, batch: Batch, events: Sequence[tuple[int, Sequence[object]]]) -> None:
        """Does this batch follow the one before it, with all of its events unchanged?"""
        place = f"batch {batch.number}"
        self._events += len(events)
        if not batch.is_well_formed():
            self._add("the batch is malformed", place)
            return
        if batch.number != self._number + 1 or batch.prev_hash != self._hash:
            self._add("the batch does not follow the batch before it", place)
        ids = [event_id for event_id, _ in events]
        if ids != list(range(batch.first_id, batch.first_id + batch.event_count)):
            self._add("events of the batch are missing", place)
        if self._next_id not in (None, batch.first_id):
            self._add("events before the batch are missing", place)
        texts = [fields for _, fields in events]
        if batch_hash(batch.prev_hash, batch.number, batch.first_id, batch.last_at, texts) != batch.hash:
            self._add("the batch was changed", place)
        self._number, self._hash = batch.number, batch.hash
        self._next_id = batch.first_id + batch.event_count

    def report(self, event_count: int) -> VerifyReport:
        """What was found, given how many events there are in all?"""
        if (self._number, self._hash) != (self._head.number, self._head.hash):
            self._add(f"the last batch is {self._number}, the head says {self._head.number}", "head")
        if event_count != self._events:
            self._add("there are events in no batch", "events")
        findings = tuple(self._findings)
        return VerifyReport(self._head.log, not findings, event_count, findings, self._truncated)


def is_signed(head: ActivityHead, signature: object, signer: Signer) -> bool:
    """Did a trusted key sign exactly this head?"""
    if not (head.is_well_formed() and isinstance(signature, bytes)):
        return False
    return signer.verify(head.message(), signature)
