"""API keys and access tokens over HTTP: made, exchanged, disabled, withdrawn, and what of it shows.

IBM Cloud's own SDK exchanges a key here unchanged.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from tests.e2e.server import FORM, GRANT, Client, RunningServer


@pytest.fixture
def alice(server: RunningServer, owner: Client) -> Client:
    """A user without any policy, signed in by a key that the owner made."""
    assert owner.apply({"kind": "User", "name": "alice"}, {"kind": "ServiceId", "name": "ci"}).status == 200
    return server.client("user:alice")


def exchange(server: RunningServer, path: str = "/oauth/token", **form: str) -> Any:
    """What does the token endpoint answer to this form?"""
    body = urlencode(form).encode()
    return server.nobody().send("POST", path, body, headers={"Content-Type": FORM})


def test_a_key_is_shown_once(owner: Client, alice: Client) -> None:
    """The answer to its making has the secret; nothing else ever has."""
    made = owner.post("api-keys", body={"owner": "service-id:ci", "description": "for builds"})
    assert made.status == 201
    secret = made.json["apikey"]
    uid = made.json["id"]
    assert made.headers["location"] == f"/v1/accounts/acme/api-keys/{uid}"
    shown = owner.get("api-keys", uid)
    assert shown.headers["etag"] == made.headers["etag"]
    assert {**shown.json, "apikey": secret} == {**made.json, "uses": []}
    assert shown.json["owner"] == "service-id:ci"
    everywhere = (owner.get("api-keys"), owner.get("log"), owner.get("activity"), owner.get("export"))
    assert not any(secret[12:] in reply.text for reply in everywhere)


def test_everyone_keeps_their_own_keys(server: RunningServer, owner: Client, alice: Client) -> None:
    """Without any policy one makes, sees, describes, locks and withdraws one's own keys, and sees no others."""
    made = alice.post("api-keys", body={})
    assert (made.status, made.json["owner"]) == (201, "user:alice")
    uid = made.json["id"]
    assert {key["owner"] for key in alice.get("api-keys").json["items"]} == {"user:alice"}
    changed = alice.patch("api-keys", uid, body={"description": "laptop", "locked": True})
    assert (changed.json["description"], changed.json["locked"]) == ("laptop", True)
    locked = alice.delete("api-keys", uid)
    assert locked.error == {
        "code": "conflict",
        "detail": f"API key `{uid}` is locked",
        "help": "unlock it first",
    }
    assert owner.patch("api-keys", uid, body={"locked": False}).status == 200
    assert alice.delete("api-keys", uid).status == 204
    assert exchange(server, grant_type=GRANT, apikey=made.json["apikey"]).status == 400


def test_a_guardrail_binds_ones_own_keys_too(owner: Client, alice: Client) -> None:
    """What is forbidden for everybody is forbidden for one's own keys."""
    rule = {
        "kind": "Guardrail",
        "name": "no-keys",
        "actions": ["iam.api-key.create"],
        "scope": {"service": "iam"},
    }
    owner.apply(rule)
    refused = alice.post("api-keys", body={})
    assert refused.status == 403
    assert refused.error["detail"] == "`user:alice` lacks `iam.api-key.create`"
    assert refused.error["reason"] == "guardrail"


def test_others_keys_need_the_right(owner: Client, alice: Client) -> None:
    """Another's key is neither shown nor made nor changed nor withdrawn, existing or not."""
    uid = owner.get("api-keys").json["items"][0]["id"]
    for key in (uid, "apikey-none"):
        for reply in (
            alice.get("api-keys", key),
            alice.patch("api-keys", key, body={"disabled": True}),
            alice.delete("api-keys", key),
        ):
            assert reply.status == 403
            assert reply.error["detail"].endswith(f" on api-key `{key}`")
    for who in ("service-id:ci", "user:nobody"):
        refused = alice.post("api-keys", body={"owner": who})
        assert refused.error["detail"] == "`user:alice` lacks `iam.api-key.create`"
    assert owner.get("api-keys", uid).json["disabled"] is False


