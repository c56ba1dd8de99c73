"""What follows from costs and workload in closed form: what a cache of least recently used accounts holds and misses.

Popular accounts stand apart, the others in groups of about one hundredth of their rank, so a million are few sums.
Source: H. Che, Y. Tung, Z. Wang, Hierarchical Web Caching Systems (2002), for the characteristic time; Pollaczek and
Khinchine for loads one after the other; the insensitivity of processor sharing for loads all at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, inf

APART = 100
STEPS = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """The accounts that a node is asked about, the most popular first.

    `rates`: questions a second of each; `held`: bytes of memory; `loads`: seconds to load it.
    """

    rates: Sequence[float]
    held: Sequence[float]
    loads: Sequence[float]


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts that are about equally popular: how many, the rate of one, and sums over all of them."""

    count: int
    rate: float
    held: float
    loads: float
    squares: float


def group(asked: Asked) -> list[Group]:
    """Which groups do these accounts make?"""
    found, begin = [], 0
    while begin < len(asked.rates):
        width = 1 if begin < APART else begin // APART
        part = slice(begin, begin + width)
        loads = asked.loads[part]
        found.append(
            Group(
                len(loads),
                sum(asked.rates[part]) / len(loads),
                sum(asked.held[part]),
                sum(loads),
                sum(one * one for one in loads),
            )
        )
        begin += width
    return found


def characteristic_seconds(groups: Sequence[Group], most_bytes: float) -> float:
    """For how long is an account held that nobody asks about any more? Infinite where all fit."""
    if sum(one.held for one in groups) <= most_bytes:
        return inf
    low, high = 0.0, 1.0
    while _held(groups, high) < most_bytes:
        high *= 2
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _held(groups, middle) < most_bytes else (low, middle)
    return low


def _held(groups: Sequence[Group], seconds: float) -> float:
    """How many bytes were asked about within so long?"""
    return sum(one.held * -_lost(one, seconds) + one.held for one in groups)


def _lost(one: Group, seconds: float) -> float:
    """How probable is it that an account of this group was not asked about for so long?"""
    return exp(-one.rate * seconds) if seconds < inf else 0.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of a node: the share of questions of accounts that it holds, loads a second, and how it loads.

    `use`: seconds of loading that come in each second. From the node's speed on it falls behind for ever, and what a
    load takes, waiting and all, is infinite: `one_after_the_other`, or `all_at_once`, where all share the processor.
    """

    hit_share: float
    loads_a_second: float
    use: float
    one_after_the_other: float
    all_at_once: float


def expect(groups: Sequence[Group], most_bytes: float, question_seconds: float) -> Expected:
    """What is expected of a node that holds at most so much, and takes so long for a question without its load?"""
    seconds = characteristic_seconds(groups, most_bytes)
    asked = sum(one.count * one.rate for one in groups)
    speed = 1 - asked * question_seconds
    lost = [(one, one.rate * _lost(one, seconds)) for one in groups]
    loads = sum(one.count * rate for one, rate in lost)
    use = sum(one.loads * rate for one, rate in lost)
    if use >= speed or loads == 0:
        taken = inf if loads else 0.0
        return Expected(1 - loads / asked, loads, use, taken, taken)
    mean = use / loads / speed
    squares = sum(one.squares * rate for one, rate in lost) / speed**2
    waiting = squares / (2 * (1 - use / speed))
    return Expected(1 - loads / asked, loads, use, waiting + mean, mean / (1 - use / speed))


def expect_loaded(groups: Sequence[Group], seconds: float) -> float:
    """How many accounts are asked about for the first time within so long after nothing is held?"""
    return sum(one.count * (1 - _lost(one, seconds)) for one in groups)


def expect_moved(shares: Sequence[float], changes: float) -> float:
    """In how many accounts do so many changes fall?"""
    return sum(count * (1 - exp(-share * changes)) for share, count in _alike(shares))


def _alike(shares: Sequence[float]) -> Iterator[tuple[float, int]]:
    begin = 0
    while begin < len(shares):
        width = 1 if begin < APART else begin // APART
        part = shares[begin : begin + width]
        yield sum(part) / len(part), len(part)
        begin += width
