"""A store in PostgreSQL is brought to an older schema and back by the same deed as a data directory."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.contract.on_postgresql import address_in, new_store
from tests.contract.stores import AT, LOG, create, write

from bailiwick.errors import Unavailable
from bailiwick.store.address import DatabaseAddress
from bailiwick.store.migrating import Step, migrate_store
from bailiwick.store.opening import open_store
from bailiwick.store.ports import ActivityEvent, Note
from bailiwick.store.sql.migrations.running import LOGS_PART, newest
from bailiwick.store.sql.postgresql import open_postgres
from bailiwick.store.sql.schema import ACTIVITY, LOGS

LATER = AT + timedelta(days=1)


@pytest.fixture
def address(tmp_path: Path) -> DatabaseAddress:
    """A store with one account, of which somebody is a user."""
    with new_store(tmp_path, AT) as store:
        store.create_log(LOG, at=AT)
        write(store, create("u1", "alice"))
        store.activity.record(
            [ActivityEvent(AT, "sign-in", "ok", log=LOG), ActivityEvent(AT, "fork", "found")]
        )
        store.activity.touch_credential(LOG, "u1", AT)
        store.activity.amend(LOG, "code/u1", AT, lambda _: Note({"step": 7}, LATER))
        store.activity.flush()
        database = store._logs.engine.url.database
    assert database is not None
    return address_in(tmp_path, database)


def test_there_and_back(address: DatabaseAddress) -> None:
    """The older schema is refused by this program; back in the newest, everything is there and verifies."""
    assert migrate_store(address, to="0001")[0] == Step("logs", newest(LOGS_PART), "0001")
    with pytest.raises(Unavailable):
        open_store(address)
    assert migrate_store(address)[0] == Step("logs", "0001", newest(LOGS_PART))
    with open_store(address) as store:
        assert store.head(LOG).revision == 1
        assert store.verify(LOG).ok
        assert [store.activity.verify(log).rows for log in (LOG, "system")] == [1, 1]
        assert all(store.activity.verify(log).ok for log in store.activity.list_logs())
        assert store.activity.last_used(LOG, "u1") == AT
        assert store.activity.notes(LOG, "code/", AT, 2) == (("code/u1", Note({"step": 7}, LATER)),)


def test_the_tables_are_the_programs(address: DatabaseAddress) -> None:
    """There and back again, nothing of logs or activity differs from what the program itself would make."""
    migrate_store(address, to="0001")
    migrate_store(address)
    database = open_postgres(address.url)
    with database.reading() as connection:
        for tables in (LOGS, ACTIVITY):
            differences = compare_metadata(MigrationContext.configure(connection), tables)
            found = [one for one in differences if str(one[0]).startswith(("add", "modify"))]
            assert found == []
        keys = "SELECT conname FROM pg_constraint WHERE starts_with(conname, 'old')"
        assert connection.exec_driver_sql(keys).all() == []
    database.close()


def test_a_plan_changes_nothing(address: DatabaseAddress) -> None:
    """It says the steps; the store opens as before."""
    assert migrate_store(address, to="0001", dry_run=True)[0].after == "0001"
    open_store(address).close()
