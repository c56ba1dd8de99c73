"""What the operating system says of this process: memory, processor time, files.

The names are those that Prometheus' own clients use.
WHY not its client's collector: that reads /proc/stat, which our systemd unit hides.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

_STARTED = time.time()
_OWN = Path("/proc/self")


def process_families() -> Iterator[Metric]:
    """What does this process take? What the system does not tell is left out."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield CounterMetricFamily(
        "process_cpu_seconds", "Processor time, user and system.", value=used.ru_utime + used.ru_stime
    )
    yield GaugeMetricFamily(
        "process_start_time_seconds", "When it started, in epoch seconds.", value=_STARTED
    )
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield GaugeMetricFamily("process_max_fds", "Files that it may have open.", value=soft)
    try:
        pages = (_OWN / "statm").read_text(encoding="ascii").split()
        files = len(os.listdir(_OWN / "fd"))
    except OSError:
        return
    size = os.sysconf("SC_PAGE_SIZE")
    yield GaugeMetricFamily(
        "process_resident_memory_bytes", "Memory that it has in use.", value=int(pages[1]) * size
    )
    yield GaugeMetricFamily("process_open_fds", "Files that it has open.", value=files)
