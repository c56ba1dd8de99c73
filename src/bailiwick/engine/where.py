"""On which of many resources is it allowed? Surely, or possibly, so that few are left to be decided one by one.

Implements docs/spec.md rules 17.1, 17.2, 17.7 and 17.8: `decide`, in the order of 7.2, for sets of resources. Pure.
LAW: where it is sure `decide` allows, and where `decide` allows it is possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from pyroaring import BitMap

from bailiwick.engine.blind import UNSEEN, Looked, where_true
from bailiwick.engine.columns import NOTHING
from bailiwick.engine.compile import CompiledAccount, guardrail_blocks
from bailiwick.engine.decide import facts_of, guardrail_reaches, is_narrow
from bailiwick.engine.extents import NOWHERE, Extent, Seen, exactly
from bailiwick.engine.facts import Facts
from bailiwick.engine.indexes import find_inventory, keys_by_shape
from bailiwick.engine.inventory import Row, find_kind_of
from bailiwick.engine.needs import Need, Reaching
from bailiwick.engine.ranks import Part
from bailiwick.engine.resources import ALL_OF_IT, INSTANCE, PROJECT, REGION, Kind
from bailiwick.engine.roles import RightTest
from bailiwick.engine.scopes import Key, Shape
from bailiwick.engine.tables import Block, Entry, Held, Residue, SubjectTable, holds
from bailiwick.engine.views import View, find_tables, find_view
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.searches import Narrowing, ResourceSearch

MANY_CELLS = 64
MOST_UNITED = 1024


def find_extents(compiled: CompiledAccount, search: ResourceSearch) -> Iterator[tuple[Part[Row], Extent]]:
    """Where is it found, in each part of the candidates?"""
    if search.service not in compiled.needs or compiled.account.suspended:
        return
    for part in find_inventory(compiled).of(search.service, search.type).parts:
        # WHY: of any row, as all of one type are of one kind, wherever they stand.
        kind = find_kind_of(compiled, part.segment.items[0].key)
        if kind is not None:
            yield part, _found(compiled, search, part, kind)


def _found(compiled: CompiledAccount, search: ResourceSearch, part: Part[Row], kind: Kind) -> Extent:
    """Where is it allowed to all who are asked about, within what the search is narrowed to? (rules 17.7, 17.8)"""
    whole = Seen.by(ALL_OF_IT, part, kind, search.type)
    found = whole.everywhere
    asked: ResourceSearch | None = search
    while asked is not None and found.maybe:
        found = found.both(_within(asked.only, whole))
        request = request_of(asked, ResourceQuery(search.service, ()))
        for place, principal in enumerate((asked.principal, *asked.chain)):
            if found.maybe:
                said = request if place == 0 else replace(request, principal_properties={})
                found = found.both(
                    _Judged(compiled, said, principal, part, kind, search.type).allowed(asked.action)
                )
        asked = asked.also
    return _untold(whole, kind, found)


def _untold(whole: Seen, kind: Kind, found: Extent) -> Extent:
    """The same, with what is named as its service does not name things left to `decide`: it is not registered there."""
    odd = NOTHING
    for name, bit in (("region", REGION), ("instance", INSTANCE)):
        if not kind.has & bit:
            odd = odd | whole.column(name).having()
    odd = odd & whole.part.there
    return Extent(found.sure - odd, found.maybe | odd) if odd else found


def request_of(search: ResourceSearch, query: ResourceQuery) -> Request:
    """Which request asks about this one resource?"""
    return Request(
        search.principal,
        search.action,
        replace(query, properties=search.properties) if search.properties else query,
        search.now,
        search.context,
        search.action_properties,
        search.principal_properties,
        search.chain,
        search.restrictions,
    )


def _within(only: Narrowing, whole: Seen) -> Extent:
    """To which resources is the search narrowed? (rule 17.7)"""
    found = whole.everywhere
    if only.name_prefix:
        found = found.both(exactly(whole.part.segment.beginning(only.name_prefix)))
    if only.owner is not None:
        found = found.both(exactly(whole.with_value("owner", (only.owner,))))
    for tag, value in only.tags.items():
        found = found.both(exactly(whole.with_tag(tag, (value,))))
    return found if only.scope is None else found.both(whole.scope(only.scope, whole.service))


@dataclass(frozen=True)
class _Judged:
    """One identity of one search, judged as itself over one part of the candidates."""

    compiled: CompiledAccount
    request: Request
    principal: str
    part: Part[Row]
    kind: Kind
    type: str

    @cached_property
    def view(self) -> View | None:
        return find_view(self.compiled, self.principal, self.request.now)

    def allowed(self, action: str) -> Extent:
        """Where is this action, the search's or one that it requires, allowed? (rule 7.2)"""
        need = self.compiled.needs[self.kind.service].get(action)
        view = self.view
        if need is None or view is None or view.is_disabled:
            return NOWHERE
        wanted = need.action.resource_type
        if wanted is not None and wanted != self.type and not need.action.spans_services:
            return NOWHERE
        return _Asked(self, view, need, Seen.by(need.sight, self.part, self.kind, self.type)).allowed()


