"""The endpoints for tokens, request by request as the RFCs say: token, introspection, revocation; and forged tokens.

One server for all; what a test changes is its own application.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.e2e.server import FORM, Reply, RunningServer

from bailiwick.authn.compact import Signer
from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.authn.signing import KeyPurpose
from bailiwick.service.host import Host
from bailiwick.service.locating import locate
from bailiwick.service.oauth.clients import find_application
from bailiwick.service.oauth.families import begin_family, refresh_family
from bailiwick.service.oauth.family_roots import root_of
from bailiwick.store.opening import open_store

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
API = "https://api.example"
WORLD = """
kind: User
name: alice
---
kind: User
name: zoe
---
kind: ServiceId
name: portal
---
kind: Policy
name: readers
subjects: [user:alice, service-id:portal]
roles: [Viewer]
scope: {service: iam}
---
kind: Policy
name: editors
subjects: [user:alice]
roles: [Editor]
scope: {service: iam}
---
kind: Application
name: portal
type: confidential
grants: [client_credentials, token_exchange]
acts_as: service-id:portal
scopes: [all]
audiences: [https://api.example]
---
kind: Application
name: web
type: public
redirect_uris: [http://127.0.0.1/callback]
grants: [authorization_code, refresh_token]
scopes: [openid, offline_access, all]
audiences: [https://api.example]
---
kind: Application
name: plain
type: confidential
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the world above."""
    with RunningServer(tmp_path_factory.mktemp("oauth")) as running:
        reply = running.owner().apply_text(WORLD)
        assert reply.status == 200, reply.text
        for name in ("user:alice", "user:zoe"):
            running.client(name)
        yield running


@pytest.fixture(scope="module")
def portal(server: RunningServer) -> tuple[str, str]:
    """The portal's client id and secret."""
    return credentials(server, "portal")


def credentials(server: RunningServer, name: str) -> tuple[str, str]:
    """A new secret for this application."""
    made = server.owner().post("applications", name, "rotate-secret", body={})
    assert made.status == 201, made.text
    return made.json["client_id"], made.json["client_secret"]


def basic(client: tuple[str, str]) -> str:
    """The header by which an application shows its secret."""
    return "Basic " + base64.b64encode(":".join(quote_plus(one) for one in client).encode()).decode()


def post(server: RunningServer, path: str, form: Mapping[str, str], authorization: str = "") -> Reply:
    """What does this endpoint answer to the form?"""
    headers = {"Content-Type": FORM, **({"Authorization": authorization} if authorization else {})}
    return server.nobody().send("POST", path, urlencode(form).encode(), headers=headers)


def token(server: RunningServer, form: Mapping[str, str], authorization: str = "") -> Reply:
    """What does the token endpoint answer?"""
    return post(server, "/oauth/token", form, authorization)


def refusal(reply: Reply) -> tuple[int, str]:
    """With which status and word is it refused? Never kept, always with a sentence."""
    assert reply.headers["cache-control"] == "no-store", reply.headers
    assert reply.json["error_description"]
    return reply.status, reply.json["error"]


def claims(text: str) -> Any:
    """What does this token say?"""
    body = text.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def begun(server: RunningServer, audience: str = "") -> tuple[str, str, str]:
    """A session of alice by `web`: access token, refresh token, uid."""
    uid = server.host.snapshot("acme").identities["Application", "web"].uid
    client = find_application(server.host, uid)
    assert client is not None
    session = server.host.authenticator.session_of_token(server.token(server.key("user:alice")))
    made = begin_family(
        server.host,
        client,
        root_of(session, offline=True),
        scope=("openid", "all"),
        audience=audience,
        refresh=True,
    )
    return made.token.text, made.refresh_token or "", made.family_uid


def web_id(server: RunningServer) -> str:
    """The client id of `web`."""
    return server.host.snapshot("acme").identities["Application", "web"].uid


def test_client_credentials_by_header_and_by_form(server: RunningServer, portal: tuple[str, str]) -> None:
    """RFC 6749, 4.4: no refresh token; the token says who, for what and by whom (RFC 9068)."""
    by_form = {"client_id": portal[0], "client_secret": portal[1]}
    for form, header in (({}, basic(portal)), (by_form, "")):
        reply = token(server, {"grant_type": "client_credentials", **form}, header)
        assert reply.status == 200, reply.text
        assert reply.headers["cache-control"] == "no-store"
        assert set(reply.json) == {"access_token", "token_type", "expires_in", "scope"}
        said = claims(reply.json["access_token"])
        names = server.host.snapshot("acme").identities
        assert said["sub"] == names["ServiceId", "portal"].uid
        assert (said["client_id"], said["scope"], said["iss"]) == (
            portal[0],
            "all",
            "https://iam.acme.example",
        )
        assert said["jti"]
        assert said["exp"] - said["iat"] == reply.json["expires_in"]
        assert server.caller(reply.json["access_token"]).get("users").status == 200


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, (400, "invalid_request")),
        ({"grant_type": "password", "username": "alice", "password": "x"}, (400, "unsupported_grant_type")),
        ({"grant_type": "implicit"}, (400, "unsupported_grant_type")),
        ({"grant_type": "client_credentials", "scope": "fly"}, (400, "invalid_scope")),
        ({"grant_type": "client_credentials", "scope": "iam.user.fly"}, (400, "invalid_scope")),
        ({"grant_type": "client_credentials", "scope": "openid"}, (400, "invalid_scope")),
        ({"grant_type": "client_credentials", "resource": "https://other.example"}, (400, "invalid_target")),
        ({"grant_type": "client_credentials", "resource": API, "audience": "x:y"}, (400, "invalid_target")),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, (400, "unauthorized_client")),
        ({"grant_type": EXCHANGE}, (400, "invalid_request")),
        ({"grant_type": EXCHANGE, "subject_token": "x", "subject_token_type": "y"}, (400, "invalid_request")),
        (
            {"grant_type": EXCHANGE, "subject_token": "x", "subject_token_type": ACCESS_TOKEN},
            (400, "invalid_grant"),
        ),
        (
            {
                "grant_type": EXCHANGE,
                "subject_token": "x",
                "subject_token_type": ACCESS_TOKEN,
                "actor_token": "x",
            },
            (400, "invalid_request"),
        ),
    ],
)
def test_what_cannot_be_given_is_refused_in_the_rfcs_words(
    server: RunningServer, portal: tuple[str, str], form: dict[str, str], expected: tuple[int, str]
) -> None:
    """RFC 6749, 5.2; RFC 8693, 2.2.2; RFC 8707, 2."""
    assert refusal(token(server, form, basic(portal))) == expected


