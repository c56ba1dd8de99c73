"""Verifying a log while people wait: one run for each account at a time, with its progress and its result.

Runs in a thread of its own; what it found is kept until the next run or the end of the process. It must not decide
who may start or see it (the pages ask the engine).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event, Lock, Thread

from bailiwick.errors import BailiwickError
from bailiwick.store.ports import Head, Store, VerifyReport

_logger = logging.getLogger("bailiwick.verifying")


@dataclass(frozen=True, slots=True)
class Verification:
    """One run: by whom and since when, how far, and, once it is over, what it found.

    `head` is where the log stood when the run began. `problem`: why it could not be carried out.
    """

    log: str
    by: str
    began_at: datetime
    head: Head
    total: int
    done: int = 0
    ended_at: datetime | None = None
    report: VerifyReport | None = None
    problem: str = ""

    @property
    def is_running(self) -> bool:
        """Is it still going on?"""
        return self.ended_at is None


class Verifications:
    """The runs of one store. Safe for threads."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._lock = Lock()
        self._runs: dict[str, Verification] = {}
        self._one_at_a_time = Lock()

    def find(self, log: str) -> Verification | None:
        """Which run of this log is going on, or was the last? None: none since the process began."""
        with self._lock:
            return self._runs.get(log)

    def start(self, log: str, by: str, wait_seconds: float = 0.0) -> Verification:
        """The run that is going on, else a new one. Waits a moment for a short one to be over."""
        ended = Event()
        with self._lock:
            known = self._runs.get(log)
            if known is not None and known.is_running:
                return known
            head = self._store.head(log)
            self._runs[log] = Verification(log, by, self._clock(), head, self._store.change_count(log))
        Thread(target=self._run, args=(log, ended), name=f"verify {log}", daemon=True).start()
        ended.wait(wait_seconds)
        with self._lock:
            return self._runs[log]

    def _run(self, log: str, ended: Event) -> None:
        report, problem = None, ""
        try:
            # WHY one at a time: each reads a whole log, and answers must not wait for many of them.
            with self._one_at_a_time:
                report = self._store.verify(log, lambda done, total: self._set(log, done=done, total=total))
        except BailiwickError as error:
            problem = error.message
        except Exception:
            _logger.exception("%s could not be verified", log)
            problem = "the log could not be read to its end"
        self._set(log, report=report, problem=problem, ended_at=self._clock())
        ended.set()

    def _set(self, log: str, **changes: object) -> None:
        with self._lock:
            self._runs[log] = replace(self._runs[log], **changes)  # type: ignore[arg-type]  # its own fields
