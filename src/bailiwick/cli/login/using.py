"""Asking by a login that is kept: its access token, and the next one where that is over.

Several commands at once use one login; who refreshes holds its lock and looks again first, for a refresh token that is
used twice ends the login (RFC 9700, section 4.14.2).
"""

from __future__ import annotations

import os
import time

from bailiwick.cli.login.flow import RUN_LOGIN, Endpoints, LoginOver, server_of
from bailiwick.cli.login.logins import Login, Logins, Tokens
from bailiwick.errors import Invalid

URL, ACCOUNT = "BAILIWICK_URL", "BAILIWICK_ACCOUNT"
# An access token that ends sooner is not worth the way to the server.
SPARE_SECONDS = 30


class LoggedIn:
    """One login, in use."""

    def __init__(self, logins: Logins, login: Login) -> None:
        self._logins = logins
        self.login = login

    def token(self) -> str:
        """Which access token may be sent now? Raises LoginOver, Unavailable."""
        tokens = self._logins.tokens(self.login)
        return tokens.access if tokens is not None and _is_fresh(tokens) else self._next("")

    def next_token(self, refused: str) -> str:
        """Which one instead of this, which the server refused? Raises LoginOver, Unavailable."""
        return self._next(refused)

    def over(self) -> LoginOver:
        """What is said where this login is good for nothing any more?"""
        return LoginOver(f"your login at `{self.login.server}` is over", RUN_LOGIN)

    def _next(self, refused: str) -> str:
        with self._logins.locked(self.login):
            tokens = self._logins.tokens(self.login)
            if tokens is None:
                raise self.over()
            if _is_fresh(tokens) and tokens.access != refused:
                return tokens.access
            with Endpoints(self.login.server) as endpoints:
                try:
                    following = endpoints.refresh(tokens.refresh)
                except LoginOver:
                    self._logins.forget_tokens(self.login)
                    raise
            # INVARIANT: kept before it is used; what is lost here could not be had again.
            self._logins.keep(self.login, following)
            return following.access


def find_logged_in() -> LoggedIn | None:
    """Which login do BAILIWICK_URL and BAILIWICK_ACCOUNT choose; without them, the one in use? None: there is none."""
    logins = Logins()
    try:
        server = server_of(url) if (url := os.environ.get(URL, "").strip()) else ""
    except Invalid:
        # WHY not raised: who has no login there is told what is wrong with the address in other words.
        return None
    login = logins.find(server, os.environ.get(ACCOUNT, "").strip())
    return None if login is None else LoggedIn(logins, login)


def _is_fresh(tokens: Tokens) -> bool:
    return tokens.expires_at - time.time() > SPARE_SECONDS
