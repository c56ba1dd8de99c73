"""Verifying a log: for a page, one run of each log at a time with its progress and its result, or for one caller.

What a page starts runs in a thread of its own; what it found is kept until the next run or the end of the process. It
must not decide who may start or see it (pages and routes ask the engine).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event, Lock, Thread

from bailiwick.errors import BailiwickError, Unavailable
from bailiwick.store.ports import Head, Store, VerifyReport

_logger = logging.getLogger("bailiwick.verifying")


@dataclass(frozen=True, slots=True)
class Verification:
    """One run: by whom and since when, how far, and, once it is over, what it found.

    `head` is where the log stood when the run began. `activity`: what was found of the account's activity.
    `problem`: why it could not be carried out.
    """

    log: str
    by: str
    began_at: datetime
    head: Head
    total: int
    done: int = 0
    ended_at: datetime | None = None
    report: VerifyReport | None = None
    activity: VerifyReport | None = None
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
        self._waited_for: set[str] = set()
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

    def verify(self, log: str) -> tuple[VerifyReport, VerifyReport]:
        """What is found of the log and of its activity, while the caller waits?

        Raises Unavailable while another caller, or a page, waits for the same: each reads a whole log, in a thread that
        all questions share.
        """
        with self._lock:
            run = self._runs.get(log)
            if log in self._waited_for or (run is not None and run.is_running):
                raise Unavailable("this log is being verified already", "try again when it is over")
            self._waited_for.add(log)
        try:
            return self._store.verify(log), self._store.activity.verify(log)
        finally:
            with self._lock:
                self._waited_for.remove(log)

    def _run(self, log: str, ended: Event) -> None:
        report, activity, problem = None, None, ""
        try:
            # WHY one at a time: each reads a whole log, and answers must not wait for many of them.
            with self._one_at_a_time:
                report = self._store.verify(log, lambda done, total: self._set(log, done=done, total=total))
                activity = self._store.activity.verify(log)
        except BailiwickError as error:
            problem = error.message
        except Exception:
            _logger.exception("%s could not be verified", log)
            problem = "the log could not be read to its end"
        self._set(log, report=report, activity=activity, problem=problem, ended_at=self._clock())
        ended.set()

    def _set(self, log: str, **changes: object) -> None:
        with self._lock:
            self._runs[log] = replace(self._runs[log], **changes)  # type: ignore[arg-type]  # its own fields
