"""Copies between a data directory and a database: the same rows either way, the keys asked for, whole or no store."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import NoReturn

import psycopg
import pytest
from sqlalchemy import text
from tests.contract.on_postgresql import address_in, new_database, url_of
from tests.unit.store.test_copying import LOG, begin_anew, fill, rows, write

from bailiwick.errors import Conflict, Invalid, Unavailable
from bailiwick.store.address import Address, DatabaseAddress
from bailiwick.store.copying import copy_store
from bailiwick.store.opening import create_store, open_store
from bailiwick.store.ports import EventFilter, Head
from bailiwick.store.sql.postgresql import open_postgres
from bailiwick.store.sql.schema import ACTIVITY, LOGS
from bailiwick.store.sql.store import SqlStore

Rows = dict[str, list[tuple[object, ...]]]
FILES = {"bailiwick.db": LOGS, "activity.db": ACTIVITY}
LAST = ACTIVITY.sorted_tables[-1].name


@pytest.fixture
def head(store: SqlStore, at: datetime) -> Head:
    """The store has rows in every table, and text that every engine sorts in its own way."""
    last = fill(store, at)
    for uid in ("Zoë", "zoe", "Ærøskøbing", "a_b", "aXb", "\U0001f511", "-"):
        store.activity.touch_credential(LOG, uid, at)
    store.activity.flush()
    return last


@pytest.fixture
def database(tmp_path: Path) -> DatabaseAddress:
    """An empty database, and where its key file is to be."""
    (tmp_path / "keys").mkdir()
    return address_in(tmp_path / "keys", new_database())


def rows_at(place: Address) -> Rows:
    """What is in every table of this store, in order?"""
    if isinstance(place, Path):
        return {
            name: found for file in FILES for name, found in rows(place / file).items() if name in _names()
        }
    database = open_postgres(place.url)
    with database.reading() as connection:
        found = {
            name: sorted(tuple(row) for row in connection.execute(text(f'SELECT * FROM "{name}"')))
            for name in _names()
        }
    database.close()
    return found


def _names() -> set[str]:
    return {name for tables in FILES.values() for name in tables.tables}


def verify(place: Address, key: Path | None = None) -> None:
    """Does every log, and its activity, verify?"""
    with open_store(place, master_key=key) as store:
        assert [store.verify(log).findings for log in store.list_logs()] == [(), ()]
        assert [store.activity.verify(log).findings for log in store.activity.list_logs()] == [(), ()]


def test_there_and_back_is_the_same_row_by_row(
    store: SqlStore, head: Head, data_dir: Path, database: DatabaseAddress, tmp_path: Path, at: datetime
) -> None:
    """Of a directory into a database, from there into another one and into a directory: nothing differs."""
    before = rows_at(data_dir)
    assert all(before.values())
    further = address_in(tmp_path / "keys", new_database())
    back = tmp_path / "back"
    copied = copy_store(data_dir, database)
    assert copied.heads == (head, store.head("system"))
    assert copied == copy_store(database, further) == copy_store(further, back)
    assert rows_at(database) == rows_at(further) == rows_at(back) == before
    for place in (database, further, back):
        verify(place)
        with open_store(place) as opened:
            assert [row.erased for row in opened.history(LOG, limit=9, uid="u0")] == [False, True, True]
            assert opened.list_secrets(LOG, "password") == store.list_secrets(LOG, "password")
            write(opened, at, 5)


def test_a_backup_of_a_database_is_a_directory(
    head: Head, data_dir: Path, database: DatabaseAddress, tmp_path: Path
) -> None:
    """Without its keys; it verifies by them, and is restored into a database under other ones."""
    copy_store(data_dir, database)
    backup = tmp_path / "backup"
    assert copy_store(database, backup, key="none").heads[0] == head
    assert not (backup / "master.key").exists()
    verify(backup, database.master_key)
    (tmp_path / "new").mkdir()
    restored = address_in(tmp_path / "new", new_database())
    copy_store(backup, restored, master_key=database.master_key, key="new")
    assert restored.master_key.read_text() != database.master_key.read_text()
    assert stat.S_IMODE(restored.master_key.stat().st_mode) == 0o600
    sealed = {
        name: set(rows_at(database)[name]) & set(rows_at(restored)[name])
        for name in ("secret", "idempotency")
    }
    assert sealed == {"secret": set(), "idempotency": set()}
    verify(restored)
    with pytest.raises(Invalid, match="is a database, and a backup a data directory"):
        copy_store(database, address_in(tmp_path / "new", new_database()), key="none")


def test_the_key_of_a_database_may_lie_where_nobody_can_write(
    head: Head,
    data_dir: Path,
    database: DatabaseAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A backup is taken with a key that is given to a container, beside which no lock can be made."""
    copy_store(data_dir, database)

    def refuse(self: DatabaseAddress) -> NoReturn:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(DatabaseAddress, "locked", refuse)
    assert copy_store(database, tmp_path / "backup", key="none").heads[0] == head
    with pytest.raises(OSError, match="read-only"):
        copy_store(data_dir, address_in(tmp_path / "keys", new_database()))


