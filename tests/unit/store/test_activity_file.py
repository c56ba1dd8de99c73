"""The activity's file: tampering shows, failures lose nothing, and several processes share one chain."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Connection

from bailiwick.errors import Conflict, Invalid, Unavailable
from bailiwick.store.activity_chain import ActivityHead, Batch
from bailiwick.store.opening import open_store
from bailiwick.store.ports import SYSTEM_LOG, ActivityEvent, Change, EventFilter, StoredEvent
from bailiwick.store.sql import activity, activity_rows
from bailiwick.store.sql.activity import BATCH_EVENTS, SqlActivity
from bailiwick.store.sql.activity_rows import begin_log
from bailiwick.store.sql.database import OutcomeUnknown
from bailiwick.store.sql.store import SqlStore

LOG = "account:acme"


@pytest.fixture
def path(store: SqlStore, data_dir: Path, at: datetime) -> Path:
    """The file, with three batches of two events."""
    for minute in range(3):
        happened = [
            ActivityEvent(at + timedelta(minutes=minute), kind, "ok") for kind in ("sign-in", "key-used")
        ]
        store.activity.record(happened, durable=True)
    return data_dir / "activity.db"


def sql(path: Path, *statements: str) -> None:
    """Write to the file behind the store's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement


def found(store: SqlStore) -> list[str]:
    """What does verification say?"""
    return [finding.format() for finding in store.activity.verify(SYSTEM_LOG).findings]


CHANGED = "the batch was changed at system activity batch 2"
MISSING = "events of the batch are missing at system activity batch 2"


@pytest.mark.parametrize(
    ("statements", "findings"),
    [
        (("UPDATE event SET outcome = 'refused' WHERE id = 3",), [CHANGED]),
        (("UPDATE event SET at = '2026-01-01T00:00:00.000000Z' WHERE id = 4",), [CHANGED]),
        (("UPDATE event SET detail = x'ff' WHERE id = 3",), [CHANGED]),
        (("UPDATE event SET detail = CAST(x'ff' AS TEXT) WHERE id = 3",), [CHANGED]),
        (("DELETE FROM event WHERE id = 3",), [MISSING, CHANGED]),
        (
            (
                "UPDATE event SET id = 99 WHERE id = 3",
                "UPDATE event SET id = 3 WHERE id = 4",
                "UPDATE event SET id = 4 WHERE id = 99",
            ),
            [CHANGED],
        ),
        (
            (
                "INSERT INTO event SELECT log, 7, at, kind, outcome, principal_uid, credential_uid, detail"
                " FROM event WHERE id = 1",
            ),
            ["there are events in no batch at system activity events"],
        ),
        (
            ("DELETE FROM batch WHERE number = 2", "DELETE FROM event WHERE id IN (3, 4)"),
            [
                "the batch does not follow the batch before it at system activity batch 3",
                "events before the batch are missing at system activity batch 3",
            ],
        ),
        (
            ("DELETE FROM batch WHERE number = 1", "DELETE FROM event WHERE id IN (1, 2)"),
            ["the batch does not follow the batch before it at system activity batch 2"],
        ),
        (
            ("DELETE FROM batch WHERE number = 3", "DELETE FROM event WHERE id IN (5, 6)"),
            ["the last batch is 2, the head says 3 at system activity head"],
        ),
        (
            ("UPDATE activity_head SET signature = x'00'",),
            ["the head's signature is wrong at system activity head"],
        ),
        (
            ("UPDATE activity_head SET last_event_id = 7",),
            ["the head's signature is wrong at system activity head"],
        ),
        (
            ("UPDATE batch SET hash = 'text' WHERE number = 3",),
            ["the batch is malformed at system activity batch 3"],
        ),
    ],
)
def test_tampering_shows(
    store: SqlStore, path: Path, statements: tuple[str, ...], findings: list[str]
) -> None:
    """Every change behind the store's back is found at its batch."""
    assert found(store) == []
    sql(path, *statements)
    assert found(store)[: len(findings)] == findings


