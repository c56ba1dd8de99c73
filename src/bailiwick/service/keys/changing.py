"""Changing and withdrawing an API key. Implements docs/spec.md 10.3 and 31.11 to 31.13."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.errors import Conflict
from bailiwick.model.networks import find_wider
from bailiwick.service.appending import Prepared
from bailiwick.service.host import Host
from bailiwick.service.keys.limits import check_description, check_end, check_networks, check_when_leaked
from bailiwick.service.keys.records import owner_of, write_key
from bailiwick.service.keys.rights import DELETE, UPDATE, find_key, hand_over, require_granted
from bailiwick.service.keys.storing import Precondition, store_keys
from bailiwick.service.loading import API_KEY
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, Head, SecretDelete


class Keep(Enum):
    """An end that is not spoken of: None would take it away."""

    END = "end"


@dataclass(frozen=True, slots=True)
class _Said:
    disabled: bool | None
    locked: bool | None
    description: str | None
    expires_at: datetime | Keep | None
    networks: tuple[str, ...] | None
    when_leaked: str | None


def update_key(
    host: Host,
    session: Session,
    uid: str,
    *,
    disabled: bool | None = None,
    description: str | None = None,
    locked: bool | None = None,
    expires_at: datetime | Keep | None = Keep.END,
    networks: tuple[str, ...] | None = None,
    when_leaked: str | None = None,
    check: Precondition | None = None,
) -> ApiKeyRecord:
    """Disable, enable, lock, limit or describe a key, or move its end. What is None stays (an end: None takes it away).

    What lets another's key do more hands over what it can do. `check` is asked of the state that is changed, and
    raises what it finds wrong.
    """
    said = _Said(
        disabled,
        locked,
        description,
        expires_at,
        None if networks is None else check_networks(networks),
        None if when_leaked is None else check_when_leaked(when_leaked),
    )
    if description is not None:
        check_description(description)

    def prepare(snapshot: Snapshot) -> tuple[Prepared, Callable[[Head], ApiKeyRecord]]:
        before = find_key(host, session, snapshot, UPDATE, uid)
        if check is not None:
            check(snapshot)
        after = _changed(host, snapshot, before, said)
        _authorize(host, session, snapshot, before, after)
        if before.locked and locked is not False:
            raise Conflict(f"API key `{uid}` is locked", "unlock it first")
        text = snapshot.descriptions.get(uid, "") if description is None else description
        change = Change(API_KEY, uid, uid, "replace", write_key(after, text))
        return Prepared([change], [], session.uid, session.via("keys")), lambda _: after

    return store_keys(host, session.account, prepare)


def _changed(host: Host, snapshot: Snapshot, before: ApiKeyRecord, said: _Said) -> ApiKeyRecord:
    policy = snapshot.account.security_settings.keys
    end = before.expires_at
    if not isinstance(said.expires_at, Keep) and said.expires_at != end:
        end = check_end(policy, said.expires_at, since=before.rotated_at or before.created_at, now=host.at())
    is_enabled = said.disabled is False and before.disabled
    return replace(
        before,
        disabled=before.disabled if said.disabled is None else said.disabled,
        locked=before.locked if said.locked is None else said.locked,
        expires_at=end,
        networks=before.networks if said.networks is None else said.networks,
        when_leaked=before.when_leaked if said.when_leaked is None else said.when_leaked,
        leaked_at=None if is_enabled else before.leaked_at,
    )


def _authorize(
    host: Host, session: Session, snapshot: Snapshot, before: ApiKeyRecord, after: ApiKeyRecord
) -> None:
    """Does the change let the key do more, and may the session do that? Raises Denied."""
    now = host.at()
    enabled = before.disabled and not after.disabled
    revived = (
        before.expires_at is not None and before.expires_at <= now and after.expires_at != before.expires_at
    )
    longer = before.expires_at is not None and (
        after.expires_at is None or after.expires_at > before.expires_at
    )
    if enabled or longer or find_wider(before.networks, after.networks):
        hand_over(host, session, snapshot, owner_of(before))
    if enabled or revived or (before.locked and not after.locked):
        require_granted(host, session, snapshot, before)


def delete_key(host: Host, session: Session, uid: str, *, check: Precondition | None = None) -> None:
    """Withdraw a key for good: tokens made from it end with it."""

    def prepare(snapshot: Snapshot) -> Prepared:
        record = find_key(host, session, snapshot, DELETE, uid)
        if check is not None:
            check(snapshot)
        if record.locked:
            raise Conflict(f"API key `{uid}` is locked", "unlock it first")
        change = Change(API_KEY, uid, uid, "delete")
        return Prepared([change], [SecretDelete(uid)], session.uid, session.via("keys"))

    store_keys(host, session.account, lambda snapshot: (prepare(snapshot), lambda _: None))
