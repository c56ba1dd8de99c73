"""Signing in through the console: by a link, a password, a code; what a guest and somebody who owes something meet."""

from __future__ import annotations

import re
import time
from base64 import urlsafe_b64encode

import pyotp
import pytest
from tests.e2e.console import Browser
from tests.e2e.server import ACCOUNT, RunningServer

from bailiwick.authn.passwords import HashCost
from bailiwick.model.accounts import Principal
from bailiwick.service.people import hashing
from bailiwick.service.people.invitations import Wish, invite_to_password, invite_user
from bailiwick.service.people.passwords import set_password

SIGN_IN = "/console/sign-in"
PASSWORD = "correct horse 1"
HOME = f"/console/accounts/{ACCOUNT}"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing costs next to nothing."""
    monkeypatch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))


@pytest.fixture
def alice(server: RunningServer) -> Browser:
    """A browser in which alice has chosen a password by a link, and so signed in."""
    server.owner().apply({"kind": "User", "name": "alice"}, {"kind": "Group", "name": "dev"})
    browser = Browser(server.address)
    address = link(server, "alice")
    reply = browser.post(address, chosen(), seen_at=address)
    assert (reply.status, reply.headers["location"]) == (303, HOME)
    return browser


def link(server: RunningServer, name: str) -> str:
    """The path of a link by which this user chooses a password."""
    return path_of(invite_to_password(server.host, session(server), name).address)


def path_of(address: str) -> str:
    """From `/console` on."""
    return "/console" + address.partition("/console")[2]


def session(server: RunningServer):  # type: ignore[no-untyped-def]
    """The owner's."""
    server.client("user:owner")
    return server.host.authenticator.session_of_key(server.key("user:owner"))[0]


def chosen(password: str = PASSWORD, again: str | None = None) -> dict[str, str]:
    """The fields of a password that is chosen."""
    return {"password": password, "again": password if again is None else again}


def given(password: str = PASSWORD, **more: str) -> dict[str, str]:
    """The fields of the sign-in page."""
    return {"account": ACCOUNT, "name": "alice", "password": password, **more}


def enter(browser: Browser, **more: str):  # type: ignore[no-untyped-def]
    """Send the sign-in page."""
    return browser.post(SIGN_IN, given(**more), seen_at=SIGN_IN)


def test_somebody_signs_in_and_out(server: RunningServer, alice: Browser) -> None:
    """The cookie is for no script; after signing out it is good for nothing, also where it was copied."""
    browser = Browser(server.address)
    reply = enter(browser)
    assert (reply.status, reply.headers["location"]) == (303, HOME)
    assert "HttpOnly" in reply.headers["set-cookie"]
    assert "alice" in browser.get("/me").text
    copied = Browser(server.address, dict(browser.cookies))
    reply = browser.post("/sign-out", {})
    assert reply.headers["location"] == "/console/signed-out"
    assert "You are signed out" in browser.get("/console/signed-out").text
    assert copied.get("/me").headers["location"].startswith(SIGN_IN)


def test_whoever_is_refused_learns_nothing(server: RunningServer, alice: Browser) -> None:
    """Unknown account, unknown user, wrong password: the same page, but for what was typed."""
    pages = []
    for fields in (
        given("wrong"),
        {**given(), "name": "alicx"},
        {**given(), "account": "acmx"},
    ):
        reply = Browser(server.address).post(SIGN_IN, fields, seen_at=SIGN_IN)
        assert reply.status == 401
        assert "Account, name or password is wrong" in reply.text
        assert PASSWORD not in reply.text
        token = re.sub(
            r'value="[0-9a-f]{64}"|data-options="[^"]*"|name="passkey_ticket" value="[^"]*"', "", reply.text
        )
        pages.append(token.replace("alicx", "alice").replace("acmx", "acme"))
    assert len(set(pages)) == 1


