"""API keys: made, listed, changed, withdrawn; and what they are exchanged for.

A key's secret is shown once, at its making; what is stored is its hash, apart from the log (docs/spec.md section 9).
Everyone may keep their own keys; a key for another hands over everything that the other holds.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from bailiwick.authn.compact import Signer
from bailiwick.authn.keys import ApiKeyRecord, generate_api_key
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import IssuedToken, TokenSubject, issue_access_token
from bailiwick.errors import Conflict, Invalid, NotFound
from bailiwick.model.requests import Reason, ResourceQuery
from bailiwick.service.authorize import Judge, authorize_handovers
from bailiwick.service.edits import new_uid
from bailiwick.service.enterprise.placing import rests_on
from bailiwick.service.host import Host
from bailiwick.service.loading import API_KEY, account_log, advance
from bailiwick.service.needed import iam_object, iam_service
from bailiwick.service.references import parse_target
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import (
    Change,
    Head,
    Idempotency,
    RevisionConflict,
    SecretChange,
    SecretDelete,
    SecretWrite,
)

MOST_KEYS = 20
TRIES = 8
MAX_DESCRIPTION = 250


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its secret: `text` is shown at its making and never again."""

    uid: str
    text: str
    prefix: str

    def __repr__(self) -> str:
        return f"NewKey(uid={self.uid!r}, prefix={self.prefix!r})"


@dataclass(frozen=True, slots=True, repr=False)
class MadeKey(NewKey):
    """A key just made, when, the head of the account's log after it, and the enterprise's revision then."""

    created_at: datetime
    enterprise: str | None
    head: Head


KeepMadeKey = Callable[[Callable[[Head], MadeKey]], Idempotency | None]
Precondition = Callable[[Snapshot], None]


def create_key(
    host: Host,
    session: Session,
    owner: str,
    *,
    description: str = "",
    expires_at: datetime | None = None,
    idempotency: KeepMadeKey | None = None,
) -> MadeKey:
    """Make an API key for this principal (`user:alice`, `service-id:ci`).

    `idempotency` says what is kept of the answer, with the transaction. Raises Denied, Invalid, Conflict, NotFound.
    """
    _check_description(description)
    now = host.at()
    if expires_at is not None and expires_at <= now:
        raise Invalid.at("expires_at", f"`{expires_at.isoformat()}` is not in the future")
    for _ in range(TRIES):
        snapshot = host.snapshot(session.account)
        owner_uid = _check_may_create(host, session, snapshot, owner)
        made = generate_api_key()
        if made.prefix in snapshot.keys_by_prefix():
            continue
        uid = new_uid(API_KEY)
        document: dict[str, Any] = {
            "owner": {"uid": owner_uid},
            "prefix": made.prefix,
            "created_at": now.isoformat(),
            "description": description,
            **({} if expires_at is None else {"expires_at": expires_at.isoformat()}),
        }
        secret = SecretWrite(uid, API_KEY, made.secret_hash)
        new = partial(MadeKey, uid, made.text, made.prefix, now, snapshot.vector.get("enterprise"))
        kept = None if idempotency is None else idempotency(new)
        change = Change(API_KEY, uid, uid, "create", document)
        head = _append(host, session, snapshot, change, secret_changes=[secret], idempotency=kept)
        if head is not None:
            return new(head)
    raise Conflict("the account is being changed too often at once", "try again")


def _check_may_create(host: Host, session: Session, snapshot: Snapshot, owner: str) -> str:
    """Which uid has whom the key shall be for, if the session may make one? Raises Denied, NotFound, Conflict."""
    judge = Judge(host.catalog, session, snapshot, None, host.now())
    wanted = replace(iam_service(), owner=owner)
    if not _may(judge, session, "iam.api-key.create", wanted):
        judge.require("iam.api-key.create", wanted)
    owner_uid = _owner_uid(snapshot, owner)
    _hand_over(host, session, snapshot, owner)
    if sum(1 for record in snapshot.keys.values() if record.owner_uid == owner_uid) >= MOST_KEYS:
        raise Conflict(f"`{owner}` has {MOST_KEYS} API keys already", "delete one that is not used")
    return owner_uid


def update_key(host: Host, session: Session, uid: str, *, disabled: bool | None = None, description: str | None = None,
               locked: bool | None = None, check: Precondition | None = None) -> ApiKeyRecord:  # fmt: skip
    """Disable, enable, lock or describe a key. Enabling another's key hands over what it can do.

    `check` is asked of the state that is changed, and raises what it finds wrong.
    """
    for _ in range(TRIES):
        snapshot = host.snapshot(session.account)
        record = _find(host, session, snapshot, "iam.api-key.update", uid)
        if disabled is False and record.disabled:
            _hand_over(host, session, snapshot, owner_of(record))
        # SECURITY: who put a key out of use is not overruled by whose key it is (rule 10.3).
        if (disabled is False and record.disabled) or (locked is False and record.locked):
            judge = Judge(host.catalog, session, snapshot, None, host.now())
            judge.require("iam.api-key.update", _resource(record))
        if check is not None:
            check(snapshot)
        if record.locked and locked is not False:
            raise Conflict(f"API key `{uid}` is locked", "unlock it first")
        document = _document(snapshot, record)
        wanted = {"disabled": disabled, "description": description, "locked": locked}
        document.update({name: value for name, value in wanted.items() if value is not None})
        _check_description(str(document["description"]))
        change = Change(API_KEY, uid, uid, "replace", document)
        if _append(host, session, snapshot, change) is not None:
            return host.snapshot(session.account).keys[uid]
    raise Conflict("the account is being changed too often at once", "try again")


