"""What verification reads from SQL: values exactly as the file holds them, as a stream.

WHY: `NullType` keeps the columns' types from converting (and choking on) a value of another type.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, bindparam, func, select, type_coerce
from sqlalchemy.types import NullType

from bailiwick.store.evidence import RawHead, RawObject, RawRow, values_of
from bailiwick.store.fold import ObjectKey
from bailiwick.store.ports import Locate
from bailiwick.store.sql.append import KEYS_IN_QUERY, batched
from bailiwick.store.sql.database import stream
from bailiwick.store.sql.locators import stream_locators
from bailiwick.store.sql.schema import IS_ERASURE, body, change, head, object_
from bailiwick.store.sql.secret_rows import SecretRows


def _raw(column: Column[Any]) -> ColumnElement[Any]:
    """How is this column read without conversion?"""
    return type_coerce(column, NullType())


_RAW_ROWS = select(
    _raw(change.c.revision),
    _raw(change.c.seq),
    _raw(change.c.at),
    _raw(change.c.actor_uid),
    _raw(change.c.via),
    _raw(change.c.kind),
    _raw(change.c.uid),
    _raw(change.c.op),
    _raw(change.c.digest),
    _raw(change.c.prev_hash),
    _raw(change.c.hash),
)
_RAW_BODIES = select(_raw(body.c.digest), _raw(body.c.salt), _raw(body.c.document))
_NO_BODY = (None, None)
_RAW_OBJECTS = select(
    _raw(object_.c.kind),
    _raw(object_.c.uid),
    _raw(object_.c.name),
    _raw(object_.c.body),
    _raw(object_.c.revision),
)
_RAW_HEAD = select(_raw(head.c.revision), _raw(head.c.hash), _raw(head.c.signature), _raw(head.c.at))


class SqlEvidence:
    """One log's rows on a connection that sees one moment."""

    def __init__(
        self, connection: Connection, log: str, secrets: SecretRows, locate: Locate | None = None
    ) -> None:
        self._connection = connection
        self._log = log
        self._secrets = secrets
        self._locate = locate

    def head(self) -> RawHead | None:
        """Which head does the log have?"""
        row = self._connection.execute(_RAW_HEAD.where(head.c.log == self._log)).one_or_none()
        return None if row is None else RawHead(*row)

    def change_count(self) -> int:
        """How many change rows are there?"""
        count = select(func.count()).select_from(change).where(change.c.log == self._log)
        return self._connection.execute(count).scalar_one()

    def rows(self) -> Iterator[RawRow]:
        """Which rows, by revision and seq?"""
        return self._rows(change.c.revision, change.c.seq)

    def rows_by_object(self) -> Iterator[RawRow]:
        """Which rows, by kind, uid, revision and seq?"""
        return self._rows(change.c.kind, change.c.uid, change.c.revision, change.c.seq)

    def _rows(self, *order: ColumnElement[Any]) -> Iterator[RawRow]:
        """Which rows, in this order?

        WHY no join: a database that has no statistics of a new log yet compares each row with every body.
        """
        query = _RAW_ROWS.where(change.c.log == self._log).order_by(*order)
        for batch in batched(stream(self._connection, query), KEYS_IN_QUERY):
            # What is no digest has no body, and not every text that a file can hold can be asked for.
            bodies = self._bodies([row.digest for row in batch if isinstance(row.digest, bytes)])
            for row in batch:
                salt, text = bodies.get(row.digest, _NO_BODY)
                yield RawRow._make((*row, salt, text))

    def _bodies(self, digests: Sequence[Any]) -> dict[Any, tuple[Any, Any]]:
        """Which salt and text have the bodies with these digests?"""
        wanted = bindparam("digests", digests, NullType(), expanding=True)
        of_digests = (body.c.log == self._log) & _raw(body.c.digest).in_(wanted)
        rows = self._connection.execute(_RAW_BODIES.where(of_digests))
        return {digest: (salt, text) for digest, salt, text in rows}

    def objects(self) -> Iterator[RawObject]:
        """Which objects, by kind and uid?"""
        query = _RAW_OBJECTS.where(object_.c.log == self._log).order_by(object_.c.kind, object_.c.uid)
        return (RawObject(*row) for row in stream(self._connection, query))

    def erasures(self) -> dict[ObjectKey, int]:
        """Up to which revision was each erased object last erased?"""
        columns = select(change.c.kind, change.c.uid, func.max(change.c.revision))
        of_log = columns.where(change.c.log == self._log, IS_ERASURE)
        rows = self._connection.execute(of_log.group_by(change.c.kind, change.c.uid))
        return {(kind, uid): revision for kind, uid, revision in rows}

    def body_count(self) -> int:
        """How many bodies are there?"""
        count = select(func.count()).select_from(body).where(body.c.log == self._log)
        return self._connection.execute(count).scalar_one()

    def is_located(self) -> bool:
        """Is it known by what objects are found, so that locators can be checked?"""
        return self._locate is not None

    def locators(self) -> Iterator[tuple[str, str, str]]:
        """Which locators (kind, uid, value) are there, in this order?"""
        return stream_locators(self._connection, self._log)

    def locate(self, item: RawObject) -> list[str]:
        """By which values is this object to be found, sorted?"""
        return values_of(item, self._locate)

    def damaged_secrets(self) -> Iterator[str]:
        """Which secrets do not decrypt?"""
        return self._secrets.find_damaged(self._connection, self._log)
