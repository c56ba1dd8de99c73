"""What a browser brings back from a provider: every answer that is not the one that was asked for is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.federation.provider import ISSUER, PROVIDER, Browser, Played, play

from bailiwick.authn.federation.faults import Fault, SignInRefused
from bailiwick.errors import Denied, NotFound, Unavailable
from bailiwick.service.federation.asking import Answer
from bailiwick.service.federation.directory import ProviderDirectory
from bailiwick.service.federation.providers import find_client_secret, set_client_secret
from bailiwick.service.federation.states import MOST_BEGUN, STATE_SECONDS, new_binding
from bailiwick.service.people.visits import Visit
from bailiwick.store.ports import EventFilter

MAKES = PROVIDER + "new_users: create\n"
EVE = {"preferred_username": "eve"}


@pytest.fixture
def played(acme: Installation) -> Played:
    """A provider that makes users."""
    return play(acme, MAKES)


@pytest.fixture
def browser(acme: Installation, played: Played) -> Browser:
    """Somebody's browser."""
    return Browser(acme, played)


def refused(browser: Browser, answer: Answer) -> Fault:
    """For which fault?"""
    with pytest.raises(SignInRefused) as caught:
        browser.bring(answer)
    return caught.value.fault


def test_the_provider_is_asked_for_what_it_must_be(acme: Installation, browser: Browser) -> None:
    """A code, for this client, to this provider's own address, with a proof key, a state and a nonce of this time."""
    asked = parse_qs(urlsplit(browser.go()).query)
    again = parse_qs(urlsplit(browser.go()).query)
    assert asked["redirect_uri"] == ["https://iam.acme.example/console/sign-in/acme/sso/callback"]
    assert (asked["client_id"], asked["scope"]) == (["bailiwick"], ["openid profile email"])
    for name in ("state", "nonce", "code_challenge"):
        assert asked[name] != again[name]
    acme.apply(MAKES + "maximum_age_minutes: 5\n")
    assert parse_qs(urlsplit(browser.go()).query)["max_age"] == ["300"]


def test_a_state_counts_once_in_the_browser_that_was_given_it(acme: Installation, browser: Browser) -> None:
    """Not twice, not elsewhere, not later, not without the cookie: nobody is signed in by somebody else's link."""
    answer = browser.answer(**EVE)
    for binding in ("", "x", new_binding("")):
        stranger = Browser(acme, browser.played, binding)
        assert refused(stranger, answer) is Fault.STATE
    # SECURITY: whoever tried it elsewhere has used it up.
    assert refused(browser, answer) is Fault.STATE
    answer = browser.answer(**EVE)
    assert isinstance(browser.bring(answer), Visit)
    assert refused(browser, answer) is Fault.STATE
    for state in ("", "made-up", "a" * 101, "\ud800"):
        assert refused(browser, replace(answer, state=state)) is Fault.STATE
    late = browser.answer(**EVE)
    acme.clock.seconds += STATE_SECONDS + 1
    assert refused(browser, late) is Fault.STATE


def test_a_code_is_good_in_its_own_flow_only(browser: Browser) -> None:
    """One that was used, one of another flow of the same browser, one of another browser (proof key), none."""
    first = browser.answer(**EVE)
    browser.bring(first)
    second = browser.answer(**EVE)
    assert refused(browser, replace(second, code=first.code)) is Fault.CODE
    third, fourth = browser.answer(**EVE), browser.answer(**EVE)
    assert refused(browser, replace(third, code=fourth.code)) is Fault.CODE
    stolen = Browser(browser.acme, browser.played).answer(**EVE)
    mine = browser.answer(**EVE)
    assert refused(browser, replace(mine, code=stolen.code)) is Fault.CODE
    assert refused(browser, replace(browser.answer(), code="")) is Fault.CODE
    assert refused(browser, replace(browser.answer(), code="c" * 5000)) is Fault.CODE