def test_a_front_that_was_cut_without_the_key_shows(store: SqlStore, path: Path) -> None:
    """Pretending that old batches were pruned needs the signing key."""
    with closing(sqlite3.connect(path)) as connection, connection:
        first = connection.execute("SELECT hash FROM batch WHERE number = 1").fetchone()[0]
        cut = "UPDATE activity_head SET pruned_number = 1, pruned_hash = ? WHERE log = 'system'"
        connection.execute(cut, (first,))
    sql(path, "DELETE FROM batch WHERE number = 1", "DELETE FROM event WHERE id IN (1, 2)")
    assert found(store) == ["the head's signature is wrong at system activity head"]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            lambda store, at: store.activity.record([ActivityEvent(at, "x", "ok")], durable=True),
            "the head of the activity of `system` is not signed by this store",
        ),
        (
            lambda store, at: store.activity.prune(SYSTEM_LOG, at + timedelta(days=1), at=at),
            "the activity of `system` is not as it was written",
        ),
    ],
    ids=["record", "prune"],
)
def test_a_forged_head_is_not_written_on(
    store: SqlStore, path: Path, at: datetime, act: Callable[[SqlStore, datetime], object], said: str
) -> None:
    """An honest write refuses, instead of signing what was forged."""
    sql(path, "UPDATE activity_head SET number = 2")
    with pytest.raises(Unavailable) as refused:
        act(store, at)
    assert refused.value.message == said
    # The buffered event must not be tried again when the store closes.
    sql(path, "UPDATE activity_head SET number = 3")


@pytest.mark.parametrize("value", ["'text'", "7", "NULL", "x'00'"])
def test_a_head_of_a_wrong_type_is_a_finding_and_no_crash(store: SqlStore, path: Path, value: str) -> None:
    """Whatever lies in the head's fields, verification reports."""
    for field in ("hash", "signature"):
        sql(path, f"UPDATE activity_head SET {field} = coalesce({value}, '')")
    assert "the head's signature is wrong at system activity head" in found(store)


def test_findings_are_bounded(store: SqlStore, path: Path, at: datetime) -> None:
    """A hundred findings are kept, and that there are more is said."""
    for _ in range(60):
        store.activity.record([ActivityEvent(at, "x", "ok")], durable=True)
    sql(path, "UPDATE batch SET prev_hash = zeroblob(32)")
    report = store.activity.verify(SYSTEM_LOG)
    assert (len(report.findings), report.truncated, report.ok) == (100, True, False)


def test_a_lost_head_is_named(store: SqlStore, path: Path, at: datetime) -> None:
    """Without its head the activity of a log is not intact, and is not continued as if it began only now."""
    sql(path, "DELETE FROM activity_head WHERE log = 'system'", "DELETE FROM batch", "DELETE FROM event")
    assert found(store) == ["the head is missing at system activity head"]
    with pytest.raises(Unavailable) as refused:
        store.activity.record([ActivityEvent(at, "x", "ok")], durable=True)
    assert refused.value.message == "the head of the activity of `system` is missing"
    with pytest.raises(Unavailable):
        store.activity.flush()
    with store._activity_database.writing() as connection:
        begin_log(connection, SYSTEM_LOG, store._signer())


def test_a_damaged_log_keeps_no_other_from_being_written(store: SqlStore, path: Path, at: datetime) -> None:
    """What it was to get stays in memory; what others get is written, in the very same flush."""
    sql(path, "UPDATE activity_head SET number = 2 WHERE log = 'system'")
    happened = [ActivityEvent(at, "x", "ok"), ActivityEvent(at, "x", "ok", log=LOG)]
    store.activity.record(happened)
    store.activity.touch_credential(SYSTEM_LOG, "c1", at)
    with pytest.raises(Unavailable, match="of `system` is not signed"):
        store.activity.flush()
    assert len(store.activity.events(EventFilter(LOG), None, 10)) == 1
    sql(path, "UPDATE activity_head SET number = 3 WHERE log = 'system'")
    assert len(store.activity.events(EventFilter(SYSTEM_LOG), None, 10)) == 7
    assert store.activity.last_used(SYSTEM_LOG, "c1") == at
    assert store.activity.verify(SYSTEM_LOG).ok


