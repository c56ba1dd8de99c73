"""Who may use a store's tables: said by the store, and asked in every transaction, of stores that are open too."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.contract.on_postgresql import address_in, new_store
from tests.contract.stores import AT, LOG, create, write
from tests.faults.next_version import REVISION, with_more

from bailiwick.errors import Unavailable
from bailiwick.service.locating import locate
from bailiwick.store import migrating as migrating_module
from bailiwick.store.address import Address
from bailiwick.store.copying import copy_store
from bailiwick.store.migrating import Step, migrate_store
from bailiwick.store.opening import create_store, open_store
from bailiwick.store.sql.admission import NOBODY, AnotherSchema, admit_from, find_admitted
from bailiwick.store.sql.migrations import running
from bailiwick.store.sql.migrations.running import ACTIVITY_PART, LOGS_PART, newest, revisions
from bailiwick.store.sql.store import SqlStore
from bailiwick.store.vault import read_keys

OWN = newest(LOGS_PART)
AGAIN = "run it again"


def on_sqlite(folder: Path) -> Address:
    """A store in a directory."""
    create_store(folder / "data", at=AT, locate=locate).close()
    return folder / "data"


def on_postgresql(folder: Path) -> Address:
    """A store in a database."""
    with new_store(folder, AT) as store:
        database = store._logs.engine.url.database
    assert database is not None
    return address_in(folder, database)


@pytest.fixture(params=[on_sqlite, on_postgresql], ids=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    """A store with one account, of this program's revision."""
    made: Address = request.param(tmp_path)
    with open_store(made, locate=locate) as store:
        store.create_log(LOG, at=AT)
    return made


def by_next(
    monkeypatch: pytest.MonkeyPatch, address: Address, name: str, to: str | None = None
) -> list[Step]:
    """Migrate as the next version does, whose revision lies in this folder."""
    with monkeypatch.context() as patch:
        patch.setattr(running, "_scripts", with_more(name))
        return migrate_store(address, to=to, locate=locate)


def says(store: SqlStore) -> tuple[str, str]:
    """Which revision have the logs, and from which on may programs use them?"""
    with store._logs.engine.connect() as connection:
        return admitted(connection)


def admitted(connection: Connection) -> tuple[str, str]:
    """What does this database say?"""
    found = find_admitted(connection, LOGS_PART.revision_table)
    assert found is not None
    return found.revision, found.oldest


def refused_whole(store: SqlStore) -> str:
    """With which words does an open store refuse to be read and to be written? They are the same."""
    with pytest.raises(AnotherSchema) as reading:
        store.head(LOG)
    with pytest.raises(AnotherSchema) as writing:
        write(store, create("u9", "late"))
    assert reading.value.message == writing.value.message
    return reading.value.message


def test_every_revision_says_whether_it_only_expands() -> None:
    """In its file, for nobody else can know it: `expands = True` or `expands = False`."""
    for part in (LOGS_PART, ACTIVITY_PART):
        for script in running._scripts(part).walk_revisions():
            assert isinstance(getattr(script.module, "expands", None), bool), script.module.__file__
        assert not running.expands(part, revisions(part)[0])


def test_a_new_store_is_for_programs_of_its_revision(address: Address) -> None:
    """From the newest revision on that is no expansion."""
    with open_store(address) as store:
        assert says(store) == (OWN, running.oldest_program(LOGS_PART, OWN))


