"""Secrets of applications: made, shown once, replaced with an overlap, withdrawn.

An application has two at most: the newest, and the one before it for as long as the overlap lasts. A secret for an
application that acts as a service ID hands over all that the service ID holds (docs/spec.md 28.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bailiwick.authn.client_secrets import generate_client_secret
from bailiwick.errors import Conflict, Invalid, NotFound
from bailiwick.model.applications import COMMAND_LINE, Application
from bailiwick.service.appending import Prepared
from bailiwick.service.authorize import authorize_handovers
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.needed import iam_object
from bailiwick.service.people.records import (
    APPLICATION_SECRET,
    ApplicationSecretRecord,
    write_application_secret,
)
from bailiwick.service.people.storing import store_people
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, SecretChange, SecretDelete, SecretWrite

ROTATE, READ = "iam.application.rotate-secret", "iam.application.read"
DEFAULT_OVERLAP_SECONDS = 86_400
MOST_OVERLAP_SECONDS = 30 * 86_400
SURFACE = "applications"


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret just made: `text` is shown now and never again."""

    client_id: str
    text: str = field(repr=False)
    record: ApplicationSecretRecord


def rotate_secret(
    host: Host,
    session: Session,
    name: str,
    *,
    overlap_seconds: int = DEFAULT_OVERLAP_SECONDS,
    expires_at: datetime | None = None,
) -> NewSecret:
    """Make a new secret for this application; the one before it stands for the overlap, older ones end now.

    Raises Denied, NotFound, Conflict (it keeps no secret), Invalid.
    """
    now = host.at()
    if not 0 <= overlap_seconds <= MOST_OVERLAP_SECONDS:
        raise Invalid.at(
            "overlap_seconds", f"expected 0 to {MOST_OVERLAP_SECONDS} seconds, got `{overlap_seconds}`"
        )
    if expires_at is not None and expires_at <= now:
        raise Invalid.at("expires_at", f"`{expires_at.isoformat()}` is not in the future")

    def prepare(snapshot: Snapshot) -> tuple[Prepared, NewSecret]:
        uid, application = _find(host, session, snapshot, ROTATE, name)
        _check_may_hold(host, session, snapshot, application)
        made = generate_client_secret()
        record = ApplicationSecretRecord(new_uid(APPLICATION_SECRET), uid, made.prefix, now, expires_at)
        changes, secrets = _ending(snapshot, uid, now, timedelta(seconds=overlap_seconds))
        changes.append(
            Change(APPLICATION_SECRET, record.uid, record.prefix, "create", write_application_secret(record))
        )
        secrets.append(SecretWrite(record.uid, APPLICATION_SECRET, made.secret_hash))
        prepared = Prepared(changes, secrets, session.uid, session.via(SURFACE))
        return prepared, NewSecret(uid, made.text, record)

    return store_people(host, session.account, prepare)


def withdraw_secret(host: Host, session: Session, name: str, secret_uid: str) -> None:
    """End this secret now, and with it every session that rests on it. Raises Denied, NotFound."""

    def prepare(snapshot: Snapshot) -> tuple[Prepared, None]:
        uid, _ = _find(host, session, snapshot, ROTATE, name)
        record = next(
            (one for one in snapshot.application_secrets().get(uid, ()) if one.uid == secret_uid), None
        )
        if record is None:
            raise NotFound(f"application `{name}` has no secret `{secret_uid}`")
        change = Change(APPLICATION_SECRET, record.uid, record.prefix, "delete")
        return Prepared([change], [SecretDelete(record.uid)], session.uid, session.via(SURFACE)), None

    store_people(host, session.account, prepare)


def list_secrets(host: Host, session: Session, name: str) -> list[ApplicationSecretRecord]:
    """Which secrets has this application, newest first? Raises Denied, NotFound."""
    snapshot = host.snapshot(session.account)
    uid, _ = _find(host, session, snapshot, READ, name)
    return sorted(
        snapshot.application_secrets().get(uid, ()), key=lambda one: (one.created_at, one.uid), reverse=True
    )


def client_id_of(host: Host, session: Session, name: str) -> str:
    """As which client does this application show itself? Raises Denied, NotFound."""
    return _find(host, session, host.snapshot(session.account), READ, name)[0]


def describe_secret(host: Host, account: str, record: ApplicationSecretRecord) -> dict[str, Any]:
    """How is a secret shown? Never itself or its hash."""
    used = host.last_used(account, record.uid)
    return {
        "id": record.uid,
        "prefix": record.prefix,
        "created_at": record.created_at.isoformat(),
        "expires_at": None if record.expires_at is None else record.expires_at.isoformat(),
        "last_used_at": None if used is None else used.isoformat(),
    }


def _find(
    host: Host, session: Session, snapshot: Snapshot, action: str, name: str
) -> tuple[str, Application]:
    """Which uid and value has the application, if the session may do this to it? Raises Denied, NotFound."""
    Judge(host.catalog, session, snapshot, None, host.now()).require(action, iam_object("application", name))
    application, identity = snapshot.account.application(name), snapshot.identities.get(("Application", name))
    if name == COMMAND_LINE and application is not None:
        return COMMAND_LINE, application
    if application is None or identity is None:
        raise NotFound(f"there is no application `{name}`")
    return identity.uid, application


def _check_may_hold(host: Host, session: Session, snapshot: Snapshot, application: Application) -> None:
    """May it have a secret, and may the session hand over what that gives? Raises Conflict, Denied.

    SECURITY: also where it is disabled or has no such grant yet, for a later change could give it to who holds this.
    """
    if application.is_public:
        raise Conflict(
            f"application `{application.name}` is public and keeps no secret", "make it confidential first"
        )
    if application.acts_as is not None:
        authorize_handovers(host.catalog, session, snapshot, application.acts_as, host.now())


def _ending(
    snapshot: Snapshot, application_uid: str, now: datetime, overlap: timedelta
) -> tuple[list[Change], list[SecretChange]]:
    """What becomes of the secrets that are there: the newest stands for the overlap, the others go."""
    known = sorted(
        snapshot.application_secrets().get(application_uid, ()), key=lambda one: (one.created_at, one.uid)
    )
    changes: list[Change] = []
    secrets: list[SecretChange] = []
    for record in known:
        ends = now + overlap if record.expires_at is None else min(record.expires_at, now + overlap)
        if record is known[-1] and ends > now:
            kept = write_application_secret(replace(record, expires_at=ends))
            changes.append(Change(APPLICATION_SECRET, record.uid, record.prefix, "replace", kept))
        else:
            changes.append(Change(APPLICATION_SECRET, record.uid, record.prefix, "delete"))
            secrets.append(SecretDelete(record.uid))
    return changes, secrets
