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

POLL_SECONDS = 0.2
SWEEP_SECONDS = 1.0
# A sweep takes at most this share of the follower's time.
SWEEP_SHARE = 0.1
SWEPT_AT_ONCE = 500

_logger = logging.getLogger("bailiwick.following")


class Follower:
    """Takes in what moved, one step after the other. One thread uses it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._failed = False
        self._compares_all = True
        self._sweep_at = 0.0
        self._to_sweep: list[str] = []
        self._pause = SWEEP_SECONDS

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
            self._failed = self._compares_all = True
            return
        if self._failed:
            _logger.warning("the store is followed again")
        self._failed = False

    def _look(self) -> None:
        hearing = self._host.hearing
        begun = hearing.moment()
        self._host.held.look()
        if self._compares_all:
            self._host.held.poll()
            self._compares_all = False
        elif begun >= self._sweep_at:
            self._sweep(begun)
        hearing.hear(begun)
        self._host.held.make_room()

    def _sweep(self, begun: float) -> None:
        """Compare the next few accounts. WHY few: what moves meanwhile waits for the end of it."""
        held = self._host.held
        if not self._to_sweep:
            self._to_sweep = held.names()
            self._pause = SWEEP_SECONDS / (1 + len(self._to_sweep) // SWEPT_AT_ONCE)
        few, self._to_sweep = self._to_sweep[:SWEPT_AT_ONCE], self._to_sweep[SWEPT_AT_ONCE:]
        held.poll(few)
        held.count_views(few)
        taken = self._host.hearing.moment() - begun
        self._sweep_at = begun + max(self._pause, taken / SWEEP_SHARE)


@contextmanager
def following(host: Host, seconds: float = POLL_SECONDS) -> Iterator[None]:
    """Take in, while this holds, what others commit, announced or not: who writes may be killed before it tells."""
    stop = Event()
    follower = Follower(host)

    def follow() -> None:
        follower.step()
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
