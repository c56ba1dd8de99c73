"""What only expands: each thing that an older program could not bear is found, and a revision that lies is not done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.contract.on_postgresql import new_database, url_of
from tests.faults.next_version import with_more

from bailiwick.store.sql.database import Database
from bailiwick.store.sql.migrations import running
from bailiwick.store.sql.migrations.expanding import find_contractions, read_shape
from bailiwick.store.sql.migrations.running import ACTIVITY_PART, LOGS_PART, Part, Tools, newest, revisions
from bailiwick.store.sql.postgresql import open_postgres, parse_url
from bailiwick.store.sql.sqlite import open_database

BASE = (
    "CREATE TABLE head (log VARCHAR PRIMARY KEY)",
    "CREATE TABLE other (a VARCHAR PRIMARY KEY)",
    "CREATE TABLE t (a VARCHAR PRIMARY KEY, b VARCHAR NOT NULL, c INTEGER DEFAULT 1, d INTEGER)",
    "CREATE INDEX t_by_b ON t (b)",
    "CREATE UNIQUE INDEX t_by_c ON t (c) WHERE c > 0",
)
ADDS = (
    "CREATE TABLE fresh (log VARCHAR PRIMARY KEY REFERENCES head (log), n INTEGER NOT NULL UNIQUE)",
    "ALTER TABLE t ADD COLUMN maybe VARCHAR",
    "ALTER TABLE t ADD COLUMN given VARCHAR DEFAULT '' NOT NULL",
    "CREATE INDEX t_by_maybe ON t (maybe)",
)
CONTRACTS = {
    "DROP TABLE other": "table `other` is gone",
    "CREATE TABLE fresh (a VARCHAR PRIMARY KEY REFERENCES other (a))": (
        "table `fresh` refers to `other`, from which programs before delete"
    ),
    "DROP INDEX t_by_b": "the index of `t` over ['b'] is gone",
    "CREATE UNIQUE INDEX t_one_b ON t (b)": "rows of `t` are newly held to: unique ['b']",
    "ALTER TABLE t RENAME COLUMN b TO bb": "column `t.b` is gone",
    "ALTER TABLE t DROP COLUMN d": "column `t.d` is gone",
}
ON_POSTGRESQL = {
    "ALTER TABLE t ALTER COLUMN c TYPE BIGINT": "column `t.c` was INTEGER default 1, and is BIGINT default 1",
    "ALTER TABLE t ALTER COLUMN b DROP NOT NULL": "column `t.b` was VARCHAR not null, and is VARCHAR",
    "ALTER TABLE t ALTER COLUMN c SET NOT NULL": (
        "column `t.c` was INTEGER default 1, and is INTEGER not null default 1"
    ),
    "ALTER TABLE t ALTER COLUMN c DROP DEFAULT": "column `t.c` was INTEGER default 1, and is INTEGER",
    "ALTER TABLE t ADD COLUMN e VARCHAR NOT NULL": "column `t.e` is new, must not be null, and has no default",
    "ALTER TABLE t ADD CHECK (c < 10)": "rows of `t` are newly held to: check c < 10",
    "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES other (a)": (
        "rows of `t` are newly held to: foreign key ['b'] to `other`"
    ),
    "ALTER TABLE t DROP CONSTRAINT t_pkey": "rows of `t` are no longer held to: primary key ['a']",
    "ALTER TABLE t ADD UNIQUE (b)": "rows of `t` are newly held to: unique ['b']",
}
ON_BOTH = [
    (statement, says, engine) for statement, says in CONTRACTS.items() for engine in ("file", "server")
]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite file."""
    (tmp_path / "x.db").touch()
    made = open_database(tmp_path / "x.db", "FULL")
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[Database]:
    """An empty PostgreSQL database."""
    made = open_postgres(parse_url(url_of(new_database())))
    yield made
    made.close()


def found_after(connection: Connection, *statements: str) -> list[str]:
    """What could an older program not bear of these, carried out on the tables above?"""
    for statement in BASE:
        connection.exec_driver_sql(statement)
    before = read_shape(connection)
    for statement in statements:
        connection.exec_driver_sql(statement)
    return find_contractions(before, read_shape(connection))


@pytest.mark.parametrize("engine", ["file", "server"])
def test_adding_is_expanding(engine: str, request: pytest.FixtureRequest) -> None:
    """Tables, columns that may be null or have a default, indexes that hold rows to nothing."""
    database: Database = request.getfixturevalue(engine)
    with database.writing() as connection:
        assert found_after(connection, *ADDS) == []


@pytest.mark.parametrize(
    ("statement", "says", "engine"),
    [*ON_BOTH, *((statement, says, "server") for statement, says in ON_POSTGRESQL.items())],
)
def test_what_takes_away_or_binds_is_found(
    statement: str, says: str, engine: str, request: pytest.FixtureRequest
) -> None:
    """And said."""
    database: Database = request.getfixturevalue(engine)
    with database.writing() as connection:
        found = found_after(connection, statement)
    assert says in found


@pytest.mark.parametrize("part", [LOGS_PART, ACTIVITY_PART], ids=lambda part: part.name)
@pytest.mark.parametrize("engine", ["file", "server"])
def test_the_revisions_are_what_they_say(part: Part, engine: str, request: pytest.FixtureRequest) -> None:
    """Every revision that says that it expands is held to it, with all others before it."""
    database: Database = request.getfixturevalue(engine)
    with database.writing() as connection:
        assert running.migrate(connection, part, newest(part), Tools()) == revisions(part)


def test_a_revision_that_lies_is_not_carried_out(file: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stopped within its transaction, and named."""
    monkeypatch.setattr(running, "_scripts", with_more("lying"))
    with file.writing() as connection:
        running.migrate(connection, LOGS_PART, revisions(LOGS_PART)[-2], Tools())
    with (
        pytest.raises(AssertionError, match=r"says that it only expands: column `object\.name` is gone"),
        file.writing() as connection,
    ):
        running.migrate(connection, LOGS_PART, newest(LOGS_PART), Tools())
    with file.reading() as connection:
        assert running.find_revision(connection, LOGS_PART) == revisions(LOGS_PART)[-2]
        assert "name" in read_shape(connection)["object"].columns
