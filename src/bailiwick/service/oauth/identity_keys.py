"""The installation's keys for ID tokens: secrets of the system log, with their public halves as its objects.

The first is made when somebody first signs in to an application: most installations begin without any, and making one
takes a tenth of a second. Private halves leave the store only into this process.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from bailiwick.authn.oauth.identity_keys import IdentityKey, generate_identity_key
from bailiwick.authn.signing import KeyPurpose
from bailiwick.errors import Unavailable
from bailiwick.store.ports import (
    SYSTEM_LOG,
    Change,
    Head,
    RevisionConflict,
    SecretChange,
    SecretDelete,
    SecretWrite,
    Store,
)

if TYPE_CHECKING:
    from bailiwick.service.host import Host

IDENTITY_KEY = "IdentityKey"
# WHY so long: applications keep ID tokens as hints for signing out; a hint gives nothing but a page less.
OVERLAP = timedelta(days=1)
TRIES = 4


class IdentityKeys:
    """The keys as one host knows them, read anew when the system log has moved."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: tuple[Head, tuple[IdentityKey, ...]] | None = None
        self._lock = Lock()

    def trusted(self) -> tuple[IdentityKey, ...]:
        """Whose signatures are believed now, the one that signs first? None before the first ID token."""
        now = self._host.at()
        return tuple(key for key in self._all()[1] if key.is_trusted(now))

    def signing(self) -> IdentityKey:
        """Which key signs? Made where there is none. Raises Unavailable."""
        for _ in range(TRIES):
            head, keys = self._all()
            found = next((key for key in keys if key.not_after is None and key.private_pem), None)
            if found is not None:
                return found
            with self._lock:
                at = self._host.at()
                if not _append(self._host.store, head, [], generate_identity_key(at), at, "system"):
                    self._host.poll()
        raise Unavailable("no key for ID tokens could be made", "try again")

    def _all(self) -> tuple[Head, tuple[IdentityKey, ...]]:
        # WHY this look-up: it takes in what other processes wrote.
        self._host.key_set(KeyPurpose.ACCESS)
        head = self._host.system_head()
        if self._known is None or self._known[0] != head:
            self._known = (head, _load(self._host.store))
        return self._known


def _retired(key: IdentityKey, until: datetime) -> IdentityKey:
    ends = until if key.not_after is None else min(key.not_after, until)
    return replace(key, not_after=ends, private_pem=None)


def _load(store: Store) -> tuple[IdentityKey, ...]:
    private = {secret.name: secret.value.decode() for secret in store.list_secrets(SYSTEM_LOG, IDENTITY_KEY)}
    _, objects = store.load(SYSTEM_LOG)
    found = [
        _read(one.uid, one.document, private.get(one.uid)) for one in objects if one.kind == IDENTITY_KEY
    ]
    return tuple(sorted(found, key=lambda key: (key.not_after is None, key.created_at), reverse=True))


def rotate_identity_key(store: Store, at: datetime, actor_uid: str, *, leaked: bool = False) -> IdentityKey:
    """Which key signs from now on? What older ones signed is believed for a day, or (if one leaked) no longer.

    Raises Unavailable.
    """
    fresh, until = generate_identity_key(at), at if leaked else at + OVERLAP
    for _ in range(TRIES):
        head = store.head(SYSTEM_LOG)
        retired = [_retired(key, until) for key in _load(store)]
        if _append(store, head, retired, fresh, at, actor_uid):
            return fresh
    raise Unavailable("the system log is being changed too often at once", "try again")


def _append(
    store: Store, head: Head, retired: list[IdentityKey], fresh: IdentityKey, at: datetime, actor_uid: str
) -> bool:
    """Store it if the head has not moved. False: look again, somebody else may have made one."""
    held = {secret.name for secret in store.list_secrets(SYSTEM_LOG, IDENTITY_KEY)}
    changes = [Change(IDENTITY_KEY, key.kid, key.kid, "replace", _write(key)) for key in retired]
    secrets: list[SecretChange] = [SecretDelete(key.kid) for key in retired if key.kid in held]
    changes.append(Change(IDENTITY_KEY, fresh.kid, fresh.kid, "create", _write(fresh)))
    secrets.append(SecretWrite(fresh.kid, IDENTITY_KEY, str(fresh.private_pem).encode()))
    try:
        store.append(
            SYSTEM_LOG, head.vector, changes, actor_uid=actor_uid, via="keys", at=at, secrets=secrets
        )
    except RevisionConflict:
        return False
    return True


def _write(key: IdentityKey) -> dict[str, Any]:
    ends = None if key.not_after is None else key.not_after.isoformat()
    return {"n": key.n, "e": key.e, "created_at": key.created_at.isoformat(), "not_after": ends}


def _read(kid: str, document: dict[str, Any], private_pem: str | None) -> IdentityKey:
    ends = document.get("not_after")
    return IdentityKey(
        kid=kid,
        n=document["n"],
        e=document["e"],
        created_at=datetime.fromisoformat(document["created_at"]),
        not_after=None if ends is None else datetime.fromisoformat(ends),
        private_pem=private_pem,
    )
