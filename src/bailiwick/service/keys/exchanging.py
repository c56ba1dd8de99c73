"""Which access token does an API key give?"""

from __future__ import annotations

import secrets

from bailiwick.authn.compact import Signer
from bailiwick.authn.keys import end_of
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import IssuedToken, TokenSubject, issue_access_token
from bailiwick.service.host import Host

GRANT = "urn:ibm:params:oauth:grant-type:apikey"


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
            grant_type=GRANT,
        ),
        parties=host.parties,
        signer=Signer(host.key_set(KeyPurpose.ACCESS).current()),
        now=host.at(),
        lifetime_seconds=settings.sessions.access_token_seconds,
        jti=secrets.token_hex(16),
        not_beyond=end_of(record, text),
    )
    host.touch_credential(session.account, record.uid)
    host.record("token", "issued", session, jti=token.jti, address=address)
    return token