def test_the_page_that_was_wanted_follows_and_no_other(server: RunningServer, alice: Browser) -> None:
    """No address leads out of the account. (bug class 32)"""
    guest = Browser(server.address)
    sent = guest.get("/users?q=a").headers["location"]
    assert sent == f"{SIGN_IN}?next=%2Fconsole%2Faccounts%2Facme%2Fusers%3Fq%3Da"
    assert 'value="acme"' in guest.get(sent).text
    for wanted, leads in (
        (f"{HOME}/users?q=a", f"{HOME}/users?q=a"),
        (f"{HOME}evil", HOME),
        ("https://evil.example", HOME),
        ("//evil.example", HOME),
        (f"{HOME}/..//evil", HOME),
        ("/\\evil.example", HOME),
        (f"{HOME}/%2e%2e/%2e%2e/%2e%2e/v1", HOME),
        ("javascript:alert(1)", HOME),
        ("/console/accounts/other/", HOME),
    ):
        reply = enter(Browser(server.address), next=wanted)
        assert reply.headers["location"] == leads, wanted


def test_a_form_without_its_token_signs_nobody_in(server: RunningServer, alice: Browser) -> None:
    """Else whoever is lured could be signed in as somebody else."""
    browser = Browser(server.address)
    browser.get(SIGN_IN)
    reply = browser.post(SIGN_IN, given(), token="0" * 64)
    assert (reply.status, "bailiwick-visit" in browser.cookies) == (403, False)


def test_too_many_failures_say_so(server: RunningServer, alice: Browser) -> None:
    """With a status of its own."""
    browser = Browser(server.address)
    for _ in range(5):
        assert enter(browser, password="wrong").status == 401
    reply = enter(browser)
    assert reply.status == 429
    assert "Too many attempts to sign in have failed" in reply.text


def test_an_invitation_says_who_invites_to_what(server: RunningServer) -> None:
    """Errors stand at their fields; accepting signs in; the link is good once."""
    server.owner().apply({"kind": "Group", "name": "dev"})
    made = invite_user(server.host, session(server), Wish(Principal("user:carol"), groups=("dev",)))
    address, browser = path_of(made.address), Browser(server.address)
    shown = browser.get(address).text
    assert (
        "<strong>owner</strong> invites you to the account <strong>acme</strong> as <strong>carol</strong>"
        in shown
    )
    assert "Member of the group dev" in shown
    assert "At least 6 characters" in shown
    reply = browser.post(address, chosen("aaa"), seen_at=address)
    assert (reply.status, reply.text.count('id="password-error"')) == (400, 1)
    reply = browser.post(address, chosen(again="other"), seen_at=address)
    assert "the two are not the same" in reply.text
    reply = browser.post(address, chosen(), seen_at=address)
    assert reply.headers["location"] == HOME
    assert "carol" in browser.get("/me").text
    for answer in (browser.get(address), Browser(server.address).get(f"{address}x")):
        assert answer.status == 404
        assert "This link is not good" in answer.text


