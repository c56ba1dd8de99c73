"""Hearing of the store: for how long an account is answered for without, and what then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from tests.unit.service.accounts import SETTINGS, START, Installation

from bailiwick.errors import Stale
from bailiwick.model.security import SecuritySettings, StalenessPolicy
from bailiwick.service.edits import Edit
from bailiwick.service.following import Follower
from bailiwick.service.hearing import Hearing, format_since, read_clock
from bailiwick.service.host import Host
from bailiwick.store.ports import Head


@dataclass
class Watch:
    """A clock that only tests move."""

    seconds: float = 100.0

    def __call__(self) -> float:
        """How much has passed?"""
        return self.seconds


def bounded(acme: Installation, seconds: int, then: str) -> tuple[Host, Watch]:
    """A host that is followed, of an account with these settings, and the clock of its hearing."""
    staleness = StalenessPolicy(seconds, then)
    acme.edit(Edit("SecuritySettings", "security", SecuritySettings(staleness=staleness)))
    watch = Watch()
    host = Host(acme.store, SETTINGS, clock=acme.clock, hearing=Hearing(watch))
    host.hearing.begin()
    host.snapshot("acme")
    return host, watch


def test_nothing_is_stale_where_nobody_follows(acme: Installation) -> None:
    """Whoever asks such a process looks themself: a command line, a test."""
    host, watch = bounded(acme, 1, "refuse")
    host.hearing.end()
    watch.seconds += 1e6
    assert host.stale_since("acme") is None
    assert host.snapshot("acme").account.name == "acme"
    assert host.hearing.lag_seconds() == 0


def test_an_account_is_answered_for_until_its_bound_and_refused_after(acme: Installation) -> None:
    """The refusal says which account, since when, and what to do; hearing again ends it."""
    host, watch = bounded(acme, 5, "refuse")
    watch.seconds += 5
    assert host.snapshot("acme").account.name == "acme"
    assert host.stale_since("acme") is None
    watch.seconds += 0.5
    for ask in (host.snapshot, host.stale_since):
        with pytest.raises(Stale) as caught:
            ask("acme")
        assert str(caught.value) == (
            "account `acme` was not heard of since 2026-11-20T11:59:54Z, and is answered for 5 seconds at most\n"
            "  help: ask again, or another node; whoever runs this one: see whether it reaches the store"
        )
    Follower(host).step()
    assert host.snapshot("acme").account.name == "acme"


def test_an_account_may_be_answered_for_all_the_same_and_it_is_said_since_when(acme: Installation) -> None:
    """The moment is one of the clock on the wall, the time that passed is not."""
    host, watch = bounded(acme, 5, "answer")
    watch.seconds += 6
    since = host.stale_since("acme")
    assert since is not None
    assert (START - since).total_seconds() == 6
    assert format_since(since) == "2026-11-20T11:59:54Z"
    assert host.snapshot("acme").account.name == "acme"


def test_a_clock_on_the_wall_that_jumps_makes_nothing_stale(acme: Installation) -> None:
    """Nor fresh."""
    host, watch = bounded(acme, 5, "refuse")
    acme.clock.seconds += 1e6
    assert host.stale_since("acme") is None
    acme.clock.seconds -= 2e6
    watch.seconds += 6
    with pytest.raises(Stale):
        host.snapshot("acme")


def test_time_counts_from_before_the_store_was_asked(acme: Installation) -> None:
    """A process that is stopped while it asks has heard of nothing later than when it asked."""
    host, watch = bounded(acme, 5, "refuse")
    moved_since = acme.store.moved_since

    def stopped(mark: int) -> tuple[int, tuple[Head, ...]]:
        found = moved_since(mark)
        watch.seconds += 60
        return found

    follower = Follower(host)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(acme.store, "moved_since", stopped)
        follower.step()
    with pytest.raises(Stale):
        host.snapshot("acme")
    follower.step()
    assert host.stale_since("acme") is None


def test_an_account_that_cannot_be_read_refuses_for_itself(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are followed and answered for; when it can be read again it is as they are."""
    from bailiwick.service.initial import create_account

    create_account(acme.store, "other", "owner", "owner@other.example", START)
    host, watch = bounded(acme, 5, "refuse")
    host.snapshot("other")
    follower = Follower(host)
    follower.step()
    changes = acme.store.changes

    def broken(log: str, after: int, limit: int) -> object:
        if log == "account:acme":
            raise ValueError("what was stored is no document")
        return changes(log, after, limit)

    with monkeypatch.context() as patched:
        patched.setattr(acme.store, "changes", broken)
        patched.setattr(acme.store.generation, "bump", lambda: None)
        acme.edit(Edit("SecuritySettings", "security", SecuritySettings()))
        for _ in range(4):
            watch.seconds += 2
            follower.step()
        assert host.hearing.list_behind() == ["acme"]
        with pytest.raises(Stale):
            host.snapshot("acme")
        assert host.snapshot("other").account.name == "other"
    watch.seconds += 2
    follower.step()
    assert host.hearing.list_behind() == []
    assert host.snapshot("acme").account.security_settings.staleness.longest_seconds == 30


def test_a_store_that_is_gone_is_no_fault_of_an_account(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nothing is heard at all, and no account is named as the one that cannot be read."""
    host, watch = bounded(acme, 5, "refuse")
    follower = Follower(host)

    def gone(logs: Sequence[str]) -> dict[str, Head]:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(acme.store, "heads", gone)
        watch.seconds += 7
        follower.step()
        assert host.hearing.list_behind() == []
        assert host.hearing.lag_seconds() == 7
        with pytest.raises(Stale):
            host.snapshot("acme")
    follower.step()
    assert host.stale_since("acme") is None


def test_the_clock_goes_on_by_itself() -> None:
    """It is read from the machine, and grows."""
    assert read_clock() <= read_clock()
