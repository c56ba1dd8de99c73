"""How many requests does the framework carry out, by route, and how long do they take?

The fast path answers before and is not in here; its questions are in the host's own counters.
SECURITY: nothing that a request brings becomes a label: a route is a line of the route table, a method one of a few.
"""

from __future__ import annotations

from collections.abc import Callable

from bailiwick.service.counting import REQUEST_BOUNDS, Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"


class RequestNumbers:
    """`durations`: by method, route and class of status. `running`: now. `refused`: because too many were running.

    `connections`: how many are open, as the server says.

    CAUTION: added to in the server's own thread alone.
    """

    def __init__(self) -> None:
        self.durations: dict[tuple[str, str, str], Histogram] = {}
        self.running = 0
        self.refused = 0
        self.connections: Callable[[], int] = int

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """One more was answered; 0: the client went away before."""
        key = (method if method in METHODS else OTHER, route, f"{status // 100}xx" if status else "none")
        found = self.durations.get(key)
        if found is None:
            found = self.durations[key] = Histogram(REQUEST_BOUNDS)
        found.add(seconds)
