"""Activity: what happened is kept in order, chained in batches, found again, and pruned from the oldest on."""

from __future__ import annotations

from datetime import timedelta, timezone
from threading import Thread
from typing import Any

import pytest
from tests.contract.stores import AT, LOG, create, write

from bailiwick.errors import Invalid
from bailiwick.store.canonical import format_instant
from bailiwick.store.ports import SYSTEM_LOG, ActivityEvent, EventFilter, Store, StoredEvent

LATER = AT + timedelta(days=30)
EVERYTHING = EventFilter(LOG)


def event(minute: int, kind: str = "sign-in", outcome: str = "ok", **fields: Any) -> ActivityEvent:
    """What happened in this minute?"""
    return ActivityEvent(AT + timedelta(minutes=minute), kind, outcome, **{"log": LOG, **fields})


def ids(events: tuple[StoredEvent, ...]) -> list[int]:
    """Which ids have these events?"""
    return [item.id for item in events]


def test_an_event_comes_back_as_it_was_recorded(store: Store) -> None:
    """Every field survives."""
    happened = event(
        0,
        "token-issued",
        "refused",
        log=LOG,
        principal_uid="u1",
        credential_uid="c1",
        detail={"ip": "10.0.0.1", "why": ["é", None]},
    )
    store.activity.record([happened])
    assert store.activity.events(EVERYTHING, None, 10) == (StoredEvent(1, happened),)


def test_events_come_in_the_order_of_recording(store: Store) -> None:
    """Ids grow by one over any number of calls and batches."""
    for minute in range(3):
        store.activity.record([event(minute), event(-minute)])
        store.activity.flush()
    assert ids(store.activity.events(EVERYTHING, None, 10)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_of_events_hold_each_once(store: Store, newest_first: bool) -> None:
    """Paging by the last id gives everything in either order."""
    store.activity.record([event(minute) for minute in range(700)])
    paged: list[int] = []
    after = None
    while page := store.activity.events(EVERYTHING, after, 64, newest_first=newest_first):
        paged += ids(page)
        after = paged[-1]
    expected = list(range(1, 701))
    assert paged == (expected[::-1] if newest_first else expected)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EventFilter(LOG, kind="sign-in"), [1, 3]),
        (EventFilter(LOG, outcome="refused"), [3]),
        (EventFilter(LOG, principal_uid="u1"), [1, 2]),
        (EventFilter(LOG, principal_uid="U1"), []),
        (EventFilter(LOG, credential_uid="c1"), [2]),
        (EventFilter(LOG), [1, 2, 3]),
        (EventFilter(SYSTEM_LOG), [1]),
        (EventFilter(LOG, since=AT + timedelta(minutes=1)), [2, 3]),
        (EventFilter(LOG, until=AT + timedelta(minutes=1)), [1]),
        (EventFilter(LOG, kind="sign-in", principal_uid="u1"), [1]),
    ],
)
def test_events_are_found_by_every_field(store: Store, wanted: EventFilter, found: list[int]) -> None:
    """Given fields must all be equal; `since` is included, `until` is not."""
    store.activity.record(
        [
            event(0, principal_uid="u1"),
            event(1, "key-used", principal_uid="u1", credential_uid="c1"),
            event(3, log=SYSTEM_LOG),
            event(2, outcome="refused"),
        ]
    )
    assert ids(store.activity.events(wanted, None, 10)) == found


def test_events_of_a_change_are_recorded_with_it(store: Store) -> None:
    """What is passed along with a change is kept once the change is."""
    store.append(
        LOG,
        0,
        [create("u1", "alice")],
        actor_uid="u-root",
        via="test",
        at=AT,
        activity=[event(0, "key-used")],
    )
    assert [item.event.kind for item in store.activity.events(EVERYTHING, None, 10)] == ["key-used"]


def test_events_of_a_refused_change_are_not_recorded(store: Store) -> None:
    """What did not happen is not kept, and an event that cannot be kept refuses its change."""
    write(store, create("u1", "alice"))
    for events, change in (([event(0)], create("u1", "x")), ([event(0, "a\0b")], create("u2", "bob"))):
        with pytest.raises(Exception, match=r"exists already|cannot be stored"):
            store.append(LOG, 1, [change], actor_uid="u-root", via="test", at=AT, activity=events)
    assert store.activity.events(EVERYTHING, None, 10) == ()
    assert store.head(LOG).revision == 1


@pytest.mark.parametrize("bad", [event(0, "a\0b"), event(0, detail={"x": float("nan")})])
def test_an_event_that_cannot_be_kept_is_refused(store: Store, bad: ActivityEvent) -> None:
    """Nothing of such a call is recorded."""
    with pytest.raises(Invalid):
        store.activity.record([event(0), bad])
    assert store.activity.events(EVERYTHING, None, 10) == ()


def test_the_newest_use_of_a_credential_is_kept(store: Store) -> None:
    """Uses may arrive out of order; what is kept never goes back."""
    assert store.activity.last_used(LOG, "c1") is None
    for minute in (5, 3):
        store.activity.touch_credential(LOG, "c1", AT + timedelta(minutes=minute))
        assert store.activity.last_used(LOG, "c1") == AT + timedelta(minutes=5)
        store.activity.flush()
    assert store.activity.last_used(LOG, "c1") == AT + timedelta(minutes=5)
    assert store.activity.last_used(LOG, "C1") is None


def test_uses_of_many_credentials_are_kept(store: Store) -> None:
    """More credentials than one query takes are all kept."""
    for number in range(1_200):
        store.activity.touch_credential(LOG, f"c{number}", AT + timedelta(seconds=number))
    store.activity.flush()
    used = [store.activity.last_used(LOG, f"c{number}") for number in range(1_200)]
    assert used == [AT + timedelta(seconds=number) for number in range(1_200)]


