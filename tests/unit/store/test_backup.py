"""Backup: a copy taken while the store is used opens as a store, and holds the keys only when asked to."""

from __future__ import annotations

import shutil
import stat
from datetime import datetime
from pathlib import Path
from threading import Thread

import pytest

from bailiwick.errors import Conflict, NotFound
from bailiwick.store.opening import open_store
from bailiwick.store.ports import ActivityEvent, Change, EventFilter, SecretWrite
from bailiwick.store.sql.store import SqlStore

LOG = "account:acme"


def write(store: SqlStore, at: datetime, revision: int) -> None:
    """Append one user with a secret."""
    uid = f"u{revision}"
    store.append(
        LOG,
        revision,
        [Change("User", uid, uid, "create", {})],
        actor_uid="u-root",
        via="test",
        at=at,
        secrets=[SecretWrite(uid, "password", b"value")],
    )


def test_a_copy_opens_with_its_key(store: SqlStore, tmp_path: Path, at: datetime) -> None:
    """Logs, secrets and activity are in the copy, and later writes are not."""
    write(store, at, 0)
    store.activity.record([ActivityEvent(at, "sign-in", "ok")])
    store.backup(tmp_path / "copy", with_key=True)
    write(store, at, 1)
    with open_store(tmp_path / "copy") as copy:
        assert copy.head(LOG) == store.head_at(LOG, 1)
        assert copy.verify(LOG).ok
        assert copy.find_secret(LOG, "u0") == store.find_secret(LOG, "u0")
        assert len(copy.activity.events(EventFilter(), None, 10)) == 1
        write(copy, at, 1)
        assert copy.head(LOG).hash != store.head(LOG).hash


def test_a_copy_without_its_key_does_not_open(
    store: SqlStore, data_dir: Path, tmp_path: Path, at: datetime
) -> None:
    """The key is kept apart, and put back to restore."""
    write(store, at, 0)
    store.backup(tmp_path / "copy")
    with pytest.raises(NotFound, match=r"holds no `master\.key`"):
        open_store(tmp_path / "copy")
    shutil.copy2(data_dir / "master.key", tmp_path / "copy" / "master.key")
    with open_store(tmp_path / "copy") as copy:
        assert copy.find_secret(LOG, "u0") is not None


def test_a_copy_is_for_its_owner_alone(store: SqlStore, tmp_path: Path) -> None:
    """Its directory and files are as private as the store's."""
    store.backup(tmp_path / "copy", with_key=True)
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "copy").iterdir()} == {0o600}


def test_a_copy_is_not_written_over_another(store: SqlStore, tmp_path: Path) -> None:
    """Neither a store nor other files are overwritten."""
    store.backup(tmp_path / "copy")
    with pytest.raises(Conflict) as refused:
        store.backup(tmp_path / "copy")
    assert refused.value.message == f"backup directory `{tmp_path}/copy` is not empty"


def test_a_copy_taken_during_writes_is_of_one_moment(store: SqlStore, tmp_path: Path, at: datetime) -> None:
    """Copies taken while another thread writes verify."""

    def work() -> None:
        for revision in range(150):
            write(store, at, revision)

    writer = Thread(target=work)
    writer.start()
    for turn in range(3):
        store.backup(tmp_path / f"copy-{turn}", with_key=True)
    writer.join()
    for turn in range(3):
        with open_store(tmp_path / f"copy-{turn}") as copy:
            assert copy.verify(LOG).ok
            assert copy.head(LOG) == store.head_at(LOG, copy.head(LOG).revision)
