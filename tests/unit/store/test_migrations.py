"""Migrations: the revisions make what the program itself makes, one transaction each, and say what they did."""

from __future__ import annotations

from pathlib import Path

import pytest

from bailiwick.errors import Conflict, Invalid
from bailiwick.store.sql.database import Database
from bailiwick.store.sql.migrations.running import (
    ACTIVITY_PART,
    LOGS_PART,
    Part,
    Tools,
    find_revision,
    migrate,
    newest,
    revisions,
    target,
)
from bailiwick.store.sql.sqlite import open_database
from bailiwick.store.sql.store import SqlStore

PARTS = {"bailiwick.db": LOGS_PART, "activity.db": ACTIVITY_PART}
TABLES = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"


def empty_database(path: Path) -> Database:
    """Which database is new and empty?"""
    path.touch()
    return open_database(path, "FULL")


def shape(database: Database) -> dict[str, str]:
    """Which statements made the tables and indexes, whatever their spacing?"""
    with database.reading() as connection:
        rows = connection.exec_driver_sql(TABLES).all()
    return {name: " ".join(sql.replace("(", " ( ").replace(")", " ) ").split()) for name, sql in rows}


@pytest.mark.parametrize("file", sorted(PARTS))
def test_the_revisions_make_what_the_program_makes(store: SqlStore, data_dir: Path, file: str) -> None:
    """A store that came up through every revision has the tables and indexes of a new one."""
    part = PARTS[file]
    migrated = empty_database(data_dir.with_name(file))
    with migrated.writing() as connection:
        assert migrate(connection, part, newest(part), Tools()) == revisions(part)
    created = open_database(data_dir / file, "FULL")
    assert shape(migrated) == shape(created)
    for database in (migrated, created):
        with database.reading() as connection:
            assert find_revision(connection, part) == newest(part)
        database.close()


def stop_after_migrating(database: Database, part: Part) -> None:
    """Migrate, and fail before the commit."""
    with database.writing() as connection:
        migrate(connection, part, newest(part), Tools())
        raise Conflict("stopped")


@pytest.mark.parametrize("part", PARTS.values(), ids=lambda part: part.name)
def test_a_migration_that_fails_changes_nothing(tmp_path: Path, part: Part) -> None:
    """The tables and the revision come or stay away together."""
    database = empty_database(tmp_path / "x.db")
    with pytest.raises(Conflict, match="stopped"):
        stop_after_migrating(database, part)
    assert shape(database) == {}
    database.close()


def test_an_unknown_revision_is_named() -> None:
    """Whoever asks for a revision that there is not hears which there are."""
    with pytest.raises(Invalid, match="unknown revision `9999`"):
        target(LOGS_PART, "9999")
