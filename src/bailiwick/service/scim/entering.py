"""Who provisions? By an access token, or by an API key itself, for directories keep one credential for years."""

from __future__ import annotations

from dataclasses import replace

from bailiwick.authn.keys import find_key_prefix
from bailiwick.errors import Unauthenticated
from bailiwick.service.host import Host
from bailiwick.service.sessions import FOREVER, Session

MOST_CHARACTERS = 512


def enter(host: Host, authorization: str | None, address: str) -> Session:
    """Which session is it, from this address? Raises Unauthenticated, the same for every cause.

    SECURITY: the key is looked at in every request, so withdrawing or disabling it, or its owner, bites at the next.
    """
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or len(text) > MOST_CHARACTERS or find_key_prefix(text) is None:
        return host.authenticate(authorization, address)
    try:
        session, record = host.authenticator.session_of_key(text, address)
    except Unauthenticated:
        host.refuse_stranger()
        raise
    host.touch_credential(session.account, record.uid)
    return replace(session, expires_at=FOREVER)
