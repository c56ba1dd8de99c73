"""A client that somebody else wrote (Authlib) signs a person in: discovery, code, ID token, userinfo, refresh."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]  # has no types
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # has no types
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.e2e.console import Browser
from tests.e2e.oauth_world import APPLICATIONS, CALLBACK, PASSWORD, owner_of, running, uid_of_application
from tests.e2e.server import ACCOUNT, RunningServer
from tests.e2e.test_authorize import agree, led

from bailiwick.service.oauth.secrets import rotate_secret

VERIFIER = "a-verifier-of-the-foreign-client-0123456789"
SIGN_IN = "/console/sign-in"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that is reached at the address which it names."""
    for one in running(tmp_path_factory.mktemp("foreign"), public_url=""):
        assert one.owner().apply(*APPLICATIONS).status == 200
        yield one


@pytest.fixture
def client(server: RunningServer) -> Iterator[OAuth2Session]:
    """The foreign client, as the portal."""
    with OAuth2Session(
        uid_of_application(server, "portal"),
        rotate_secret(server.host, owner_of(server), "portal").text,
        scope="openid email offline_access",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
    ) as session:
        yield session


def come_back(server: RunningServer, address: str) -> str:
    """Sign in and agree, as a browser does; to which address is it led at the end?"""
    browser, path = Browser(server.address), address.removeprefix(server.address)
    page = browser.get(path).headers["location"]
    found = re.search(r'name="next" value="([^"]*)"', browser.get(page).text)
    assert found is not None
    fields = {"account": ACCOUNT, "name": "alice", "password": PASSWORD, "next": unescape(found[1])}
    here = led(browser.post(SIGN_IN, fields, seen_at=page))
    reply = browser.get(here)
    return reply.headers["location"] if reply.status == 303 else led(agree(browser, here))


def test_a_foreign_client_signs_a_person_in(server: RunningServer, client: OAuth2Session) -> None:
    """By what discovery says and nothing else; its own checks of the ID token hold."""
    known: dict[str, Any] = client.get(
        f"{server.address}/.well-known/openid-configuration", withhold_token=True
    ).json()
    address, state = client.create_authorization_url(
        known["authorization_endpoint"], code_verifier=VERIFIER, nonce="a-nonce"
    )
    back = come_back(server, address)
    token = client.fetch_token(
        known["token_endpoint"], authorization_response=back, state=state, code_verifier=VERIFIER
    )
    keys = KeySet.import_key_set(client.get(known["jwks_uri"], withhold_token=True).json())
    read = jwt.decode(token["id_token"], keys, algorithms=known["id_token_signing_alg_values_supported"])
    claims = CodeIDToken(
        read.claims,
        read.header,
        {"iss": {"essential": True, "value": known["issuer"]}},
        {"nonce": "a-nonce", "client_id": client.client_id, "access_token": token["access_token"]},
    )
    claims.validate()
    who = client.get(known["userinfo_endpoint"]).json()
    assert who == {"sub": claims["sub"], "email": "alice@acme.example"}
    client.refresh_token(known["token_endpoint"])
    assert client.token["access_token"] != token["access_token"]
    assert client.get(known["userinfo_endpoint"]).json() == who


def test_it_gets_nothing_with_another_verifier(server: RunningServer, client: OAuth2Session) -> None:
    """As somebody who has only the address to which the person was led."""
    address, state = client.create_authorization_url(
        f"{server.address}/oauth/authorize", code_verifier=VERIFIER, nonce="n"
    )
    back = come_back(server, address)
    with pytest.raises(Exception, match="invalid_grant"):
        client.fetch_token(
            f"{server.address}/oauth/token",
            authorization_response=back,
            state=state,
            code_verifier=VERIFIER.upper(),
        )
