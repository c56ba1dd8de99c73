"""A small company with keys, on each store."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.service.accounts import START, Installation, install

from bailiwick.store.memory import MemoryStore
from bailiwick.store.opening import create_store

WORLD = """
kind: User
name: alice
---
kind: User
name: keeper
---
kind: ServiceId
name: ci
---
kind: ServiceId
name: idle
---
kind: Policy
name: ci
subjects: [service-id:ci]
roles: [Writer]
scope: {service: container-registry}
---
kind: Policy
name: keeper
subjects: [user:keeper]
roles: [Editor]
scope: {service: iam}
"""


@pytest.fixture(params=["memory", "sqlite"])
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    """The installation with the world above."""
    store = MemoryStore(at=START) if request.param == "memory" else create_store(tmp_path / "data", at=START)
    acme = install(store)
    acme.apply(WORLD)
    return acme
