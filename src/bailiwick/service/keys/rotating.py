"""Replacing the secret of an API key, with a time in which the old one works as well, or at once where it leaked.

Implements docs/spec.md 31.14 and 31.15.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bailiwick.authn.keys import ApiKeyRecord, EarlierSecret, GeneratedKey
from bailiwick.errors import Conflict, Invalid
from bailiwick.service.appending import Prepared
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.keys.limits import check_end
from bailiwick.service.keys.reading import show_key
from bailiwick.service.keys.records import hashes_of, owner_of, write_key
from bailiwick.service.keys.rights import ROTATE, check_honoured, find_key, hand_over
from bailiwick.service.keys.storing import KeepMadeKey, MadeKey, Precondition, generate_fresh_key, store_keys
from bailiwick.service.loading import API_KEY
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, Head, SecretChange, SecretDelete, SecretWrite

MOST_OVERLAP_SECONDS = 30 * 86_400


def rotate_key(
    host: Host,
    session: Session,
    uid: str,
    *,
    overlap_seconds: int = 0,
    leaked: bool = False,
    check: Precondition | None = None,
    idempotency: KeepMadeKey | None = None,
) -> MadeKey:
    """Give the key another secret, shown once; the one before works for so many seconds more.

    `leaked`: the key is replaced by another with another id, so that everything that was made from it ends at once.
    Raises Denied, Invalid, Conflict, NotFound.
    """
    _check_overlap(overlap_seconds, leaked=leaked)
    used = None if leaked else host.last_used(session.account, uid)

    def prepare(snapshot: Snapshot) -> tuple[Prepared, Callable[[Head], MadeKey]]:
        before = _rotatable(host, session, snapshot, uid)
        if check is not None:
            check(snapshot)
        made = generate_fresh_key(snapshot)
        after = (
            _replaced(host, snapshot, before, made)
            if leaked
            else _rotated(host, snapshot, before, made, overlap_seconds)
        )
        enterprise = snapshot.vector.get("enterprise")
        description = snapshot.descriptions.get(uid, "")
        shown = show_key(after, description, used, host.at())
        answer = partial(MadeKey, after.uid, made.text, made.prefix, shown, after.expires_at, enterprise)
        kept = None if idempotency is None else idempotency(answer)
        changes, secrets = _written(before, after, description)
        return Prepared(changes, secrets, session.uid, session.via("keys"), idempotency=kept), answer

    return store_keys(host, session.account, prepare)


def _check_overlap(seconds: int, *, leaked: bool) -> None:
    if not 0 <= seconds <= MOST_OVERLAP_SECONDS:
        raise Invalid.at("overlap_seconds", f"expected 0 to {MOST_OVERLAP_SECONDS} seconds, got {seconds}")
    if leaked and seconds:
        raise Invalid.at("overlap_seconds", "what has leaked ends at once: expected no overlap")


def _written(
    before: ApiKeyRecord, after: ApiKeyRecord, description: str
) -> tuple[list[Change], list[SecretChange]]:
    """What is written where the one takes the other's place: the same key, or another instead of it."""
    document = write_key(after, description)
    secret = SecretWrite(after.uid, API_KEY, hashes_of(after))
    if after.uid == before.uid:
        return [Change(API_KEY, after.uid, after.uid, "replace", document)], [secret]
    gone = Change(API_KEY, before.uid, before.uid, "delete")
    come = Change(API_KEY, after.uid, after.uid, "create", document)
    return [gone, come], [SecretDelete(before.uid), secret]


def _rotatable(host: Host, session: Session, snapshot: Snapshot, uid: str) -> ApiKeyRecord:
    """Which key is it, if the session may rotate it as it is? Raises Denied, NotFound, Conflict."""
    record = find_key(host, session, snapshot, ROTATE, uid)
    hand_over(host, session, snapshot, owner_of(record))
    check_honoured(snapshot, owner_of(record))
    if record.locked:
        raise Conflict(f"API key `{uid}` is locked", "unlock it first")
    if record.disabled:
        raise Conflict(f"API key `{uid}` is disabled", "enable it first, or make another")
    if record.expires_at is not None and record.expires_at <= host.at():
        raise Conflict(f"API key `{uid}` has ended", "make another")
    return record


def _rotated(
    host: Host, snapshot: Snapshot, before: ApiKeyRecord, made: GeneratedKey, overlap_seconds: int
) -> ApiKeyRecord:
    now = host.at()
    until = now + timedelta(seconds=overlap_seconds)
    earlier = EarlierSecret(before.prefix, before.secret_hash, until) if overlap_seconds else None
    latest = check_end(snapshot.account.security_settings.keys, None, since=now, now=now)
    ends = [end for end in (before.expires_at, latest) if end is not None]
    return replace(
        before,
        prefix=made.prefix,
        secret_hash=made.secret_hash,
        rotated_at=now,
        leaked_at=None,
        expires_at=min(ends, default=None),
        earlier=earlier,
    )


def _replaced(host: Host, snapshot: Snapshot, before: ApiKeyRecord, made: GeneratedKey) -> ApiKeyRecord:
    after = _rotated(host, snapshot, before, made, 0)
    return replace(after, uid=new_uid(API_KEY), created_at=host.at(), rotated_at=None)