def batches(store: Store, *minutes: list[int]) -> None:
    """Record one batch for each list."""
    for some in minutes:
        store.activity.record([event(minute) for minute in some], durable=True)


def test_old_batches_are_pruned_whole(store: Store) -> None:
    """A batch goes only when all of its events are older, and none goes from the middle."""
    batches(store, [0, 1], [2, 9], [3], [10])
    assert store.activity.count_before(LOG, AT + timedelta(minutes=5)) == 2
    assert store.activity.prune(LOG, AT + timedelta(minutes=5), at=LATER) == 2
    assert store.activity.count_before(LOG, AT + timedelta(minutes=5)) == 0
    *kept, told = store.activity.events(EVERYTHING, None, 10)
    assert ids(tuple(kept)) == [3, 4, 5, 6]
    assert (told.event.kind, told.event.outcome, told.event.at) == ("activity", "pruned", LATER)
    assert told.event.detail == {"before": format_instant(AT + timedelta(minutes=5)), "events": 2}
    assert store.activity.prune(LOG, AT + timedelta(minutes=5), at=LATER) == 0
    assert len(store.activity.events(EVERYTHING, None, 10)) == 5
    assert store.activity.verify(LOG).ok


def test_everything_can_be_pruned(store: Store) -> None:
    """Ids go on where they were, and the chain verifies before and after."""
    batches(store, [0, 1], [2])
    assert store.activity.count_before(LOG, AT + timedelta(days=1)) == 3
    assert store.activity.prune(LOG, AT + timedelta(days=1), at=LATER) == 3
    assert store.activity.verify(LOG).ok
    batches(store, [3])
    assert ids(store.activity.events(EVERYTHING, None, 10)) == [4, 5]
    assert store.activity.verify(LOG).ok


def test_what_was_recorded_verifies(store: Store) -> None:
    """The report counts the events."""
    assert store.activity.verify(LOG).ok
    batches(store, [0, 1, 2], [3])
    report = store.activity.verify(LOG)
    assert (report.ok, report.rows, report.findings) == (True, 4, ())


def test_threads_record_together(store: Store) -> None:
    """Events of many threads are all kept, each once, in one chain."""

    def work() -> None:
        for minute in range(100):
            store.activity.record([event(minute)], durable=minute % 10 == 0)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids(store.activity.events(EVERYTHING, None, 1_000)) == list(range(1, 401))
    assert store.activity.verify(LOG).ok


def test_an_instant_of_another_offset_is_the_same_instant(store: Store) -> None:
    """Bounds are instants, whatever offset they are written with."""
    store.activity.record([event(minute) for minute in range(3)])
    east = timezone(timedelta(hours=5, minutes=30))
    wanted = EventFilter(
        LOG,
        since=(AT + timedelta(minutes=1)).astimezone(east),
        until=(AT + timedelta(minutes=2)).astimezone(east),
    )
    assert ids(store.activity.events(wanted, None, 10)) == [2]


OTHER = "account:other"


def test_each_log_has_an_activity_of_its_own(store: Store) -> None:
    """Ids, batches, pruning and verification are of one log, whatever happens in another."""
    store.create_log(OTHER, at=AT)
    store.activity.record([event(0), event(1, log=OTHER), event(2), event(3, log=SYSTEM_LOG)], durable=True)
    found = {log: store.activity.events(EventFilter(log), None, 10) for log in (LOG, OTHER, SYSTEM_LOG)}
    assert {log: ids(events) for log, events in found.items()} == {LOG: [1, 2], OTHER: [1], SYSTEM_LOG: [1]}
    assert store.activity.prune(LOG, AT + timedelta(days=1), at=LATER) == 2
    rows = {log: store.activity.verify(log).rows for log in found}
    assert rows == {LOG: 1, OTHER: 1, SYSTEM_LOG: 1}
    assert all(store.activity.verify(log).ok for log in found)


def test_the_activity_of_a_log_begins_with_it(store: Store) -> None:
    """It is listed and verifies before anything happened."""
    store.create_log(OTHER, at=AT)
    assert store.activity.list_logs() == (LOG, OTHER, SYSTEM_LOG)
    assert store.activity.verify(OTHER).ok
    assert store.activity.verify(OTHER).log == OTHER


def test_a_credential_is_used_in_one_log(store: Store) -> None:
    """The same uid of another log was not."""
    store.activity.touch_credential(LOG, "c1", AT)
    store.activity.flush()
    assert store.activity.last_used(LOG, "c1") == AT
    assert store.activity.last_used(SYSTEM_LOG, "c1") is None


@pytest.mark.parametrize("log", ["", "acme", "account:", "company:acme"])
def test_what_is_no_log_is_refused(store: Store, log: str) -> None:
    """Nothing is kept of what can be the activity of nothing."""
    with pytest.raises(Invalid, match="unknown log"):
        store.activity.record([event(0, log=log)])
    with pytest.raises(Invalid, match="unknown log"):
        store.activity.touch_credential(log, "c1", AT)
    with pytest.raises(Invalid, match="unknown log"):
        store.activity.amend(log, "n", AT, lambda _held: None)


def test_many_logs_are_written_together(store: Store) -> None:
    """More logs than one transaction takes, from several threads at once: every chain is whole."""
    logs = [f"account:a{number}" for number in range(70)]

    def work(turn: int) -> None:
        store.activity.record([event(turn, log=log) for log in logs])
        store.activity.flush()

    threads = [Thread(target=work, args=(turn,)) for turn in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {ids(store.activity.events(EventFilter(log), None, 10)) == [1, 2, 3] for log in logs} == {True}
    assert all(store.activity.verify(log).ok for log in logs)
