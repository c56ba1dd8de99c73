"""Making an API key: its secret is shown once. Implements docs/spec.md 31.10 to 31.12."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bailiwick.authn.keys import DISABLE, ApiKeyRecord
from bailiwick.service.appending import Prepared
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.keys.limits import (
    check_description,
    check_end,
    check_networks,
    check_number,
    check_when_leaked,
    swept,
)
from bailiwick.service.keys.reading import show_key
from bailiwick.service.keys.records import hashes_of, write_key
from bailiwick.service.keys.rights import require_to_create
from bailiwick.service.keys.storing import KeepMadeKey, MadeKey, generate_fresh_key, store_keys
from bailiwick.service.loading import API_KEY
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, Head, SecretDelete, SecretWrite


@dataclass(frozen=True, slots=True)
class _Wanted:
    owner: str
    description: str
    expires_at: datetime | None
    networks: tuple[str, ...]
    when_leaked: str


def create_key(
    host: Host,
    session: Session,
    owner: str,
    *,
    description: str = "",
    expires_at: datetime | None = None,
    networks: tuple[str, ...] = (),
    when_leaked: str = DISABLE,
    idempotency: KeepMadeKey | None = None,
) -> MadeKey:
    """Make an API key for this principal (`user:alice`, `service-id:ci`).

    `idempotency` says what is kept of the answer, with the transaction. Raises Denied, Invalid, Conflict, NotFound.
    """
    check_description(description)
    wanted = _Wanted(owner, description, expires_at, check_networks(networks), check_when_leaked(when_leaked))
    # WHY here too: before anybody is told who there is.
    check_end(
        host.snapshot(session.account).account.security_settings.keys,
        expires_at,
        since=host.at(),
        now=host.at(),
    )
    return store_keys(
        host, session.account, lambda snapshot: _prepare(host, session, snapshot, wanted, idempotency)
    )


def _prepare(
    host: Host, session: Session, snapshot: Snapshot, wanted: _Wanted, idempotency: KeepMadeKey | None
) -> tuple[Prepared, Callable[[Head], MadeKey]]:
    owner_uid = require_to_create(host, session, snapshot, wanted.owner)
    now = host.at()
    gone = swept(snapshot, owner_uid, now)
    check_number(snapshot, wanted.owner, owner_uid, (one.uid for one in gone))
    made, uid = generate_fresh_key(snapshot), new_uid(API_KEY)
    record = ApiKeyRecord(
        uid=uid,
        owner_uid=owner_uid,
        owner_kind=wanted.owner.partition(":")[0],
        owner_name=wanted.owner.partition(":")[2],
        prefix=made.prefix,
        secret_hash=made.secret_hash,
        created_at=now,
        expires_at=check_end(snapshot.account.security_settings.keys, wanted.expires_at, since=now, now=now),
        networks=wanted.networks,
        when_leaked=wanted.when_leaked,
    )
    enterprise = snapshot.vector.get("enterprise")
    shown = show_key(record, wanted.description, None, now)
    answer = partial(MadeKey, uid, made.text, made.prefix, shown, record.expires_at, enterprise)
    prepared = Prepared(
        [
            *(Change(API_KEY, one.uid, one.uid, "delete") for one in gone),
            Change(API_KEY, uid, uid, "create", write_key(record, wanted.description)),
        ],
        [*(SecretDelete(one.uid) for one in gone), SecretWrite(uid, API_KEY, hashes_of(record))],
        session.uid,
        session.via("keys"),
        idempotency=None if idempotency is None else idempotency(answer),
    )
    return prepared, answer