def test_an_application_that_is_not_itself_gets_401(server: RunningServer, portal: tuple[str, str]) -> None:
    """With a challenge where it tried by header; in one way only; the same words for unknown and wrong."""
    form = {"grant_type": "client_credentials"}
    wrong, unknown = (portal[0], "wrong"), ("application-00000000000000000000", portal[1])
    said = set()
    for client in (wrong, unknown):
        reply = token(server, form, basic(client))
        assert refusal(reply) == (401, "invalid_client")
        assert reply.headers["www-authenticate"].startswith("Basic ")
        said.add(reply.json["error_description"])
    by_form = token(server, {**form, "client_id": portal[0], "client_secret": "wrong"})
    assert refusal(by_form) == (401, "invalid_client")
    assert "www-authenticate" not in by_form.headers
    assert said == {by_form.json["error_description"]}
    assert refusal(token(server, form)) == (401, "invalid_client")
    both = token(server, {**form, "client_secret": portal[1]}, basic(portal))
    assert refusal(both) == (400, "invalid_request")
    assert refusal(token(server, form, basic(credentials(server, "plain")))) == (400, "unauthorized_client")


def test_no_field_comes_twice_or_from_the_address(server: RunningServer, portal: tuple[str, str]) -> None:
    """RFC 6749, 3.2; what is in an address is written into logs."""
    body = b"grant_type=client_credentials&grant_type=client_credentials"
    headers = {"Content-Type": FORM, "Authorization": basic(portal)}
    assert refusal(server.nobody().send("POST", "/oauth/token", body, headers=headers)) == (
        400,
        "invalid_request",
    )
    reply = server.nobody().send("POST", "/oauth/token?grant_type=client_credentials", b"", headers=headers)
    assert refusal(reply) == (400, "invalid_request")
    json_body = {"Content-Type": "application/json", "Authorization": basic(portal)}
    reply = server.nobody().send(
        "POST", "/oauth/token", b'{"grant_type":"client_credentials"}', headers=json_body
    )
    assert refusal(reply) == (400, "invalid_request")
    assert server.nobody().send("GET", "/oauth/token").status == 405


