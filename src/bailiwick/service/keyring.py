"""The installation's signing keys: kept as secrets of the system log, published as public keys there.

Two sets: for access tokens and for registries (authn/signing.py says why). Private halves leave the store only
into this process.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bailiwick.authn.signing import (
    KeyPurpose,
    KeySet,
    KeyState,
    PublicJwk,
    SigningKey,
    generate_signing_key,
    rotate_key_set,
    start_key_set,
)
from bailiwick.errors import NotFound
from bailiwick.store.ports import SYSTEM_LOG, Change, Head, SecretChange, SecretDelete, SecretWrite, Store

SIGNING_KEY = "TokenKey"
MOST_ROWS = 1000
LEAD_SECONDS = 24 * 3600
OVERLAP_SECONDS = 2 * 3600


def load_key_sets(store: Store) -> dict[KeyPurpose, KeySet]:
    """Which signing keys does the installation have?"""
    private = {secret.name: secret.value.decode() for secret in store.list_secrets(SYSTEM_LOG, SIGNING_KEY)}
    _, objects = store.load(SYSTEM_LOG)
    keys = [_read(one.uid, one.document, private.get(one.uid)) for one in objects if one.kind == SIGNING_KEY]
    return {
        purpose: KeySet(purpose, tuple(k for k in keys if k.purpose == purpose)) for purpose in KeyPurpose
    }


def have_keys_moved(store: Store, since: Head) -> bool:
    """May the signing keys be others than when the system's log stood there?

    WHY not simply read anew: they lie among the names of all accounts, and new accounts are what moves this log.
    SECURITY: where it cannot be told (a lost history, or more changes than are looked at), they may.
    """
    try:
        is_continued = store.head_at(SYSTEM_LOG, since.revision) == since
    except NotFound:
        return True
    rows = store.changes(SYSTEM_LOG, since.revision, MOST_ROWS) if is_continued else ()
    return not is_continued or len(rows) >= MOST_ROWS or any(row.kind == SIGNING_KEY for row in rows)


def create_key_sets(store: Store, at: datetime) -> Head:
    """Make the first keys of both sets, current and next."""
    changes: list[Change] = []
    secrets: list[SecretChange] = []
    for purpose in KeyPurpose:
        started = start_key_set([generate_signing_key(purpose, at), generate_signing_key(purpose, at)], at)
        for key in started.keys:
            changes.append(Change(SIGNING_KEY, key.kid, key.kid, "create", _write(key)))
            secrets.append(SecretWrite(key.kid, SIGNING_KEY, str(key.private_pem).encode()))
    head = store.head(SYSTEM_LOG)
    return store.append(
        SYSTEM_LOG, head.vector, changes, actor_uid="system", via="init", at=at, secrets=secrets
    )


def rotate(
    store: Store, purpose: KeyPurpose, at: datetime, actor_uid: str, *, leaked: bool = False
) -> KeySet:
    """Turn the keys of one set: next signs, current only verifies for a while (not at all if it leaked)."""
    # WHY first: keys that are read later than the head stands are refused, not overwritten.
    head = store.head(SYSTEM_LOG)
    old = load_key_sets(store)[purpose]
    lead, overlap = (0, 0) if leaked else (LEAD_SECONDS, OVERLAP_SECONDS)
    fresh = generate_signing_key(purpose, at)
    new = rotate_key_set(old, at, fresh=fresh, lead_seconds=lead, overlap_seconds=overlap)
    known = {key.kid: key for key in old.keys}
    changes: list[Change] = []
    secrets: list[SecretChange] = []
    for key in new.keys:
        before = known.pop(key.kid, None)
        if before == key:
            continue
        changes.append(
            Change(SIGNING_KEY, key.kid, key.kid, "create" if before is None else "replace", _write(key))
        )
        if before is None and key.private_pem is not None:
            secrets.append(SecretWrite(key.kid, SIGNING_KEY, key.private_pem.encode()))
        elif before is not None and before.private_pem is not None and key.private_pem is None:
            secrets.append(SecretDelete(key.kid))
    for kid, gone in known.items():
        changes.append(Change(SIGNING_KEY, kid, kid, "delete"))
        if gone.private_pem is not None:
            secrets.append(SecretDelete(kid))
    store.append(SYSTEM_LOG, head.vector, changes, actor_uid=actor_uid, via="keys", at=at, secrets=secrets)
    return new


def _write(key: SigningKey) -> dict[str, object]:
    return {
        "purpose": key.purpose.value,
        "state": key.state.value,
        "created_at": key.created_at.isoformat(),
        "activated_at": None if key.activated_at is None else key.activated_at.isoformat(),
        "not_after": None if key.not_after is None else key.not_after.isoformat(),
        "x": key.public_jwk.x,
        "y": key.public_jwk.y,
        "certificate": key.certificate_pem,
    }


def _read(kid: str, document: dict[str, str], private_pem: str | None) -> SigningKey:
    return SigningKey(
        kid=kid,
        purpose=KeyPurpose(document["purpose"]),
        state=KeyState(document["state"]),
        created_at=datetime.fromisoformat(document["created_at"]),
        public_jwk=PublicJwk(document["x"], document["y"]),
        certificate_pem=document["certificate"],
        private_pem=private_pem,
        activated_at=_instant(document.get("activated_at")),
        not_after=_instant(document.get("not_after")),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
