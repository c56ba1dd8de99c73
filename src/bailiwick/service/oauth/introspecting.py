"""Is this token good now, and what does it say? For the APIs that are shown tokens (docs/spec.md 28.13).

A token that is not the asker's affair is answered like one that is over: inactive, without a word why.
Source: RFC 7662, sections 2.2 and 4; RFC 8693, section 4.1 (`act`).
"""

from __future__ import annotations

from typing import Any

from bailiwick.authn.audiences import public_claims
from bailiwick.authn.refresh_tokens import read_refresh_token
from bailiwick.errors import Unauthenticated
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.needed import iam_service
from bailiwick.service.oauth.clients import Client, ClientRefused
from bailiwick.service.oauth.families import is_family_standing
from bailiwick.service.oauth.family_notes import find_family
from bailiwick.service.oauth.known_tokens import KnownToken, find_token
from bailiwick.service.sessions import Session

INTROSPECT = "iam.token.introspect"
INACTIVE: dict[str, Any] = {"active": False}


def introspect_for_client(host: Host, client: Client, text: str) -> dict[str, Any]:
    """What is this application told: of tokens for its audiences, and of its own? Raises ClientRefused."""
    if not client.is_authenticated:
        # SECURITY: anybody can say to be a public application.
        raise ClientRefused
    if read_refresh_token(text) is not None:
        return _of_refresh_token(host, client, text)
    found = _find(host, text)
    if found is None or found.session.account != client.account:
        return INACTIVE
    is_meant = found.audience in client.application.audiences or found.session.client_id == client.uid
    return _said(host, found) if is_meant else INACTIVE


def introspect_for_session(host: Host, session: Session, text: str) -> dict[str, Any]:
    """What is somebody told who may ask about every token of the account? Raises Denied."""
    Judge(host.catalog, session, host.snapshot(session.account), None, host.now()).require(
        INTROSPECT, iam_service()
    )
    found = _find(host, text)
    return INACTIVE if found is None or found.session.account != session.account else _said(host, found)


def _find(host: Host, text: str) -> KnownToken | None:
    try:
        return find_token(host, text, None)
    except Unauthenticated:
        return None


def _said(host: Host, found: KnownToken) -> dict[str, Any]:
    return {
        "active": True,
        "iss": host.settings.issuer,
        "aud": found.audience or host.settings.audience,
        "token_type": "Bearer",
        "exp": found.verified.expires_epoch,
        "iat": found.verified.issued_epoch,
        "nbf": found.verified.issued_epoch,
        "jti": found.verified.jti,
        **public_claims(found.verified.subject),
        "account": found.session.account,
        "username": (found.session.chain or (found.session.principal,))[-1],
    }


def _of_refresh_token(host: Host, client: Client, text: str) -> dict[str, Any]:
    shown = read_refresh_token(text)
    family = None if shown is None else find_family(host.store.activity, client, shown, host.at())
    if shown is None or family is None or family.client_id != client.uid:
        return INACTIVE
    if not shown.is_newest(family.use_hash) or not is_family_standing(host, family):
        return INACTIVE
    return {
        "active": True,
        "client_id": client.uid,
        "scope": family.scope,
        "sub": family.link.uid,
        "exp": int(family.ends),
        "iss": host.settings.issuer,
    }
