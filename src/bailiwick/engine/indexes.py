"""What searches look at: the inventory by attribute, policies by what they grant, principals by group.

Pure. Each is made at the first search that needs it, and carried through changes from then on, so that an account
in which nobody searches pays nothing. All of it follows from the compiled account; it is only a cache.
CAUTION: only one thread at a time may carry it through changes; any number may search.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from bailiwick.engine.holders import Holders, build_holders, carry_on
from bailiwick.engine.inventory import Inventory, build_inventory
from bailiwick.engine.people import People, build_people
from bailiwick.engine.scopes import Key
from bailiwick.engine.tables import SMALL_TABLE, SubjectTable

if TYPE_CHECKING:
    from bailiwick.engine.compile import CompiledAccount

Arranged = tuple[SubjectTable, Mapping[int, Sequence[Key]]]


@dataclass(slots=True)
class Indexes:
    """What is there already? None: nobody has needed it yet."""

    inventory: Inventory | None = None
    people: People | None = None
    holders: Holders | None = None
    arranged: dict[str, Arranged] = field(default_factory=dict)

    def after(
        self, old: CompiledAccount, new: CompiledAccount, changed: Iterable[tuple[str, str]]
    ) -> Indexes:
        """Which indexes are there once these objects (kind, name) are as the new compiled account has them?"""
        kinds = {kind for kind, _ in changed}
        holders = self.holders
        if holders is not None and old.tables is not new.tables:
            policies = {name for kind, name in changed if kind == "Policy"}
            holders = carry_on(holders, old, new, set() if "Role" in kinds else policies)
        return Indexes(
            None if self.inventory is None else self.inventory.apply(new, changed),
            None if self.people is None else self.people.apply(new, changed),
            holders,
            self.arranged,
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
