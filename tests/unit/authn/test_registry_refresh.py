"""Refresh tokens of registry clients: what one says, and every way in which another text is not one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bailiwick.authn.compact import Signer, TokenFault, TokenRefused, parse_compact
from bailiwick.authn.registry.refresh import (
    REFRESH_LIFETIME_SECONDS,
    RefreshSubject,
    VerifiedRefresh,
    is_refresh_wanted,
    issue_refresh_token,
    verify_refresh_token,
)
from bailiwick.authn.signing import KeyPurpose, KeySet, generate_signing_key, rotate_key_set
from bailiwick.authn.tokens import (
    IssuedToken,
    TokenParties,
    TokenSubject,
    TokenVerifier,
    issue_access_token,
)
from bailiwick.errors import Invalid

SUBJECT = RefreshSubject(uid="u-1", account="acme", credential_uid="key-1")
PARTIES = TokenParties(issuer="https://iam.acme.example", audience="registry-eu")


@pytest.fixture
def issued(signer: Signer, now: datetime) -> IssuedToken:
    """Alice's refresh token."""
    return issue_refresh_token(SUBJECT, parties=PARTIES, signer=signer, now=now, jti="r-1")


@pytest.fixture
def claims(issued: IssuedToken) -> dict[str, object]:
    """What it says, to be changed and signed again."""
    said: dict[str, object] = json.loads(parse_compact(issued.text).payload)
    return said


@pytest.fixture
def fault_of(access_keys: KeySet, now: datetime) -> Callable[[str], TokenFault]:
    """What is wrong with a text that is no refresh token."""

    def find(text: str) -> TokenFault:
        with pytest.raises(TokenRefused) as refused:
            verify_refresh_token(text, parties=PARTIES, key_set=access_keys, now=now)
        return refused.value.fault

    return find


def test_a_token_is_believed_as_it_was_issued(
    issued: IssuedToken, access_keys: KeySet, now: datetime
) -> None:
    """Whose key, which account, which token, until when."""
    believed = verify_refresh_token(issued.text, parties=PARTIES, key_set=access_keys, now=now)
    assert believed == VerifiedRefresh(SUBJECT, "r-1", int(now.timestamp()) + REFRESH_LIFETIME_SECONDS)


def test_it_says_nothing_about_what_its_bearer_may_do(claims: dict[str, object]) -> None:
    """No name that changes, no access, no right."""
    assert set(claims) == {"iss", "aud", "sub", "account", "cred", "jti", "iat", "nbf", "exp"}


def test_it_is_good_until_its_end_and_from_its_beginning_on(
    issued: IssuedToken, access_keys: KeySet, now: datetime
) -> None:
    """Not a second earlier and not a second later."""
    for seconds, fault in ((-1, TokenFault.NOT_YET_VALID), (REFRESH_LIFETIME_SECONDS, TokenFault.EXPIRED)):
        with pytest.raises(TokenRefused) as refused:
            verify_refresh_token(
                issued.text, parties=PARTIES, key_set=access_keys, now=now + timedelta(seconds=seconds)
            )
        assert refused.value.fault is fault
    last = now + timedelta(seconds=REFRESH_LIFETIME_SECONDS - 1)
    assert verify_refresh_token(issued.text, parties=PARTIES, key_set=access_keys, now=last)


def test_it_does_not_outlive_the_key(signer: Signer, now: datetime) -> None:
    """A key that ends sooner ends the token, and a key that has ended gives none."""
    ends = now + timedelta(minutes=10)
    short = issue_refresh_token(SUBJECT, parties=PARTIES, signer=signer, now=now, jti="r-1", not_beyond=ends)
    assert short.lifetime_seconds == 600
    with pytest.raises(TokenRefused) as refused:
        issue_refresh_token(SUBJECT, parties=PARTIES, signer=signer, now=ends, jti="r-1", not_beyond=ends)
    assert refused.value.fault is TokenFault.EXPIRED


@pytest.mark.parametrize(
    ("parties", "fault"),
    [
        (replace(PARTIES, audience="registry-us"), TokenFault.AUDIENCE),
        (replace(PARTIES, issuer="https://iam.other.example"), TokenFault.ISSUER),
    ],
)
def test_another_registry_or_issuer_does_not_take_it(
    issued: IssuedToken, access_keys: KeySet, now: datetime, parties: TokenParties, fault: TokenFault
) -> None:
    """Both are compared exactly."""
    with pytest.raises(TokenRefused) as refused:
        verify_refresh_token(issued.text, parties=parties, key_set=access_keys, now=now)
    assert refused.value.fault is fault


def test_an_access_token_with_its_audience_is_none(
    fault_of: Callable[[str], TokenFault], signer: Signer, alice: TokenSubject, now: datetime
) -> None:
    """The type decides, though issuer, audience and key are right; and the other way round."""
    access = issue_access_token(
        alice, parties=PARTIES, signer=signer, now=now, lifetime_seconds=60, jti="a-1"
    )
    assert fault_of(access.text) is TokenFault.TYPE


