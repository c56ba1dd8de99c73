"""Access tokens: what is issued is what is believed, for its time and for its audience only."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet as JoseKeySet

from bailiwick.authn.compact import Signer, TokenFault, TokenRefused
from bailiwick.authn.links import MAX_LINKS, Link
from bailiwick.authn.signing import KeyPurpose, KeySet, generate_signing_key, rotate_key_set
from bailiwick.authn.tokens import (
    IssuedToken,
    TokenParties,
    TokenSubject,
    TokenVerifier,
    issue_access_token,
    token_digest,
)
from bailiwick.errors import Invalid, Unauthenticated

LIFETIME_SECONDS = 900


@pytest.fixture
def issued(alice: TokenSubject, parties: TokenParties, signer: Signer, now: datetime) -> IssuedToken:
    """Alice's token of fifteen minutes."""
    return issue_access_token(
        alice, parties=parties, signer=signer, now=now, lifetime_seconds=LIFETIME_SECONDS, jti="t-1"
    )


def claims_of(text: str) -> dict[str, object]:
    """The payload of a token, read without any check."""
    payload = text.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert isinstance(claims, dict)
    return claims


def test_a_token_holds_exactly_the_documented_claims(issued: IssuedToken, now: datetime) -> None:
    """Issuer, audience, subject, credential and whole seconds, and nothing else."""
    second = int(now.timestamp())
    claims = claims_of(issued.text)
    assert claims == {
        "iss": "https://iam.acme.example",
        "aud": "bailiwick",
        "sub": "u-1",
        "account": "acme",
        "principal": "user:alice",
        "cred": "key-1",
        "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
        "iat": second,
        "nbf": second,
        "exp": second + LIFETIME_SECONDS,
        "jti": "t-1",
    }
    assert [type(claims[name]) for name in ("iat", "nbf", "exp")] == [int, int, int]


def test_another_library_verifies_a_token_by_the_jwks(
    issued: IssuedToken, access_keys: KeySet, now: datetime
) -> None:
    """A resource server needs the published keys and no code of Bailiwick's."""
    keys = JoseKeySet.import_key_set(access_keys.jwks(now))  # type: ignore[arg-type]
    token = jwt.decode(issued.text, keys, algorithms=["ES256"])
    assert token.header == {"alg": "ES256", "kid": access_keys.current().kid, "typ": "at+jwt"}
    assert token.claims == claims_of(issued.text)


def test_a_verified_token_speaks_for_its_subject(
    issued: IssuedToken, alice: TokenSubject, verifier: TokenVerifier, now: datetime
) -> None:
    """Verification gives back the subject that was authenticated, and the token's own name and end."""
    verified = verifier.verify(issued.text, now)
    assert verified.subject == alice
    assert verified.jti == "t-1"
    assert verified.expires_at == now + timedelta(seconds=LIFETIME_SECONDS)
    assert issued.lifetime_seconds == LIFETIME_SECONDS


def test_client_session_and_links_survive(
    alice: TokenSubject, parties: TokenParties, signer: Signer, verifier: TokenVerifier, now: datetime
) -> None:
    """Who assumed the subject, from where, and for whom it acts are read as they were written."""
    root = Link("dev", "u-9", "user:bob", "key-9", ("session-2", "session-1"))
    middle = Link("dev", "p-8", "profile:hop", by=(root,), context={"ip": "10.0.0.1"})
    subject = replace(
        alice,
        client_id="bx",
        session_uid="session-3",
        earlier_sessions=("session-0",),
        by=(middle,),
        context={"ip": "10.0.0.2", "mfa": True},
        acts_for=(Link("acme", "u-7", "user:carol", "key-7"),),
        restrictions=({"actions": ["ims:*"]},),
    )
    issued = issue_access_token(
        subject, parties=parties, signer=signer, now=now, lifetime_seconds=60, jti="t-2"
    )
    assert verifier.verify(issued.text, now).subject == subject
    claims = claims_of(issued.text)
    assert {name: claims[name] for name in ("sid", "sids", "by", "ctx", "for", "restrict")} == {
        "sid": "session-3",
        "sids": ["session-0"],
        "by": [
            {
                "account": "dev",
                "sub": "p-8",
                "principal": "profile:hop",
                "ctx": {"ip": "10.0.0.1"},
                "by": [
                    {
                        "account": "dev",
                        "sub": "u-9",
                        "principal": "user:bob",
                        "cred": "key-9",
                        "sids": ["session-2", "session-1"],
                    }
                ],
            }
        ],
        "ctx": {"ip": "10.0.0.2", "mfa": True},
        "for": [{"account": "acme", "sub": "u-7", "principal": "user:carol", "cred": "key-7"}],
        "restrict": [{"actions": ["ims:*"]}],
    }


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
LINKS = st.recursive(
    st.builds(Link, TEXTS, TEXTS, TEXTS, TEXTS, st.tuples(TEXTS)),
    lambda inner: st.builds(
        Link, TEXTS, TEXTS, TEXTS, by=st.tuples(inner), context=st.dictionaries(TEXTS, TEXTS | st.booleans())
    ),
    max_leaves=3,
)


