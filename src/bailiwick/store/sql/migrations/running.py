"""Which schema a database has, and how it is brought to another.

A store has two parts, the logs and the activity: two files on SQLite, one database on PostgreSQL. Each has its own
chain of revisions and its own table that says which one holds. The numbers are the store's: revision `0003` of one
part belongs to the version of Bailiwick that has revision `0003` of the other, or the newest one before.

Runs Alembic on a connection that the caller began for writing; nothing here commits, so a migration is one
transaction on each part, on SQLite too.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from alembic import op
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, column, inspect, select, table

from bailiwick.errors import Invalid, Unavailable
from bailiwick.store.ports import Locate, Signer
from bailiwick.store.sql.admission import (
    Admission,
    Admitted,
    AnotherSchema,
    admit_from,
    find_admitted,
    make_table,
)
from bailiwick.store.sql.migrations.activity.v0001_as_0_4_wrote_it import tables_of
from bailiwick.store.sql.migrations.columns import text_column
from bailiwick.store.sql.migrations.expanding import find_contractions, read_shape
from bailiwick.store.sql.migrations.placing import Places
from bailiwick.store.sql.unfinished import refuse_unfinished
from bailiwick.store.vault import Vault

_FOLDER = Path(__file__).parent
FIRST = "0001"
SCHEMA_VERSION_SETTING = "schema_version"


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two parts of a store. `written_in`: where 0.4 and older said which schema they wrote."""

    name: str
    revision_table: str
    written_in: str


LOGS_PART = Part("logs", "logs_revision", "setting")
ACTIVITY_PART = Part("activity", "activity_revision", "setting")


@dataclass(frozen=True, slots=True)
class Tools:
    """What a revision may need besides the rows: who signs heads, how answers are sealed, how objects are located, in
    which logs what is.

    A revision gets them by `tools()`.
    """

    signer: Signer | None = None
    vault: Vault | None = None
    locate: Locate | None = None
    places: Places | None = None


def tools() -> Tools:
    """Which tools was the migration that runs now given?"""
    given: Tools = op.get_context().opts["tools"]
    return given


@cache
def _scripts(part: Part) -> ScriptDirectory:
    """Which revisions does this part have?"""
    folder = str(_FOLDER / part.name)
    return ScriptDirectory(folder, version_locations=[folder])


def revisions(part: Part) -> tuple[str, ...]:
    """Which revisions does this program know, the oldest first?"""
    return tuple(script.revision for script in _scripts(part).walk_revisions())[::-1]


def newest(part: Part) -> str:
    """Which revision does this program write?"""
    return revisions(part)[-1]


def expands(part: Part, revision: str) -> bool:
    """Does this revision say of itself that programs of the one before may go on beside it?

    WHY no by default: programs are kept away from what nobody has thought about.
    """
    script = _scripts(part).get_revision(revision)
    return script is not None and bool(getattr(script.module, "expands", False))


def oldest_program(part: Part, revision: str) -> str:
    """From which revision on may programs use tables that have this one?"""
    for known in reversed([each for each in revisions(part) if each <= revision]):
        if not expands(part, known):
            return known
    raise AssertionError(f"the first revision of the {part.name} expands nothing")


def find_revision(connection: Connection, part: Part) -> str | None:
    """Which revision has this database? None: it holds no such part. Raises Unavailable for an unfinished copy."""
    refuse_unfinished(connection)
    tables = inspect(connection)
    if tables.has_table(part.revision_table):
        return connection.execute(
            select(column("version_num")).select_from(table(part.revision_table))
        ).scalar()
    version = _version_of_0_4(connection, part)
    return FIRST if version == "1" else version


def _version_of_0_4(connection: Connection, part: Part) -> str | None:
    """Which version did 0.4 or older write, which knew SQLite alone and nothing of Alembic?"""
    if connection.dialect.name != "sqlite" or not inspect(connection).has_table(part.written_in):
        return None
    said = table(part.written_in, column("name"), column("value"))
    version = select(said.c.value).where(said.c.name == SCHEMA_VERSION_SETTING)
    return str(connection.execute(version).scalar())


def stamp(connection: Connection, part: Part, revision: str | None = None) -> None:
    """Say that this database has this revision, else the newest one."""
    make_table(connection, part.revision_table)
    context = MigrationContext.configure(connection, opts={"version_table": part.revision_table})
    context.stamp(_scripts(part), revision or newest(part))
    _admit(connection, part, revision or newest(part))