def test_a_key_file_that_is_there_is_never_written(
    head: Head, data_dir: Path, database: DatabaseAddress, tmp_path: Path, at: datetime
) -> None:
    """It may be another store's. It serves where it has the keys for it, and is refused where it has not."""
    create_store(tmp_path / "other", at=at).close()
    foreign = (tmp_path / "other" / "master.key").read_bytes()
    database.master_key.write_bytes(foreign)
    database.master_key.chmod(0o600)
    with pytest.raises(Unavailable, match=r"master key `master-.*` is not in"):
        copy_store(data_dir, database)
    copy_store(data_dir, database, key="new", again=True)
    assert database.master_key.read_bytes() == foreign
    verify(database)
    with pytest.raises(Conflict, match="holds the key of the source, expected a new one"):
        copy_store(database, address_in(tmp_path / "keys", new_database()), key="new")
    with pytest.raises(Invalid, match="there is no directory"):
        copy_store(data_dir, address_in(tmp_path / "nowhere", new_database()))


def test_a_copy_is_not_written_over_anything(
    head: Head, data_dir: Path, database: DatabaseAddress, tmp_path: Path
) -> None:
    """Neither a store nor somebody else's tables, by `again` neither; and no store into itself."""
    copy_store(data_dir, database)
    foreign = address_in(tmp_path / "keys", new_database())
    with psycopg.connect(url_of(str(foreign.url.database))) as connection:
        connection.execute("CREATE TABLE letters (n integer)")
    for target in (database, foreign):
        for again in (False, True):
            with pytest.raises(Conflict) as refused:
                copy_store(data_dir, target, again=again)
            assert refused.value.message == f"`{target}` is not empty"
    with pytest.raises(Conflict, match="is not empty"):
        copy_store(database, database)
    assert head.revision > 0


def _copy_and_die(source: Address, target: Address, after: str) -> None:
    """Copy until this is told, then be killed."""
    copy_store(
        source,
        target,
        progress=lambda what, _done, _total: os.kill(os.getpid(), signal.SIGKILL) if what == after else None,
    )


@pytest.mark.parametrize("after", ["head", "secret", "event", "comparing note"])
def test_a_copy_that_is_killed_is_no_store(
    head: Head, data_dir: Path, database: DatabaseAddress, tmp_path: Path, at: datetime, after: str
) -> None:
    """Killed at any point, it is opened, created over, copied and migrated by no way; begun anew, it is whole."""
    process = multiprocessing.get_context("spawn").Process(
        target=_copy_and_die, args=(data_dir, database, after)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    database.master_key.touch(0o600)
    with pytest.raises((Conflict, Unavailable)):
        create_store(database, at=at)
    begin_anew(data_dir, database, tmp_path / "further")
    assert rows_at(database) == rows_at(data_dir)
    verify(database)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE locator SET value = 'another'",
        "UPDATE credential_use SET last_used_at = '2030-01-01T00:00:00.000000Z'",
        "UPDATE idempotency SET status = 500",
        "UPDATE setting SET value = 'x' WHERE name = 'schema_version'",
        "DELETE FROM note",
    ],
)
def test_a_copy_that_somebody_changes_meanwhile_is_not_finished(
    head: Head, data_dir: Path, database: DatabaseAddress, statement: str
) -> None:
    """Also where no chain would show it."""

    def change(what: str, _done: int, _total: int) -> None:
        if what == LAST:
            with psycopg.connect(url_of(str(database.url.database))) as connection:
                assert connection.execute(statement.encode()).rowcount > 0

    with pytest.raises(Unavailable, match=r"of the copy has (other rows|0 rows, expected 1)"):
        copy_store(data_dir, database, progress=change)
    with pytest.raises(Unavailable, match="a copy that was not finished"):
        open_store(database)


def test_a_damaged_database_is_not_copied(
    head: Head, data_dir: Path, database: DatabaseAddress, tmp_path: Path
) -> None:
    """What was found is said."""
    copy_store(data_dir, database)
    with psycopg.connect(url_of(str(database.url.database))) as connection:
        connection.execute("UPDATE event SET outcome = 'refused'")
    with pytest.raises(Unavailable, match="the batch was changed"):
        copy_store(database, tmp_path / "copy")


@pytest.fixture
def busy(head: Head, data_dir: Path, database: DatabaseAddress, at: datetime) -> Iterator[SqlStore]:
    """The store in the database, while somebody writes to it."""
    copy_store(data_dir, database)
    with open_store(database) as store:
        failed: list[BaseException] = []

        def work() -> None:
            try:
                for revision in range(5, 125):
                    write(store, at, revision)
            except BaseException as error:
                failed.append(error)

        writer = Thread(target=work)
        writer.start()
        yield store
        writer.join()
        assert failed == []


def test_copies_taken_during_writes_are_of_one_moment(
    busy: SqlStore, database: DatabaseAddress, tmp_path: Path
) -> None:
    """They verify, and are what the store was."""
    for turn in range(2):
        copy_store(database, tmp_path / f"copy-{turn}")
        with open_store(tmp_path / f"copy-{turn}") as copy:
            assert copy.verify(LOG).ok
            assert copy.head(LOG) == busy.head_at(LOG, copy.head(LOG).revision)
            assert len(copy.activity.events(EventFilter(LOG), None, 9)) == 1