def test_a_scoped_key_may_do_less(server: RunningServer) -> None:
    """What the scope names and its owner may; nothing else, and nothing more."""
    grant = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": server.key("user:alice")}
    whole, narrow = token(server, grant), token(server, {**grant, "scope": "iam.user.list iam.user.read"})
    assert whole.json["scope"] == "ibm openid"
    assert narrow.json["scope"] == "iam.user.list iam.user.read"
    callers = [server.caller(one.json["access_token"]) for one in (whole, narrow)]
    assert [one.get("users").status for one in callers] == [200, 200]
    assert [one.get("groups").status for one in callers] == [200, 403]
    assert callers[1].post("api-keys", body={}).status == 403
    assert refusal(token(server, {**grant, "scope": "nothing"})) == (400, "invalid_scope")


def test_an_exchange_may_do_what_both_may(server: RunningServer, portal: tuple[str, str]) -> None:
    """RFC 8693: alice edits, the portal only reads; together they read."""
    alice = server.token(server.key("user:alice"))
    form = {"grant_type": EXCHANGE, "subject_token": alice, "subject_token_type": ACCESS_TOKEN}
    reply = token(server, form, basic(portal))
    assert reply.status == 200, reply.text
    assert reply.json["issued_token_type"] == ACCESS_TOKEN
    both = server.caller(reply.json["access_token"])
    assert both.get("users").status == 200
    assert server.client("user:alice").post("groups", body={"name": "made-by-alice"}).status == 201
    assert both.post("groups", body={"name": "made-by-both"}).status == 403
    zoe = {**form, "subject_token": server.token(server.key("user:zoe"))}
    reply = token(server, zoe, basic(portal))
    assert server.caller(reply.json["access_token"]).get("users").status == 403


def test_a_token_for_another_api_opens_nothing_here(server: RunningServer, portal: tuple[str, str]) -> None:
    """RFC 8707: the audience is the API's, and `act` says who acts."""
    alice = server.token(server.key("user:alice"))
    form = {
        "grant_type": EXCHANGE,
        "subject_token": alice,
        "subject_token_type": ACCESS_TOKEN,
        "audience": API,
    }
    text = token(server, form, basic(portal)).json["access_token"]
    said, names = claims(text), server.host.snapshot("acme").identities
    assert (said["aud"], said["sub"]) == (API, names["User", "alice"].uid)
    assert said["act"] == {"sub": names["ServiceId", "portal"].uid, "client_id": portal[0]}
    assert server.caller(text).get("users").status == 401
    asked = {"subject": {"type": "user", "id": "alice"}, "action": {"name": "iam.user.list"},
             "resource": {"type": "service", "id": "brn:acme:iam:::service/iam"}}  # fmt: skip
    assert server.caller(text).send("POST", "/access/v1/evaluation", asked).status == 401


