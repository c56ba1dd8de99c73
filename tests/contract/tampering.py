"""Hands of someone who can write to the store's storage: each changes it behind the store's back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from sqlalchemy import URL
from tests.contract.stores import LOG

from bailiwick.store.evidence import RawObject
from bailiwick.store.memory import MemoryStore
from bailiwick.store.memory_reads import MemoryLog
from bailiwick.store.ports import Store
from bailiwick.store.sql.postgresql import PostgresDatabase
from bailiwick.store.sql.store import SqlStore

Place = tuple[int, int]


class Tamper(Protocol):
    """What can be done to the account's log."""

    def set_row(self, place: Place, field: str, value: Any) -> None:
        """Change one field of one row."""

    def get_row(self, place: Place, field: str) -> Any:
        """What does one field of one row say?"""

    def delete_row(self, place: Place) -> None:
        """Remove one row, leave its body."""

    def copy_row(self, place: Place, to: Place, digest: bytes) -> None:
        """Write a row like this one at another place, under another digest."""

    def set_body(self, place: Place, salt: Any, text: Any) -> None:
        """Change the body of one row."""

    def get_body(self, place: Place) -> tuple[bytes, str]:
        """What is the body of one row?"""

    def delete_body(self, place: Place) -> None:
        """Remove the body of one row."""

    def add_body(self, digest: bytes, salt: bytes, text: str) -> None:
        """Write a body."""

    def set_object(self, uid: str, field: str, value: Any) -> None:
        """Change one field of one user's object row."""

    def delete_object(self, uid: str) -> None:
        """Remove one user's object row."""

    def add_object(self, kind: str, uid: str, body: str, revision: int) -> None:
        """Write an object row."""

    def set_head(self, field: str, value: Any) -> None:
        """Change one field of the head."""

    def get_head(self, field: str) -> Any:
        """What does one field of the head say?"""

    def delete_head(self) -> None:
        """Remove the head."""

    def signature_of(self, log: str) -> bytes:
        """Which signature has the head of this log?"""


class SqliteTamper:
    """Hands on the SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def _file(self) -> Iterator[sqlite3.Connection]:
        """Which connection writes past the store?"""
        with closing(sqlite3.connect(self._path)) as connection, connection:
            yield connection

    def run(self, statement: str, *values: Any) -> list[Any]:
        """What does this statement give? It must touch something."""
        with self._file() as connection:
            cursor = connection.execute(statement, values)
            rows = cursor.fetchall()
            assert rows or cursor.rowcount > 0, statement
            return rows

    def set_row(self, place: Place, field: str, value: Any) -> None:
        """Change one field of one row."""
        self.run(
            f"UPDATE change SET {field} = ? WHERE log = ? AND revision = ? AND seq = ?", value, LOG, *place
        )

    def get_row(self, place: Place, field: str) -> Any:
        """What does one field of one row say?"""
        return self.run(
            f"SELECT {field} FROM change WHERE log = ? AND revision = ? AND seq = ?", LOG, *place
        )[0][0]

    def delete_row(self, place: Place) -> None:
        """Remove one row, leave its body."""
        self.run("DELETE FROM change WHERE log = ? AND revision = ? AND seq = ?", LOG, *place)

    def copy_row(self, place: Place, to: Place, digest: bytes) -> None:
        """Write a row like this one at another place, under another digest."""
        self.run(
            "INSERT INTO change SELECT log, ?, ?, at, actor_uid, via, kind, uid, op, ?, prev_hash, hash"
            " FROM change WHERE log = ? AND revision = ? AND seq = ?",
            *(*to, digest, LOG, *place),
        )

    def _digest(self, place: Place) -> bytes:
        """Which digest has this row?"""
        digest: bytes = self.get_row(place, "digest")
        return digest

    def set_body(self, place: Place, salt: Any, text: Any) -> None:
        """Change the body of one row."""
        digest = self._digest(place)
        self.run(
            "UPDATE body SET salt = ?, document = ? WHERE log = ? AND digest = ?", salt, text, LOG, digest
        )

    def get_body(self, place: Place) -> tuple[bytes, str]:
        """What is the body of one row?"""
        query = "SELECT salt, document FROM body WHERE log = ? AND digest = ?"
        salt, text = self.run(query, LOG, self._digest(place))[0]
        return salt, text

    def delete_body(self, place: Place) -> None:
        """Remove the body of one row."""
        self.run("DELETE FROM body WHERE log = ? AND digest = ?", LOG, self._digest(place))

    def add_body(self, digest: bytes, salt: bytes, text: str) -> None:
        """Write a body."""
        self.run(
            "INSERT INTO body (log, digest, salt, document) VALUES (?, ?, ?, ?)", LOG, digest, salt, text
        )

    def set_object(self, uid: str, field: str, value: Any) -> None:
        """Change one field of one user's object row."""
        self.run(
            f"UPDATE object SET {field} = ? WHERE log = ? AND kind = 'User' AND uid = ?", value, LOG, uid
        )

    def delete_object(self, uid: str) -> None:
        """Remove one user's object row."""
        self.run("DELETE FROM object WHERE log = ? AND kind = 'User' AND uid = ?", LOG, uid)

    def add_object(self, kind: str, uid: str, body: str, revision: int) -> None:
        """Write an object row."""
        self.run(
            "INSERT INTO object (log, kind, uid, name, body, revision) VALUES (?, ?, ?, '', ?, ?)",
            *(LOG, kind, uid, body, revision),
        )

    def set_head(self, field: str, value: Any) -> None:
        """Change one field of the head."""
        self.run(f"UPDATE head SET {field} = ? WHERE log = ?", value, LOG)

    def get_head(self, field: str) -> Any:
        """What does one field of the head say?"""
        return self.run(f"SELECT {field} FROM head WHERE log = ?", LOG)[0][0]

    def delete_head(self) -> None:
        """Remove the head."""
        self.run("DELETE FROM head WHERE log = ?", LOG)

    def signature_of(self, log: str) -> bytes:
        """Which signature has the head of this log?"""
        signature: bytes = self.run("SELECT signature FROM head WHERE log = ?", log)[0][0]
        return signature


