"""Secrets at rest: unreadable without the key file, bound to their row, and moved to a new key without loss."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bailiwick.errors import Unavailable
from bailiwick.store.opening import open_store
from bailiwick.store.ports import Change, Head, Idempotency, SecretWrite
from bailiwick.store.sql.store import SqlStore
from bailiwick.store.vault import Vault

LOG = "account:acme"


def answer(head: Head) -> tuple[int, bytes]:
    """What is answered?"""
    return 201, b"the-key-that-is-shown-once"


def keep(store: SqlStore, at: datetime, name: str, value: bytes) -> None:
    """Keep a secret and an answer with a new user."""
    store.append(
        LOG,
        store.head(LOG).revision,
        [Change("User", name, name, "create", {})],
        actor_uid="u-root",
        via="test",
        at=at,
        secrets=[SecretWrite(name, "password", value)],
        idempotency=Idempotency("u-root", name, "d", answer),
    )


def read_values(store: SqlStore, *names: str) -> list[bytes]:
    """Which values are kept under these names?"""
    found = [store.find_secret(LOG, name) for name in names]
    return [item.value for item in found if item is not None]


def sql(path: Path, statement: str, *values: object) -> list[Any]:
    """What does this statement give behind the store's back?"""
    with closing(sqlite3.connect(path / "bailiwick.db")) as connection, connection:
        return connection.execute(statement, values).fetchall()


def all_bytes(path: Path) -> bytes:
    """What lies in all files but the key file?"""
    return b"".join(file.read_bytes() for file in sorted(path.iterdir()) if file.name != "master.key")


