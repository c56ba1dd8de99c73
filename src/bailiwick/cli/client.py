"""The server as the command line sees it: a token for the key, then JSON calls.

Errors of the server become BailiwickError with its own words.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from bailiwick.errors import BailiwickError, Finding, Invalid, Unavailable

URL = "BAILIWICK_URL"
KEY = "BAILIWICK_API_KEY"
APIKEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
TIMEOUT_SECONDS = 600.0


class ServerError(BailiwickError):
    """The server refused or failed; `status` is its HTTP status, `problem` its whole answer."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.code = str(problem.get("code", "error"))
        title = problem.get("detail") or problem.get("title") or f"the server answered {status}"
        super().__init__(str(title), problem.get("help"))


class Client:
    """One signed-in caller of one server."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx2.Client(base_url=url.rstrip("/"), timeout=TIMEOUT_SECONDS)
        self._key = key
        self._token: str | None = None
        self._account = ""

    @classmethod
    def from_environment(cls) -> Client:
        """Which server and key do BAILIWICK_URL and BAILIWICK_API_KEY name? Raises Invalid."""
        missing = [name for name in (URL, KEY) if not os.environ.get(name)]
        if missing:
            raise Invalid.at(
                "environment",
                f"{' and '.join(missing)} not set",
                "set BAILIWICK_URL to the server's address and BAILIWICK_API_KEY to your API key",
            )
        return cls(os.environ[URL], os.environ[KEY])

    @property
    def account(self) -> str:
        """Which account does the key belong to?"""
        self._sign_in()
        return self._account

    @property
    def token(self) -> str:
        """Which access token does the key give?"""
        return self._sign_in()

    def account_path(self, rest: str) -> str:
        """Which path is this one of the account?"""
        return f"/v1/accounts/{quote(self.account, safe='')}/{rest}"

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

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """What does the server answer? Raises ServerError, Invalid, Unavailable."""
        headers = {"Authorization": f"Bearer {self._sign_in()}"}
        return _read(self._send(method, path, headers=headers, **arguments))

    def _sign_in(self) -> str:
        if self._token is None:
            form = {"grant_type": APIKEY_GRANT, "apikey": self._key}
            self._token = str(_read(self._send("POST", "/oauth/token", data=form))["access_token"])
            self._account = str(_claims(self._token)["account"])
        return self._token

    def _send(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **arguments)
        except httpx2.HTTPError as error:
            raise Unavailable(f"the server does not answer: {error}", f"is {URL} right?") from error


def _claims(token: str) -> dict[str, Any]:
    """What does the token say? Read for its account only; the server is who verifies it."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(response: httpx2.Response) -> Any:
    kind = response.headers.get("content-type", "")
    body: Any = response.json() if "json" in kind and response.content else response.text
    if response.status_code < 400:
        return body
    problem = body if isinstance(body, dict) else {"detail": f"the server answered {response.status_code}"}
    if "errorMessage" in problem:
        problem = {**problem, "detail": problem["errorMessage"]}
    findings = problem.get("errors")
    if isinstance(findings, list) and findings and response.status_code in (400, 422):
        raise Invalid(_finding(item) for item in findings if isinstance(item, dict))
    raise ServerError(response.status_code, problem)


def _finding(item: Mapping[str, Any]) -> Finding:
    return Finding(
        message=str(item.get("message", item.get("detail", "invalid"))),
        place=str(item.get("place", item.get("pointer", ""))),
        help=item.get("help"),
        file=str(item.get("file") or ""),
        line=int(item.get("line") or 0),
    )
