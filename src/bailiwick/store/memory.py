"""The in-memory twin: the same promises as a store on SQL, kept by dictionaries and lists.

For tests, and as the obvious implementation which others must agree with. Nothing outlives the
process, so secrets are not encrypted.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_bytes
from threading import RLock
from types import TracebackType
from typing import Self

from bailiwick.errors import Conflict, NotFound, Unavailable
from bailiwick.store.activity_chain import event_fields
from bailiwick.store.answering import answer_to, check_request
from bailiwick.store.canonical import format_instant, parse_document
from bailiwick.store.chain import SALT_BYTES, check_log_key, check_texts, empty_head, head_message
from bailiwick.store.counting import counted
from bailiwick.store.evidence import RawHead, RawObject, RawRow
from bailiwick.store.fold import (
    ObjectKey,
    Origin,
    SealedChange,
    check_based_on,
    fold_changes,
    name_taken,
    seal_changes,
    seal_erasure,
    seal_row,
)
from bailiwick.store.generation import LocalGeneration, WordFeed
from bailiwick.store.memory_activity import MemoryActivity
from bailiwick.store.memory_reads import (
    MemoryEvidence,
    MemoryLog,
    state_after,
    to_change_row,
    to_head,
    to_object,
)
from bailiwick.store.ports import (
    NOTHING_ELSE,
    SYSTEM_LOG,
    ActivityEvent,
    Answer,
    Change,
    ChangeRow,
    DuplicateRequest,
    Head,
    Idempotency,
    Locate,
    Progress,
    RandomBytes,
    Revision,
    RevisionConflict,
    Secret,
    SecretChange,
    SecretDelete,
    Signer,
    StoredObject,
    VerifyReport,
    WriteNumbers,
)
from bailiwick.store.signing import new_signing_key, publish
from bailiwick.store.verify import is_head_signed, verify_log

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MemoryStore:
    """Logs of changes with the objects that follow from them, in memory. Safe for threads."""

    def __init__(
        self,
        *,
        at: datetime = _EPOCH,
        signer: Signer | None = None,
        random_bytes: RandomBytes = token_bytes,
        locate: Locate | None = None,
    ) -> None:
        self._locate = locate
        self._moves = 0
        self._lock = RLock()
        self._random_bytes = random_bytes
        own, kept = (signer, ()) if signer else _new_signer(random_bytes)
        self._signer = own
        self.logs: dict[str, MemoryLog] = {}
        self.generation = LocalGeneration()
        self.feed = WordFeed(self.generation)
        self.activity = MemoryActivity(own)
        self.writes = WriteNumbers()
        self.create_log(SYSTEM_LOG, at=at)
        self.append(
            SYSTEM_LOG, 0, [publish(own)], actor_uid="bailiwick", via="create_store", at=at, secrets=kept
        )

    def create_log(self, log: str, *, at: datetime) -> Head:
        """What is the signed head, at revision 0, of this new log? Raises Conflict if it exists."""
        check_log_key(log)
        with self._lock:
            if log in self.logs:
                raise Conflict(f"log `{log}` exists already")
            self.activity.of(log)
            kept = self.logs[log] = MemoryLog(log, None)
            created = self._sign_head(kept, empty_head(log), format_instant(at))
        self.generation.bump()
        return created

    def _sign_head(self, kept: MemoryLog, to: Head, at: str) -> Head:
        """Put this head, signed, in its place."""
        head_hash = bytes.fromhex(to.hash)
        signature = self._signer.sign(head_message(to.log, to.revision, head_hash, at))
        kept.head = RawHead(to.revision, head_hash, signature, at)
        self._moves += 1
        kept.moved = self._moves
        return to

    def list_logs(self) -> tuple[str, ...]:
        """Which logs are there, by code point?"""
        with self._lock:
            return tuple(sorted(self.logs))

    def _kept(self, log: str) -> tuple[MemoryLog, RawHead]:
        """Which log is this, and its head? Raises NotFound."""
        kept = self.logs.get(log)
        if kept is None or kept.head is None:
            raise NotFound(f"there is no log `{log}`")
        return kept, kept.head

    def head(self, log: str) -> Head:
        """Where does this log stand? Raises NotFound."""
        with self._lock:
            return to_head(log, self._kept(log)[1])

    def heads(self, logs: Sequence[str]) -> dict[str, Head]:
        """Where do these logs stand, at one moment? Unknown logs are left out."""
        with self._lock:
            return {log: self.head(log) for log in logs if log in self.logs}

    def head_at(self, log: str, revision: int) -> Head:
        """Which hash did the chain have at this revision? Raises NotFound beyond the head."""
        with self._lock:
            kept = self._at_revision(log, revision)
            hashes = [row.hash for row in kept.rows if row.revision == revision]
        return Head(log, revision, hashes[-1].hex()) if revision else empty_head(log)

    def _at_revision(self, log: str, revision: int) -> MemoryLog:
        """Which log is this, if it has been at this revision?"""
        kept, head = self._kept(log)
        if not 0 <= revision <= head.revision:
            raise NotFound(
                f"`{log}` has no revision `{revision}`", f"expected a revision from 0 to {head.revision}"
            )
        return kept

    def load(self, log: str) -> tuple[Head, Iterator[StoredObject]]:
        """What is the state, and at which head? Sorted by kind and uid."""
        with self._lock:
            kept, head = self._kept(log)
            return to_head(log, head), map(to_object, kept.sorted_objects())

    @counted
    def append(
        self,
        log: str,
        expected: Revision,
        changes: Sequence[Change],
        *,
        actor_uid: str,
        via: str,
        at: datetime,
        activity: Sequence[ActivityEvent] = (),
        secrets: Sequence[SecretChange] = (),
        idempotency: Idempotency | None = None,
        based_on: Mapping[str, Revision] = NOTHING_ELSE,
    ) -> Head:
        """What is the head after these changes, all or none of them, as one revision?"""
        origin = Origin.of(actor_uid, via, at)
        sealed = seal_changes(changes, self._random_bytes, SALT_BYTES)
        happened = [event_fields(event) for event in activity]
        with self._lock:
            self._refuse_duplicate(log, idempotency)
            kept, now = self._lock_head(log, expected)
            check_based_on(based_on, self.heads(tuple(based_on)))
            after = fold_changes(sealed, kept.objects.keys())
            _check_names(kept, after)
            rows, head = _chain(now, sealed, origin)
            after_secrets = _change_secrets(kept, secrets, head.revision)
            answer = None
            if idempotency is not None:
                check_request(idempotency)
                answer = answer_to(idempotency, head, at)
            # INVARIANT: nothing above changed anything, nothing below fails.
            _apply(kept, after, head.revision, self._locate)
            kept.secrets = after_secrets
            self._extend(kept, rows, sealed, origin, head)
            if answer is not None:
                kept.answers[answer.principal_uid, answer.key] = answer
        self.generation.bump()
        self.activity.keep(happened)
        return head

    def _refuse_duplicate(self, log: str, request: Idempotency | None) -> None:
        """Was this request carried out before?"""
        stored = self.find_answer(log, request.principal_uid, request.key) if request else None
        if stored is not None:
            raise DuplicateRequest(stored)

    def _lock_head(self, log: str, expected: Revision) -> tuple[MemoryLog, Head]:
        """What is the head to write on?"""
        kept, head = self._kept(log)
        if not is_head_signed(log, head, self._signer):
            raise Unavailable(
                f"the head of `{log}` is not signed by this store", "run `bailiwick log verify`"
            )
        now = to_head(log, head)
        if not now.is_at(expected):
            raise RevisionConflict(expected, now)
        return kept, now

    def _extend(
        self,
        kept: MemoryLog,
        rows: Sequence[RawRow],
        sealed: Sequence[SealedChange],
        origin: Origin,
        head: Head,
    ) -> None:
        """Write these rows with their bodies, and move the head."""
        kept.rows.extend(rows)
        kept.bodies.update((item.body.digest, (item.body.salt, item.body.text)) for item in sealed)
        self._sign_head(kept, head, origin.at)

    def erase_body(
        self,
        log: str,
        expected: Revision,
        *,
        kind: str,
        uid: str,
        actor_uid: str,
        via: str,
        at: datetime,
    ) -> Head:
        """What is the head after all past bodies of this object are gone for good?"""
        origin = Origin.of(actor_uid, via, at)
        with self._lock:
            kept, now = self._lock_head(log, expected)
            digests = _find_past_bodies(kept, (kind, uid))
            if not digests:
                raise NotFound(f"there is no past body of {kind} `{uid}` to erase")
            erasure = [seal_erasure(kind, uid, len(digests), self._random_bytes(SALT_BYTES))]
            rows, head = _chain(now, erasure, origin)
            for digest in digests:
                del kept.bodies[digest]
            self._extend(kept, rows, erasure, origin, head)
        self.generation.bump()
        return head

    def changes(self, log: str, after_revision: int, limit: int) -> tuple[ChangeRow, ...]:
        """Which changes follow this revision? Whole revisions, at least one, else at most `limit` rows."""
        with self._lock:
            kept, _ = self._kept(log)
            rows = [row for row in kept.rows if row.revision > after_revision]
            while len(rows) > limit and rows[0].revision != rows[-1].revision:
                rows = [row for row in rows if row.revision != rows[-1].revision]
            return tuple(to_change_row(kept, row) for row in rows)

    def history(
        self,
        log: str,
        *,
        limit: int,
        before: tuple[int, int] | None = None,
        kind: str | None = None,
        uid: str | None = None,
        actor_uid: str | None = None,
    ) -> tuple[ChangeRow, ...]:
        """Which changes match, newest first, older than the (revision, seq) `before`?"""
        with self._lock:
            kept, _ = self._kept(log)
            found = [
                row
                for row in reversed(kept.rows)
                if kind in (None, row.kind) and uid in (None, row.uid) and actor_uid in (None, row.actor_uid)
                if before is None or (row.revision, row.seq) < before
            ]
            return tuple(to_change_row(kept, row) for row in found[:limit])

    def change_count(self, log: str) -> int:
        """How many changes does this log hold?"""
        with self._lock:
            return len(self._kept(log)[0].rows)

    def document_at(self, log: str, kind: str, uid: str, revision: int) -> StoredObject | None:
        """What was this object's state right after this revision? None where it did not exist."""
        with self._lock:
            kept = self._at_revision(log, revision)
            rows = [row for row in kept.rows if (row.kind, row.uid) == (kind, uid)]
            return next(iter(state_after(kept, _until(rows, revision))), None)

    def state_at(self, log: str, revision: int) -> Iterator[StoredObject]:
        """What was the whole state right after this revision? Sorted by kind and uid."""
        with self._lock:
            kept = self._at_revision(log, revision)
            return iter(state_after(kept, _until(kept.rows, revision)))

    def find_object(self, log: str, kind: str, uid: str) -> StoredObject | None:
        """What is this object's state now?"""
        with self._lock:
            item = self.logs[log].objects.get((kind, uid)) if log in self.logs else None
            return None if item is None else to_object(item)

    def find_named(self, log: str, kind: str, name: str) -> StoredObject | None:
        """Which living object has exactly this name, byte for byte?"""
        with self._lock:
            uid = self.logs[log].names.get((kind, name)) if log in self.logs else None
            return None if uid is None else self.find_object(log, kind, uid)

    def find_secret(self, log: str, name: str) -> Secret | None:
        """What is kept under this name?"""
        with self._lock:
            return self.logs[log].secrets.get(name) if log in self.logs else None

    def list_secrets(self, log: str, purpose: str) -> tuple[Secret, ...]:
        """Which secrets are kept for this purpose, sorted by name?"""
        with self._lock:
            kept = self.logs[log].secrets.values() if log in self.logs else ()
            return tuple(
                sorted((item for item in kept if item.purpose == purpose), key=lambda item: item.name)
            )

    def find_located(self, kind: str, value: str) -> tuple[str, ...]:
        """In which logs lives an object of this kind that is found by this value? By code point."""
        with self._lock:
            return tuple(
                log
                for log, kept in sorted(self.logs.items())
                if any(key[0] == kind and value in values for key, values in kept.locators.items())
            )

    def moved_since(self, mark: int) -> tuple[int, tuple[Head, ...]]:
        """Which heads moved since this mark (0: all), and from which mark on shall be asked next?"""
        with self._lock:
            moved = tuple(self.head(log) for log, kept in self.logs.items() if kept.moved >= mark)
            return self._moves + 1, moved

    def find_answer(self, log: str, principal_uid: str, key: str) -> Answer | None:
        """What was answered to this principal's request on this log with this idempotency key?"""
        with self._lock:
            return self.logs[log].answers.get((principal_uid, key)) if log in self.logs else None

    def prune_answers(self, before: datetime) -> int:
        """How many answers went, all older than `before`?"""
        with self._lock:
            return sum(_prune_answers(kept, before) for kept in self.logs.values())

    def verify(self, log: str, progress: Progress | None = None) -> VerifyReport:
        """Is the log as it was written, and do the objects follow from it?"""
        with self._lock:
            kept = self.logs.get(log, MemoryLog(log, None))
            return verify_log(log, MemoryEvidence(kept, self._locate), self._signer, progress)

    def close(self) -> None:
        """Let go of nothing: there are no files."""
        self.activity.flush()

    def __enter__(self) -> Self:
        """Use the store for a while."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


def _new_signer(random_bytes: RandomBytes) -> tuple[Signer, Sequence[SecretChange]]:
    """Who signs, and which secret is kept for it?"""
    signer, kept = new_signing_key(random_bytes)
    return signer, (kept,)


def _until(rows: Sequence[RawRow], revision: int) -> list[RawRow]:
    """Which rows stood right after this revision?"""
    return [row for row in rows if row.revision <= revision]


def _check_names(kept: MemoryLog, after: dict[ObjectKey, SealedChange | None]) -> None:
    """Has an object outside the transaction a name that one inside wants?"""
    for change in after.values():
        if change is None or not change.name:
            continue
        holder = kept.names.get((change.kind, change.name))
        if holder is not None and (change.kind, holder) not in after:
            raise name_taken(change.kind, change.name)


def _chain(now: Head, sealed: Sequence[SealedChange], origin: Origin) -> tuple[list[RawRow], Head]:
    """Which rows are these changes, and what is the head after them?"""
    last, rows = bytes.fromhex(now.hash), []
    for seq, item in enumerate(sealed, 1):
        row = seal_row(now, seq, origin, item, last)
        rows.append(RawRow(*row.fields[1:], row.prev_hash, row.hash, None, None))
        last = row.hash
    return rows, Head(now.log, now.revision + 1, last.hex())


def _change_secrets(kept: MemoryLog, changes: Sequence[SecretChange], revision: int) -> dict[str, Secret]:
    """Which secrets are there after these changes?"""
    after = dict(kept.secrets)
    for change in changes:
        if isinstance(change, SecretDelete):
            if after.pop(change.name, None) is None:
                raise NotFound(f"there is no secret `{change.name}`")
        else:
            check_texts((("name", change.name), ("purpose", change.purpose)))
            after[change.name] = Secret(change.name, change.purpose, change.value, revision)
    return after


def _apply(
    kept: MemoryLog, after: dict[ObjectKey, SealedChange | None], revision: int, locate: Locate | None
) -> None:
    """Bring the objects to their state after the transaction."""
    for key in after:
        old = kept.objects.pop(key, None)
        kept.locators.pop(key, None)
        if old is not None:
            kept.names.pop((old.kind, old.name), None)
    for change in after.values():
        if change is None:
            continue
        kept.objects[change.key] = RawObject(
            change.kind, change.uid, change.name, change.document_text, revision
        )
        if change.name:
            kept.names[change.kind, change.name] = change.uid
        if locate is not None:
            document = parse_document(str(change.document_text))
            kept.locators[change.key] = tuple(locate(change.kind, change.uid, document))


def _find_past_bodies(kept: MemoryLog, key: ObjectKey) -> list[bytes]:
    """Which bodies of this object are there but the one that is its state?"""
    digests = [row.digest for row in kept.rows if (row.kind, row.uid) == key and row.op != "erase"]
    past = digests[:-1] if key in kept.objects else digests
    return [digest for digest in past if digest in kept.bodies]


def _prune_answers(kept: MemoryLog, before: datetime) -> int:
    """How many answers of this log went?"""
    count = len(kept.answers)
    kept.answers = {key: answer for key, answer in kept.answers.items() if answer.at >= before}
    return count - len(kept.answers)
