"""The server as the command line sees it: a token for the key, then JSON calls.

Errors of the server become BailiwickError with its own words.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx2

from bailiwick.cli.login.flow import is_loopback
from bailiwick.cli.login.using import LoggedIn, find_logged_in
from bailiwick.errors import BailiwickError, Finding, Invalid, Unauthenticated, Unavailable

URL = "BAILIWICK_URL"
KEY = "BAILIWICK_API_KEY"
TOKEN = "BAILIWICK_TOKEN"  # noqa: S105 - the name of a variable
APIKEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
# WHY: a hundred thousand documents take their time; a server that is there takes a connection at once.
TIMEOUT = httpx2.Timeout(600.0, connect=10.0)


class ServerError(BailiwickError):
    """The server refused or failed; `status` is its HTTP status, `problem` its whole answer."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        title = problem.get("detail") or problem.get("title") or f"the server answered {status}"
        super().__init__(str(title), problem.get("help"), code=str(problem.get("code", "error")))


class Client:
    """One signed-in caller of one server, for a `with` block."""

    def __init__(
        self, url: str, key: str, token: str | None = None, logged_in: LoggedIn | None = None
    ) -> None:
        host = _host_of(url)
        self._url = url.rstrip("/")
        # WHY: a proxy of the environment cannot reach this machine's own addresses.
        self._http = httpx2.Client(base_url=self._url, timeout=TIMEOUT, trust_env=not is_loopback(host))
        self._key = key
        self._token: str | None = None
        self._account = ""
        self._logged_in = logged_in
        if token is not None:
            self._token, self._account = token, _account_of(token)

    @classmethod
    def from_environment(cls) -> Client:
        """Which server is asked, and as whom? Raises Invalid.

        By BAILIWICK_TOKEN, an access token such as a profile's session gives; else by BAILIWICK_API_KEY; else by the
        login that `bailiwick login` has kept. The first two need BAILIWICK_URL.
        """
        token = os.environ.get(TOKEN, "").strip()
        if not token and TOKEN in os.environ:
            # SECURITY: an assuming that failed leaves it so, and what follows would be done as the key's owner.
            raise Invalid.at(
                "", f"{TOKEN} is set and empty", f"unset it to ask by {KEY}, or assume the profile again"
            )
        # SECURITY: a key that is set and empty is missing; nothing is done as somebody else instead.
        logged_in = find_logged_in() if KEY not in os.environ and not token else None
        if logged_in is not None:
            return cls(logged_in.login.server, "", logged_in=logged_in)
        needed = (URL,) if token else (URL, KEY)
        missing = [name for name in needed if not os.environ.get(name, "").strip()]
        if missing:
            are = "are" if len(missing) > 1 else "is"
            raise Invalid.at(
                "",
                f"{' and '.join(f'`{name}`' for name in missing)} {are} not set",
                f"run `bailiwick login`, or set {URL} to the server's address and {KEY} to your API key",
            )
        if token:
            return cls(os.environ[URL].strip(), "", token)
        return cls(os.environ[URL].strip(), os.environ[KEY].strip())

    @classmethod
    def for_anybody(cls) -> Client:
        """Who asks the server of BAILIWICK_URL for what needs no credential? Raises Invalid."""
        url = os.environ.get(URL, "").strip()
        if not url:
            raise Invalid.at("", f"`{URL}` is not set", f"set {URL} to the server's address")
        return cls(url, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self._http.close()

    @property
    def account(self) -> str:
        """Which account does the key belong to?"""
        self._sign_in()
        return self._account

    @property
    def url(self) -> str:
        """Which server is asked?"""
        return self._url

    @property
    def token(self) -> str:
        """Which access token does the key give?"""
        return self._sign_in()

    def account_path(self, *parts: str) -> str:
        """Under which path does the account have this?"""
        return "/".join(("/v1/accounts", *(quote(part, safe="") for part in (self.account, *parts))))

    def get(self, path: str, **parameters: object) -> Any:
        """What does the server answer to GET?"""
        wanted = {name: _text(value) for name, value in parameters.items() if value is not None}
        return self.call("GET", path, params=wanted)

    def pages(self, path: str, key: str, **parameters: object) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **parameters)
            yield from page[key]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def post(self, path: str, body: object) -> Any:
        """What does the server answer to this POST?"""
        return self.call("POST", path, json=body)

    def post_public(self, path: str, body: object) -> Any:
        """What does the server answer to this POST by whoever it is? No credential is sent."""
        return _read(self._send("POST", path, json=body))

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """What does the server answer? Raises ServerError, Invalid, Unavailable."""
        headers = {**arguments.pop("headers", {}), "Authorization": f"Bearer {self._sign_in()}"}
        response = self._send(method, path, headers=headers, **arguments)
        if response.status_code == 401 and self._logged_in is not None and self._token is not None:
            # WHY once more: the server may have ended this token alone. Nothing was done by it.
            self._token = self._logged_in.next_token(self._token)
            headers["Authorization"] = f"Bearer {self._token}"
            response = self._send(method, path, headers=headers, **arguments)
            if response.status_code == 401:
                raise self._logged_in.over()
        return _read(response)

    def _sign_in(self) -> str:
        if self._logged_in is not None and self._token is None:
            self._token, self._account = self._logged_in.token(), self._logged_in.login.account
        if self._token is None:
            form = {"grant_type": APIKEY_GRANT, "apikey": self._key}
            response = self._send("POST", "/oauth/token", data=form)
            self._token, self._account = _signed_in(response, self._url)
        return self._token

    def _send(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **arguments)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unavailable(
                f"no server answers at `{self._url}`: {str(error) or type(error).__name__}",
                f"is {URL} right, and does the server run?",
            ) from error


