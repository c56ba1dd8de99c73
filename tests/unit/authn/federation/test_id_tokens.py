"""ID tokens: what is believed, and every way in which one that should not be is refused."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.unit.authn.federation.signing import b64, jwk_of, key_for, sign

from bailiwick.authn.federation.faults import Fault, SignInRefused
from bailiwick.authn.federation.id_tokens import Claims, Expected, find_key, parse_id_token, verify_id_token
from bailiwick.authn.federation.jwks import ALGORITHMS, read_keys

NOW = 1_795_000_000
ISSUER, CLIENT, NONCE = "https://sso.example", "client", "nonce"
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": "1",
    "nonce": NONCE,
    "iat": NOW,
    "exp": NOW + 300,
    "auth_time": NOW - 100,
}
EXPECTED = Expected(ISSUER, CLIENT, NONCE, NOW)


def believe(text: str, *jwks: dict[str, Any], expected: Expected = EXPECTED) -> Claims:
    """What is believed of this token by these published keys?"""
    token = parse_id_token(text)
    key = find_key(token, read_keys({"keys": list(jwks)}))
    if key is None:
        raise SignInRefused(Fault.UNKNOWN_KEY, "no key")
    return verify_id_token(token, key, expected)


def refused(text: str, *jwks: dict[str, Any], expected: Expected = EXPECTED) -> Fault:
    """For which fault is it refused?"""
    with pytest.raises(SignInRefused) as caught:
        believe(text, *(jwks or (jwk_of(key_for("RS256")),)), expected=expected)
    return caught.value.fault


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_token_of_each_algorithm_is_believed(algorithm: str) -> None:
    """With a key that is named and with the only one; and not one bit otherwise."""
    key = key_for(algorithm)
    text = sign(key, algorithm, GOOD)
    assert believe(text, jwk_of(key))["sub"] == "1"
    unnamed = jwk_of(key)
    del unnamed["kid"]
    assert believe(sign(key, algorithm, GOOD, kid=""), unnamed)["sub"] == "1"
    head, payload, signed = text.split(".")
    other = payload[:-3] + ("A" if payload[-3] != "A" else "B") + payload[-2:]
    assert refused(f"{head}.{other}.{signed}", jwk_of(key)) in (Fault.SIGNATURE, Fault.ANSWER)
    assert refused(sign(key_for(algorithm, 1), algorithm, GOOD), jwk_of(key)) is Fault.SIGNATURE


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "HS256", "HS512", "RS512", "ES384", "ES256K", "RSA1_5", ""]
)
def test_no_other_algorithm_is_taken(algorithm: str) -> None:
    """None that is symmetric, not `none` however it is written, none that was not thought of."""
    head = b64(json.dumps({"alg": algorithm, "kid": "k"}).encode())
    assert refused(f"{head}.{b64(json.dumps(GOOD).encode())}.{b64(b'x')}") is Fault.ALGORITHM


def test_a_public_key_is_no_secret() -> None:
    """A token that is signed by HMAC with the issuer's public key is refused, whatever its header says."""
    public = key_for("RS256").public_key()
    for form in (public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), b"", b"\x00"):
        for algorithm in ("HS256", "RS256"):
            signed = (
                f"{b64(json.dumps({'alg': algorithm, 'kid': 'k'}).encode())}.{b64(json.dumps(GOOD).encode())}"
            )
            text = f"{signed}.{b64(hmac.digest(form or b'k', signed.encode(), sha256))}"
            assert refused(text) is (Fault.ALGORITHM if algorithm == "HS256" else Fault.SIGNATURE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "e30.e30.",
        ".e30.e30",
        "e30..e30",
        "e30.e30.e30=",
        "é.e30.e30",
        "e30.e30.e30\n",
        "a" * 70_000,
    ],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    """Missing parts, more parts, padding, other letters, a line's end, endless text."""
    assert refused(text) in (Fault.ANSWER, Fault.ALGORITHM)


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ({"kid": "other"}, Fault.UNKNOWN_KEY),
        ({"kid": 7}, Fault.ANSWER),
        ({"crit": ["b64"], "b64": False}, Fault.ANSWER),
        ({"kid": "../../etc/passwd"}, Fault.UNKNOWN_KEY),
    ],
)
def test_a_header_decides_nothing(header: dict[str, object], fault: Fault) -> None:
    """An unknown key, an odd one, extensions that change what is signed."""
    assert refused(sign(key_for("RS256"), "RS256", GOOD, **header)) is fault


def test_a_key_that_the_token_brings_along_is_not_looked_at() -> None:
    """`jwk`, `jku`, `x5c`: signed by the attacker, verified by the issuer's own."""
    theirs = key_for("RS256", 9)
    brought = {"jwk": jwk_of(theirs), "jku": "https://evil.example/keys", "x5u": "https://evil.example/cert"}
    assert refused(sign(theirs, "RS256", GOOD, **brought)) is Fault.SIGNATURE


