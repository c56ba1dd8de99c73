"""A real server for tests: a data directory of its own, a free port, a clock that the test moves, and a small client.

`RunningServer` runs the whole application in a thread, from entering the block to leaving it; `Client` speaks HTTP over
one connection as one principal. Nothing here decides or remembers anything that the server should.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from bailiwick.api.serve import ReadyServer, bind, make_server
from bailiwick.authn.operator_tokens import parse_operator_token
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account, initialise
from bailiwick.service.keys.making import create_key
from bailiwick.service.locating import locate
from bailiwick.service.settings import Settings
from bailiwick.store.opening import open_store

ACCOUNT = "acme"
OWNER = "user:owner"
PUBLIC_URL = "https://iam.acme.example"
GRANT = "urn:ibm:params:oauth:grant-type:apikey"
START_SECONDS = 20
FORM = "application/x-www-form-urlencoded"


class Clock:
    """The server's clock: the real one, and what the test added to it."""

    def __init__(self) -> None:
        self.added = 0.0

    def __call__(self) -> float:
        """What time is it for the server, in epoch seconds?"""
        return time.time() + self.added

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.added += seconds


@dataclass(frozen=True)
class Reply:
    """What the server answered. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Which JSON value is the body?"""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """Which text is the body?"""
        return self.body.decode()

    @property
    def error(self) -> dict[str, Any]:
        """Which problem is it, without what every problem has?"""
        problem = dict(self.json)
        assert self.headers["content-type"] == "application/problem+json", self.headers
        assert problem.pop("status") == self.status
        assert problem.pop("type") == f"urn:problem-type:bailiwick:{problem['code']}"
        del problem["title"]
        assert problem.pop("request_id") == self.headers["x-request-id"]
        return problem


