"""Letting a device in through the console: the code is typed or in the link, and nothing happens without a button."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.oauth_world import enter, give_password, owner_of, running
from tests.e2e.server import ACCOUNT, RunningServer

from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.service.oauth.device import DeviceCodes, begin_device, fetch_device
from bailiwick.service.people.events import Client
from bailiwick.service.people.passwords import set_password

CLI = "bailiwick-cli"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server with alice and bob, who have passwords."""
    yield from running(tmp_path_factory.mktemp("device"))


@pytest.fixture
def alice(server: RunningServer) -> Browser:
    """A browser in which alice has signed in."""
    return enter(server, "alice")


def begin(server: RunningServer) -> DeviceCodes:
    """A command line somewhere asks for codes."""
    return begin_device(
        server.host, CLI, "", ("openid", "all"), "", Client("198.51.100.9", "bailiwick/0.4 <b>")
    )


def told(server: RunningServer, codes: DeviceCodes) -> str:
    """What is the program told?"""
    try:
        return fetch_device(server.host, CLI, codes.device_code).uid
    except OAuthRefused as refused:
        return refused.error


def test_a_device_is_let_in(server: RunningServer, alice: Browser) -> None:
    """Type, see who asks from where, approve; the program gets it."""
    codes = begin(server)
    asks = alice.post("/device", {"user_code": codes.user_code.lower()}, seen_at="/device")
    said = words_of(asks.text)
    for words in ("Let Bailiwick command line in?", codes.user_code, "198.51.100.9", "not where you are now",
                  "bailiwick/0.4 <b>", f"alice of account {ACCOUNT}", "Do everything that you may do",
                  "Only if you have just begun this yourself"):  # fmt: skip
        assert words in said
    done = alice.post(
        "/device/answer", {"user_code": codes.user_code, "answer": "approve"}, seen_at="/device"
    )
    assert "was let in" in done.text
    assert told(server, codes).startswith("user-")
    assert told(server, codes) == "invalid_grant"


def test_a_device_is_refused(server: RunningServer, alice: Browser) -> None:
    """Whatever is sent but `approve` refuses."""
    codes = begin(server)
    done = alice.post("/device/answer", {"user_code": codes.user_code}, seen_at="/device")
    assert "was refused" in done.text
    assert told(server, codes) == "access_denied"


def test_a_link_with_the_code_lets_nobody_in_by_itself(server: RunningServer, alice: Browser) -> None:
    """It shows who asks, and waits for the button."""
    codes = begin(server)
    asks = alice.get(f"/device?user_code={codes.user_code}")
    assert "Let it in" in asks.text
    assert told(server, codes) == "authorization_pending"
    assert "frame-ancestors 'none'" in asks.headers["content-security-policy"]


def test_a_guest_signs_in_first_and_comes_back(server: RunningServer) -> None:
    """With the code of the link still in the address."""
    codes = begin(server)
    guest = Browser(server.address)
    led = guest.get(f"/device?user_code={codes.user_code}")
    assert led.status == 303
    following = unquote(led.headers["location"].partition("next=")[2])
    assert following == f"/device?user_code={codes.user_code}"
    fields = {"account": ACCOUNT, "name": "bob", "password": "correct horse 1", "next": following}
    back = guest.post("/console/sign-in", fields, seen_at=led.headers["location"])
    assert (back.status, back.headers["location"]) == (303, following)
    assert "bob of account" in words_of(guest.get(following).text)


def test_who_owes_a_new_password_chooses_it_first(server: RunningServer) -> None:
    """Then comes back to the device."""
    server.owner().apply({"kind": "User", "name": "carol"})
    set_password(server.host, owner_of(server), "carol", "chosen by somebody 1")
    carol = enter(server, "carol", "chosen by somebody 1")
    led = carol.get("/device?user_code=BCDF-GHJK")
    assert led.headers["location"].startswith(f"/console/accounts/{ACCOUNT}/me/password?next=%2Fdevice%3F")
    chosen = {
        "old_password": "chosen by somebody 1",
        "password": "chosen by carol 22",
        "again": "chosen by carol 22",
    }
    done = carol.post(led.headers["location"], chosen, seen_at=led.headers["location"])
    assert (done.status, done.headers["location"]) == (303, "/device?user_code=BCDF-GHJK")


@pytest.mark.parametrize("path", ["/device", "/device/answer"])
def test_forms_from_elsewhere_do_nothing(server: RunningServer, alice: Browser, path: str) -> None:
    """Of another site, without a token, with another visitor's."""
    codes, bob = begin(server), enter(server, "bob")
    fields = {"user_code": codes.user_code, "answer": "approve"}
    for token, site in (
        ("", "same-origin"),
        (bob.token("/device"), "same-origin"),
        (alice.token("/device"), "cross-site"),
    ):
        reply = alice.post(path, fields, token=token, headers={"Sec-Fetch-Site": site})
        assert reply.status == 403
        assert "The form was not accepted" in reply.text
    assert told(server, codes) == "authorization_pending"


def test_a_guest_answers_nothing(server: RunningServer) -> None:
    """Also with a guest's own token."""
    codes, guest = begin(server), Browser(server.address)
    fields = {"user_code": codes.user_code, "answer": "approve"}
    reply = guest.post("/device/answer", fields, seen_at="/console/sign-in")
    assert (reply.status, reply.headers["location"]) == (303, "/console/sign-in?next=%2Fdevice")
    assert told(server, codes) == "authorization_pending"


def test_guessing_is_counted_and_locked(server: RunningServer) -> None:
    """Five wrong codes; then the right one is refused too, in every browser of hers."""
    give_password(server, "dora")
    dora, codes = enter(server, "dora"), begin(server)
    statuses = [
        dora.post("/device", {"user_code": letter * 8}, seen_at="/device").status for letter in "BCDFG"
    ]
    assert statuses == [400] * 5
    locked = enter(server, "dora").post("/device", {"user_code": codes.user_code}, seen_at="/device")
    assert locked.status == 429
    assert "Too many attempts" in locked.text


@pytest.mark.parametrize(
    "wanted",
    ["/device/../console", "/device//evil.example", "//evil.example/device", "/device?x#y", "/devices",
     "https://evil.example/device", "/device\\evil.example", "/device?\r\nx", "/%64evice"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(server: RunningServer, wanted: str) -> None:
    """What is not exactly one of the addresses leads home. (bug class 32)"""
    browser = Browser(server.address)
    fields = {"account": ACCOUNT, "name": "alice", "password": "correct horse 1", "next": wanted}
    reply = browser.post("/console/sign-in", fields, seen_at="/console/sign-in")
    assert (reply.status, reply.headers["location"]) == (303, f"/console/accounts/{ACCOUNT}")
