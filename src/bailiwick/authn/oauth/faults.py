"""What an application is told when its request is refused: RFC 6749's word and a sentence."""

from __future__ import annotations

INVALID_REQUEST = "invalid_request"
INVALID_SCOPE = "invalid_scope"
ACCESS_DENIED = "access_denied"
LOGIN_REQUIRED = "login_required"
CONSENT_REQUIRED = "consent_required"
INTERACTION_REQUIRED = "interaction_required"
UNAUTHORIZED_CLIENT = "unauthorized_client"
UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
INVALID_TARGET = "invalid_target"


class Refused(Exception):
    """A request that is refused; `error` is the protocol's word for it. SECURITY: the message repeats no value sent."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