def test_an_older_program_goes_on_beside_an_expanded_schema(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is open goes on, another is opened, what both write is there for the next version, and verifies."""
    with open_store(address, locate=locate) as running_on:
        assert by_next(monkeypatch, address, "expanding")[0] == Step("logs", OWN, REVISION, keeps=OWN)
        write(running_on, create("u1", "alice"))
        with open_store(address, locate=locate) as opened:
            write(opened, create("u2", "bob"))
            assert says(opened) == (REVISION, OWN)
    monkeypatch.setattr(running, "_scripts", with_more("expanding"))
    with open_store(address, locate=locate) as newer:
        write(newer, create("u3", "carol"))
        assert newer.head(LOG).revision == 3
        assert newer.verify(LOG).ok


def test_no_older_program_goes_on_beside_a_contracted_schema(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is open refuses reads and writes, none is opened; back on its schema, it goes on."""
    with open_store(address, locate=locate) as left:
        assert by_next(monkeypatch, address, "contracting")[0] == Step("logs", OWN, REVISION)
        whose = f"for programs from revision `{REVISION}` on; this one is of `{OWN}`"
        expected = f"has schema revision `{REVISION}`, {whose}"
        assert refused_whole(left) == f"`the store` {expected}"
        with pytest.raises(AnotherSchema) as refused:
            open_store(address)
        assert refused.value.message.endswith(expected)
        assert refused.value.help == "use the bailiwick that wrote it, or a newer one"
        by_next(monkeypatch, address, "contracting", to=OWN)
        write(left, create("u1", "alice"))
        assert left.head(LOG).revision == 1
        assert left.verify(LOG).ok


def test_a_newer_program_refuses_what_was_taken_back(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is open there refuses from the moment at which the schema is an older one's."""
    with monkeypatch.context() as patch:
        patch.setattr(running, "_scripts", with_more("expanding"))
        migrate_store(address)
        newer = open_store(address, locate=locate)
    with newer:
        by_next(monkeypatch, address, "expanding", to=OWN)
        assert refused_whole(newer) == f"`the store` has schema revision `{OWN}`, expected `{REVISION}`"


def test_a_migration_that_was_broken_off_is_run_again(address: Address) -> None:
    """Nobody may use what nobody vouches for; what is open refuses; the same command makes it whole."""
    with open_store(address, locate=locate) as left:
        with left._logs.engine.begin() as connection:
            admit_from(connection, LOGS_PART.revision_table, NOBODY)
        assert refused_whole(left) == "the schema of `the store` is being changed, or that was broken off"
        with pytest.raises(AnotherSchema, match="being changed") as refused:
            open_store(address)
        assert str(refused.value.help).endswith(AGAIN)
        migrate_store(address)
        write(left, create("u1", "alice"))


def test_a_migration_that_fails_leaves_those_in_who_were(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was changed, so they may go on."""

    def fail(*_: object) -> None:
        raise Unavailable("no more room")

    monkeypatch.setattr(running, "_run", fail)
    with open_store(address, locate=locate) as store:
        with pytest.raises(Unavailable, match="no more room"):
            by_next(monkeypatch, address, "contracting")
        write(store, create("u1", "alice"))
        assert says(store) == (OWN, OWN)


def test_a_migration_waits_for_whoever_was_admitted(tmp_path: Path) -> None:
    """A write that began before ends as it began; who comes after is refused; then only are tables changed."""
    address = on_postgresql(tmp_path)
    with open_store(address, locate=locate) as store, ThreadPoolExecutor(1) as threads:
        store.create_log(LOG, at=AT)
        scripts = running._scripts
        running._scripts = with_more("contracting")  # type: ignore[assignment]
        try:
            with store._logs.writing() as admitted_before:
                migrating = threads.submit(migrate_store, address)
                wait_until_closed(store)
                assert "is being changed" in refused_whole(store)
                time.sleep(1)
                assert not migrating.done()
                assert admitted_before.exec_driver_sql("SELECT to_regclass('meaning')").scalar() is None
            assert migrating.result(60)[0].after == REVISION
        finally:
            running._scripts = scripts
        assert f"from revision `{REVISION}` on" in refused_whole(store)


def test_a_migration_that_waits_in_vain_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody reads for very long: it gives up, says so, and those may go on who could before."""
    address = on_postgresql(tmp_path)
    monkeypatch.setattr(migrating_module, "_LONGEST_SECONDS", 0.5)
    with open_store(address, locate=locate) as store:
        store.create_log(LOG, at=AT)
        with store._logs.reading(), pytest.raises(Unavailable, match="nothing was changed") as refused:
            by_next(monkeypatch, address, "contracting")
        assert str(refused.value.help).startswith("end what reads the store for long")
        write(store, create("u1", "alice"))
        assert says(store) == (OWN, OWN)


def wait_until_closed(store: SqlStore) -> None:
    """Wait until nobody may use the store."""
    deadline = time.monotonic() + 60
    while says(store)[1] != NOBODY:
        assert time.monotonic() < deadline, "the store is open"
        time.sleep(0.02)


def test_only_the_same_program_turns_the_master_key(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer one may have rows of its own under it, which an older one would leave behind."""
    by_next(monkeypatch, address, "expanding")
    with open_store(address, locate=locate) as store:
        with pytest.raises(AnotherSchema) as refused:
            store.rotate_master_key()
        assert refused.value.message == (
            f"the store has schema revision `{REVISION}`, and this program is of `{OWN}`: rotating the master key "
            "needs the same"
        )
        assert len(read_keys(store._secrets.vault._path)) == 1


def test_only_the_same_program_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older one does not know all that is there."""
    by_next(monkeypatch, on_sqlite(tmp_path), "expanding")
    with pytest.raises(AnotherSchema, match="copying needs the same"):
        copy_store(tmp_path / "data", tmp_path / "copy")


def test_a_store_that_does_not_say_who_may_use_it_is_migrated_first(address: Address) -> None:
    """As those of programs between 0.4 and this one are."""
    with open_store(address, locate=locate) as store, store._logs.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE logs_revision DROP COLUMN readable_from")
    with pytest.raises(AnotherSchema, match="does not say which programs may use it"):
        open_store(address)
    migrate_store(address)
    with open_store(address) as store:
        assert says(store) == (OWN, OWN)
