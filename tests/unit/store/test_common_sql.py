"""Every statement on logs and activity is inside the SQL that all engines take; and the check can fail."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, Text, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement
from tests.unit.store.common_sql import keys_without_log, problems_of

from bailiwick.store.ports import ActivityEvent, Change, EventFilter, Head, Idempotency, Note, SecretWrite
from bailiwick.store.sql.schema import ACTIVITY, LOGS
from bailiwick.store.sql.store import SqlStore

LOG = "account:acme"


def answer(head: Head) -> tuple[int, bytes]:
    """What is answered?"""
    return 201, head.vector.encode()


def walk(store: SqlStore, at: datetime) -> None:
    """Ask and write everything that a store can be asked and told of logs."""
    store.create_log("account:other", at=at)
    for revision, op in enumerate(("create", "replace")):
        store.append(
            LOG,
            revision,
            [Change("User", "u1", "alice", op, {"n": revision})],  # type: ignore[arg-type]
            actor_uid="u",
            via="test",
            at=at,
            secrets=[SecretWrite("s", "password", b"x")],
            idempotency=Idempotency("u", f"k{revision}", "d", answer),
            based_on={"account:other": 0},
        )
    store.erase_body(LOG, 2, kind="User", uid="u1", actor_uid="u", via="test", at=at)
    store.head_at(LOG, 1)
    list(store.load(LOG)[1])
    list(store.state_at(LOG, 2))
    store.changes(LOG, 0, 1)
    store.history(LOG, limit=5, before=(3, 1), kind="User", uid="u1", actor_uid="u")
    store.document_at(LOG, "User", "u1", 2)
    store.find_named(LOG, "User", "alice")
    store.find_object(LOG, "User", "u1")
    store.list_secrets(LOG, "password")
    store.find_located("User", "u1")
    store.moved_since(0)
    store.verify(LOG)
    store.prune_answers(at + timedelta(days=1))
    store.rotate_master_key()


def walk_activity(store: SqlStore, at: datetime) -> None:
    """Ask and write everything that a store can be asked and told of activity."""
    activity = store.activity
    for _ in range(2):
        happened = [
            ActivityEvent(at, "x", "ok", log, "u", "c", {}) for log in (LOG, "system", "account:nobody")
        ]
        activity.record(happened, durable=True)
        activity.touch_credential(LOG, "c", at)
        activity.flush()
    activity.amend(LOG, "n", at, lambda _: Note({}, at + timedelta(minutes=1)))
    activity.amend(LOG, "m", at + timedelta(minutes=2), lambda _: None)
    activity.notes(LOG, "n", at, 5, after="m")
    activity.last_used(LOG, "c")
    wanted = EventFilter(LOG, "x", "ok", "u", "c", at, at + timedelta(days=1))
    activity.events(wanted, 1, 5)
    activity.events(wanted, 9, 5, newest_first=True)
    activity.verify(LOG)
    activity.list_logs()
    activity.count_before(LOG, at + timedelta(days=1))
    activity.prune(LOG, at + timedelta(days=1), at=at)


@pytest.mark.parametrize("part", ["logs", "activity"])
def test_every_statement_is_one_that_all_engines_take(
    store: SqlStore, at: datetime, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded while everything is asked, and written as PostgreSQL would be sent it."""
    sent: set[str] = set()
    # So that locks are taken as on PostgreSQL; SQLite leaves the words for them out.
    for database in (store._logs, store._activity_database):
        monkeypatch.setattr(database, "locks_rows", True)

    @event.listens_for((store._logs if part == "logs" else store._activity_database).engine, "before_execute")
    def keep(_connection: object, statement: object, *_rest: object) -> None:
        if isinstance(statement, ClauseElement):
            sent.add(str(statement.compile(dialect=postgresql.dialect())))  # type: ignore[no-untyped-call]

    (walk if part == "logs" else walk_activity)(store, at)
    assert len(sent) > 20
    assert any("FOR UPDATE" in sql for sql in sent)
    assert {sql: problems_of(sql) for sql in sent if problems_of(sql)} == {}


def test_every_key_and_index_begins_with_the_log() -> None:
    """So that an engine keeps what belongs to one account together."""
    assert keys_without_log(LOGS) == []
    assert keys_without_log(ACTIVITY) == []


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT pg_advisory_lock(1) FROM head WHERE head.log = %(l)s", "advisory lock"),
        ("SELECT object.uid FROM object WHERE object.uid = %(u)s", "no log in its WHERE"),
        ("DELETE FROM secret WHERE secret.name = %(n)s", "no log in its WHERE"),
        (
            "SELECT 1 FROM change JOIN body ON body.digest = change.digest\nWHERE change.log = 1",
            "join",
        ),
        ("INSERT INTO locator (value, log) VALUES (1, 2)", "an insert whose first column is not the log"),
        ("INSERT INTO head (log) VALUES (1) ON CONFLICT (hash) DO NOTHING", "a conflict without the log"),
        ("SELECT nextval('s') FROM head WHERE head.log = 1", "sequence"),
    ],
)
def test_what_is_outside_is_found(sql: str, problem: str) -> None:
    """Somebody adds such a statement: the check names what is wrong with it."""
    assert problems_of(sql) == [problem]


def test_a_key_that_begins_otherwise_is_found() -> None:
    """A table, a reference and an index that do not begin with the log are named."""
    tables = MetaData()
    Table("right", tables, Column("log", Text, primary_key=True), Column("uid", Text, unique=True))
    uid = Column("uid", Text, ForeignKey("right.uid"), primary_key=True)
    Table("wrong", tables, uid, Column("log", Text), Index("by_uid", "uid"))
    assert keys_without_log(tables) == ["wrong", "wrong, uid", "by_uid"]