def test_a_second_factor_is_set_up_used_and_removed(
    server: RunningServer, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the pages alone, with the code of a phone."""
    now = time.time()
    monkeypatch.setattr(server.host, "_clock", lambda: now)
    before = server.host.snapshot("acme").revision
    assert 'class="seed"' not in alice.get("/me/second-factor").text
    assert server.host.snapshot("acme").revision == before, "looking changes nothing"
    reply = alice.post("/me/second-factor/begin", {}, seen_at="/me/second-factor")
    assert reply.headers["location"] == f"{HOME}/me/second-factor"
    shown = alice.get("/me/second-factor").text
    assert "<svg" in shown
    found = re.search(r'class="seed">([A-Z2-7]+)<', shown)
    assert found is not None
    phone = pyotp.TOTP(found[1])
    wrong = alice.post("/me/second-factor", {"first_code": "000000", "second_code": "111111"})
    assert (wrong.status, 'id="second_code-error"' in wrong.text) == (400, True)
    codes = {"first_code": phone.at(int(now) - 30), "second_code": phone.at(int(now))}
    reply = alice.post("/me/second-factor", codes)
    recovery = re.findall(r"<li><code>([a-z2-9-]{14})</code>", reply.text)
    assert len(recovery) == 10
    assert recovery[0] not in alice.get("/me/second-factor").text
    browser = Browser(server.address)
    assert enter(browser).headers["location"] == f"{SIGN_IN}/code"
    assert browser.get("").headers["location"].startswith(SIGN_IN)
    reply = browser.post(f"{SIGN_IN}/code", {"code": "000000"}, seen_at=f"{SIGN_IN}/code")
    assert (reply.status, 'id="code-error"' in reply.text) == (401, True)
    reply = browser.post(f"{SIGN_IN}/code", {"code": recovery[0]}, seen_at=f"{SIGN_IN}/code")
    assert reply.headers["location"] == HOME
    assert "9 recovery codes left" in browser.get("/me").text
    reply = browser.post("/me/second-factor/remove", {"code": recovery[1]})
    assert reply.status == 303
    assert "none: your password alone is enough" in browser.get("/me").text


def test_who_owes_something_gets_no_further(server: RunningServer, alice: Browser) -> None:
    """Every page of the account leads to what is due, until it is done."""
    server.owner().apply({"kind": "SecuritySettings", "require_second_factor": True})
    for path in ("", "/users", "/projects", "/me", "/me/keys", "/me/sessions"):
        assert alice.get(path).headers.get("location") == f"{HOME}/me/second-factor", path
    assert alice.get("/me/password").headers["location"] == f"{HOME}/me/second-factor"
    assert alice.get("/me/second-factor").status == 200
    assert alice.post("/sign-out", {}, seen_at="/me/second-factor").status == 303


def test_who_owes_a_password_sets_up_no_second_factor(server: RunningServer, alice: Browser) -> None:
    """Whoever gave them the password could keep them out with a phone of their own."""
    set_password(server.host, session(server), "alice", "given horse 3")
    uid = server.host.snapshot("acme").identities["User", "alice"].uid
    browser = Browser(server.address)
    assert enter(browser, password="given horse 3").status == 303
    assert browser.get("/me/second-factor").headers["location"] == f"{HOME}/me/password"
    reply = browser.post("/me/second-factor/begin", {}, seen_at="/me/password")
    assert reply.headers["location"] == f"{HOME}/me/password"
    assert server.host.snapshot("acme").factor_of(uid) is None


def test_changing_the_password_keeps_this_visit_only(server: RunningServer, alice: Browser) -> None:
    """The others end."""
    other = Browser(server.address)
    enter(other)
    fields = {"old_password": "wrong", **chosen("another horse 2")}
    reply = alice.post("/me/password", fields)
    assert (reply.status, 'id="old_password-error"' in reply.text) == (400, True)
    reply = alice.post("/me/password", {**fields, "old_password": PASSWORD})
    assert reply.headers["location"] == f"{HOME}/me"
    assert "Your password was changed" in alice.get("/me").text
    assert other.get("/me").status == 303


def test_what_a_page_says_of_the_form_before_is_the_consoles_own(
    server: RunningServer, alice: Browser
) -> None:
    """Whoever can set cookies breaks no page, and puts no words into its mouth; nor is a note another visit's."""

    def note(said: bytes) -> str:
        return urlsafe_b64encode(said).decode()

    name = "__Host-bailiwick-note"
    other = Browser(server.address)
    enter(other)
    other.post("/me/sessions/end-others", {})
    foreign = other.cookies[name]
    enter(alice)
    for forged in (
        note(b"[" * 9000),
        note(b'["\\ud800", 1]'),
        note(b'["call 555-0100", 1]'),
        f"{note(b'[1, 2]')}.0",
        "",
        foreign,
    ):
        alice.cookies[name] = forged
        for path in ("/me", SIGN_IN):
            reply = Browser(server.address, {name: forged}).get(path) if path == SIGN_IN else alice.get(path)
            assert reply.status == 200, forged
            assert "555-0100" not in reply.text
            assert "session was ended" not in reply.text
