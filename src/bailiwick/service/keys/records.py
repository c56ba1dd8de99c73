"""How an account's log says an API key: from its document and its hashes to a record, and back.

The hash of its secret is kept apart; after a rotation with an overlap the one before stands behind it, in the same
secret. It must not do I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bailiwick.authn.keys import DISABLE, ApiKeyRecord, EarlierSecret
from bailiwick.service.kinds import KINDS

HASH_BYTES = 32


def read_key(
    uid: str, document: Mapping[str, Any], name_of: Mapping[str, tuple[str, str]], secret: bytes
) -> ApiKeyRecord:
    """Which API key does this stored document describe?"""
    owner_uid = document["owner"]["uid"]
    word, name = name_of[owner_uid]
    return ApiKeyRecord(
        uid=uid,
        owner_uid=owner_uid,
        owner_kind=KINDS[word].resource_type,
        owner_name=name,
        prefix=document["prefix"],
        secret_hash=secret[:HASH_BYTES],
        created_at=datetime.fromisoformat(document["created_at"]),
        expires_at=_instant(document.get("expires_at")),
        disabled=document.get("disabled", False),
        locked=document.get("locked", False),
        networks=tuple(document.get("networks", ())),
        when_leaked=document.get("when_leaked", DISABLE),
        rotated_at=_instant(document.get("rotated_at")),
        leaked_at=_instant(document.get("leaked_at")),
        earlier=_read_earlier(document, secret),
    )


def write_key(record: ApiKeyRecord, description: str) -> dict[str, Any]:
    """Which document says this of a key?"""
    document: dict[str, Any] = {
        "owner": {"uid": record.owner_uid},
        "prefix": record.prefix,
        "created_at": record.created_at.isoformat(),
        "description": description,
        "disabled": record.disabled,
        "locked": record.locked,
        "networks": list(record.networks),
        "when_leaked": record.when_leaked,
    }
    instants = {
        "expires_at": record.expires_at,
        "rotated_at": record.rotated_at,
        "leaked_at": record.leaked_at,
    }
    document |= {name: at.isoformat() for name, at in instants.items() if at is not None}
    if record.earlier is not None:
        document["earlier"] = {
            "prefix": record.earlier.prefix,
            "until": record.earlier.until.isoformat(),
        }
    return document


def hashes_of(record: ApiKeyRecord) -> bytes:
    """What is kept apart of it?"""
    return record.secret_hash + (b"" if record.earlier is None else record.earlier.secret_hash)


def owner_of(record: ApiKeyRecord) -> str:
    """Whose key is it, as a reference?"""
    return f"{record.owner_kind}:{record.owner_name}"


def _read_earlier(document: Mapping[str, Any], secret: bytes) -> EarlierSecret | None:
    said, hash = document.get("earlier"), secret[HASH_BYTES:]
    if said is None or len(hash) != HASH_BYTES:
        return None
    return EarlierSecret(said["prefix"], hash, datetime.fromisoformat(said["until"]))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
