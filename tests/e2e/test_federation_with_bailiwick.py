"""One Bailiwick believes another: people sign in to the first with their password at the second."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from tests.e2e.console import Browser, words_of
from tests.e2e.oauth_world import owner_of, running, uid_of_application
from tests.e2e.server import RunningServer
from tests.e2e.test_foreign_client import come_back

from bailiwick.service.oauth.secrets import rotate_secret

SSO = "/console/sign-in/acme/other"
CALLBACK = "https://iam.acme.example/console/sign-in/acme/other/callback"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The provider: a Bailiwick with people who have passwords, and an application for the other one."""
    for one in running(tmp_path_factory.mktemp("there"), public_url=""):
        application = {
            "kind": "Application",
            "name": "other-bailiwick",
            "type": "confidential",
            "redirect_uris": [CALLBACK],
            "grants": ["authorization_code"],
            "scopes": ["openid", "profile", "email", "groups"],
            "first_party": True,
        }
        group = {"kind": "Group", "name": "builders", "members": ["user:alice"]}
        assert one.owner().apply(application, group).status == 200
        yield one


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, there: RunningServer) -> Iterator[RunningServer]:
    """The one that believes it."""
    folder = tmp_path_factory.mktemp("here")
    with RunningServer(folder, provider_networks=("127.0.0.0/8",)) as running_here:
        owner = running_here.owner()
        reply = owner.apply(
            {"kind": "Group", "name": "staff"},
            {
                "kind": "IdentityProvider",
                "name": "other",
                "issuer": there.address,
                "client_id": uid_of_application(there, "other-bailiwick"),
                "scopes": ["openid", "profile", "email", "groups"],
                "new_users": "create",
            },
            {
                "kind": "FederationRule",
                "name": "builders",
                "provider": "other",
                "conditions": [{"claim": "groups", "operator": "CONTAINS", "value": "builders"}],
                "groups": ["group:staff"],
            },
        )
        assert reply.status == 200, reply.text
        secret = rotate_secret(there.host, owner_of(there), "other-bailiwick").text
        given = owner.put("identity-providers", "other", "client-secret", body={"secret": secret})
        assert given.status == 204
        yield running_here


def test_people_of_one_sign_in_to_the_other(here: RunningServer, there: RunningServer) -> None:
    """By name, groups and all; a second time as the same user."""
    for _ in range(2):
        browser = Browser(here.address)
        sent = browser.get(SSO)
        assert sent.status == 303, sent.text
        back = urlsplit(come_back(there, sent.headers["location"]))
        reply = browser.get(f"{back.path}?{back.query}")
        assert reply.status == 303, words_of(reply.text)
        page = words_of(browser.get("/me").text)
        assert "alice" in page
        assert "staff" in page
    members = here.owner().get("groups", "staff").json["members"]
    assert [one["member"] for one in members] == ["user:alice"]


def test_its_answer_says_whose_it_is(here: RunningServer, there: RunningServer) -> None:
    """The provider names itself (RFC 9207), so an answer that does not, or names another, is refused."""
    for wrong in ("", "&iss=https://evil.example"):
        browser = Browser(here.address)
        back = urlsplit(come_back(there, browser.get(SSO).headers["location"]))
        kept = "&".join(one for one in back.query.split("&") if not one.startswith("iss="))
        reply = browser.get(f"{back.path}?{kept}{wrong}")
        assert reply.status == 401
        assert "from another identity provider" in words_of(reply.text)