def test_an_answer_of_another_provider_is_refused(acme: Installation, browser: Browser) -> None:
    """At another's address, or naming another issuer, also where a provider that names itself does not. (RFC 9207)"""
    acme.apply(MAKES.replace("name: sso", "name: other"))
    assert refused(browser, replace(browser.answer(**EVE), provider="other")) is Fault.MIX_UP
    assert refused(browser, replace(browser.answer(**EVE), account="elsewhere")) is Fault.MIX_UP
    for issuer in ("https://evil.example", ISSUER + "/", ""):
        assert refused(browser, replace(browser.answer(**EVE), issuer=issuer)) is Fault.MIX_UP
    assert isinstance(browser.bring(replace(browser.answer(**EVE), issuer=ISSUER)), Visit)
    browser.played.metadata["authorization_response_iss_parameter_supported"] = True
    acme.host.providers = ProviderDirectory(browser.played, acme.host.now)
    assert refused(browser, browser.answer(**EVE)) is Fault.MIX_UP
    sent = len(browser.played.sent)
    assert refused(browser, replace(browser.answer(**EVE), issuer="https://evil.example")) is Fault.MIX_UP
    assert len(browser.played.sent) == sent, "no code was sent anywhere"


def test_a_provider_that_was_changed_meanwhile_is_not_believed(acme: Installation, browser: Browser) -> None:
    """Disabled, or another issuer, between the way there and the way back."""
    answer = browser.answer(**EVE)
    acme.apply(MAKES + "disabled: true\n")
    assert refused(browser, answer) is Fault.STATE
    with pytest.raises(NotFound):
        browser.go()
    acme.apply(MAKES)
    answer = browser.answer(**EVE)
    acme.apply(MAKES.replace(ISSUER, "https://other.example"))
    assert refused(browser, answer) is Fault.STATE


@pytest.mark.parametrize(
    ("said", "header", "fault"),
    [
        ({"nonce": "another"}, {}, Fault.NONCE),
        ({"aud": "another"}, {}, Fault.AUDIENCE),
        ({"iss": "https://evil.example"}, {}, Fault.ISSUER),
        ({"exp": 1}, {}, Fault.EXPIRED),
        ({"sub": None}, {}, Fault.SUBJECT),
        ({}, {"alg": "none"}, Fault.ALGORITHM),
        ({}, {"alg": "HS256"}, Fault.ALGORITHM),
        ({}, {"kid": "gone"}, Fault.UNKNOWN_KEY),
    ],
)
def test_a_token_that_is_not_ours_signs_nobody_in(
    browser: Browser, said: dict[str, Any], header: dict[str, Any], fault: Fault
) -> None:
    """The checks of tests/unit/authn/federation are those that are made here; and why is recorded."""
    browser.played.said.update(said)
    browser.played.header.update(header)
    assert refused(browser, browser.answer(**EVE)) is fault
    event = browser.acme.store.activity.events(EventFilter("account:acme"), None, 1, newest_first=True)[
        0
    ].event
    assert (event.outcome, event.detail["reason"], event.detail["provider"]) == (
        "refused",
        fault.value,
        "sso",
    )


def test_a_denial_there_is_said_in_known_words_only(browser: Browser) -> None:
    """Whatever the address says of the error, nothing of it is shown."""
    for error, words in (("access_denied", "refused or given up"), ("<script>", "could not sign you in")):
        answer = Answer("acme", "sso", browser.answer().state, "", error, None)
        with pytest.raises(SignInRefused, match=words) as caught:
            browser.bring(answer)
        assert caught.value.fault is Fault.DENIED_THERE