@dataclass(frozen=True)
class _Asked:
    """One action of one identity over one part of the candidates."""

    judged: _Judged
    view: View
    need: Need
    seen: Seen

    def allowed(self) -> Extent:
        """Where do guardrails, projects, denies, ownership and allows let it? (rule 7.2 d to h)"""
        is_implied = self.view.is_owner and self.need.implied
        found = self.seen.everywhere if is_implied else self._granted().both(self.seen.everywhere)
        if found.maybe:
            found = found.without(self._guarded())
        if found.maybe and self.need.action.takes_into_project:
            found = found.without(self._in_disabled_project())
        if found.maybe and not self.view.is_owner:
            found = found.without(self._denied())
        if not is_implied:
            for action in self.need.action.requires:
                found = found.both(self.judged.allowed(action)) if found.maybe else found
        return found

    def facts(self, subject: str | None) -> Facts:
        """What may conditions read of a policy that holds through this subject? All but the resource."""
        judged = self.judged
        return facts_of(judged.compiled, judged.request, self.view, UNSEEN, subject)

    def _granted(self) -> Extent:
        """Where does an allow apply, prerequisites aside? (rule 7.3)"""
        sure, maybe = BitMap(), BitMap()
        for subject, table in find_tables(self.judged.compiled, self.view.subjects):
            for slots in self.need.slots:
                if table.spaces & slots.bit:
                    for extent in _Grants(self, subject, table).of(slots):
                        sure |= extent.sure
                        maybe |= extent.maybe
        return Extent(sure, maybe)

    def _guarded(self) -> Extent:
        """Where does a guardrail or a restriction of the session apply? (rules 7.2 d, 7.7)"""
        compiled, service = self.judged.compiled, self.seen.service
        found = NOWHERE
        for block in (*compiled.guardrails.all, *guardrail_blocks(self.judged.request.restrictions)):
            if guardrail_reaches(block, self.need, service):
                found = found.either(self._standing(block, service, self.facts(None)))
        return found

    def _in_disabled_project(self) -> Extent:
        """Where is the resource's own project a disabled one, whatever the action sees? (rule 7.2 e)"""
        if not self.judged.kind.has & PROJECT:
            return NOWHERE
        column = self.seen.column("project")
        found = BitMap()
        for project in self.judged.compiled.disabled_projects:
            found |= column.equal(project)
        return exactly(found)

    def _denied(self) -> Extent:
        """Where does a policy deny? (rule 7.4)"""
        found = NOWHERE
        for subject, table in self.view.denies:
            facts = self.facts(subject)
            for block in table.all:
                for meaning in self.need.meanings:
                    rights = self._denying(block, facts, meaning)
                    if rights.maybe:
                        found = found.either(rights.both(self._standing(block, meaning, facts)))
        return found

    def _denying(self, block: Block, facts: Facts, meaning: str) -> Extent:
        """Where has one of its roles, meant for this service, a right that denies and is not false?"""
        narrow = is_narrow(block)
        found = NOWHERE
        for name in block.roles:
            reach = self.judged.compiled.roles.reach(
                name, meaning, self.need.action_service, self.need.action
            )
            for test in (*reach.denies, *reach.allows) if block.all_rights else reach.denies:
                try:
                    if test.answer(facts, narrow=narrow) is not False:
                        return self.seen.everywhere
                except Looked:
                    found = self.seen.somewhere
        return found

    def _standing(self, block: Block, service: str, facts: Facts) -> Extent:
        """Where is none of scope, window and condition false? (rule 5.2)"""
        if not holds(block.window, self.judged.request.now):
            return NOWHERE
        found = self.seen.everywhere
        try:
            if block.when is not None and block.when(facts) is False:
                return NOWHERE
        except Looked:
            found = self.seen.somewhere
        return found.both(self._not_outside(block, service))

    def _not_outside(self, block: Block, service: str) -> Extent:
        """Where is its scope not false? What is only described has attributes of which nobody knows."""
        if not self.seen.is_told:
            return self.seen.somewhere
        return self.seen.scope(block.scope, service)


