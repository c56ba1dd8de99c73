"""A copy of a store while it is used, through SQLite's backup API.

Both files are copied whole, each at one moment. Without the master key the copy's secrets cannot be
read, so keep the key apart from the copies.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

import shutil
from pathlib import Path

from bailiwick.errors import Conflict
from bailiwick.store.directory import DataDirectory, create_private
from bailiwick.store.sql.database import Database
from bailiwick.store.vault import sync_directory


def write_backup(
    source: DataDirectory, path: Path, *, logs: Database, activity: Database, with_key: bool
) -> None:
    """Write a copy of the store into this new directory."""
    target = DataDirectory(path)
    target.make()
    if any(path.iterdir()):
        raise Conflict(f"backup directory `{path}` is not empty", "name a new or empty directory")
    for database, file in ((logs, target.logs), (activity, target.activity)):
        create_private(file)
        database.copy_to(file)
    if with_key:
        create_private(target.master_key)
        shutil.copyfile(source.master_key, target.master_key)
    sync_directory(path)
