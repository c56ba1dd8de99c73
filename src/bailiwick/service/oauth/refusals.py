"""What an OAuth endpoint refuses: the word of the RFC, and a sentence. api/oauth/ makes answers of it."""

from __future__ import annotations

from bailiwick.errors import BailiwickError

INVALID_REQUEST, INVALID_GRANT, INVALID_SCOPE = "invalid_request", "invalid_grant", "invalid_scope"
INVALID_TARGET, UNAUTHORIZED_CLIENT = "invalid_target", "unauthorized_client"


class OAuthRefused(BailiwickError):
    """A request that is refused: `error` is the word of RFC 6749 (5.2), 8707 or 8628."""

    code = "oauth"

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error
