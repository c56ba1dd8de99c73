"""The command `bailiwick` in a process of its own that is forked, and not begun from nothing.

WHY: a start costs seconds of imports, which tests that start a hundred servers cannot pay. What is forked from a
process that has imported the program, and has done nothing else, is as new. Must not be used where the loader matters
(`LD_PRELOAD`), nor for the one start of a test that tries the command itself.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import TimeoutExpired

from bailiwick.cli.main import main

_FORKS = multiprocessing.get_context("forkserver")
# The last ones are imported by a server when it begins to serve.
_FORKS.set_forkserver_preload(
    [
        "tests.e2e.forks",
        "bailiwick.api.serve",
        "bailiwick.service.host",
        "bailiwick.api.requests.lines",
        "anyio._backends._asyncio",
        "uvicorn.lifespan.on",
        "uvicorn.loops.uvloop",
    ]
)
_OUT = (1, 2)
Program = Callable[[], None]


class Fork:
    """A process that is begun at once; it is asked as `subprocess.Popen` is."""

    def __init__(
        self,
        words: Sequence[str],
        variables: Mapping[str, str],
        log: Path,
        program: Program = main,
    ) -> None:
        """`program` is the function that is called with the words as arguments; `log` gets what it prints."""
        self._words = list(words)
        self._process = _FORKS.Process(target=_be, args=(program, list(words), dict(variables), str(log)))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """How has it ended? None: it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end: how was it? Raises TimeoutExpired."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise TimeoutExpired(self._words, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()


def _be(program: Program, words: Sequence[str], variables: Mapping[str, str], log: str) -> None:
    """Be that program, as a shell would have started it."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in _OUT:
        os.dup2(out, number)
    os.close(out)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = ["bailiwick", *words]
    program()
