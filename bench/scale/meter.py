"""How long something takes by the clock, undisturbed and usually, and how much of which processor it uses.

WHY both: the clock's time holds what else the machine does, the processor's hardly; what waits for a disk is in the
clock's alone. The least of many rounds by the clock is what is left when little disturbs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.faults.cluster import Server

Figures = dict[str, float]
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Meter:
    """Measures work of this process on a database server of its own."""

    server: Server

    def each(self, count: int, work: Callable[[int], object], *, units: int = 1) -> Figures:
        """What does it take to do this so many times, told for one of the `units` that each time has?"""
        taken = []
        own, database = time.process_time(), self._database_seconds()
        for number in range(count):
            begun = time.perf_counter()
            work(number)
            taken.append((time.perf_counter() - begun) / units)
        return {
            "least_seconds": min(taken),
            "seconds": median(taken),
            "node_processor_seconds": (time.process_time() - own) / count / units,
            "database_processor_seconds": (self._database_seconds() - database) / count / units,
        }

    def _database_seconds(self) -> float:
        """How much of the processor have the server's processes used, those that have ended too?"""
        assert self.server.process is not None
        server = self.server.process.pid
        listed = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii").split()
        return sum(_used(int(pid)) for pid in listed) + _used(server, ended=True)


def _used(pid: int, *, ended: bool = False) -> float:
    """How much of the processor has this process used, and the children of it that have ended?"""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[11:15] if ended else fields[11:13])) / _TICKS
