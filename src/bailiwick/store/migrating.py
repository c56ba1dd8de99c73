"""How a store is brought to another schema: one transaction for the logs, one for the activity; in a database, one.

What only expands is done while servers go on. Else it is committed first that nobody may use the tables, so that a
server which was forgotten refuses, and writes nothing wrong (`sql/admission`).
Killed in the middle, each part has its old schema or its new one; run again, what is left is done.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

from sqlalchemy import Connection

from bailiwick.errors import Unavailable
from bailiwick.store.address import Address, DatabaseAddress
from bailiwick.store.directory import DataDirectory
from bailiwick.store.ports import Locate, Signer
from bailiwick.store.sql.admission import NOBODY, Admitted, admit_from, find_admitted
from bailiwick.store.sql.database import Contended, Database, LockedTooLong
from bailiwick.store.sql.migrations.placing import Places
from bailiwick.store.sql.migrations.running import (
    ACTIVITY_PART,
    LOGS_PART,
    Part,
    Tools,
    check_known,
    expands,
    find_revision,
    migrate,
    newest,
    oldest_program,
    revisions,
    target,
)
from bailiwick.store.sql.postgresql import open_postgres
from bailiwick.store.sql.secret_rows import SecretRows
from bailiwick.store.sql.signing_keys import SigningKeys
from bailiwick.store.sql.sqlite import Durability, open_database
from bailiwick.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Step:
    """From which revision to which one does a part go? They are the same where there is nothing to do.

    `keeps`: from which revision on servers may go on meanwhile and after; None: all must be stopped first.
    """

    part: str
    before: str
    after: str
    keeps: str | None = None


Steps = Sequence[tuple[Part, Step]]
LOCK_SECONDS = 2
"""So long a migration waits for others, and holds up those who come after it."""
_PAUSE_SECONDS = 1.0
_LONGEST_SECONDS = 60.0


def migrate_store(
    address: Address,
    *,
    master_key: Path | None = None,
    to: str | None = None,
    dry_run: bool = False,
    locate: Locate | None = None,
    signer: Signer | None = None,
) -> list[Step]:
    """Which steps brought this store to this revision, else to the newest? `dry_run`: which would.

    Raises NotFound, Invalid for an unknown revision, Unavailable for a store of a newer program.
    """
    if isinstance(address, DatabaseAddress):
        return _migrate_database(address, to, dry_run, locate, signer)
    directory = DataDirectory(address, master_key)
    directory.check_whole()
    files: dict[Part, tuple[Path, Durability]] = {
        LOGS_PART: (directory.logs, "FULL"),
        ACTIVITY_PART: (directory.activity, "NORMAL"),
    }
    with directory.locked():
        steps = [(part, _plan(part, path, to)) for part, (path, _) in files.items()]
        if not dry_run:
            vault = Vault(directory.master_key, token_bytes)
            databases = {part: open_database(*where) for part, where in files.items()}
            try:
                with _kept_out(databases, steps):
                    for part, step in _in_order(steps):
                        with _reading_logs(part, directory) as logs:
                            given = _tools(part, logs, vault, locate, signer)
                            _carry_out(part, databases[part], step.after, given)
            finally:
                for database in databases.values():
                    database.close()
        return [step for _, step in steps]


def _in_order(steps: Steps) -> Steps:
    """In which order are these carried out?

    WHY the activity first on the way back: its heads are signed anew, and the newest logs say by whom.
    """
    return steps[::-1] if any(step.after < step.before for _, step in steps) else steps


@contextmanager
def _kept_out(databases: Mapping[Part, Database], steps: Steps) -> Iterator[None]:
    """For how long may nobody use the parts that are changed in a way which some program cannot bear?

    INVARIANT: it is committed before anything is changed. Who was admitted before is waited for by the change itself.
    What fails is undone, so that they may go on who could before.
    """
    before = {part: step for part, step in steps if step.after != step.before and step.keeps is None}
    were: dict[Part, str] = {}
    try:
        for part, step in before.items():
            with databases[part].writing() as connection:
                said = find_admitted(connection, part.revision_table)
                if said is not None:
                    admit_from(connection, part.revision_table, NOBODY)
                    were[part] = said.oldest if said.oldest != NOBODY else oldest_program(part, step.before)
        yield
    except BaseException:
        for part, oldest in were.items():
            with suppress(Unavailable), databases[part].writing() as connection:
                closed = Admitted(before[part].before, NOBODY)
                admit_from(connection, part.revision_table, oldest, only=closed)
        raise


def _migrate_database(
    address: DatabaseAddress, to: str | None, dry_run: bool, locate: Locate | None, signer: Signer | None
) -> list[Step]:
    """Which steps brought this database there? Both parts in one transaction, however long it takes."""
    address.check_key()
    database = open_postgres(address.url, is_patient=True)
    parts = (LOGS_PART, ACTIVITY_PART)

    def change() -> None:
        with database.writing() as connection:
            _lock(connection, steps)
            for part, step in _in_order(steps):
                migrate(connection, part, step.after, _tools(part, connection, vault, locate, signer))

    try:
        with address.locked():
            with database.reading() as connection:
                steps = [(part, _step(connection, part, str(address), to)) for part in parts]
            if not dry_run:
                vault = Vault(address.master_key, token_bytes)
                with _kept_out(dict.fromkeys(parts, database), steps):
                    _patiently(change)
            return [step for _, step in steps]
    finally:
        database.close()


def _lock(connection: Connection, steps: Steps) -> None:
    """Wait until no other migrates, and until all have ended who were admitted before a change that keeps them out.

    Whoever was admitted has read the revision tables, and holds the weakest lock on them until the transaction ends.
    """
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    for part, step in steps:
        if find_admitted(connection, part.revision_table) is not None:
            alone = step.after != step.before and step.keeps is None
            mode = "ACCESS EXCLUSIVE" if alone else "SHARE ROW EXCLUSIVE"
            connection.exec_driver_sql(f"LOCK TABLE {part.revision_table} IN {mode} MODE")
    for part, step in steps:
        now = find_revision(connection, part)
        if now != step.before:
            raise Unavailable(f"the {part.name} have schema revision `{now}` meanwhile", "run it again")


def _patiently(change: Callable[[], None]) -> None:
    """Do this, again and again where others hold the tables: in between, servers come to their turn."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while True:
        try:
            return change()
        except (LockedTooLong, Contended) as error:
            if time.monotonic() >= deadline:
                raise Unavailable(
                    f"others have held the store's tables for {_LONGEST_SECONDS:g} seconds; nothing was changed",
                    "end what reads the store for long (a dump, `bailiwick store verify`), and run it again",
                ) from error
            time.sleep(_PAUSE_SECONDS)


