"""Refusals of strangers: recorded one by one while they are few, counted while they are many.

Whoever has no credential may be refused as often as they like; what is written about it stays bounded.
It must not decide who is refused. Serves the design's section on activity.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

MOST_A_SECOND = 10


class RefusalRecord:
    """Which refusals are written? `write` gets how many others were only counted since the one before.

    Safe for threads; one for each process.
    """

    def __init__(self, write: Callable[[int], None], most: int = MOST_A_SECOND) -> None:
        self._write = write
        self._most = most
        self._lock = Lock()
        self._second = -1
        self._written = 0
        self._counted = 0

    def add(self, now: float) -> None:
        """Somebody was refused now (epoch seconds)."""
        counted = self.take(now)
        if counted is not None:
            self._write(counted)

    def take(self, now: float) -> int | None:
        """How many were only counted since the last that was written? None: this one is only counted, too."""
        with self._lock:
            if int(now) != self._second:
                self._second, self._written = int(now), 0
            if self._written >= self._most:
                self._counted += 1
                return None
            self._written += 1
            counted, self._counted = self._counted, 0
        return counted
