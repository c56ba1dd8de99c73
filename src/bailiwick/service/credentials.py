"""API keys: made, listed, changed, withdrawn; and what they are exchanged for.

A key's secret is shown once, at its making; what is stored is its hash, apart from the log (docs/spec.md section 9).
Everyone may keep their own keys; a key for another hands over everything that the other holds.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bailiwick.authn.compact import Signer
from bailiwick.authn.keys import ApiKeyRecord, generate_api_key
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import IssuedToken, TokenSubject, issue_access_token
from bailiwick.errors import Conflict, Invalid, NotFound
from bailiwick.service.authorize import Judge, authorize_handovers, iam_object
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.loading import API_KEY, account_log, advance
from bailiwick.service.references import parse_target
from bailiwick.service.sessions import Session
from bailiwick.service.settings import ACCESS_TOKEN_SECONDS
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, RevisionConflict, SecretChange, SecretDelete, SecretWrite

MOST_KEYS = 20
TRIES = 8
MAX_DESCRIPTION = 250


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `text` is the secret: shown now and never again."""

    uid: str
    text: str
    prefix: str

    def __repr__(self) -> str:
        return f"NewKey(uid={self.uid!r}, prefix={self.prefix!r})"


def create_key(
    host: Host, session: Session, owner: str, *, description: str = "", expires_at: datetime | None = None
) -> NewKey:
    """Make an API key for this principal (`user:alice`, `service-id:ci`). Raises Denied, Invalid, Conflict, NotFound."""
    _check_description(description)
    if expires_at is not None and expires_at <= host.at():
        raise Invalid.at("expires_at", f"`{expires_at.isoformat()}` is not in the future")
    for _ in range(TRIES):
        snapshot = host.snapshot(session.account)
        owner_uid = _owner_uid(snapshot, owner)
        _authorize(host, session, snapshot, "iam.api-key.create", owner, hands_over=True)
        if sum(1 for record in snapshot.keys.values() if record.owner_uid == owner_uid) >= MOST_KEYS:
            raise Conflict(f"`{owner}` has {MOST_KEYS} API keys already", "delete one that is not used")
        made = generate_api_key()
        if made.prefix in snapshot.keys_by_prefix():
            continue
        uid = new_uid(API_KEY)
        document: dict[str, Any] = {
            "owner": {"uid": owner_uid},
            "prefix": made.prefix,
            "created_at": host.at().isoformat(),
            "description": description,
        }
        if expires_at is not None:
            document["expires_at"] = expires_at.isoformat()
        secret = SecretWrite(uid, API_KEY, made.secret_hash)
        if _append(host, session, snapshot, Change(API_KEY, uid, uid, "create", document), [secret]):
            return NewKey(uid, made.text, made.prefix)
    raise Conflict("the account is being changed too often at once", "try again")


def update_key(host: Host, session: Session, uid: str, *, disabled: bool | None = None, description: str | None = None,
               locked: bool | None = None) -> ApiKeyRecord:  # fmt: skip
    """Disable, enable, lock or describe a key. Enabling another's key hands over what it can do."""
    for _ in range(TRIES):
        snapshot = host.snapshot(session.account)
        record = get_key(snapshot, uid)
        enabling = disabled is False and record.disabled
        _authorize(host, session, snapshot, "iam.api-key.update", owner_of(record), hands_over=enabling)
        if record.locked and locked is not False:
            raise Conflict(f"API key `{uid}` is locked", "unlock it first")
        document = _document(snapshot, record)
        wanted = {"disabled": disabled, "description": description, "locked": locked}
        document.update({name: value for name, value in wanted.items() if value is not None})
        _check_description(str(document["description"]))
        if _append(host, session, snapshot, Change(API_KEY, uid, uid, "replace", document), []):
            return host.snapshot(session.account).keys[uid]
    raise Conflict("the account is being changed too often at once", "try again")


def delete_key(host: Host, session: Session, uid: str) -> None:
    """Withdraw a key for good: tokens made from it end with it."""
    for _ in range(TRIES):
        snapshot = host.snapshot(session.account)
        record = get_key(snapshot, uid)
        _authorize(host, session, snapshot, "iam.api-key.delete", owner_of(record), hands_over=False)
        if record.locked:
            raise Conflict(f"API key `{uid}` is locked", "unlock it first")
        if _append(host, session, snapshot, Change(API_KEY, uid, uid, "delete"), [SecretDelete(uid)]):
            return
    raise Conflict("the account is being changed too often at once", "try again")