class Client:
    """One caller over one connection; None as token: nobody."""

    def __init__(self, address: str, token: str | None = None, account: str = ACCOUNT) -> None:
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=600)
        self._idle_since = time.monotonic()
        self.token = token
        self.account = account

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        **parameters: object,
    ) -> Reply:
        """What is answered? A body that is no bytes is sent as JSON."""
        said, data = self.request_of(body, headers)
        if parameters:
            path += "?" + urlencode({name: _text(value) for name, value in parameters.items()})
        # WHY: the server lets go of connections that are idle for five seconds.
        if time.monotonic() - self._idle_since > 2:
            self._connection.close()
        self._connection.request(method, path, data, said)
        response = self._connection.getresponse()
        content = response.read()
        self._idle_since = time.monotonic()
        return Reply(response.status, {n.lower(): v for n, v in response.getheaders()}, content)

    def request_of(
        self, body: object, headers: Mapping[str, str] | None
    ) -> tuple[dict[str, str], bytes | None]:
        """Which headers and bytes are sent?"""
        said = {"Authorization": f"Bearer {self.token}"} if self.token is not None else {}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            said["Content-Type"] = "application/json"
        return {**said, **(headers or {})}, data

    def path(self, *parts: str) -> str:
        """Which path is it under the account?"""
        return "/".join(
            ("/v1/accounts", quote(self.account, safe=""), *(quote(part, safe="") for part in parts))
        )

    def get(self, *parts: str, headers: Mapping[str, str] | None = None, **parameters: object) -> Reply:
        """What does the account have at this path?"""
        return self.send("GET", self.path(*parts), headers=headers, **parameters)

    def post(
        self, *parts: str, body: object, headers: Mapping[str, str] | None = None, **parameters: object
    ) -> Reply:
        """Create something under the account."""
        return self.send("POST", self.path(*parts), body, headers=headers, **parameters)

    def put(
        self, *parts: str, body: object, headers: Mapping[str, str] | None = None, **parameters: object
    ) -> Reply:
        """Replace something under the account."""
        return self.send("PUT", self.path(*parts), body, headers=headers, **parameters)

    def patch(
        self, *parts: str, body: object, headers: Mapping[str, str] | None = None, **parameters: object
    ) -> Reply:
        """Change something under the account."""
        return self.send("PATCH", self.path(*parts), body, headers=headers, **parameters)

    def delete(self, *parts: str, headers: Mapping[str, str] | None = None, **parameters: object) -> Reply:
        """Remove something under the account."""
        return self.send("DELETE", self.path(*parts), headers=headers, **parameters)

    def apply(self, *documents: Mapping[str, object], **more: object) -> Reply:
        """Make the account match these documents."""
        return self.post("apply", body={"documents": list(documents), **more})

    def apply_text(self, text: str, **more: object) -> Reply:
        """Make the account match this YAML text."""
        return self.post("apply", body={"sources": [{"file": "world.yaml", "text": text}], **more})

    def is_allowed(self, action: str, resource: str, principal: str | None = None) -> bool:
        """Does the server allow it, by AuthZEN? `resource` is a full name."""
        kind, _, name = (principal or self.whoami).partition(":")
        service, last = resource.split(":")[2], resource.rsplit(":", 1)[1].split("/")[-2]
        asked = {
            "subject": {"type": kind, "id": name},
            "action": {"name": action},
            "resource": {"type": f"{service}/{last}", "id": resource},
        }
        reply = self.send("POST", "/access/v1/evaluation", asked)
        assert reply.status == 200, reply.text
        return bool(reply.json["decision"])

    @property
    def whoami(self) -> str:
        """Whose token is it?"""
        payload = str(self.token).split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["principal"])

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass
class RunningServer:
    """A server with one account, `acme`, whose owner is `user:owner`.

    `public_url`: at which address others reach it; "": where it really is, as browsers need it.
    """

    folder: Path
    clock: Clock = field(default_factory=Clock)
    public_url: str = PUBLIC_URL
    proxies: tuple[str, ...] = ()
    provider_networks: tuple[str, ...] = ()
    metrics_token: str | None = None
    _clients: list[Client] = field(default_factory=list)
    _keys: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        key_file = self.folder / "owner.key"
        if not key_file.exists():
            initialise(self.data, ACCOUNT, "owner@acme.example", key_file)
        self._keys[OWNER] = key_file.read_text(encoding="utf-8").strip()
        socket, address = bind("127.0.0.1:0")
        token = self.metrics_token
        settings = Settings(
            self.public_url or f"http://{address}",
            proxies=self.proxies,
            provider_networks=self.provider_networks,
            metrics_token=None if token is None else parse_operator_token(token, "metrics"),
        )
        self.host = Host(open_store(self.data, locate=locate), settings, clock=self.clock)
        self.ready_file = self.folder / "ready"
        self.server: ReadyServer = make_server(self.host, socket, self.ready_file)
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [socket]})
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self.ready_file.exists():
            assert self._thread.is_alive(), "the server ended before it answered"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.005)
        self.address = self.ready_file.read_text(encoding="utf-8").strip()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()
        self.server.should_exit = True
        self._thread.join()
        self.host.close()

    @property
    def data(self) -> Path:
        """In which directory is its data?"""
        return self.folder / "data"

    def nobody(self) -> Client:
        """A caller without a credential."""
        return self.caller(None)

    def owner(self) -> Client:
        """A caller as the account's owner."""
        return self.client(OWNER)

    def client(self, principal: str) -> Client:
        """A caller as this user or service ID, by an API key that the owner makes at the first call."""
        if principal not in self._keys:
            session = self.host.authenticator.session_of_key(self._keys[OWNER])[0]
            self._keys[principal] = create_key(self.host, session, principal).text
        return self.caller(self.token(self._keys[principal]))

    def client_of(self, account: str, principal: str = OWNER) -> Client:
        """A caller as somebody of another account, which is made, with its owner, at the first call."""
        owner_key = self._keys.get(f"{account}/{OWNER}")
        if owner_key is None:
            email = f"owner@{account}.example"
            owner_key = create_account(self.host.store, account, "owner", email, self.host.at())
            self._keys[f"{account}/{OWNER}"] = owner_key
        name = f"{account}/{principal}"
        if name not in self._keys:
            session = self.host.authenticator.session_of_key(owner_key)[0]
            self._keys[name] = create_key(self.host, session, principal).text
        return self.caller(self.token(self._keys[name]), account)

    def token(self, key: str) -> str:
        """Which access token does this API key give, by the token endpoint?"""
        form = urlencode({"grant_type": GRANT, "apikey": key}).encode()
        reply = self.nobody().send("POST", "/oauth/token", form, headers={"Content-Type": FORM})
        assert reply.status == 200, reply.text
        return str(reply.json["access_token"])

    def key(self, principal: str) -> str:
        """Which API key has this principal? Only after `client` was asked for it."""
        return self._keys[principal]

    def caller(self, token: str | None, account: str = ACCOUNT) -> Client:
        """A caller with this token."""
        client = Client(self.address, token, account)
        self._clients.append(client)
        return client

    def export(self) -> str:
        """What does the account hold, as the owner exports it?"""
        reply = self.owner().get("export")
        assert reply.status == 200, reply.text
        return reply.text