def test_a_new_key_is_looked_for_once_a_minute(acme: Installation, browser: Browser) -> None:
    """A provider that turned its keys over is believed; whoever names unknown keys makes nobody ask without end."""
    browser.sign_in(**EVE)
    browser.played.kids[:] = ["new"]
    browser.played.header["kid"] = "new"
    acme.clock.seconds += 61
    assert browser.sign_in().session.principal == "user:eve"
    browser.played.header["kid"] = "unknown"
    acme.clock.seconds += 61
    asked = [refused(browser, browser.answer()) for _ in range(5)]
    assert asked == [Fault.UNKNOWN_KEY] * 5
    assert sum(url.endswith("/jwks_uri") for url in browser.played.asked) == 3


def test_a_provider_that_is_down_is_asked_once(acme: Installation, browser: Browser) -> None:
    """For some seconds everybody gets the same answer; then it is asked again."""
    browser.played.down.append(True)
    for _ in range(3):
        with pytest.raises(Unavailable, match="does not answer"):
            browser.go()
    assert len(browser.played.asked) == 1
    browser.played.down.clear()
    acme.clock.seconds += 11
    assert browser.go().startswith(ISSUER)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": ISSUER + "/"},
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "http://sso.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://sso.example\r\nx: y"},
        {"jwks_uri": ["https://sso.example/keys"]},
        {"userinfo_endpoint": "file:///etc/passwd"},
    ],
)
def test_metadata_that_is_not_this_issuers_is_refused(
    acme: Installation, metadata: dict[str, object]
) -> None:
    """Another issuer, with a slash more too; addresses that are none, or not https."""
    browser = Browser(acme, play(acme, MAKES, metadata=metadata))
    with pytest.raises(Unavailable):
        browser.go()


def test_userinfo_must_be_about_the_same_person(acme: Installation, browser: Browser) -> None:
    """What only it says counts, what the ID token says comes first, and another subject's is refused."""
    browser.played.metadata["userinfo_endpoint"] = f"{ISSUER}/userinfo"
    acme.host.providers = ProviderDirectory(browser.played, acme.host.now)
    browser.played.userinfo.update({"sub": "s-1", "preferred_username": "frida", "email": "f@acme.example"})
    assert browser.sign_in().session.principal == "user:frida"
    browser.played.userinfo["sub"] = "s-2"
    assert refused(browser, browser.answer()) is Fault.USERINFO
    del browser.played.userinfo["sub"]
    assert refused(browser, browser.answer("s-3", **EVE)) is Fault.USERINFO


def test_the_client_secret_is_kept_apart(acme: Installation, browser: Browser) -> None:
    """Sent as the provider takes it, in no document, changed by who may, gone with the provider."""
    browser.sign_in(**EVE)
    assert browser.played.sent[-1][0]["client_id"] == "bailiwick"
    set_client_secret(acme.host, acme.owner, "sso", "a b:c")
    browser.sign_in()
    assert browser.played.sent[-1][1] == ("bailiwick", "a%20b%3Ac")
    browser.played.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    acme.host.providers = ProviderDirectory(browser.played, acme.host.now)
    browser.sign_in()
    assert browser.played.sent[-1] == (browser.played.sent[-1][0], None)
    assert browser.played.sent[-1][0]["client_secret"] == "a b:c"
    with pytest.raises(Denied):
        set_client_secret(acme.host, acme.session("user:bob"), "sso", "mine")
    with pytest.raises(Denied):
        set_client_secret(acme.host, acme.session("user:bob"), "nobody", "mine")
    now = acme.host.snapshot("acme")
    uid = now.identities["IdentityProvider", "sso"].uid
    assert find_client_secret(acme.another_host(), now, uid) == "a b:c"
    set_client_secret(acme.host, acme.owner, "sso", "")
    assert find_client_secret(acme.host, acme.host.snapshot("acme"), uid) == ""


def test_nobody_begins_without_end(acme: Installation, browser: Browser) -> None:
    """From one network, in ten minutes; others may."""
    for _ in range(MOST_BEGUN):
        browser.go()
    with pytest.raises(Unavailable, match="too many sign-ins"):
        browser.go()
    acme.clock.seconds += STATE_SECONDS + 1
    assert browser.go()