def test_it_is_no_access_token_whatever_its_audience(
    access_keys: KeySet, signer: Signer, parties: TokenParties, now: datetime
) -> None:
    """Were a registry named like Bailiwick itself, the type would still keep the two apart."""
    issued = issue_refresh_token(SUBJECT, parties=parties, signer=signer, now=now, jti="r-1")
    with pytest.raises(TokenRefused) as refused:
        TokenVerifier(parties, access_keys).verify(issued.text, now)
    assert refused.value.fault is TokenFault.TYPE


def test_it_is_signed_by_a_key_that_no_registry_trusts(registry_keys: KeySet, now: datetime) -> None:
    """A registry would take a token of its own key for an ordinary one without access."""
    with pytest.raises(Invalid, match="expected a key for `access`, got one for `registry`"):
        issue_refresh_token(
            SUBJECT, parties=PARTIES, signer=Signer(registry_keys.current()), now=now, jti="r-1"
        )


def test_a_key_outside_the_set_or_past_its_time_is_not_believed(
    issued: IssuedToken, access_keys: KeySet, now: datetime
) -> None:
    """A retired key verifies for its overlap, and then its tokens are over too."""
    fresh = generate_signing_key(KeyPurpose.ACCESS, now)
    turned = rotate_key_set(access_keys, now, fresh=fresh, lead_seconds=0, overlap_seconds=3600)
    assert verify_refresh_token(issued.text, parties=PARTIES, key_set=turned, now=now)
    later = now + timedelta(hours=1)
    for key_set, at in ((turned, later), (rotate_twice(turned, later), later)):
        with pytest.raises(TokenRefused) as refused:
            verify_refresh_token(issued.text, parties=PARTIES, key_set=key_set, now=at)
        assert refused.value.fault is TokenFault.UNKNOWN_KEY


def rotate_twice(key_set: KeySet, now: datetime) -> KeySet:
    """The set after another rotation, in which the first key is forgotten."""
    fresh = generate_signing_key(KeyPurpose.ACCESS, now)
    return rotate_key_set(key_set, now, fresh=fresh, lead_seconds=0, overlap_seconds=0)


@pytest.mark.parametrize("text", ["", "a.b.c", "x" * 9000, "a.b." + "c" * 86])
def test_no_text_crashes_the_reader(fault_of: Callable[[str], TokenFault], text: str) -> None:
    """Whatever is shown is refused as a token."""
    assert fault_of(text) in (TokenFault.MALFORMED, TokenFault.TOO_LARGE, TokenFault.HEADER)


def test_a_changed_payload_does_not_fit_the_signature(
    issued: IssuedToken, fault_of: Callable[[str], TokenFault], signer: Signer, claims: dict[str, object]
) -> None:
    """Nothing of it is read before that is known."""
    other = signer.sign("rt+jwt", claims | {"cred": "key-2"})
    header, _, signature = issued.text.split(".")
    assert fault_of(f"{header}.{other.split('.')[1]}.{signature}") is TokenFault.SIGNATURE


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "account", "cred", "jti", "iat", "nbf", "exp"])
@pytest.mark.parametrize("value", [None, "", True, 1.5, -1, ["registry-eu"], {}])
def test_every_claim_is_there_and_of_its_kind(
    fault_of: Callable[[str], TokenFault],
    signer: Signer,
    claims: dict[str, object],
    name: str,
    value: object,
) -> None:
    """Even a token of the right key is not believed with a claim that is missing or of another kind."""
    assert fault_of(signer.sign("rt+jwt", claims | {name: value})) is TokenFault.CLAIMS
    assert (
        fault_of(signer.sign("rt+jwt", {k: v for k, v in claims.items() if k != name})) is TokenFault.CLAIMS
    )


def test_no_token_lives_longer_than_72_hours(
    fault_of: Callable[[str], TokenFault], signer: Signer, claims: dict[str, object], now: datetime
) -> None:
    """Not even one that the right key has signed."""
    end = int(now.timestamp()) + REFRESH_LIFETIME_SECONDS + 1
    assert fault_of(signer.sign("rt+jwt", claims | {"exp": end})) is TokenFault.LIFETIME


@pytest.mark.parametrize("missing", ["uid", "account", "credential_uid"])
def test_a_token_about_nobody_is_not_made(missing: str) -> None:
    """All three must be said."""
    with pytest.raises(Invalid, match="a refresh token names an account, a principal and its key"):
        replace(SUBJECT, **{missing: ""})


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ([("offline_token", "true")], True),
        ([("access_type", "offline")], True),
        ([("offline_token", "1"), ("access_type", "online"), ("true", "offline_token")], False),
        ([], False),
    ],
)
def test_it_is_wanted_only_when_it_is_asked_for(parameters: list[tuple[str, str]], wanted: bool) -> None:
    """In the exact words of the protocol."""
    assert is_refresh_wanted(parameters) is wanted
