"""The look-up tables of one compiled account: what each subject may, and what is denied.

Implements docs/spec.md section 7 by the index of section 4 (see scopes.py). Pure.
Tables are values: a change builds new ones for the subjects it touches and shares all others.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain
from operator import or_
from typing import Protocol, TypeVar, cast, overload

from bailiwick.engine.conditions import Test, compile_condition
from bailiwick.engine.facts import Facts
from bailiwick.engine.resources import Resolved
from bailiwick.engine.roles import Slots, Space
from bailiwick.engine.scopes import (
    Key,
    Shape,
    Shapes,
    cells_of,
    scope_answer,
)
from bailiwick.model.conditions import Condition
from bailiwick.model.policies import ALWAYS, Policy, Scope, Window


def holds(window: Window, now: float) -> bool:
    """Does the window hold now? (rule 1.7)"""
    return (window.starts_at is None or window.starts_at <= now) and (
        window.expires_at is None or now < window.expires_at
    )


@dataclass(frozen=True, slots=True)
class Residue:
    """What remains to be asked of one policy (in one cell) after the look-up found it?

    `condition` is what `when` was compiled from.
    """

    mask: int
    when: Test | None
    window: Window
    leftover: Scope | None
    condition: Condition | None = None

    @property
    def narrow(self) -> bool:
        """Does what is left of the scope constrain project, type, id or within? (rule 7.5)"""
        left = self.leftover
        return left is not None and (left.project, left.type, left.id, left.within) != (
            None,
            None,
            None,
            None,
        )

    def answer(self, facts: Facts, now: float, service: str) -> bool:
        """Does the policy apply, role aside?"""
        if not holds(self.window, now):
            return False
        if self.leftover is not None and scope_answer(self.leftover, facts.resource, service) is not True:
            return False
        return self.when is None or self.when(facts) is True


@dataclass(frozen=True, slots=True)
class Entry:
    """Which roles are held in a cell: `mask` without residue, the others with; `every` is all of them."""

    mask: int
    residues: tuple[Residue, ...]
    every: int


Shared = TypeVar("Shared", bound=Hashable)
SMALL_TABLE = 64
Held = int | Entry
# Which slots occur in cells of this shape?
Step = tuple[int, Shape]


class AllowTable(Protocol):
    """What is allowed to one subject? Under a space: the shapes of its cells there. Under a key: what is held.

    WHY: it is one dictionary that holds both, because a decision asks for both, and what it waits for is memory.
    """

    @overload
    def get(self, key: Space, /) -> tuple[Step, ...] | None: ...
    @overload
    def get(self, key: Key, /) -> Held | None: ...
    def __len__(self) -> int: ...


def make_table(steps: Mapping[Space, tuple[Step, ...]], held: Mapping[Key, Held]) -> AllowTable:
    """Which table holds these?"""
    return cast(AllowTable, {**cast(dict[object, object], steps), **held})


@dataclass(frozen=True, slots=True)
class Block:
    """One deny policy, or one policy whose roles have deny rights, or one guardrail, whole.

    `spared`: which actions a guardrail does not forbid, as patterns. `reached` remembers which it reaches; a cache.
    """

    name: str
    scope: Scope
    window: Window
    when: Test | None
    roles: tuple[str, ...]
    all_rights: bool
    spared: tuple[str, ...] = ()
    reached: dict[tuple[str, bool], bool] = field(default_factory=dict, compare=False, repr=False)

    def stands(self, facts: Facts, now: float, service: str) -> bool:
        """Is none of scope, window and condition false? (rule 5.2)"""
        return (
            holds(self.window, now)
            and scope_answer(self.scope, facts.resource, service) is not False
            and (self.when is None or self.when(facts) is not False)
        )


class BlockTable:
    """Which blocks may concern a resource? By shape and key; all of a shape where a read attribute is unknown.

    `reached` remembers of which actions (its own service's, and over others' resources) any block speaks; a cache.
    """

    __slots__ = ("_anywhere", "_by_service", "all", "reached")

    def __init__(self, blocks: Iterable[Block], shapes: Shapes) -> None:
        self.all = tuple(blocks)
        self.reached: tuple[dict[str, bool], dict[str, bool]] = ({}, {})
        by_shape: dict[Shape, dict[Key, list[Block]]] = {}
        for block in self.all:
            cells = [(shapes.shape(code), values) for code, values, _ in cells_of(block.scope)]
            for shape, values in dict.fromkeys(cells):
                by_shape.setdefault(shape, {}).setdefault((shape.number, *values), []).append(block)
        steps = tuple(by_shape.items())
        self._anywhere = tuple(step for step in steps if step[0].service is None)
        self._by_service = {
            service: tuple(step for step in steps if step[0].service in (service, None))
            for service in {shape.service for shape in by_shape} - {None}
        }

    def __bool__(self) -> bool:
        return bool(self.all)

    def cells(self) -> Mapping[Shape, Mapping[Key, list[Block]]]:
        """Which blocks are there, by shape and key?"""
        return dict((*self._anywhere, *chain.from_iterable(self._by_service.values())))

    def near(self, resource: Resolved, service: str) -> list[Block]:
        """Which blocks could stand for this resource? A few too many, never one too few; some more than once."""
        blocks: list[Block] = []
        for shape, by_key in self._by_service.get(service, self._anywhere):
            if shape.reads & resource.unknown:
                blocks += chain.from_iterable(by_key.values())
                continue
            for key in shape.keys(resource):
                blocks += by_key.get(key, ())
        return blocks


@dataclass(frozen=True, slots=True)
class SubjectTable:
    """What is allowed and denied to one subject, and when does that change? `spaces`: where `allows` has cells."""

    allows: AllowTable
    spaces: int
    denies: BlockTable | None
    boundaries: tuple[float, ...]


class TableBuilder:
    """Collects the policies of subjects, one by one, without keeping them.

    Equal keys, texts and masks are kept once, whatever the number of subjects that have them.
    """

    def __init__(self, shapes: Shapes, slots: Slots, deny_roles: frozenset[str]) -> None:
        self._shapes = shapes
        self._slots = slots
        self._deny_roles = deny_roles
        self._held: dict[str, dict[Key, Held]] = {}
        self._blocks: dict[str, list[Block]] = {}
        self._boundaries: dict[str, set[float]] = {}
        self._shared: dict[object, object] = {}

    def add(self, policy: Policy, subjects: Iterable[str]) -> None:
        """Count this policy for these of its subjects."""
        if not policy.enabled:
            return
        when = None if policy.when is None else compile_condition(policy.when)
        subjects = tuple(subjects)
        if policy.effect == "allow":
            self._add_allow(policy, when, subjects)
        if policy.effect == "deny" or not self._deny_roles.isdisjoint(policy.roles):
            block = Block(
                policy.name, policy.scope, policy.window, when, policy.roles, policy.effect == "deny"
            )
            for subject in subjects:
                self._blocks.setdefault(subject, []).append(block)
        if policy.window is not ALWAYS:
            edges = [e for e in (policy.window.starts_at, policy.window.expires_at) if e is not None]
            for subject in subjects:
                self._boundaries.setdefault(subject, set()).update(edges)

    def _add_allow(self, policy: Policy, when: Test | None, subjects: tuple[str, ...]) -> None:
        timed = policy.window.starts_at is not None or policy.window.expires_at is not None
        for code, values, leftover in cells_of(policy.scope):
            shape = self._shapes.shape(code)
            key = self._share_key((shape.number, *values))
            mask = self._share(self._slots.mask(shape.service, policy.roles))
            held: Held = mask
            if when is not None or timed or leftover is not None:
                held = Entry(0, (Residue(mask, when, policy.window, leftover, policy.when),), mask)
            for subject in subjects:
                table = self._held.setdefault(subject, {})
                present = table.get(key)
                table[key] = held if present is None else merge(present, held)

    def _share_key(self, key: Key) -> Key:
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = tuple([self._share(part) for part in key])
        return cast(Key, found)

    def _share(self, value: Shared) -> Shared:
        return cast(Shared, self._shared.setdefault(value, value))

    def finish(self) -> dict[str, SubjectTable]:
        """Which tables came of it? Only subjects with policies have one."""
        shapes = self._shapes.by_number()
        tables: dict[str, SubjectTable] = {}
        for subject in {**self._held, **self._blocks}:
            held = self._held.pop(subject, {})
            steps = _steps_by_space(_slots_by_shape(held, shapes))
            shared = {space: self._share(tuple(map(self._share, found))) for space, found in steps.items()}
            blocks = self._blocks.get(subject)
            tables[subject] = SubjectTable(
                make_table(shared, held),
                self._share(sum(map(self._slots.space_bit, steps))),
                None if blocks is None else BlockTable(blocks, self._shapes),
                tuple(sorted(self._boundaries.get(subject, ()))),
            )
        return tables


def _slots_by_shape(held: Mapping[Key, Held], shapes: list[Shape]) -> dict[Shape, int]:
    slots: dict[Shape, int] = {}
    for key, value in held.items():
        shape = shapes[cast(int, key[0])]
        slots[shape] = slots.get(shape, 0) | (value if isinstance(value, int) else value.every)
    return slots


def _steps_by_space(slots: Mapping[Shape, int]) -> dict[Space, tuple[Step, ...]]:
    steps: dict[Space, tuple[Step, ...]] = {}
    for shape, mask in slots.items():
        steps[shape.service] = (*steps.get(shape.service, ()), (mask, shape))
    return steps


Allows = tuple[tuple[int, AllowTable], ...]


def merge_allows(tables: Allows) -> Allows:
    """Which fewer tables (with their spaces) allow the same? Large ones stay, so that copies are bounded."""
    small = [(spaces, table) for spaces, table in tables if len(table) <= SMALL_TABLE]
    merged: dict[Key, Held] = {}
    slots: dict[Shape, int] = {}
    for _, table in small:
        for key, value in cast(Mapping[object, object], table).items():
            if isinstance(key, tuple):
                held = cast(Held, value)
                merged[key] = merge(merged[key], held) if key in merged else held
            else:
                for mask, shape in cast(tuple[Step, ...], value):
                    slots[shape] = slots.get(shape, 0) | mask
    every = reduce(or_, (spaces for spaces, _ in small), 0)
    large = [(spaces, table) for spaces, table in tables if len(table) > SMALL_TABLE]
    return ((every, make_table(_steps_by_space(slots), merged)), *large)


def merge(one: Held, other: Held) -> Held:
    """Which roles are held where both are?"""
    if isinstance(one, int) and isinstance(other, int):
        return one | other
    first = one if isinstance(one, Entry) else Entry(one, (), one)
    second = other if isinstance(other, Entry) else Entry(other, (), other)
    return Entry(first.mask | second.mask, first.residues + second.residues, first.every | second.every)
