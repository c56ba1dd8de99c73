"""How a store in a data directory is created and opened: the only place where its parts are put together.

Creating is repeatable until the schema version is committed, which is its last step: a crash before
leaves a directory in which `create_store` starts again.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_bytes

from sqlalchemy import Connection, insert, inspect

from bailiwick.errors import Conflict
from bailiwick.store.activity_chain import first_head
from bailiwick.store.canonical import format_instant
from bailiwick.store.chain import SALT_BYTES
from bailiwick.store.directory import DataDirectory, create_private
from bailiwick.store.fold import Origin, seal_changes
from bailiwick.store.ports import SYSTEM_LOG, Head, Locate, RandomBytes, SecretWrite, Signer
from bailiwick.store.signing import new_signing_key, publish
from bailiwick.store.sql.activity import write_first_head
from bailiwick.store.sql.append import append_changes, insert_log
from bailiwick.store.sql.database import Database, open_database
from bailiwick.store.sql.migrations.running import (
    ACTIVITY_PART,
    LOGS_PART,
    SCHEMA_VERSION_SETTING,
    check_revision,
    forget,
    stamp,
)
from bailiwick.store.sql.schema import (
    ACTIVITY,
    ACTIVITY_SCHEMA_VERSION,
    LOGS,
    PLAN_STATISTICS,
    SCHEMA_VERSION,
    activity_setting,
    note,
    setting,
)
from bailiwick.store.sql.secret_rows import MASTER_KEY_ID, SecretRows, read_setting, write_setting
from bailiwick.store.sql.signing_keys import SIGNING_KEY_ID, SigningKeys
from bailiwick.store.sql.store import SqlStore
from bailiwick.store.vault import Vault, new_key, read_keys, write_keys

CREATOR_UID = "bailiwick"
CREATED_VIA = "create_store"


def create_store(
    data_dir: Path,
    *,
    at: datetime,
    signer: Signer | None = None,
    random_bytes: RandomBytes = token_bytes,
    locate: Locate | None = None,
) -> SqlStore:
    """Which new store is in this new or empty directory? Its system log is at revision 1: the signing key.

    Raises Conflict if a store is there already. A `signer` that is passed in must be passed to
    `open_store` too.
    """
    directory = DataDirectory(data_dir)
    directory.make()
    with directory.locked():
        _create_files(directory, random_bytes)
        logs = open_database(directory.logs, "FULL")
        activity = open_database(directory.activity, "NORMAL")
        try:
            secrets = SecretRows(Vault(directory.master_key, random_bytes))
            key_id = next(iter(read_keys(directory.master_key)))
            with logs.writing() as connection:
                _refuse_existing(connection, directory)
                own, kept = _choose_signer(signer, random_bytes)
                _create_activity(activity, own)
                LOGS.create_all(connection)
                pin_plans(connection)
                write_setting(connection, MASTER_KEY_ID, key_id)
                write_setting(connection, SIGNING_KEY_ID, own.key_id)
                head = _write_system_log(connection, own, at, random_bytes)
                secrets.write(connection, SYSTEM_LOG, head.revision, kept)
                write_setting(connection, SCHEMA_VERSION_SETTING, str(SCHEMA_VERSION))
                stamp(connection, LOGS_PART)
        finally:
            logs.close()
            activity.close()
    return open_store(data_dir, signer=signer, random_bytes=random_bytes, locate=locate)


def _create_files(directory: DataDirectory, random_bytes: RandomBytes) -> None:
    """Let every file be there, the key file with a key in it."""
    if not directory.master_key.exists():
        write_keys(directory.master_key, dict([new_key(random_bytes)]))
    for path in (directory.logs, directory.activity):
        create_private(path)


def _choose_signer(given: Signer | None, random_bytes: RandomBytes) -> tuple[Signer, Sequence[SecretWrite]]:
    """Who signs, and which secret must be kept for it?"""
    if given is not None:
        return given, ()
    signer, kept = new_signing_key(random_bytes)
    return signer, (kept,)


def _refuse_existing(connection: Connection, directory: DataDirectory) -> None:
    """Is no store here yet?"""
    if inspect(connection).has_table(setting.name):
        raise Conflict(f"data directory `{directory.path}` holds a store already", "open it, or name another")


def pin_plans(connection: Connection) -> None:
    """Give the planner its fixed statistics (the table for them exists only after an ANALYZE)."""
    connection.exec_driver_sql("ANALYZE sqlite_master")
    for row in PLAN_STATISTICS:
        connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", row)


def _create_activity(database: Database, signer: Signer) -> None:
    """Start the activity's file afresh; an earlier start that failed is overwritten."""
    with database.writing() as connection:
        forget(connection, ACTIVITY_PART)
        ACTIVITY.drop_all(connection)
        ACTIVITY.create_all(connection)
        write_first_head(connection, first_head(), signer)
        connection.execute(
            insert(activity_setting).values(name=SCHEMA_VERSION_SETTING, value=str(ACTIVITY_SCHEMA_VERSION))
        )
        stamp(connection, ACTIVITY_PART)


