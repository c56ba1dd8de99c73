"""The SQLite file: durable, one writer at a time, failures that say what to do and leave nothing half done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event, text
from tests.unit.store.conftest import locate

from bailiwick.errors import NotFound, Unavailable
from bailiwick.store.opening import open_store
from bailiwick.store.ports import Change, RevisionConflict
from bailiwick.store.sql import database, sqlite
from bailiwick.store.sql.database import Database
from bailiwick.store.sql.reads import read_head
from bailiwick.store.sql.sqlite import open_database
from bailiwick.store.sql.store import SqlStore

LOG = "account:acme"


@pytest.fixture
def logs(store: SqlStore, data_dir: Path) -> Iterator[Database]:
    """The logs' file, opened once more."""
    opened = open_database(data_dir / "bailiwick.db", "FULL")
    yield opened
    opened.close()


def write(store: SqlStore, at: datetime, uid: str, **document: Any) -> None:
    """Append one user."""
    change = Change("User", uid, uid, "create", document)
    store.append(LOG, store.head(LOG).revision, [change], actor_uid="u-root", via="test", at=at)


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("trusted_schema", 0),
    ],
)
def test_every_connection_is_set_up(logs: Database, pragma: str, value: object) -> None:
    """A commit is on the disk before it is acknowledged (synchronous 2 is FULL), and erased pages are wiped."""
    with logs.reading() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value
    with logs.writing() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_a_lost_file_is_not_made_anew(tmp_path: Path) -> None:
    """Opening a path without a file fails, and leaves none."""
    lost = open_database(tmp_path / "lost.db", "FULL")
    with pytest.raises(Unavailable), lost.reading():
        pass
    assert not (tmp_path / "lost.db").exists()


def test_a_path_with_odd_letters_opens(tmp_path: Path) -> None:
    """What means something in a file's address means nothing in a path."""
    odd = tmp_path / "a b?c#d%20é.db"
    odd.touch()
    opened = open_database(odd, "NORMAL")
    with opened.writing() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
    opened.close()
    assert odd.stat().st_size > 0
    assert {path.name for path in tmp_path.iterdir()} == {odd.name}


