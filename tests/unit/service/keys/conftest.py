"""A small company with keys, on each store."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.service.accounts import START, Installation, install
from tests.unit.service.keys.keys_world import WORLD

from bailiwick.service.locating import locate
from bailiwick.store.memory import MemoryStore
from bailiwick.store.opening import create_store


@pytest.fixture(params=["memory", "sqlite"])
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    """The installation with the company of keys."""
    store = (
        MemoryStore(at=START, locate=locate)
        if request.param == "memory"
        else create_store(tmp_path / "data", at=START, locate=locate)
    )
    acme = install(store)
    acme.apply(WORLD)
    return acme
