"""One moment, one set of keys and one pair of parties, on which the tests of authn agree."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bailiwick.authn.compact import Signer
from bailiwick.authn.signing import KeyPurpose, KeySet, generate_signing_key, start_key_set
from bailiwick.authn.tokens import TokenParties, TokenSubject, TokenVerifier

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The moment at which every test happens."""
    return NOW


@pytest.fixture(scope="session")
def access_keys() -> KeySet:
    """A key set for access tokens with a current and a next key."""
    return start_key_set([generate_signing_key(KeyPurpose.ACCESS, NOW) for _ in range(2)], NOW)


@pytest.fixture(scope="session")
def registry_keys() -> KeySet:
    """A key set for registry tokens with a current and a next key."""
    return start_key_set([generate_signing_key(KeyPurpose.REGISTRY, NOW) for _ in range(2)], NOW)


@pytest.fixture(scope="session")
def parties() -> TokenParties:
    """The issuer and the audience of access tokens."""
    return TokenParties(issuer="https://iam.acme.example", audience="bailiwick")


@pytest.fixture(scope="session")
def signer(access_keys: KeySet) -> Signer:
    """The signer of access tokens."""
    return Signer(access_keys.current())


@pytest.fixture(scope="session")
def verifier(access_keys: KeySet, parties: TokenParties) -> TokenVerifier:
    """The verifier of access tokens, without any clock skew."""
    return TokenVerifier(parties, access_keys)


@pytest.fixture
def alice() -> TokenSubject:
    """Alice, who showed her API key."""
    return TokenSubject(
        uid="u-1",
        account="acme",
        principal="user:alice",
        credential_uid="key-1",
        grant_type="urn:ibm:params:oauth:grant-type:apikey",
    )
