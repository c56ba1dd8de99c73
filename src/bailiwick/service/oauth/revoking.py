"""A token is given back before its time: a refresh token with its whole family, an access token alone.

Both are changes of the account, so they bite in every process at the next request, and end what was made with the
token too (docs/spec.md 28.12). Whoever holds a token that no application was given may give it back: it is theirs.
Source: RFC 7009, section 2.
"""

from __future__ import annotations

from bailiwick.authn.refresh_tokens import read_refresh_token
from bailiwick.errors import Unauthenticated
from bailiwick.service.ending import store_ends
from bailiwick.service.host import Host
from bailiwick.service.oauth.clients import Client
from bailiwick.service.oauth.families import end_family
from bailiwick.service.oauth.family_notes import find_family
from bailiwick.service.oauth.known_tokens import find_token


def revoke_token(host: Host, client: Client | None, text: str) -> None:
    """End this token, if it is this application's (None: of no application). Says nothing of whether it was one."""
    shown = read_refresh_token(text)
    if shown is not None:
        family = None if client is None else find_family(host.store.activity, client, shown, host.at())
        if family is not None and client is not None and family.client_id == client.uid:
            end_family(host, family)
            host.record("token", "revoked", None, family=family.uid, client_id=client.uid)
        return
    try:
        found = find_token(host, text, None)
    except Unauthenticated:
        return
    session, verified = found.session, found.verified
    if session.client_id == ("" if client is None else client.uid):
        store_ends(host, session, [(verified.jti, session.uid, verified.expires_at)])
        host.record("token", "revoked", session, jti=verified.jti)
