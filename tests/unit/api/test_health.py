"""Readiness: told from what was last heard of the store, never by waiting for it."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation, install

from bailiwick.api.health import LONGEST_SILENCE, require_ready
from bailiwick.errors import Unavailable
from bailiwick.service.hearing import Hearing


@pytest.fixture
def acme() -> Installation:
    """A new installation in memory."""
    return install()


def broken(log: str) -> None:
    """Stand where the store is asked."""
    raise AssertionError(f"the store was asked for the head of {log}")


def test_a_followed_store_is_not_asked(acme: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence beyond the bound is not ready; hearing again is; the store, which may hang, is never asked."""
    moment = [100.0]
    host = acme.another_host()
    host.hearing = Hearing(lambda: moment[0])
    host.hearing.begin()
    monkeypatch.setattr(host.store, "head", broken)
    require_ready(host)
    moment[0] += LONGEST_SILENCE
    require_ready(host)
    moment[0] += 0.5
    with pytest.raises(Unavailable):
        require_ready(host)
    host.hearing.hear(moment[0])
    require_ready(host)


def test_a_store_that_nobody_follows_is_asked(acme: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its failure, whatever it is, is not ready."""
    host = acme.another_host()
    require_ready(host)
    monkeypatch.setattr(host.store, "head", broken)
    with pytest.raises(Unavailable):
        require_ready(host)