def _write_system_log(
    connection: Connection, signer: Signer, at: datetime, random_bytes: RandomBytes
) -> Head:
    """What is the head of the system log, which starts with the key that signs it?"""
    start = insert_log(connection, SYSTEM_LOG, format_instant(at), signer)
    changes = seal_changes([publish(signer)], random_bytes, SALT_BYTES)
    origin = Origin.of(CREATOR_UID, CREATED_VIA, at)
    return append_changes(connection, start, changes, origin=origin, signer=signer, locate=None)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a store in a data directory is put together from; whoever opened it closes it."""

    directory: DataDirectory
    logs: Database
    activity: Database
    secrets: SecretRows
    keys: SigningKeys

    def close(self) -> None:
        """Let go of the files."""
        self.logs.close()
        self.activity.close()


def open_store(
    data_dir: Path,
    *,
    master_key: Path | None = None,
    signer: Signer | None = None,
    random_bytes: RandomBytes = token_bytes,
    locate: Locate | None = None,
) -> SqlStore:
    """Which store is in this directory? `master_key`: where its keys lie, if not in the directory.

    Without `locate` what is written is found by its account only.

    Raises NotFound if there is none, Unavailable if it is not safe to use: readable for others, of a
    newer schema, without its keys, a copy that was not finished.
    """
    parts = open_parts(DataDirectory(data_dir, master_key), signer=signer, random_bytes=random_bytes)
    try:
        return SqlStore(
            parts.directory,
            logs=parts.logs,
            activity=parts.activity,
            secrets=parts.secrets,
            keys=parts.keys,
            random_bytes=random_bytes,
            locate=locate,
        )
    except BaseException:
        parts.close()
        raise


def open_parts(directory: DataDirectory, *, signer: Signer | None, random_bytes: RandomBytes) -> Parts:
    """Which parts has the store in this directory? Raises as `open_store` does."""
    directory.check_whole()
    logs = open_database(directory.logs, "FULL")
    activity = open_database(directory.activity, "NORMAL")
    try:
        secrets = SecretRows(Vault(directory.master_key, random_bytes))
        keys = SigningKeys(secrets, signer)
        with logs.reading() as connection:
            check_revision(connection, LOGS_PART, str(directory.logs))
            secrets.vault.require(read_setting(connection, MASTER_KEY_ID))
            keys.signer(connection)
        with activity.reading() as connection:
            check_revision(connection, ACTIVITY_PART, str(directory.activity))
            lacks_notes = not inspect(connection).has_table(note.name)
        if lacks_notes:
            _add_notes(activity)
        return Parts(directory, logs, activity, secrets, keys)
    except BaseException:
        logs.close()
        activity.close()
        raise


def _add_notes(activity: Database) -> None:
    """Give a file of 0.2 or older its table of notes. WHY no new version: whoever does not know it does not need it."""
    with activity.writing() as connection:
        note.create(connection, checkfirst=True)
