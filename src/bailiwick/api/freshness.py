"""Waiting until this process has seen what the caller has seen: the header `Bailiwick-At-Least`.

Implements docs/spec.md 15.2. A request that waits holds no thread; its patience is short, and then it is told so.
"""

from __future__ import annotations

import asyncio

from starlette.concurrency import run_in_threadpool

from bailiwick.errors import Unavailable
from bailiwick.service.asking import Asked
from bailiwick.service.freshness import parse_revisions

PATIENCE_SECONDS = 5.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.02, 0.5


async def await_revisions(host: Asked, account: str, text: str) -> None:
    """Are answers given from these revisions on? Waits for them. Raises Invalid, Forked, Unavailable."""
    wanted = parse_revisions(text)
    clock = asyncio.get_running_loop().time
    deadline, pause = clock() + PATIENCE_SECONDS, FIRST_PAUSE_SECONDS
    while True:
        missing = await run_in_threadpool(host.find_missing, account, wanted)
        if missing is None:
            return
        if clock() >= deadline:
            raise Unavailable(
                f"revision `{wanted[missing]}` of the {missing} has not arrived here in {PATIENCE_SECONDS:g} seconds",
                "ask again, or ask where it was made",
            )
        await asyncio.sleep(pause)
        # WHY longer each time: each look asks the store, and what is not there at once may never come.
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
