"""Storing what changes of API keys: on exactly the judged head, or again on the new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from bailiwick.authn.keys import GeneratedKey, generate_api_key
from bailiwick.service.appending import Prepared, append_prepared
from bailiwick.service.host import Host
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.trying import try_until_stored
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
    host: Host, account: str, prepare: Callable[[Snapshot], tuple[Prepared, Callable[[Head], T]]]
) -> T:
    """Store what `prepare` makes of the newest state, and answer with what it makes of the head after it.

    `prepare` may run several times. What it raises changes nothing. Raises Conflict.
    """

    def attempt() -> T:
        snapshot = host.snapshot(account)
        prepared, answer = prepare(snapshot)
        return answer(append_prepared(host, snapshot, prepared))

    return try_until_stored(host, account, attempt)


def generate_fresh_key(snapshot: Snapshot) -> GeneratedKey:
    """A new key for this account, whose visible prefix no other key there has."""
    while True:
        made = generate_api_key()
        if made.prefix not in snapshot.keys_by_prefix():
            return made
