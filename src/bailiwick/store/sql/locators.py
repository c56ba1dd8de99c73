"""How objects are found from outside, written and removed in the transaction that changes them.

The store does not know what a value means; it is given `locate`, which says the values of a document.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, bindparam, delete, insert, select

from bailiwick.store.canonical import parse_document
from bailiwick.store.ports import Locate
from bailiwick.store.sql.database import stream
from bailiwick.store.sql.schema import locator

_OF_OBJECT = delete(locator).where(
    locator.c.log == bindparam("in_log"),
    locator.c.kind == bindparam("of_kind"),
    locator.c.uid == bindparam("of_uid"),
)


def remove_locators(connection: Connection, log: str, keys: Iterable[tuple[str, str]]) -> None:
    """Let these objects, by kind and uid, be found by nothing."""
    gone = [{"in_log": log, "of_kind": kind, "of_uid": uid} for kind, uid in keys]
    if gone:
        connection.execute(_OF_OBJECT, gone)


def write_locators(
    connection: Connection, log: str, objects: Iterable[tuple[str, str, str]], locate: Locate | None
) -> None:
    """Let these objects (kind, uid, document as text) be found by what `locate` says. None: by nothing."""
    if locate is None:
        return
    rows = [
        {"log": log, "kind": kind, "uid": uid, "value": value}
        for kind, uid, text in objects
        for value in sorted(set(locate(kind, uid, parse_document(text))))
    ]
    if rows:
        connection.execute(insert(locator), rows)


def find_located(connection: Connection, kind: str, value: str) -> tuple[str, ...]:
    """In which logs lives an object of this kind that is found by this value?"""
    where = (locator.c.kind == kind) & (locator.c.value == value)
    return tuple(connection.scalars(select(locator.c.log).where(where).distinct().order_by(locator.c.log)))


def stream_locators(connection: Connection, log: str) -> Iterator[tuple[str, str, str]]:
    """Which (kind, uid, value) has this log, in this order?"""
    order = (locator.c.kind, locator.c.uid, locator.c.value)
    rows = stream(connection, select(*order).where(locator.c.log == log).order_by(*order))
    return ((row.kind, row.uid, row.value) for row in rows)
