"""What a process counts: plain numbers, added to on the way of every question and read by whoever watches.

CAUTION: added to without a lock. In CPython nothing interrupts the addition to an attribute or to a member of a
dictionary or list; where something did, a number would be one too small and nothing else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from bailiwick.model.requests import Reason

# In seconds: of a question that is answered from memory, and of a request that may read the store.
QUESTION_BOUNDS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0)
REQUEST_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Histogram:
    """How many durations lie below which bound, and what is their sum? The last count is of those beyond all."""

    __slots__ = ("bounds", "counts", "seconds")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """One more took so long."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.seconds += seconds

    def buckets(self) -> list[tuple[str, int]]:
        """How many took at most so long, by bound, ending with all of them?"""
        found, total = [], 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), list(self.counts), strict=True):
            total += count
            found.append((bound, total))
        return found


class Counters:
    """What was asked of this process, and how it was answered.

    `decided`: decisions by reason. `failed`: requests for decisions that got none, by the error's code. `single` and
    `several`: how long such requests took, of one question and of a list. `forks`: how often an account was found to
    be of another history than what was held. `refused_connections`: those beyond the limit.
    """

    __slots__ = ("decided", "failed", "forks", "refused_connections", "several", "single")

    def __init__(self) -> None:
        self.decided = dict.fromkeys(Reason, 0)
        self.failed: dict[str, int] = {}
        self.single, self.several = Histogram(QUESTION_BOUNDS), Histogram(QUESTION_BOUNDS)
        self.forks = 0
        self.refused_connections = 0

    def fail(self, code: str) -> None:
        """A request for decisions got none, for this reason."""
        self.failed[code] = self.failed.get(code, 0) + 1

    @property
    def allowed(self) -> int:
        """How many decisions allowed?"""
        return self.decided[Reason.ALLOWED]

    @property
    def denied(self) -> int:
        """How many decisions denied, whatever the reason?"""
        return sum(self.decided.values()) - self.allowed
