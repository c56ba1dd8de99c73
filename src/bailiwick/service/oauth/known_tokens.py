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
from bailiwick.service.places import is_let_in
from bailiwick.service.sessions import Session
from bailiwick.service.standing import stand

_NOBODY = "the token is unknown, expired or withdrawn"


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token that stands: its session, what it says, and for which audience it is ("": Bailiwick itself)."""

    session: Session
    verified: VerifiedToken
    audience: str


def find_token(host: Host, text: str, address: str | None) -> KnownToken:
    """Which token is this, if it stands now and may be used from this address? Raises Unauthenticated, alike always.

    None: whoever presents it only asks about it, or gives it back, and may be anywhere.
    """
    verifier = TokenVerifier(host.parties, host.key_set(KeyPurpose.ACCESS))
    try:
        verified, audience = verify_any_audience(verifier, text, host.at())
    except TokenRefused:
        raise Unauthenticated(_NOBODY) from None
    standing = stand(host.snapshot, verified, host.now())
    if not is_let_in(standing.limits, address):
        host.refuse_place(standing.session, address or "")
        raise Unauthenticated(_NOBODY)
    return KnownToken(standing.session, verified, "" if verifier.is_own_audience(audience) else audience)
