"""A server whose people sign in to applications and let devices in; shared by the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import ACCOUNT, PUBLIC_URL, RunningServer

from bailiwick.authn.passwords import HashCost
from bailiwick.service.people import hashing
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.events import Client
from bailiwick.service.people.invitations import invite_to_password
from bailiwick.service.sessions import Session

PASSWORD = "correct horse 1"
CHEAP = HashCost(memory_kib=8, passes=1)
PEOPLE = ("alice", "bob")


def running(folder: Path, public_url: str = PUBLIC_URL) -> Iterator[RunningServer]:
    """A server with alice and bob, who have passwords. `public_url` "": its real address."""
    with pytest.MonkeyPatch.context() as patch, RunningServer(folder, public_url=public_url) as server:
        patch.setattr(hashing, "COST", CHEAP)
        for name in PEOPLE:
            give_password(server, name)
        yield server


def owner_of(server: RunningServer) -> Session:
    """The owner's session."""
    server.client("user:owner")
    return server.host.authenticator.session_of_key(server.key("user:owner"))[0]


def give_password(server: RunningServer, name: str) -> None:
    """There is a user of this name, who has a password."""
    server.owner().apply({"kind": "User", "name": name, "email": f"{name}@acme.example"})
    address = invite_to_password(server.host, owner_of(server), name).address
    accept(server.host, address.rpartition("/")[2], PASSWORD, Client("203.0.113.7", "a browser"))


def enter(server: RunningServer, name: str, password: str = PASSWORD) -> Browser:
    """A browser in which this user has signed in."""
    browser = Browser(server.address)
    fields = {"account": ACCOUNT, "name": name, "password": password}
    reply = browser.post("/console/sign-in", fields, seen_at="/console/sign-in")
    assert reply.status == 303, reply.text
    return browser


CALLBACK = "https://portal.example/callback"
PHONE = "https://phone.example/callback"
LEFT = "https://portal.example/left"
APPLICATIONS: tuple[dict[str, object], ...] = (
    {
        "kind": "Application",
        "name": "portal",
        "type": "confidential",
        "title": "Billing portal",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [LEFT],
        "grants": ["authorization_code", "refresh_token"],
        "scopes": ["openid", "profile", "email", "groups", "offline_access"],
        "audiences": ["https://api.example"],
    },
    {
        "kind": "Application",
        "name": "phone",
        "type": "public",
        "redirect_uris": [PHONE],
        "grants": ["authorization_code"],
        "scopes": ["openid", "all"],
        "first_party": True,
    },
    {
        "kind": "Application",
        "name": "desktop",
        "type": "public",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "grants": ["authorization_code"],
        "scopes": ["openid"],
        "first_party": True,
    },
    {
        "kind": "Application",
        "name": "set-top-box",
        "type": "public",
        "grants": ["device_code"],
        "scopes": ["openid", "profile"],
    },
)
"""One that asks for consent, one of the first party, a program on somebody's machine, and one without a browser."""


def uid_of_application(server: RunningServer, name: str) -> str:
    """Which client id has this application?"""
    return server.host.snapshot(ACCOUNT).identities["Application", name].uid
