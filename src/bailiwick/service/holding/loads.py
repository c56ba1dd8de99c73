"""How many accounts are loaded at once, and how long that takes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from bailiwick.errors import Unavailable

LOADS_AT_ONCE = 4
MOST_WAITING = 24
MOST_FOR_ONE = 16
SHORT_SECONDS = 0.25


class Loads:
    """`count` loads took so many `seconds`, and so many are `under_way`, waiting ones among them. Safe for threads."""

    def __init__(self, at_once: int = LOADS_AT_ONCE) -> None:
        self.count = 0
        self.seconds = 0.0
        self.under_way = 0
        self._room = BoundedSemaphore(at_once)
        self._waiting: Counter[str] = Counter()
        self._mutex = Lock()

    @contextmanager
    def waiting(self, account: str) -> Iterator[float | None]:
        """Somebody waits in here for this account, which is not held: for how long at most? None: until it is.

        SECURITY: so many who wait for one slow account do not take every thread from everybody else.
        """
        with self._mutex:
            is_patient = self._waiting[account] < MOST_FOR_ONE and self._waiting.total() < MOST_WAITING
            self._waiting[account] += 1
        try:
            yield None if is_patient else SHORT_SECONDS
        finally:
            with self._mutex:
                self._waiting[account] -= 1
                if not self._waiting[account]:
                    del self._waiting[account]

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """An account is loaded in here, in its turn. Raises Unavailable.

        SECURITY: bounded, so that many accounts that are not held do not take every thread from those that are.
        """
        with self._mutex:
            if self.under_way >= MOST_WAITING:
                raise Unavailable("too many accounts are being loaded at once", "ask again in a moment")
            self.under_way += 1
        try:
            with self._room:
                begun = time.perf_counter()
                yield
                taken = time.perf_counter() - begun
            with self._mutex:
                self.count += 1
                self.seconds += taken
        finally:
            with self._mutex:
                self.under_way -= 1
