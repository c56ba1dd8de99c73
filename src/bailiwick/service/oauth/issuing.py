"""Access tokens that applications get: for Bailiwick itself, or for an API that the application lists.

Implements docs/spec.md 28.7. Source: RFC 8707; RFC 9068.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from bailiwick.authn.audiences import issue_token_for
from bailiwick.authn.compact import Signer, TokenRefused
from bailiwick.authn.oauth.faults import INVALID_GRANT, INVALID_SCOPE, INVALID_TARGET, OAuthRefused
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import IssuedToken, TokenParties, TokenSubject, issue_access_token
from bailiwick.errors import Invalid
from bailiwick.model.applications import Application
from bailiwick.service.host import Host

# WHY less than a token may have: the header that carries it has the same limit, and other words in it.
MOST_TOKEN_CHARACTERS = 6144


def choose_audience(host: Host, application: Application, asked: str | None) -> str:
    """For which API is the token: Bailiwick itself (""), or one that the application lists? Raises OAuthRefused."""
    if not asked or asked in (host.settings.audience, host.settings.issuer):
        return ""
    if asked not in application.audiences:
        raise OAuthRefused(INVALID_TARGET, "the application lists no such audience")
    return asked


def issue(host: Host, subject: TokenSubject, *, audience: str, seconds: int, until: float) -> IssuedToken:
    """What is the token of this subject, for this audience ("": Bailiwick itself)? Raises OAuthRefused.

    INVARIANT: it ends no later than `until`, whatever it is made from.
    """
    settings = host.snapshot(subject.account).account.security_settings.sessions
    issuer, own = host.settings.issuer, host.parties
    try:
        token = (issue_token_for if audience else issue_access_token)(
            subject,
            parties=TokenParties(issuer, audience) if audience else own,
            signer=Signer(host.key_set(KeyPurpose.ACCESS).current()),
            now=host.at(),
            lifetime_seconds=min(seconds, settings.access_token_seconds),
            jti=secrets.token_hex(16),
            not_beyond=datetime.fromtimestamp(min(until, host.now() + seconds), UTC),
        )
    except TokenRefused:
        raise OAuthRefused(INVALID_GRANT, "what the token would be made from has ended") from None
    except Invalid as error:
        raise OAuthRefused(INVALID_SCOPE, error.findings[0].message) from None
    if len(token.text) > MOST_TOKEN_CHARACTERS:
        raise OAuthRefused(INVALID_SCOPE, "the token becomes too long: ask for less")
    return token
