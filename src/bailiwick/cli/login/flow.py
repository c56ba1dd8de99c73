"""The device flow as a program without a browser goes through it, refreshing, and giving back.

Source: RFC 8628, sections 3.1 to 3.5; RFC 6749, section 6; RFC 7009. It keeps nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from bailiwick import __version__
from bailiwick.cli.login.logins import Tokens
from bailiwick.errors import BailiwickError, Denied, Invalid, Unauthenticated, Unavailable

CLIENT_ID = "bailiwick-cli"
SCOPE = "all offline_access"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
TIMEOUT = httpx2.Timeout(30.0, connect=10.0)
SLOWER_SECONDS = 5
LONGEST_INTERVAL = 300
RUN_LOGIN = "run `bailiwick login`"


class LoginOver(Unauthenticated):
    """The server refuses to go on with this login, for good."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What is shown to the person, and what the program asks with."""

    device_code: str = field(repr=False)
    user_code: str
    address: str
    address_with_code: str
    expires_in: float
    interval: float


def server_of(text: str) -> str:
    """Which server does this address name, in one spelling? Raises Invalid.

    SECURITY: tokens go over TLS, but for this machine's own addresses.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or parts.username is not None:
        raise Invalid.at("server", f"`{text}` is no server's address", "such as https://iam.example.org")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise Invalid.at("server", f"`{text}` is not safe to sign in at", "use its https address")
    shown = "" if port in (None, 443 if parts.scheme == "https" else 80) else f":{port}"
    return f"{parts.scheme}://{host}{shown}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    """Is it an address of this machine, which no network sees?"""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Endpoints:
    """The endpoints of one server, for a `with` block."""

    def __init__(self, server: str) -> None:
        self.server = server
        # WHY: a proxy of the environment cannot reach this machine's own addresses.
        trust = not is_loopback(urlsplit(server).hostname or "")
        agent = {"User-Agent": f"bailiwick/{__version__}"}
        self._http = httpx2.Client(base_url=server, timeout=TIMEOUT, trust_env=trust, headers=agent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self._http.close()

    def begin(self) -> Codes:
        """Which codes does the server give? Raises BailiwickError."""
        status, said = self._post("/oauth/device_authorization", scope=SCOPE)
        try:
            if status == 200:
                page = _page(said["verification_uri"])
                return Codes(
                    device_code=str(said["device_code"]),
                    user_code=_plain(said["user_code"]),
                    address=page,
                    address_with_code=_page(said.get("verification_uri_complete", page)),
                    expires_in=float(said["expires_in"]),
                    # WHY at least 1: a server that says 0 would be asked without end and without a pause.
                    interval=min(max(float(said.get("interval", 5)), 1), LONGEST_INTERVAL),
                )
        except (KeyError, TypeError, ValueError):
            pass
        raise self._refused(status, said)

    def wait(self, codes: Codes, sleep: Callable[[float], None] = time.sleep) -> Tokens:
        """Which tokens are given, once somebody has let us in? Raises Denied, Unauthenticated, Unavailable."""
        interval, waited = codes.interval, 0.0
        while waited < codes.expires_in:
            sleep(interval)
            waited += interval
            try:
                status, said = self._post(
                    "/oauth/token", grant_type=DEVICE_GRANT, device_code=codes.device_code
                )
            except Unavailable:
                # WHY: the person still has the page open; a moment without network ends nothing (RFC 8628, 3.5).
                interval = min(interval * 2, LONGEST_INTERVAL)
                continue
            word = said.get("error")
            if status == 200:
                return self._tokens(said)
            if word == "slow_down":
                interval = min(interval + SLOWER_SECONDS, LONGEST_INTERVAL)
            elif word == "access_denied":
                raise Denied("you were not let in: somebody refused it in the browser", action="", reason="refused",
                             help=RUN_LOGIN)  # fmt: skip
            elif word == "expired_token":
                break
            elif word != "authorization_pending":
                raise self._refused(status, said)
        raise Unauthenticated("nobody let you in in time", RUN_LOGIN)

    def refresh(self, refresh_token: str) -> Tokens:
        """Which tokens follow this one, which is good no more? Raises LoginOver, Unavailable."""
        status, said = self._post("/oauth/token", grant_type="refresh_token", refresh_token=refresh_token)
        if status == 200:
            return self._tokens(said)
        if said.get("error") in ("invalid_grant", "invalid_client", "unauthorized_client"):
            raise LoginOver(f"your login at `{self.server}` is over", RUN_LOGIN)
        raise self._refused(status, said)

    def revoke(self, refresh_token: str) -> None:
        """Give the login back: it ends everywhere. Raises Unavailable."""
        status, said = self._post("/oauth/revoke", token=refresh_token, token_type_hint="refresh_token")  # noqa: S106
        if status != 200:
            raise self._refused(status, said)

    def _tokens(self, said: Mapping[str, Any]) -> Tokens:
        try:
            ends = time.time() + float(said["expires_in"])
            return Tokens(str(said["access_token"]), str(said["refresh_token"]), ends)
        except (KeyError, TypeError, ValueError):
            raise self._refused(200, said) from None

    def _post(self, path: str, **fields: str) -> tuple[int, Mapping[str, Any]]:
        try:
            response = self._http.post(path, data={"client_id": CLIENT_ID, **fields})
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise Unavailable(f"no server answers at `{self.server}`: {reason}", "does it run?") from None
        try:
            said = response.json()
        except ValueError:
            said = None
        return response.status_code, said if isinstance(said, dict) else {}

    def _refused(self, status: int, said: Mapping[str, Any]) -> BailiwickError:
        if "error" in said:
            return Unauthenticated(
                f"`{self.server}` refused it: {said.get('error_description') or said['error']}", RUN_LOGIN
            )
        return Unavailable(
            f"what answers at `{self.server}` ({status}) is no Bailiwick server", "is the address right?"
        )


def _plain(value: object) -> str:
    """SECURITY: what a server says is shown on a terminal, and opened in a browser: a text without control signs."""
    text = str(value)
    if not text.isprintable() or len(text) > 2048:
        raise ValueError("expected a printable text")
    return text


def _page(value: object) -> str:
    """SECURITY: a browser opens it, and might start any program for an address of another kind."""
    text = _plain(value)
    if urlsplit(text).scheme not in ("http", "https"):
        raise ValueError("expected the address of a page")
    return text
