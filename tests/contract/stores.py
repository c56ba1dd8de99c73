"""The stores that keep the contract, and a small world to write into them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bailiwick.store.memory import MemoryStore
from bailiwick.store.opening import create_store
from bailiwick.store.ports import Change, Head, Store

AT = datetime(2026, 11, 20, 10, 30, 0, 123456, tzinfo=UTC)
LOG = "account:acme"


def _on_postgresql(path: Path) -> Store:
    # WHY here: whoever asks for another store needs no server.
    from tests.contract.on_postgresql import new_store

    return new_store(path, AT)


STORES: dict[str, Callable[[Path], Store]] = {
    "sqlite": lambda path: create_store(path / "data", at=AT),
    "postgresql": _on_postgresql,
    "memory": lambda path: MemoryStore(at=AT),
}


def create(uid: str, name: str, kind: str = "User", **document: Any) -> Change:
    """Which change brings this object into being?"""
    return Change(kind, uid, name, "create", document)


def replace(uid: str, name: str, kind: str = "User", **document: Any) -> Change:
    """Which change gives this object a new state?"""
    return Change(kind, uid, name, "replace", document)


def delete(uid: str, name: str, kind: str = "User") -> Change:
    """Which change ends this object?"""
    return Change(kind, uid, name, "delete", None)


def write(
    store: Store, *changes: Change, log: str = LOG, actor_uid: str = "u-root", at: datetime = AT
) -> Head:
    """What is the head after these changes, made on the present head?"""
    revision = store.head(log).revision
    return store.append(log, revision, changes, actor_uid=actor_uid, via="test", at=at)


def state(store: Store, log: str = LOG) -> dict[str, dict[str, Any]]:
    """Which document has each living object, by uid?"""
    return {item.uid: item.document for item in store.load(log)[1]}
