"""Tokens by which people sign in, whole over HTTP: code and device code, ID token, userinfo, replay, and their ends."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.e2e.console import Browser
from tests.e2e.oauth_world import (
    APPLICATIONS,
    CALLBACK,
    PHONE,
    enter,
    give_password,
    owner_of,
    running,
    uid_of_application,
)
from tests.e2e.server import ACCOUNT, FORM, PUBLIC_URL, Reply, RunningServer
from tests.e2e.test_authorize import VERIFIER, agree, led, said_at, told, visit_of, wish

from bailiwick.authn.oauth.id_tokens import half_hash
from bailiwick.service.oauth.consents import withdraw_consent
from bailiwick.service.oauth.secrets import rotate_secret

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server with people and applications."""
    for one in running(tmp_path_factory.mktemp("people-tokens")):
        assert one.owner().apply(*APPLICATIONS).status == 200
        assert (
            one.owner().apply({"kind": "Group", "name": "readers", "members": ["user:alice"]}).status == 200
        )
        yield one


@pytest.fixture
def alice(server: RunningServer) -> Browser:
    """A browser in which alice has signed in."""
    return enter(server, "alice")


def send(server: RunningServer, path: str, fields: Mapping[str, str]) -> Reply:
    """Send a form."""
    return server.caller(None).send("POST", path, urlencode(fields).encode(), headers={"Content-Type": FORM})


def code_of(server: RunningServer, browser: Browser, **asked: str) -> str:
    """A code for the application of the first party."""
    return told(browser.get(wish(server, otherwise=asked)))["code"]


def redeem(server: RunningServer, code: str, **changed: str) -> Reply:
    """Ask for tokens by this code."""
    fields = {"grant_type": "authorization_code", "client_id": uid_of_application(server, "phone"), "code": code,
              "redirect_uri": PHONE, "code_verifier": VERIFIER, **changed}  # fmt: skip
    return send(server, "/oauth/token", fields)


def tokens(server: RunningServer, browser: Browser, **asked: str) -> dict[str, Any]:
    """What the application of the first party gets."""
    reply = redeem(server, code_of(server, browser, **asked))
    assert reply.status == 200, reply.text
    assert reply.headers["cache-control"] == "no-store"
    return dict(reply.json)


def userinfo(server: RunningServer, token: str, method: str = "GET") -> Reply:
    """Who is it?"""
    return server.caller(token).send(method, "/oauth/userinfo", b"" if method == "POST" else None)


def claims_of(server: RunningServer, id_token: str) -> dict[str, Any]:
    """What does the ID token say, verified by the published keys?"""
    keys = server.caller(None).send("GET", "/oauth/jwks").json
    read = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=["RS256"])
    return dict(read.claims)


def portal(server: RunningServer, browser: Browser, scope: str) -> dict[str, Any]:
    """What the application that asks for consent gets."""
    secret = secret_of(server, "portal")
    address = wish(server, "portal", scope=scope)
    reply = browser.get(address)
    back = reply.headers["location"] if reply.status == 303 else led(agree(browser, address))
    fields = {"grant_type": "authorization_code", "client_id": uid_of_application(server, "portal"),
              "client_secret": secret, "code": said_at(back, CALLBACK)["code"], "redirect_uri": CALLBACK,
              "code_verifier": VERIFIER}  # fmt: skip
    got = send(server, "/oauth/token", fields)
    assert got.status == 200, got.text
    return dict(got.json)


def secret_of(server: RunningServer, name: str) -> str:
    """A new secret of this application."""
    return rotate_secret(server.host, owner_of(server), name).text


def test_a_person_signs_in_to_an_application(server: RunningServer, alice: Browser) -> None:
    """Access token, ID token with every claim, userinfo with what the scopes tell."""
    got = tokens(server, alice, scope="openid all")
    assert set(got) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    visit = visit_of(server, alice)
    claims = claims_of(server, got["id_token"])
    phone = uid_of_application(server, "phone")
    assert claims.pop("exp") - claims.pop("iat") == got["expires_in"]
    assert claims == {
        "iss": PUBLIC_URL, "sub": visit.session.uid, "aud": phone, "azp": phone, "nonce": "n", "sid": visit.uid,
        "auth_time": int(visit.begun_at.timestamp()), "acr": "1fa", "amr": ["pwd"],
        "at_hash": half_hash(got["access_token"]),
    }  # fmt: skip
    for method in ("GET", "POST"):
        assert userinfo(server, got["access_token"], method).json == {"sub": visit.session.uid}
    assert server.caller(got["access_token"]).get("users").status == 403


