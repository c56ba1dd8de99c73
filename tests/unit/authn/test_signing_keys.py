"""Signing keys: named as a registry names them, published before they sign, trusted until their end."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import KeySet as JoseKeySet

from bailiwick.authn.certificate import libtrust_kid
from bailiwick.authn.compact import Signer
from bailiwick.authn.signing import (
    KeyPurpose,
    KeySet,
    KeyState,
    SigningKey,
    generate_signing_key,
    is_rotation_due,
    prune_key_set,
    publish_next_key,
    rotate_key_set,
    start_key_set,
)
from bailiwick.errors import Conflict, Invalid

LEAD_SECONDS = 3600
OVERLAP_SECONDS = 180


def rotated(key_set: KeySet, at: datetime) -> KeySet:
    """The set after an ordinary rotation at this instant."""
    fresh = generate_signing_key(key_set.purpose, at)
    return rotate_key_set(
        key_set, at, fresh=fresh, lead_seconds=LEAD_SECONDS, overlap_seconds=OVERLAP_SECONDS
    )


def test_the_kid_is_what_openssl_computes_for_libtrust(registry_keys: KeySet, tmp_path: Path) -> None:
    """The name of a key is its SubjectPublicKeyInfo's SHA-256, 30 bytes, base32 in groups of four."""
    key = registry_keys.current()
    (tmp_path / "c.pem").write_text(key.certificate_pem)
    pipeline = (
        "openssl x509 -in c.pem -noout -pubkey | openssl pkey -pubin -outform DER"
        " | openssl dgst -sha256 -binary | head -c 30 | base32 -w0 | sed 's/..../&:/g;s/:$//'"
    )
    printed = subprocess.run(["sh", "-c", pipeline], cwd=tmp_path, capture_output=True, check=True, text=True)
    assert printed.stdout.strip() == key.kid
    assert libtrust_kid(key.public_jwk.public_key()) == key.kid


def test_the_certificate_is_self_signed_and_no_authority(registry_keys: KeySet, now: datetime) -> None:
    """A certificate holds the key, is signed by it, has no end, and can sign no other certificate."""
    key = registry_keys.current()
    certificate = x509.load_pem_x509_certificate(key.certificate_pem.encode())
    certificate.verify_directly_issued_by(certificate)
    assert certificate.not_valid_before_utc == now
    assert certificate.not_valid_after_utc == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_cert_sign) == (True, False)
    assert certificate.public_key() == key.public_jwk.public_key()


def test_the_jwks_holds_public_halves_only(access_keys: KeySet, now: datetime) -> None:
    """Every published key is read by a JOSE library, has its own name, and no private part."""
    document = access_keys.jwks(now)
    assert [sorted(key) for key in document["keys"]] == [["alg", "crv", "kid", "kty", "use", "x", "y"]] * 2
    imported = JoseKeySet.import_key_set(document)  # type: ignore[arg-type]
    assert [key.kid for key in imported.keys] == [key.kid for key in access_keys.keys]
    assert not any(key.is_private for key in imported.keys)


def test_the_private_half_shows_in_no_log(access_keys: KeySet) -> None:
    """The printed form of a key set has no private key, and the public record has none at all."""
    assert "PRIVATE" not in repr(access_keys)
    public = access_keys.current().without_private_half()
    assert public.private_pem is None
    with pytest.raises(Invalid, match="has no private half here"):
        Signer(public)


def test_a_signer_refuses_a_private_half_of_another_key(access_keys: KeySet) -> None:
    """A record whose two halves do not belong together signs nothing."""
    other = access_keys.find_next()
    assert other is not None
    mixed = replace(access_keys.current(), private_pem=other.private_pem)
    with pytest.raises(Invalid, match="holds another key's private half"):
        Signer(mixed)


def test_rotation_signs_with_the_published_key_and_publishes_a_new_one(
    access_keys: KeySet, now: datetime
) -> None:
    """The next key becomes current, the current one retires without its private half, a third is next."""
    at = now + timedelta(seconds=LEAD_SECONDS)
    coming = access_keys.find_next()
    after = rotated(access_keys, at)
    assert coming is not None
    assert after.current() == replace(coming, state=KeyState.CURRENT, activated_at=at)
    assert {key.state for key in after.keys} == set(KeyState)
    retired = next(key for key in after.keys if key.state is KeyState.RETIRED)
    assert retired.kid == access_keys.current().kid
    assert retired.private_pem is None
    assert retired.not_after == at + timedelta(seconds=OVERLAP_SECONDS)


def test_a_retired_key_is_published_until_its_end_and_not_at_it(registry_keys: KeySet, now: datetime) -> None:
    """Bundle and JWKS hold current, next and retired keys, and drop a retired one at its end."""
    at = now + timedelta(seconds=LEAD_SECONDS)
    after = rotated(registry_keys, at)
    end = at + timedelta(seconds=OVERLAP_SECONDS)
    for instant, published in ((end - timedelta(microseconds=1), 3), (end, 2)):
        bundle = after.certificate_bundle(instant)
        certificates = x509.load_pem_x509_certificates(bundle.encode())
        named = [libtrust_kid(certificate.public_key()) for certificate in certificates]  # type: ignore[arg-type]
        assert len(certificates) == published
        assert named == [key["kid"] for key in after.jwks(instant)["keys"]]