def delete_key(host: Host, session: Session, uid: str, *, check: Precondition | None = None) -> None:
    """Withdraw a key for good: tokens made from it end with it."""
    for _ in range(TRIES):
        snapshot = host.snapshot(session.account)
        record = _find(host, session, snapshot, "iam.api-key.delete", uid)
        if check is not None:
            check(snapshot)
        if record.locked:
            raise Conflict(f"API key `{uid}` is locked", "unlock it first")
        change = Change(API_KEY, uid, uid, "delete")
        if _append(host, session, snapshot, change, secret_changes=[SecretDelete(uid)]) is not None:
            return
    raise Conflict("the account is being changed too often at once", "try again")


def list_keys(host: Host, session: Session) -> list[ApiKeyRecord]:
    """Which keys may the session see: its own, and those of others where it may read them?"""
    snapshot = host.snapshot(session.account)
    judge = Judge(host.catalog, session, snapshot, None, host.now())
    keys = sorted(snapshot.keys.values(), key=lambda r: (r.created_at, r.uid))
    if judge.is_allowed("iam.api-key.list", iam_service()):
        return keys
    return [record for record in keys if _may(judge, session, "iam.api-key.read", _resource(record))]


def list_keys_of(host: Host, session: Session, owner: str) -> list[ApiKeyRecord]:
    """Which keys of this owner may the session see? The same as of `list_keys`, and only those are looked at."""
    snapshot = host.snapshot(session.account)
    judge = Judge(host.catalog, session, snapshot, None, host.now())
    keys = sorted(
        (one for one in snapshot.keys.values() if owner_of(one) == owner), key=lambda r: (r.created_at, r.uid)
    )
    if judge.is_allowed("iam.api-key.list", iam_service()):
        return keys
    return [record for record in keys if _may(judge, session, "iam.api-key.read", _resource(record))]


def read_key(host: Host, session: Session, uid: str) -> ApiKeyRecord:
    """What is known about this key? Raises NotFound, Denied."""
    return _find(host, session, host.snapshot(session.account), "iam.api-key.read", uid)


def owner_of(record: ApiKeyRecord) -> str:
    """Whose key is it, as a reference?"""
    return f"{record.owner_kind}:{record.owner_name}"


def exchange_key(host: Host, text: str, address: str = "") -> IssuedToken:
    """Which access token does this API key give, shown from there? Raises Unauthenticated, the same for every cause."""
    session, record = host.authenticator.session_of_key(text, address)
    settings = host.snapshot(session.account).account.security_settings
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
        lifetime_seconds=settings.sessions.access_token_seconds,
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


def _find(host: Host, session: Session, snapshot: Snapshot, action: str, uid: str) -> ApiKeyRecord:
    """Which key is it, if the session may do this to it? Raises Denied, NotFound."""
    judge = Judge(host.catalog, session, snapshot, None, host.now())
    record = snapshot.keys.get(uid)
    if record is None:
        judge.require(action, iam_object("api-key", uid))
        raise NotFound(f"there is no API key `{uid}`")
    if not _may(judge, session, action, _resource(record)):
        judge.require(action, _resource(record))
    return record


def _may(judge: Judge, session: Session, action: str, resource: ResourceQuery) -> bool:
    """May the session do this to the key? To its own it may where nothing forbids it.

    SECURITY: a session that is less than its principal makes no key, which would be all of the principal.
    """
    decision = judge.decide(action, resource)
    own = session.is_whole and resource.owner == session.principal
    return decision.allowed or (own and decision.reason is Reason.NO_MATCHING_POLICY)


def _hand_over(host: Host, session: Session, snapshot: Snapshot, owner: str) -> None:
    """A credential for another hands over all that the other holds. Raises Denied.

    SECURITY: so does one for oneself where the session may do less, or every restriction could be shed by a new key.
    """
    if owner != session.principal or not session.is_whole:
        authorize_handovers(host.catalog, session, snapshot, owner, host.now())


def _resource(record: ApiKeyRecord) -> ResourceQuery:
    return iam_object("api-key", record.uid, owner_of(record))


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
    host: Host,
    session: Session,
    snapshot: Snapshot,
    change: Change,
    *,
    secret_changes: Sequence[SecretChange] = (),
    idempotency: Idempotency | None = None,
) -> Head | None:
    """Store it if the head has not moved, and answer from the new state. None: prepare again."""
    log = account_log(session.account)
    with host.writing:
        try:
            head = host.store.append(
                log,
                snapshot.revision,
                [change],
                actor_uid=session.uid,
                via=session.via("keys"),
                at=host.at(),
                secrets=secret_changes,
                idempotency=idempotency,
                based_on=rests_on(snapshot),
            )
        except RevisionConflict:
            host.refresh(session.account)
            return None
        rows = host.store.changes(log, snapshot.revision, 1)
        host.publish(session.account, advance(host.store, snapshot, rows, head, host.system_head()))
    return head