@settings(max_examples=50)
@given(
    texts=st.lists(TEXTS, min_size=5, max_size=5),
    by=st.lists(LINKS, max_size=2),
    acts_for=st.lists(LINKS, max_size=2),
)
def test_reading_gives_back_what_was_written(
    parties: TokenParties,
    signer: Signer,
    verifier: TokenVerifier,
    texts: list[str],
    by: list[Link],
    acts_for: list[Link],
) -> None:
    """Any subject that can be written is read back unchanged."""
    start = datetime(2026, 11, 20, tzinfo=UTC)
    uid, account, principal, credential_uid, grant_type = texts
    subject = TokenSubject(
        uid, account, principal, credential_uid, grant_type, by=tuple(by), acts_for=tuple(acts_for)
    )
    try:
        issued = issue_access_token(
            subject, parties=parties, signer=signer, now=start, lifetime_seconds=60, jti="t-3"
        )
    except Invalid:
        assert sum(1 for link in (*by, *acts_for) for _ in link.walk()) > MAX_LINKS
        return
    assert verifier.verify(issued.text, start).subject == subject


def test_a_token_ends_exactly_at_its_end(issued: IssuedToken, verifier: TokenVerifier, now: datetime) -> None:
    """The last instant before `exp` is good, `exp` itself is not, and a cached token knows the same."""
    end = now + timedelta(seconds=LIFETIME_SECONDS)
    verified = verifier.verify(issued.text, end - timedelta(microseconds=1))
    assert verified.is_live(end - timedelta(microseconds=1))
    assert not verified.is_live(end)
    with pytest.raises(TokenRefused) as caught:
        verifier.verify(issued.text, end)
    assert (caught.value.fault, caught.value.message) == (TokenFault.EXPIRED, "the token has expired")


def test_a_token_is_not_good_before_its_time(
    issued: IssuedToken, verifier: TokenVerifier, now: datetime
) -> None:
    """A token from the future is refused, for want of any leeway."""
    with pytest.raises(TokenRefused) as caught:
        verifier.verify(issued.text, now - timedelta(seconds=1))
    assert caught.value.fault is TokenFault.NOT_YET_VALID


def test_clock_skew_covers_the_beginning_and_never_the_end(
    issued: IssuedToken, parties: TokenParties, access_keys: KeySet, now: datetime
) -> None:
    """Five seconds of skew let in a token five seconds early, and none a second late."""
    skewed = TokenVerifier(parties, access_keys, clock_skew_seconds=5)
    assert skewed.verify(issued.text, now - timedelta(seconds=5))
    with pytest.raises(TokenRefused, match="the token is not valid yet"):
        skewed.verify(issued.text, now - timedelta(seconds=6))
    with pytest.raises(TokenRefused, match="the token has expired"):
        skewed.verify(issued.text, now + timedelta(seconds=LIFETIME_SECONDS))


def test_an_exchanged_token_lives_no_longer_than_what_it_is_made_from(
    alice: TokenSubject, parties: TokenParties, signer: Signer, now: datetime
) -> None:
    """The end of the token or session behind it caps the lifetime, and an ended one gives none."""
    end = now + timedelta(seconds=30, microseconds=999_999)
    capped = issue_access_token(
        alice, parties=parties, signer=signer, now=now, lifetime_seconds=900, jti="t-4", not_beyond=end
    )
    assert capped.lifetime_seconds == 30
    for ended in (now, now - timedelta(days=1), now + timedelta(microseconds=1)):
        with pytest.raises(TokenRefused) as caught:
            issue_access_token(
                alice,
                parties=parties,
                signer=signer,
                now=now,
                lifetime_seconds=900,
                jti="t-5",
                not_beyond=ended,
            )
        assert caught.value.fault is TokenFault.EXPIRED


def test_a_chain_of_exchanges_ends_with_its_first_token(
    alice: TokenSubject, parties: TokenParties, signer: Signer, verifier: TokenVerifier, now: datetime
) -> None:
    """A hundred exchanges, each just before the end, extend nothing."""
    token = issue_access_token(
        alice, parties=parties, signer=signer, now=now, lifetime_seconds=900, jti="first"
    )
    first_end = token.expires_epoch
    for step in range(100):
        at = now + timedelta(seconds=8 * step)
        end = verifier.verify(token.text, at).expires_at
        token = issue_access_token(
            alice,
            parties=parties,
            signer=signer,
            now=at,
            lifetime_seconds=900,
            jti=f"x-{step}",
            not_beyond=end,
        )
        assert token.expires_epoch == first_end


