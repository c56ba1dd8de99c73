"""The authorization endpoint through the console: every step of a person's way, and every way to abuse it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.oauth_world import (
    APPLICATIONS,
    CALLBACK,
    PASSWORD,
    PHONE,
    enter,
    give_password,
    owner_of,
    running,
    uid_of_application,
)
from tests.e2e.server import ACCOUNT, PUBLIC_URL, Reply, RunningServer
from tests.unit.authn.oauth.test_redirects import ATTACKS

from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.authn.oauth.pkce import challenge_of
from bailiwick.service.oauth.codes import Replayed, Spent, spend_code
from bailiwick.service.oauth.consents import withdraw_consent
from bailiwick.service.people.passwords import set_password
from bailiwick.service.people.visits import find_visit

VERIFIER = "v" * 43
DESKTOP = "http://127.0.0.1:49152/callback"
SIGN_IN = "/console/sign-in"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server with people and applications."""
    for one in running(tmp_path_factory.mktemp("authorize")):
        assert one.owner().apply(*APPLICATIONS).status == 200
        yield one


@pytest.fixture
def alice(server: RunningServer) -> Browser:
    """A browser in which alice has signed in."""
    return enter(server, "alice")


def wish(
    server: RunningServer,
    name: str = "phone",
    otherwise: Mapping[str, str | None] | None = None,
    **changed: str,
) -> str:
    """The address of a request by this application, with these parameters instead."""
    callback = {"portal": CALLBACK, "desktop": DESKTOP}.get(name, PHONE)
    said: dict[str, str | None] = {
        "response_type": "code",
        "client_id": uid_of_application(server, name),
        "redirect_uri": callback,
        "scope": "openid",
        "state": "st&te",
        "nonce": "n",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        **(otherwise or {}),
        **changed,
    }
    return "/oauth/authorize?" + urlencode({key: value for key, value in said.items() if value is not None})


def told(reply: Reply, callback: str = PHONE) -> dict[str, str]:
    """What is the application told, by a redirect to its own address?"""
    assert reply.status == 303, reply.text
    return said_at(reply.headers["location"], callback)


def said_at(address: str, callback: str) -> dict[str, str]:
    """Which parameters has the address that leads there?"""
    assert address.startswith(f"{callback}?"), address
    said = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
    assert said.pop("iss") == PUBLIC_URL
    return said


def led(reply: Reply) -> str:
    """To which address does the page lead on?"""
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]*)"', reply.text)
    assert found is not None, reply.text
    return unescape(found[1])


def spent(server: RunningServer, code: str, name: str = "phone", callback: str = PHONE) -> Spent:
    """What does the code give?"""
    got = spend_code(server.host, uid_of_application(server, name), code, callback, VERIFIER)
    assert isinstance(got, Spent)
    return got


def sign_in(browser: Browser, reply: Reply, name: str = "alice", password: str = PASSWORD) -> Reply:
    """Fill in the sign-in page to which this answer leads."""
    assert reply.status == 303
    address = reply.headers["location"]
    assert address.startswith(f"{SIGN_IN}?")
    page = browser.get(address)
    assert page.status == 200
    following = parse_qs(urlsplit(address).query)["next"][0]
    fields = {"account": ACCOUNT, "name": name, "password": password, "next": following}
    return browser.post(SIGN_IN, fields, seen_at=address)


def agree(browser: Browser, address: str, answer: str = "allow") -> Reply:
    """Open the page and press the button."""
    page = browser.get(address)
    found = re.search(r'name="request" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return browser.post(
        "/oauth/authorize/answer", {"request": unescape(found[1]), "answer": answer}, seen_at=address
    )


# The way


def test_whoever_has_signed_in_is_led_back_with_a_code(server: RunningServer, alice: Browser) -> None:
    """By an application of the first party, without a word; state and issuer go with it (RFC 9207)."""
    said = told(alice.get(wish(server)))
    assert set(said) == {"code", "state"}
    assert said["state"] == "st&te"
    approval = spent(server, said["code"]).approval
    assert (approval.account, approval.scopes, approval.nonce) == (ACCOUNT, ("openid",), "n")


