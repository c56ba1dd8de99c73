"""Every contract test runs on every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.stores import AT, LOG, STORES

from bailiwick.store.ports import Store


@pytest.fixture(params=sorted(STORES))
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store as it is when it has just been created."""
    with STORES[request.param](tmp_path) as store:
        yield store


@pytest.fixture
def store(empty_store: Store) -> Store:
    """A store with one empty account log."""
    empty_store.create_log(LOG, at=AT)
    return empty_store