def list_keys(host: Host, session: Session) -> list[ApiKeyRecord]:
    """Which keys may the session see: its own, and those of others where it may read them?"""
    snapshot = host.snapshot(session.account)
    judge = Judge(host.catalog, session, snapshot, None, host.now())
    return [
        record
        for record in sorted(snapshot.keys.values(), key=lambda r: (r.created_at, r.uid))
        if owner_of(record) == session.principal
        or judge.is_allowed("iam.api-key.read", iam_object("api-key", record.uid, owner_of(record)))
    ]


def read_key(host: Host, session: Session, uid: str) -> ApiKeyRecord:
    """What is known about this key? Raises NotFound, Denied."""
    snapshot = host.snapshot(session.account)
    record = get_key(snapshot, uid)
    _authorize(host, session, snapshot, "iam.api-key.read", owner_of(record), hands_over=False)
    return record


def get_key(snapshot: Snapshot, uid: str) -> ApiKeyRecord:
    """Which key has this uid? Raises NotFound."""
    found = snapshot.keys.get(uid)
    if found is None:
        raise NotFound(f"there is no API key `{uid}`")
    return found


def owner_of(record: ApiKeyRecord) -> str:
    """Whose key is it, as a reference?"""
    return f"{record.owner_kind}:{record.owner_name}"


def exchange_key(host: Host, text: str) -> IssuedToken:
    """Which access token does this API key give? Raises Unauthenticated, the same for every cause."""
    session, record = host.authenticator.session_of_key(text)
    token = issue_access_token(
        TokenSubject(
            uid=session.uid,
            account=session.account,
            principal=session.principal,
            credential_uid=record.uid,
            grant_type="urn:ibm:params:oauth:grant-type:apikey",
        ),
        parties=host.parties,
        signer=Signer(host.key_set(KeyPurpose.ACCESS).current()),
        now=host.at(),
        lifetime_seconds=ACCESS_TOKEN_SECONDS,
        jti=secrets.token_hex(16),
        not_beyond=record.expires_at,
    )
    host.store.activity.touch_credential(record.uid, host.at())
    host.record("token", "issued", session, jti=token.jti)
    return token


def describe_key(host: Host, snapshot: Snapshot, record: ApiKeyRecord) -> Mapping[str, Any]:
    """How is a key shown? Never its secret or its hash."""
    used = host.store.activity.last_used(record.uid)
    return {
        "id": record.uid,
        "owner": owner_of(record),
        "prefix": record.prefix,
        "description": snapshot.descriptions.get(record.uid, ""),
        "created_at": record.created_at.isoformat(),
        "expires_at": None if record.expires_at is None else record.expires_at.isoformat(),
        "disabled": record.disabled,
        "locked": record.locked,
        "last_used_at": None if used is None else used.isoformat(),
    }


def _authorize(
    host: Host, session: Session, snapshot: Snapshot, action: str, owner: str, *, hands_over: bool
) -> None:
    if owner == session.principal:
        return
    judge = Judge(host.catalog, session, snapshot, None, host.now())
    judge.require(action, iam_object("api-key", owner.partition(":")[2], owner))
    if hands_over:
        authorize_handovers(host.catalog, session, snapshot, owner, host.now())


def _owner_uid(snapshot: Snapshot, owner: str) -> str:
    target = parse_target(owner)
    identity = (
        None if target is None or target[0] not in ("User", "ServiceId") else snapshot.identities.get(target)
    )
    if identity is None:
        raise NotFound(f"there is no user or service ID `{owner}`", "write `user:name` or `service-id:name`")
    return identity.uid


def _document(snapshot: Snapshot, record: ApiKeyRecord) -> dict[str, Any]:
    document: dict[str, Any] = {
        "owner": {"uid": record.owner_uid},
        "prefix": record.prefix,
        "created_at": record.created_at.isoformat(),
        "description": snapshot.descriptions.get(record.uid, ""),
        "disabled": record.disabled,
        "locked": record.locked,
    }
    if record.expires_at is not None:
        document["expires_at"] = record.expires_at.isoformat()
    return document


def _check_description(text: str) -> None:
    if len(text) > MAX_DESCRIPTION:
        raise Invalid.at(
            "description", f"description has {len(text)} characters, expected at most {MAX_DESCRIPTION}"
        )


def _append(
    host: Host, session: Session, snapshot: Snapshot, change: Change, kept: list[SecretChange]
) -> bool:
    """Store it if the head has not moved, and answer from the new state. False: prepare again."""
    log = account_log(session.account)
    with host.writing:
        try:
            head = host.store.append(
                log,
                snapshot.revision,
                [change],
                actor_uid=session.uid,
                via="keys",
                at=host.at(),
                secrets=kept,
            )
        except RevisionConflict:
            host.refresh(session.account)
            return False
        rows = host.store.changes(log, snapshot.revision, 1)
        host.publish(session.account, advance(host.store, snapshot, rows, head, host.system_head()))
    return True
