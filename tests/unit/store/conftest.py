"""A store on files, opened and closed around each test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bailiwick.store.opening import create_store
from bailiwick.store.ports import Document
from bailiwick.store.sql.store import SqlStore


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
