"""What is supposed: how many accounts of which sizes, who asks and writes how often, which nodes and shards there are.

Every figure here is a supposition, stated in docs/scale.md; nothing is measured.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from statistics import NormalDist

from bench.worlds import mix

GB = 10**9
DAY = 86_400
YEAR = 365 * DAY


@dataclass(frozen=True, slots=True)
class Workload:
    """A million accounts and a billion policies, unless it is said otherwise.

    Sizes are lognormal with `spread` as the deviation of the logarithm, popularity follows Zipf's law with `zipf` as
    its exponent, for questions and changes alike; `largest_first`: the largest accounts are the most popular, else
    popularity and size have nothing to do with each other.
    """

    accounts: int = 1_000_000
    policies: int = 1_000_000_000
    spread: float = 2.0
    zipf: float = 1.0
    largest_first: bool = False
    questions_a_second: float = 20_000.0
    changes_a_second: float = 50.0
    peak: float = 3.0
    events_a_second: float = 200.0
    new_accounts_a_day: float = 1_000.0
    nodes: int = 40
    node_bytes: int = 64 * GB
    shards: int = 8
    seed: int = 43


@dataclass(frozen=True, slots=True)
class Population:
    """The accounts, the most popular first: how many policies each has, and its share of questions and changes."""

    sizes: Sequence[int]
    shares: Sequence[float]


def populate(workload: Workload) -> Population:
    """Which accounts are there?"""
    sizes = draw_sizes(workload)
    if workload.largest_first:
        sizes.reverse()
    else:
        random.Random(workload.seed).shuffle(sizes)
    weights = [rank**-workload.zipf for rank in range(1, workload.accounts + 1)]
    whole = sum(weights)
    return Population(sizes, [weight / whole for weight in weights])


def draw_sizes(workload: Workload) -> list[int]:
    """How many policies has each account, the smallest first? Quantiles of the distribution, so nothing is by chance.

    Each has at least one; the largest takes what rounding leaves, so that the sum is exact.
    """
    count, normal = workload.accounts, NormalDist()
    drawn = [exp(workload.spread * normal.inv_cdf((number + 0.5) / count)) for number in range(count)]
    scale = workload.policies / sum(drawn)
    sizes = [max(1, round(one * scale)) for one in drawn]
    sizes[-1] += workload.policies - sum(sizes)
    return sizes


class Ring:
    """Consistent hashing: each node stands at many points of a circle, an account goes to the next one."""

    POINTS = 200

    def __init__(self, nodes: Sequence[int], seed: int = 0) -> None:
        self._points = sorted(
            (mix(node * self.POINTS + point, seed + 1), node)
            for node in nodes
            for point in range(self.POINTS)
        )
        self._places = [place for place, _ in self._points]

    def node_of(self, account: int) -> int:
        """Which node does this account go to?"""
        at = bisect_left(self._places, mix(account, 0))
        return self._points[at % len(self._points)][1]

    def nodes_of(self, accounts: int) -> list[int]:
        """Which node does each of so many accounts go to?"""
        return [self.node_of(account) for account in range(accounts)]