def _host_of(url: str) -> str:
    """On which host is the server? Raises Invalid where this is no address."""
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:
        pass
    raise Invalid.at("", f"{URL} is `{url}`, expected an address", "such as http://127.0.0.1:8470")


def _signed_in(response: httpx2.Response, url: str) -> tuple[str, str]:
    """Which token, and of which account, did the server give? Raises Unauthenticated, Unavailable.

    The token is read for its account only; the server is who verifies it.
    """
    answer = _json(response)
    body: dict[str, Any] = answer if isinstance(answer, dict) else {}
    if response.status_code < 400:
        try:
            token = str(body["access_token"])
            return token, _read_account(token)
        except (KeyError, IndexError, TypeError, ValueError):
            pass
    elif body.get("error") == "invalid_grant":
        raise Unauthenticated(
            f"`{url}` does not accept this API key",
            f"is {KEY} right? the key may be of another server, disabled, expired or deleted",
        )
    elif "code" in body:
        raise ServerError(response.status_code, body)
    raise Unavailable(f"what answers at `{url}` is no Bailiwick server", f"is {URL} right?")


def _read_account(token: str) -> str:
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["account"])


def _account_of(token: str) -> str:
    """Of which account is this token? Raises Invalid."""
    try:
        return _read_account(token)
    except (KeyError, IndexError, TypeError, ValueError):
        raise Invalid.at(
            "", f"{TOKEN} is no access token", "such as `bailiwick profile assume` prints"
        ) from None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(response: httpx2.Response) -> Any:
    """Which JSON value is the answer? None: it is something else."""
    if "json" not in response.headers.get("content-type", ""):
        return None
    try:
        return response.json()
    except ValueError:
        return None


def _read(response: httpx2.Response) -> Any:
    body = _json(response)
    if response.status_code < 400:
        return response.text if body is None else body
    problem = body if isinstance(body, dict) else {}
    findings = problem.get("errors")
    if isinstance(findings, list) and findings and response.status_code == 400:
        raise Invalid(_finding(item) for item in findings if isinstance(item, dict))
    raise ServerError(response.status_code, problem)


def _finding(item: Mapping[str, Any]) -> Finding:
    return Finding(
        message=str(item.get("message", item.get("detail", "invalid"))),
        place=str(item.get("place", item.get("pointer", ""))),
        help=item.get("help"),
        file=str(item.get("file") or ""),
        line=int(item.get("line") or 0),
        code=str(item.get("code") or ""),
    )