def test_a_disabled_key_gives_no_token_and_ends_those_it_gave(server: RunningServer, owner: Client) -> None:
    """Disabling ends a key's tokens at once; enabling lets them live again (bug class 28)."""
    owner.post("users", body={"name": "alice"})
    alice = server.client("user:alice")
    uid = alice.get("api-keys").json["items"][0]["id"]
    tag = owner.get("api-keys", uid).headers["etag"]
    assert owner.patch("api-keys", uid, body={"disabled": True}, headers={"If-Match": tag}).status == 200
    assert alice.get("api-keys").status == 401
    assert exchange(server, grant_type=GRANT, apikey=server.key("user:alice")).status == 400
    assert owner.patch("api-keys", uid, body={}, headers={"If-Match": tag}).status == 412
    owner.patch("api-keys", uid, body={"disabled": False})
    assert alice.get("api-keys").status == 200
    owner.delete("api-keys", uid)
    assert alice.get("api-keys").status == 401


def test_disabling_and_deleting_a_principal_ends_its_tokens(server: RunningServer, owner: Client) -> None:
    """Who is disabled or gone has no session; a new user of the name is somebody else (bug class 28)."""
    owner.post("users", body={"name": "alice"})
    alice = server.client("user:alice")
    owner.patch("users", "alice", body={"disabled": True})
    assert alice.get("api-keys").status == 401
    owner.patch("users", "alice", body={"disabled": False})
    assert alice.get("api-keys").status == 200
    owner.delete("users", "alice")
    owner.post("users", body={"name": "alice"})
    assert alice.get("api-keys").status == 401
    assert exchange(server, grant_type=GRANT, apikey=server.key("user:alice")).status == 400


def test_a_key_ends_when_it_says(server: RunningServer, owner: Client) -> None:
    """An expired key gives no token, and a token never lives longer than its key (bug class 30)."""
    ends = "2099-01-01T00:00:00+00:00"
    made = owner.post("api-keys", body={"expires_at": ends})
    assert made.json["expires_at"] == ends
    past = owner.post("api-keys", body={"expires_at": "2001-01-01T00:00:00Z"})
    assert past.error["errors"] == [
        {"message": "`2001-01-01T00:00:00+00:00` is not in the future", "place": "expires_at"}
    ]
    soon = server.host.at() + timedelta(seconds=600)
    key = owner.post("api-keys", body={"expires_at": soon.isoformat()}).json["apikey"]
    token = exchange(server, grant_type=GRANT, apikey=key).json
    assert token["expires_in"] <= 600
    server.clock.advance(601)
    assert exchange(server, grant_type=GRANT, apikey=key).status == 400
    assert server.caller(token["access_token"]).get().status == 401


@pytest.mark.parametrize("path", ["/oauth/token", "/identity/token"])
def test_a_token_answer_has_the_fields_that_clients_read(server: RunningServer, path: str) -> None:
    """RFC 6749's fields and IBM Cloud's; nothing of it is kept in caches."""
    reply = exchange(
        server, path, grant_type=GRANT, apikey=server.key("user:owner"), response_type="cloud_iam"
    )
    assert reply.status == 200
    assert reply.headers["cache-control"] == "no-store"
    token = reply.json
    assert token.pop("access_token").count(".") == 2
    assert abs(token.pop("expiration") - server.clock() - 3600) < 5
    assert token == {
        "refresh_token": "not_supported",
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "ibm openid",
    }


@pytest.mark.parametrize(
    ("form", "error", "message"),
    [
        ({}, "invalid_request", f"expected `grant_type` `{GRANT}`, got nothing"),
        (
            {"grant_type": "password"},
            "unsupported_grant_type",
            f"expected `grant_type` `{GRANT}`, got `password`",
        ),
        ({"grant_type": GRANT}, "invalid_request", "expected `apikey`, got nothing"),
        ({"grant_type": GRANT, "apikey": "wrong"}, "invalid_grant", "Provided API key could not be found."),
        (
            {"grant_type": GRANT, "apikey": "bwk_" + "a" * 48},
            "invalid_grant",
            "Provided API key could not be found.",
        ),
    ],
)
def test_a_refused_exchange_says_so_in_both_shapes(
    server: RunningServer, form: dict[str, str], error: str, message: str
) -> None:
    """RFC 6749's error and IBM's message; the same for every key that does not work."""
    reply = exchange(server, "/identity/token", **form)
    assert reply.status == 400
    assert reply.headers["cache-control"] == "no-store"
    said = reply.json
    context = said.pop("context")
    assert (context["url"], len(context["requestId"])) == (server.host.public_url, 32)
    code = "BXNIM0415E" if error == "invalid_grant" else None
    assert said.pop("errorCode", None) == code
    assert said == {
        "error": error,
        "error_description": message,
        "errorMessage": message,
        "errors": [{"code": code or error, "message": message}],
    }