def _plan(part: Part, path: Path, to: str | None) -> Step:
    """Which step does this part need?"""
    database = open_database(path, "FULL")
    try:
        with database.reading() as connection:
            return _step(connection, part, str(path), to)
    finally:
        database.close()


def _step(connection: Connection, part: Part, place: str, to: str | None) -> Step:
    found = find_revision(connection, part)
    if found is None:
        raise Unavailable(f"`{place}` holds no store", "create one with `bailiwick init`")
    check_known(found, part, place)
    after = target(part, to)
    between = [each for each in revisions(part) if found < each <= after]
    is_kept = bool(between) and all(expands(part, each) for each in between)
    return Step(part.name, found, after, oldest_program(part, after) if is_kept else None)


@contextmanager
def _reading_logs(part: Part, directory: DataDirectory) -> Iterator[Connection | None]:
    """Which connection reads the logs while another part of the directory is migrated?"""
    if part is LOGS_PART:
        yield None
        return
    logs = open_database(directory.logs, "FULL")
    try:
        with logs.reading() as connection:
            yield connection
    finally:
        logs.close()


def _tools(
    part: Part, logs: Connection | None, vault: Vault | None, locate: Locate | None, signer: Signer | None
) -> Tools:
    """What may the migration of this part need?"""
    if part is not ACTIVITY_PART or logs is None:
        return Tools(signer, vault, locate)
    return Tools(signer or _signer_in(logs, vault), vault, locate, Places(logs))


def _signer_in(logs: Connection, vault: Vault | None) -> Signer | None:
    """Who signs the heads of the activity, which alone are signed anew? The newest logs say by whom."""
    if vault is None or find_revision(logs, LOGS_PART) != newest(LOGS_PART):
        return None
    return SigningKeys(SecretRows(vault), None).signer(logs)


def _carry_out(part: Part, database: Database, to: str, given: Tools) -> None:
    with database.writing() as connection:
        done = migrate(connection, part, to, given)
    if done:
        database.forget_overwritten()
