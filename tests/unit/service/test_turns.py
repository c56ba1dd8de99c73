"""Turns at an account: a few at once, nobody of another waits, and nothing is kept of those who are through."""

from __future__ import annotations

import asyncio

import pytest

from bailiwick.errors import Unavailable
from bailiwick.service.turns import AT_ONCE, MOST_WAITING, Turns


def test_a_few_at_once_and_the_others_in_their_order() -> None:
    """Whoever waits comes when one is through; another account's are not kept from anything."""

    async def run() -> None:
        turns, go, done = Turns(), asyncio.Event(), []

        async def change(account: str, number: int) -> None:
            async with turns.one(account):
                await go.wait()
                done.append((account, number))

        async def other() -> None:
            async with turns.one("other"):
                done.append(("other", 0))

        waiting = [asyncio.create_task(change("acme", number)) for number in range(AT_ONCE + 5)]
        await asyncio.sleep(0)
        await other()
        assert done == [("other", 0)]
        assert turns.accounts() == ["acme"]
        go.set()
        await asyncio.gather(*waiting)
        assert done[1:] == [("acme", number) for number in range(AT_ONCE + 5)]
        assert turns.accounts() == []

    asyncio.run(run())


def test_who_would_wait_behind_too_many_is_refused() -> None:
    """And takes nobody's place; one who gives up leaves it."""

    async def run() -> None:
        turns, go = Turns(), asyncio.Event()

        async def change() -> None:
            async with turns.one("acme"):
                await go.wait()

        waiting = [asyncio.create_task(change()) for _ in range(AT_ONCE + MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await change()
        waiting[-1].cancel()
        await asyncio.sleep(0)
        last = asyncio.create_task(change())
        await asyncio.sleep(0)
        assert not last.done()
        go.set()
        await asyncio.gather(*waiting[:-1], last)
        assert turns.accounts() == []

    asyncio.run(run())


def test_a_failure_ends_a_turn() -> None:
    """As any end does."""

    async def run() -> None:
        turns = Turns()
        for _ in range(AT_ONCE * 2):
            with pytest.raises(OSError, match="gone"):
                async with turns.one("acme"):
                    raise OSError("gone")
        assert turns.accounts() == []

    asyncio.run(run())
