"""One log in memory, and what can be read from it: evidence, the past, rows as they were logged.

Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bailiwick.store.canonical import parse_document, parse_instant
from bailiwick.store.chain import parse_body
from bailiwick.store.evidence import RawHead, RawObject, RawRow, order_of, values_of
from bailiwick.store.fold import ObjectKey
from bailiwick.store.ports import Answer, ChangeRow, Head, Locate, Secret, StoredObject


@dataclass(slots=True)
class MemoryLog:
    """Everything about one log. Rows hold no body; `bodies` has salt and text by digest."""

    log: str
    head: RawHead | None
    rows: list[RawRow] = field(default_factory=list)
    bodies: dict[bytes, tuple[bytes, str]] = field(default_factory=dict)
    objects: dict[ObjectKey, RawObject] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    locators: dict[ObjectKey, tuple[str, ...]] = field(default_factory=dict)
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    moved: int = 0

    def with_body(self, row: RawRow) -> RawRow:
        """Which row is this, joined with its body if that is there?"""
        salt, text = self.bodies.get(row.digest, (None, None))
        return row._replace(salt=salt, text=text)

    def sorted_objects(self) -> list[RawObject]:
        """Which objects live, by kind and uid?"""
        return sorted(self.objects.values(), key=lambda item: (item.kind, item.uid))


class MemoryEvidence:
    """What verification reads of a log in memory."""

    def __init__(self, kept: MemoryLog, locate: Locate | None) -> None:
        self._kept = kept
        self._locate = locate

    def head(self) -> RawHead | None:
        """Which head does the log have?"""
        return self._kept.head

    def change_count(self) -> int:
        """How many change rows are there?"""
        return len(self._kept.rows)

    def rows(self) -> Iterator[RawRow]:
        """Which rows, by revision and seq?"""
        return self._sorted("revision", "seq")

    def rows_by_object(self) -> Iterator[RawRow]:
        """Which rows, by kind, uid, revision and seq?"""
        return self._sorted("kind", "uid", "revision", "seq")

    def _sorted(self, *fields: str) -> Iterator[RawRow]:
        """Which rows, in this order, whatever lies in them?"""

        def place(row: RawRow) -> list[tuple[int, Any]]:
            return [order_of(getattr(row, field)) for field in fields]

        return map(self._kept.with_body, sorted(self._kept.rows, key=place))

    def objects(self) -> Iterator[RawObject]:
        """Which objects, by kind and uid?"""
        return iter(self._kept.sorted_objects())

    def erasures(self) -> dict[ObjectKey, int]:
        """Up to which revision was each erased object last erased?"""
        erased = [row for row in self._kept.rows if row.op == "erase"]
        return {(row.kind, row.uid): row.revision for row in sorted(erased, key=lambda row: row.revision)}

    def body_count(self) -> int:
        """How many bodies are there?"""
        return len(self._kept.bodies)

    def is_located(self) -> bool:
        """Is it known by what objects are found, so that locators can be checked?"""
        return self._locate is not None

    def locators(self) -> Iterator[tuple[str, str, str]]:
        """Which locators (kind, uid, value) are there, in this order?"""
        return iter(sorted((*key, value) for key, values in self._kept.locators.items() for value in values))

    def locate(self, item: RawObject) -> list[str]:
        """By which values is this object to be found, sorted?"""
        return values_of(item, self._locate)

    def damaged_secrets(self) -> Iterator[str]:
        """Which secrets do not decrypt? None: in memory they are not encrypted."""
        return iter(())


def state_after(kept: MemoryLog, rows: Iterable[RawRow]) -> list[StoredObject]:
    """Which objects do these rows, in order, leave? By kind and uid."""
    last = {(row.kind, row.uid): row for row in rows if row.op != "erase"}
    staying = [last[key] for key in sorted(last) if last[key].op != "delete"]
    return [_past_object(kept.with_body(row)) for row in staying]


def _past_object(row: RawRow) -> StoredObject:
    """Which past state is this? One whose body was erased says so."""
    if row.text is None:
        return StoredObject(row.kind, row.uid, "", {}, row.revision, erased=True)
    name, document = parse_body(row.text)
    return StoredObject(row.kind, row.uid, name, document or {}, row.revision)


def to_object(item: RawObject) -> StoredObject:
    """Which living object is this?"""
    return StoredObject(item.kind, item.uid, item.name, parse_document(item.text), item.revision)


def to_head(log: str, head: RawHead) -> Head:
    """Where does the log stand?"""
    return Head(log, head.revision, head.hash.hex())


def to_change_row(kept: MemoryLog, bare: RawRow) -> ChangeRow:
    """Which logged change is this?"""
    row = kept.with_body(bare)
    name, document = ("", None) if row.text is None else parse_body(row.text)
    return ChangeRow(
        log=kept.log,
        revision=row.revision,
        seq=row.seq,
        at=parse_instant(row.at),
        actor_uid=row.actor_uid,
        via=row.via,
        kind=row.kind,
        uid=row.uid,
        op=row.op,
        digest=row.digest.hex(),
        prev_hash=row.prev_hash.hex(),
        hash=row.hash.hex(),
        name=name,
        document=document,
        erased=row.text is None,
    )
