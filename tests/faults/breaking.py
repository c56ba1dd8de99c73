"""Ways to break what a process stands on: its disk, its clock. Where the machine does not allow one, a test is skipped.

Nothing of the machine itself is changed: a file system of our own is mounted and taken away, a clock is another one
only for the process that is started with it.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.e2e.processes import environment

FILLER = "filler"
# WHY not at every look at the clock: each would read the file, and make the process ten times slower.
_LOOKS_EVERY_SECONDS = 1
_IMPORTED_FIRST = Path(__file__).with_name("other_clock")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of that size at this folder; skips where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `mount`: a full disk is not tried")
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted, so a full disk is not tried: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leave no byte free."""
    with (disk / FILLER).open("ab", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                if file.write(bytes(size)) < size:
                    size //= 2
            except OSError:
                size //= 2


def make_room(disk: Path) -> None:
    """Take away what filled it."""
    (disk / FILLER).unlink(missing_ok=True)


class MovableClock:
    """The time of day of one process, which a test moves while it runs. The monotonic clock goes on as ever.

    So it is where an administrator or a time server sets a machine's clock.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._write(0)

    def move(self, seconds: int) -> None:
        """From now on it differs from the right time by so much, and every process has seen that."""
        self._write(seconds)
        time.sleep(_LOOKS_EVERY_SECONDS + 1.1)

    def _write(self, seconds: int) -> None:
        made = self._file.with_suffix(".new")
        made.write_text(f"{seconds:+d}\n", encoding="utf-8")
        made.replace(self._file)

    @property
    def variables(self) -> dict[str, str]:
        """Which variables give a process this clock? Skips where it cannot be."""
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not found:
            pytest.skip("libfaketime is not installed (scripts/install-faketime.sh): no other clock is tried")
        return {
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": str(_LOOKS_EVERY_SECONDS),
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # WHY: else every wait for Python's lock ends at once, and threads take it from each other without end.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "PYTHONPATH": os.pathsep.join([str(_IMPORTED_FIRST), environment()["PYTHONPATH"]]),
        }
