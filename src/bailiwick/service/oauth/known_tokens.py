"""Which session is behind a token, whatever audience it is for, if it stands now? For exchange and introspection.

SECURITY: nothing is let in by the answer; routes let in tokens for Bailiwick itself only (authentication.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.authn.audiences import verify_any_audience
from bailiwick.authn.compact import TokenRefused
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import TokenVerifier, VerifiedToken
from bailiwick.errors import Unauthenticated
from bailiwick.service.host import Host
from bailiwick.service.sessions import Session
from bailiwick.service.standing import stand


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token that stands: its session, what it says, and for which audience it is ("": Bailiwick itself)."""

    session: Session
    verified: VerifiedToken
    audience: str


def find_token(host: Host, text: str) -> KnownToken:
    """Which token is this, if it stands now? Raises Unauthenticated, the same for every cause."""
    verifier = TokenVerifier(host.parties, host.key_set(KeyPurpose.ACCESS))
    try:
        verified, audience = verify_any_audience(verifier, text, host.at())
    except TokenRefused:
        raise Unauthenticated("the token is unknown, expired or withdrawn") from None
    session = stand(host.snapshot, verified, host.now()).session
    return KnownToken(session, verified, "" if verifier.is_own_audience(audience) else audience)