@dataclass(frozen=True)
class _Grants:
    """What one subject holds, over one part of the candidates."""

    asked: _Asked
    subject: str
    table: SubjectTable

    @cached_property
    def facts(self) -> Facts:
        """What may conditions read?"""
        return self.asked.facts(self.subject)

    def of(self, slots: Reaching) -> Iterator[Extent]:
        """Where does each of the subject's policies of one space allow?"""
        steps = [shape for mask, shape in self.table.allows.get(slots.space) or () if mask & slots.every]
        if not steps:
            return
        by_shape = keys_by_shape(self.asked.judged.compiled, self.subject, self.table)
        rights: dict[tuple[int, bool], Extent] = {}
        for shape in steps:
            keys = by_shape.get(shape.number, ())
            if len(keys) > MANY_CELLS:
                yield exactly(self._many(shape, keys, slots))
            for key in keys:
                held = cast(Held, self.table.allows.get(key))
                if isinstance(held, int) and held & slots.plain:
                    if len(keys) <= MANY_CELLS:
                        yield exactly(self.asked.seen.cell(shape, key))
                elif (grant := self._held(held, slots, shape, rights)).maybe:
                    yield grant.both(exactly(self.asked.seen.cell(shape, key)))

    def _many(self, shape: Shape, keys: Sequence[Key], slots: Reaching) -> BitMap:
        """Where does a plain right hold, in so many cells of one shape? Looked up once, as nothing in it can change."""
        seen, known = self.asked.seen, self.asked.judged.compiled.indexes.united
        place = (self.subject, shape.number, slots.plain, seen.part.segment, seen.has, seen.itself)
        found = known.get(place)
        if found is not None and found[0] is self.table:
            return found[1]
        every = replace(seen, part=Part(seen.part.segment, BitMap(range(len(seen.part.segment.names)))))
        united = BitMap()
        for key in keys:
            held = cast(Held, self.table.allows.get(key))
            if isinstance(held, int) and held & slots.plain:
                united |= every.cell(shape, key)
        if len(known) >= MOST_UNITED:
            known.clear()
        known[place] = (self.table, united)
        return united

    def _held(
        self, held: Held, slots: Reaching, shape: Shape, rights: dict[tuple[int, bool], Extent]
    ) -> Extent:
        """Where, inside its cell, does what is held allow?"""
        if isinstance(held, int):
            return self._right(held, slots, shape.narrow, rights)
        found = self._right(held.mask, slots, shape.narrow, rights)
        for residue in held.residues if isinstance(held, Entry) else ():
            if residue.mask & slots.every:
                right = self._right(residue.mask, slots, shape.narrow or residue.narrow, rights)
                if right.maybe:
                    found = found.either(right.both(self._residue(residue, slots.service)))
        return found

    def _right(
        self, mask: int, slots: Reaching, narrow: bool, rights: dict[tuple[int, bool], Extent]
    ) -> Extent:
        """Where does a right of these roles apply? Most are alike, so answers are kept."""
        mask &= slots.every
        found = rights.get((mask, narrow))
        if found is None:
            found = rights[mask, narrow] = self._rights(mask, slots, narrow)
        return found

    def _rights(self, mask: int, slots: Reaching, narrow: bool) -> Extent:
        seen = self.asked.seen
        if mask & slots.plain:
            return seen.everywhere
        found = NOWHERE
        for bit, tests in slots.tested:
            for test in tests if mask & bit else ():
                found = found.either(self._tested(test, narrow))
        return found

    def _tested(self, test: RightTest, narrow: bool) -> Extent:
        """Where are a right's qualifier and condition true? (the twin of `RightTest.answer`)"""
        if (narrow and not test.narrow_ok) or test.roles_answer(self.facts) is not True:
            return NOWHERE
        found = self.asked.seen.everywhere
        for compiled, condition in ((test.qualifier, test.qualified), (test.when, test.condition)):
            if compiled is not None and condition is not None:
                found = found.both(where_true(condition, compiled, self.facts, self.asked.seen))
        return found

    def _residue(self, residue: Residue, service: str) -> Extent:
        """Where does the policy apply, role aside? (the twin of `Residue.answer`)"""
        seen = self.asked.seen
        if not holds(residue.window, self.asked.judged.request.now):
            return NOWHERE
        found = seen.everywhere if residue.leftover is None else seen.scope(residue.leftover, service)
        if residue.when is not None and residue.condition is not None:
            found = found.both(where_true(residue.condition, residue.when, self.facts, seen))
        return found
