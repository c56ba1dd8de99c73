"""A server in this process, without network or disk, that goes back to where it was after every request.

`World` is a `RunningServer` for whoever fills or asks it; `rewind` undoes what the last request changed, so that each
request of each persona meets the same account. It must not decide anything that the server should.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import unquote, urlencode, urlsplit

import pytest
from fastapi import FastAPI
from starlette.types import Message
from tests.e2e.console import FORM, WHOLE, Browser
from tests.e2e.server import ACCOUNT, OWNER, PUBLIC_URL, Client, Reply, RunningServer

from bailiwick.api.app import build_app
from bailiwick.authn.passwords import HashCost
from bailiwick.console.forgery import FIELD
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account
from bailiwick.service.keyring import create_key_sets
from bailiwick.service.locating import locate
from bailiwick.service.people import hashing
from bailiwick.service.settings import Settings
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.memory import MemoryStore
from bailiwick.store.memory_activity import MemoryActivityLog
from bailiwick.store.memory_reads import MemoryLog

ELSEWHERE = "other"
PASSWORD = "every persona has 1 long password"
WITH_SESSIONS = ("user:max", "service-id:ci")
# Who asks: principal and account; "" where nobody has signed in.
PERSONAS: Mapping[str, tuple[str, str]] = {
    "anonymous": ("", ACCOUNT),
    "member": ("user:member", ACCOUNT),
    "auditor": ("user:auditor", ACCOUNT),
    "project": ("user:pat", ACCOUNT),
    "admin": ("user:adam", ACCOUNT),
    "owner": (OWNER, ACCOUNT),
    "stranger": (OWNER, ELSEWHERE),
}


def persona_documents(project: str) -> list[dict[str, object]]:
    """Who is there, and what do they hold: nothing, reading, one project, or all that can be granted?"""
    in_project: dict[str, object] = {"project": project}
    return [
        *[_named("User", name) for name in ("member", "auditor", "pat", "adam")],
        _named("Group", "empty"),
        _policy("auditor", "Viewer", {"service": "iam"}),
        _policy("pat", "EPS FullAccess", {"service": "eps", **in_project}),
        _policy("pat", "Administrator", {"service": "iam", **in_project}, "in-iam"),
        _policy("pat", "Administrator", in_project, "in-all"),
        _policy("adam", "Administrator", {"service": "iam"}, "in-iam"),
        _policy("adam", "Administrator", {}, "in-all"),
    ]


def _named(kind: str, name: str) -> dict[str, object]:
    return {"kind": kind, "name": name}


def _policy(user: str, role: str, scope: dict[str, object], suffix: str = "has") -> dict[str, object]:
    name = f"{user}-{suffix}"
    return {"kind": "Policy", "name": name, "subjects": [f"user:{user}"], "roles": [role], "scope": scope}


class InProcessClient(Client):
    """A caller without a connection."""

    def __init__(self, world: World, token: str | None, account: str) -> None:
        super().__init__(world.address, token, account)
        self._world = world

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        **parameters: object,
    ) -> Reply:
        """What is answered?"""
        said, data = self.request_of(body, headers)
        target = path + (f"?{urlencode(parameters)}" if parameters else "")
        return self._world.ask(method, target, data or b"", said)


@dataclass
class InProcessBrowser(Browser):
    """A visitor without a connection."""

    world: World = field(kw_only=True, repr=False)
    form_token: str = ""

    def send(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request, and keep the cookies of the answer."""
        whole = path if path.startswith(WHOLE) or path == "/" else self.path(path)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        said = {**({"Cookie": cookies} if cookies else {}), **(headers or {})}
        reply = self.world.ask(method, whole, body.encode(), said)
        for line in self.world.cookies:
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0].strip('"')
        return reply

    def copy(self) -> InProcessBrowser:
        """The same visitor, whom what follows does not change."""
        return replace(self, cookies=dict(self.cookies))

    def fill_in(self, address: str, form: Mapping[str, Any]) -> Reply:
        """Send this form with the visitor's token."""
        body = urlencode({FIELD: self.form_token, **form}, doseq=True)
        return self.send("POST", address, body, {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"})


@dataclass
class World(RunningServer):
    """A server of personas, in memory. `folder` is not used."""

    project: str = "web"
    invitation: str = ""
    cookies: list[str] = field(default_factory=list)
    tokens: dict[str, str | None] = field(default_factory=dict)
    browsers: dict[str, InProcessBrowser] = field(default_factory=dict)
    _kept: _Kept | None = None

    def __enter__(self) -> Self:
        self.address = PUBLIC_URL
        self.store = MemoryStore(locate=locate)
        self.host = Host(_begun(self.store, self._keys), Settings(PUBLIC_URL), clock=self.clock)
        self.app: FastAPI = build_app(self.host)
        self._runner = asyncio.Runner()
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr("anyio.to_thread.run_sync", _at_once)
        self._patch.setattr(hashing, "COST", HashCost(memory_kib=64, passes=1))
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
        self._runner.close()
        self.host.close()

    def caller(self, token: str | None, account: str = ACCOUNT) -> Client:
        """A caller with this token."""
        return InProcessClient(self, token, account)

    def ask(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """What does the application answer?"""
        parts, sent = urlsplit(target), [body]
        status, said, content = 0, [(b"", b"")], bytearray()

        async def receive() -> Message:
            if not sent:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": sent.pop(), "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, said
            if message["type"] == "http.response.start":
                status, said = int(message["status"]), list(message["headers"])
            else:
                content.extend(message.get("body", b""))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            + [(b"host", urlsplit(PUBLIC_URL).netloc.encode()), (b"content-length", b"%d" % len(body))],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8470),
        }
        self._runner.run(self.app(scope, receive, send))
        self.cookies = [value.decode() for name, value in said if name == b"set-cookie"]
        return Reply(status, {name.decode().lower(): value.decode() for name, value in said}, bytes(content))

    def admit(self) -> None:
        """Let every persona have what it asks with: a token, and a visit in a browser."""
        reply = self.owner().apply(*persona_documents(self.project))
        assert reply.status == 200, reply.text
        made = self.owner().post("invitations", body={"name": "newcomer"})
        self.invitation = str(made.json["link"]).rpartition("/")[2]
        for principal in WITH_SESSIONS:
            if principal in self.host.snapshot(ACCOUNT).account.principals:
                assert self.client(principal).post("sessions", body={}).status == 201
        for persona, (principal, account) in PERSONAS.items():
            browser = InProcessBrowser(self.address, {}, account, world=self)
            self.tokens[persona] = None
            if principal:
                caller = self.client(principal) if account == ACCOUNT else self.client_of(account, principal)
                self.tokens[persona] = caller.token
                self._sign_in(browser, principal)
            browser.form_token = browser.token("" if principal else "/console/sign-in")
            self.browsers[persona] = browser
        self.keep()

    def _sign_in(self, browser: InProcessBrowser, principal: str) -> None:
        owner = self.owner() if browser.account == ACCOUNT else self.client_of(browser.account)
        made = owner.post("users", principal.partition(":")[2], "reset-password", body={})
        assert made.status == 201, made.text
        page = urlsplit(str(made.json["link"])).path
        fields = {"password": PASSWORD, "again": PASSWORD}
        assert browser.post(page, fields, seen_at=page).status == 303

    def key_of(self, persona: str) -> str:
        """Which API key has this persona? "": none."""
        principal, account = PERSONAS[persona]
        return self._keys.get(principal if account == ACCOUNT else f"{account}/{principal}", "")

    def key_id(self, persona: str) -> str:
        """Under which id is this persona's API key kept? "none": it has none."""
        text = self.key_of(persona)
        return self.host.authenticator.session_of_key(text)[0].credential if text else "none"

    def keep(self) -> None:
        """Come back to this moment at every `rewind`."""
        self._kept = _Kept.of(self.store, self.host)

    def has_changed(self) -> bool:
        """Is anything else than at `keep`?"""
        assert self._kept is not None
        return not self._kept.is_now(self.store)

    def rewind(self) -> None:
        """Undo what happened since `keep`, if anything did that a later request could notice."""
        assert self._kept is not None
        if self._kept.is_now(self.store):
            return
        self._kept.put_back(self.store)
        Host.__init__(self.host, self.store, self.host.settings, catalog=self.host.catalog, clock=self.clock)
        for account, snapshot in self._kept.snapshots.items():
            self.host.held._held.put(account, snapshot)


async def _at_once(function: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
    """WHY not in a thread: one request at a time needs none, and on a busy machine it waits longer than it works."""
    return function(*arguments)


def _begun(store: MemoryStore, keys: dict[str, str]) -> MemoryStore:
    at = datetime.now(UTC)
    create_key_sets(store, at)
    keys[OWNER] = create_account(store, ACCOUNT, "owner", "owner@acme.example", at)
    return store


@dataclass
class _Kept:
    """All that a store in memory holds, at one moment; and what was compiled of it."""

    logs: dict[str, MemoryLog]
    activity: dict[str, MemoryActivityLog]
    snapshots: dict[str, Snapshot]

    @classmethod
    def of(cls, store: MemoryStore, host: Host) -> _Kept:
        for account in host.accounts():
            host.snapshot(account)
        logs = {name: _copied(log) for name, log in store.logs.items()}
        snapshots = {name: host.snapshot(name) for name in host.accounts()}
        return cls(logs, _contents(store.activity.logs), snapshots)

    def is_now(self, store: MemoryStore) -> bool:
        """Does the store hold the same? Refusals and uses of credentials, which nothing reads, aside."""
        heads = {name: log.head for name, log in store.logs.items()}
        notes, before = (
            {log: one.notes for log, one in each.items() if one.notes}
            for each in (store.activity.logs, self.activity)
        )
        return heads == {name: log.head for name, log in self.logs.items()} and notes == before

    def put_back(self, store: MemoryStore) -> None:
        store.logs.clear()
        store.logs.update({name: _copied(log) for name, log in self.logs.items()})
        store.activity.logs = _contents(self.activity)
        store.generation.bump()


def _copied(log: MemoryLog) -> MemoryLog:
    return replace(log, **{one.name: copy(getattr(log, one.name)) for one in fields(log)})


def _contents(activity: dict[str, MemoryActivityLog]) -> dict[str, MemoryActivityLog]:
    return {
        log: replace(kept, **{one.name: copy(getattr(kept, one.name)) for one in fields(kept)})
        for log, kept in activity.items()
    }
