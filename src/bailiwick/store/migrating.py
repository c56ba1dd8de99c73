"""How a data directory is brought to another schema: the logs' file and the activity's file, one transaction each.

Killed in the middle, each file has its old schema or its new one; run again, what is left is done.
CAUTION: no server may use the store meanwhile, unless the revision says that older programs go on.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

from sqlalchemy import Connection

from bailiwick.errors import Unavailable
from bailiwick.store.address import Address, DatabaseAddress
from bailiwick.store.directory import DataDirectory
from bailiwick.store.ports import Locate, Signer
from bailiwick.store.sql.database import Database
from bailiwick.store.sql.migrations.running import (
    ACTIVITY_PART,
    LOGS_PART,
    Part,
    Tools,
    check_known,
    find_revision,
    migrate,
    newest,
    target,
)
from bailiwick.store.sql.postgresql import open_postgres
from bailiwick.store.sql.secret_rows import SecretRows
from bailiwick.store.sql.signing_keys import SigningKeys
from bailiwick.store.sql.sqlite import Durability, open_database
from bailiwick.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Step:
    """From which revision to which one does a part go? They are the same where there is nothing to do."""

    part: str
    before: str
    after: str


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
    parts: list[tuple[Part, Path, Durability]] = [
        (LOGS_PART, directory.logs, "FULL"),
        (ACTIVITY_PART, directory.activity, "NORMAL"),
    ]
    with directory.locked():
        plan = [(part, path, durability, _plan(part, path, to)) for part, path, durability in parts]
        if dry_run:
            return [step for _, _, _, step in plan]
        vault = Vault(directory.master_key, token_bytes)
        # WHY the activity first on the way back: its heads are signed anew, and the newest logs say by whom.
        back = any(step.after < step.before for _, _, _, step in plan)
        for part, path, durability, step in reversed(plan) if back else plan:
            if step.after != step.before:
                given = Tools(signer or _own_signer(part, directory, vault), vault, locate)
                _carry_out(part, open_database(path, durability), step.after, given)
        return [step for _, _, _, step in plan]


def _migrate_database(
    address: DatabaseAddress, to: str | None, dry_run: bool, locate: Locate | None, signer: Signer | None
) -> list[Step]:
    """Which steps brought this database there? Both parts in one transaction, however long it takes."""
    address.check_key()
    database = open_postgres(address.url, is_patient=True)
    try:
        with address.locked(), database.writing() as connection:
            steps = [_step(connection, part, str(address), to) for part in (LOGS_PART, ACTIVITY_PART)]
            wanted = [step for step in steps if step.before != step.after]
            if dry_run or not wanted:
                return steps
            vault = Vault(address.master_key, token_bytes)
            given = Tools(signer or SigningKeys(SecretRows(vault), None).signer(connection), vault, locate)
            back = any(step.after < step.before for step in wanted)
            for step in reversed(wanted) if back else wanted:
                part = LOGS_PART if step.part == LOGS_PART.name else ACTIVITY_PART
                migrate(connection, part, step.after, given)
            return steps
    finally:
        database.close()


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
    return Step(part.name, found, target(part, to))


def _own_signer(part: Part, directory: DataDirectory, vault: Vault) -> Signer | None:
    """Who signs the heads of the activity? Read from the logs, which are of the newest schema then."""
    if part is not ACTIVITY_PART:
        return None
    logs = open_database(directory.logs, "FULL")
    try:
        with logs.reading() as connection:
            if find_revision(connection, LOGS_PART) != newest(LOGS_PART):
                return None
            return SigningKeys(SecretRows(vault), None).signer(connection)
    finally:
        logs.close()


def _carry_out(part: Part, database: Database, to: str, given: Tools) -> None:
    try:
        with database.writing() as connection:
            migrate(connection, part, to, given)
        database.forget_overwritten()
    finally:
        database.close()
