"""A real identity provider of another make (`oidc-provider-mock`), and somebody who signs in at it without scripts."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from tests.e2e.console import FORM, Browser
from tests.e2e.server import Reply

CLIENT_ID = "bailiwick"


@dataclass(frozen=True)
class ForeignProvider:
    """Where it is; it believes everybody who they say they are."""

    issuer: str

    @property
    def document(self) -> dict[str, object]:
        """As the account believes it."""
        return {"kind": "IdentityProvider", "name": "sso", "title": "Company", "issuer": self.issuer,
                "client_id": CLIENT_ID}  # fmt: skip

    def know(self, subject: str, **claims: object) -> None:
        """Let it say this of somebody."""
        body = json.dumps(claims)
        assert self._send("PUT", f"/users/{subject}", body, "application/json").status == 204

    def sign_in(self, address: str, subject: str, *, action: str = "") -> str:
        """Sign in there, at the address to which one was sent; to which address does it send one back?"""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == self.issuer
        form = {"action": action} if action else {"sub": subject}
        reply = self._send("POST", f"{parts.path}?{parts.query}", urlencode(form), FORM)
        assert reply.status == 302, reply.text
        return reply.headers["location"]

    def _send(self, method: str, path: str, body: str, kind: str) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(self.issuer).netloc, timeout=60)
        try:
            connection.request(method, path, body, {"content-type": kind})
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, headers, answer.read())
        finally:
            connection.close()


_RUN = """
import sys
from oidc_provider_mock import run_server_in_thread
with run_server_in_thread() as server:
    print(server.server_port, flush=True)
    sys.stdin.read()
"""


@contextmanager
def foreign_provider() -> Iterator[ForeignProvider]:
    """One that runs as long as the block, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", _RUN]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), "the provider did not start"
        yield ForeignProvider(f"http://127.0.0.1:{port}")
        process.stdin.close()
        process.wait(20)


def come_by(browser: Browser, provider: ForeignProvider, subject: str, address: str) -> Reply:
    """Begin at this address of the console, sign in there, and come back."""
    sent = browser.get(address)
    assert sent.status == 303, sent.text
    back = urlsplit(provider.sign_in(sent.headers["location"], subject))
    return browser.get(f"{back.path}?{back.query}")
