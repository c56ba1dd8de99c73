"""Applications that work for themselves: as the service ID that they name; and API keys for less than all.

What an application gets so rests on the secret that it has shown: with that it ends. Implements docs/spec.md 28.11.
Source: RFC 6749, section 4.4.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bailiwick.authn.links import Link
from bailiwick.authn.oauth.faults import UNAUTHORIZED_CLIENT, OAuthRefused
from bailiwick.authn.tokens import IssuedToken, TokenSubject
from bailiwick.errors import Unauthenticated
from bailiwick.model.applications import CLIENT_CREDENTIALS
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.oauth.clients import Client, ClientRefused
from bailiwick.service.oauth.issuing import choose_audience, issue
from bailiwick.service.oauth.scopes import grant_scope, restrictions_of
from bailiwick.service.places import api_limits, is_let_in
from bailiwick.service.session_events import record_begun
from bailiwick.service.sessions import FOREVER, Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import stand_links, uid_of, write_restriction

KEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey"


def act_as_itself(
    host: Host, client: Client, asked: tuple[str, ...], audience: str | None, address: str
) -> tuple[IssuedToken, tuple[str, ...]]:
    """Which token of its service ID does this application get, and for which scope?

    Raises OAuthRefused, ClientRefused.
    """
    snapshot = host.snapshot(client.account)
    actor = actor_of(host, client, address)
    scope = grant_scope(snapshot, client.application, asked)
    target = choose_audience(host, client.application, audience)
    uid = new_uid("Session")
    subject = TokenSubject(
        uid=actor.uid,
        account=actor.account,
        principal=actor.principal,
        credential_uid=actor.credential,
        grant_type=CLIENT_CREDENTIALS,
        client_id=client.uid,
        session_uid=uid,
        restrictions=tuple(write_restriction(one) for one in restrictions_of(snapshot, scope)),
        scope=" ".join(scope),
    )
    seconds = client.application.access_token_seconds
    token = issue(host, subject, audience=target, seconds=seconds, until=actor.expires_at)
    ends = datetime.fromtimestamp(token.expires_epoch, UTC)
    record_begun(host, actor, subject, ends, jti=token.jti)
    return token, scope


def actor_of(host: Host, client: Client, address: str) -> Session:
    """As which service ID does an application act that has shown a secret? Raises OAuthRefused, ClientRefused.

    SECURITY: asked of everything on which its tokens will rest, so that none is given that would not stand.
    """
    snapshot = host.snapshot(client.account)
    principal = client.application.acting_as
    uid = None if principal is None else uid_of(snapshot, principal)
    if principal is None or uid is None or not client.is_authenticated:
        raise OAuthRefused(UNAUTHORIZED_CLIENT, "the application acts as no service ID")
    link = Link(client.account, uid, principal, client.secret_uid, client_id=client.uid)
    try:
        stand_links(host.snapshot, [link], host.now())
    except Unauthenticated:
        raise ClientRefused from None
    if not is_let_in(api_limits(snapshot.account.security_settings), address):
        raise ClientRefused
    return Session(
        account=client.account,
        principal=principal,
        context={"ip": address} if address else {},
        uid=uid,
        credential=client.secret_uid,
        expires_at=_secret_ends(snapshot, client.secret_uid),
        client_id=client.uid,
        head=link,
    )


def exchange_key_for(host: Host, text: str, asked: tuple[str, ...], address: str) -> IssuedToken:
    """Which token does this API key give, that may do no more than these scopes say?

    Raises Unauthenticated, OAuthRefused.
    """
    session, record = host.authenticator.session_of_key(text, address)
    snapshot = host.snapshot(session.account)
    subject = TokenSubject(
        uid=session.uid,
        account=session.account,
        principal=session.principal,
        credential_uid=record.uid,
        grant_type=KEY_GRANT,
        restrictions=tuple(write_restriction(one) for one in restrictions_of(snapshot, asked)),
        scope=" ".join(asked),
    )
    ends = FOREVER if record.expires_at is None else record.expires_at.timestamp()
    token = issue(host, subject, audience="", seconds=3600, until=ends)
    host.touch_credential(session.account, record.uid)
    host.record("token", "issued", session, jti=token.jti, scope=subject.scope)
    return token


def _secret_ends(snapshot: Snapshot, secret_uid: str) -> float:
    record = snapshot.people.get(secret_uid)
    ends = getattr(record, "expires_at", None)
    return FOREVER if ends is None else float(ends.timestamp())
