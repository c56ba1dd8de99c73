"""The activity's file: tampering shows, failures lose nothing, and several processes share one chain."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from bailiwick.errors import Invalid, Unavailable
from bailiwick.store.activity_chain import ActivityHead
from bailiwick.store.opening import open_store
from bailiwick.store.ports import ActivityEvent, Change, EventFilter, StoredEvent
from bailiwick.store.sql import activity
from bailiwick.store.sql.activity import BATCH_EVENTS, SqlActivity
from bailiwick.store.sql.store import SqlStore


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
    return [finding.format() for finding in store.activity.verify().findings]


CHANGED = "the batch was changed at activity batch 2"
MISSING = "events of the batch are missing at activity batch 2"


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
                "INSERT INTO event SELECT 7, at, log, kind, outcome, principal_uid, credential_uid, detail"
                " FROM event WHERE id = 1",
            ),
            ["there are events in no batch at activity events"],
        ),
        (
            ("DELETE FROM batch WHERE number = 2", "DELETE FROM event WHERE id IN (3, 4)"),
            [
                "the batch does not follow the batch before it at activity batch 3",
                "events before the batch are missing at activity batch 3",
            ],
        ),
        (
            ("DELETE FROM batch WHERE number = 1", "DELETE FROM event WHERE id IN (1, 2)"),
            ["the batch does not follow the batch before it at activity batch 2"],
        ),
        (
            ("DELETE FROM batch WHERE number = 3", "DELETE FROM event WHERE id IN (5, 6)"),
            ["the last batch is 2, the head says 3 at activity head"],
        ),
        (("UPDATE activity_head SET signature = x'00'",), ["the head's signature is wrong at activity head"]),
        (("UPDATE activity_head SET last_event_id = 7",), ["the head's signature is wrong at activity head"]),
        (
            ("UPDATE batch SET hash = 'text' WHERE number = 3",),
            ["the batch is malformed at activity batch 3"],
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
        connection.execute("UPDATE activity_head SET pruned_number = 1, pruned_hash = ?", (first,))
    sql(path, "DELETE FROM batch WHERE number = 1", "DELETE FROM event WHERE id IN (1, 2)")
    assert found(store) == ["the head's signature is wrong at activity head"]


@pytest.mark.parametrize(
    "act",
    [
        lambda store, at: store.activity.record([ActivityEvent(at, "x", "ok")], durable=True),
        lambda store, at: store.activity.prune(at + timedelta(days=1)),
    ],
    ids=["record", "prune"],
)
def test_a_forged_head_is_not_written_on(
    store: SqlStore, path: Path, at: datetime, act: Callable[[SqlStore, datetime], object]
) -> None:
    """An honest write refuses, instead of signing what was forged."""
    sql(path, "UPDATE activity_head SET number = 2")
    with pytest.raises(Unavailable) as refused:
        act(store, at)
    assert refused.value.message == "the head of the activity is not signed by this store"
    # The buffered event must not be tried again when the store closes.
    sql(path, "UPDATE activity_head SET number = 3")


@pytest.mark.parametrize("value", ["'text'", "7", "NULL", "x'00'"])
def test_a_head_of_a_wrong_type_is_a_finding_and_no_crash(store: SqlStore, path: Path, value: str) -> None:
    """Whatever lies in the head's fields, verification reports."""
    for field in ("hash", "signature"):
        sql(path, f"UPDATE activity_head SET {field} = coalesce({value}, '')")
    assert "the head's signature is wrong at activity head" in found(store)


def test_findings_are_bounded(store: SqlStore, path: Path, at: datetime) -> None:
    """A hundred findings are kept, and that there are more is said."""
    for _ in range(60):
        store.activity.record([ActivityEvent(at, "x", "ok")], durable=True)
    sql(path, "UPDATE batch SET prev_hash = zeroblob(32)")
    report = store.activity.verify()
    assert (len(report.findings), report.truncated, report.ok) == (100, True, False)


def test_a_lost_head_is_named(store: SqlStore, path: Path) -> None:
    """Without its head the activity cannot be verified or continued."""
    sql(path, "DELETE FROM activity_head")
    with pytest.raises(Unavailable) as refused:
        store.activity.verify()
    assert refused.value.message == "the head of the activity is missing"


def test_two_processes_share_one_chain(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Batches of two openings of the directory follow each other."""
    with open_store(data_dir) as other:
        for turn in range(3):
            for each in (store, other):
                each.activity.record([ActivityEvent(at, f"k{turn}", "ok")], durable=True)
                each.activity.touch_credential("c1", at + timedelta(minutes=turn))
        other.activity.touch_credential("c1", at)
    assert [item.id for item in store.activity.events(EventFilter(), None, 10)] == [1, 2, 3, 4, 5, 6]
    assert store.activity.verify().ok
    assert store.activity.last_used("c1") == at + timedelta(minutes=2)


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

    def fail(self: SqlActivity) -> None:
        raise Unavailable("the store cannot be read or written now")

    happened = [ActivityEvent(at, "key-used", "ok")] * BATCH_EVENTS
    with monkeypatch.context() as patch:
        patch.setattr(SqlActivity, "flush", fail)
        change = Change("User", "u1", "u1", "create", {})
        head = store.append("account:acme", 0, [change], actor_uid="u", via="test", at=at, activity=happened)
    assert head.revision == 1
    assert len(store.activity.events(EventFilter(), None, 1_000)) == BATCH_EVENTS


def test_a_failed_flush_loses_nothing(store: SqlStore, data_dir: Path, at: datetime) -> None:
    """Events stay in memory while the file cannot be written, and are written once it can."""
    store.activity.record([ActivityEvent(at, "sign-in", "ok")])
    sql(data_dir / "activity.db", "UPDATE activity_head SET last_event_id = 5")
    with pytest.raises(Unavailable):
        store.activity.flush()
    sql(data_dir / "activity.db", "UPDATE activity_head SET last_event_id = 0")
    expected = StoredEvent(1, ActivityEvent(at, "sign-in", "ok"))
    assert store.activity.events(EventFilter(), None, 10) == (expected,)


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


@pytest.mark.parametrize("field", ["number", "hash", "last_event_id", "pruned_number", "pruned_hash"])
def test_the_signed_message_covers_every_field(field: str) -> None:
    """A head that differs in any field has another message."""
    plain = {"number": 1, "hash": b"a" * 32, "last_event_id": 2, "pruned_number": 0, "pruned_hash": b"b" * 32}
    value = plain[field]
    other = plain | {field: b"c" * 32 if isinstance(value, bytes) else 9}
    assert ActivityHead(**plain).message() != ActivityHead(**other).message()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("since", EventFilter(since=datetime.min.replace(tzinfo=timezone(timedelta(hours=1))))),
        ("until", EventFilter(until=datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))))),
    ],
)
def test_an_instant_outside_of_the_calendar_is_refused(
    store: SqlStore, path: Path, field: str, wanted: EventFilter
) -> None:
    """A bound that UTC cannot write is the asker's mistake, never a failure of the store."""
    with pytest.raises(Invalid) as caught:
        store.activity.events(wanted, None, 10)
    assert caught.value.findings[0].place == field
