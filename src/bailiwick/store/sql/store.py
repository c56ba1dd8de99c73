"""The store on SQL: each promise of `ports.Store` as one transaction.

Holds connections, keys and the generation word together; the work is in `append`, `reads` and
`secret_rows`. Knows no time and no model.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy import Connection, bindparam, delete

from bailiwick.errors import Conflict
from bailiwick.store.activity_chain import event_fields
from bailiwick.store.answering import answer_to, check_request
from bailiwick.store.canonical import format_instant
from bailiwick.store.chain import SALT_BYTES, check_log_key
from bailiwick.store.counting import counted
from bailiwick.store.fold import Origin, SealedChange, check_based_on, seal_changes
from bailiwick.store.ports import (
    NOTHING_ELSE,
    SYSTEM_LOG,
    ActivityEvent,
    Change,
    DuplicateRequest,
    Feed,
    GenerationWord,
    Head,
    Idempotency,
    Locate,
    RandomBytes,
    Revision,
    SecretChange,
    Signer,
    WriteNumbers,
)
from bailiwick.store.signing import new_signing_key, publish, retire
from bailiwick.store.sql import reads
from bailiwick.store.sql.activity import SqlActivity
from bailiwick.store.sql.append import (
    KEYS_IN_QUERY,
    append_changes,
    batched,
    erase_bodies,
    insert_log,
    lock_head,
    lock_heads,
)
from bailiwick.store.sql.database import Database, OutcomeUnknown
from bailiwick.store.sql.master_keys import MasterKeys
from bailiwick.store.sql.reader import SqlReader
from bailiwick.store.sql.schema import answer
from bailiwick.store.sql.secret_rows import SecretRows, write_setting
from bailiwick.store.sql.settling import settle, settle_created, try_again
from bailiwick.store.sql.signing_keys import SIGNING_KEY_ID, SigningKeys


class ClosingWord(GenerationWord, Protocol):
    """A generation word that holds something."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """What differs by where a store is: its generation word, what wakes its followers, who alone rotates its keys."""

    generation: ClosingWord
    feed: Feed
    locked: Callable[[], AbstractContextManager[None]]


class SqlStore(SqlReader):
    """Logs of changes with the objects that follow from them, in SQL. Safe for threads."""

    def __init__(
        self,
        place: Place,
        *,
        logs: Database,
        activity: Database,
        secrets: SecretRows,
        keys: SigningKeys,
        random_bytes: RandomBytes,
        locate: Locate | None = None,
    ) -> None:
        super().__init__(logs, secrets, keys, locate)
        self._place = place
        self._activity_database = activity
        self._random_bytes = random_bytes
        self.generation: ClosingWord = place.generation
        self.feed = place.feed
        self.writes = WriteNumbers()
        self.activity = SqlActivity(activity, self._signer, self._has_log)
        self.master_keys = MasterKeys(logs, secrets, place.locked)

    def _signer(self) -> Signer:
        """Which signer is the store's now?"""
        with self._logs.reading() as connection:
            return self._keys.signer(connection)

    def _has_log(self, log: str) -> bool:
        return bool(self.heads([log]))

    def create_log(self, log: str, *, at: datetime) -> Head:
        """What is the signed head, at revision 0, of this new log? Raises Conflict if it exists."""
        check_log_key(log)
        # INVARIANT: first, so that no log is without; should this be all, nobody is misled by it.
        self.activity.begin(log)
        instant = format_instant(at)
        created = self._committed(
            lambda connection: insert_log(connection, log, instant, self._keys.signer(connection)),
            lambda head: settle_created(self._logs, head, instant),
        )
        self.generation.bump()
        return created

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
        if idempotency is not None:
            check_request(idempotency)
        happened = [event_fields(event) for event in activity]

        def write(connection: Connection) -> Head:
            if self._logs.locks_rows:
                lock_heads(connection, log, based_on)
            if idempotency is not None:
                self._refuse_duplicate(connection, log, idempotency)
            check_based_on(based_on, reads.read_heads(connection, tuple(based_on)) if based_on else {})
            head = self._append(connection, log, expected, sealed, origin)
            self._secrets.write(connection, log, head.revision, secrets)
            if idempotency is not None:
                self._secrets.keep_answer(connection, log, answer_to(idempotency, head, at))
            return head

        head = self._committed(write)
        self.generation.bump()
        self.activity.keep(happened)
        return head

    def _committed(
        self, write: Callable[[Connection], Head], settle_it: Callable[[Head], None] | None = None
    ) -> Head:
        """What is the head that this writes, once it is committed for sure? `settle_it`: another way to find out."""
        written: list[Head] = []

        def once() -> Head:
            written.clear()
            with self._logs.writing() as connection:
                written.append(write(connection))
            return written[0]

        try:
            return try_again(once, self.writes)
        except OutcomeUnknown:
            if settle_it is not None:
                settle_it(written[0])
            else:
                settle(self._logs, written[0])
            return written[0]

    def _append(
        self,
        connection: Connection,
        log: str,
        expected: Revision,
        changes: Sequence[SealedChange],
        origin: Origin,
    ) -> Head:
        """What is the head after these changes?"""
        signer = self._keys.signer(connection)
        now = lock_head(connection, log, expected, signer)
        return append_changes(connection, now, changes, origin=origin, signer=signer, locate=self._locate)

    def _refuse_duplicate(self, connection: Connection, log: str, request: Idempotency) -> None:
        """Was this request carried out before?"""
        stored = self._secrets.find_answer(connection, log, request.principal_uid, request.key)
        if stored is not None:
            raise DuplicateRequest(stored)

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

        def write(connection: Connection) -> Head:
            signer = self._keys.signer(connection)
            now = lock_head(connection, log, expected, signer)
            return erase_bodies(
                connection,
                now,
                (kind, uid),
                origin=origin,
                signer=signer,
                random_bytes=self._random_bytes,
            )

        head = self._committed(write)
        self.generation.bump()
        self._logs.forget_overwritten()
        return head

    def prune_answers(self, before: datetime) -> int:
        """How many answers went, all older than `before`?"""
        # WHY one log after the other: each is found by an index that begins with the log, and lies on one shard.
        old = delete(answer).where(
            (answer.c.log == bindparam("in_log")) & (answer.c.at < format_instant(before))
        )
        gone = 0
        for logs in batched(self.list_logs(), KEYS_IN_QUERY):
            with self._logs.writing() as connection:
                gone += connection.execute(old, [{"in_log": log} for log in logs]).rowcount
        return gone

    def rotate_master_key(self) -> str:
        """Which new key are all secrets under now? The old one is gone afterwards, here and in no other node's file.

        INVARIANT: the key file holds both keys until nothing is under the old one, so a crash at any
        point leaves every secret readable.
        """
        key_id = self.master_keys.add()
        self.master_keys.use(key_id)
        self.master_keys.drop()
        return key_id

    def rotate_signing_key(self, *, actor_uid: str, via: str, at: datetime) -> Head:
        """What is the system log's head, the first signed by a new key? The old one only verifies."""
        origin = Origin.of(actor_uid, via, at)
        head = self._committed(lambda connection: self._rotate_signing_key(connection, origin))
        self.generation.bump()
        return head

    def _rotate_signing_key(self, connection: Connection, origin: Origin) -> Head:
        """What is the system log's head, signed by a key that is made here?"""
        if self._logs.locks_rows:
            lock_heads(connection, SYSTEM_LOG, ())
        old = self._keys.signer(connection)
        if not self._keys.owns_signer:
            raise Conflict("the store's heads are signed from outside", "rotate the key there")
        new, kept = new_signing_key(self._random_bytes)
        retired, verifying = retire(old)
        changes = seal_changes([retired, publish(new)], self._random_bytes, SALT_BYTES)
        now = reads.read_head(connection, SYSTEM_LOG)
        now = lock_head(connection, SYSTEM_LOG, now.revision, old)
        self._secrets.write(connection, SYSTEM_LOG, now.revision + 1, (verifying, kept))
        write_setting(connection, SIGNING_KEY_ID, new.key_id)
        signer = self._keys.signer(connection)
        return append_changes(connection, now, changes, origin=origin, signer=signer, locate=self._locate)

    def close(self) -> None:
        """Write out what is buffered and let go of files."""
        try:
            self.activity.flush()
        finally:
            self._logs.close()
            self._activity_database.close()
            self.generation.close()

    def __enter__(self) -> Self:
        """Use the store for a while."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
