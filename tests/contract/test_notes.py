"""Notes: changed by one at a time, kept until their end, found by the beginning of their names."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from tests.contract.stores import AT, LOG

from bailiwick.store.ports import SYSTEM_LOG, Document, Note, Store

LATER = AT + timedelta(minutes=1)


def add(held: Document | None) -> Note:
    """One more."""
    return Note({"count": 1 + (0 if held is None else held["count"])}, LATER)


def count(store: Store, name: str) -> int:
    """How many are noted?"""
    return sum(
        note.document["count"] for found, note in store.activity.notes(LOG, name, AT, 10) if found == name
    )


def test_a_note_is_changed_from_what_it_was(store: Store) -> None:
    """None at first; what the change returns afterwards; None again where it returns none."""
    store.activity.amend(LOG, "n", AT, add)
    store.activity.amend(LOG, "n", AT, add)
    assert store.activity.notes(LOG, "n", AT, 10) == (("n", Note({"count": 2}, LATER)),)
    store.activity.amend(LOG, "n", AT, lambda held: None)
    assert store.activity.notes(LOG, "n", AT, 10) == ()


def test_a_note_holds_until_its_end(store: Store) -> None:
    """From then on it is as if it had never been, whether or not it has been cleared away."""
    store.activity.amend(LOG, "n", AT, add)
    assert store.activity.notes(LOG, "n", LATER, 10) == ()
    seen: list[Document | None] = []

    def look(held: Document | None) -> None:
        seen.append(held)

    store.activity.amend(LOG, "n", LATER, look)
    assert seen == [None]


def test_a_change_that_fails_changes_nothing(store: Store) -> None:
    """What it raises comes out."""
    store.activity.amend(LOG, "n", AT, add)

    def fail(held: Document | None) -> Note:
        raise KeyError(held and held["count"])

    with pytest.raises(KeyError):
        store.activity.amend(LOG, "n", AT, fail)
    assert count(store, "n") == 1


def test_many_at_once_lose_nothing(store: Store) -> None:
    """Each change sees the one before it."""

    def add_twenty() -> None:
        for _ in range(20):
            store.activity.amend(LOG, "n", AT, add)

    threads = [Thread(target=add_twenty) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(store, "n") == 80


def test_notes_are_found_by_the_beginning_of_their_names(store: Store) -> None:
    """In order, a page at a time; `%`, `_` and letters of another case are only themselves."""
    names = ["a/1", "a/2", "a/3", "A/1", "a%", "b"]
    for name in names:
        store.activity.amend(LOG, name, AT, add)
    assert [name for name, _ in store.activity.notes(LOG, "a/", AT, 2)] == ["a/1", "a/2"]
    assert [name for name, _ in store.activity.notes(LOG, "a/", AT, 2, after="a/2")] == ["a/3"]
    assert [name for name, _ in store.activity.notes(LOG, "a%", AT, 10)] == ["a%"]
    assert len(store.activity.notes(LOG, "", AT, 10)) == len(names)


def test_a_note_is_of_one_log(store: Store) -> None:
    """Two logs have notes of one name, and each its own."""
    store.activity.amend(LOG, "n", AT, add)
    store.activity.amend(SYSTEM_LOG, "n", AT, add)
    store.activity.amend(SYSTEM_LOG, "n", AT, add)
    assert count(store, "n") == 1
    assert store.activity.notes(SYSTEM_LOG, "", AT, 10) == (("n", Note({"count": 2}, LATER)),)


def test_notes_that_are_made_and_taken_by_many_are_taken_once(store: Store) -> None:
    """Whoever finds it takes it: as often as it was made, whoever else makes and takes it at the same time."""
    made, taken = [], []

    def make_and_take(number: int) -> None:
        for _ in range(10):

            def make(held: Document | None) -> Note:
                made.append(held is None)
                return Note({"by": number}, LATER)

            def take(held: Document | None) -> None:
                taken.append(held is not None)

            store.activity.amend(LOG, "n", AT, make)
            store.activity.amend(LOG, "n", AT, take)

    threads = [Thread(target=make_and_take, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == sum(made)
    assert store.activity.notes(LOG, "n", AT, 10) == ()
