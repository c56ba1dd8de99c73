"""Notes in the activity: what is remembered for a while, changed by one process at a time.

Implements docs/spec.md, section "Activity".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select

from bailiwick.store.canonical import format_canonical, format_instant, parse_document, parse_instant
from bailiwick.store.ports import ChangeNote, Note
from bailiwick.store.sql.activity_rows import insert_if_absent
from bailiwick.store.sql.schema import note

# At each change so many notes go that no longer hold: more than come, so that the table stays as small as what holds.
MOST_FORGOTTEN = 16
Key = tuple[str, str]


def amend_note(connection: Connection, key: Key, at: datetime, change: ChangeNote, *, locks: bool) -> None:
    """Change the note of this log and name, alone. `locks`: others may write at the same time."""
    now, (log, name) = format_instant(at), key
    row = _lock(connection, key) if locks else connection.execute(_find(key)).one_or_none()
    wanted = change(parse_document(row.document) if row is not None and row.until > now else None)
    connection.execute(delete(note).where(_is(key)))
    if wanted is not None:
        text, until = format_canonical(wanted.document, "note"), format_instant(wanted.until)
        connection.execute(insert(note).values(log=log, name=name, document=text, until=until))
    _forget(connection, log, now)


def _is(key: Key) -> ColumnElement[bool]:
    return (note.c.log == key[0]) & (note.c.name == key[1])


def _find(key: Key) -> Any:
    return select(note).where(_is(key))


def _lock(connection: Connection, key: Key) -> Row[Any]:
    """Which row has the note, which nobody else changes until the transaction ends?

    WHY it is made first, as one that holds no more: what is not there cannot be locked. It may be gone again before it
    is locked, where another transaction ended in between.
    """
    absent = {"log": key[0], "name": key[1], "document": "{}", "until": ""}
    while True:
        insert_if_absent(connection, note, absent)
        row = connection.execute(_find(key).with_for_update()).one_or_none()
        if row is not None:
            return row


def _forget(connection: Connection, log: str, now: str) -> None:
    """Let some go that hold no more. What others are changing is left to them: nobody waits for anybody here."""
    of_log = note.c.log == log
    over = select(note.c.name).where(of_log, note.c.until <= now).order_by(note.c.until).limit(MOST_FORGOTTEN)
    names = list(connection.scalars(over.with_for_update(skip_locked=True)))
    if names:
        connection.execute(delete(note).where(of_log, note.c.name.in_(names)))


def find_notes(
    connection: Connection, log: str, prefix: str, at: datetime, limit: int, *, after: str
) -> tuple[tuple[str, Note], ...]:
    """Which notes of the log hold at `at` whose names begin with this prefix, by name, beyond `after`?"""
    query = select(note).where(
        note.c.log == log,
        note.c.name > after,
        # WHY no LIKE: its wildcards would have to be escaped, and it folds case.
        note.c.name >= prefix,
        note.c.name < prefix + "\U0010ffff",
        note.c.until > format_instant(at),
    )
    rows = connection.execute(query.order_by(note.c.name).limit(limit))
    return tuple(map(_read, rows))


def _read(row: Row[Any]) -> tuple[str, Note]:
    return row.name, Note(parse_document(row.document), parse_instant(row.until))
