"""ID tokens: what they say, and that only one of these keys' is read again as a hint."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from bailiwick.authn.authenticated import Authenticated
from bailiwick.authn.compact import TokenRefused
from bailiwick.authn.oauth.id_tokens import Hint, Identity, half_hash, read_hint, write_id_token
from bailiwick.authn.oauth.identity_keys import IdentityKey, generate_identity_key

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ISSUER = "https://iam.acme.example"
WHO = Identity(
    "user-1", "application-1", "session-1", Authenticated(1000, ("pwd", "otp"), 1010), "n", {"email": "a@b"}
)


@pytest.fixture(scope="module")
def key() -> IdentityKey:
    """A key."""
    return generate_identity_key(NOW)


@pytest.fixture(scope="module")
def text(key: IdentityKey) -> str:
    """An ID token."""
    return write_id_token(WHO, issuer=ISSUER, key=key, access_token="at", issued=2000, expires=2600)


def forged(header: dict[str, object], claims: dict[str, object], key: RSAKey | OctKey, alg: str) -> str:
    """A token that somebody else made."""
    return jwt.encode({"alg": alg, **header}, claims, key, algorithms=[alg])


def test_it_says_what_openid_wants(key: IdentityKey, text: str) -> None:
    """Every claim of the core text that applies, verified by another reader with the published key."""
    read = jwt.decode(text, RSAKey.import_key({**key.as_jwk()}), algorithms=["RS256"])
    assert read.header == {"alg": "RS256", "kid": key.kid, "typ": "JWT"}
    assert read.claims == {
        "iss": ISSUER, "sub": "user-1", "aud": "application-1", "azp": "application-1", "iat": 2000, "exp": 2600,
        "auth_time": 1000, "acr": "mfa", "amr": ["pwd", "otp"], "nonce": "n", "sid": "session-1", "email": "a@b",
        "at_hash": half_hash("at"),
    }  # fmt: skip


def test_nothing_that_is_told_takes_the_place_of_who_it_is(key: IdentityKey) -> None:
    """SECURITY: a person whose name or group is called like a claim is nobody else."""
    odd = replace(WHO, told={"sub": "user-2", "aud": "other", "iss": "evil", "exp": 9})
    text = write_id_token(odd, issuer=ISSUER, key=key, access_token="at", issued=2000, expires=2600)
    assert read_hint(text, issuer=ISSUER, keys=[key]) == Hint("user-1", "application-1", "session-1")


def test_the_half_hash_is_that_of_the_core_text() -> None:
    """Source: OpenID Connect Core 1.0, A.3 (its access token and `at_hash`)."""
    assert half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_a_hint_is_read_long_after_it_is_over(key: IdentityKey, text: str) -> None:
    """Also by several keys, of which one has retired."""
    other = generate_identity_key(NOW)
    assert read_hint(text, issuer=ISSUER, keys=[other, key]) == Hint("user-1", "application-1", "session-1")


def test_no_other_text_is_a_hint(key: IdentityKey, text: str) -> None:
    """No other issuer, key, algorithm, header or spelling."""
    header, payload, signature = text.split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    public = OctKey.import_key(key.n)
    evil = RSAKey.generate_key(2048)
    none = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    mine = RSAKey.import_key(str(key.private_pem))
    for bad in (
        "", "a.b.c", text[:-2] + ("AA" if text[-2:] != "AA" else "BB"), f"{none}.{payload}.", f"{header}.{payload}.",
        text + "." + signature, "x" * 9000, "é" + text,
        forged({"kid": key.kid, "typ": "JWT"}, claims, public, "HS256"),
        forged({"kid": key.kid, "typ": "JWT"}, claims, evil, "RS256"),
        forged({"kid": key.kid, "typ": "JWT", "jwk": evil.as_dict(private=False)}, claims, evil, "RS256"),
        forged({"kid": key.kid, "typ": "at+jwt"}, claims, mine, "RS256"),
        forged({"kid": key.kid, "typ": "JWT"}, {**claims, "iss": "https://evil.example"}, mine, "RS256"),
        forged({"kid": key.kid, "typ": "JWT"}, {**claims, "aud": ["a", "b"]}, mine, "RS256"),
        forged({"kid": key.kid, "typ": "JWT"}, claims, mine, "RS512"),
    ):  # fmt: skip
        with pytest.raises(TokenRefused):
            read_hint(bad, issuer=ISSUER, keys=[key])
    with pytest.raises(TokenRefused):
        read_hint(text, issuer=ISSUER, keys=[])


def test_a_key_without_its_private_half_signs_nothing(key: IdentityKey) -> None:
    """Nor does any text show that half."""
    with pytest.raises(ValueError, match="no private half"):
        write_id_token(
            WHO, issuer=ISSUER, key=replace(key, private_pem=None), access_token="", issued=0, expires=1
        )
    assert "PRIVATE" not in repr(key)
    assert "d" not in key.as_jwk()
