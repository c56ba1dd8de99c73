"""Python imports this first in a process with another time of day, and it mends what libfaketime breaks there.

Since 3.11 `time.sleep` waits until a time of the monotonic clock, and every such wait fails with EINVAL under
libfaketime before 0.9.11 where that clock is left alone. Source: libfaketime, issue 426.
"""

from __future__ import annotations

import select
import time
from typing import SupportsIndex


def sleep(seconds: float | SupportsIndex) -> None:
    """Wait for so long, as `time.sleep` does."""
    select.select((), (), (), float(seconds))


time.sleep = sleep
