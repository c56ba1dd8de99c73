"""Signing out by an application, and taking back what one agreed to, in the console."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.oauth_world import APPLICATIONS, LEFT, enter, give_password, running, uid_of_application
from tests.e2e.server import ACCOUNT, Reply, RunningServer
from tests.e2e.test_authorize import led, visit_of
from tests.e2e.test_oauth_tokens_of_people import portal, userinfo

LOGOUT = "/oauth/logout"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server with people and applications."""
    for one in running(tmp_path_factory.mktemp("leaving")):
        assert one.owner().apply(*APPLICATIONS).status == 200
        yield one


@pytest.fixture
def alice(server: RunningServer) -> Browser:
    """A browser in which alice has signed in."""
    return enter(server, "alice")


def leave(browser: Browser, **fields: str) -> Reply:
    """Follow the application's link."""
    return browser.get(f"{LOGOUT}?{urlencode(fields)}")


def is_there(browser: Browser) -> bool:
    """Is somebody signed in?"""
    return browser.get("/me").status == 200


def id_token(server: RunningServer, browser: Browser) -> str:
    """An ID token of this very visit."""
    return str(portal(server, browser, "openid")["id_token"])


def test_an_application_that_proves_the_visit_ends_it(server: RunningServer, alice: Browser) -> None:
    """At once, and the person is led to the address that it lists, with its state."""
    hint = id_token(server, alice)
    reply = leave(alice, id_token_hint=hint, post_logout_redirect_uri=LEFT, state="a&b")
    assert (reply.status, reply.headers["location"]) == (303, f"{LEFT}?state=a%26b")
    assert not is_there(alice)
    again = leave(alice, id_token_hint=hint, post_logout_redirect_uri=LEFT)
    assert (again.status, again.headers["location"]) == (303, LEFT)


def test_a_hint_counts_long_after_it_is_over(server: RunningServer, alice: Browser) -> None:
    """It says who; the visit is there still."""
    hint = id_token(server, alice)
    server.clock.advance(3500)
    assert is_there(alice)
    server.clock.advance(200)
    reply = leave(alice, id_token_hint=hint)
    assert (reply.status, reply.headers["location"]) == (303, "/console/signed-out")


def test_without_proof_the_person_is_asked(server: RunningServer, alice: Browser) -> None:
    """No hint, a made-up one, one of another visit, one of another person: looking ends nothing."""
    other = id_token(server, enter(server, "alice"))
    bobs = id_token(server, enter(server, "bob"))
    for hint in ("", "made.up.hint", other, bobs):
        page = leave(alice, id_token_hint=hint)
        assert page.status == 200
        assert "Sign out?" in words_of(page.text)
    assert is_there(alice)
    asked = {"client_id": uid_of_application(server, "portal"), "post_logout_redirect_uri": LEFT}
    address = f"{LOGOUT}?{urlencode(asked)}"
    page = alice.get(address)
    assert "Billing portal wants you to sign out" in words_of(page.text)
    found = re.search(r'name="request" value="([^"]*)"', page.text)
    assert found is not None
    fields = {"request": unescape(found[1])}
    for token, site in (("", "same-origin"), (alice.token(address), "cross-site")):
        assert (
            alice.post(f"{LOGOUT}/confirm", fields, token=token, headers={"Sec-Fetch-Site": site}).status
            == 403
        )
    assert is_there(alice)
    assert led(alice.post(f"{LOGOUT}/confirm", fields, seen_at=address)) == LEFT
    assert not is_there(alice)


@pytest.mark.parametrize(
    "uri", [LEFT + "/", LEFT + "?x", "https://evil.example/", "//portal.example/left", "https://portal.example@evil.example/left",
            "https://portal.example/callback", "javascript:alert(1)"],
)  # fmt: skip
def test_nobody_is_led_to_an_address_that_is_not_listed(
    server: RunningServer, alice: Browser, uri: str
) -> None:
    """Signed in or not, with a hint or without; and the visit stays."""
    hint = id_token(server, alice)
    for browser in (alice, Browser(server.address)):
        for fields in ({"id_token_hint": hint}, {"client_id": uid_of_application(server, "portal")}, {}):
            page = leave(browser, post_logout_redirect_uri=uri, **fields)
            assert page.status == 400
            assert "location" not in page.headers
    assert is_there(alice)


def test_what_contradicts_itself_is_refused(server: RunningServer, alice: Browser) -> None:
    """Another application's hint, a parameter twice, what cannot be read."""
    hint = id_token(server, alice)
    assert leave(alice, id_token_hint=hint, client_id=uid_of_application(server, "phone")).status == 400
    assert alice.get(f"{LOGOUT}?state=a&state=b").status == 400
    assert alice.get(f"{LOGOUT}?state=%ff").status == 400
    assert is_there(alice)


def test_a_guest_is_told_that_they_are_out(server: RunningServer) -> None:
    """Without proof nobody is led on by themselves."""
    guest = Browser(server.address)
    assert "You are signed out" in words_of(leave(guest).text)
    client_id = uid_of_application(server, "portal")
    page = leave(guest, client_id=client_id, post_logout_redirect_uri=LEFT)
    assert (page.status, "Go on to Billing portal" in words_of(page.text)) == (200, True)


def test_what_one_agreed_to_is_listed_and_taken_back(server: RunningServer) -> None:
    """On one's profile; nobody takes back another's."""
    give_password(server, "conny")
    conny, bob = enter(server, "conny"), enter(server, "bob")
    assert "No applications" in conny.get("/me/applications").text
    access = portal(server, conny, "openid email offline_access")["access_token"]
    page = conny.get("/me/applications")
    assert "Billing portal" in page.text
    assert "See your email address" in page.text
    consent = server.host.snapshot(ACCOUNT).consents_of(visit_of(server, conny).session.uid)[0]
    assert bob.post("/me/applications/withdraw", {"consent": consent.uid}).status == 404
    assert userinfo(server, access).status == 200
    assert conny.post("/me/applications/withdraw", {"consent": consent.uid}).status == 303
    assert userinfo(server, access).status == 401
    assert "No applications" in conny.get("/me/applications").text
    assert conny.post("/me/applications/withdraw", {"consent": consent.uid}).status == 404


def test_what_applications_began_is_among_ones_sessions(server: RunningServer) -> None:
    """By the application's name; ended there, it is over everywhere."""
    give_password(server, "sessa")
    sessa = enter(server, "sessa")
    access = portal(server, sessa, "openid offline_access")["access_token"]
    page = sessa.get("/me/sessions")
    assert "Billing portal" in page.text
    uid = next(one for one in re.findall(r'name="session" value="([^"]*)"', page.text))
    assert sessa.post("/me/sessions/end", {"session": uid}).status == 303
    assert userinfo(server, access).status == 401
    assert "Billing portal" not in sessa.get("/me/sessions").text