def test_rotation_waits_until_the_next_key_has_been_seen(access_keys: KeySet, now: datetime) -> None:
    """A key published for less than the lead does not sign yet."""
    with pytest.raises(
        Conflict, match=r"^key `[A-Z2-7:]+` may not sign before 2026-11-20T13:00:00\+00:00, it is"
    ):
        rotated(access_keys, now + timedelta(seconds=LEAD_SECONDS - 1))


def test_rotation_needs_a_published_key(now: datetime) -> None:
    """A set without a next key cannot rotate until one has been published."""
    single = start_key_set([generate_signing_key(KeyPurpose.ACCESS, now)], now)
    with pytest.raises(Conflict) as caught:
        rotated(single, now + timedelta(days=1))
    assert caught.value.message == "key set `access` has no next key"
    published = publish_next_key(single, generate_signing_key(KeyPurpose.ACCESS, now))
    assert rotated(published, now + timedelta(days=1)).current() != single.current()


def test_after_a_theft_the_old_key_ends_at_once(access_keys: KeySet, now: datetime) -> None:
    """With neither lead nor overlap the stolen key is gone from the set."""
    fresh = generate_signing_key(KeyPurpose.ACCESS, now)
    after = rotate_key_set(access_keys, now, fresh=fresh, lead_seconds=0, overlap_seconds=0)
    assert access_keys.current().kid not in {key.kid for key in after.keys}
    assert len(after.keys) == 2


def test_many_rotations_keep_the_set_small(access_keys: KeySet, now: datetime) -> None:
    """Retired keys whose time is over are forgotten by the next rotation."""
    key_set = access_keys
    for day in range(1, 6):
        key_set = rotated(key_set, now + timedelta(days=day))
    assert len(key_set.keys) == 3
    assert len(prune_key_set(key_set, now + timedelta(days=6)).keys) == 2


def test_rotation_is_due_when_the_current_key_has_signed_for_its_time(
    access_keys: KeySet, now: datetime
) -> None:
    """The time counts from when the key began to sign."""
    day = 86_400
    assert not is_rotation_due(access_keys, now + timedelta(seconds=day - 1), signing_seconds=day)
    assert is_rotation_due(access_keys, now + timedelta(seconds=day), signing_seconds=day)


def test_a_key_set_refuses_what_could_not_sign_or_name_its_keys(access_keys: KeySet, now: datetime) -> None:
    """Two current keys, a key twice, a second next key and a key of another purpose are refused whole."""
    current, coming = access_keys.keys
    fresh = generate_signing_key(KeyPurpose.ACCESS, now)
    stranger = generate_signing_key(KeyPurpose.REGISTRY, now)
    again = replace(current, state=KeyState.RETIRED, private_pem=None, not_after=now)
    cases: list[tuple[tuple[SigningKey, ...], str]] = [
        ((coming,), "a key set has one current and at most one next key, got 0 current and 1 next at keys"),
        ((), "a key set has one current and at most one next key, got 0 current and 0 next at keys"),
        (
            (current, coming, fresh),
            "a key set has one current and at most one next key, got 1 current and 2 next at keys",
        ),
        ((current, again), "a key set names each key once, got one twice at keys"),
        ((current, stranger), "expected keys for `access`, got one for `registry` at keys"),
    ]
    for keys, message in cases:
        with pytest.raises(Invalid) as caught:
            KeySet(KeyPurpose.ACCESS, keys)
        assert caught.value.message == message


def test_a_first_set_is_made_of_new_keys(access_keys: KeySet, now: datetime) -> None:
    """Keys that have signed already start no set, and neither do none."""
    for keys in ([], [access_keys.current()]):
        with pytest.raises(Invalid, match="a first key set is made of one or two new keys"):
            start_key_set(keys, now)


def test_a_key_record_that_disagrees_with_itself_is_a_bug(access_keys: KeySet, now: datetime) -> None:
    """State, times, halves and name of a key must fit, or the record does not construct."""
    current, coming = access_keys.keys
    with pytest.raises(ValueError, match="`not_after` and the private half disagree"):
        replace(current, not_after=now)
    with pytest.raises(ValueError, match="`not_after` and the private half disagree"):
        replace(current, state=KeyState.RETIRED, not_after=now)
    with pytest.raises(ValueError, match="`activated_at` disagrees"):
        replace(coming, activated_at=now)
    with pytest.raises(ValueError, match="has another key's name"):
        replace(current, kid=coming.kid)
    with pytest.raises(ValueError, match="`created_at` needs an offset"):
        replace(current, created_at=now.replace(tzinfo=None))


def test_a_point_off_the_curve_is_no_key(access_keys: KeySet) -> None:
    """Coordinates that belong to no key are refused when the record is read."""
    current = access_keys.current()
    with pytest.raises(ValueError, match="not on the curve"):
        replace(current, public_jwk=replace(current.public_jwk, x=current.public_jwk.y))


def test_a_signer_refuses_a_key_of_another_kind(access_keys: KeySet) -> None:
    """A private half that is no elliptic curve key is refused by name."""
    der = bytes.fromhex("302e020100300506032b657004220420") + bytes(range(32))
    pem = f"-----BEGIN PRIVATE KEY-----\n{b64encode(der).decode()}\n-----END PRIVATE KEY-----\n"
    assert load_pem_private_key(pem.encode(), None)
    with pytest.raises(Invalid, match="is no elliptic curve key"):
        Signer(replace(access_keys.current(), private_pem=pem))