def test_no_file_holds_a_secret_or_an_answer(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Values, the signing key's seed and kept answers are encrypted."""
    keep(store, at, "a", b"correct-horse-battery-staple")
    seed = store.list_secrets("system", "log-signing-key")[0].value
    lying = all_bytes(data_dir)
    for hidden in (b"correct-horse-battery-staple", seed, b"the-key-that-is-shown-once"):
        assert hidden not in lying


def test_equal_secrets_look_different(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Each encryption has its own nonce."""
    keep(store, at, "a", b"same")
    keep(store, at, "b", b"same")
    one, other = (row[0] for row in sql(data_dir, "SELECT ciphertext FROM secret WHERE log = ?", LOG))
    assert one[:12] != other[:12]
    assert one[12:] != other[12:]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE secret SET ciphertext = (SELECT ciphertext FROM secret WHERE name = 'b') WHERE name = 'a'",
        "UPDATE secret SET purpose = 'seed' WHERE name = 'a'",
        "UPDATE secret SET ciphertext = x'00' WHERE name = 'a'",
        "UPDATE secret SET ciphertext = substr(ciphertext, 1, 20) WHERE name = 'a'",
    ],
)
def test_a_ciphertext_belongs_to_its_row(
    store: SqlStore, data_dir: Path, at: datetime, statement: str
) -> None:
    """A secret that was swapped, renamed or cut does not decrypt, and verification names it."""
    keep(store, at, "a", b"mine")
    keep(store, at, "b", b"yours")
    sql(data_dir, statement)
    with pytest.raises(Unavailable) as refused:
        store.find_secret(LOG, "a")
    assert refused.value.message == "a stored secret does not decrypt"
    (finding,) = store.verify(LOG).findings
    assert finding.format() == "the secret does not decrypt at account:acme secret `a`"


def test_rotation_moves_every_secret_to_a_new_key(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Afterwards one key is in the file, everything reads as before, and the old key opens nothing."""
    for number in range(1_100):
        store_name = f"s{number}"
        if number % 500 == 0:
            keep(store, at, store_name, store_name.encode())
    old = (data_dir / "master.key").read_text()
    key_id = store.rotate_master_key()
    new = (data_dir / "master.key").read_text()
    assert new.startswith(f"{key_id} ")
    assert new.count("\n") == 1
    assert old not in new
    assert {
        row[0] for row in sql(data_dir, "SELECT key_id FROM secret UNION SELECT key_id FROM idempotency")
    } == {key_id}
    assert read_values(store, "s0", "s500", "s1000") == [b"s0", b"s500", b"s1000"]
    kept = store.find_answer("account:acme", "u-root", "s0")
    assert kept is not None
    assert kept.body == b"the-key-that-is-shown-once"
    with open_store(data_dir) as again:
        assert read_values(again, "s0") == [b"s0"]
        assert again.verify(LOG).ok


def test_more_secrets_than_one_batch_are_all_moved(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """No batch's seam leaves a secret under the old key."""
    secrets = [SecretWrite(f"s{number}", "password", f"v{number}".encode()) for number in range(1_203)]
    change = Change("User", "u", "u", "create", {})
    store.append(LOG, 0, [change], actor_uid="u-root", via="test", at=at, secrets=secrets)
    store.rotate_master_key()
    assert {item.name: item.value for item in store.list_secrets(LOG, "password")} == {
        item.name: item.value for item in secrets
    }


def test_a_process_that_runs_through_a_rotation_goes_on(
    store: SqlStore, data_dir: Path, at: datetime
) -> None:
    """It reads and writes under the new key without being opened again."""
    with open_store(data_dir) as other:
        keep(other, at, "before", b"1")
        key_id = store.rotate_master_key()
        assert read_values(other, "before") == [b"1"]
        keep(other, at, "after", b"2")
        assert read_values(store, "before", "after") == [b"1", b"2"]
        assert {row[0] for row in sql(data_dir, "SELECT key_id FROM secret")} == {key_id}


def test_a_rotation_that_stops_before_its_commit_loses_nothing(
    store: SqlStore, data_dir: Path, at: datetime
) -> None:
    """With the new key only in the file the old one is still current, and the next rotation cleans up."""
    keep(store, at, "a", b"1")
    Vault(data_dir / "master.key", lambda size: b"\1" * size).add_key()
    with open_store(data_dir) as again:
        assert read_values(again, "a") == [b"1"]
        keep(again, at, "b", b"2")
        again.rotate_master_key()
        assert read_values(again, "a", "b") == [b"1", b"2"]
    assert (data_dir / "master.key").read_text().count("\n") == 1


def test_a_rotation_that_stops_after_its_commit_loses_nothing(
    store: SqlStore, data_dir: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With both keys in the file everything opens under the new one."""

    def stop(self: Vault, key_id: str) -> None:
        raise KeyboardInterrupt

    keep(store, at, "a", b"1")
    monkeypatch.setattr(Vault, "drop_keys_but", stop)
    with pytest.raises(KeyboardInterrupt):
        store.rotate_master_key()
    assert (data_dir / "master.key").read_text().count("\n") == 2
    with open_store(data_dir) as again:
        assert read_values(again, "a") == [b"1"]


def test_what_an_old_key_encrypted_is_gone_after_a_rotation(
    store: SqlStore, data_dir: Path, at: datetime
) -> None:
    """No file holds the old ciphertext, so a leaked old key opens nothing that is still here."""
    keep(store, at, "a", b"1")
    (old,) = sql(data_dir, "SELECT ciphertext FROM secret WHERE name = 'a'")
    store.rotate_master_key()
    assert old[0] not in all_bytes(data_dir)


def test_an_erased_document_is_in_no_file(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Neither free pages nor the write-ahead log keep what was erased."""
    marker = "alice-lives-at-baker-street"
    changes = [Change("User", "u1", "alice", "create", {"address": marker, "more": "x" * 9_000})]
    store.append(LOG, 0, changes, actor_uid="u-root", via="test", at=at)
    store.append(LOG, 1, [Change("User", "u1", "alice", "delete")], actor_uid="u-root", via="test", at=at)
    assert marker.encode() in all_bytes(data_dir)
    store.erase_body(LOG, 2, kind="User", uid="u1", actor_uid="u-root", via="test", at=at)
    assert marker.encode() not in all_bytes(data_dir)
    assert store.verify(LOG).ok


@pytest.mark.parametrize("text", ["", "no key\n", "k1 AAAA\n"])
def test_a_running_store_tells_no_folder_of_a_key_file_that_was_spoilt(
    store: SqlStore, data_dir: Path, text: str
) -> None:
    """What fails is told to whoever asks over HTTP; where the file lies is not theirs to know."""
    vault = Vault(data_dir / "master.key", lambda size: b"\1" * size)
    if text:
        (data_dir / "master.key").write_text(text, encoding="ascii")
    else:
        (data_dir / "master.key").unlink()
    with pytest.raises(Unavailable) as refused:
        vault.reload()
    assert "`master.key`" in refused.value.message
    assert str(data_dir) not in refused.value.message
