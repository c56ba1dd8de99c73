"""The mark of a copy that is not finished: a table that is there from before the first row until after the last check.

INVARIANT: a database with the mark is opened as a store by nobody, whatever else it holds.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect

from bailiwick.errors import Unavailable

_MARK = Table("unfinished_copy", MetaData(), Column("source", Text, primary_key=True, nullable=False))


def mark_unfinished(connection: Connection) -> None:
    """Let nobody open this database as a store."""
    _MARK.create(connection, checkfirst=True)


def mark_finished(connection: Connection) -> None:
    """Let this database be opened."""
    _MARK.drop(connection)


def is_unfinished(connection: Connection) -> bool:
    """Is a copy into this database under way, or was it broken off?"""
    return inspect(connection).has_table(_MARK.name)


def refuse_unfinished(connection: Connection) -> None:
    """Is this database whole? Raises Unavailable."""
    if is_unfinished(connection):
        raise Unavailable(
            "the store is a copy that was not finished",
            "begin the copy anew with `--again`, or remove it; what it was copied from is as it was",
        )
