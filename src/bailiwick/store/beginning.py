"""What every store begins with, wherever it is: its signing key, its settings, its system log.

Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bailiwick.store.canonical import format_instant
from bailiwick.store.chain import SALT_BYTES
from bailiwick.store.fold import Origin, seal_changes
from bailiwick.store.ports import SYSTEM_LOG, Head, RandomBytes, SecretWrite, Signer
from bailiwick.store.signing import new_signing_key, publish
from bailiwick.store.sql.append import append_changes, insert_log
from bailiwick.store.sql.migrations.running import SCHEMA_VERSION_SETTING
from bailiwick.store.sql.schema import SCHEMA_VERSION
from bailiwick.store.sql.secret_rows import MASTER_KEY_ID, SecretRows, write_setting
from bailiwick.store.sql.signing_keys import SIGNING_KEY_ID

CREATOR_UID = "bailiwick"
CREATED_VIA = "create_store"


def choose_signer(given: Signer | None, random_bytes: RandomBytes) -> tuple[Signer, Sequence[SecretWrite]]:
    """Who signs, and which secret must be kept for it?"""
    if given is not None:
        return given, ()
    signer, kept = new_signing_key(random_bytes)
    return signer, (kept,)


def write_beginning(
    connection: Connection,
    signing: tuple[Signer, Sequence[SecretWrite]],
    secrets: SecretRows,
    key_id: str,
    *,
    at: datetime,
    random_bytes: RandomBytes,
) -> None:
    """Write what every store begins with into its empty tables: its settings, its system log."""
    own, kept = signing
    write_setting(connection, MASTER_KEY_ID, key_id)
    write_setting(connection, SIGNING_KEY_ID, own.key_id)
    head = _write_system_log(connection, own, at, random_bytes)
    secrets.write(connection, SYSTEM_LOG, head.revision, kept)
    write_setting(connection, SCHEMA_VERSION_SETTING, str(SCHEMA_VERSION))


def _write_system_log(
    connection: Connection, signer: Signer, at: datetime, random_bytes: RandomBytes
) -> Head:
    """What is the head of the system log, which starts with the key that signs it?"""
    start = insert_log(connection, SYSTEM_LOG, format_instant(at), signer)
    changes = seal_changes([publish(signer)], random_bytes, SALT_BYTES)
    origin = Origin.of(CREATOR_UID, CREATED_VIA, at)
    return append_changes(connection, start, changes, origin=origin, signer=signer, locate=None)
