"""Stopping a server without a request that fails: say so, answer on for a while, finish, end.

At the first SIGTERM it is not ready any more, and every answer ends its connection, so that clients and proxies move on
while it still answers. At the first SIGINT, which is somebody at a terminal, it does not wait for anybody to notice.
A second signal, of either kind, ends it at once. What hangs does not keep it: see `LAST_SECONDS`.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from math import ceil
from types import FrameType

import uvicorn

from bailiwick.api.serving import Serving

STOP_SECONDS = 10
LAST_SECONDS = 5

_logger = logging.getLogger("bailiwick.serving")


class DrainingServer(uvicorn.Server):
    """A server that drains for `drain_seconds` before it stops listening."""

    def __init__(self, config: uvicorn.Config, serving: Serving, drain_seconds: float = 0.0) -> None:
        super().__init__(config)
        self._serving = serving
        self._drain_seconds = drain_seconds
        self._stop_at: float | None = None
        self._is_told = False

    @property
    def is_told_to_stop(self) -> bool:
        """Has a signal come?"""
        return self._stop_at is not None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal has come. INVARIANT: it may interrupt anything in this thread, so it only sets what others read.

        WHY SIGTERM is not given to the process anew, as uvicorn would: who stops well ends with code 0.
        """
        if self._stop_at is not None:
            os._exit(128 + sig)
        seconds = self._drain_seconds if sig == signal.SIGTERM else 0.0
        self._serving.is_draining = True
        self._stop_at = time.monotonic() + seconds
        end_by(seconds + STOP_SECONDS + LAST_SECONDS)
        if sig != signal.SIGTERM:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Is it time to stop listening?"""
        if self._stop_at is not None:
            self._tell()
            if time.monotonic() >= self._stop_at:
                self.should_exit = True
        return await super().on_tick(counter)

    def _tell(self) -> None:
        """Tell everybody who waits for an answer that their connection ends with it."""
        if self._is_told:
            return
        self._is_told = True
        _logger.info("told to stop", extra={"said": {"drain_seconds": self._drain_seconds}})
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_started:
                cycle.keep_alive = False


def end_by(seconds: float) -> None:
    """End the process then, if it still runs. Who stops it counts on its end, whatever hangs: a store, or a thread.

    WHY a handler and no default action: the first process of a container has no default actions.
    """
    signal.signal(signal.SIGALRM, _end)
    signal.alarm(ceil(seconds))


def _end(sig: int, frame: FrameType | None) -> None:
    _logger.error("the server did not stop in time, and is ended")
    os._exit(1)