def test_a_key_in_the_address_or_given_twice_is_not_read(server: RunningServer) -> None:
    """Addresses are written into logs, and two values are none."""
    nobody, key = server.nobody(), server.key("user:owner")
    query = urlencode({"grant_type": GRANT, "apikey": key})
    headers = {"Content-Type": FORM}
    assert nobody.send("POST", f"/oauth/token?{query}", b"", headers=headers).status == 400
    twice = urlencode([("grant_type", GRANT), ("apikey", key), ("apikey", key)]).encode()
    reply = nobody.send("POST", "/oauth/token", twice, headers=headers)
    assert reply.json["error_description"] == "a field is given twice"
    as_json = nobody.send("POST", "/oauth/token", {"grant_type": GRANT, "apikey": key})
    assert as_json.json["error"] == "invalid_request"
    assert nobody.send("GET", f"/oauth/token?{query}").status == 405


def test_the_sdk_of_ibm_cloud_signs_in_unchanged(server: RunningServer) -> None:
    """Its authenticator gets a token, reads its end, and adds it to requests that the server believes."""
    authenticator = IAMAuthenticator(server.key("user:owner"), url=server.address)
    request: dict[str, Any] = {"headers": {}}
    authenticator.authenticate(request)
    authorization = request["headers"]["Authorization"]
    assert server.nobody().get(headers={"Authorization": authorization}).json["owner"] == "user:owner"
    assert authenticator.token_manager.expire_time > server.clock()


def test_the_sdk_of_ibm_cloud_shows_why_a_key_is_refused(server: RunningServer) -> None:
    """Its exception has our status and message."""
    authenticator = IAMAuthenticator("bwk_wrong", url=server.address)
    with pytest.raises(ApiException) as caught:
        authenticator.authenticate({"headers": {}})
    assert caught.value.status_code == 400
    assert caught.value.message == "Provided API key could not be found."


@pytest.mark.parametrize("path", ["/oauth/jwks", "/identity/keys"])
def test_the_published_keys_verify_tokens(server: RunningServer, path: str) -> None:
    """Whoever has the public keys verifies a token; private halves are not among them."""
    from joserfc import jwt
    from joserfc.jwk import KeySet

    reply = server.nobody().send("GET", path)
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"} for key in reply.json["keys"])
    claims = jwt.decode(
        str(server.owner().token), KeySet.import_key_set(reply.json), algorithms=["ES256"]
    ).claims
    assert (claims["iss"], claims["account"]) == (server.host.public_url, "acme")


def test_a_repeated_making_of_a_key_makes_one(owner: Client) -> None:
    """With an idempotency key the same answer is given again without the secret, and there is one key."""
    headers = {"Idempotency-Key": "k-1"}
    first = owner.post("api-keys", body={}, headers=headers)
    again = owner.post("api-keys", body={}, headers=headers)
    shown = {name: value for name, value in first.json.items() if name != "apikey"}
    notice = again.json["notice"]
    assert (again.status, again.json) == (201, {**shown, "notice": notice})
    assert notice.startswith("the secret was in the first answer")
    assert first.json["apikey"].startswith("bwk_")
    assert len(owner.get("api-keys").json["items"]) == 2


def test_keys_are_listed_in_pages(owner: Client) -> None:
    """Oldest first, each once, by owner where asked."""
    owner.apply({"kind": "ServiceId", "name": "ci"})
    made = [owner.post("api-keys", body={"owner": "service-id:ci"}).json["id"] for _ in range(3)]
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = owner.get("api-keys", limit=2, owner="service-id:ci", **cursor).json
        seen += [key["id"] for key in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == made


def test_twenty_keys_are_enough(owner: Client) -> None:
    """One principal has at most twenty keys."""
    for _ in range(19):
        assert owner.post("api-keys", body={}).status == 201
    refused = owner.post("api-keys", body={})
    assert refused.error == {
        "code": "conflict",
        "detail": "`user:owner` has 20 API keys already",
        "help": "delete one that is not used",
    }
