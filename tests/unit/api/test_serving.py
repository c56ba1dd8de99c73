"""Readiness: one word, told from what was last heard of the store, never by waiting for it."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation, install

from bailiwick.api.serving import LONGEST_SILENCE, Readiness, Serving
from bailiwick.service.hearing import SHORTEST_BOUND, Hearing


@pytest.fixture
def acme() -> Installation:
    """A new installation in memory."""
    return install()


def broken(log: str) -> None:
    """Stand where the store is asked."""
    raise AssertionError(f"the store was asked for the head of {log}")


def test_a_followed_store_is_not_asked(acme: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word in turn, as silence grows and ends; the store, which may hang, is never asked."""
    moment = [100.0]
    host, serving = acme.another_host(), Serving()
    host.hearing = Hearing(lambda: moment[0])
    host.hearing.begin()
    monkeypatch.setattr(host.store, "head", broken)
    assert serving.readiness(host) is Readiness.STARTING
    host.hearing.hear(moment[0])
    assert serving.readiness(host) is Readiness.READY
    moment[0] += SHORTEST_BOUND
    assert serving.readiness(host) is Readiness.READY
    moment[0] += 0.5
    assert serving.readiness(host) is Readiness.STALE
    moment[0] += LONGEST_SILENCE
    assert serving.readiness(host) is Readiness.UNREACHABLE
    host.hearing.hear(moment[0])
    assert serving.readiness(host) is Readiness.READY
    with host.held.loads.one_more():
        assert serving.readiness(host) is Readiness.LOADING
    host.hearing.lose("acme")
    assert serving.readiness(host) is Readiness.STALE
    host.hearing.regain("acme")
    serving.is_draining = True
    assert serving.readiness(host) is Readiness.DRAINING


def test_a_store_that_is_never_heard_of_is_not_reached(acme: Installation) -> None:
    """A start that does not come to its end is not starting for ever."""
    moment = [100.0]
    host = acme.another_host()
    host.hearing = Hearing(lambda: moment[0])
    host.hearing.begin()
    moment[0] += LONGEST_SILENCE + 0.5
    assert Serving().readiness(host) is Readiness.UNREACHABLE


def test_a_store_that_nobody_follows_is_asked(acme: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its failure, whatever it is, is not ready."""
    host = acme.another_host()
    assert Serving().readiness(host) is Readiness.READY
    monkeypatch.setattr(host.store, "head", broken)
    assert Serving().readiness(host) is Readiness.UNREACHABLE


def test_where_requests_may_be_sent() -> None:
    """To whoever answers for most accounts; of one account nothing is known to a proxy."""
    assert {one for one in Readiness if one.is_ready} == {Readiness.READY, Readiness.LOADING, Readiness.STALE}