def test_a_guest_signs_in_and_is_led_back(server: RunningServer) -> None:
    """The account is the application's, the name the hint's; the page after the password leads on by itself."""
    guest = Browser(server.address)
    asked = guest.get(wish(server, login_hint="alice"))
    page = guest.get(asked.headers["location"])
    assert f'value="{ACCOUNT}"' in page.text
    assert 'value="alice"' in page.text
    here = led(sign_in(guest, asked))
    assert here.startswith("/oauth/authorize?")
    assert "code" in told(guest.get(here))


def test_an_application_that_is_not_trusted_asks_once(server: RunningServer) -> None:
    """The page says which, of whose account, what in words; what was agreed to is remembered."""
    give_password(server, "carla")
    carla = enter(server, "carla")
    address = wish(server, "portal", scope="openid email groups")
    page = carla.get(address)
    assert page.status == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    said = words_of(page.text)
    for words in ("Let Billing portal in?", f"An application of account {ACCOUNT}", "signed in as carla",
                  "See your email address",
                  "See the groups of this account in which you are", CALLBACK):  # fmt: skip
        assert words in said
    code = said_at(led(agree(carla, address)), CALLBACK)["code"]
    assert spent(server, code, "portal", CALLBACK).approval.consent_uid.startswith("consent-")
    assert "code" in told(carla.get(address), CALLBACK)
    assert "code" in told(carla.get(wish(server, "portal")), CALLBACK)
    assert "Let Billing portal in?" in carla.get(wish(server, "portal", scope="openid profile")).text
    assert "Let Billing portal in?" in carla.get(wish(server, "portal", prompt="consent")).text


def test_refusing_tells_the_application(server: RunningServer, alice: Browser) -> None:
    """And nothing is remembered; whatever is sent but `allow` refuses."""
    address = wish(server, "portal")
    for answer in ("refuse", ""):
        said = said_at(led(agree(alice, address, answer)), CALLBACK)
        assert (said["error"], said["state"]) == ("access_denied", "st&te")
    assert "Let Billing portal in?" in alice.get(address).text


def test_withdrawing_consent_asks_again(server: RunningServer) -> None:
    """What was agreed to before counts no more, and a code given before gives nothing."""
    give_password(server, "walter")
    walter = enter(server, "walter")
    address = wish(server, "portal")
    agree(walter, address)
    visit = find_visit(server.host, next(v for k, v in walter.cookies.items() if "visit" in k), address="")
    consent = server.host.snapshot(ACCOUNT).consents_of(visit.session.uid)[0]
    withdraw_consent(server.host, visit, consent.uid)
    assert "Let Billing portal in?" in walter.get(address).text


def test_who_owes_a_new_password_settles_that_first(server: RunningServer) -> None:
    """And comes back to the application after it."""
    server.owner().apply({"kind": "User", "name": "olga"})
    set_password(server.host, owner_of(server), "olga", "chosen by somebody 1")
    olga = enter(server, "olga", "chosen by somebody 1")
    assert told(olga.get(wish(server, prompt="none")))["error"] == "interaction_required"
    owed = olga.get(wish(server)).headers["location"]
    assert owed.startswith(f"/console/accounts/{ACCOUNT}/me/password?next=")
    chosen = {
        "old_password": "chosen by somebody 1",
        "password": "chosen by olga 22",
        "again": "chosen by olga 22",
    }
    here = led(olga.post(owed, chosen, seen_at=owed))
    assert "code" in told(olga.get(here))


def test_a_program_on_the_persons_machine_asks_each_time(server: RunningServer, alice: Browser) -> None:
    """Also one of the first party: which program listens there, nobody knows (RFC 6749, 10.2); at any port."""
    for port in ("49152", "8080"):
        callback = f"http://127.0.0.1:{port}/callback"
        address = wish(server, "desktop", redirect_uri=callback)
        page = alice.get(address)
        assert (page.status, "A program on this computer" in words_of(page.text)) == (200, True)
        assert "code" in said_at(led(agree(alice, address)), callback)
    silent = wish(server, "desktop", redirect_uri=callback, prompt="none")
    assert told(alice.get(silent), callback)["error"] == "consent_required"
    assert not server.host.snapshot(ACCOUNT).consents_of(visit_of(server, alice).session.uid)


# prompt, max_age, acr_values


