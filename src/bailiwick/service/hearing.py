"""When did this process last hear of the store, and may it still answer for an account?

Implements docs/spec.md 15.4. The clock is one that nobody sets and that goes on while the process or the machine
is stopped, so that who wakes late knows it. It must not ask the store, nor decide what is allowed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf

from bailiwick.errors import Stale
from bailiwick.model.security import ANSWER, STALENESS_NUMBERS
from bailiwick.service.snapshots import Snapshot

SHORTEST_BOUND = STALENESS_NUMBERS["longest_seconds"].least


def read_clock() -> float:
    """How many seconds have passed since some moment, also while the machine slept?"""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Hearing:
    """What was heard of the store, and when. Safe for threads: one follower writes, anybody reads.

    As long as nobody follows, whoever asks looks themself, and nothing is stale. `has_heard`: whoever follows has
    looked at least once.
    """

    def __init__(self, clock: Callable[[], float] = read_clock) -> None:
        self._clock = clock
        self._heard = clock()
        self._behind: dict[str, float] = {}
        self._calm_until = inf
        self.is_followed = False
        self.has_heard = False

    def begin(self) -> float:
        """Somebody follows from now on; from when on?"""
        self.is_followed = True
        self.hear(self._clock())
        self.has_heard = False
        return self._heard

    def end(self) -> None:
        """Nobody follows any more."""
        self.is_followed = False
        self._calm_until = inf

    def moment(self) -> float:
        """Which moment is it? To be read before the store is asked."""
        return self._clock()

    def hear(self, asked_at: float) -> None:
        """Everything that was committed before that moment is taken in, but for what was lost from hearing."""
        self._heard = max(self._heard, asked_at)
        self.has_heard = True
        self._settle()

    def lose(self, account: str) -> bool:
        """The account could not be taken in. Is that news?"""
        is_news = account not in self._behind
        if is_news:
            self._behind[account] = self._heard
            self._settle()
        return is_news

    def regain(self, account: str) -> None:
        """The account was taken in."""
        if self._behind.pop(account, None) is not None:
            self._settle()

    def _settle(self) -> None:
        if self.is_followed:
            self._calm_until = -inf if self._behind else self._heard + SHORTEST_BOUND

    def is_calm(self) -> bool:
        """Is nothing stale for any account, by the shortest bound that there is? One comparison."""
        return self._clock() <= self._calm_until

    def lag_seconds(self, account: str | None = None) -> float:
        """For how long was nothing heard, of the store or of this account?"""
        if not self.is_followed:
            return 0.0
        heard = self._heard if account is None else self._behind.get(account, self._heard)
        return max(0.0, self._clock() - heard)

    def is_behind(self, account: str) -> bool:
        """Could this account not be taken in, though the store answers?"""
        return account in self._behind

    def list_behind(self) -> list[str]:
        """Which accounts could not be taken in, though the store answers?"""
        return sorted(self._behind)


def find_stale(hearing: Hearing, snapshot: Snapshot, now: float) -> datetime | None:
    """Since when was nothing heard of what the account rests on? None: it is fresh enough.

    Raises Stale where the account's settings refuse to answer then. `now`: epoch seconds.
    """
    account, policy = snapshot.account, snapshot.account.security_settings.staleness
    lag = hearing.lag_seconds(account.name)
    if account.enterprise is not None:
        lag = max(lag, hearing.lag_seconds(account.enterprise))
    if lag <= policy.longest_seconds:
        return None
    since = datetime.fromtimestamp(now - lag, UTC).replace(microsecond=0)
    if policy.then == ANSWER:
        return since
    raise Stale(
        f"account `{account.name}` was not heard of since {format_since(since)}, "
        f"and is answered for {policy.longest_seconds} seconds at most",
        "ask again, or another node; whoever runs this one: see whether it reaches the store",
    )


def format_since(since: datetime) -> str:
    """How is that moment written?"""
    return since.isoformat().replace("+00:00", "Z")
