"""Hashing passwords, a few at a time: each takes 64 MiB, so whoever knocks often must not fill the memory.

It must not know whose password it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from bailiwick.authn.passwords import HashCost, hash_password, is_password, needs_rehash
from bailiwick.errors import Unavailable

COST = HashCost()
AT_ONCE = 4
WAIT_SECONDS = 5.0
# WHY so few: whoever waits holds a thread, and all other pages and questions are answered by the same forty.
MOST_WAITING = 8
_turns = BoundedSemaphore(AT_ONCE)
_places = BoundedSemaphore(AT_ONCE + MOST_WAITING)


@contextmanager
def a_turn() -> Iterator[None]:
    """Is there room to hash something now? Waits a little, if few others do. Raises Unavailable."""
    with _held(_places, seconds=0), _held(_turns, seconds=WAIT_SECONDS):
        yield


@contextmanager
def _held(semaphore: BoundedSemaphore, *, seconds: float) -> Iterator[None]:
    if not semaphore.acquire(timeout=seconds):
        raise Unavailable("too many people are signing in at once", "try again in a moment")
    try:
        yield
    finally:
        semaphore.release()


def make_hash(text: str) -> str:
    """What is stored of this password?"""
    with a_turn():
        return hash_password(COST, text)


def verify(stored: str | None, text: str) -> bool:
    """Is this the stored password?

    SECURITY: where none is stored, one that nobody has is verified, at the same cost.
    """
    with a_turn():
        fits = is_password(COST, stored if stored is not None else _nobodys(COST), text)
    return fits and stored is not None


def is_any(stored: Sequence[str], text: str) -> bool:
    """Is it one of these passwords? For a password that somebody chooses, who has shown who they are."""
    with a_turn():
        return any(is_password(COST, one, text) for one in stored)


def is_outdated(stored: str) -> bool:
    """Was it hashed at another cost than today's?"""
    return needs_rehash(COST, stored)


@cache
def _nobodys(cost: HashCost) -> str:
    return hash_password(cost, "")
