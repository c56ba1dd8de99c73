"""What a verification reads: a log's rows as they lie in the store, with nothing believed about them.

Values are untrusted (`Any`): whoever can write to the store's file can put any type into any field.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from bailiwick.store.canonical import parse_document
from bailiwick.store.fold import ObjectKey
from bailiwick.store.ports import Locate


class RawHead(NamedTuple):
    """A head row as it lies in the store."""

    revision: Any
    hash: Any
    signature: Any
    at: Any


class RawRow(NamedTuple):
    """A change row with its body as they lie in the store; salt and text are None without a body."""

    revision: Any
    seq: Any
    at: Any
    actor_uid: Any
    via: Any
    kind: Any
    uid: Any
    op: Any
    digest: Any
    prev_hash: Any
    hash: Any
    salt: Any
    text: Any


class RawObject(NamedTuple):
    """An object row as it lies in the store."""

    kind: Any
    uid: Any
    name: Any
    text: Any
    revision: Any


class Evidence(Protocol):
    """Everything that a store holds about one log, at one moment."""

    def head(self) -> RawHead | None:
        """Which head does it have?"""

    def change_count(self) -> int:
        """How many change rows are there (for progress only)?"""

    def rows(self) -> Iterator[RawRow]:
        """Which rows, by revision and seq?"""

    def rows_by_object(self) -> Iterator[RawRow]:
        """Which rows, by kind, uid, revision and seq?"""

    def objects(self) -> Iterator[RawObject]:
        """Which objects, by kind and uid?"""

    def erasures(self) -> dict[ObjectKey, int]:
        """Up to which revision was each erased object last erased?"""

    def body_count(self) -> int:
        """How many bodies are there?"""

    def is_located(self) -> bool:
        """Is it known by what objects are found, so that locators can be checked?"""

    def locators(self) -> Iterator[tuple[str, str, str]]:
        """Which locators (kind, uid, value) are there, in this order?"""

    def locate(self, item: RawObject) -> list[str]:
        """By which values is this object to be found, sorted?"""

    def damaged_secrets(self) -> Iterator[str]:
        """Which secrets do not decrypt?"""


def values_of(item: RawObject, locate: Locate | None) -> list[str]:
    """By which values is this object to be found, sorted? The object is as the log says."""
    return [] if locate is None else sorted(set(locate(item.kind, item.uid, parse_document(item.text))))


def order_of(value: Any) -> tuple[int, Any]:
    """How does a value of any type sort? Numbers, then text by code point, then the rest, as SQLite does."""
    if isinstance(value, int | float):
        return (0, value)
    return (1, value) if isinstance(value, str) else (2, repr(value))
