"""Stores in a real PostgreSQL server: one server for the whole run of a process, a new database for every store.

The server is this process's own: started at the first store, stopped when the process ends. It may lose what a crash of
the machine would take, which no test of this folder causes; `tests/faults` has servers that keep everything.
"""

from __future__ import annotations

import atexit
import shutil
from contextlib import ExitStack
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path

from tests.faults.cluster import MAINTENANCE, SUPERUSER, Server, primary

from bailiwick.service.locating import locate
from bailiwick.store.address import DatabaseAddress, parse_address
from bailiwick.store.opening import create_store, open_store
from bailiwick.store.ports import Locate
from bailiwick.store.sql.store import SqlStore

KEPT = 4
"""So many of the newest databases may still be in use."""
_made: list[str] = []
_numbers = count()


@cache
def server() -> Server:
    """The server of this process."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(primary(fsync="off", synchronous_commit="off", full_page_writes="off"))


def url_of(database: str) -> str:
    """Where is this database, as its owner reaches it?"""
    return f"postgresql://{SUPERUSER}@127.0.0.1:{server().port}/{database}"


def new_database(template: str = "template0") -> str:
    """Which new database is like that one? The oldest of those that were made goes."""
    if len(_made) >= KEPT:
        server().execute(f"DROP DATABASE IF EXISTS {_made.pop(0)} WITH (FORCE)", MAINTENANCE)
    name = f"store_{next(_numbers)}"
    server().execute(f"CREATE DATABASE {name} TEMPLATE {template}", MAINTENANCE)
    _made.append(name)
    return name


@cache
def _template(at: datetime) -> tuple[str, Path]:
    """The empty store of that instant which new ones are copies of, and its key file.

    WHY: copying takes a tenth of creating.
    """
    name = f"template_{next(_numbers)}"
    server().execute(f"CREATE DATABASE {name}", MAINTENANCE)
    key = server().folder / f"{name}.key"
    address = parse_address(url_of(name), master_key=key)
    create_store(address, at=at).close()
    return name, key


def new_store(folder: Path, at: datetime, *, locating: Locate | None = locate) -> SqlStore:
    """A new store in a database of its own; its key file is in this folder."""
    template, key = _template(at)
    shutil.copy(key, folder / "master.key")
    return open_store(address_in(folder, new_database(template)), locate=locating)


def address_in(folder: Path, database: str) -> DatabaseAddress:
    """The address of this database, whose key file is in this folder."""
    address = parse_address(url_of(database), master_key=folder / "master.key")
    assert isinstance(address, DatabaseAddress)
    return address
