"""Do the ways to break a process break that, and nothing else?"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.processes import environment
from tests.faults.breaking import MovableClock

HOUR = 3600
WAITS = """
import threading, time
for wait in (time.sleep, threading.Event().wait):
    begun = time.monotonic()
    wait(0.2)
    assert 0.19 < time.monotonic() - begun < 60, wait
print(time.time())
"""


def test_a_moved_clock_moves_the_time_of_day_and_no_wait(tmp_path: Path) -> None:
    """Sleeping takes as long as ever, for a process that lives an hour ago."""
    clock = MovableClock(tmp_path / "clock")
    clock.move(-HOUR)
    seen = environment(**clock.variables)
    said = subprocess.run(
        [sys.executable, "-c", WAITS], env=seen, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert abs(time.time() - HOUR - float(said.stdout)) < HOUR / 2
