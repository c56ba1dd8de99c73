"""The reading half of the SQL store: each question as one transaction that sees one moment.

Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TypeVar

from bailiwick.store.ports import (
    Answer,
    ChangeRow,
    Head,
    Locate,
    Progress,
    Secret,
    StoredObject,
    VerifyReport,
)
from bailiwick.store.sql import reads
from bailiwick.store.sql.database import Database
from bailiwick.store.sql.evidence import SqlEvidence
from bailiwick.store.sql.locators import find_located
from bailiwick.store.sql.schema import IS_NAMED, object_
from bailiwick.store.sql.secret_rows import SecretRows
from bailiwick.store.sql.signing_keys import SigningKeys
from bailiwick.store.verify import verify_log

T = TypeVar("T")


class SqlReader:
    """Answers about logs, objects and secrets. Safe for threads."""

    def __init__(self, logs: Database, secrets: SecretRows, keys: SigningKeys, locate: Locate | None) -> None:
        self._locate = locate
        self._logs = logs
        self._secrets = secrets
        self._keys = keys

    def list_logs(self) -> tuple[str, ...]:
        """Which logs are there, by code point?"""
        with self._logs.reading() as connection:
            return reads.list_logs(connection)

    def head(self, log: str) -> Head:
        """Where does this log stand? Raises NotFound."""
        with self._logs.reading() as connection:
            return reads.read_head(connection, log)

    def heads(self, logs: Sequence[str]) -> dict[str, Head]:
        """Where do these logs stand, at one moment? Unknown logs are left out."""
        with self._logs.reading() as connection:
            return reads.read_heads(connection, logs)

    def head_at(self, log: str, revision: int) -> Head:
        """Which hash did the chain have at this revision? Raises NotFound beyond the head."""
        with self._logs.reading() as connection:
            return reads.read_head_at(connection, log, revision)

    def load(self, log: str) -> tuple[Head, Iterator[StoredObject]]:
        """What is the state, and at which head, in one read transaction? Sorted by kind and uid."""
        with ExitStack() as stack:
            connection = stack.enter_context(self._logs.reading())
            head = reads.read_head(connection, log)
            return head, _held(stack.pop_all(), reads.stream_objects(connection, log))

    def changes(self, log: str, after_revision: int, limit: int) -> tuple[ChangeRow, ...]:
        """Which changes follow this revision? Whole revisions, at least one, else at most `limit` rows."""
        with self._logs.reading() as connection:
            return reads.read_changes(connection, log, after_revision, limit)

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
        where = {"kind": kind, "uid": uid, "actor_uid": actor_uid}
        with self._logs.reading() as connection:
            return reads.read_history(connection, log, limit, before, where)

    def change_count(self, log: str) -> int:
        """How many changes does this log hold?"""
        with self._logs.reading() as connection:
            return reads.count_changes(connection, log)

    def document_at(self, log: str, kind: str, uid: str, revision: int) -> StoredObject | None:
        """What was this object's state right after this revision? None where it did not exist."""
        with self._logs.reading() as connection:
            reads.check_revision(reads.read_head(connection, log), revision)
            return reads.find_state_at(connection, log, revision, (kind, uid))

    def state_at(self, log: str, revision: int) -> Iterator[StoredObject]:
        """What was the whole state right after this revision? Sorted by kind and uid."""
        with ExitStack() as stack:
            connection = stack.enter_context(self._logs.reading())
            reads.check_revision(reads.read_head(connection, log), revision)
            return _held(stack.pop_all(), reads.stream_state_at(connection, log, revision))

    def find_object(self, log: str, kind: str, uid: str) -> StoredObject | None:
        """What is this object's state now?"""
        with self._logs.reading() as connection:
            return reads.find_object(connection, log, (object_.c.kind == kind) & (object_.c.uid == uid))

    def find_named(self, log: str, kind: str, name: str) -> StoredObject | None:
        """Which living object has exactly this name, byte for byte?"""
        named = (object_.c.kind == kind) & (object_.c.name == name) & IS_NAMED
        with self._logs.reading() as connection:
            return reads.find_object(connection, log, named)

    def find_secret(self, log: str, name: str) -> Secret | None:
        """What is kept under this name?"""
        with self._logs.reading() as connection:
            return self._secrets.find(connection, log, name)

    def list_secrets(self, log: str, purpose: str) -> tuple[Secret, ...]:
        """Which secrets are kept for this purpose, sorted by name?"""
        with self._logs.reading() as connection:
            return self._secrets.list_for(connection, log, purpose)

    def find_located(self, kind: str, value: str) -> tuple[str, ...]:
        """In which logs lives an object of this kind that is found by this value? By code point."""
        with self._logs.reading() as connection:
            return find_located(connection, kind, value)

    def moved_since(self, mark: int) -> tuple[int, tuple[Head, ...]]:
        """Which heads moved since this mark (0: all), and from which mark on shall be asked next?"""
        with self._logs.reading() as connection:
            return reads.read_moved(connection, mark)

    def find_answer(self, log: str, principal_uid: str, key: str) -> Answer | None:
        """What was answered to this principal's request on this log with this idempotency key?"""
        with self._logs.reading() as connection:
            return self._secrets.find_answer(connection, log, principal_uid, key)

    def verify(self, log: str, progress: Progress | None = None) -> VerifyReport:
        """Is the log as it was written, and do the objects follow from it?"""
        with self._logs.examining() as connection:
            evidence = SqlEvidence(connection, log, self._secrets, self._locate)
            return verify_log(log, evidence, self._keys.signer(connection), progress)


def _held(transaction: ExitStack, items: Iterator[T]) -> Iterator[T]:
    """Which items come, while the transaction is kept open until the last, a close, or a loss of interest?"""
    with transaction:
        yield from items
