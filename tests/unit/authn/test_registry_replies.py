"""Registry tokens and bodies: exactly the claims and shapes that a registry and its clients take."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet as JoseKeySet

from bailiwick.authn.compact import Signer
from bailiwick.authn.registry import (
    AccessEntry,
    RegistryErrorCode,
    issue_registry_token,
    registry_error_body,
    registry_token_body,
)
from bailiwick.authn.signing import KeySet
from bailiwick.authn.tokens import IssuedToken, TokenParties
from bailiwick.errors import Invalid


@pytest.fixture
def issued(registry_keys: KeySet, now: datetime) -> IssuedToken:
    """A token to pull and push in one repository."""
    return issue_registry_token(
        [AccessEntry("repository", "ns/img", ("pull", "push"))],
        parties=TokenParties(issuer="tok-iss", audience="reg-svc"),
        signer=Signer(registry_keys.current()),
        subject="user:alice",
        now=now + timedelta(microseconds=999_999),
        jti="t-1",
    )


def test_a_token_holds_exactly_the_claims_that_a_registry_checks(
    issued: IssuedToken, registry_keys: KeySet, now: datetime
) -> None:
    """One audience as a text, whole seconds, sixty of them, exact names, the fingerprint as `kid`."""
    keys = JoseKeySet.import_key_set(registry_keys.jwks(now))  # type: ignore[arg-type]
    token = jwt.decode(issued.text, keys, algorithms=["ES256"])
    second = int(now.timestamp())
    assert token.header == {"alg": "ES256", "kid": registry_keys.current().kid, "typ": "JWT"}
    assert token.claims == {
        "iss": "tok-iss",
        "aud": "reg-svc",
        "sub": "user:alice",
        "iat": second,
        "nbf": second,
        "exp": second + 60,
        "jti": "t-1",
        "access": [{"type": "repository", "name": "ns/img", "actions": ["pull", "push"]}],
    }
    assert [type(token.claims[name]) for name in ("iat", "nbf", "exp")] == [int, int, int]


def test_a_token_that_grants_nothing_has_an_empty_list(registry_keys: KeySet, now: datetime) -> None:
    """A login asks for nothing, and `access` is then a list without entries, not missing or null."""
    issued = issue_registry_token(
        [],
        parties=TokenParties(issuer="tok-iss", audience="reg-svc"),
        signer=Signer(registry_keys.current()),
        subject="anonymous",
        now=now,
        jti="t-2",
    )
    keys = JoseKeySet.import_key_set(registry_keys.jwks(now))  # type: ignore[arg-type]
    assert jwt.decode(issued.text, keys, algorithms=["ES256"]).claims["access"] == []


def test_a_key_for_access_tokens_signs_no_registry_token(access_keys: KeySet, now: datetime) -> None:
    """The two key sets stay apart."""
    with pytest.raises(Invalid) as caught:
        issue_registry_token(
            [],
            parties=TokenParties(issuer="tok-iss", audience="reg-svc"),
            signer=Signer(access_keys.current()),
            subject="user:alice",
            now=now,
            jti="t-3",
        )
    assert caught.value.message == "expected a key for `registry`, got one for `access` at signer"


def test_the_reply_says_the_lifetime_that_the_token_has(issued: IssuedToken) -> None:
    """Both names of the token, sixty seconds, and the time of issue in UTC."""
    assert registry_token_body(issued) == {
        "token": issued.text,
        "access_token": issued.text,
        "expires_in": 60,
        "issued_at": "2026-11-20T12:00:00Z",
    }


def test_a_refusal_has_the_shape_that_clients_show() -> None:
    """A list of one error with code, message and detail."""
    assert registry_error_body(RegistryErrorCode.UNAUTHORIZED, "the API key is not known") == {
        "errors": [{"code": "UNAUTHORIZED", "message": "the API key is not known", "detail": None}]
    }
    body = registry_error_body(RegistryErrorCode.TOO_MANY_REQUESTS, "slow down", {"seconds": 5})
    assert body["errors"][0]["code"] == "TOOMANYREQUESTS"
    assert body["errors"][0]["detail"] == {"seconds": 5}
