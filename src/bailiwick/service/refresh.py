"""Refresh tokens at work: given to a registry client that shows an API key, and taken in that key's place.

Decided: a refresh token is a signed, typed JWT (authn/registry/refresh.py) bound to one key and one registry, and
nothing is stored about it. WHY: the account's log is the history of the account's state, where a line for each login
would be noise; and what a stored token would add, its single withdrawal, is had by withdrawing the key, which is
what a person means to do. What follows:
- It stands for at most 72 hours and never beyond the end of its key, or of the earlier secret that was shown; using
  it neither renews nor prolongs it.
- At every use its key must stand: not withdrawn, not disabled, not expired; nor its owner disabled or gone, nor the
  account suspended. A key that is enabled again brings its refresh tokens back.
- Turning the keys for access tokens ends it when the old key's time is over, and at once after a theft; the client
  logs in again.
- Only an API key gives one. An access token does not (it would outlive itself), nor does another refresh token.
This module must not decide what the session may do. Serves docs/spec.md 10.2.
"""

from __future__ import annotations

import secrets

from bailiwick.authn.compact import Signer
from bailiwick.authn.keys import ApiKeyRecord, end_of
from bailiwick.authn.registry.refresh import RefreshSubject, issue_refresh_token, verify_refresh_token
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import IssuedToken, TokenParties
from bailiwick.errors import NotFound, Unauthenticated
from bailiwick.service.host import Host
from bailiwick.service.places import api_limits, is_let_in
from bailiwick.service.sessions import Session
from bailiwick.service.settings import Registry
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import is_usable, may_come_in, principal_of_uid

_NOBODY = "the credential is missing, unknown, expired or withdrawn"


def give_refresh_token(
    host: Host, registry: Registry, session: Session, record: ApiKeyRecord, shown: str
) -> IssuedToken:
    """Which token may this client show instead of its API key, at this registry? `shown`: the key's text."""
    return issue_refresh_token(
        RefreshSubject(session.uid, session.account, record.uid),
        parties=_parties(host, registry),
        signer=Signer(host.key_set(KeyPurpose.ACCESS).current()),
        now=host.at(),
        jti=secrets.token_hex(16),
        not_beyond=end_of(record, shown),
    )


def session_of_refresh_token(host: Host, registry: Registry, text: str, address: str = "") -> Session:
    """Which session does this refresh token stand for, now, shown from this address?

    Raises Unauthenticated, the same for every cause.
    """
    try:
        verified = verify_refresh_token(
            text,
            parties=_parties(host, registry),
            key_set=host.key_set(KeyPurpose.ACCESS),
            now=host.at(),
        )
        snapshot = host.snapshot(verified.subject.account)
    except (Unauthenticated, NotFound):
        raise Unauthenticated(_NOBODY) from None
    principal = _standing_owner(snapshot, verified.subject, host.now())
    if principal is None:
        raise Unauthenticated(_NOBODY)
    session = Session(
        account=snapshot.account.name,
        principal=principal,
        uid=verified.subject.uid,
        credential=verified.subject.credential_uid,
        expires_at=float(verified.expires_epoch),
        token_id=verified.jti,
    )
    record = snapshot.keys.get(verified.subject.credential_uid)
    if not is_let_in(api_limits(snapshot.account.security_settings, record), address):
        host.refuse_place(session, address)
        raise Unauthenticated(_NOBODY)
    return session


def _standing_owner(snapshot: Snapshot, subject: RefreshSubject, now: float) -> str | None:
    """Whose key is it, if key, owner and account still stand?"""
    record = snapshot.keys.get(subject.credential_uid)
    if record is None or record.owner_uid != subject.uid or not is_usable(record, now):
        return None
    principal = principal_of_uid(snapshot, subject.uid)
    if principal is None or not may_come_in(snapshot, principal, by_key=True) or snapshot.account.suspended:
        return None
    return principal


def _parties(host: Host, registry: Registry) -> TokenParties:
    return TokenParties(host.settings.issuer, registry.service)
