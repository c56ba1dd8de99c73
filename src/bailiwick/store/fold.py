"""What a transaction does to the objects: each change is checked in order, the net effect is kept.

Pure; the same code serves every store, so all of them accept and refuse the same transactions.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bailiwick.errors import Conflict, NotFound
from bailiwick.store.canonical import format_canonical, format_instant
from bailiwick.store.chain import (
    RowFields,
    SealedBody,
    check_texts,
    empty_head,
    format_body,
    row_hash,
    seal_text,
)
from bailiwick.store.ports import Change, Head, RandomBytes, Revision, RevisionConflict

ObjectKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SealedChange:
    """A checked change with its body sealed; `document_text` is None for a deletion."""

    kind: str
    uid: str
    name: str
    op: str
    document_text: str | None
    body: SealedBody

    @property
    def key(self) -> ObjectKey:
        """Which object does it change?"""
        return (self.kind, self.uid)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a transaction, how, and when; the same for all of its rows."""

    actor_uid: str
    via: str
    at: str

    @classmethod
    def of(cls, actor_uid: str, via: str, at: datetime) -> Origin:
        """Is this something that every store can keep?"""
        check_texts((("actor_uid", actor_uid), ("via", via)))
        return cls(actor_uid, via, format_instant(at))


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A row ready to be written: its fields, and its place in the chain."""

    fields: RowFields
    prev_hash: bytes
    hash: bytes


def seal_changes(changes: Sequence[Change], random_bytes: RandomBytes, salt_bytes: int) -> list[SealedChange]:
    """What will be written for these changes? Needs no store, so it runs before the transaction."""
    if not changes:
        raise ValueError("expected at least one change")
    # WHY: one draw for all salts; a system call for each would cost more than the hashing.
    salts = random_bytes(salt_bytes * len(changes))
    return [
        _seal_change(change, salts[at * salt_bytes : (at + 1) * salt_bytes])
        for at, change in enumerate(changes)
    ]


def _seal_change(change: Change, salt: bytes) -> SealedChange:
    """Is this change well formed, and what is its body?"""
    if (change.document is None) != (change.op == "delete"):
        raise ValueError(
            f"expected a document unless the change deletes, got `{change.op}` of `{change.kind}`"
        )
    check_texts((("kind", change.kind), ("uid", change.uid), ("name", change.name)))
    text = None
    if change.document is not None:
        text = format_canonical(change.document, f"{change.kind} `{change.name or change.uid}`")
    body = seal_text(format_body(change.name, text or "null"), salt)
    return SealedChange(change.kind, change.uid, change.name, change.op, text, body)


def fold_changes(
    changes: Sequence[SealedChange], alive: Collection[ObjectKey]
) -> dict[ObjectKey, SealedChange | None]:
    """What becomes of each touched object (None: gone), given those of them that lived before?

    Raises Conflict and NotFound for the first change that does not fit what stands before it.
    """
    after: dict[ObjectKey, SealedChange | None] = {}
    for change in changes:
        lives = after[change.key] is not None if change.key in after else change.key in alive
        if lives and change.op == "create":
            raise Conflict(f"{change.kind} `{change.uid}` exists already")
        if not lives and change.op != "create":
            raise NotFound(f"there is no {change.kind} `{change.uid}` to {change.op}")
        after[change.key] = None if change.op == "delete" else change
    _check_names(after)
    return after


def _check_names(after: dict[ObjectKey, SealedChange | None]) -> None:
    """Do two objects of one kind end up with one name in this transaction?"""
    taken: dict[tuple[str, str], str] = {}
    for change in after.values():
        if change is None or not change.name:
            continue
        if taken.setdefault((change.kind, change.name), change.uid) != change.uid:
            raise name_taken(change.kind, change.name)


def name_taken(kind: str, name: str) -> Conflict:
    """Which error says that a living object has this name?"""
    return Conflict(f"{kind} `{name}` exists already", "choose another name")


def seal_row(head: Head, seq: int, origin: Origin, change: SealedChange, prev_hash: bytes) -> SealedRow:
    """What is the row of this change in the revision after `head`?"""
    fields = RowFields(
        head.log,
        head.revision + 1,
        seq,
        origin.at,
        origin.actor_uid,
        origin.via,
        change.kind,
        change.uid,
        change.op,
        change.body.digest,
    )
    return SealedRow(fields, prev_hash, row_hash(prev_hash, fields))


def seal_erasure(kind: str, uid: str, bodies: int, salt: bytes) -> SealedChange:
    """Which row says that the older bodies of this object are gone?"""
    text = format_canonical({"bodies": bodies})
    return SealedChange(kind, uid, "", "erase", text, seal_text(format_body("", text), salt))


def check_based_on(expected: Mapping[str, Revision], heads: Mapping[str, Head]) -> None:
    """Do other logs still stand where the writer saw them? Raises RevisionConflict. 0: it is not there, or empty."""
    for log, revision in expected.items():
        now = heads.get(log) or empty_head(log)
        if not now.is_at(revision):
            raise RevisionConflict(revision, now)
