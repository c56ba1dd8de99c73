"""The simulated follower does what the service's follower does, as far as its time goes; nothing here measures time."""

from __future__ import annotations

import pytest
from bench.scale import following
from bench.scale.following import WINDOW_SECONDS, Looking, follow
from bench.scale.formulas import expect_moved

from bailiwick.service.following import POLL_SECONDS, SWEEP_SECONDS, SWEEP_SHARE, SWEPT_AT_ONCE
from bailiwick.store.sql.clock import OVERLAP_MICROSECONDS

ACCOUNTS = 10_000
EVENLY = [1 / ACCOUNTS] * ACCOUNTS


def test_its_times_are_those_of_the_service() -> None:
    """It looks back as far, wakes as often and sweeps as rarely as the follower that it stands for."""
    assert WINDOW_SECONDS * 1_000_000 == OVERLAP_MICROSECONDS
    found = (following.POLL_SECONDS, following.SWEEP_SECONDS, following.SWEEP_SHARE, following.SWEPT_AT_ONCE)
    assert found == (POLL_SECONDS, SWEEP_SECONDS, SWEEP_SHARE, SWEPT_AT_ONCE)


def test_a_look_is_told_the_heads_that_moved_within_its_window() -> None:
    """As many heads are told as the formula expects of different accounts within forty seconds."""
    done = follow(
        EVENLY, [False] * ACCOUNTS, Looking(0.01, 0, 0, 0), changes_a_second=100, seconds=30, seed=1
    )
    assert done.told == pytest.approx(expect_moved(EVENLY, 100 * WINDOW_SECONDS), rel=0.03)
    assert done.lags == []


def test_formula_and_simulation_agree_on_the_lag() -> None:
    """Where looks follow each other without a pause, a change waits for half a look and is taken in by the next."""
    costs = Looking(0.05, 0.00001, 0.0005, 0)
    done = follow(EVENLY, [True] * ACCOUNTS, costs, changes_a_second=200, seconds=120, seed=1)
    told = expect_moved(EVENLY, 200 * WINDOW_SECONDS)
    cycle = (costs.look + costs.told * told) / (1 - 200 * costs.taken_in)
    assert sum(done.lags) / len(done.lags) == pytest.approx(1.5 * cycle, rel=0.05)
    assert done.busy_share == pytest.approx(1, abs=0.01)


def test_a_change_of_an_idle_store_is_taken_in_at_once() -> None:
    """With a change now and then, the lag is a look and what is taken in."""
    costs = Looking(0.001, 0, 0.002, 0)
    done = follow(EVENLY, [True] * ACCOUNTS, costs, changes_a_second=1, seconds=200, seed=1)
    assert len(done.lags) > 100
    assert done.quantile(0.5) == pytest.approx(0.003)


def test_sweeps_take_a_tenth_of_the_time_at_most() -> None:
    """A node that holds so much that a sweep takes seconds sweeps the less often."""
    held = [True] * ACCOUNTS
    done = follow(EVENLY, held, Looking(0.001, 0, 0, 0.0003), changes_a_second=0.5, seconds=600, seed=1)
    assert 0.05 < done.busy_share < 0.16
