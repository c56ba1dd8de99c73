"""API keys: the text is checked exactly, in constant time, and its flags and end are obeyed."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.authn.keys import (
    ApiKeyRecord,
    GeneratedKey,
    KeyRefusal,
    find_key_prefix,
    generate_api_key,
    hash_api_key,
    verify_api_key,
)


@pytest.fixture
def generated() -> GeneratedKey:
    """A key just made."""
    return generate_api_key()


@pytest.fixture
def record(generated: GeneratedKey, now: datetime) -> ApiKeyRecord:
    """What is stored of that key."""
    return ApiKeyRecord(
        uid="key-1",
        owner_uid="u-1",
        owner_kind="user",
        owner_name="alice",
        prefix=generated.prefix,
        secret_hash=generated.secret_hash,
        created_at=now,
    )


def test_a_generated_key_shows_its_prefix_and_hides_256_random_bits(generated: GeneratedKey) -> None:
    """A key is the mark, eight visible characters and 43 of base64url."""
    mark, visible, secret = generated.text.split("_", 2)
    assert (mark, len(visible), len(secret)) == ("bwk", 8, 43)
    assert generated.prefix == f"bwk_{visible}"
    assert generated.secret_hash == hashlib.sha256(generated.text.encode()).digest()


def test_no_two_generated_keys_are_alike() -> None:
    """Keys differ in the secret, and practically always in the visible part."""
    made = [generate_api_key() for _ in range(500)]
    assert len({key.text for key in made}) == len({key.secret_hash for key in made}) == 500
    assert len({key.prefix for key in made}) >= 499


def test_every_generated_key_is_found_by_its_prefix() -> None:
    """The prefix is read off the text even when the secret has underscores of its own."""
    made = [generate_api_key() for _ in range(500)]
    assert all(find_key_prefix(key.text) == key.prefix for key in made)
    assert any("_" in key.text.split("_", 2)[2] for key in made)


def test_the_stored_key_is_verified(record: ApiKeyRecord, generated: GeneratedKey, now: datetime) -> None:
    """The exact text of an enabled key that has not ended is accepted, and the answer is true."""
    verification = verify_api_key(record, generated.text, now)
    assert verification.refusal is None
    assert verification


def test_a_locked_key_is_still_good(record: ApiKeyRecord, generated: GeneratedKey, now: datetime) -> None:
    """Locking keeps a key from being changed and does not keep it from being used."""
    assert verify_api_key(replace(record, locked=True), generated.text, now)


def test_an_unknown_key_is_refused(generated: GeneratedKey, now: datetime) -> None:
    """Without a record there is nothing to believe, and the answer is false."""
    verification = verify_api_key(None, generated.text, now)
    assert verification.refusal is KeyRefusal.UNKNOWN
    assert not verification


def test_a_disabled_key_is_refused(record: ApiKeyRecord, generated: GeneratedKey, now: datetime) -> None:
    """A disabled key gets no token, whatever else holds."""
    verification = verify_api_key(replace(record, disabled=True), generated.text, now)
    assert verification.refusal is KeyRefusal.DISABLED
    assert not verification


def test_a_key_ends_exactly_at_its_end(record: ApiKeyRecord, generated: GeneratedKey, now: datetime) -> None:
    """The last microsecond before `expires_at` is good; that instant itself is not."""
    ending = replace(record, expires_at=now)
    assert verify_api_key(ending, generated.text, now - timedelta(microseconds=1))
    assert verify_api_key(ending, generated.text, now).refusal is KeyRefusal.EXPIRED


def test_a_wrong_secret_learns_nothing_of_the_flags(record: ApiKeyRecord, now: datetime) -> None:
    """Whoever has the prefix only is told `wrong`, though the key is disabled and has ended."""
    presented = record.prefix + "_" + "A" * 43
    gone = replace(record, disabled=True, expires_at=now - timedelta(days=1))
    assert verify_api_key(gone, presented, now).refusal is KeyRefusal.WRONG


def test_no_changed_character_is_accepted(
    record: ApiKeyRecord, generated: GeneratedKey, now: datetime
) -> None:
    """A key with any one character changed is wrong, the last one's unused bits included."""
    for at, was in enumerate(generated.text):
        for other in "AZaz09-_":
            changed = generated.text[:at] + other + generated.text[at + 1 :]
            accepted = bool(verify_api_key(record, changed, now))
            assert accepted == (other == was), (at, other)


@pytest.mark.parametrize("around", [" {}", "{} ", "{}\n", "{}=", "{}\x00", "{}{}", "BWK{}"])
def test_text_around_a_key_makes_it_another(
    around: str, record: ApiKeyRecord, generated: GeneratedKey, now: datetime
) -> None:
    """Nothing is stripped or folded before the comparison, and such a text has no prefix."""
    presented = around.format(generated.text, generated.text)
    assert verify_api_key(record, presented, now).refusal is KeyRefusal.WRONG
    assert find_key_prefix(presented) is None


@given(presented=st.text())
def test_no_text_crashes_the_verification(presented: str) -> None:
    """Any text at all is looked up and refused, surrogates included."""
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert find_key_prefix(presented) is None
    assert verify_api_key(None, presented + "\ud800", now).refusal is KeyRefusal.UNKNOWN


def test_an_unknown_key_is_compared_as_well(
    monkeypatch: pytest.MonkeyPatch, record: ApiKeyRecord, now: datetime
) -> None:
    """Known and unknown keys cost the same: two constant-time comparisons, with the newest and an earlier secret."""
    compared: list[tuple[int, int]] = []
    compare_digest = hmac.compare_digest

    def compare(stored: bytes, shown: bytes) -> bool:
        compared.append((len(stored), len(shown)))
        return compare_digest(stored, shown)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    verify_api_key(record, "x", now)
    verify_api_key(None, "x", now)
    assert compared == [(32, 32)] * 4


def test_neither_key_nor_hash_is_shown_in_a_log(record: ApiKeyRecord, generated: GeneratedKey) -> None:
    """The printed form of a key and of its record holds the visible part only."""
    shown = repr(generated) + repr(record)
    assert generated.prefix in shown
    assert generated.text not in shown
    assert repr(generated.secret_hash) not in shown
    assert "secret" not in shown


def test_a_record_with_a_short_hash_or_a_naive_time_is_a_bug(record: ApiKeyRecord, now: datetime) -> None:
    """Records that could not be compared do not construct."""
    with pytest.raises(ValueError, match=r"^an API key's hash has 32 bytes$"):
        replace(record, secret_hash=b"")
    with pytest.raises(ValueError, match=r"^`expires_at` needs an offset from UTC"):
        replace(record, expires_at=now.replace(tzinfo=None))
    with pytest.raises(ValueError, match=r"^`now` needs an offset from UTC"):
        verify_api_key(record, "x", now.replace(tzinfo=None))


def test_the_hash_tells_texts_apart_that_look_alike() -> None:
    """Composed and decomposed letters are different texts with different hashes."""
    assert hash_api_key("caf\u00e9") != hash_api_key("cafe\u0301")
