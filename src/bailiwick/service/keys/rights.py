"""May this session do this to an API key? To its own where nothing forbids it, to others' by the engine.

Implements docs/spec.md 9.3, 10.3 and 31.10.
"""

from __future__ import annotations

from dataclasses import replace

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.errors import Conflict, NotFound
from bailiwick.model.requests import Reason, ResourceQuery
from bailiwick.model.security import EVERYONE
from bailiwick.service.authorize import authorize_handovers
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.keys.records import owner_of
from bailiwick.service.needed import iam_object, iam_service
from bailiwick.service.references import parse_target
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

CREATE, UPDATE, ROTATE, DELETE = (f"iam.api-key.{verb}" for verb in ("create", "update", "rotate", "delete"))
LIST, READ = "iam.api-key.list", "iam.api-key.read"
# What makes a secret: with these, everybody of their own only where the settings let everyone (rule 31.10).
MAKING = (CREATE, ROTATE)


def judge_of(host: Host, session: Session, snapshot: Snapshot) -> Judge:
    """Who asks the engine for this session, on this state?"""
    return Judge(host.catalog, session, snapshot, None, host.now())


def find_key(host: Host, session: Session, snapshot: Snapshot, action: str, uid: str) -> ApiKeyRecord:
    """Which key is it, if the session may do this to it? Raises Denied, NotFound."""
    judge = judge_of(host, session, snapshot)
    record = snapshot.keys.get(uid)
    if record is None:
        judge.require(action, iam_object("api-key", uid))
        raise NotFound(f"there is no API key `{uid}`")
    if not may(judge, session, snapshot, action, resource_of(record)):
        judge.require(action, resource_of(record))
    return record


def may(judge: Judge, session: Session, snapshot: Snapshot, action: str, resource: ResourceQuery) -> bool:
    """May the session do this to the key? To its own it may where nothing forbids it.

    SECURITY: a session that is less than its principal makes no key, which would be all of the principal.
    """
    decision = judge.decide(action, resource)
    own = session.is_whole and resource.owner == session.principal
    if action in MAKING:
        own = own and snapshot.account.security_settings.keys.who_may_create == EVERYONE
    return decision.allowed or (own and decision.reason is Reason.NO_MATCHING_POLICY)


def require_granted(host: Host, session: Session, snapshot: Snapshot, record: ApiKeyRecord) -> None:
    """May the session put the key to use again? SECURITY: who put it out of use is not overruled by whose it is."""
    judge_of(host, session, snapshot).require(UPDATE, resource_of(record))


def hand_over(host: Host, session: Session, snapshot: Snapshot, owner: str) -> None:
    """A credential for another hands over all that the other holds. Raises Denied.

    SECURITY: so does one for oneself where the session may do less, or every restriction could be shed by a new key.
    """
    if owner != session.principal or not session.is_whole:
        authorize_handovers(host.catalog, session, snapshot, owner, host.now())


def require_to_create(host: Host, session: Session, snapshot: Snapshot, owner: str) -> str:
    """Which uid has whom the key shall be for, if the session may make one? Raises Denied, NotFound, Conflict."""
    judge = judge_of(host, session, snapshot)
    wanted = replace(iam_service(), owner=owner)
    if not may(judge, session, snapshot, CREATE, wanted):
        judge.require(CREATE, wanted)
    owner_uid = _owner_uid(snapshot, owner)
    hand_over(host, session, snapshot, owner)
    check_honoured(snapshot, owner)
    return owner_uid


def check_honoured(snapshot: Snapshot, owner: str) -> None:
    """Would a key of this principal work at all? Raises Conflict. (rule 31.5)"""
    stored = snapshot.account.principals.get(owner)
    if stored is not None and not stored.may_use_keys:
        raise Conflict(
            f"`{owner}` has access to the console only, and no API keys", "let its `access` be both"
        )


def resource_of(record: ApiKeyRecord) -> ResourceQuery:
    """Which resource of `iam` is the key?"""
    return iam_object("api-key", record.uid, owner_of(record))


def _owner_uid(snapshot: Snapshot, owner: str) -> str:
    target = parse_target(owner)
    identity = (
        None if target is None or target[0] not in ("User", "ServiceId") else snapshot.identities.get(target)
    )
    if identity is None:
        raise NotFound(f"there is no user or service ID `{owner}`", "write `user:name` or `service-id:name`")
    return identity.uid