def test_a_token_of_a_retired_key_is_good_during_the_overlap_only(
    issued: IssuedToken, parties: TokenParties, access_keys: KeySet, now: datetime
) -> None:
    """After a rotation old tokens are believed until the old key's end, though they live longer."""
    fresh = generate_signing_key(KeyPurpose.ACCESS, now)
    after = rotate_key_set(access_keys, now, fresh=fresh, lead_seconds=0, overlap_seconds=300)
    verifier = TokenVerifier(parties, after)
    assert verifier.verify(issued.text, now + timedelta(seconds=299))
    with pytest.raises(TokenRefused) as caught:
        verifier.verify(issued.text, now + timedelta(seconds=300))
    assert caught.value.fault is TokenFault.UNKNOWN_KEY


def test_the_digest_tells_exact_texts_apart(issued: IssuedToken) -> None:
    """What is cached for one text is found under no other."""
    assert token_digest(issued.text) == hashlib.sha256(issued.text.encode()).digest()
    assert token_digest(issued.text) != token_digest(issued.text + "=")
    assert token_digest("\ud800") != token_digest("?")


@pytest.mark.parametrize("text", ["", " ", "a ", "\ta", "a\nb", "a\x00"])
@pytest.mark.parametrize("name", ["issuer", "audience"])
def test_an_empty_issuer_or_audience_does_not_construct(name: str, text: str) -> None:
    """There is no way to say `any audience`."""
    with pytest.raises(Invalid) as caught:
        TokenParties(**{"issuer": "i", "audience": "a", name: text})
    assert caught.value.findings[0].place == name
    expected = f"the tokens' {name} must be a text without spaces around it, got `{text}`"
    assert caught.value.findings[0].message == expected


@pytest.mark.parametrize("seconds", [0, -1, 3601])
def test_a_lifetime_out_of_bounds_is_refused(
    seconds: int, alice: TokenSubject, parties: TokenParties, signer: Signer, now: datetime
) -> None:
    """A token lives for a second to an hour."""
    with pytest.raises(Invalid) as caught:
        issue_access_token(
            alice, parties=parties, signer=signer, now=now, lifetime_seconds=seconds, jti="t-6"
        )
    assert caught.value.findings[0].message == f"expected 1 to 3600 seconds, got `{seconds}`"


def test_a_subject_is_described_in_full(
    alice: TokenSubject, parties: TokenParties, signer: Signer, now: datetime
) -> None:
    """A token without a subject, account, principal, credential or grant is not issued."""
    for subject in (
        replace(alice, uid=""),
        replace(alice, account=""),
        replace(alice, principal=""),
        replace(alice, credential_uid=""),
        replace(alice, grant_type=""),
    ):
        with pytest.raises(Invalid, match="got an empty text"):
            issue_access_token(
                subject, parties=parties, signer=signer, now=now, lifetime_seconds=60, jti="t-7"
            )


def test_what_would_not_be_read_back_is_not_issued(
    alice: TokenSubject, parties: TokenParties, signer: Signer, now: datetime
) -> None:
    """Too many links, too long a name and a missing `jti` are refused when written."""
    for subject, jti in (
        (replace(alice, by=(Link("acme", "u-2", "user:a", "key-2"),) * 17), "t-8"),
        (replace(alice, principal="user:" + "a" * 8192), "t-8"),
        (alice, ""),
    ):
        with pytest.raises(Invalid):
            issue_access_token(subject, parties=parties, signer=signer, now=now, lifetime_seconds=60, jti=jti)


def test_keys_of_another_purpose_are_refused(
    alice: TokenSubject, parties: TokenParties, registry_keys: KeySet, now: datetime
) -> None:
    """A registry's key neither signs nor verifies access tokens."""
    with pytest.raises(Invalid) as caught:
        TokenVerifier(parties, registry_keys)
    assert caught.value.message == "expected keys for `access`, got `registry` at key_set"
    with pytest.raises(Invalid) as caught:
        issue_access_token(
            alice,
            parties=parties,
            signer=Signer(registry_keys.current()),
            now=now,
            lifetime_seconds=60,
            jti="t-9",
        )
    assert caught.value.message == "expected a key for `access`, got one for `registry` at signer"


@pytest.mark.parametrize("seconds", [-1, 61])
def test_a_clock_skew_out_of_bounds_is_refused(
    seconds: int, parties: TokenParties, access_keys: KeySet
) -> None:
    """The leeway is nothing to a minute."""
    with pytest.raises(Invalid, match=rf"^expected 0 to 60 seconds, got `{seconds}` at clock_skew_seconds$"):
        TokenVerifier(parties, access_keys, clock_skew_seconds=seconds)


def test_a_refusal_is_an_error_of_whoever_is_not_believed() -> None:
    """Callers that know nothing of tokens answer it as they answer any failed sign-in."""
    refused = TokenRefused(TokenFault.EXPIRED, "the token has expired")
    assert isinstance(refused, Unauthenticated)
    assert (refused.code, refused.fault) == ("invalid_token", "expired")


def test_a_token_shows_in_no_log(issued: IssuedToken) -> None:
    """The printed form of an issued token has its name and not its text."""
    assert repr(issued) == f"IssuedToken(jti='t-1', expires_epoch={issued.expires_epoch})"
