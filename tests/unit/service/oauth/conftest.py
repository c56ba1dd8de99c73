"""Fixtures of the tests of OAuth: an installation with people who sign in and cheap hashing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.service.accounts import START, Installation, install
from tests.unit.service.people.world import WORLD, Person, give_password

from bailiwick.authn.passwords import HashCost
from bailiwick.service.locating import locate
from bailiwick.service.people import hashing
from bailiwick.store.opening import create_store


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing costs a test next to nothing."""
    monkeypatch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))


@pytest.fixture
def acme() -> Installation:
    """A new installation with some people."""
    acme = install()
    acme.apply(WORLD)
    return acme


@pytest.fixture
def on_disk(tmp_path: Path) -> Installation:
    """The same in a data directory, as several processes share one."""
    acme = install(create_store(tmp_path / "data", at=START, locate=locate))
    acme.apply(WORLD)
    return acme


@pytest.fixture
def alice(acme: Installation) -> Person:
    """A user with a password."""
    return give_password(acme, "alice")


@pytest.fixture
def bob(acme: Installation) -> Person:
    """Another one."""
    return give_password(acme, "bob")
