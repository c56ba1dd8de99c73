"""Copies: the same rows and heads, of one moment, private, with the keys asked for; and half a copy is no store."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bailiwick.errors import Conflict, NotFound, Unavailable
from bailiwick.store.address import Address
from bailiwick.store.copying import copy_store
from bailiwick.store.opening import create_store, open_store
from bailiwick.store.ports import ActivityEvent, Change, EventFilter, Head, Idempotency, Note, SecretWrite
from bailiwick.store.sql.store import SqlStore

LOG = "account:acme"
KILLED = 9
SEALED = {"secret", "idempotency"}


def write(store: SqlStore, at: datetime, revision: int) -> None:
    """Append one user with a secret and a kept answer."""
    uid = f"u{revision}"
    store.append(
        LOG,
        revision,
        [Change("User", uid, uid, "create", {"n": revision})],
        actor_uid="u-root",
        via="test",
        at=at,
        secrets=[SecretWrite(uid, "password", b"value")],
        idempotency=Idempotency("u-root", uid, "digest", lambda _head: (201, b"body")),
    )


def fill(store: SqlStore, at: datetime) -> Head:
    """Write something into every table; one body is erased."""
    for revision in range(3):
        write(store, at, revision)
    store.activity.record([ActivityEvent(at, "sign-in", "ok", log=LOG)])
    store.activity.touch_credential(LOG, "k-1", at)
    store.activity.amend(LOG, "failures", at, lambda _now: Note({"count": 1}, at.replace(year=2030)))
    store.activity.flush()
    origin: dict[str, Any] = {"actor_uid": "u-root", "via": "test", "at": at}
    store.append(LOG, 3, [Change("User", "u0", "u0", "delete")], **origin)
    return store.erase_body(LOG, 4, kind="User", uid="u0", **origin)


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What is in every table of this file, in order?"""
    with closing(sqlite3.connect(path)) as file:
        names = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        return {name: sorted(file.execute(f'SELECT * FROM "{name}"').fetchall()) for (name,) in names}


def rows_of(data: Path) -> dict[str, list[tuple[object, ...]]]:
    """What is in every table of this store?"""
    return {
        f"{file}.{name}": found
        for file in ("bailiwick.db", "activity.db")
        for name, found in rows(data / file).items()
    }


def test_there_and_back_is_the_same_row_by_row(
    store: SqlStore, data_dir: Path, tmp_path: Path, at: datetime
) -> None:
    """Every table of both files is as it was, after two copies; erased bodies stay erased."""
    head = fill(store, at)
    there, back = tmp_path / "there", tmp_path / "back"
    copied = copy_store(data_dir, there)
    copy_store(there, back)
    before = rows_of(data_dir)
    assert all(before.values())
    assert rows_of(there) == before
    assert rows_of(back) == before
    assert copied.heads == (head, store.head("system"))
    assert (copied.changes, copied.events) == (6, 1)
    with open_store(back) as opened:
        assert [row.erased for row in opened.history(LOG, limit=9, uid="u0")] == [False, True, True]
        write(opened, at, 5)


def test_a_new_key_is_the_only_one(store: SqlStore, data_dir: Path, tmp_path: Path, at: datetime) -> None:
    """Under a new key every secret and answer reads the same, and the old key is worth nothing there."""
    fill(store, at)
    copy_store(data_dir, tmp_path / "copy", key="new")
    with open_store(tmp_path / "copy") as copy:
        assert copy.list_secrets(LOG, "password") == store.list_secrets(LOG, "password")
        assert copy.find_answer(LOG, "u-root", "u1") == store.find_answer(LOG, "u-root", "u1")
        write(copy, at, 5)
    before, after = rows(data_dir / "bailiwick.db"), rows(tmp_path / "copy" / "bailiwick.db")
    sealed = {name: {row[:] for row in before[name]} & {row[:] for row in after[name]} for name in SEALED}
    assert sealed == {"secret": set(), "idempotency": set()}
    shutil.copy2(data_dir / "master.key", tmp_path / "copy" / "master.key")
    with pytest.raises(Unavailable, match="is not in"):
        open_store(tmp_path / "copy")


def test_a_backup_without_its_key_does_not_open(
    store: SqlStore, data_dir: Path, tmp_path: Path, at: datetime
) -> None:
    """The key is kept apart, and named to restore."""
    fill(store, at)
    backup, key = tmp_path / "backup", data_dir / "master.key"
    copy_store(data_dir, backup, key="none")
    with pytest.raises(
        NotFound, match=r"holds no `master\.key`(.|\n)*kept.*`store restore`.*`--master-key FILE`"
    ):
        open_store(backup)
    copy_store(backup, tmp_path / "restored", master_key=key)
    assert rows_of(tmp_path / "restored") == rows_of(data_dir)
    with open_store(tmp_path / "restored") as restored:
        assert restored.find_secret(LOG, "u1") is not None
    with pytest.raises(NotFound) as missing:
        copy_store(backup, tmp_path / "other", master_key=tmp_path / "lost.key")
    assert missing.value.message == f"there is no key file `{tmp_path}/lost.key`"


