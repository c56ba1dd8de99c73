"""What an application is told when its request is refused: the word of the RFC and a sentence.

api/oauth/ makes answers of it.
Source: RFC 6749, sections 4.1.2.1 and 5.2; RFC 8707, section 2; OpenID Connect Core 1.0, section 3.1.2.6.
"""

from __future__ import annotations

from bailiwick.errors import BailiwickError

INVALID_REQUEST = "invalid_request"
INVALID_GRANT = "invalid_grant"
INVALID_SCOPE = "invalid_scope"
INVALID_TARGET = "invalid_target"
UNAUTHORIZED_CLIENT = "unauthorized_client"
UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
ACCESS_DENIED = "access_denied"
LOGIN_REQUIRED = "login_required"
CONSENT_REQUIRED = "consent_required"
INTERACTION_REQUIRED = "interaction_required"


class OAuthRefused(BailiwickError):
    """A request that is refused; `error` is the protocol's word for it. SECURITY: the message repeats no value sent."""

    code = "oauth"

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error
