"""Past states that are loaded while others ask for theirs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from tests.unit.service.accounts import START, Installation

from bailiwick.service.history.past_states import PastStates
from bailiwick.service.initial import create_account
from bailiwick.service.loading import load_past
from bailiwick.service.snapshots import Snapshot


def test_looking_back_at_one_account_does_not_wait_for_another(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the other takes; who looks at the same one waits, and it is loaded once."""
    create_account(acme.store, "slow", "owner", "owner@slow.example", START)
    past: PastStates = acme.host.past
    system, go, loaded = acme.host.system_head(), Event(), list[str]()

    def slow(*given: Any) -> Snapshot:
        loaded.append(given[2])
        if given[2] == "slow":
            go.wait(30)
        return load_past(*given)

    monkeypatch.setattr("bailiwick.service.history.past_states.load_past", slow)
    with ThreadPoolExecutor() as threads:
        waiting = [threads.submit(past.at, "slow", 1, system) for _ in range(3)]
        try:
            found = threads.submit(past.at, "acme", 1, system).result(timeout=10)
        finally:
            go.set()
        assert found.snapshot.account.name == "acme"
        assert {one.result().snapshot.account.name for one in waiting} == {"slow"}
    assert sorted(loaded) == ["acme", "slow"]
