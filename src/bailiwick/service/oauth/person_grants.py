"""From what a person approved to the tokens that the application gets: by a code, or by a device code.

Whether the person, what they signed in with, the visit and the consent still stand is asked now, of the newest state.
Implements docs/spec.md section 29. Source: RFC 6749, 4.1.3; RFC 8628, 3.4; OpenID Connect Core 1.0, 3.1.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from bailiwick.authn.authenticated import Authenticated
from bailiwick.authn.links import Link
from bailiwick.authn.oauth.faults import (
    INVALID_GRANT,
    INVALID_TARGET,
    UNAUTHORIZED_CLIENT,
    OAuthRefused,
)
from bailiwick.errors import Unauthenticated
from bailiwick.model.applications import (
    AUTHORIZATION_CODE,
    DEVICE_CODE,
    REFRESH_TOKEN_SECONDS,
    Application,
)
from bailiwick.service.edits import new_uid
from bailiwick.service.ending import store_ends
from bailiwick.service.host import Host
from bailiwick.service.oauth.approvals import Approval
from bailiwick.service.oauth.clients import Client
from bailiwick.service.oauth.codes import Spent, spend_code
from bailiwick.service.oauth.device import fetch_device
from bailiwick.service.oauth.families import FamilyTokens, begin_family
from bailiwick.service.oauth.family_roots import Root
from bailiwick.service.oauth.identity import make_id_token
from bailiwick.service.oauth.issuing import choose_audience
from bailiwick.service.oauth.scopes import grant_scope
from bailiwick.service.sessions import FOREVER, Session
from bailiwick.service.standing import PROVED_AT, principal_of_uid, stand_links

_OVER = "what was approved is over: the person, their visit or their consent stands no longer"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What an application gets by which a person signed in: tokens, and an ID token where it asked for one."""

    tokens: FamilyTokens
    id_token: str | None = field(repr=False)


def redeem_code(
    host: Host, client: Client, code: str, redirect_uri: str, verifier: str, resource: str = ""
) -> SignedIn:
    """What does the code give this application? Raises OAuthRefused.

    SECURITY: shown a second time, it ends what it gave the first time, whoever of the two had no right to it.
    """
    _require_grant(client, AUTHORIZATION_CODE)
    try:
        spent = spend_code(host, client.uid, code, redirect_uri, verifier)
    except OAuthRefused:
        host.refuse_stranger()
        raise
    if not isinstance(spent, Spent):
        _end_replayed(host, spent.approval, spent.session_uid)
        raise OAuthRefused(INVALID_GRANT, "the code has been used")
    return _begin(host, client, spent.approval, spent.session_uid, resource)


def redeem_device(host: Host, client: Client, device_code: str) -> SignedIn:
    """What does the device code give this application, once somebody has let it in? Raises OAuthRefused."""
    _require_grant(client, DEVICE_CODE)
    approval = fetch_device(host, client.uid, device_code)
    return _begin(host, client, approval, new_uid("Session"), "")


def _require_grant(client: Client, grant: str) -> None:
    if grant not in client.application.grants:
        raise OAuthRefused(UNAUTHORIZED_CLIENT, f"the application does not have the grant `{grant}`")


def _begin(host: Host, client: Client, approval: Approval, session_uid: str, resource: str) -> SignedIn:
    principal, application = _require_standing(host, client, approval, session_uid)
    if resource and resource != approval.resource:
        raise OAuthRefused(INVALID_TARGET, "the code was given for another audience")
    authenticated = Authenticated(approval.signed_in_at, approval.methods, approval.factor_at)
    root = Root(
        account=approval.account,
        uid=approval.uid,
        principal=principal,
        credential_uid=approval.credential_uid,
        session_uids=approval.rests_on,
        until=FOREVER if approval.is_offline else approval.visit_ends,
        authenticated=authenticated,
        context={PROVED_AT: approval.proved_at} if approval.proved_at else {},
    )
    tokens = begin_family(
        host,
        client,
        root,
        scope=grant_scope(host.snapshot(approval.account), application, approval.scopes),
        audience=choose_audience(host, application, approval.resource),
        refresh=True,
        uid=session_uid,
    )
    id_token = make_id_token(
        host,
        account=approval.account,
        uid=approval.uid,
        client_id=client.uid,
        sid=approval.visit_uid,
        authenticated=authenticated,
        scopes=tokens.scope,
        nonce=approval.nonce,
        token=tokens.token,
    )
    return SignedIn(tokens, id_token)


def _require_standing(
    host: Host, client: Client, approval: Approval, session_uid: str
) -> tuple[str, Application]:
    """How is the person called now, and which application is it now? Raises OAuthRefused."""
    snapshot = host.find_snapshot(approval.account)
    principal = None if snapshot is None else principal_of_uid(snapshot, approval.uid)
    application = None if snapshot is None else snapshot.application_of(client.uid)
    if snapshot is None or principal is None or application is None:
        raise OAuthRefused(INVALID_GRANT, _OVER)
    # SECURITY: also where another one is remembered by now: what was withdrawn stays withdrawn.
    agreed = snapshot.consent_of(approval.uid, client.uid)
    if approval.consent_uid and (agreed is None or agreed.uid != approval.consent_uid):
        raise OAuthRefused(INVALID_GRANT, _OVER)
    sessions = (session_uid, *approval.rests_on)
    link = Link(approval.account, approval.uid, principal, approval.credential_uid, sessions)
    try:
        stand_links(host.snapshot, [link], host.now())
    except Unauthenticated:
        raise OAuthRefused(INVALID_GRANT, _OVER) from None
    if not approval.is_offline and host.now() >= approval.visit_ends:
        raise OAuthRefused(INVALID_GRANT, _OVER)
    return principal, application


def _end_replayed(host: Host, approval: Approval, session_uid: str) -> None:
    snapshot = host.find_snapshot(approval.account)
    if snapshot is None:
        return
    until = host.at() + timedelta(seconds=REFRESH_TOKEN_SECONDS[1])
    principal = principal_of_uid(snapshot, approval.uid) or "user:gone"
    session = Session(approval.account, principal, approval.uid, approval.credential_uid, until.timestamp())
    if store_ends(host, session, [(session_uid, approval.uid, until)]):
        host.record("token", "reused", session, ended=session_uid, client_id=approval.client_id)
