"""A simulated follower: one thread of a node that looks which heads moved, and takes in what it holds of them.

As `service/following.py` does: a look is told every head that moved within the last forty seconds; it begins when
something was announced, at the latest after a fifth of a second, and not before the last one has ended. Besides, some
five hundred held heads are compared at a time, all of them within a second or two, or in a longer time where that would
take more than a tenth of it.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf

from bench.scale.costs import Costs

WINDOW_SECONDS = 40.0
POLL_SECONDS = 0.2
SWEEP_SECONDS, SWEEP_SHARE, SWEPT_AT_ONCE = 1.0, 0.1, 500


@dataclass(frozen=True, slots=True)
class Looking:
    """Seconds: of a look, more for each head that it is told, for each account taken in, for each held at a sweep."""

    look: float
    told: float
    taken_in: float
    swept: float

    @classmethod
    def of(cls, costs: Costs) -> Looking:
        """What was measured?"""
        return cls(
            costs.feed("look"),
            costs.feed("look_a_moved_head"),
            costs.feed("take_in_an_account"),
            costs.feed("sweep_a_held_account"),
        )


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of it: how long changes of held accounts took to be taken in, and the share of time it worked."""

    lags: Sequence[float]
    busy_share: float
    look_seconds: float
    told: float

    def quantile(self, share: float) -> float:
        """Within how many seconds was this share taken in?"""
        return sorted(self.lags)[min(len(self.lags) - 1, int(len(self.lags) * share))]


def follow(
    shares: Sequence[float],
    is_held: Sequence[bool],
    costs: Looking,
    *,
    changes_a_second: float,
    seconds: float,
    seed: int,
) -> Followed:
    """What comes of following for so long, once heads have moved for the whole time that a look reaches back?"""
    commits = _commits(shares, changes_a_second, WINDOW_SECONDS + seconds, random.Random(seed))
    moved: deque[tuple[float, int]] = deque()
    within: dict[int, int] = {}
    held = sum(is_held)
    now, sweep_at, at = WINDOW_SECONDS, WINDOW_SECONDS, 0
    lags: list[float] = []
    busy, looks, told_in_all, looked = 0.0, 0, 0, 0.0
    while now < WINDOW_SECONDS + seconds:
        following: dict[int, list[float]] = {}
        while at < len(commits) and commits[at][0] <= now:
            when, account = commits[at]
            at += 1
            moved.append((when, account))
            within[account] = within.get(account, 0) + 1
            if is_held[account] and when > WINDOW_SECONDS:
                following.setdefault(account, []).append(when)
        while moved and moved[0][0] < now - WINDOW_SECONDS:
            _forget(within, moved.popleft()[1])
        took = costs.look + costs.told * len(within)
        looks, told_in_all, looked = looks + 1, told_in_all + len(within), looked + took
        took += costs.taken_in * len(following)
        lags += [now + took - when for whens in following.values() for when in whens]
        if now >= sweep_at:
            took += costs.look + costs.swept * min(held, SWEPT_AT_ONCE)
            sweep_at = now + max(SWEEP_SECONDS / (1 + held // SWEPT_AT_ONCE), took / SWEEP_SHARE)
        busy += took
        now = _next(now + took, commits[at][0] if at < len(commits) else inf)
    return Followed(lags, busy / (now - WINDOW_SECONDS), looked / looks, told_in_all / looks)


def _next(ended: float, committed: float) -> float:
    """When does the next look begin? It is woken by a commit, or wakes by itself."""
    return max(ended, min(committed, ended + POLL_SECONDS))


def _forget(within: dict[int, int], account: int) -> None:
    within[account] -= 1
    if not within[account]:
        del within[account]


def _commits(
    shares: Sequence[float], rate: float, until: float, chance: random.Random
) -> list[tuple[float, int]]:
    """When is which account changed?"""
    sums, found, now = [*accumulate(shares)], [], 0.0
    while (now := now + chance.expovariate(rate)) < until:
        found.append((now, bisect_right(sums, chance.random() * sums[-1], 0, len(sums) - 1)))
    return found
