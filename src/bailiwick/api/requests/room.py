"""What a server is told beside its host: how much there may be at once, and where its traces go."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bailiwick.api.requests.events import MOST_REQUESTS
from bailiwick.errors import Invalid

if TYPE_CHECKING:
    from bailiwick.api.requests.traces import Traces

MOST_CONNECTIONS = 10_000
KEPT_FILES = 256


@dataclass(frozen=True, slots=True)
class Room:
    """At most so many connections (0: as many as the process may have, see `find_room`), and so many requests.

    `traces`: none by default. `drain_seconds`: for how long it answers on that is told to stop.
    """

    connections: int = 0
    requests: int = MOST_REQUESTS
    traces: Traces | None = None
    drain_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.connections < 0:
            raise Invalid.at("max_connections", f"expected a number from 1 on, got `{self.connections}`")
        if self.requests < 1:
            raise Invalid.at("max_requests", f"expected a number from 1 on, got `{self.requests}`")


def find_room() -> int:
    """How many connections leave files enough for the store? At most 10,000.

    WHY: a process without a free file accepts nobody and cannot open its store; better to say no to one connection.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, max(soft - KEPT_FILES, soft // 2, 1))
