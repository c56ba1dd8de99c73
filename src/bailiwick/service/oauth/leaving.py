"""Signing out by an application's wish: may it, without asking, and where does the person go then?

Source: OpenID Connect RP-Initiated Logout 1.0, 2 to 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bailiwick.authn.compact import TokenRefused
from bailiwick.authn.oauth.faults import INVALID_REQUEST, OAuthRefused
from bailiwick.authn.oauth.id_tokens import Hint, read_hint
from bailiwick.authn.oauth.redirects import with_parameters
from bailiwick.service.host import Host
from bailiwick.service.oauth.asking import Asking, find_asking
from bailiwick.service.people.visits import Visit


@dataclass(frozen=True, slots=True)
class Leaving:
    """A wish to sign out: of whom by an ID token (None: nobody said), by which application, to where ("": nowhere)."""

    hint: Hint | None
    asking: Asking | None
    target: str

    def is_of(self, visit: Visit) -> bool:
        """Is it proved to be about this very visit, so that nobody need be asked?"""
        hint = self.hint
        return hint is not None and (hint.sid, hint.uid) == (visit.uid, visit.session.uid)


def read_leaving(host: Host, fields: Mapping[str, str]) -> Leaving:
    """What is wished? Raises OAuthRefused, which the person at the browser is told: nobody is led anywhere."""
    hint = _hint(host, fields.get("id_token_hint", ""))
    client_id = fields.get("client_id", "") or ("" if hint is None else hint.client_id)
    if hint is not None and client_id != hint.client_id:
        raise OAuthRefused(INVALID_REQUEST, "the ID token is another application's")
    asking = find_asking(host, client_id) if client_id else None
    wanted = fields.get("post_logout_redirect_uri", "")
    # SECURITY: exact, like every address to which people are led. (bug class 32)
    if wanted and (asking is None or wanted not in asking.application.post_logout_redirect_uris):
        raise OAuthRefused("invalid_redirect_uri", "the address to go on to is not one of the application's")
    state = [("state", fields["state"])] if fields.get("state") else []
    return Leaving(hint, asking, with_parameters(wanted, state) if wanted and state else wanted)


def _hint(host: Host, text: str) -> Hint | None:
    """Whom does the ID token name? None: nobody that can be believed, so that the person is asked."""
    try:
        return (
            read_hint(text, issuer=host.settings.issuer, keys=host.identity_keys.trusted()) if text else None
        )
    except TokenRefused:
        return None