def test_what_is_told_follows_the_scopes(server: RunningServer, alice: Browser) -> None:
    """In the ID token and at userinfo; groups are those of now."""
    got = portal(server, alice, "openid profile email groups")
    known = {
        "name": "alice",
        "preferred_username": "alice",
        "email": "alice@acme.example",
        "groups": ["readers"],
    }
    assert {key: value for key, value in claims_of(server, got["id_token"]).items() if key in known} == known
    assert userinfo(server, got["access_token"]).json == {"sub": visit_of(server, alice).session.uid, **known}
    assert set(userinfo(server, portal(server, alice, "openid email")["access_token"]).json) == {
        "sub",
        "email",
    }
    assert "refresh_token" in got


def test_userinfo_refuses_what_is_no_token_of_a_person_who_agreed(
    server: RunningServer, alice: Browser
) -> None:
    """With RFC 6750's words."""
    for token in ("x", tokens(server, alice, scope="openid all")["id_token"]):
        reply = userinfo(server, token)
        assert (reply.status, reply.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    reply = userinfo(server, str(server.owner().token))
    assert (reply.status, reply.headers["www-authenticate"]) == (403, 'Bearer error="insufficient_scope"')
    assert "id_token" not in tokens(server, alice, scope="all")


def test_a_replayed_code_ends_what_it_gave(server: RunningServer, alice: Browser) -> None:
    """The access token is good for nothing at the next request."""
    code = code_of(server, alice)
    access = redeem(server, code).json["access_token"]
    assert userinfo(server, access).status == 200
    again = redeem(server, code)
    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    assert userinfo(server, access).status == 401


@pytest.mark.parametrize(
    "changed",
    [{"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": PHONE + "/"}, {"redirect_uri": ""},
     {"code": "made-up"}, {"code": ""}, {"resource": "https://api.example"}],
)  # fmt: skip
def test_a_code_needs_everything_it_was_given_with(
    server: RunningServer, alice: Browser, changed: Mapping[str, str]
) -> None:
    """Verifier, address, code, audience."""
    given = {"code": code_of(server, alice), **changed}
    reply = redeem(server, **given)
    assert reply.status == 400
    assert reply.json["error"] in ("invalid_grant", "invalid_request", "invalid_target")


def test_a_code_is_of_its_application(server: RunningServer, alice: Browser) -> None:
    """Another one with a secret of its own gets nothing, and takes nothing away."""
    code = code_of(server, alice)
    fields = {"client_id": uid_of_application(server, "portal"), "client_secret": secret_of(server, "portal")}
    assert redeem(server, code, **fields).json["error"] == "invalid_grant"
    assert redeem(server, code, client_id=fields["client_id"]).status == 401
    assert redeem(server, code).status == 200


def test_tokens_end_with_the_visit(server: RunningServer, alice: Browser) -> None:
    """Where nobody agreed that it may go on; with `offline_access` it goes on."""
    online, offline = tokens(server, alice), portal(server, alice, "openid offline_access")
    alice.post("/sign-out", {})
    assert userinfo(server, online["access_token"]).status == 401
    assert userinfo(server, offline["access_token"]).status == 200


def test_a_code_of_a_visit_that_is_over_gives_nothing(server: RunningServer, alice: Browser) -> None:
    """Signing out counts before the code is fetched, too."""
    code = code_of(server, alice)
    alice.post("/sign-out", {})
    assert redeem(server, code).json["error"] == "invalid_grant"


def test_withdrawn_consent_ends_all_at_once(server: RunningServer, alice: Browser) -> None:
    """Also what goes on without the visit."""
    got = portal(server, alice, "openid offline_access")
    visit = visit_of(server, alice)
    consent = server.host.snapshot(ACCOUNT).consents_of(visit.session.uid)[0]
    withdraw_consent(server.host, visit, consent.uid)
    assert userinfo(server, got["access_token"]).status == 401


def test_disabling_bites_at_the_next_request(server: RunningServer) -> None:
    """Of the user, of the application."""
    give_password(server, "dieter")
    got = tokens(server, enter(server, "dieter"))
    server.owner().apply({"kind": "User", "name": "dieter", "disabled": True})
    assert userinfo(server, got["access_token"]).status == 401
    server.owner().apply({**APPLICATIONS[1], "name": "second"})
    second = uid_of_application(server, "second")
    browser = enter(server, "bob")
    code = told(browser.get(wish(server, client_id=second)))["code"]
    access = redeem(server, code, client_id=second).json["access_token"]
    server.owner().apply({**APPLICATIONS[1], "name": "second", "disabled": True})
    assert userinfo(server, access).status == 401


def test_a_command_line_is_let_in(server: RunningServer, alice: Browser) -> None:
    """The device flow, whole: begin, wait, approve, fetch once; it may do what alice may."""
    begun = send(
        server,
        "/oauth/device_authorization",
        {"client_id": "bailiwick-cli", "scope": "openid all offline_access"},
    ).json
    fields = {"grant_type": DEVICE_GRANT, "client_id": "bailiwick-cli", "device_code": begun["device_code"]}
    assert send(server, "/oauth/token", fields).json["error"] == "authorization_pending"
    assert send(server, "/oauth/token", fields).json["error"] == "slow_down"
    alice.post("/device/answer", {"user_code": begun["user_code"], "answer": "approve"}, seen_at="/device")
    server.clock.advance(10)
    got = send(server, "/oauth/token", fields)
    assert got.status == 200, got.text
    assert {"access_token", "refresh_token", "id_token"} <= set(got.json)
    who = server.caller(got.json["access_token"]).send("GET", "/v1/whoami").json
    proved = visit_of(server, alice).session.proved_at
    assert (who["signed_in"], who["proved_at"]) == (True, datetime.fromtimestamp(proved, UTC).isoformat())
    alice.post("/sign-out", {})
    assert userinfo(server, got.json["access_token"]).status == 200
    server.clock.advance(10)
    assert send(server, "/oauth/token", fields).json["error"] == "invalid_grant"


def test_discovery_names_the_configured_addresses(server: RunningServer) -> None:
    """Whatever the request's headers say; both documents are the same. (bug class 10)"""
    said = [
        server.caller(None).send(
            "GET", f"/.well-known/{name}", headers={"Host": "evil.example", "X-Forwarded-Host": "evil"}
        )
        for name in ("openid-configuration", "oauth-authorization-server")
    ]
    assert said[0].json == said[1].json
    document = said[0].json
    assert document["issuer"] == PUBLIC_URL
    addresses = [value for name, value in document.items() if name.endswith(("endpoint", "_uri"))]
    assert len(addresses) >= 6
    assert all(value.startswith(f"{PUBLIC_URL}/oauth/") for value in addresses)
    assert "evil" not in json.dumps(document)
    for place in addresses:
        assert server.caller(None).send("GET", place.removeprefix(PUBLIC_URL)).status != 404


def test_forms_of_other_sites_become_addresses(server: RunningServer, alice: Browser) -> None:
    """OpenID wants the endpoint to take forms too; the person's cookie comes with the address that follows."""
    query = wish(server).partition("?")[2]
    reply = server.caller(None).send(
        "POST", "/oauth/authorize", query.encode(), headers={"Content-Type": FORM}
    )
    assert (reply.status, reply.headers["location"]) == (303, f"/oauth/authorize?{query}")
    assert "code" in told(alice.get(reply.headers["location"]))
    assert server.caller(None).send("POST", "/oauth/authorize", {"a": 1}).status == 400


BOX = {
    "kind": "Application",
    "name": "player",
    "type": "public",
    "redirect_uris": [PHONE],
    "grants": ["device_code", "authorization_code"],
    "scopes": ["openid", "all"],
    "audiences": ["https://api.example", "https://songs.example"],
    "first_party": True,
}


def test_a_token_that_a_device_wants_for_an_api_is_for_that_api_alone(
    server: RunningServer, alice: Browser
) -> None:
    """It is no token for Bailiwick itself, where it would be good for all that she may."""
    assert server.owner().apply(BOX).status == 200
    client_id, api = uid_of_application(server, "player"), "https://songs.example"
    asked = {"client_id": client_id, "scope": "openid all", "resource": api}
    begun = send(server, "/oauth/device_authorization", asked).json
    alice.post("/device/answer", {"user_code": begun["user_code"], "answer": "approve"}, seen_at="/device")
    fields = {"grant_type": DEVICE_GRANT, "client_id": client_id, "device_code": begun["device_code"]}
    got = send(server, "/oauth/token", fields)
    assert got.status == 200, got.text
    assert audience_of(got.json["access_token"]) == api
    assert userinfo(server, got.json["access_token"]).status == 401


def test_a_code_is_for_the_api_that_was_asked_for(server: RunningServer, alice: Browser) -> None:
    """Not for another of its application, nor for two."""
    assert server.owner().apply(BOX).status == 200
    client_id = uid_of_application(server, "player")
    for resource, status in (("https://songs.example", 200), ("", 200), ("https://api.example", 400)):
        code = code_of(server, alice, client_id=client_id, resource="https://songs.example")
        got = redeem(server, code, client_id=client_id, resource=resource)
        assert got.status == status, got.text
        assert status != 200 or audience_of(got.json["access_token"]) == "https://songs.example"
    address = wish(server, client_id=client_id, resource="https://songs.example")
    refused = told(alice.get(address + "&resource=https://api.example"))
    assert refused["error"] == "invalid_target"


def audience_of(token: str) -> str:
    """For whom is it?"""
    payload = token.split(".")[1]
    return str(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aud"])
