"""Storing what changes of people's credentials: on exactly the judged head, or again on the new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bailiwick.errors import Conflict
from bailiwick.service.enterprise.placing import rests_on
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log, advance
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import ActivityEvent, Change, RevisionConflict, SecretChange

TRIES = 8
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What shall be stored, by whom and by which surface; `based_on`: revisions of other logs besides the usual."""

    changes: Sequence[Change]
    secrets: Sequence[SecretChange]
    actor_uid: str
    via: str
    activity: Sequence[ActivityEvent] = ()
    based_on: Mapping[str, int] = field(default_factory=dict)


def store_people(host: Host, account: str, prepare: Callable[[Snapshot], tuple[Prepared | None, T]]) -> T:
    """Store what `prepare` makes of the newest state, and answer with what it says; None: there is nothing to store.

    `prepare` may run several times. What it raises changes nothing. Raises Conflict.
    """
    for _ in range(TRIES):
        snapshot = host.snapshot(account)
        prepared, answer = prepare(snapshot)
        if prepared is None or _append(host, snapshot, prepared):
            return answer
    raise Conflict("the account is being changed too often at once", "try again")


def _append(host: Host, snapshot: Snapshot, prepared: Prepared) -> bool:
    """Store it if the head has not moved, and answer from the new state. False: prepare again."""
    account = snapshot.account.name
    log = account_log(account)
    with host.writing:
        try:
            head = host.store.append(
                log,
                snapshot.revision,
                prepared.changes,
                actor_uid=prepared.actor_uid,
                via=prepared.via,
                at=host.at(),
                activity=prepared.activity,
                secrets=prepared.secrets,
                based_on={**rests_on(snapshot), **prepared.based_on},
            )
        except RevisionConflict:
            host.refresh(account)
            return False
        rows = host.store.changes(log, snapshot.revision, len(prepared.changes))
        host.publish(account, advance(host.store, snapshot, rows, head, host.system_head()))
    return True
