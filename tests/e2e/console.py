"""A small browser without scripts, for tests: follows no redirects, keeps cookies, sends forms with their token."""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urlsplit

from tests.e2e.server import ACCOUNT, Reply

from bailiwick.console.forgery import FIELD

FORM = "application/x-www-form-urlencoded"
WHOLE = ("/console", "/device", "/oauth/", "/.well-known/")
_TOKEN = re.compile(rf'name="{FIELD}" value="([^"]*)"')


@dataclass
class Browser:
    """One visitor of the console at this address."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    account: str = ACCOUNT

    def path(self, path: str) -> str:
        """Under which path is this page of the account?"""
        return f"/console/accounts/{self.account}{path}"

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Open a page: of the account, or, where the path begins like one of WHOLE, any."""
        return self.send("GET", path, headers=headers)

    def post(
        self,
        path: str,
        fields: Mapping[str, str | Sequence[str]],
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        seen_at: str = "",
    ) -> Reply:
        """Send a form as its page would: with the visitor's token, from this site. `seen_at`: a page that has one."""
        said = token if token is not None else self.token(seen_at)
        body = urlencode({FIELD: said, **fields}, doseq=True)
        return self.send(
            "POST", path, body, {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        )

    def token(self, seen_at: str = "") -> str:
        """Which token do this visitor's forms hold?"""
        found = _TOKEN.search(self.get(seen_at).text)
        assert found is not None, "the page has no form"
        return unescape(found[1])

    def send(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request, and keep the cookies of the answer."""
        whole = path if path.startswith(WHOLE) or path == "/" else self.path(path)
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        said = {**({"Cookie": cookies} if cookies else {}), **(headers or {})}
        try:
            connection.request(method, whole, body or None, said)
            answer = connection.getresponse()
            for one in answer.headers.get_all("set-cookie") or ():
                name, _, rest = one.partition("=")
                value = rest.partition(";")[0].strip('"')
                if value:
                    self.cookies[name] = value
                else:
                    self.cookies.pop(name, None)
            return Reply(
                answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
            )
        finally:
            connection.close()


def words_of(page: str) -> str:
    """What does one read on the page: its text in single spaces, without the marks of code?"""
    plain = unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?code>", "", page)))
    return " ".join(plain.replace("`", "").split())
