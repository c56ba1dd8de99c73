"""Old activity is forgotten by `bailiwick store prune-activity`: it is asked first, and told of afterwards."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import update
from tests.contract.on_postgresql import new_database, url_of
from tests.e2e.processes import call
from tests.faults.nodes import Installation

from bailiwick.errors import Unavailable
from bailiwick.service.session_events import LONGEST_SECONDS
from bailiwick.store.address import Address, parse_address
from bailiwick.store.opening import open_store
from bailiwick.store.ports import ActivityEvent, EventFilter
from bailiwick.store.pruning import YOUNGEST
from bailiwick.store.sql import activity
from bailiwick.store.sql import schema as tables
from bailiwick.store.sql.store import SqlStore

LONG, SHORT = "account:long", "account:short"
OLD = datetime(2026, 1, 31, 12, tzinfo=UTC)
NEW = datetime(2026, 2, 1, 12, tzinfo=UTC)
BEFORE = ("--before", "2026-02-01")


class Kept:
    """A store in which something happened on two days, and how commands name it."""

    def __init__(self, address: Address, *words: str) -> None:
        self.address, self.words = address, words

    def opened(self) -> SqlStore:
        """The store itself, for a `with` block."""
        return open_store(self.address)

    def prune(self, *more: str) -> str:
        """What does the command print?"""
        done = call("store", "prune-activity", *self.words, *more)
        assert (done.code, done.err) == (0, "")
        return done.out


@pytest.fixture(params=["directory", "database"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """Five batches on an old day and one on a newer day in one log, one old batch in another."""
    if request.param == "directory":
        data = tmp_path / "data"
        Installation(tmp_path, ["--data", str(data)]).initialise()
        made = Kept(data, str(data))
    else:
        url, key = url_of(new_database()), tmp_path / "master.key"
        Installation(tmp_path, ["--store", url, "--master-key", str(key)]).initialise()
        made = Kept(parse_address(url, master_key=key), url, "--master-key", str(key))
    with made.opened() as store:
        for log in (LONG, SHORT):
            store.create_log(log, at=OLD)
        for log, at in (*[(LONG, OLD)] * 5, (LONG, NEW), (SHORT, OLD)):
            happened = [
                ActivityEvent(at + timedelta(minutes=minute), "x", "ok", log=log) for minute in range(2)
            ]
            store.activity.record(happened, durable=True)
    return made


def test_a_look_first_and_then_the_deed(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dry run tells how much; then that goes, in as many transactions as it takes, each told of by an event."""
    monkeypatch.setattr(activity, "PRUNED_AT_ONCE", 4)
    would = [{"log": LONG, "events": 10, "problem": ""}, {"log": SHORT, "events": 2, "problem": ""}]
    assert json.loads(kept.prune(*BEFORE, "--dry-run", "-o", "json")) == would
    assert json.loads(kept.prune(*BEFORE, "--yes", "-o", "json")) == would
    with kept.opened() as store:
        for log, parts in ((LONG, [4, 4, 2]), (SHORT, [2])):
            told = [one.event for one in store.activity.events(EventFilter(log, "activity"), None, 9)]
            assert {one.outcome for one in told} == {"pruned"}
            before = "2026-02-01T00:00:00.000000Z"
            assert [one.detail for one in told] == [{"before": before, "events": events} for events in parts]
            assert store.activity.verify(log).ok
        assert [one.id for one in store.activity.events(EventFilter(LONG, "x"), None, 99)] == [11, 12]
    assert kept.prune(*BEFORE, "--yes") == "no batch of events is old enough\n"


def test_only_of_the_logs_that_are_named(kept: Kept) -> None:
    """The table says what goes and what went; others stay."""
    shown = kept.prune(*BEFORE, "--log", SHORT, "--yes").split()
    assert shown == ["log", "events", "to", "go", SHORT, "2", "log", "events", "gone", SHORT, "2"]
    with kept.opened() as store:
        assert store.activity.count_before(LONG, NEW) == 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*BEFORE,), "nobody is there to be asked"),
        (("--before", "soon", "--yes"), "expected a date, got `soon` at --before"),
        (("--before", "9000-01-01", "--yes"), "`9000-01-01` is too late at --before"),
        (
            ("--before", f"{datetime.now(UTC) - timedelta(days=6):%Y-%m-%d}", "--yes"),
            "younger than 7 days is kept",
        ),
        (("--before", "0001-01-01T00:00:00+14:00", "--yes"), "expected a date"),
        ((*BEFORE, "-o", "json"), "who reads JSON is asked nothing"),
        ((*BEFORE, "--log", "account:shor", "--yes"), "did you mean `account:short`?"),
    ],
)
def test_what_is_refused_changes_nothing(kept: Kept, words: tuple[str, ...], said: str) -> None:
    """Each error names what was said, and what is expected."""
    done = call("store", "prune-activity", *kept.words, *words)
    assert done.code == 2
    assert said in done.err
    with kept.opened() as store:
        assert store.activity.count_before(LONG, NEW) == 10


def test_what_was_changed_is_neither_signed_anew_nor_taken_away(kept: Kept) -> None:
    """Whoever makes new events look old gets nobody to forget them; other logs are pruned, and it is said."""
    with kept.opened() as store, store.activity._database.writing() as connection:
        newest = (tables.batch.c.log == LONG) & (tables.batch.c.number == 6)
        connection.execute(update(tables.batch).where(newest).values(last_at="2026-01-31T12:00:00.000000Z"))
    done = call("store", "prune-activity", *kept.words, *BEFORE, "--yes")
    assert done.code == 2
    assert done.out.split()[-2:] == [SHORT, "2"]
    assert f"the activity of `{LONG}` is not as it was written" in done.err
    with kept.opened() as store:
        assert len(store.activity.events(EventFilter(LONG), None, 99)) == 12
        assert not store.activity.verify(LONG).ok
        assert store.activity.verify(SHORT).ok


def test_two_prune_while_others_write(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes goes once, what comes meanwhile is kept, and the chain holds."""
    monkeypatch.setattr(activity, "PRUNED_AT_ONCE", 2)
    now = datetime.now(UTC)

    def prune(store: SqlStore) -> None:
        with suppress(Unavailable):
            store.activity.prune(LONG, NEW - timedelta(hours=1), at=now)

    with kept.opened() as one, kept.opened() as two:
        threads = [Thread(target=prune, args=(store,)) for store in (one, two)]
        for thread in threads:
            thread.start()
        for number in range(20):
            one.activity.record([ActivityEvent(now, "y", str(number), log=LONG)], durable=True)
        for thread in threads:
            thread.join()
        assert one.activity.verify(LONG).ok
        assert one.activity.count_before(LONG, NEW - timedelta(hours=1)) == 0
        came = one.activity.events(EventFilter(LONG, "y"), None, 99)
        assert [item.event.outcome for item in came] == [str(number) for number in range(20)]
        told = one.activity.events(EventFilter(LONG, "activity"), None, 99)
        assert sum(int(str(item.event.detail["events"])) for item in told) == 10


def test_what_may_still_be_asked_for_is_kept() -> None:
    """No session lasts longer than the youngest that may be forgotten: it is found by the event of its beginning."""
    assert 2 * timedelta(seconds=LONGEST_SECONDS) < YOUNGEST
