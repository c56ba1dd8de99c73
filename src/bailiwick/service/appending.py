"""Appending what was prepared on one state of an account: on exactly that head, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bailiwick.service.enterprise.placing import rests_on
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log, advance
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import ActivityEvent, Change, Head, Idempotency, SecretChange


@dataclass(frozen=True, slots=True)
class Prepared:
    """What shall be stored, by whom and by which surface; `based_on`: revisions of other logs besides the usual."""

    changes: Sequence[Change]
    secrets: Sequence[SecretChange]
    actor_uid: str
    via: str
    activity: Sequence[ActivityEvent] = ()
    based_on: Mapping[str, str] = field(default_factory=dict)
    idempotency: Idempotency | None = None


def append_prepared(host: Host, snapshot: Snapshot, prepared: Prepared) -> Head:
    """Store it, and answer from the new state: which head has it? Raises RevisionConflict: prepare again."""
    account = snapshot.account.name
    log = account_log(account)
    with host.held.turn(account):
        head = host.store.append(
            log,
            snapshot.vector["account"],
            prepared.changes,
            actor_uid=prepared.actor_uid,
            via=prepared.via,
            at=host.at(),
            activity=prepared.activity,
            secrets=prepared.secrets,
            idempotency=prepared.idempotency,
            based_on={**rests_on(snapshot), **prepared.based_on},
        )
        rows = host.store.changes(log, snapshot.revision, len(prepared.changes))
        host.publish(account, advance(host.store, snapshot, rows, head, host.system_head()))
    return head
