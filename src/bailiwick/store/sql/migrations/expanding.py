"""Whether a revision only expands: whether programs of the revision before go on reading and writing rightly beside it.

A revision says it (`expands = True`), and is held to it at every migration: what was there stays as it was, and nothing
that is new can refuse, or be missed by, a row of a program that does not know it.
What cannot be compared, its author answers for: that rows keep their meaning, and what newer programs write into them
is read rightly by older ones.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, inspect

# Nothing is ever deleted from it, so a table that refers to it hinders no program.
_NEVER_DELETED_FROM = "head"


@dataclass(frozen=True, slots=True)
class TableShape:
    """Of one table: its columns (type, whether null, default), what its rows are held to, and its plain indexes."""

    columns: dict[str, tuple[str, bool, str | None]]
    constraints: frozenset[str]
    refers_to: frozenset[str]
    indexes: frozenset[str]


Shape = dict[str, TableShape]


def read_shape(connection: Connection) -> Shape:
    """Which tables has this database, in this transaction?"""
    tables = inspect(connection)
    return {name: _read_table(tables, name) for name in tables.get_table_names()}


def _read_table(tables: Any, name: str) -> TableShape:
    columns = {
        one["name"]: (str(one["type"]), bool(one["nullable"]), one["default"])
        for one in tables.get_columns(name)
    }
    foreign = tables.get_foreign_keys(name)
    indexes = tables.get_indexes(name)
    constraints = {
        f"primary key {tables.get_pk_constraint(name)['constrained_columns']}",
        *(f"unique {sorted(one['column_names'])}" for one in tables.get_unique_constraints(name)),
        *(f"unique {_of_index(one)}" for one in indexes if one["unique"]),
        *(f"foreign key {one['constrained_columns']} to `{one['referred_table']}`" for one in foreign),
        *(f"check {one['sqltext']}" for one in tables.get_check_constraints(name)),
    }
    plain = frozenset(_of_index(one) for one in indexes if not one["unique"])
    return TableShape(
        columns, frozenset(constraints), frozenset(one["referred_table"] for one in foreign), plain
    )


def _of_index(index: Any) -> str:
    where = {
        key: str(value) for key, value in index.get("dialect_options", {}).items() if key.endswith("_where")
    }
    return f"{index.get('expressions') or index['column_names']} {where or ''}".strip()


def find_contractions(before: Shape, after: Shape) -> list[str]:
    """What between these two could an older program not bear? Nothing: the step only expands."""
    found = [f"table `{name}` is gone" for name in sorted(set(before) - set(after))]
    for name, now in sorted(after.items()):
        was = before.get(name)
        found += _of_new_table(name, now, before) if was is None else _of_table(name, was, now)
    return found


def _of_new_table(name: str, now: TableShape, before: Shape) -> Iterator[str]:
    for referred in sorted(now.refers_to & set(before)):
        if referred != _NEVER_DELETED_FROM:
            yield f"table `{name}` refers to `{referred}`, from which programs before delete"


def _of_table(name: str, was: TableShape, now: TableShape) -> Iterator[str]:
    for column, shape in was.columns.items():
        if column not in now.columns:
            yield f"column `{name}.{column}` is gone"
        elif now.columns[column] != shape:
            yield f"column `{name}.{column}` was {_told(shape)}, and is {_told(now.columns[column])}"
    for column in sorted(set(now.columns) - set(was.columns)):
        _, nullable, default = now.columns[column]
        if not nullable and default is None:
            yield f"column `{name}.{column}` is new, must not be null, and has no default"
    for constraint in sorted(now.constraints - was.constraints):
        yield f"rows of `{name}` are newly held to: {constraint}"
    for constraint in sorted(was.constraints - now.constraints):
        yield f"rows of `{name}` are no longer held to: {constraint}"
    for index in sorted(was.indexes - now.indexes):
        yield f"the index of `{name}` over {index} is gone"


def _told(shape: tuple[str, bool, str | None]) -> str:
    kind, nullable, default = shape
    return f"{kind}{'' if nullable else ' not null'}{'' if default is None else f' default {default}'}"
