"""How a store is created and opened, in a data directory or in a database: where its parts are put together.

Creating in a directory is repeatable until the schema version is committed, which is its last step: a crash before
leaves a directory in which `create_store` starts again.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_bytes

from sqlalchemy import Connection, inspect

from bailiwick.errors import Conflict
from bailiwick.store.address import Address, DatabaseAddress
from bailiwick.store.announcing import AnnouncedGeneration
from bailiwick.store.beginning import choose_signer, write_beginning
from bailiwick.store.directory import DataDirectory, create_private
from bailiwick.store.generation import SharedGeneration, WordFeed
from bailiwick.store.in_database import create_in_database, make_feed, open_in_database
from bailiwick.store.ports import SYSTEM_LOG, Locate, RandomBytes, Signer
from bailiwick.store.sql.activity_rows import begin_log
from bailiwick.store.sql.database import Database
from bailiwick.store.sql.migrations.running import (
    ACTIVITY_PART,
    LOGS_PART,
    admission,
    check_revision,
    forget,
    stamp,
)
from bailiwick.store.sql.schema import (
    ACTIVITY,
    LOGS,
    PLAN_STATISTICS,
    setting,
)
from bailiwick.store.sql.secret_rows import MASTER_KEY_ID, SecretRows, read_setting
from bailiwick.store.sql.signing_keys import SigningKeys
from bailiwick.store.sql.sqlite import open_database
from bailiwick.store.sql.store import Place, SqlStore
from bailiwick.store.vault import Vault, new_key, read_keys, write_keys


def create_store(
    address: Address,
    *,
    at: datetime,
    signer: Signer | None = None,
    random_bytes: RandomBytes = token_bytes,
    locate: Locate | None = None,
) -> SqlStore:
    """Which new store is in this new or empty directory, or empty database? Its system log holds the signing key.

    Raises Conflict if a store is there already. A `signer` that is passed in must be passed to
    `open_store` too.
    """
    if isinstance(address, DatabaseAddress):
        create_in_database(address, at=at, signer=signer, random_bytes=random_bytes)
    else:
        _create_in_directory(address, at, signer, random_bytes)
    return open_store(address, signer=signer, random_bytes=random_bytes, locate=locate)


def _create_in_directory(
    data_dir: Path, at: datetime, signer: Signer | None, random_bytes: RandomBytes
) -> None:
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
                own, kept = choose_signer(signer, random_bytes)
                _create_activity(activity, own)
                LOGS.create_all(connection)
                pin_plans(connection)
                write_beginning(connection, (own, kept), secrets, key_id, at=at, random_bytes=random_bytes)
                stamp(connection, LOGS_PART)
        finally:
            logs.close()
            activity.close()


def _create_files(directory: DataDirectory, random_bytes: RandomBytes) -> None:
    """Let every file be there, the key file with a key in it."""
    if not directory.master_key.exists():
        write_keys(directory.master_key, dict([new_key(random_bytes)]))
    for path in (directory.logs, directory.activity):
        create_private(path)


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
        begin_log(connection, SYSTEM_LOG, signer)
        stamp(connection, ACTIVITY_PART)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a store is put together from; whoever opened it closes it."""

    place: DataDirectory | DatabaseAddress
    logs: Database
    activity: Database
    secrets: SecretRows
    keys: SigningKeys

    def close(self) -> None:
        """Let go of the files."""
        self.logs.close()
        self.activity.close()


def open_store(
    address: Address,
    *,
    master_key: Path | None = None,
    signer: Signer | None = None,
    random_bytes: RandomBytes = token_bytes,
    locate: Locate | None = None,
) -> SqlStore:
    """Which store is there? `master_key`: where a directory's keys lie, if not in it.

    Without `locate` what is written is found by its account only.

    Raises NotFound if there is none, Unavailable if it is not safe to use: readable for others, of a
    newer schema, without its keys, a copy that was not finished.
    """
    where = address if isinstance(address, DatabaseAddress) else DataDirectory(address, master_key)
    parts = open_parts(where, signer=signer, random_bytes=random_bytes)
    try:
        return SqlStore(
            _place_of(parts),
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


def _place_of(parts: Parts) -> Place:
    """What differs by where the store is?"""
    if isinstance(parts.place, DatabaseAddress):
        feed = make_feed(parts.place)
        return Place(AnnouncedGeneration(feed), feed, parts.place.locked)
    word = SharedGeneration(parts.place.generation)
    return Place(word, WordFeed(word), parts.place.locked)


def open_parts(
    place: DataDirectory | DatabaseAddress,
    *,
    signer: Signer | None,
    random_bytes: RandomBytes,
    is_patient: bool = False,
) -> Parts:
    """Which parts has the store there? `is_patient`: nothing is cut off for the time that it takes.

    Raises as `open_store` does.
    """
    if isinstance(place, DatabaseAddress):
        logs, activity, secrets, keys = open_in_database(
            place, signer=signer, random_bytes=random_bytes, is_patient=is_patient
        )
        return Parts(place, logs, activity, secrets, keys)
    return _open_in_directory(place, signer, random_bytes)


def _open_in_directory(directory: DataDirectory, signer: Signer | None, random_bytes: RandomBytes) -> Parts:
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
        logs.admission, activity.admission = admission(LOGS_PART), admission(ACTIVITY_PART)
        return Parts(directory, logs, activity, secrets, keys)
    except BaseException:
        logs.close()
        activity.close()
        raise