def _admit(connection: Connection, part: Part, revision: str) -> None:
    """Let the programs use the tables that may, now that they have this revision."""
    admit_from(connection, part.revision_table, oldest_program(part, revision))


def forget(connection: Connection, part: Part) -> None:
    """Say that this database has no revision, where it said one."""
    Table(part.revision_table, MetaData(), text_column("version_num")).drop(connection, checkfirst=True)


def check_revision(connection: Connection, part: Part, place: str) -> None:
    """May this program read and write what is in this database? Raises Unavailable."""
    found = find_revision(connection, part)
    if found is None:
        raise Unavailable(f"`{place}` holds no store", "create one with `bailiwick init`")
    if find_admitted(connection, part.revision_table) is None:
        Admitted(found, found).check(newest(part), place)
        raise AnotherSchema(
            f"`{place}` does not say which programs may use it", "run `bailiwick store migrate`"
        )
    admission(part).check(connection, place)


def admission(*parts: Part) -> Admission:
    """What does this program ask of a database that holds these parts?"""
    return Admission({part.revision_table: newest(part) for part in parts})


def check_known(found: str, part: Part, place: str) -> None:
    """Does this program know this revision? Raises Unavailable."""
    if found not in revisions(part):
        raise Unavailable(
            f"`{place}` has schema revision `{found}`, expected `{newest(part)}`",
            "use the bailiwick that wrote it, or a newer one",
        )


def target(part: Part, wanted: str | None) -> str:
    """Which revision of this part belongs to the wanted one of the store? None: the newest. Raises Invalid."""
    if wanted is None:
        return newest(part)
    known = sorted({*revisions(LOGS_PART), *revisions(ACTIVITY_PART)})
    if wanted not in known:
        raise Invalid.at("", f"unknown revision `{wanted}`", f"expected one of {', '.join(known)}")
    return max(revision for revision in revisions(part) if revision <= wanted)


def migrate(connection: Connection, part: Part, to: str, given: Tools) -> tuple[str, ...]:
    """Which revisions were carried out or taken back, in order, to bring this part to `to`?

    Afterwards the tables say which programs may use them.
    Raises AssertionError for a revision that says of itself what it is not.
    """
    found = find_revision(connection, part)
    if found is not None:
        check_known(found, part, part.name)
    _adopt(connection, part)
    make_table(connection, part.revision_table)
    if to < (found or ""):
        done = _run(connection, part, to, given)
    else:
        wanted = [each for each in revisions(part) if (found or "") < each <= to]
        done = tuple(step for each in wanted for step in _upgrade(connection, part, each, given))
    _admit(connection, part, to)
    return done


def _upgrade(connection: Connection, part: Part, to: str, given: Tools) -> tuple[str, ...]:
    """Carry out one revision, and hold it to what it says of itself."""
    before = read_shape(connection) if expands(part, to) else None
    done = _run(connection, part, to, given)
    found = [] if before is None else find_contractions(before, read_shape(connection))
    assert not found, f"revision `{to}` of the {part.name} says that it only expands: {'; '.join(found)}"
    return done


def _run(connection: Connection, part: Part, to: str, given: Tools) -> tuple[str, ...]:
    scripts, done = _scripts(part), list[str]()

    def steps(now: Any, _context: MigrationContext) -> Any:
        path = scripts._upgrade_revs(to, now) if to >= (now or ("",))[0] else scripts._downgrade_revs(to, now)
        done.extend(step.revision.revision for step in path)
        return path

    with EnvironmentContext(Config(), scripts, fn=steps, destination_rev=to) as environment:
        environment.configure(connection=connection, version_table=part.revision_table, tools=given)
        environment.run_migrations()
    return tuple(done)


def _adopt(connection: Connection, part: Part) -> None:
    """Say in Alembic's way which revision 0.4 or older wrote."""
    tables = inspect(connection)
    if tables.has_table(part.revision_table) or _version_of_0_4(connection, part) != "1":
        return
    if part is ACTIVITY_PART and not tables.has_table("note"):
        # WHY: 0.2 and older kept no notes.
        tables_of(connection).tables["note"].create(connection)
    stamp(connection, part, FIRST)
