"""The look-up tables of one compiled account: what each subject may, and what is denied.

Implements docs/spec.md section 7 by the index of section 4 (see scopes.py). Pure.
Tables are values: a change builds new ones for the subjects it touches and shares all others.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from bailiwick.engine.conditions import Test, compile_condition
from bailiwick.engine.facts import Facts
from bailiwick.engine.resources import Resolved
from bailiwick.engine.roles import Slots, Space
from bailiwick.engine.scopes import (
    Cell,
    Key,
    Shape,
    Shapes,
    cells_of,
    keys_of,
    scope_answer,
)
from bailiwick.model.policies import Policy, Scope, Window


def holds(window: Window, now: float) -> bool:
    """Does the window hold now? (rule 1.7)"""
    return (window.starts_at is None or window.starts_at <= now) and (
        window.expires_at is None or now < window.expires_at
    )


@dataclass(frozen=True, slots=True)
class Residue:
    """What remains to be asked of one policy (in one cell) after the look-up found it?"""

    mask: int
    when: Test | None
    window: Window
    leftover: Scope | None

    def answer(self, facts: Facts, now: float, service: str) -> bool:
        """Does the policy apply, role aside?"""
        if not holds(self.window, now):
            return False
        if self.leftover is not None and scope_answer(self.leftover, facts.resource, service) is not True:
            return False
        return self.when is None or self.when(facts) is True


@dataclass(frozen=True, slots=True)
class Entry:
    """Which roles are held in a cell: `mask` without residue, the others with."""

    mask: int
    residues: tuple[Residue, ...]


Shared = TypeVar("Shared", bound=Hashable)
Held = int | Entry
AllowTable = dict[Key, Held]


@dataclass(frozen=True, slots=True)
class Block:
    """One deny policy, or one policy whose roles have deny rights, or one guardrail, whole."""

    name: str
    scope: Scope
    window: Window
    when: Test | None
    roles: tuple[str, ...]
    all_rights: bool

    def stands(self, facts: Facts, now: float, service: str) -> bool:
        """Is none of scope, window and condition false? (rule 5.2)"""
        return (
            holds(self.window, now)
            and scope_answer(self.scope, facts.resource, service) is not False
            and (self.when is None or self.when(facts) is not False)
        )


class BlockTable:
    """Which blocks may concern a resource? By shape and key; all of a shape where a read attribute is unknown."""

    __slots__ = ("_by_shape", "all")

    def __init__(self, blocks: Iterable[Block], shapes: Shapes) -> None:
        self.all = tuple(blocks)
        self._by_shape: dict[Shape, dict[Key, tuple[Block, ...]]] = {}
        for block in self.all:
            for cell in cells_of(block.scope):
                shape = shapes.shape(cell.code)
                table = self._by_shape.setdefault(shape, {})
                key = (shape.number, *cell.values)
                if block not in table.get(key, ()):
                    table[key] = (*table.get(key, ()), block)

    def __bool__(self) -> bool:
        return bool(self.all)

    def near(self, resource: Resolved, service: str) -> Iterator[Block]:
        """Which blocks could stand for this resource? A few too many, never one too few; some more than once."""
        for shape, table in self._by_shape.items():
            if shape.reads & resource.unknown:
                for blocks in table.values():
                    yield from blocks
                continue
            for key in keys_of(shape, resource, service):
                yield from table.get(key, ())


@dataclass(frozen=True, slots=True)
class SubjectTable:
    """What may one subject by its policies? `shapes` are those that occur in `allows`."""

    allows: AllowTable
    shapes: tuple[Shape, ...]
    denies: BlockTable | None
    boundaries: tuple[float, ...]


class TableBuilder:
    """Collects the policies of subjects, one by one, without keeping them."""

    def __init__(self, shapes: Shapes, slots: Slots, deny_roles: frozenset[str]) -> None:
        self._shapes = shapes
        self._slots = slots
        self._deny_roles = deny_roles
        self._allows: dict[str, AllowTable] = {}
        self._blocks: dict[str, list[Block]] = {}
        self._boundaries: dict[str, set[float]] = {}
        self._shared: dict[object, object] = {}
        self._no_allows: AllowTable = {}

    def add(self, policy: Policy, subjects: Iterable[str]) -> None:
        """Count this policy for these of its subjects."""
        if not policy.enabled:
            return
        when = None if policy.when is None else compile_condition(policy.when)
        subjects = tuple(subjects)
        if policy.effect == "allow":
            self._add_allow(policy, when, subjects)
        if policy.effect == "deny" or any(name in self._deny_roles for name in policy.roles):
            block = Block(
                policy.name, policy.scope, policy.window, when, policy.roles, policy.effect == "deny"
            )
            for subject in subjects:
                self._blocks.setdefault(subject, []).append(block)
        edges = {edge for edge in (policy.window.starts_at, policy.window.expires_at) if edge is not None}
        if edges:
            for subject in subjects:
                self._boundaries.setdefault(subject, set()).update(edges)

    def _add_allow(self, policy: Policy, when: Test | None, subjects: tuple[str, ...]) -> None:
        timed = policy.window.starts_at is not None or policy.window.expires_at is not None
        for cell in cells_of(policy.scope):
            number = self._shapes.shape(cell.code).number
            key = (number, *(self._share(value) for value in cell.values))
            mask = self._share(self._slots.mask(self._space(cell), policy.roles))
            plain = when is None and not timed and cell.leftover is None
            held: Held = mask if plain else Entry(0, (Residue(mask, when, policy.window, cell.leftover),))
            for subject in subjects:
                table = self._allows.setdefault(subject, {})
                present = table.get(key)
                table[key] = held if present is None else merge(present, held)

    @staticmethod
    def _space(cell: Cell) -> Space:
        first = cell.values[0]
        return first if isinstance(first, str) else None

    def _share(self, value: Shared) -> Shared:
        return cast(Shared, self._shared.setdefault(value, value))

    def finish(self) -> dict[str, SubjectTable]:
        """Which tables came of it? Only subjects with policies have one."""
        by_number = self._shapes.by_number()
        known: dict[frozenset[object], tuple[Shape, ...]] = {}
        tables: dict[str, SubjectTable] = {}
        for subject in {**self._allows, **self._blocks}:
            allows = self._allows.get(subject, self._no_allows)
            numbers = frozenset(key[0] for key in allows)
            if numbers not in known:
                known[numbers] = tuple(shape for shape in by_number if shape.number in numbers)
            blocks = self._blocks.get(subject)
            tables[subject] = SubjectTable(
                allows,
                known[numbers],
                None if blocks is None else BlockTable(blocks, self._shapes),
                tuple(sorted(self._boundaries.get(subject, ()))),
            )
        return tables


def merge(one: Held, other: Held) -> Held:
    """Which roles are held where both are?"""
    if isinstance(one, int) and isinstance(other, int):
        return one | other
    first = one if isinstance(one, Entry) else Entry(one, ())
    second = other if isinstance(other, Entry) else Entry(other, ())
    return Entry(first.mask | second.mask, first.residues + second.residues)


Tables = Mapping[str, SubjectTable]
