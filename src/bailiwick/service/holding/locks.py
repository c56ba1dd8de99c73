"""Locks of accounts: one of a kind for each account, there as long as somebody holds it or waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, RLock
from typing import Any
from weakref import WeakValueDictionary

from bailiwick.errors import Unavailable


class AccountLocks:
    """The locks of one kind. Safe for threads.

    CAUTION: a lock lives while a `with` statement holds it; `lock = of(…)` keeps it for longer.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, Any] = WeakValueDictionary()
        self._making = Lock()

    def of(self, account: str) -> Any:
        """Which lock has this account? One thread may take it several times."""
        with self._making:
            found = self._locks.get(account)
            if found is None:
                found = self._locks[account] = RLock()
            return found


@contextmanager
def taken(lock: Any, seconds: float | None) -> Iterator[None]:
    """Hold this lock in here, after waiting so long at most (None: as long as it takes). Raises Unavailable."""
    if not lock.acquire(timeout=-1 if seconds is None else seconds):
        raise Unavailable("the account is being loaded, and many wait for it", "ask again in a moment")
    try:
        yield
    finally:
        lock.release()