def test_prompt_none_shows_nobody_a_page(server: RunningServer, alice: Browser) -> None:
    """A code, or the word for what would be due."""
    guest = Browser(server.address)
    assert told(guest.get(wish(server, prompt="none")))["error"] == "login_required"
    assert "code" in told(alice.get(wish(server, prompt="none")))
    asked = alice.get(wish(server, "portal", scope="openid groups", prompt="none"))
    assert told(asked, CALLBACK)["error"] == "consent_required"
    unmet = told(alice.get(wish(server, prompt="none", acr_values="mfa")))
    assert unmet["error"] == "unmet_authentication_requirements"


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_prompt_login_wants_a_new_visit(server: RunningServer, alice: Browser, prompt: str) -> None:
    """An earlier visit is not enough, nor is coming back without signing in; a new one is, once."""
    first = alice.get(wish(server, prompt=prompt))
    following = parse_qs(urlsplit(first.headers["location"]).query)["next"][0]
    assert alice.get(following).headers["location"].startswith(SIGN_IN)
    here = led(sign_in(alice, first))
    assert "code" in told(alice.get(here))


def test_max_age_counts_from_signing_in(server: RunningServer, alice: Browser) -> None:
    """Whoever signed in longer ago signs in again."""
    assert "code" in told(alice.get(wish(server, max_age="60")))
    server.clock.advance(61)
    stale = alice.get(wish(server, max_age="60"))
    assert told(alice.get(wish(server, max_age="60", prompt="none")))["error"] == "login_required"
    assert "code" in told(alice.get(led(sign_in(alice, stale))))
    assert "code" in told(alice.get(wish(server, max_age="60")))


def test_max_age_zero_is_like_prompt_login(server: RunningServer, alice: Browser) -> None:
    """It does not ask without end."""
    server.clock.advance(2)
    asked = alice.get(wish(server, max_age="0"))
    assert "code" in told(alice.get(led(sign_in(alice, asked))))


def test_nobody_makes_up_that_they_have_just_signed_in(server: RunningServer, alice: Browser) -> None:
    """Neither a made-up seal, nor one of another request."""
    later = int(server.clock()) + 10
    sealed = [f"&signed_in_since={one}" for one in ("", "0.none.0", f"{later}.none.{'0' * 64}", "%00", "é")]
    other = parse_qs(
        urlsplit(alice.get(wish(server, prompt="login", state="other")).headers["location"]).query
    )["next"][0]
    bob = enter(server, "bob")
    for seal in (*sealed[:4], "&signed_in_since=" + parse_qs(urlsplit(other).query)["signed_in_since"][0]):
        assert bob.get(wish(server, prompt="login") + seal).headers["location"].startswith(SIGN_IN)


def test_a_second_factor_is_set_up_where_it_is_asked_for(server: RunningServer, alice: Browser) -> None:
    """`acr_values=mfa`: who has none is led to set one up, and knows the way back."""
    owed = alice.get(wish(server, acr_values="mfa")).headers["location"]
    assert owed.startswith(f"/console/accounts/{ACCOUNT}/me/second-factor?next=")
    assert "next=" in alice.get(owed).text


# Who may


def test_only_people_of_the_applications_account_come_in(server: RunningServer) -> None:
    """Whoever has signed in elsewhere is told so, and offered to sign in there."""
    other = server.client_of("globex")
    other.apply({"kind": "Application", **{k: v for k, v in APPLICATIONS[1].items() if k != "kind"}})
    foreign = server.host.snapshot("globex").identities["Application", "phone"].uid
    alice = enter(server, "alice")
    page = alice.get(wish(server, client_id=foreign))
    assert page.status == 403
    assert "phone is of another account" in words_of(page.text)
    assert (
        told(alice.get(wish(server, client_id=foreign, prompt="none")))["error"]
        == "account_selection_required"
    )


def test_a_disabled_application_leads_nowhere(server: RunningServer, alice: Browser) -> None:
    """Like one that is not there."""
    server.owner().apply({**APPLICATIONS[1], "name": "old", "disabled": True})
    for client_id in (uid_of_application(server, "old"), "application-0000", "", "\x00", "x" * 2000):
        page = alice.get(wish(server, client_id=client_id))
        assert page.status == 400
        assert "This cannot go on" in page.text


