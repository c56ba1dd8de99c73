"""Which API keys may be seen, and how they are shown: never a secret or its hash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.service.host import Host
from bailiwick.service.keys.records import owner_of
from bailiwick.service.keys.rights import LIST, READ, find_key, judge_of, may, resource_of
from bailiwick.service.loading import account_log
from bailiwick.service.needed import iam_service
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import EventFilter

MOST_USES = 10


def list_keys(host: Host, session: Session) -> list[ApiKeyRecord]:
    """Which keys may the session see: its own, and those of others where it may read them?"""
    snapshot = host.snapshot(session.account)
    return _seen(host, session, snapshot, snapshot.keys.values())


def list_keys_of(host: Host, session: Session, owner: str) -> list[ApiKeyRecord]:
    """Which keys of this owner may the session see? The same as of `list_keys`, and only those are looked at."""
    snapshot = host.snapshot(session.account)
    return _seen(host, session, snapshot, (one for one in snapshot.keys.values() if owner_of(one) == owner))


def _seen(
    host: Host, session: Session, snapshot: Snapshot, records: Iterable[ApiKeyRecord]
) -> list[ApiKeyRecord]:
    judge = judge_of(host, session, snapshot)
    keys = sorted(records, key=lambda record: (record.created_at, record.uid))
    if judge.is_allowed(LIST, iam_service()):
        return keys
    return [record for record in keys if may(judge, session, snapshot, READ, resource_of(record))]


def read_key(host: Host, session: Session, uid: str) -> ApiKeyRecord:
    """What is known about this key? Raises NotFound, Denied."""
    return find_key(host, session, host.snapshot(session.account), READ, uid)


def describe_key(host: Host, snapshot: Snapshot, record: ApiKeyRecord) -> Mapping[str, Any]:
    """How is a key shown? Never its secret or its hash."""
    used = host.last_used(snapshot.account.name, record.uid)
    return show_key(record, snapshot.descriptions.get(record.uid, ""), used, host.at())


def show_key(
    record: ApiKeyRecord, description: str, used: datetime | None, now: datetime
) -> Mapping[str, Any]:
    """How is a key of this description shown, last used then? Never its secret or its hash."""
    earlier = record.earlier if record.earlier is not None and record.earlier.until > now else None
    return {
        "id": record.uid,
        "owner": owner_of(record),
        "prefix": record.prefix,
        "description": description,
        "created_at": record.created_at.isoformat(),
        "expires_at": _text(record.expires_at),
        "disabled": record.disabled,
        "locked": record.locked,
        "networks": list(record.networks),
        "when_leaked": record.when_leaked,
        "leaked_at": _text(record.leaked_at),
        "rotated_at": _text(record.rotated_at),
        "earlier_prefix": None if earlier is None else earlier.prefix,
        "earlier_until": None if earlier is None else earlier.until.isoformat(),
        "last_used_at": _text(used),
    }


class Use(NamedTuple):
    """When was the key used, from which address, and for what: for a token, or at which registry?"""

    at: datetime
    address: str
    purpose: str


def list_uses(host: Host, record: ApiKeyRecord, account: str) -> list[Use]:
    """What were the last uses of this key, newest first? As far as the activity goes back."""
    found = []
    for kind in ("token", "registry-token"):
        wanted = EventFilter(log=account_log(account), kind=kind, outcome="issued", credential_uid=record.uid)
        for stored in host.store.activity.events(wanted, None, MOST_USES, newest_first=True):
            detail = stored.event.detail
            purpose = f"registry {detail['registry']}" if "registry" in detail else "an access token"
            found.append(Use(stored.event.at, str(detail.get("address", "")), purpose))
    return sorted(found, key=lambda use: use.at, reverse=True)[:MOST_USES]


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
