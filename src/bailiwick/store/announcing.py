"""Announcements between the nodes of one PostgreSQL database: something was committed, look now.

They only wake: who misses one finds the same at its next look. So they say nothing but that, are sent after the commit
on a connection of their own, and many at once become one.
Implements docs/spec.md, section "Freshness".
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import psycopg

CHANNEL = "bailiwick"
_PAUSE_SECONDS = (0.05, 0.2, 1.0, 2.0)
_STOP_SECONDS = 5.0
_logger = logging.getLogger("bailiwick.store")


class DatabaseFeed:
    """Sends and hears announcements, each in a thread that begins at its first use. Safe for threads.

    `connect` makes a connection that commits every statement by itself.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._connect = connect
        self._woken, self._due, self._closed = Event(), Event(), Event()
        self._threads: dict[str, Thread] = {}

    def announce(self) -> None:
        """Tell all nodes, this one too, that something was committed."""
        self._woken.set()
        self._due.set()
        self._begin("announcing", self._send)

    def wait(self, seconds: float) -> bool:
        """Was something announced since this was last asked, or will be within so long?"""
        self._begin("listening", self._listen)
        heard = self._woken.wait(seconds)
        self._woken.clear()
        return heard

    def close(self) -> None:
        """Neither send nor hear."""
        self._closed.set()
        self._woken.set()
        self._due.set()
        for thread in self._threads.values():
            thread.join(_STOP_SECONDS)

    def _begin(self, name: str, run: Callable[[], None]) -> None:
        if name not in self._threads and not self._closed.is_set():
            thread = self._threads.setdefault(name, Thread(target=run, name=name, daemon=True))
            with suppress(RuntimeError):  # another thread has started it
                thread.start()

    def _send(self) -> None:
        self._keep_connected("announcements cannot be sent", self._send_on)

    def _send_on(self, connection: psycopg.Connection[Any]) -> None:
        while not self._closed.is_set():
            self._due.wait()
            self._due.clear()
            if not self._closed.is_set():
                self._notify(connection)

    def _notify(self, connection: psycopg.Connection[Any]) -> None:
        try:
            connection.execute(f"NOTIFY {CHANNEL}")
        except psycopg.Error:
            # It is still to be sent, on the next connection.
            self._due.set()
            raise

    def _listen(self) -> None:
        self._keep_connected("announcements cannot be heard", self._listen_on)

    def _listen_on(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        # WHY: what was announced while nobody listened is looked for now.
        self._woken.set()
        while not self._closed.is_set():
            for _ in connection.notifies(timeout=0.5, stop_after=1):
                self._woken.set()

    def _keep_connected(self, trouble: str, work: Callable[[psycopg.Connection[Any]], None]) -> None:
        """Work on a connection, and on another one when it is lost."""
        failures = 0
        while not self._closed.is_set():
            try:
                with self._connect() as connection:
                    failures = 0
                    work(connection)
            except (psycopg.Error, OSError) as error:
                if failures == 0:
                    _logger.warning("%s for now: %s", trouble, type(error).__name__)
                self._closed.wait(_PAUSE_SECONDS[min(failures, len(_PAUSE_SECONDS) - 1)])
                failures += 1


class AnnouncedGeneration:
    """The word of a store that other machines write to as well: reading it tells nothing, bumping it announces.

    WHY: what this process writes it publishes itself, and what others write comes by the feed; a word would only make
    questions look at the database.
    """

    def __init__(self, feed: DatabaseFeed) -> None:
        self._feed = feed

    def read(self) -> int:
        """Always the same: the feed is followed instead."""
        return 0

    def bump(self) -> None:
        """Announce that something was committed."""
        self._feed.announce()

    def close(self) -> None:
        """Let go of the feed."""
        self._feed.close()