def test_refreshing_and_stealing(server: RunningServer) -> None:
    """RFC 6749, 6 and RFC 9700, 4.14: each once; a second use ends all of it."""
    access, refresh, _ = begun(server)
    form = {"grant_type": "refresh_token", "client_id": web_id(server)}
    first = token(server, {**form, "refresh_token": refresh})
    assert first.status == 200, first.text
    assert first.json["scope"] == "openid all"
    caller = server.caller(first.json["access_token"])
    assert caller.get("users").status == 200
    assert refusal(token(server, {**form, "refresh_token": refresh})) == (400, "invalid_grant")
    assert caller.get("users").status == server.caller(access).get("users").status == 401
    again = token(server, {**form, "refresh_token": first.json["refresh_token"]})
    assert refusal(again) == (400, "invalid_grant")
    assert refusal(token(server, form)) == (400, "invalid_request")


def test_a_family_is_listed_and_ended(server: RunningServer) -> None:
    """With the account's other sessions."""
    access, refresh, uid = begun(server)
    owner = server.owner()
    assert uid in [one["id"] for one in owner.get("sessions").json["items"]]
    assert owner.get("sessions", uid).json["state"] == "active"
    assert owner.delete("sessions", uid).status == 204
    assert server.caller(access).get("users").status == 401
    form = {"grant_type": "refresh_token", "client_id": web_id(server), "refresh_token": refresh}
    assert refusal(token(server, form)) == (400, "invalid_grant")


def test_introspection(server: RunningServer, portal: tuple[str, str]) -> None:
    """RFC 7662: only who shows a secret or holds the action is told anything; the rest is inactive."""
    access, _, _ = begun(server, API)
    form = {"token": access, "token_type_hint": "access_token"}
    said = post(server, "/oauth/introspect", form, basic(portal))
    assert said.status == 200
    assert said.json["active"] is True
    assert (said.json["aud"], said.json["client_id"], said.json["username"]) == (
        API,
        web_id(server),
        "user:alice",
    )
    changed = access[:-3] + ("AAA" if access[-3:] != "AAA" else "BBB")
    for text in (changed, "x", server.token(server.key("user:alice"))):
        reply = post(server, "/oauth/introspect", {"token": text}, basic(portal))
        assert (reply.status, reply.json) == (200, {"active": False})
    assert refusal(post(server, "/oauth/introspect", form)) == (401, "invalid_client")
    public = post(server, "/oauth/introspect", {**form, "client_id": web_id(server)})
    assert refusal(public) == (401, "invalid_client")
    owner = f"Bearer {server.token(server.key('user:owner'))}"
    assert post(server, "/oauth/introspect", form, owner).json["active"] is True
    zoe = f"Bearer {server.token(server.key('user:zoe'))}"
    assert post(server, "/oauth/introspect", form, zoe).status == 403
    assert post(server, "/oauth/introspect", form, "Bearer x").status == 401
    assert refusal(post(server, "/oauth/introspect", {}, basic(portal))) == (400, "invalid_request")
    server.owner().patch("users", "alice", body={"disabled": True}, headers={"If-Match": "*"})
    assert post(server, "/oauth/introspect", form, basic(portal)).json == {"active": False}
    server.owner().patch("users", "alice", body={"disabled": None}, headers={"If-Match": "*"})


def test_revocation(server: RunningServer, portal: tuple[str, str]) -> None:
    """RFC 7009: the same answer whatever it was; what it ends is over everywhere."""
    access, refresh, _ = begun(server)
    web = {"client_id": web_id(server)}
    for text in (access, refresh):
        assert post(server, "/oauth/revoke", {"token": text}, basic(portal)).status == 200
    assert server.caller(access).get("users").status == 200, "of another application"
    for text in ("x", access, access):
        reply = post(server, "/oauth/revoke", {"token": text, "token_type_hint": "whatever", **web})
        assert (reply.status, reply.json) == (200, {})
    assert server.caller(access).get("users").status == 401
    form = {"grant_type": "refresh_token", **web}
    next_one = token(server, {**form, "refresh_token": refresh}).json
    assert post(server, "/oauth/revoke", {"token": next_one["refresh_token"], **web}).status == 200
    assert server.caller(next_one["access_token"]).get("users").status == 401
    assert refusal(token(server, {**form, "refresh_token": next_one["refresh_token"]})) == (
        400,
        "invalid_grant",
    )
    assert refusal(post(server, "/oauth/revoke", {**web})) == (400, "invalid_request")
    wrong = post(server, "/oauth/revoke", {"token": access}, basic((portal[0], "wrong")))
    assert refusal(wrong) == (401, "invalid_client")


