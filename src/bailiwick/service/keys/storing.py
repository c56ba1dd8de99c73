"""Storing what changes of API keys: on exactly the judged head, or again on the new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from bailiwick.errors import Conflict
from bailiwick.service.appending import TRIES, Prepared, append_prepared
from bailiwick.service.host import Host
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Head, Idempotency

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its secret: `text` is shown at its making and never again."""

    uid: str
    text: str
    prefix: str

    def __repr__(self) -> str:
        return f"NewKey(uid={self.uid!r}, prefix={self.prefix!r})"


@dataclass(frozen=True, slots=True, repr=False)
class MadeKey(NewKey):
    """A key with a new secret, as it is shown; the head of the account's log after it, the enterprise's revision."""

    shown: Mapping[str, Any]
    expires_at: datetime | None
    enterprise: str | None
    head: Head


KeepMadeKey = Callable[[Callable[[Head], MadeKey]], Idempotency | None]
Precondition = Callable[[Snapshot], None]


def store_keys(
    host: Host, account: str, prepare: Callable[[Snapshot], tuple[Prepared | None, Callable[[Head], T]]]
) -> T:
    """Store what `prepare` makes of the newest state, and answer with what it makes of the head after it.

    `prepare` may run several times; None: its state does not do, and another is looked for. Raises Conflict.
    """
    for _ in range(TRIES):
        snapshot = host.snapshot(account)
        prepared, answer = prepare(snapshot)
        head = None if prepared is None else append_prepared(host, snapshot, prepared)
        if head is not None:
            return answer(head)
    raise Conflict("the account is being changed too often at once", "try again")
