"""Trying again: what was judged on a head that moved meanwhile is judged anew, for as long as its caller may wait."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from time import monotonic
from typing import TypeVar

from bailiwick.errors import Conflict, Unavailable
from bailiwick.service.host import Host
from bailiwick.service.loading import account_of
from bailiwick.store.ports import RevisionConflict

LEAST_TRIES = 8
LEAST_SECONDS = 5.0
TRIES_IN_PARALLEL = 3

T = TypeVar("T")


def try_until_stored(host: Host, account: str, attempt: Callable[[], T]) -> T:
    """What does the attempt give, made anew on each newer state of the account?

    The writers of all processes race, and one of them always wins; a loser tries for five seconds, and eight times at
    least. After the third it goes first among the writers of this process.
    Raises Conflict, Unavailable, and what the attempt raises, but for RevisionConflict.
    """
    tried, deadline = 0, monotonic() + LEAST_SECONDS
    while tried < LEAST_TRIES or monotonic() < deadline:
        with host.held.turn(account) if tried >= TRIES_IN_PARALLEL else nullcontext():
            try:
                return attempt()
            except RevisionConflict as moved:
                names = (account, account_of(moved.head.log))
                host.refresh(*names)
        tried += 1
        if tried >= LEAST_TRIES and any(host.hearing.is_behind(name) for name in names):
            # WHY no more tries: it would lose each of them at once, however long it goes on.
            raise Unavailable(
                f"account `{account}` was changed elsewhere, and what it has become cannot be read here",
                "ask another node; whoever runs this one: its log says why",
            )
    raise Conflict("the account is being changed too often at once", "try again")
