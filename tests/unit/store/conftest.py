"""A store on files, opened and closed around each test."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bailiwick.store.opening import create_store
from bailiwick.store.ports import Document
from bailiwick.store.sql.store import SqlStore

WRITTEN = Path(__file__).parent / "store_of_0_4"
FILES = ("bailiwick", "activity")


@pytest.fixture
def at() -> datetime:
    """When everything happens."""
    return datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Where the store lies."""
    return tmp_path / "data"


def locate(kind: str, uid: str, _document: Document) -> list[str]:
    """Users are found by their uid, so that there are locators."""
    return [uid] if kind == "User" else []


@pytest.fixture
def store(data_dir: Path, at: datetime) -> Iterator[SqlStore]:
    """A store with one empty account log."""
    with create_store(data_dir, at=at, locate=locate) as store:
        store.create_log("account:acme", at=at)
        yield store


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The data directory that 0.4 left."""
    directory = tmp_path / "data"
    directory.mkdir(mode=0o700)
    for name in FILES:
        path = directory / f"{name}.db"
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript((WRITTEN / f"{name}.sql").read_text())
    key = directory / "master.key"
    key.write_bytes((WRITTEN / "master.key").read_bytes())
    key.chmod(0o600)
    return directory