def test_a_key_is_good_for_its_own_algorithm_only() -> None:
    """One published for another algorithm, for encryption, of another kind or too short is not used."""
    key = key_for("RS256")
    text = sign(key, "RS256", GOOD)
    for other in (
        jwk_of(key, alg="PS256"),
        jwk_of(key, use="enc"),
        jwk_of(key_for("ES256")),
        {**jwk_of(key), "n": b64((1 << 1023 | 1).to_bytes(128))},
        {**jwk_of(key), "kty": "oct", "k": "AAAA"},
        {**jwk_of(key), "n": 7},
        {"kty": ["RSA"], "kid": "k"},
    ):
        assert refused(text, other) is Fault.UNKNOWN_KEY
    assert (
        refused(sign(key, "RS256", GOOD, kid=""), jwk_of(key), jwk_of(key_for("RS256", 1), "l"))
        is Fault.UNKNOWN_KEY
    )


@pytest.mark.parametrize("document", [{}, {"keys": {}}, {"keys": [{}] * 101}, {"keys": "k"}])
def test_what_is_no_set_of_keys_is_refused(document: dict[str, object]) -> None:
    """And a set without end."""
    with pytest.raises(ValueError, match="list of keys"):
        read_keys(document)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"iss": ISSUER + "/"}, Fault.ISSUER),
        ({"iss": "https://evil.example"}, Fault.ISSUER),
        ({"iss": [ISSUER]}, Fault.ISSUER),
        ({"iss": None}, Fault.ISSUER),
        ({"aud": "other"}, Fault.AUDIENCE),
        ({"aud": []}, Fault.AUDIENCE),
        ({"aud": None}, Fault.AUDIENCE),
        ({"aud": {"client": 1}}, Fault.AUDIENCE),
        ({"aud": [CLIENT, "other"]}, Fault.AUDIENCE),
        ({"aud": [CLIENT, "other"], "azp": "other"}, Fault.AUDIENCE),
        ({"azp": "other"}, Fault.AUDIENCE),
        ({"exp": NOW - 61}, Fault.EXPIRED),
        ({"exp": None}, Fault.ANSWER),
        ({"exp": True}, Fault.ANSWER),
        ({"exp": "4000000000"}, Fault.ANSWER),
        ({"exp": 1e300}, Fault.ANSWER),
        ({"iat": NOW + 61}, Fault.NOT_YET_VALID),
        ({"iat": None}, Fault.ANSWER),
        ({"nbf": NOW + 61}, Fault.NOT_YET_VALID),
        ({"nonce": "other"}, Fault.NONCE),
        ({"nonce": None}, Fault.NONCE),
        ({"nonce": [NONCE]}, Fault.NONCE),
        ({"sub": None}, Fault.SUBJECT),
        ({"sub": ""}, Fault.SUBJECT),
        ({"sub": 1}, Fault.SUBJECT),
        ({"sub": "a" * 256}, Fault.SUBJECT),
        ({"sub": "a\nb"}, Fault.SUBJECT),
    ],
)
def test_claims_that_are_not_ours_are_refused(said: dict[str, object], fault: Fault) -> None:
    """Another issuer's, another client's, of another time or question, about nobody."""
    claims = {name: value for name, value in {**GOOD, **said}.items() if value is not None}
    assert refused(sign(key_for("RS256"), "RS256", claims)) is fault


def test_several_audiences_are_good_where_it_was_given_to_us() -> None:
    """As `azp` says; and clocks may differ by a minute."""
    near = {**GOOD, "aud": ["other", CLIENT], "azp": CLIENT, "exp": NOW - 59, "iat": NOW + 59}
    assert believe(sign(key_for("RS256"), "RS256", near), jwk_of(key_for("RS256")))["sub"] == "1"


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(GOOD)[:-1].encode() + b', "sub": "2"}',
        json.dumps(GOOD)[:-1].encode() + b', "x": {"a": 1, "a": 2}}',
        json.dumps(GOOD)[:-1].encode() + b', "x": NaN}',
        b'"text"',
        b"[]",
        b"\xff",
        b"[" * 20_000,
    ],
)
def test_claims_that_two_could_read_in_two_ways_are_refused(payload: bytes) -> None:
    """A name given twice, at any depth, what is no JSON, what is no object."""
    assert refused(sign(key_for("RS256"), "RS256", payload)) is Fault.ANSWER


def test_an_access_token_of_somebody_else_is_refused() -> None:
    """Where the ID token says which one belongs to it."""
    expected = Expected(ISSUER, CLIENT, NONCE, NOW, access_token="token")
    digest = sha256(b"token").digest()
    key = key_for("RS256")
    good = {**GOOD, "at_hash": b64(digest[:16])}
    assert believe(sign(key, "RS256", good), jwk_of(key), expected=expected)["sub"] == "1"
    for wrong in (b64(digest), b64(sha256(b"other").digest()[:16]), "", 7):
        text = sign(key, "RS256", {**GOOD, "at_hash": wrong})
        assert refused(text, expected=expected) is Fault.ACCESS_TOKEN


def test_who_signed_in_there_too_long_ago_is_refused() -> None:
    """Where the account asked for less; a provider that does not say when has not answered."""
    key = key_for("RS256")
    lately = Expected(ISSUER, CLIENT, NONCE, NOW, max_age_seconds=60)
    assert believe(sign(key, "RS256", GOOD), jwk_of(key), expected=lately)["sub"] == "1"
    assert refused(sign(key, "RS256", {**GOOD, "auth_time": NOW - 121}), expected=lately) is Fault.TOO_OLD
    silent = {name: value for name, value in GOOD.items() if name != "auth_time"}
    assert refused(sign(key, "RS256", silent), expected=lately) is Fault.ANSWER
