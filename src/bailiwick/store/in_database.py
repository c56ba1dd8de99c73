"""A store in a PostgreSQL database: how it is created, opened, and taken away again.

Creating is one transaction: a database holds a whole store or nothing of one.
Implements docs/spec.md, section "Stores".
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import psycopg
from sqlalchemy import Connection, inspect

from bailiwick.errors import Conflict, Invalid
from bailiwick.store.address import DatabaseAddress
from bailiwick.store.announcing import DatabaseFeed
from bailiwick.store.beginning import choose_signer, write_beginning
from bailiwick.store.directory import create_private
from bailiwick.store.ports import SYSTEM_LOG, RandomBytes, Signer
from bailiwick.store.sql.activity_rows import begin_log
from bailiwick.store.sql.database import Database
from bailiwick.store.sql.migrations.running import (
    ACTIVITY_PART,
    LOGS_PART,
    Tools,
    admission,
    check_revision,
    find_revision,
    forget,
    migrate,
    newest,
)
from bailiwick.store.sql.postgresql import CONNECTING, open_postgres
from bailiwick.store.sql.schema import ACTIVITY, LOGS
from bailiwick.store.sql.secret_rows import MASTER_KEY_ID, SecretRows, read_setting
from bailiwick.store.sql.signing_keys import SigningKeys
from bailiwick.store.vault import Vault, new_key, read_keys, write_keys


class Opened(NamedTuple):
    """The parts of a store in a database, which holds logs and activity alike."""

    logs: Database
    activity: Database
    secrets: SecretRows
    keys: SigningKeys


def create_in_database(
    address: DatabaseAddress, *, at: datetime, signer: Signer | None, random_bytes: RandomBytes
) -> None:
    """Create a store in this database, and its key file unless that is there. Raises Conflict, Unavailable."""
    made_key = _begin_key(address, random_bytes)
    database = open_postgres(address.url)
    try:
        with address.locked(), database.writing() as connection:
            if find_revision(connection, LOGS_PART) is not None or _occupied(connection):
                raise Conflict(
                    f"`{address}` holds a store already, or something else", "name an empty database"
                )
            vault = Vault(address.master_key, random_bytes)
            signing = choose_signer(signer, random_bytes)
            tools = Tools(signing[0], vault, None)
            migrate(connection, LOGS_PART, newest(LOGS_PART), tools)
            migrate(connection, ACTIVITY_PART, newest(ACTIVITY_PART), tools)
            begin_log(connection, SYSTEM_LOG, signing[0])
            key_id = next(iter(read_keys(address.master_key)))
            write_beginning(connection, signing, SecretRows(vault), key_id, at=at, random_bytes=random_bytes)
    except BaseException:
        if made_key:
            address.master_key.unlink(missing_ok=True)
        raise
    finally:
        database.close()


def _begin_key(address: DatabaseAddress, random_bytes: RandomBytes) -> bool:
    """Let the key file be there; was it made now? Raises NotFound, Unavailable."""
    if address.master_key.exists():
        address.check_key()
        return False
    if not address.master_key.parent.is_dir():
        raise Invalid.at("master_key", f"there is no directory `{address.master_key.parent}`", "make it")
    create_private(address.master_key)
    write_keys(address.master_key, dict([new_key(random_bytes)]))
    return True


def _occupied(connection: Connection) -> bool:
    ours = {table.name for part in (LOGS, ACTIVITY) for table in part.tables.values()}
    return bool(ours & set(inspect(connection).get_table_names()))


def open_in_database(
    address: DatabaseAddress, *, signer: Signer | None, random_bytes: RandomBytes, is_patient: bool = False
) -> Opened:
    """Which parts has the store in this database? Raises NotFound, Unavailable."""
    address.check_key()
    database = open_postgres(address.url, is_patient=is_patient)
    try:
        secrets = SecretRows(Vault(address.master_key, random_bytes))
        keys = SigningKeys(secrets, signer)
        with database.reading() as connection:
            for part in (LOGS_PART, ACTIVITY_PART):
                check_revision(connection, part, str(address))
            secrets.vault.require(read_setting(connection, MASTER_KEY_ID))
            keys.signer(connection)
        database.admission = admission(LOGS_PART, ACTIVITY_PART)
        return Opened(database, database, secrets, keys)
    except BaseException:
        database.close()
        raise


def discard_database(address: DatabaseAddress) -> None:
    """Take away a store that was begun a moment ago, with its keys: nobody has a key of it."""
    database = open_postgres(address.url)
    try:
        with database.writing() as connection:
            forget(connection, LOGS_PART)
            forget(connection, ACTIVITY_PART)
            ACTIVITY.drop_all(connection)
            LOGS.drop_all(connection)
    finally:
        database.close()
    address.master_key.unlink(missing_ok=True)


def make_feed(address: DatabaseAddress) -> DatabaseFeed:
    """What wakes the nodes of this database?"""
    words = address.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return DatabaseFeed(lambda: psycopg.connect(words, autocommit=True, **CONNECTING))
