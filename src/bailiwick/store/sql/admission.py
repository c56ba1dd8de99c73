"""Which programs may use the tables of a database: asked at the start of every transaction, and within it.

For each part of a store, its revision table says which revision its tables have, and the oldest revision whose programs
may use them. Whoever changes tables in a way that some program cannot bear first commits that *nobody* may use them;
so no transaction that was admitted meets tables that are not its program's, nor writes into them.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select, text, update

from bailiwick.errors import Unavailable

NOBODY = "none"
_COLUMN = "readable_from"
_TRY_AGAIN = "wait for `bailiwick store migrate` to end; if it was broken off, run it again"


class AnotherSchema(Unavailable):
    """The tables are not this program's to use: of another revision, or being changed."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Which revision have the tables of a part, and from which on may programs use them (`NOBODY`: none may)?"""

    revision: str
    oldest: str

    def check(self, program: str, place: str) -> None:
        """May a program of this revision use them? Raises AnotherSchema."""
        if self.oldest == NOBODY:
            raise AnotherSchema(
                f"the schema of `{place}` is being changed, or that was broken off", _TRY_AGAIN
            )
        if program > self.revision:
            raise AnotherSchema(
                f"`{place}` has schema revision `{self.revision}`, expected `{program}`",
                "run `bailiwick store migrate`; with --dry-run it says whether servers may go on meanwhile",
            )
        if program < self.oldest:
            raise AnotherSchema(
                f"`{place}` has schema revision `{self.revision}`, for programs from revision `{self.oldest}` on; "
                f"this one is of `{program}`",
                "use the bailiwick that wrote it, or a newer one",
            )


def revision_table(name: str) -> Table:
    """Which table says so? Alembic writes its first column, and knows nothing of the other.

    WHY nobody by default: who forgets to say who may use the tables has not thought of it.
    """
    return Table(
        name,
        MetaData(),
        Column("version_num", String(32), primary_key=True, nullable=False),
        Column(_COLUMN, String(32), nullable=False, server_default=text(f"'{NOBODY}'")),
    )


def make_table(connection: Connection, name: str) -> None:
    """Let this revision table be there, with both columns."""
    table = revision_table(name)
    if not inspect(connection).has_table(name):
        table.create(connection)
    elif not says_who(connection, name):
        connection.exec_driver_sql(
            f"ALTER TABLE {name} ADD COLUMN {_COLUMN} VARCHAR(32) DEFAULT '{NOBODY}' NOT NULL"
        )


def says_who(connection: Connection, name: str) -> bool:
    """Has this revision table a column for who may use the part?"""
    return any(column["name"] == _COLUMN for column in inspect(connection).get_columns(name))


def find_admitted(connection: Connection, name: str) -> Admitted | None:
    """What does this revision table say? None: it is not there, or does not say it."""
    if not inspect(connection).has_table(name) or not says_who(connection, name):
        return None
    row = connection.execute(select(revision_table(name))).one_or_none()
    return Admitted(row[0], row[1]) if row is not None else None


def admit_from(connection: Connection, name: str, oldest: str, *, only: Admitted | None = None) -> None:
    """Let programs from this revision on use the part (`NOBODY`: none). `only`: where it says this now."""
    table = revision_table(name)
    change = update(table).values({_COLUMN: oldest})
    if only is not None:
        change = change.where(table.c.version_num == only.revision, table.c[_COLUMN] == only.oldest)
    connection.execute(change)


class Admission:
    """What one program asks of one database, with one short question a transaction.

    `programs`: by revision table, the revision that the program itself writes.
    """

    def __init__(self, programs: Mapping[str, str]) -> None:
        self._programs = dict(programs)
        columns = (f"{name}.version_num, {name}.{_COLUMN}" for name in self._programs)
        self._question = f"SELECT {', '.join(columns)} FROM {', '.join(self._programs)}"  # noqa: S608 - our own names

    def check(self, connection: Connection, place: str = "the store") -> None:
        """May this program use the tables, until the transaction ends? Raises AnotherSchema."""
        for found, program in self._read(connection):
            found.check(program, place)

    def require_own(self, connection: Connection, deed: str) -> None:
        """Are the tables exactly this program's? A newer one's may hold what this deed would leave out."""
        for found, program in self._read(connection):
            if found.revision != program:
                raise AnotherSchema(
                    f"the store has schema revision `{found.revision}`, and this program is of `{program}`: {deed} "
                    "needs the same",
                    "use the bailiwick that migrated it",
                )

    def _read(self, connection: Connection) -> list[tuple[Admitted, str]]:
        row = connection.exec_driver_sql(self._question).one_or_none()
        if row is None:
            raise AnotherSchema("the store does not say which schema it has", "restore it from the backup")
        return [
            (Admitted(row[2 * place], row[2 * place + 1]), program)
            for place, program in enumerate(self._programs.values())
        ]
