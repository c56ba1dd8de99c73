"""Cutting connections that take too long: one thread for all of them.

WHY the socket and not a question to the server: a server that hangs, or a network that is gone, answers none.
"""

from __future__ import annotations

import heapq
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from os import dup
from threading import Condition, Thread
from typing import Any


@dataclass(order=True)
class _Watched:
    deadline: float
    driver: Any = field(compare=False)
    over: bool = field(default=False, compare=False)


class Cutter:
    """Shuts the sockets of connections whose time is over. Safe for threads."""

    def __init__(self) -> None:
        self._watched: list[_Watched] = []
        self._changed = Condition()
        self._thread: Thread | None = None
        self._closed = False

    @contextmanager
    def after(self, seconds: float, driver: Any) -> Iterator[None]:
        """Cut this connection if the block has not ended after so long; what waits for it then fails."""
        watched = _Watched(time.monotonic() + seconds, driver)
        with self._changed:
            heapq.heappush(self._watched, watched)
            if self._thread is None:
                self._thread = Thread(target=self._watch, name="cutting late connections", daemon=True)
                self._thread.start()
            elif self._watched[0] is watched:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                watched.over, watched.driver = True, None

    def close(self) -> None:
        """Watch no more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                while self._watched and self._watched[0].over:
                    heapq.heappop(self._watched)
                if not self._watched:
                    self._changed.wait(1.0)
                    continue
                left = self._watched[0].deadline - time.monotonic()
                if left > 0:
                    self._changed.wait(min(left, 1.0))
                    continue
                _cut(heapq.heappop(self._watched).driver)


def _cut(driver: Any) -> None:
    """Shut the socket; it stays open, so that its number names nothing else meanwhile."""
    with (
        suppress(OSError, AttributeError, ValueError),
        socket.socket(fileno=dup(driver.pgconn.socket)) as ended,
    ):
        ended.shutdown(socket.SHUT_RDWR)