def encode(value: object) -> str:
    """Base64url of this, as JSON where it is no bytes."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(
    server: RunningServer, header: dict[str, object], said: dict[str, object], key: object = None
) -> str:
    """A token with this header and these claims: unsigned, by HMAC with these bytes, or by this private key."""
    text = f"{encode(header)}.{encode(said)}"
    if key is None:
        return f"{text}."
    if isinstance(key, bytes):
        return f"{text}.{encode(hmac.digest(key, text.encode(), sha256))}"
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    return f"{text}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def test_forged_tokens_open_nothing(server: RunningServer) -> None:
    """No algorithm, the public key as a secret, keys that the token brings along (RFC 8725; bug class 31)."""
    real = server.token(server.key("user:owner"))
    said = claims(real)
    head = json.loads(base64.urlsafe_b64decode(real.split(".")[0] + "=="))
    current = server.host.key_set(KeyPurpose.ACCESS).current()
    public = current.public_jwk.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    mine = ec.generate_private_key(ec.SECP256R1())
    numbers = mine.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32, "big")),
           "y": encode(numbers.y.to_bytes(32, "big"))}  # fmt: skip
    tokens = {
        "none": forged(server, {**head, "alg": "none"}, said),
        "None": forged(server, {**head, "alg": "None"}, said),
        "hmac of the public key": forged(server, {**head, "alg": "HS256"}, said, pem),
        "hmac of its DER": forged(server, {**head, "alg": "HS256"}, said, der),
        "hmac of nothing": forged(server, {**head, "alg": "HS256"}, said, b""),
        "hmac of the kid": forged(server, {**head, "alg": "HS256"}, said, str(head["kid"]).encode()),
        "another key by this kid": forged(server, head, said, mine),
        "its own jwk": forged(server, {**head, "jwk": jwk}, said, mine),
        "its own jwk without kid": forged(
            server, {name: head[name] for name in head if name != "kid"} | {"jwk": jwk}, said, mine
        ),
        "jku": forged(server, {**head, "jku": "https://evil.example/jwks"}, said, mine),
        "x5u": forged(server, {**head, "x5u": "https://evil.example/c.pem"}, said, mine),
        "x5c": forged(server, {**head, "x5c": ["AAAA"]}, said, mine),
        "kid as a path": forged(server, {**head, "kid": "../../../../dev/null"}, said, b""),
        "kid as SQL": forged(server, {**head, "kid": "' UNION SELECT 'x' --"}, said, b"x"),
        "crit": forged(server, {**head, "crit": ["b64"], "b64": False}, said, mine),
        "no signature": real.rsplit(".", 1)[0] + ".",
        "no payload": ".".join((real.split(".")[0], "", real.split(".")[2])),
        "four parts": real + ".AAAA",
        "zeroes as signature": real.rsplit(".", 1)[0] + "." + encode(bytes(64)),
    }
    answered = {name: server.caller(text).get("users").status for name, text in tokens.items()}
    assert answered == dict.fromkeys(tokens, 401)
    assert server.caller(real).get("users").status == 200


def test_tokens_of_our_own_key_that_say_something_wrong_open_nothing(server: RunningServer) -> None:
    """Issuer, audience, times, type: whoever could have them signed for another purpose still gets in nowhere."""
    real = server.token(server.key("user:owner"))
    said = claims(real)
    signer = Signer(server.host.key_set(KeyPurpose.ACCESS).current())
    now = int(time.time())
    wrong: dict[str, dict[str, Any]] = {
        "iss": {"iss": "https://evil.example"},
        "iss with a slash": {"iss": said["iss"] + "/"},
        "aud": {"aud": "other"},
        "aud of an API": {"aud": API},
        "aud as a list": {"aud": [said["aud"], "other"]},
        "expired": {"exp": now - 1},
        "not yet valid": {"nbf": now + 600, "iat": now + 600, "exp": now + 900},
        "too long": {"exp": now + 86_400 * 30},
        "exp as text": {"exp": str(said["exp"])},
        "exp as a flag": {"exp": True},
        "act": {"act": {"sub": said["sub"]}},
        "another's uid": {"sub": server.host.snapshot("acme").identities["User", "zoe"].uid},
        "another account": {"account": "other"},
        "no credential": {"cred": ""},
        "another credential": {"cred": "apikey-00000000000000000000"},
        "an application that is not there": {"client_id": "application-00000000000000000000"},
        "restrictions that cannot be read": {"restrict": [{"actions": 7}]},
    }
    tokens = {name: signer.sign("at+jwt", {**said, **change}) for name, change in wrong.items()}
    tokens |= {
        kind: signer.sign(kind, said) for kind in ("JWT", "visit+jwt", "rt+jwt", "id+jwt", "AT+JWT", "")
    }
    answered = {name: server.caller(text).get("users").status for name, text in tokens.items()}
    assert answered == dict.fromkeys(tokens, 401)
    assert server.caller(signer.sign("at+jwt", said)).get("users").status == 200, "the test can fail"


def test_what_was_withdrawn_is_not_good_again_when_changed(server: RunningServer) -> None:
    """Revocation goes by what the token says, not by its text (Keystone CVE-2015-7546; bug class 29)."""
    text = server.token(server.key("user:zoe"))
    assert post(server, "/oauth/revoke", {"token": text}).status == 200
    head, body, signature = text.split(".")
    last = base64.urlsafe_b64decode(signature + "==")
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = int.from_bytes(last[32:], "big")
    other_half = encode(last[:32] + (n - s).to_bytes(32, "big"))
    for changed in (text, text + "=", f"{head}.{body}.{other_half}", f"{head}.{body}.{signature}=="):
        assert server.caller(changed).send("GET", "/v1/accounts/acme/api-keys").status == 401


def test_who_is_disabled_has_no_tokens_at_the_next_request(
    server: RunningServer, portal: tuple[str, str]
) -> None:
    """Application and service ID; enabled again, what rested on them stands again, for nothing was taken away."""
    text = token(server, {"grant_type": "client_credentials"}, basic(portal)).json["access_token"]
    caller, owner, now = server.caller(text), server.owner(), {"If-Match": "*"}
    assert caller.get("users").status == 200
    for collection in ("applications", "service-ids"):
        assert owner.patch(collection, "portal", body={"disabled": True}, headers=now).status == 200
        assert caller.get("users").status == 401
        reply = token(server, {"grant_type": "client_credentials"}, basic(portal))
        assert refusal(reply) == (401, "invalid_client")
        assert owner.patch(collection, "portal", body={"disabled": None}, headers=now).status == 200
        assert caller.get("users").status == 200


def _refreshed(host: Host, client_id: str, refresh: str) -> str:
    """Which access token does this refresh token give in that process? "": none."""
    client = find_application(host, client_id)
    assert client is not None
    try:
        return refresh_family(host, client, refresh).token.text
    except OAuthRefused:
        return ""


def test_of_two_processes_that_refresh_at_once_one_wins_at_most(server: RunningServer) -> None:
    """What the winner got is good no more in the server either, for the family has ended."""
    with ExitStack() as stack:
        stores = [stack.enter_context(open_store(server.data, locate=locate)) for _ in range(2)]
        hosts = [Host(store, server.host.settings) for store in stores]
        for _ in range(3):
            access, refresh, uid = begun(server)
            with ThreadPoolExecutor(2) as threads:
                tried = [threads.submit(_refreshed, host, web_id(server), refresh) for host in hosts]
                given = [text for one in tried if (text := one.result())]
            assert len(given) <= 1
            for text in (access, *given):
                assert server.caller(text).get("users").status == 401
            assert uid not in [one["id"] for one in server.owner().get("sessions").json["items"]]
