"""Federation in the console: providers and rules by their forms, identities of oneself and of others."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.foreign_provider import ForeignProvider, come_by, foreign_provider
from tests.e2e.server import ACCOUNT, RunningServer

from bailiwick.authn.passwords import HashCost
from bailiwick.service.people import hashing
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.events import Client
from bailiwick.service.people.invitations import invite_to_password

PASSWORD = "correct horse 1"
PROVIDERS, RULES = "/settings/identity-providers", "/settings/federation-rules"


@pytest.fixture(scope="module")
def provider() -> Iterator[ForeignProvider]:
    """A provider of another make."""
    with foreign_provider() as running:
        running.know("own", preferred_username="theowner", email="own@sso.example", email_verified=True)
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with a group and a user."""
    folder = tmp_path_factory.mktemp("console-federation")
    with RunningServer(folder, provider_networks=("127.0.0.0/8",)) as running:
        reply = running.owner().apply(
            {"kind": "Group", "name": "developers"}, {"kind": "User", "name": "carol"}
        )
        assert reply.status == 200, reply.text
        yield running


@pytest.fixture(scope="module")
def owner(server: RunningServer) -> Browser:
    """The owner, who has signed in."""
    server.client("user:owner")
    session = server.host.authenticator.session_of_key(server.key("user:owner"))[0]
    link = invite_to_password(server.host, session, "owner").address.rpartition("/")[2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))
        accept(server.host, link, PASSWORD, Client())
        browser, page = Browser(server.address), "/console/sign-in"
        fields = {"account": ACCOUNT, "name": "owner", "password": PASSWORD}
        assert browser.post(page, fields, seen_at=page).status == 303
    return browser


def test_a_provider_its_secret_and_a_rule_are_made_by_forms(
    server: RunningServer, owner: Browser, provider: ForeignProvider
) -> None:
    """From nothing to a provider in use, with what it must be told; wrong fields are marked."""
    assert "No identity providers" in owner.get(PROVIDERS).text
    fields = {"name": "sso", "title": "Company", "issuer": "http://sso.example", "client_id": "bailiwick",
              "new_users": "refuse", "scopes": ["openid", "profile", "email"]}  # fmt: skip
    wrong = owner.post(f"{PROVIDERS}/new", fields, seen_at=f"{PROVIDERS}/new")
    assert wrong.status == 400
    assert "is not reached by https" in words_of(wrong.text)
    made = owner.post(f"{PROVIDERS}/new", {**fields, "issuer": provider.issuer}, seen_at=f"{PROVIDERS}/new")
    assert made.headers["location"].endswith(f"{PROVIDERS}/sso/secret")
    kept = owner.post(f"{PROVIDERS}/sso/secret", {"secret": "its-secret"}, seen_at=f"{PROVIDERS}/sso/secret")
    assert kept.status == 303
    shown = owner.get(f"{PROVIDERS}/sso").text
    assert "https://iam.acme.example/console/sign-in/acme/sso/callback" in shown
    assert "kept, never shown" in shown
    assert "its-secret" not in shown + server.owner().get("export").text + owner.get("/log").text
    rule = {"name": "staff", "provider": "sso", "groups": "developers", "hours": "8",
            "conditions": "- {claim: email, operator: CONTAINS, value: sso.example}"}  # fmt: skip
    made = owner.post(f"{RULES}/new", rule, seen_at=f"{RULES}/new")
    assert made.headers["location"].endswith(f"{RULES}/staff")
    assert "email contains sso.example" in words_of(owner.get(f"{RULES}/staff").text)
    assert (
        'href="/console/accounts/acme/settings/federation-rules/staff"'
        in owner.get(f"/log/{server.host.snapshot('acme').revision}").text
    )
    refused = owner.post(f"{RULES}/new", {**rule, "name": "b", "groups": "members"}, seen_at=f"{RULES}/new")
    assert refused.status == 400
    assert "is built in" in words_of(refused.text)


def test_ones_own_identity_is_linked_and_signs_in(
    server: RunningServer, owner: Browser, provider: ForeignProvider
) -> None:
    """From the profile to the provider, back to a question, and yes; then in another browser by it alone."""
    page = owner.get("/me/identities").text
    assert "Link an identity of Company" in page
    back = come_by(owner, provider, "own", "/me/identities/link/sso")
    assert back.headers["location"] == "/console/accounts/acme/me/identities/confirm"
    asked = words_of(owner.get("/me/identities/confirm").text)
    assert "own@sso.example" in asked
    assert "Whoever has this identity signs in as you" in asked
    done = owner.post("/me/identities/confirm", {}, seen_at="/me/identities/confirm")
    assert done.headers["location"] == "/console/accounts/acme/me/identities"
    elsewhere = Browser(server.address)
    assert come_by(elsewhere, provider, "own", "/console/sign-in/acme/sso").status == 303
    assert "theowner" not in elsewhere.get("/me").text
    assert "owner" in words_of(elsewhere.get("/me").text)
    identity = re.search(r"/me/identities/([^/\"]+)/unlink", owner.get("/me/identities").text)
    assert identity is not None
    unlink = f"/me/identities/{identity[1]}/unlink"
    assert owner.post(unlink, {}, seen_at=unlink).status == 303
    assert elsewhere.get("/me").status == 303, "what it began has ended"
    refused = come_by(elsewhere, provider, "own", "/console/sign-in/acme/sso")
    assert "link it on your profile" in words_of(refused.text)


def test_an_administrator_links_and_unlinks_another(
    server: RunningServer, owner: Browser, provider: ForeignProvider
) -> None:
    """By subject, on the user's page."""
    link = "/users/carol/sign-in/link-identity"
    wrong = owner.post(link, {"provider": "sso", "subject": ""}, seen_at=link)
    assert wrong.status == 400
    assert owner.post(link, {"provider": "sso", "subject": "carol-1"}, seen_at=link).status == 303
    carol = Browser(server.address)
    assert come_by(carol, provider, "carol-1", "/console/sign-in/acme/sso").status == 303
    assert "carol" in words_of(carol.get("/me").text)
    page = owner.get("/users/carol/sign-in").text
    address = re.search(r'href="(/console/[^"]*unlink-identity\?identity=[^"]*)"', page)
    assert address is not None
    assert owner.post(address[1], {}, seen_at=address[1]).status == 303
    assert carol.get("/me").status == 303
    listed = server.owner().get("users", "carol", "identities").json["items"]
    assert listed == []
