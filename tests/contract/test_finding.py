"""Objects that are found from outside, and heads that moved: on every store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.stores import AT, LOG, create, delete, replace, write

from bailiwick.store.memory import MemoryStore
from bailiwick.store.opening import create_store
from bailiwick.store.ports import Document, Store

OTHER = "account:other"


def locate(kind: str, uid: str, document: Document) -> list[str]:
    """A key is found by what it says; nothing else is found."""
    return list(document.get("by", ())) if kind == "Key" else []


def _on_postgresql(path: Path) -> Store:
    from tests.contract.on_postgresql import new_store

    return new_store(path, AT, locating=locate)


STORES: dict[str, Callable[[Path], Store]] = {
    "sqlite": lambda path: create_store(path / "data", at=AT, locate=locate),
    "postgresql": _on_postgresql,
    "memory": lambda path: MemoryStore(at=AT, locate=locate),
}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store that finds keys, with two accounts."""
    with STORES[request.param](tmp_path) as opened:
        opened.create_log(LOG, at=AT)
        opened.create_log(OTHER, at=AT)
        yield opened


def test_an_object_is_found_by_each_of_its_values(store: Store) -> None:
    """A rotated key has two for a while; the same text of another kind finds nothing."""
    write(store, create("k1", "", "Key", by=["new", "old"]))
    assert store.find_located("Key", "new") == store.find_located("Key", "old") == (LOG,)
    assert store.find_located("User", "new") == store.find_located("Key", "ne") == ()


def test_values_follow_the_object(store: Store) -> None:
    """What it lost finds it no more, and nothing finds what was deleted."""
    write(store, create("k1", "", "Key", by=["a", "b"]))
    write(store, replace("k1", "", "Key", by=["b", "c"]))
    assert [store.find_located("Key", value) for value in "abc"] == [(), (LOG,), (LOG,)]
    write(store, delete("k1", "", "Key"))
    assert [store.find_located("Key", value) for value in "abc"] == [(), (), ()]
    assert store.verify(LOG).ok


def test_all_accounts_with_a_value_are_found(store: Store) -> None:
    """Two accounts may have the same; each is named once, by code point."""
    write(store, create("k1", "", "Key", by=["a"]), create("k2", "", "Key", by=["a"]), log=OTHER)
    write(store, create("k1", "", "Key", by=["a"]))
    assert store.find_located("Key", "a") == (LOG, OTHER)


def test_heads_that_moved_are_told(store: Store) -> None:
    """Mark 0 tells all; a later mark tells what moved since, and perhaps more, never less."""
    mark, heads = store.moved_since(0)
    assert {head.log for head in heads} == {LOG, OTHER, "system"}
    head = write(store, create("u1", "alice"))
    again, moved = store.moved_since(mark)
    assert head in moved
    assert again >= mark


def test_a_mark_is_good_for_any_number_of_looks(store: Store) -> None:
    """Every later move is told after it, whatever moved and was told in between."""
    mark, _ = store.moved_since(0)
    for number in range(3):
        head = write(store, create(f"u{number}", f"name-{number}"), log=(LOG, OTHER)[number % 2])
        following, moved = store.moved_since(mark)
        assert head in moved
        assert head in store.moved_since(mark)[1]
        mark = following
