"""Notes in the activity's file: what is remembered for a while, changed by one process at a time.

Implements docs/spec.md, section "Activity".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from bailiwick.store.canonical import format_canonical, format_instant, parse_document, parse_instant
from bailiwick.store.ports import ChangeNote, Note
from bailiwick.store.sql.schema import note

# At each change so many notes go that no longer hold: more than come, so that the table stays as small as what holds.
MOST_FORGOTTEN = 16


def amend_note(connection: Connection, name: str, at: datetime, change: ChangeNote) -> None:
    """Change the note of this name, in a transaction that writes alone."""
    now = format_instant(at)
    row = connection.execute(select(note).where(note.c.name == name)).one_or_none()
    wanted = change(parse_document(row.document) if row is not None and row.until > now else None)
    connection.execute(delete(note).where(note.c.name == name))
    if wanted is not None:
        text, until = format_canonical(wanted.document, "note"), format_instant(wanted.until)
        connection.execute(insert(note).values(name=name, document=text, until=until))
    _forget(connection, now)


def _forget(connection: Connection, now: str) -> None:
    over = select(note.c.name).where(note.c.until <= now).order_by(note.c.until).limit(MOST_FORGOTTEN)
    connection.execute(delete(note).where(note.c.name.in_(over)))


def find_notes(
    connection: Connection, prefix: str, at: datetime, limit: int, *, after: str
) -> tuple[tuple[str, Note], ...]:
    """Which notes hold at `at` whose names begin with this prefix, by name, beyond `after`?"""
    query = select(note).where(
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
