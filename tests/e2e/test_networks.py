"""Networks of an account on every surface of a server behind a proxy: who is outside is answered like a stranger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import FORM, GRANT, RunningServer

from bailiwick.authn.passwords import HashCost
from bailiwick.service.people import hashing
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.events import Client as Place
from bailiwick.service.people.invitations import invite_to_password

PASSWORD = "correct horse 1"
INSIDE, MAPPED, OUTSIDE = "192.0.2.9", "::ffff:192.0.2.9", "198.51.100.1"
SETTINGS = {
    "kind": "SecuritySettings",
    "name": "security",
    "networks": {"console": ["192.0.2.0/24"], "api": ["192.0.2.0/24"]},
}
QUESTION = {
    "subject": {"type": "user", "id": "alice"},
    "action": {"name": "iam.user.read"},
    "resource": {"type": "iam/user", "id": "alice"},
}


def by(address: str) -> dict[str, str]:
    """The header with which the proxy says who the client is; "": it says nothing."""
    return {"X-Forwarded-For": address} if address else {}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server behind a proxy, whose account is entered from one network only, with alice and what she made before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))
        with RunningServer(tmp_path_factory.mktemp("networks"), proxies=("127.0.0.1/32",)) as running:
            owner = running.owner()
            assert owner.apply({"kind": "User", "name": "alice"}).status == 200
            running.client("user:alice")
            session = running.host.authenticator.session_of_key(running.key("user:owner"))[0]
            link = invite_to_password(running.host, session, "alice").address.rpartition("/")[2]
            accept(running.host, link, PASSWORD, Place())
            reply = owner.post("apply", body={"documents": [SETTINGS]}, headers=by(INSIDE))
            assert reply.status == 200, reply.text
            yield running


@pytest.mark.parametrize(
    ("forwarded", "is_in"),
    [
        (INSIDE, True),
        (MAPPED, True),
        (f"{OUTSIDE}, {INSIDE}", True),
        (f"[{MAPPED}]:4711", True),
        (OUTSIDE, False),
        (f"{INSIDE}, {OUTSIDE}", False),
        (f"{INSIDE},{OUTSIDE}, 127.0.0.1", False),
        ("2001:db8::1", False),
        ("nowhere", False),
        ("", False),
    ],
    ids=["in", "mapped", "last-in", "port", "out", "claims-in", "two-proxies", "ipv6", "nonsense", "silent"],
)
def test_every_surface_asks_from_where(server: RunningServer, forwarded: str, is_in: bool) -> None:
    """Administration, AuthZEN fast and by the framework, the token endpoint: the same answer everywhere."""
    caller = server.caller(exchanged(server, INSIDE))
    expected = 200 if is_in else 401
    assert caller.get("api-keys", headers=by(forwarded)).status == expected
    for path in ("/access/v1/evaluation", "/access/v1/evaluation?explain=true"):
        assert caller.send("POST", path, QUESTION, headers=by(forwarded)).status == expected
    form = urlencode({"grant_type": GRANT, "apikey": server.key("user:alice")}).encode()
    for path in ("/oauth/token", "/identity/token"):
        reply = server.nobody().send("POST", path, form, headers={"Content-Type": FORM, **by(forwarded)})
        assert reply.status == (200 if is_in else 400)
        assert is_in or reply.json["errorCode"] == "BXNIM0415E"


def exchanged(server: RunningServer, address: str) -> str:
    """Alice's access token, got from there."""
    form = urlencode({"grant_type": GRANT, "apikey": server.key("user:alice")}).encode()
    reply = server.nobody().send("POST", "/oauth/token", form, headers={"Content-Type": FORM, **by(address)})
    return str(reply.json["access_token"])


def test_no_other_header_moves_an_address(server: RunningServer) -> None:
    """What proxies of other kinds write is not read."""
    caller = server.caller(exchanged(server, INSIDE))
    for name in ("Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP", "True-Client-IP"):
        value = f"for={INSIDE}" if name == "Forwarded" else INSIDE
        headers = {**by(OUTSIDE), name: value}
        assert caller.get("api-keys", headers=headers).status == 401
        assert caller.send("POST", "/access/v1/evaluation", QUESTION, headers=headers).status == 401


def test_two_forwarded_headers_are_one_list(server: RunningServer) -> None:
    """The last address counts, in whichever of them it stands, on the fast path as on the framework's."""
    caller = server.caller(exchanged(server, INSIDE))
    for path in ("/access/v1/evaluation", "/access/v1/evaluation?explain=true"):
        assert caller.send("POST", path, QUESTION, headers=by(f"{INSIDE}, {OUTSIDE}")).status == 401


def test_pages_are_visited_from_inside_only(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing in from outside is answered as a wrong password is; a visit carried outside leads to signing in."""
    monkeypatch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))
    page = "/console/sign-in"
    answers = {}
    for password, address in ((PASSWORD, OUTSIDE), ("wrong", INSIDE)):
        fields = {"account": "acme", "name": "alice", "password": password}
        refused = Browser(server.address)
        refused.get(page)
        reply = refused.post(page, fields, seen_at=page, headers=by(address))
        # WHY: tokens and challenges are drawn anew for each page.
        drawn = r'(name="(form-token|passkey_ticket)" value|data-options)="[^"]*"'
        answers[address] = (reply.status, re.sub(drawn, "", reply.text))
    assert answers[INSIDE] == answers[OUTSIDE]
    assert answers[INSIDE][0] == 401
    browser = Browser(server.address)
    fields = {"account": "acme", "name": "alice", "password": PASSWORD}
    assert browser.post(page, fields, seen_at=page, headers=by(INSIDE)).status == 303
    assert browser.get("/me", headers=by(MAPPED)).status == 200
    kept = dict(browser.cookies)
    for address in (OUTSIDE, ""):
        browser.cookies = dict(kept)
        reply = browser.get("/me", headers=by(address))
        assert (reply.status, "/console/sign-in" in reply.headers["location"]) == (303, True)


def test_without_a_proxy_the_header_says_nothing(tmp_path: Path) -> None:
    """Nobody talks themselves into a network."""
    with RunningServer(tmp_path) as plain:
        owner = plain.owner()
        networks = {"networks": {"api": ["127.0.0.0/8"]}}
        assert owner.apply({"kind": "SecuritySettings", "name": "security", **networks}).status == 200
        assert owner.get("users", headers=by(OUTSIDE)).status == 200
        assert owner.send("POST", "/access/v1/evaluation", QUESTION, headers=by(OUTSIDE)).status == 200
        outside = {"networks": {"api": ["192.0.2.0/24"]}}
        reply = owner.apply({"kind": "SecuritySettings", "name": "security", **outside})
        assert (reply.status, "you would shut yourself out" in reply.text) == (400, True)