def test_a_copy_is_for_its_owner_alone(store: SqlStore, data_dir: Path, tmp_path: Path) -> None:
    """Its directory and files are as private as the store's."""
    copy_store(data_dir, tmp_path / "copy")
    assert store.list_logs()
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "copy").iterdir()} == {0o600}


def test_a_copy_is_not_written_over_anything(store: SqlStore, data_dir: Path, tmp_path: Path) -> None:
    """Neither a store nor a key nor other files are overwritten, by `again` neither."""
    copy = tmp_path / "copy"
    copy_store(data_dir, copy)
    for again in (False, True):
        with pytest.raises(Conflict) as refused:
            copy_store(data_dir, copy, again=again)
        assert refused.value.message == f"`{copy}` is not empty"
    with pytest.raises(Conflict, match="cannot be copied into itself"):
        copy_store(data_dir, data_dir / ".." / data_dir.name)
    (tmp_path / "keys").mkdir(mode=0o700)
    shutil.copy2(data_dir / "master.key", tmp_path / "keys" / "master.key")
    with pytest.raises(Conflict, match="is not empty"):
        copy_store(data_dir, tmp_path / "keys")
    (tmp_path / "files").mkdir(mode=0o700)
    (tmp_path / "files" / "letter").touch()
    with pytest.raises(Conflict, match="it holds `letter`"):
        copy_store(data_dir, tmp_path / "files")
    assert store.list_logs()


DAMAGE = {
    "a changed row": (
        "bailiwick.db",
        "UPDATE change SET actor_uid = 'u-other' WHERE revision = 2",
        "changed",
    ),
    "a lost body": ("bailiwick.db", "DELETE FROM body WHERE document LIKE '%u1%'", "the body is missing"),
    "an object set": ("bailiwick.db", "UPDATE object SET body = '{}' WHERE uid = 'u1'", "User `u1`"),
    "a secret moved": ("bailiwick.db", "UPDATE secret SET name = 'u9' WHERE name = 'u1'", "not decrypt"),
    "an answer moved": ("bailiwick.db", "UPDATE idempotency SET principal_uid = 'x'", "not decrypt"),
    "a changed event": ("activity.db", "UPDATE event SET outcome = 'refused'", "activity"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_store_is_not_copied(
    store: SqlStore, data_dir: Path, tmp_path: Path, at: datetime, damage: str
) -> None:
    """What was found is said, and what there is of the copy does not open."""
    fill(store, at)
    file, statement, found = DAMAGE[damage]
    with closing(sqlite3.connect(data_dir / file)) as connection, connection:
        assert connection.execute(statement).rowcount > 0
    with pytest.raises(Unavailable, match=found):
        copy_store(data_dir, tmp_path / "copy")
    with pytest.raises((NotFound, Unavailable)):
        open_store(tmp_path / "copy")


def _copy_and_die(source: Path, target: Path, after: str) -> None:
    """Copy until this is told, then die without a word."""
    copy_store(
        source, target, progress=lambda what, _done, _total: os._exit(KILLED) if what == after else None
    )


@pytest.mark.parametrize("after", ["head", "setting", "note", f"verifying {LOG}"])
def test_a_copy_that_is_killed_is_no_store(
    store: SqlStore, data_dir: Path, tmp_path: Path, at: datetime, after: str
) -> None:
    """It opens as a store by no way, and is begun anew when that is asked for."""
    fill(store, at)
    copy = tmp_path / "copy"
    process = multiprocessing.get_context("spawn").Process(target=_copy_and_die, args=(data_dir, copy, after))
    process.start()
    process.join(60)
    assert process.exitcode == KILLED
    if after == f"verifying {LOG}":
        # Verification comes first: nothing was written yet, so nothing is in the way.
        copy_store(data_dir, copy)
        assert rows_of(copy) == rows_of(data_dir)
        return
    with pytest.raises(Conflict):
        create_store(copy, at=at)
    begin_anew(data_dir, copy, tmp_path / "further")
    assert rows_of(copy) == rows_of(data_dir)


def begin_anew(source: Address, half: Address, further: Path) -> None:
    """What was not finished is neither opened, nor copied further, nor written over, until that is asked for."""
    with pytest.raises(Unavailable, match="a copy that was not finished"):
        open_store(half)
    with pytest.raises(Unavailable, match="a copy that was not finished"):
        copy_store(half, further)
    with pytest.raises(Conflict) as refused:
        copy_store(source, half)
    assert refused.value.message == f"`{half}` holds a copy that was not finished"
    copy_store(source, half, again=True)


def test_copies_taken_during_writes_are_of_one_moment(
    store: SqlStore, data_dir: Path, tmp_path: Path, at: datetime
) -> None:
    """Copies taken while another thread writes verify, and are what the store was."""

    def work() -> None:
        for revision in range(150):
            write(store, at, revision)

    writer = Thread(target=work)
    writer.start()
    try:
        for turn in range(3):
            copy_store(data_dir, tmp_path / f"copy-{turn}")
    finally:
        writer.join()
    for turn in range(3):
        with open_store(tmp_path / f"copy-{turn}") as copy:
            assert copy.verify(LOG).ok
            assert copy.head(LOG) == store.head_at(LOG, copy.head(LOG).revision)
            assert copy.activity.events(EventFilter(LOG), None, 1) == ()
