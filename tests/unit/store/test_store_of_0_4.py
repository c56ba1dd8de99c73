"""A store that Bailiwick 0.4 wrote: migrated up, used, taken back, and migrated again; verified at every step.

`store_of_0_4` holds what revision 67af86b wrote, as SQL: two accounts with keys, secrets, kept answers, an erasure,
activity and notes.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.store.conftest import FILES

from bailiwick.errors import Invalid, Unavailable
from bailiwick.service.locating import locate
from bailiwick.store.migrating import migrate_store
from bailiwick.store.opening import open_store
from bailiwick.store.ports import Change
from bailiwick.store.sql.store import SqlStore

AT = datetime(2026, 11, 21, tzinfo=UTC)
ACME, GLOBEX = "account:acme", "account:globex"
PREFIX = "bwk_u7wdjre2"


def tables_of(directory: Path) -> dict[str, str]:
    """Which statements made the tables and indexes, Alembic's own aside?"""
    found: dict[str, str] = {}
    for name in FILES:
        with closing(sqlite3.connect(directory / f"{name}.db")) as connection:
            rows = connection.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
            found |= {
                f"{name}/{one}": "".join(sql.split())
                for table, one, sql in rows
                if not table.endswith("_revision")
            }
    return found


def assert_intact(store: SqlStore) -> None:
    """Everything verifies: every log with its objects, secrets and locators, and the activity."""
    assert [store.verify(log).findings for log in store.list_logs()] == [(), (), ()]
    assert [store.activity.verify(log).findings for log in store.list_logs()] == [(), (), ()]


def test_it_is_not_opened_but_says_what_to_do(old: Path) -> None:
    """Nothing of an older schema is touched by an opening."""
    before = tables_of(old)
    with pytest.raises(Unavailable) as refused:
        open_store(old)
    assert refused.value.message.endswith("has schema revision `0001`, expected `0002`")
    assert refused.value.help == (
        "run `bailiwick store migrate`; with --dry-run it says whether servers may go on meanwhile"
    )
    assert tables_of(old) == before


def test_it_goes_up_is_used_goes_down_and_up_again(old: Path) -> None:
    """What 0.4 wrote is all there, and so is, after the way back and forth, what was written since."""
    before = tables_of(old)
    migrate_store(old, locate=locate)
    with open_store(old, locate=locate) as store:
        assert_intact(store)
        assert store.find_located("Application", "application-acme") == (ACME,)
        assert len(store.find_located("ApiKey", PREFIX)) == 1
        assert [head.log for head in store.moved_since(0)[1]] == [ACME, GLOBEX, "system"]
        for name in ("acme", "globex"):
            kept = store.find_answer(f"account:{name}", "user-1", f"k-{name}")
            assert kept is not None
            assert kept.status == 201
        # 0.4 did not say of which account an answer is. Both accounts changed at that very instant, so both keep it:
        # a request is rather answered as before than carried out twice.
        assert store.find_answer(GLOBEX, "user-1", "k-acme") is not None
        change = Change("Application", "application-2", "two", "create", {})
        revision = store.head(ACME).revision
        store.append(ACME, revision, [change], actor_uid="user-1", via="test", at=AT)
    migrate_store(old, to="0001")
    assert tables_of(old) == before
    migrate_store(old, locate=locate)
    with open_store(old, locate=locate) as store:
        assert_intact(store)
        assert store.find_located("Application", "application-2") == (ACME,)
        assert store.prune_answers(AT + timedelta(days=1)) == 4


def test_a_dry_run_changes_nothing(old: Path) -> None:
    """It says which steps would be made."""
    before = tables_of(old)
    steps = migrate_store(old, dry_run=True)
    assert next((step.part, step.before, step.after) for step in steps) == ("logs", "0001", "0002")
    assert tables_of(old) == before


def test_an_unknown_revision_is_refused(old: Path) -> None:
    """A typing error migrates nothing."""
    with pytest.raises(Invalid, match="unknown revision `2`"):
        migrate_store(old, to="2")


KILLED = """
import os, signal, sys
from pathlib import Path
from bailiwick.store.migrating import migrate_store

def locate(kind, uid, document):
    os.kill(os.getpid(), signal.SIGKILL)

migrate_store(Path(sys.argv[1]), locate=locate)
"""


def test_a_migration_that_is_killed_leaves_the_old_schema(old: Path) -> None:
    """It is killed after the first tables were changed; run again, it comes to the end."""
    before = tables_of(old)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(old)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert tables_of(old) == before
    migrate_store(old, locate=locate)
    with open_store(old, locate=locate) as store:
        assert_intact(store)


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("DELETE FROM locator WHERE kind = 'Application'", "the object is not found from outside"),
        (
            "UPDATE locator SET value = 'x' WHERE kind = 'ApiKey'",
            "the object is found by what is not its own",
        ),
    ],
)
def test_verification_sees_damaged_locators(old: Path, damage: str, finding: str) -> None:
    """Whoever sends a key to another account by writing into the file is found."""
    migrate_store(old, locate=locate)
    with closing(sqlite3.connect(old / "bailiwick.db")) as connection, connection:
        connection.execute(damage)
    with open_store(old, locate=locate) as store:
        assert finding in [one.message for one in store.verify(ACME).findings]
