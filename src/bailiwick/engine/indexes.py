"""What searches look at: the inventory by attribute, policies by what they grant, principals by group.

Pure. Each is made at the first search that needs it, and carried through changes from then on, so that an account
in which nobody searches pays nothing. All of it follows from the compiled account; it is only a cache.
What comes before a change and what comes after it share numbers, so one thread at a time carries them through; any
number may search meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, cast

from pyroaring import BitMap

from bailiwick.engine.holders import Holders, Hot, after_change, build_holders
from bailiwick.engine.inventory import Inventory, Row, build_inventory
from bailiwick.engine.people import People, build_people
from bailiwick.engine.ranks import Segment
from bailiwick.engine.scopes import Key
from bailiwick.engine.tables import SMALL_TABLE, SubjectTable
from bailiwick.model.accounts import Principal

if TYPE_CHECKING:
    from bailiwick.engine.compile import CompiledAccount

MOST_NUMBERED = 4096

# Which of those who hold the very same under one key are in one segment?
Numbered = tuple[Hot, int | None, Segment[Principal]]
# Which cells of one subject, by shape and mask, as seen by an action in one segment?
Cells = tuple[str, int, int, Segment[Row], int, bool]
Arranged = tuple[SubjectTable, Mapping[int, Sequence[Key]]]


@dataclass(slots=True)
class Indexes:
    """What is there already? None: nobody has needed it yet. `carrying`: the lock of all that share numbers."""

    inventory: Inventory | None = None
    people: People | None = None
    holders: Holders | None = None
    arranged: dict[str, Arranged] = field(default_factory=dict)
    numbered: dict[Numbered, BitMap] = field(default_factory=dict)
    united: dict[Cells, tuple[SubjectTable, BitMap]] = field(default_factory=dict)
    carrying: AbstractContextManager[object] = field(default_factory=RLock, compare=False)

    def after(
        self, old: CompiledAccount, new: CompiledAccount, changed: Iterable[tuple[str, str]]
    ) -> Indexes:
        """Which indexes are there once these objects (kind, name) are as the new compiled account has them?"""
        with self.carrying:
            return self._carried(old, new, changed)

    def _carried(
        self, old: CompiledAccount, new: CompiledAccount, changed: Iterable[tuple[str, str]]
    ) -> Indexes:
        kinds = {kind for kind, _ in changed}
        holders = self.holders
        if holders is not None and old.tables is not new.tables:
            policies = {name for kind, name in changed if kind == "Policy"}
            holders = after_change(holders, old, new, set() if "Role" in kinds else policies)
        is_worn = holders is None and self.holders is not None
        return Indexes(
            None if self.inventory is None else self.inventory.apply(new, changed),
            None if self.people is None else self.people.apply(new, changed),
            holders,
            {} if is_worn else self.arranged,
            {} if is_worn else self.numbered,
            self.united,
            self.carrying,
        )


def find_inventory(compiled: CompiledAccount) -> Inventory:
    """Which inventory has this account?"""
    found = compiled.indexes.inventory
    if found is None:
        found = compiled.indexes.inventory = build_inventory(compiled)
    return found


def find_people(compiled: CompiledAccount) -> People:
    """Which people has this account?"""
    found = compiled.indexes.people
    if found is None:
        found = compiled.indexes.people = build_people(compiled)
    return found


def find_holders(compiled: CompiledAccount) -> Holders:
    """Who holds or denies what in this account?"""
    found = compiled.indexes.holders
    if found is None:
        found = compiled.indexes.holders = build_holders(compiled.tables)
    return found


def numbers_of(compiled: CompiledAccount, hot: Hot, mask: int | None, segment: Segment[Principal]) -> BitMap:
    """Which numbers have, in this segment, those who hold exactly this under a key of many?"""
    known = compiled.indexes.numbered
    found = known.get((hot, mask, segment))
    if found is None:
        numbers = map(segment.number, hot.by_mask[mask])
        found = BitMap([number for number in numbers if number is not None])
        if len(known) >= MOST_NUMBERED:
            known.clear()
        known[hot, mask, segment] = found
    return found


def keys_by_shape(
    compiled: CompiledAccount, subject: str, table: SubjectTable
) -> Mapping[int, Sequence[Key]]:
    """Which keys of each shape has what is allowed to this subject? Large tables are arranged once."""
    kept = compiled.indexes.arranged.get(subject)
    if kept is not None and kept[0] is table:
        return kept[1]
    found: dict[int, list[Key]] = {}
    for key in cast(Iterable[object], table.allows):
        if isinstance(key, tuple):
            found.setdefault(key[0], []).append(key)
    if len(table.allows) > SMALL_TABLE:
        compiled.indexes.arranged[subject] = (table, found)
    return found
