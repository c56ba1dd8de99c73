"""Processes that the cluster starts, and what it says: everything is stopped by process id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

SECONDS = 60.0
STOP_SECONDS = 30.0
LAST_LINES = 8


class Running:
    """A program with a log of its own, which may be ended and started again."""

    def __init__(
        self, name: str, words: Sequence[str], log: Path, variables: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._words = list(words)
        self._log = log
        self._environment = {**os.environ, **(variables or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Which process is it?"""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; what it does, it does later."""
        with self._log.open("ab") as log:
            # WHY a session of its own: Ctrl-C at the terminal must not reach it before the proxy.
            self._process = subprocess.Popen(
                self._words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment,
                start_new_session=True)  # fmt: skip

    def wait_until(self, holds: Callable[[], bool], seconds: float = SECONDS) -> float:
        """Wait for this, while it runs: how long did that take?"""
        begun = time.monotonic()
        while not holds():
            require(self._process is not None and self._process.poll() is None, self._told("has ended"))
            require(
                time.monotonic() - begun < seconds, self._told(f"does not answer after {seconds:.0f} seconds")
            )
            time.sleep(0.02)
        return time.monotonic() - begun

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Let it end, kindly at first."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a lack of memory would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _told(self, trouble: str) -> str:
        """What does somebody need to know who looks into it?"""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join([f"{self.name} {trouble}; it said last:", *lines])


def free_port() -> int:
    """Which port of loopback is free?"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require(holds: bool, trouble: str) -> None:
    """End with this message where it does not hold."""
    if not holds:
        raise SystemExit(f"error: {trouble}")


def say(line: str = "") -> None:
    """Print at once."""
    print(line, flush=True)
