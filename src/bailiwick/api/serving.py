"""What a running server knows of itself: whether it is being stopped, what it counts of requests, whether it is ready.

Readiness is one word. It is told from what was last heard, and asks nothing: a store that hangs is not waited for.
"""

from __future__ import annotations

from enum import Enum

from bailiwick.api.metrics.requests import RequestNumbers
from bailiwick.service.hearing import SHORTEST_BOUND
from bailiwick.service.host import Host
from bailiwick.store.ports import SYSTEM_LOG

LONGEST_SILENCE = 10.0


class Readiness(str, Enum):
    """May requests be sent to it? docs/operations.md says of each word what to do."""

    STARTING = "starting"
    LOADING = "loading"
    READY = "ready"
    STALE = "stale"
    UNREACHABLE = "unreachable"
    DRAINING = "draining"

    @property
    def is_ready(self) -> bool:
        """May requests be sent to it?

        WHY also where it is stale or loading: what one account waits for or is refused here, it likely is elsewhere
        too, and with all nodes gone nobody would be answered for any.
        """
        return self in (Readiness.READY, Readiness.LOADING, Readiness.STALE)


class Serving:
    """One server. `is_draining`: it was told to stop, and answers those who do not know that yet."""

    def __init__(self) -> None:
        self.requests = RequestNumbers()
        self.is_draining = False

    def readiness(self, host: Host) -> Readiness:
        """Which word is it now?"""
        if self.is_draining:
            return Readiness.DRAINING
        hearing = host.hearing
        if not hearing.is_followed:
            return Readiness.READY if _answers(host) else Readiness.UNREACHABLE
        silence = hearing.lag_seconds()
        if silence > LONGEST_SILENCE:
            return Readiness.UNREACHABLE
        if not hearing.has_heard:
            return Readiness.STARTING
        if silence > SHORTEST_BOUND or hearing.list_behind():
            return Readiness.STALE
        return Readiness.LOADING if host.held.loads.under_way else Readiness.READY


def _answers(host: Host) -> bool:
    """Does a store that nobody follows answer?"""
    # WHY every exception: whatever keeps the store from answering, the process cannot answer either.
    try:
        host.store.head(SYSTEM_LOG)
    except Exception:
        return False
    return True
