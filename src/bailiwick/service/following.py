"""Following: taking in what others commit, as soon as it is told, and looking again where nobody told.

Implements docs/spec.md 15.5 and 15.6. One thread asks which heads moved and takes in the accounts that are held; a
sweep compares all held heads from time to time, for a head may have moved back, or by a clock that lies behind.
It must not decide anything, and no answer waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from bailiwick.service.host import Host
from bailiwick.store.ports import SYSTEM_LOG, Head

POLL_SECONDS = 0.2
SWEEP_SECONDS = 1.0
# A sweep takes at most this share of the follower's time.
SWEEP_SHARE = 0.1

_logger = logging.getLogger("bailiwick.following")


class Follower:
    """Takes in what moved, one step after the other. One thread uses it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._mark = 0
        self._failed = False
        self._sweep_at = 0.0

    def wait(self, seconds: float, stop: Event) -> bool:
        """Shall it go on? Waits until something was announced, or so long."""
        if self._failed:
            return not stop.wait(seconds)
        # WHY any error: to be woken is never needed, and looking tells what is wrong.
        with suppress(Exception):
            self._host.store.feed.wait(seconds)
        return not stop.is_set()

    def step(self) -> None:
        """Look once. What fails is said once, and then everything is compared."""
        try:
            self._look()
        except Exception:
            if not self._failed:
                _logger.exception("the store could not be followed")
            self._failed = True
            self._sweep_at = 0.0
            return
        if self._failed:
            _logger.warning("the store is followed again")
        self._failed = False

    def _look(self) -> None:
        hearing = self._host.hearing
        begun = hearing.moment()
        mark, heads = self._host.store.moved_since(self._mark)
        if begun >= self._sweep_at:
            self._host.poll()
            taken = hearing.moment() - begun
            self._sweep_at = begun + max(SWEEP_SECONDS, taken / SWEEP_SHARE)
        else:
            self._take_in(heads)
        self._mark = mark
        hearing.hear(begun)

    def _take_in(self, heads: tuple[Head, ...]) -> None:
        """Take in what is held of these; the system's log concerns every account."""
        moved = [head for head in heads if self._host.is_behind(head)]
        if any(head.log == SYSTEM_LOG for head in moved):
            self._host.poll()
        elif moved:
            self._host.take_in(moved)


@contextmanager
def following(host: Host, seconds: float = POLL_SECONDS) -> Iterator[None]:
    """Take in, while this holds, what others commit, announced or not: who writes may be killed before it tells."""
    stop = Event()
    follower = Follower(host)

    def follow() -> None:
        while follower.wait(seconds, stop):
            follower.step()

    thread = Thread(target=follow, name="following the store", daemon=True)
    host.hearing.begin()
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        host.hearing.end()
