"""Storing what changes of people's credentials: on exactly the judged head, or again on the new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bailiwick.service.appending import Prepared, append_prepared
from bailiwick.service.host import Host
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.trying import try_until_stored

T = TypeVar("T")


def store_people(host: Host, account: str, prepare: Callable[[Snapshot], tuple[Prepared | None, T]]) -> T:
    """Store what `prepare` makes of the newest state, and answer with what it says; None: there is nothing to store.

    `prepare` may run several times. What it raises changes nothing. Raises Conflict.
    """

    def attempt() -> T:
        snapshot = host.snapshot(account)
        prepared, answer = prepare(snapshot)
        if prepared is not None:
            append_prepared(host, snapshot, prepared)
        return answer

    return try_until_stored(host, account, attempt)
