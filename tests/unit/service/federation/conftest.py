"""Fixtures of the tests of federation: an installation with people in it, and cheap hashing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.service.accounts import START, Installation, install
from tests.unit.service.people.world import WORLD, Person, give_password

from bailiwick.authn.passwords import HashCost
from bailiwick.service.locating import locate
from bailiwick.service.people import hashing
from bailiwick.store.memory import MemoryStore
from bailiwick.store.opening import create_store


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing costs a test next to nothing."""
    monkeypatch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))


@pytest.fixture(params=["memory"])
def acme(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    """A new installation with some people."""
    store = (
        MemoryStore(at=START, locate=locate)
        if request.param == "memory"
        else create_store(tmp_path / "data", at=START, locate=locate)
    )
    acme = install(store)
    acme.apply(WORLD)
    return acme


@pytest.fixture
def alice(acme: Installation) -> Person:
    """A user with a password."""
    return give_password(acme, "alice")
