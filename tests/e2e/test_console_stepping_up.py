"""A critical deed in an old visit: the console asks who it is and goes on, HTTP says so, and nothing goes round."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import ACCOUNT, Client, RunningServer

from bailiwick.authn.passwords import HashCost
from bailiwick.service.assuming import Wanted, begin_session
from bailiwick.service.people import events, hashing
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.invitations import invite_to_password
from bailiwick.service.people.visits import find_visit

PASSWORD = "correct horse 1"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing costs next to nothing."""
    monkeypatch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))


@pytest.fixture
def owner(server: RunningServer) -> Browser:
    """The owner, in a browser."""
    server.client("user:owner")
    session = server.host.authenticator.session_of_key(server.key("user:owner"))[0]
    accept(
        server.host,
        invite_to_password(server.host, session, "owner").address.rpartition("/")[2],
        PASSWORD,
        events.Client(),
    )
    server.owner().apply({"kind": "User", "name": "bob"}, {"kind": "User", "name": "erin"})
    return another(server)


def another(server: RunningServer) -> Browser:
    """One more visit of the owner's."""
    browser, page = Browser(server.address), "/console/sign-in"
    fields = {"account": ACCOUNT, "name": "owner", "password": PASSWORD}
    assert browser.post(page, fields, seen_at=page).status == 303
    return browser


@pytest.fixture
def later(server: RunningServer, owner: Browser) -> Browser:
    """The same, sixteen minutes afterwards."""
    server.clock.advance(960)
    return owner


def deed_in(page: str) -> str:
    """What waits in the page."""
    found = re.search(r'name="deed" value="([^"]+)"', page)
    assert found is not None
    return unescape(found[1])


def disabled(server: RunningServer) -> set[str]:
    """Who is out of use?"""
    stored = server.host.snapshot(ACCOUNT).account.principals
    return {one for one, principal in stored.items() if principal.disabled}


def test_the_deed_waits_for_the_proof_and_is_done(server: RunningServer, later: Browser) -> None:
    """With what was typed; a wrong password loses nothing; the next deed asks for nothing."""
    fields = {
        "name": "no-deletions",
        "actions": "ims:images:delete",
        "service": "iam",
        "description": "a < b & c",
    }
    asked = later.post("/guardrails/new", fields)
    assert (asked.status, "Your password" in asked.text) == (403, True)
    assert "a &lt; b" not in asked.text
    deed = deed_in(asked.text)
    wrong = later.post("/guardrails/new", {"deed": deed, "password": "wrong"})
    assert wrong.status == 400
    assert "not your password" in wrong.text
    done = later.post("/guardrails/new", {"deed": deed_in(wrong.text), "password": PASSWORD})
    assert done.status == 303, done.text
    guardrail = server.host.snapshot(ACCOUNT).account.guardrails["no-deletions"]
    assert guardrail.description == "a < b & c"
    assert later.post("/users/erin/disable", {}).status == 303


def test_what_waits_is_good_for_its_visit_and_its_address_only(server: RunningServer, later: Browser) -> None:
    """Nor may it be changed, nor be sent without a proof."""
    deed = deed_in(later.post("/users/bob/disable", {}).text)
    thief = another(server)
    for browser, path, text in (
        (later, "/users/erin/disable", deed),
        (thief, "/users/bob/disable", deed),
        (later, "/users/bob/disable", deed[:-6] + "AAAAA="),
        (later, "/users/bob/disable", "x"),
    ):
        assert browser.post(path, {"deed": text, "password": PASSWORD}).status == 403
    assert later.post("/users/bob/disable", {"deed": deed}).status == 400
    assert disabled(server) == set()
    assert later.post("/users/bob/disable", {"deed": deed, "password": PASSWORD}).status == 303
    assert disabled(server) == {"user:bob"}


def test_a_proof_is_shown_beforehand_too_and_leads_nowhere_else(
    server: RunningServer, later: Browser
) -> None:
    """To the page that was wanted, if it is one of the account's."""
    path = f"/console/accounts/{ACCOUNT}/users"
    for wanted, got in ((path, path), ("https://evil.example/", f"/console/accounts/{ACCOUNT}")):
        assert "Is it you?" in later.get(f"/me/step-up?next={wanted}").text
        reply = later.post("/me/step-up", {"password": PASSWORD, "next": wanted})
        assert (reply.status, reply.headers["location"]) == (303, got)
    assert later.post("/users/bob/disable", {}).status == 303


def test_http_says_what_is_missing(server: RunningServer, owner: Browser) -> None:
    """As RFC 9470 writes it, for a token that was made from the visit; a key's token is not asked."""
    ticket = next(text for name, text in owner.cookies.items() if name.endswith("-visit"))
    visit = find_visit(server.host, ticket, address="127.0.0.1")
    token = begin_session(server.host, visit.session, Wanted()).token.text
    server.clock.advance(960)
    client = Client(server.address, token)
    reply = client.delete("users", "bob")
    uid = server.host.snapshot(ACCOUNT).identities["User", "bob"].uid
    by_scim = client.send("DELETE", f"/scim/v2/Users/{uid}")
    client.close()
    assert "user:bob" in server.host.snapshot(ACCOUNT).account.principals
    assert reply.status == 403
    said = reply.error
    assert (said["code"], said["action"], said["max_age_seconds"]) == (
        "step_up_required",
        "iam.user.delete",
        900,
    )
    challenge = reply.headers["www-authenticate"]
    assert (by_scim.status, by_scim.headers["www-authenticate"]) == (403, challenge)
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'max_age="900"' in challenge
    assert server.owner().delete("users", "bob").status < 300