def test_a_visit_that_is_forced_on_somebody_gives_no_code_of_theirs(server: RunningServer) -> None:
    """Session fixation: signing in makes another visit; the earlier one stays whose it was, and gets nothing."""
    attacker = enter(server, "bob")
    victim = Browser(server.address, dict(attacker.cookies))
    asked = victim.get(wish(server, prompt="login"))
    here = led(sign_in(victim, asked, "alice"))
    code = told(victim.get(here))["code"]
    assert spent(server, code).approval.uid != visit_of(server, attacker).session.uid
    assert visit_of(server, attacker).session.principal == "user:bob"
    assert attacker.get(here).headers["location"].startswith(SIGN_IN)


def visit_of(server: RunningServer, browser: Browser):  # type: ignore[no-untyped-def]
    """Whose visit is it?"""
    return find_visit(server.host, next(v for k, v in browser.cookies.items() if "visit" in k), address="")


# Errors and redirects


@pytest.mark.parametrize("uri", [*ATTACKS, CALLBACK, "http://127.0.0.1:49152/callback/",
                                 "http://localhost:49152/callback",
                                 "http://127.0.0.1:49152@evil.example/callback",
                                 "http://evil.example/callback"])  # fmt: skip
def test_nobody_is_led_to_an_address_that_is_not_registered(
    server: RunningServer, alice: Browser, uri: str
) -> None:
    """The error is a page here, also for a guest, also where the request has other faults. (bug class 32)"""
    for browser in (alice, Browser(server.address)):
        page = browser.get(wish(server, redirect_uri=uri, response_type="token"))
        assert page.status == 400
        assert "location" not in page.headers
        assert "http-equiv" not in page.text


@pytest.mark.parametrize("name", ["redirect_uri", "client_id"])
def test_two_addresses_lead_nowhere(server: RunningServer, alice: Browser, name: str) -> None:
    """Nor two applications, nor none."""
    assert alice.get(wish(server) + f"&{name}=https://evil.example/").status == 400
    assert alice.get(wish(server, otherwise={name: None})).status == 400


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "openid email"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"resource": "https://api.example"}, "invalid_target"),
        ({"request": "x.y.z"}, "request_not_supported"),
    ],
)
def test_other_faults_are_told_to_the_application(
    server: RunningServer, alice: Browser, changed: dict[str, str | None], word: str
) -> None:
    """With the state that it sent, whoever is at the browser."""
    for browser in (alice, Browser(server.address)):
        said = told(browser.get(wish(server, otherwise=changed)))
        assert (said["error"], said["state"]) == (word, "st&te")


def test_a_parameter_given_twice_is_told_without_a_doubtful_state(
    server: RunningServer, alice: Browser
) -> None:
    """Two readers could take two different ones."""
    said = told(alice.get(wish(server) + "&state=other"))
    assert said["error"] == "invalid_request"
    assert "state" not in said


def test_an_application_without_the_grant_is_told(server: RunningServer, alice: Browser) -> None:
    """It has an address, but not this way."""
    server.owner().apply({**APPLICATIONS[1], "name": "silent", "grants": []})
    assert (
        told(alice.get(wish(server, client_id=uid_of_application(server, "silent"))))["error"]
        == "unauthorized_client"
    )


@pytest.mark.parametrize(
    "query", ["", "?" + "a=b&" * 100, "?client_id=%ff%fe&redirect_uri=x", "?x=" + "y" * 6000]
)
def test_what_cannot_be_read_is_a_page(server: RunningServer, alice: Browser, query: str) -> None:
    """Not a fault of the server."""
    assert alice.get("/oauth/authorize" + query).status == 400


def test_the_host_header_changes_nothing(server: RunningServer, alice: Browser) -> None:
    """Issuer and addresses are the configured ones."""
    said = alice.send(
        "GET", wish(server), headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    )
    assert "code" in told(said)


# Forgery


def test_consent_cannot_be_forged(server: RunningServer) -> None:
    """No token, another visitor's, another site: nothing is agreed to."""
    give_password(server, "frieda")
    frieda, bob = enter(server, "frieda"), enter(server, "bob")
    address = wish(server, "portal")
    fields = {"request": address.partition("?")[2], "answer": "allow"}
    for token, site in (
        ("", "same-origin"),
        (bob.token(address), "same-origin"),
        (frieda.token(address), "cross-site"),
    ):
        reply = frieda.post("/oauth/authorize/answer", fields, token=token, headers={"Sec-Fetch-Site": site})
        assert reply.status == 403
        assert "The form was not accepted" in reply.text
    assert not server.host.snapshot(ACCOUNT).consents_of(visit_of(server, frieda).session.uid)


