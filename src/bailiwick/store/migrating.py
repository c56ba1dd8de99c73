"""How a data directory is brought to another schema: the logs' file and the activity's file, one transaction each.

Killed in the middle, each file has its old schema or its new one; run again, what is left is done.
CAUTION: no server may use the store meanwhile, unless the revision says that older programs go on.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes

from bailiwick.errors import Unavailable
from bailiwick.store.directory import DataDirectory
from bailiwick.store.ports import Locate, Signer
from bailiwick.store.sql.database import Database, Durability, open_database
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
from bailiwick.store.sql.secret_rows import SecretRows
from bailiwick.store.sql.signing_keys import SigningKeys
from bailiwick.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Step:
    """From which revision to which one does a part go? They are the same where there is nothing to do."""

    part: str
    before: str
    after: str


def migrate_store(
    data_dir: Path,
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
    directory = DataDirectory(data_dir, master_key)
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


def _plan(part: Part, path: Path, to: str | None) -> Step:
    """Which step does this part need?"""
    database = open_database(path, "FULL")
    try:
        with database.reading() as connection:
            found = find_revision(connection, part)
    finally:
        database.close()
    if found is None:
        raise Unavailable(f"`{path}` holds no store", "create one with `bailiwick init`")
    check_known(found, part, str(path))
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
        database.truncate_wal()
    finally:
        database.close()