def test_a_writer_waits_for_another_process(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """A write that meets another's transaction begins after it, and does not fail."""
    with closing(sqlite3.connect(data_dir / "bailiwick.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE setting SET value = value")
        waiting = Thread(target=write, args=(store, at, "u1"))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        assert store.head(LOG).revision == 0
        other.execute("COMMIT")
        waiting.join(20)
    assert store.head(LOG).revision == 1


def test_a_writer_that_waits_too_long_says_so(
    store: SqlStore, data_dir: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is ours, and the driver's words are only its cause."""
    for module in (sqlite, database):
        monkeypatch.setattr(module, "BUSY_SECONDS", 0)
    with open_store(data_dir) as hurried, closing(sqlite3.connect(data_dir / "bailiwick.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as refused:
            write(hurried, at, "u1")
        other.rollback()
        assert refused.value.message == "the store cannot be read or written now"
        assert refused.value.help == "another process has been writing for 0 seconds; try again"
        write(hurried, at, "u1")


def test_two_openings_write_on_one_chain(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Writers that share no lock in memory take turns through the file, and lose no write."""

    def work(on: SqlStore, name: str) -> None:
        for turn in range(40):
            revision = on.head(LOG).revision
            while True:
                change = Change("User", f"{name}-{turn}", "", "create", {})
                try:
                    on.append(LOG, revision, [change], actor_uid="u-root", via="test", at=at)
                    break
                except RevisionConflict as conflict:
                    revision = conflict.head.revision

    with open_store(data_dir, locate=locate) as other:
        writers = [Thread(target=work, args=pair) for pair in ((store, "a"), (other, "b"))]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert store.head(LOG) == other.head(LOG)
    assert store.head(LOG).revision == len(list(store.load(LOG)[1])) == 80
    assert store.verify(LOG).ok


def test_a_reading_transaction_sees_one_moment(store: SqlStore, logs: Database, at: datetime) -> None:
    """What is committed meanwhile does not show."""
    with logs.reading() as connection:
        before = read_head(connection, LOG)
        write(store, at, "u1")
        assert read_head(connection, LOG) == before
    with logs.reading() as connection:
        assert read_head(connection, LOG).revision == 1


def test_a_full_disk_fails_the_write_and_loses_nothing(
    store: SqlStore, data_dir: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that finds no room is refused whole; what was there stays, and small writes go on."""
    write(store, at, "u1")
    pages = (data_dir / "bailiwick.db").stat().st_size // 4096 + 200
    usual = sqlite._pragmas("FULL")
    monkeypatch.setattr(sqlite, "_pragmas", lambda durability: (*usual, f"max_page_count={pages}"))
    with open_store(data_dir) as full:
        changes = [Change("User", f"v{number}", "", "create", {"x": "y" * 900}) for number in range(5_000)]
        with pytest.raises(Unavailable) as refused:
            full.append(LOG, 1, changes, actor_uid="u-root", via="test", at=at)
        assert refused.value.help == "the disk is full; make room"
        assert full.head(LOG).revision == 1
        assert [item.uid for item in full.load(LOG)[1]] == ["u1"]
        assert full.verify(LOG).ok
        write(full, at, "u2")


def test_a_transaction_that_is_left_by_an_error_is_undone(logs: Database) -> None:
    """Nothing is committed when the block does not end well, and the connection is usable again."""

    def fail() -> None:
        with logs.writing() as connection:
            connection.execute(text("DELETE FROM setting"))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    with logs.writing() as connection:
        assert connection.execute(text("SELECT count(*) FROM setting")).scalar() == 3


def test_text_that_is_no_text_is_a_finding(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Bytes that are not UTF-8 in a text field are reported, in every table."""
    write(store, at, "u1")
    for statement in (
        "UPDATE change SET via = CAST(x'ff' AS TEXT) WHERE log = ?",
        "UPDATE body SET document = CAST(x'ff' AS TEXT) WHERE log = ?",
        "UPDATE object SET body = CAST(x'ff' AS TEXT) WHERE log = ?",
    ):
        with closing(sqlite3.connect(data_dir / "bailiwick.db")) as other, other:
            other.execute(statement, (LOG,))
    assert [item.message for item in store.verify(LOG).findings] == [
        "via is malformed",
        "there are bodies that no row refers to",
        "the object is not what revision 1 seq 1 says",
    ]
    assert store.verify("system").ok


def test_a_digest_that_is_no_text_either_is_a_finding(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """No body is looked for by it."""
    write(store, at, "u1")
    with closing(sqlite3.connect(data_dir / "bailiwick.db")) as other, other:
        other.execute("UPDATE change SET digest = CAST(x'ff' AS TEXT) WHERE log = ?", (LOG,))
    assert store.verify(LOG).findings[0].message == "digest is malformed"


def test_a_lost_revision_is_named(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Asking for the hash of a revision whose rows are gone does not invent one."""
    write(store, at, "u1")
    write(store, at, "u2")
    with closing(sqlite3.connect(data_dir / "bailiwick.db")) as other, other:
        other.execute("DELETE FROM change WHERE log = ? AND revision = 1", (LOG,))
    with pytest.raises(NotFound) as refused:
        store.head_at(LOG, 1)
    assert refused.value.message == "`account:acme` has lost revision `1`"


def test_an_object_in_the_way_of_the_log_is_named(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """An object row that came from nowhere makes a write fail as damage and not as a taken name."""
    with closing(sqlite3.connect(data_dir / "bailiwick.db")) as other, other:
        other.execute("CREATE UNIQUE INDEX strange ON object (log, body)")
    write(store, at, "u1", n=1)
    with pytest.raises(Unavailable) as refused:
        write(store, at, "u2", n=1)
    assert refused.value.message == "the objects do not fit the log"


def plans_of(logs: Database, act: Callable[[], object]) -> list[str]:
    """How does SQLite carry out each query that this sends?"""
    sent: list[tuple[str, Any]] = []

    def note(*call: Any) -> None:
        statement, values, many = call[2], call[3], call[5]
        if not many and statement.startswith(("SELECT", "DELETE", "UPDATE")):
            sent.append((statement, values))

    event.listen(logs.engine, "before_cursor_execute", note)
    act()
    event.remove(logs.engine, "before_cursor_execute", note)
    with logs.reading() as connection:
        path = connection.execute(text("PRAGMA database_list")).all()[0][2]
    with closing(sqlite3.connect(path)) as file:
        return [
            row[3] for query, values in sent for row in file.execute(f"EXPLAIN QUERY PLAN {query}", values)
        ]


QUESTIONS: dict[str, Callable[[SqlStore], object]] = {
    "an append": lambda store: write(store, datetime(2026, 11, 20, tzinfo=UTC), "u9"),
    "a load": lambda store: list(store.load(LOG)[1]),
    "a name": lambda store: store.find_named(LOG, "User", "u1"),
    "an object": lambda store: store.find_object(LOG, "User", "u1"),
    "the log": lambda store: store.changes(LOG, 1, 10),
    "a hash": lambda store: store.head_at(LOG, 1),
    "history": lambda store: store.history(LOG, limit=10),
    "history before": lambda store: store.history(LOG, limit=10, before=(9, 9)),
    "history of an actor": lambda store: store.history(LOG, limit=10, actor_uid="u-root"),
    "history of an object": lambda store: store.history(LOG, limit=10, kind="User", uid="u1"),
    "a past object": lambda store: store.document_at(LOG, "User", "u1", 1),
    "a past state": lambda store: list(store.state_at(LOG, 1)),
    "secrets": lambda store: store.list_secrets("system", "log-signing-key"),
    "an answer": lambda store: store.find_answer(LOG, "u", "k"),
    "old answers": lambda store: store.prune_answers(datetime(2026, 11, 20, tzinfo=UTC)),
    "verification": lambda store: store.verify(LOG),
}


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_no_question_reads_a_whole_table_or_sorts_it(store: SqlStore, at: datetime, name: str) -> None:
    """Every query finds its rows by an index that already has their order."""
    write(store, at, "u1")
    write(store, at, "u2")
    steps = plans_of(store._logs, lambda: QUESTIONS[name](store))
    assert steps
    # Meant whole: the list of all logs, and the revision of the schema, which is one row (rule 14.8).
    steps = [step for step in steps if step not in ("SCAN head", "SCAN logs_revision")]
    assert [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step] == []


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("history of an actor", "change_by_actor (log=? AND actor_uid=?)"),
        ("history of an object", "change_by_object (log=? AND kind=? AND uid=?)"),
        ("a past object", "change_by_object (log=? AND kind=? AND uid=? AND revision<?)"),
        ("a name", "object_by_name (log=? AND kind=? AND name=?)"),
    ],
)
def test_what_narrows_a_question_narrows_its_query(
    store: SqlStore, at: datetime, name: str, index: str
) -> None:
    """A question about one thing reads the rows of that thing, not those of its log."""
    write(store, at, "u1")
    steps = plans_of(store._logs, lambda: QUESTIONS[name](store))
    assert any(
        step == f"SEARCH {'object' if 'object_' in index else 'change'} USING INDEX {index}" for step in steps
    )