class PostgresTamper(SqliteTamper):
    """Hands on the database, of somebody who may do everything there. What PostgreSQL cannot hold is left out."""

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)

    def run(self, statement: str, *values: Any) -> list[Any]:
        """What does this statement give? It must touch something."""
        with psycopg.connect(self._url) as connection:
            connection.execute("SET session_replication_role = replica")
            try:
                cursor = connection.execute(statement.replace("?", "%s").encode(), values)
            except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
                pytest.skip(f"PostgreSQL holds no such value: {type(error).__name__}")
            rows = cursor.fetchall() if cursor.description else []
            assert rows or cursor.rowcount > 0, statement
            return rows


class MemoryTamper:
    """Hands on the lists and dictionaries."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @property
    def _kept(self) -> MemoryLog:
        """Which log?"""
        return self._store.logs[LOG]

    def _index(self, place: Place) -> int:
        """Which row stands at this place?"""
        return [(row.revision, row.seq) for row in self._kept.rows].index(place)

    def set_row(self, place: Place, field: str, value: Any) -> None:
        """Change one field of one row."""
        at = self._index(place)
        self._kept.rows[at] = self._kept.rows[at]._replace(**{field: value})

    def get_row(self, place: Place, field: str) -> Any:
        """What does one field of one row say?"""
        return getattr(self._kept.rows[self._index(place)], field)

    def delete_row(self, place: Place) -> None:
        """Remove one row, leave its body."""
        del self._kept.rows[self._index(place)]

    def copy_row(self, place: Place, to: Place, digest: bytes) -> None:
        """Write a row like this one at another place, under another digest."""
        row = self._kept.rows[self._index(place)]
        self._kept.rows.append(row._replace(revision=to[0], seq=to[1], digest=digest))

    def set_body(self, place: Place, salt: Any, text: Any) -> None:
        """Change the body of one row."""
        self._kept.bodies[self.get_row(place, "digest")] = (salt, text)

    def get_body(self, place: Place) -> tuple[bytes, str]:
        """What is the body of one row?"""
        return self._kept.bodies[self.get_row(place, "digest")]

    def delete_body(self, place: Place) -> None:
        """Remove the body of one row."""
        del self._kept.bodies[self.get_row(place, "digest")]

    def add_body(self, digest: bytes, salt: bytes, text: str) -> None:
        """Write a body."""
        self._kept.bodies[digest] = (salt, text)

    def set_object(self, uid: str, field: str, value: Any) -> None:
        """Change one field of one user's object row."""
        field = "text" if field == "body" else field
        self._kept.objects["User", uid] = self._kept.objects["User", uid]._replace(**{field: value})

    def delete_object(self, uid: str) -> None:
        """Remove one user's object row."""
        del self._kept.objects["User", uid]

    def add_object(self, kind: str, uid: str, body: str, revision: int) -> None:
        """Write an object row."""
        self._kept.objects[kind, uid] = RawObject(kind, uid, "", body, revision)

    def set_head(self, field: str, value: Any) -> None:
        """Change one field of the head."""
        assert self._kept.head is not None
        self._kept.head = self._kept.head._replace(**{field: value})

    def get_head(self, field: str) -> Any:
        """What does one field of the head say?"""
        return getattr(self._kept.head, field)

    def delete_head(self) -> None:
        """Remove the head."""
        self._kept.head = None

    def signature_of(self, log: str) -> bytes:
        """Which signature has the head of this log?"""
        head = self._store.logs[log].head
        assert head is not None
        return bytes(head.signature)


def hands_on(store: Store, path: Path) -> Tamper:
    """Who writes past this store?"""
    if isinstance(store, MemoryStore):
        return MemoryTamper(store)
    if isinstance(store, SqlStore) and isinstance(store._logs, PostgresDatabase):
        return PostgresTamper(store._logs.engine.url)
    return SqliteTamper(path / "data" / "bailiwick.db")
