"""Signing in through a real identity provider of another make, in a browser without scripts, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.foreign_provider import ForeignProvider, come_by, foreign_provider
from tests.e2e.processes import Done, call
from tests.e2e.server import RunningServer

SSO = "/console/sign-in/acme/sso"


@pytest.fixture(scope="module")
def provider() -> Iterator[ForeignProvider]:
    """A provider of another make."""
    with foreign_provider() as running:
        running.know("eve", preferred_username="eve", email="eve@acme.example", groups=["dev"])
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, provider: ForeignProvider) -> Iterator[RunningServer]:
    """A server whose account believes it, makes users, and brings developers into a group."""
    folder = tmp_path_factory.mktemp("federation")
    with RunningServer(folder, provider_networks=("127.0.0.0/8",)) as running:
        reply = running.owner().apply(
            {"kind": "Group", "name": "developers"},
            {**provider.document, "new_users": "create"},
            {
                "kind": "FederationRule",
                "name": "developers",
                "provider": "sso",
                "conditions": [{"claim": "groups", "operator": "CONTAINS", "value": "dev"}],
                "groups": ["group:developers"],
            },
            {
                "kind": "IdentityProvider",
                "name": "down",
                "title": "Broken",
                "issuer": "http://127.0.0.1:1",
                "client_id": "c",
            },
        )
        assert reply.status == 200, reply.text
        given = running.owner().put(
            "identity-providers", "sso", "client-secret", body={"secret": "its-secret"}
        )
        assert given.status == 204, given.text
        yield running


@pytest.fixture
def browser(server: RunningServer) -> Browser:
    """Somebody who has not signed in."""
    return Browser(server.address)


def test_the_client_secret_is_given_by_command(server: RunningServer) -> None:
    """From standard input, and taken away again."""
    variables = {"BAILIWICK_URL": server.address, "BAILIWICK_API_KEY": server.key("user:owner")}
    given = call("identity-provider", "set-secret", "down", stdin="its-secret\n", variables=variables)
    assert given == Done(0, "the client secret of down is kept\n", "")
    taken = call("identity-provider", "set-secret", "down", "--none", variables=variables)
    assert taken == Done(0, "down has no client secret any more\n", "")


def test_the_page_to_sign_in_offers_the_accounts_providers(browser: Browser) -> None:
    """Once the account is known; one without any, and one that is not there, look alike."""
    assert "Sign in with Company" not in browser.get("/console/sign-in").text
    page = browser.get("/console/sign-in?account=acme&next=/console/accounts/acme/users").text
    assert 'href="/console/sign-in/acme/sso?next=/console/accounts/acme/users"' in page.replace("%2F", "/")
    assert "Sign in with Company" in browser.get("/console/sign-in/with?account=acme").text
    unknown = browser.get("/console/sign-in/with?account=nobody")
    assert unknown.status == 200
    assert "Nobody signs in to nobody through an identity provider" in words_of(unknown.text)


def test_somebody_new_signs_in_and_is_where_the_rule_brings_them(
    server: RunningServer, provider: ForeignProvider, browser: Browser
) -> None:
    """From the button to the page that was wanted, at which the new user stands."""
    reply = come_by(browser, provider, "eve", f"{SSO}?next=/console/accounts/acme/me")
    assert (reply.status, reply.headers["location"]) == (303, "/console/accounts/acme/me")
    page = words_of(browser.get("/me").text)
    assert "eve@acme.example" in page
    assert "developers" in page
    members = server.owner().get("groups", "developers").json["members"]
    assert [(one["member"], one["managed_by"]) for one in members] == [("user:eve", "federation")]
    events = server.owner().get("activity", kind="sign-in", principal="user:eve").json["items"]
    assert (events[0]["outcome"], events[0]["detail"]["provider"]) == ("succeeded", "sso")


def test_whatever_page_was_wanted_it_is_one_of_the_accounts(
    server: RunningServer, provider: ForeignProvider, browser: Browser
) -> None:
    """No way leads elsewhere."""
    for wanted in (
        "https://evil.example",
        "//evil.example",
        "/console/accounts/acme/../../x",
        "/console/accounts/other",
    ):
        reply = come_by(browser, provider, "eve", f"{SSO}?next={wanted}")
        assert reply.headers["location"] == "/console/accounts/acme"


def test_nobody_is_signed_in_as_somebody_else_by_a_link(
    server: RunningServer, provider: ForeignProvider, browser: Browser
) -> None:
    """An attacker's own answer, opened in another browser, signs nobody in; neither does it a second time."""
    sent = browser.get(SSO)
    back = urlsplit(provider.sign_in(sent.headers["location"], "eve"))
    victim = Browser(server.address)
    refused = victim.get(f"{back.path}?{back.query}")
    assert refused.status == 401
    assert "begun elsewhere, too long ago, or is over already" in words_of(refused.text)
    assert victim.get("/me").status == 303
    victim.get(SSO)
    assert victim.get(f"{back.path}?{back.query}").status == 401
    assert browser.get(f"{back.path}?{back.query}").status == 401, "it was used up"
    assert come_by(browser, provider, "eve", SSO).status == 303
    assert parse_qs(back.query).keys() >= {"code", "state"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?state=a&code=b",
        "?state=a&state=b&code=c",
        "?code=" + "c" * 6000,
        "?error=access_denied&state=x",
        "?iss=x",
    ],
)
def test_whoever_asked_nothing_gets_no_answer(browser: Browser, query: str) -> None:
    """Made-up, doubled, endless and missing parameters."""
    reply = browser.get(f"{SSO}/callback{query}")
    assert reply.status == 401
    assert "You are not signed in" in reply.text


def test_what_goes_wrong_there_is_said_here(browser: Browser, provider: ForeignProvider) -> None:
    """Who gives up there, a provider that is down, one that is not there: a page that leads on."""
    sent = browser.get(SSO)
    back = urlsplit(provider.sign_in(sent.headers["location"], "", action="deny"))
    refused = browser.get(f"{back.path}?{back.query}")
    assert refused.status == 401
    down = browser.get("/console/sign-in/acme/down")
    assert down.status == 503
    assert "The identity provider does not answer" in words_of(down.text)
    for missing in ("/console/sign-in/acme/other", "/console/sign-in/nobody/sso"):
        assert browser.get(missing).status == 404
    assert 'href="/console/sign-in?account=acme"' in down.text


def test_somebody_whose_name_is_taken_is_refused(
    server: RunningServer, provider: ForeignProvider, browser: Browser
) -> None:
    """And told what to do if it is them."""
    provider.know("mallory", preferred_username="owner", email="owner@acme.example")
    reply = come_by(browser, provider, "mallory", SSO)
    assert reply.status == 401
    assert "link it on your profile" in words_of(reply.text)
    assert server.owner().get("users", "owner").json.get("email") == "owner@acme.example"


def test_a_provider_out_of_use_ends_visits_at_once(
    server: RunningServer, provider: ForeignProvider, browser: Browser
) -> None:
    """At the next request; and nobody comes by it any more."""
    come_by(browser, provider, "eve", SSO)
    assert browser.get("/me").status == 200
    owner = server.owner()
    assert owner.patch("identity-providers", "sso", body={"disabled": True}).status == 200
    assert browser.get("/me").status == 303
    assert browser.get(SSO).status == 404
    assert owner.patch("identity-providers", "sso", body={"disabled": False}).status == 200
