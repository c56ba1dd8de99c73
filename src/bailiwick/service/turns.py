"""Whose turn is it to have something changed? A few of each account at once, and the others wait without a thread.

SECURITY: writers of one account only wait for each other, and a thread that waits is one that others lack; so one
account's writers take a few of the server's threads, however many they are. Used on the server's event loop alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bailiwick.errors import Unavailable

AT_ONCE = 4
MOST_WAITING = 200


@dataclass(slots=True)
class _Turns:
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    there: int = 0


class Turns:
    """The turns of all accounts. Nothing is kept of an account in which nobody has or awaits one."""

    def __init__(self) -> None:
        self._of: dict[str, _Turns] = {}

    @asynccontextmanager
    async def one(self, account: str) -> AsyncIterator[None]:
        """In here it is somebody's turn to change this account. Raises Unavailable where too many wait for theirs."""
        turns = self._of.setdefault(account, _Turns())
        if turns.there >= AT_ONCE + MOST_WAITING:
            raise Unavailable(
                "too many changes of this account are asked for at once", "try again in a second"
            )
        turns.there += 1
        try:
            async with turns.room:
                yield
        finally:
            turns.there -= 1
            if not turns.there:
                self._of.pop(account, None)

    def accounts(self) -> list[str]:
        """In which accounts has somebody a turn, or waits for one?"""
        return sorted(self._of)