def test_the_activity_of_what_is_no_log_of_the_store_begins_when_it_happens(
    store: SqlStore, at: datetime
) -> None:
    """What was told of it is not lost, and verifies."""
    store.activity.record([ActivityEvent(at, "x", "ok", log="account:nobody")], durable=True)
    assert store.activity.list_logs() == ("account:acme", "account:nobody", "system")
    assert store.activity.verify("account:nobody").ok


def test_nobody_who_records_waits_for_a_flush(
    store: SqlStore, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a batch is being written, credentials are touched and events recorded; they come with the next one."""
    begun, go_on = Event(), Event()
    write = activity_rows.append_batch

    def slowly(*given: Any) -> Batch:
        begun.set()
        assert go_on.wait(30)
        return write(*given)

    monkeypatch.setattr(activity_rows, "append_batch", slowly)
    store.activity.record([ActivityEvent(at, "first", "ok")])
    store.activity.touch_credential(SYSTEM_LOG, "c1", at)
    flush = Thread(target=store.activity.flush)
    flush.start()
    assert begun.wait(30)
    store.activity.touch_credential(SYSTEM_LOG, "c1", at + timedelta(minutes=1))
    store.activity.record([ActivityEvent(at, "second", "ok")])
    go_on.set()
    flush.join()
    found = store.activity.events(EventFilter(SYSTEM_LOG), None, 10)
    assert [one.event.kind for one in found] == ["first", "second"]
    assert store.activity.last_used(SYSTEM_LOG, "c1") == at + timedelta(minutes=1)


@pytest.mark.parametrize("is_carried_out", [True, False])
def test_a_flush_that_nobody_answered_is_written_once(
    store: SqlStore, at: datetime, monkeypatch: pytest.MonkeyPatch, is_carried_out: bool
) -> None:
    """Whether or not it was carried out, what was recorded is there once; also if that is unknown twice."""
    real = store._activity_database.writing

    @contextmanager
    def unanswered() -> Iterator[Connection]:
        try:
            with real() as connection:
                yield connection
                if not is_carried_out:
                    raise Conflict("rolled back")
        except Conflict:
            pass
        raise OutcomeUnknown

    store.activity.record([ActivityEvent(at, "first", "ok")])
    for kind in ("second", "third"):
        with monkeypatch.context() as patch:
            patch.setattr(store._activity_database, "writing", unanswered)
            with pytest.raises(OutcomeUnknown):
                store.activity.flush()
        store.activity.record([ActivityEvent(at, kind, "ok")])
    found = store.activity.events(EventFilter(SYSTEM_LOG), None, 10)
    assert [one.event.kind for one in found] == ["first", "second", "third"]
    assert store.activity.verify(SYSTEM_LOG).ok


def test_two_processes_share_one_chain(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Batches of two openings of the directory follow each other."""
    with open_store(data_dir) as other:
        for turn in range(3):
            for each in (store, other):
                each.activity.record([ActivityEvent(at, f"k{turn}", "ok")], durable=True)
                each.activity.touch_credential(SYSTEM_LOG, "c1", at + timedelta(minutes=turn))
        other.activity.touch_credential(SYSTEM_LOG, "c1", at)
    assert [item.id for item in store.activity.events(EventFilter(SYSTEM_LOG), None, 10)] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert store.activity.verify(SYSTEM_LOG).ok
    assert store.activity.last_used(SYSTEM_LOG, "c1") == at + timedelta(minutes=2)


def read_directly(data_dir: Path) -> int:
    """How many events are in the file?"""
    with closing(sqlite3.connect(data_dir / "activity.db")) as connection:
        count: int = connection.execute("SELECT count(*) FROM event").fetchone()[0]
    return count


def test_events_are_buffered_until_a_batch_is_full(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """A full batch, a durable event or a close writes; a single event alone does not."""
    happened = ActivityEvent(at, "sign-in", "ok")
    store.activity.record([happened])
    assert read_directly(data_dir) == 0
    store.activity.record([happened] * BATCH_EVENTS)
    assert read_directly(data_dir) == BATCH_EVENTS + 1
    store.activity.record([happened])
    store.activity.record([happened], durable=True)
    assert read_directly(data_dir) == BATCH_EVENTS + 3
    with open_store(data_dir) as other:
        other.activity.record([happened])
    assert read_directly(data_dir) == BATCH_EVENTS + 4


def test_a_change_stands_though_its_activity_cannot_be_written(
    store: SqlStore, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change is committed and answered; its events wait in memory for the next flush."""

    def fail(self: SqlActivity, logs: object) -> None:
        raise Unavailable("the store cannot be read or written now")

    happened = [ActivityEvent(at, "key-used", "ok")] * BATCH_EVENTS
    with monkeypatch.context() as patch:
        patch.setattr(SqlActivity, "_flush", fail)
        change = Change("User", "u1", "u1", "create", {})
        head = store.append("account:acme", 0, [change], actor_uid="u", via="test", at=at, activity=happened)
    assert head.revision == 1
    assert len(store.activity.events(EventFilter(SYSTEM_LOG), None, 1_000)) == BATCH_EVENTS


def test_a_failed_flush_loses_nothing(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Events stay in memory while the file cannot be written, and are written once it can."""
    store.activity.record([ActivityEvent(at, "sign-in", "ok")])
    sql(data_dir / "activity.db", "UPDATE activity_head SET last_event_id = 5")
    with pytest.raises(Unavailable):
        store.activity.flush()
    sql(data_dir / "activity.db", "UPDATE activity_head SET last_event_id = 0")
    expected = StoredEvent(1, ActivityEvent(at, "sign-in", "ok"))
    assert store.activity.events(EventFilter(SYSTEM_LOG), None, 10) == (expected,)


def test_a_buffer_that_is_full_refuses(
    store: SqlStore, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded: what can no longer be audited is refused."""
    monkeypatch.setattr(activity, "MOST_BUFFERED", 3)
    happened = ActivityEvent(at, "sign-in", "ok")
    store.activity.record([happened] * 3)
    with pytest.raises(Unavailable) as refused:
        store.activity.record([happened])
    assert refused.value.message == "activity cannot be recorded"


def test_a_log_that_cannot_be_written_leaves_room_for_others(
    store: SqlStore, path: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept in memory of a damaged one is bounded by itself, or nobody could sign in anywhere."""
    monkeypatch.setattr(activity, "MOST_BUFFERED", 30)
    monkeypatch.setattr(activity, "MOST_OF_LOG", 10)
    sql(path, "UPDATE activity_head SET number = 2 WHERE log = 'system'")
    refused = 0
    for _ in range(40):
        try:
            store.activity.record([ActivityEvent(at, "x", "ok")])
        except Unavailable:
            refused += 1
    assert refused == 30
    store.activity.record([ActivityEvent(at, "x", "ok", log=LOG)], durable=True)
    assert len(store.activity.events(EventFilter(LOG), None, 10)) == 1
    sql(path, "UPDATE activity_head SET number = 3 WHERE log = 'system'")


@pytest.mark.parametrize("field", ["log", "number", "hash", "last_event_id", "pruned_number", "pruned_hash"])
def test_the_signed_message_covers_every_field(field: str) -> None:
    """A head that differs in any field has another message."""
    numbers = {"number": 1, "last_event_id": 2, "pruned_number": 0}
    plain = {"log": LOG, "hash": b"a" * 32, "pruned_hash": b"b" * 32, **numbers}
    value = plain[field]
    changed = {bytes: b"c" * 32, str: "account:other", int: 9}
    other = plain | {field: changed[type(value)]}
    assert ActivityHead(**plain).message() != ActivityHead(**other).message()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("since", EventFilter(SYSTEM_LOG, since=datetime.min.replace(tzinfo=timezone(timedelta(hours=1))))),
        ("until", EventFilter(SYSTEM_LOG, until=datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))))),
    ],
)
def test_an_instant_outside_of_the_calendar_is_refused(
    store: SqlStore, path: Path, field: str, wanted: EventFilter
) -> None:
    """A bound that UTC cannot write is the asker's mistake, never a failure of the store."""
    with pytest.raises(Invalid) as caught:
        store.activity.events(wanted, None, 10)
    assert caught.value.findings[0].place == field
