"""Simulated nodes: what a node holds it answers at once, what it does not hold it loads, a few accounts at a time.

A node is one process. Loads happen beside the answering, in threads that share what the questions leave of one
processor (`service/holding`): four at once, others wait, and beyond a bound they are refused. Who asks about an account
that is being loaded waits for that load. It holds the accounts that it was asked about last, up to a bound of bytes.
Questions come by chance (Poisson), each about an account drawn by its rate, independent of all before.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import inf, log

from bench.scale.formulas import Asked

LOADS_AT_ONCE, MOST_LOADS = 4, 24
# For so long a thread keeps the others from running: Python's, for each load that is under way.
SWITCH_SECONDS = 0.005
KEPT_SHARE = 0.9
LEAST_SPEED = 0.01


class Cache:
    """The accounts that a node holds, the least recently asked about first.

    INVARIANT: `held` is within `most`, unless it is one account alone. `kept_share`: how much of the bound stays in use
    when something has to go.
    """

    def __init__(self, most: float, kept_share: float = 1.0) -> None:
        self.most = most
        self.held = 0.0
        self.evicted = 0
        self._kept_share = kept_share
        self._sizes: OrderedDict[int, float] = OrderedDict()

    def __contains__(self, account: int) -> bool:
        return account in self._sizes

    def __len__(self) -> int:
        return len(self._sizes)

    def touch(self, account: int) -> None:
        """It was asked about now."""
        self._sizes.move_to_end(account)

    def keep(self, account: int, size: float) -> None:
        """Hold it as the newest; the oldest make room."""
        if self.held + size > self.most:
            room = max(0.0, self.most * self._kept_share - size)
            while self._sizes and self.held > room:
                self.held -= self._sizes.popitem(last=False)[1]
                self.evicted += 1
            self.held = self.held if self._sizes else 0.0
        self._sizes[account] = size
        self.held += size


class Loads:
    """The accounts that are being loaded: so many at once, which share a processor of this speed; the others wait."""

    def __init__(self, at_once: int, speed: float) -> None:
        self._at_once, self._speed = at_once, speed
        self._active: dict[int, float] = {}
        self._waiting: deque[tuple[int, float]] = deque()
        self._now = 0.0

    def __len__(self) -> int:
        return len(self._active) + len(self._waiting)

    @property
    def active(self) -> int:
        """How many share the processor now?"""
        return len(self._active)

    def begin(self, account: int, seconds: float) -> None:
        """Load this account, in its turn."""
        if len(self._active) < self._at_once:
            self._active[account] = seconds
        else:
            self._waiting.append((account, seconds))

    def ended(self, now: float) -> Iterator[tuple[float, int]]:
        """Which loads ended until then, and when?"""
        while self._active:
            account, least = min(self._active.items(), key=lambda one: one[1])
            at = self._now + least * len(self._active) / self._speed
            if at > now:
                done = (now - self._now) * self._speed / len(self._active)
                self._active = {one: left - done for one, left in self._active.items()}
                break
            self._active = {one: left - least for one, left in self._active.items() if one != account}
            self._now = at
            if self._waiting:
                self.begin(*self._waiting.popleft())
            yield at, account
        if now < inf:
            self._now = now


@dataclass(slots=True)
class Run:
    """What came of a node's questions: of what it held, of what it loaded, of what was being loaded (joined), refused.

    `held_in` and `loaded_in`: when each question came, and the seconds until it was answered.
    """

    questions: int = 0
    hits: int = 0
    loads: int = 0
    joined: int = 0
    refused: int = 0
    seconds: float = 0.0
    loading_seconds: float = 0.0
    most_held: float = 0.0
    held_in: list[tuple[float, float]] = field(default_factory=list)
    loaded_in: list[tuple[float, float]] = field(default_factory=list)
    loaded_at: list[float] = field(default_factory=list)
    refused_at: list[float] = field(default_factory=list)


def quantile(answered: Sequence[tuple[float, float]], share: float) -> float:
    """Within how many seconds was this share of the questions answered? Nothing was asked: not a number."""
    taken = sorted(one for _, one in answered)
    return taken[min(len(taken) - 1, int(len(taken) * share))] if taken else float("nan")


def fill_as_it_stands(asked: Asked, cache: Cache, chance: random.Random) -> None:
    """Let the cache hold what it holds after a long time, so that nothing has to be warmed up.

    WHY exactly that: the time since each account was last asked about is exponential with its rate, and the cache
    holds those with the least.
    """
    draw = chance.random
    ages = [-log(1 - draw()) / rate for rate in asked.rates]
    kept, room = [], cache.most
    for account in sorted(range(len(ages)), key=ages.__getitem__):
        room -= asked.held[account]
        if room < 0:
            break
        kept.append(account)
    for account in reversed(kept):
        cache.keep(account, asked.held[account])


def run_cache(asked: Asked, cache: Cache, questions: int, chance: random.Random) -> float:
    """Which share of so many questions is of accounts that are held, where a load takes no time?"""
    sums = [*accumulate(asked.rates)]
    hits = 0
    for _ in range(questions):
        account = bisect_right(sums, chance.random() * sums[-1], 0, len(sums) - 1)
        if account in cache:
            hits += 1
            cache.touch(account)
        else:
            cache.keep(account, asked.held[account])
    return hits / questions


class Node:
    """One node while its questions come."""

    def __init__(
        self,
        asked: Asked,
        cache: Cache,
        question_seconds: float,
        *,
        at_once: int = LOADS_AT_ONCE,
        most_loads: float = MOST_LOADS,
    ) -> None:
        self._asked, self._cache, self._question_seconds = asked, cache, question_seconds
        self._most_loads = most_loads
        self._sums = [*accumulate(asked.rates)]
        speed = max(LEAST_SPEED, 1 - self._sums[-1] * question_seconds)
        self._loads = Loads(at_once, speed)
        self._asking: dict[int, list[float]] = {}
        self.run = Run()

    def ask(self, questions: int, chance: random.Random) -> Run:
        """What comes of so many questions? The last loads are waited for."""
        sums, rate, draw, now = self._sums, self._sums[-1], chance.random, 0.0
        for _ in range(questions):
            now -= log(1 - draw()) / rate
            self._end_loads(now)
            self._ask(bisect_right(sums, draw() * rate, 0, len(sums) - 1), now)
        self._end_loads(inf)
        self.run.questions, self.run.seconds = questions, now
        return self.run

    def _end_loads(self, now: float) -> None:
        for at, account in self._loads.ended(now):
            self._cache.keep(account, self._asked.held[account])
            self.run.most_held = max(self.run.most_held, self._cache.held)
            waited = self._asking.pop(account)
            self.run.loaded_in += [(when, at - when + self._question_seconds) for when in waited]

    def _ask(self, account: int, now: float) -> None:
        run = self.run
        if account in self._cache:
            run.hits += 1
            self._cache.touch(account)
            run.held_in.append((now, self._question_seconds + SWITCH_SECONDS * self._loads.active))
        elif account in self._asking:
            run.joined += 1
            self._asking[account].append(now)
        elif len(self._loads) >= self._most_loads:
            run.refused += 1
            run.refused_at.append(now)
        else:
            run.loads += 1
            run.loaded_at.append(now)
            run.loading_seconds += self._asked.loads[account]
            self._asking[account] = [now]
            self._loads.begin(account, self._asked.loads[account])


def part_of(asked: Asked, accounts: Iterable[int]) -> Asked:
    """These accounts alone, in this order."""
    chosen = list(accounts)
    return Asked(
        [asked.rates[number] for number in chosen],
        [asked.held[number] for number in chosen],
        [asked.loads[number] for number in chosen],
    )


def thinned(asked: Asked, nodes: int) -> Asked:
    """All accounts, as one of so many nodes is asked about them in turn."""
    return Asked([rate / nodes for rate in asked.rates], asked.held, asked.loads)
