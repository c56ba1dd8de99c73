"""Signing: only keys that the store holds secretly are believed, and a new key takes over from an old one."""

from __future__ import annotations

import sqlite3
from base64 import b64decode, b64encode
from contextlib import closing
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.store.chain import head_message
from bailiwick.store.opening import open_store
from bailiwick.store.ports import Change, Signer
from bailiwick.store.signing import Ed25519Signer
from bailiwick.store.sql.store import SqlStore

LOG = "account:acme"


def write(store: SqlStore, at: datetime, uid: str) -> None:
    """Append one user."""
    change = Change("User", uid, uid, "create", {})
    store.append(LOG, store.head(LOG).revision, [change], actor_uid="u-root", via="test", at=at)


def read_row(data_dir: Path) -> tuple[int, bytes, bytes, str]:
    """What does the head's row say? Revision, hash, signature, instant."""
    query = "SELECT revision, hash, signature, at FROM head WHERE log = ?"
    with closing(sqlite3.connect(data_dir / "bailiwick.db")) as connection:
        revision, head_hash, signature, at = connection.execute(query, (LOG,)).fetchone()
    return revision, head_hash, signature, at


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_a_signature_holds_for_its_message_alone(message: bytes, other: bytes) -> None:
    """A signer believes what it signed and nothing else."""
    signer = Ed25519Signer(b"s" * 32)
    signature = signer.sign(message)
    assert signer.verify(message, signature)
    assert signer.verify(other, signature) == (message == other)
    assert not Ed25519Signer(b"x" * 32).verify(message, signature)


def test_a_signature_of_a_wrong_length_is_no_signature() -> None:
    """A short, long or empty signature is wrong and no crash."""
    signer = Ed25519Signer(b"s" * 32)
    good = signer.sign(b"m")
    assert not any(signer.verify(b"m", bad) for bad in (b"", good[:-1], good + b"\0", bytes(64)))


def test_a_retired_key_still_verifies() -> None:
    """What it signed while it was current stays believed."""
    old = Ed25519Signer(b"o" * 32)
    new = Ed25519Signer(b"n" * 32, [old.public_key])
    assert new.verify(b"m", old.sign(b"m"))
    assert not Ed25519Signer(b"n" * 32).verify(b"m", old.sign(b"m"))


def test_the_stores_signer_keeps_the_protocol() -> None:
    """The built-in signer can stand wherever one is asked for."""
    signer: Signer = Ed25519Signer(b"s" * 32)
    assert signer.algorithm == "Ed25519"
    assert signer.key_id.startswith("log-")


def test_others_can_verify_a_head_with_the_published_key(
    store: SqlStore, data_dir: Path, at: datetime
) -> None:
    """The public key in the system log and the documented message are enough."""
    write(store, at, "u1")
    (key,) = store.load("system")[1]
    revision, head_hash, signature, signed_at = read_row(data_dir)
    public = Ed25519PublicKey.from_public_bytes(b64decode(key.document["public_key"]))
    public.verify(signature, head_message(LOG, revision, head_hash, signed_at))


def test_a_new_signing_key_takes_over(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Heads of both keys verify; the old private key is gone; both are published, one as retired."""
    write(store, at, "u1")
    old = store.list_secrets("system", "log-signing-key")[0]
    head = store.rotate_signing_key(actor_uid="u-root", via="test", at=at)
    assert (head.log, head.revision) == ("system", 2)
    assert all(store.verify(log).ok for log in ("system", LOG))
    (new,) = store.list_secrets("system", "log-signing-key")
    assert new.value != old.value
    (retired,) = store.list_secrets("system", "log-signing-key-retired")
    assert retired.value == Ed25519Signer(old.value).public_key
    assert {item.uid: item.document["retired"] for item in store.load("system")[1]} == {
        old.name: True,
        new.name: False,
    }
    write(store, at, "u2")
    with open_store(data_dir) as again:
        write(again, at, "u3")
        assert all(again.verify(log).ok for log in ("system", LOG))
        assert again.activity.verify("system").ok


def test_a_process_that_runs_through_a_new_signing_key_goes_on(
    store: SqlStore, data_dir: Path, at: datetime
) -> None:
    """It signs with the new key at once."""
    with open_store(data_dir) as other:
        write(other, at, "u1")
        store.rotate_signing_key(actor_uid="u-root", via="test", at=at)
        write(other, at, "u2")
        (new,) = store.list_secrets("system", "log-signing-key")
        revision, head_hash, signature, signed_at = read_row(data_dir)
        message = head_message(LOG, revision, head_hash, signed_at)
        assert Ed25519Signer(new.value).verify(message, signature)
        assert other.verify(LOG).ok


def test_a_published_key_is_not_believed_for_being_published(
    store: SqlStore, data_dir: Path, at: datetime
) -> None:
    """Who can write documents, even in the database, adds no key that heads may be signed with."""
    write(store, at, "u1")
    forger = Ed25519Signer(b"f" * 32)
    document = {"algorithm": "Ed25519", "public_key": b64encode(forger.public_key).decode(), "retired": False}
    change = Change("SigningKey", forger.key_id, forger.key_id, "create", document)
    store.append("system", 1, [change], actor_uid="u-root", via="test", at=at)
    revision, head_hash, _, signed_at = read_row(data_dir)
    forged = forger.sign(head_message(LOG, revision, head_hash, signed_at))
    with closing(sqlite3.connect(data_dir / "bailiwick.db")) as connection, connection:
        connection.execute("UPDATE head SET signature = ? WHERE log = ?", (forged, LOG))
    with open_store(data_dir) as again:
        assert [item.message for item in again.verify(LOG).findings] == ["the head's signature is wrong"]