def test_the_form_skips_no_step(server: RunningServer, alice: Browser) -> None:
    """A guest, or one who must sign in anew, is sent back to the beginning; another address is no more believed."""
    guest = Browser(server.address)
    query = wish(server).partition("?")[2]
    reply = guest.post("/oauth/authorize/answer", {"request": query, "answer": "allow"}, seen_at=SIGN_IN)
    assert reply.headers["location"].startswith("/oauth/authorize?")
    anew = wish(server, "portal", prompt="login").partition("?")[2]
    reply = alice.post("/oauth/authorize/answer", {"request": anew, "answer": "allow"}, seen_at="/me")
    assert reply.headers["location"].startswith("/oauth/authorize?")
    evil = wish(server, "portal", redirect_uri="https://evil.example/").partition("?")[2]
    assert (
        alice.post("/oauth/authorize/answer", {"request": evil, "answer": "allow"}, seen_at="/me").status
        == 400
    )


@pytest.mark.parametrize(
    "wanted", ["/oauth/authorize/../evil?x", "//evil.example/oauth/authorize?x", "/oauth/authorize#x",
               "/oauth/authorizex?y",
               "https://evil.example/oauth/authorize?x", "/oauth/authorize?a=b#c", "/oauth/authorize\\@evil.example?x"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(server: RunningServer, wanted: str) -> None:
    """What is not exactly this address leads home."""
    browser = Browser(server.address)
    fields = {"account": ACCOUNT, "name": "alice", "password": PASSWORD, "next": wanted}
    reply = browser.post(SIGN_IN, fields, seen_at=SIGN_IN)
    assert (reply.status, reply.headers["location"]) == (303, f"/console/accounts/{ACCOUNT}")


# Codes


def test_a_code_is_good_once_for_a_minute_for_its_application(server: RunningServer, alice: Browser) -> None:
    """Another application, address or verifier gets nothing; a second time names the session that is to end."""

    def code() -> str:
        return told(alice.get(wish(server)))["code"]

    phone, portal, here = (
        uid_of_application(server, "phone"),
        uid_of_application(server, "portal"),
        PHONE,
    )
    kept = code()
    for client, given, uri, verifier in (
        (portal, kept, here, VERIFIER),
        (phone, code(), here + "/", VERIFIER),
        (phone, code(), DESKTOP, VERIFIER),
        (phone, code(), here, "w" * 43),
        (phone, code(), here, ""),
        (phone, "made-up", here, VERIFIER),
    ):
        with pytest.raises(OAuthRefused, match="the code is wrong"):
            spend_code(server.host, client, given, uri, verifier)
    first = spend_code(server.host, phone, kept, here, VERIFIER)
    assert isinstance(first, Spent)
    assert spend_code(server.host, phone, kept, here, VERIFIER) == Replayed(first.approval, first.session_uid)
    late = code()
    server.clock.advance(60)
    with pytest.raises(OAuthRefused, match="the code is wrong"):
        spend_code(server.host, phone, late, here, VERIFIER)


def test_what_was_agreed_to_counts_at_no_address_that_came_later(server: RunningServer) -> None:
    """Whoever may change an application leads nobody unasked to an address of their own, with what others agreed to."""
    give_password(server, "dora")
    dora, evil = enter(server, "dora"), "https://evil.example/callback"
    address = wish(server, "portal", scope="openid email")
    assert "code" in said_at(led(agree(dora, address)), CALLBACK)
    portal = APPLICATIONS[0]
    assert server.owner().apply({**portal, "redirect_uris": [CALLBACK, evil]}).status == 200
    later = wish(server, "portal", scope="openid email", redirect_uri=evil)
    assert told(dora.get(f"{later}&prompt=none"), evil)["error"] == "consent_required"
    assert evil in words_of(dora.get(later).text)
    less = wish(server, "portal", scope="openid", redirect_uri=evil)
    assert "code" in said_at(led(agree(dora, less)), evil)
    assert "code" in told(dora.get(less), evil)
    assert told(dora.get(f"{later}&prompt=none"), evil)["error"] == "consent_required"
    assert "code" in told(dora.get(address), CALLBACK)
    assert server.owner().apply(portal).status == 200
