"""What is stored of an invitation, and which there are. The hash of its link is kept apart, as a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bailiwick.errors import NotFound
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.people.records import INVITATION
from bailiwick.service.snapshots import Snapshot

NEW_USER, NEW_PASSWORD = "user", "password"
NO_LINK = "this link is not good, or no longer"
ASK_AGAIN = "ask for a new one"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What is stored of an invitation.

    `purpose`: NEW_USER or NEW_PASSWORD. `inviter`: a reference, as it was. `documents` are bound to uids, `groups` are
    uids: a name that is given anew meanwhile inherits nothing. `context`: what the inviter's connection said.
    """

    uid: str
    purpose: str
    name: str
    user_uid: str
    inviter: str
    inviter_uid: str
    made_at: datetime
    expires_at: datetime
    documents: tuple[Mapping[str, Any], ...] = ()
    groups: tuple[str, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


def get_invitation(host: Host, snapshot: Snapshot, uid: str) -> Invitation:
    """Which open invitation is it? Raises NotFound."""
    found = _find(host, snapshot, uid)
    if found is None or found.expires_at <= host.at():
        raise NotFound(NO_LINK, ASK_AGAIN)
    return found


def list_open(host: Host, snapshot: Snapshot) -> list[Invitation]:
    """Which invitations are open?"""
    return [one for one in list_all(host, snapshot) if one.expires_at > host.at()]


def list_all(host: Host, snapshot: Snapshot) -> list[Invitation]:
    """Which invitations are kept, open or over?"""
    uids = [name for kind, name in snapshot.identities if kind == INVITATION]
    return [one for uid in uids for one in (_find(host, snapshot, uid),) if one is not None]


def _find(host: Host, snapshot: Snapshot, uid: str) -> Invitation | None:
    if (INVITATION, uid) not in snapshot.identities:
        return None
    stored = host.store.find_object(account_log(snapshot.account.name), INVITATION, uid)
    return None if stored is None else _read(uid, stored.document)


def write_invitation(one: Invitation) -> dict[str, Any]:
    """Which document says this of an invitation? Everything in it refers to uids."""
    return {
        "purpose": one.purpose,
        "name": one.name,
        **({"user_uid": one.user_uid} if one.user_uid else {}),
        "inviter": one.inviter,
        "inviter_uid": one.inviter_uid,
        "made_at": one.made_at.isoformat(),
        "expires_at": one.expires_at.isoformat(),
        "documents": [dict(document) for document in one.documents],
        "groups": list(one.groups),
        "context": dict(one.context),
    }


def _read(uid: str, document: Mapping[str, Any]) -> Invitation:
    return Invitation(
        uid=uid,
        purpose=document["purpose"],
        name=document["name"],
        user_uid=document.get("user_uid", ""),
        inviter=document["inviter"],
        inviter_uid=document["inviter_uid"],
        made_at=datetime.fromisoformat(document["made_at"]),
        expires_at=datetime.fromisoformat(document["expires_at"]),
        documents=tuple(document["documents"]),
        groups=tuple(document["groups"]),
        context=document["context"],
    )
