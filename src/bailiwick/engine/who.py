"""Who may do this to that? Surely, or possibly, so that few are left to be decided one by one.

Implements docs/spec.md rule 17.4: `decide`, in the order of rule 7.2, for sets of principals. Pure.
LAW: whoever is sure `decide` allows, and whom `decide` allows is possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from bailiwick.engine.blind import Looked, facts_of_any_member, facts_of_anybody
from bailiwick.engine.columns import NOTHING
from bailiwick.engine.compile import CompiledAccount, guardrail_blocks
from bailiwick.engine.decide import (
    decide_one,
    for_link,
    guardrail_reaches,
    has_right,
    project_may_be_disabled,
    understand,
)
from bailiwick.engine.extents import NOWHERE, Extent, exactly
from bailiwick.engine.facts import Facts
from bailiwick.engine.holders import Holders, Hot
from bailiwick.engine.indexes import find_holders, find_people, numbers_of
from bailiwick.engine.needs import Need, Reaching
from bailiwick.engine.people import Crowd
from bailiwick.engine.ranks import Part
from bailiwick.engine.resources import Resolved
from bailiwick.engine.scopes import Key, Shape
from bailiwick.engine.tables import Block, Held, Residue, SubjectTable
from bailiwick.model.accounts import Principal
from bailiwick.model.requests import Request
from bailiwick.model.searches import PrincipalSearch

Answer = bool | None


def find_crowds(
    compiled: CompiledAccount, search: PrincipalSearch
) -> Iterator[tuple[Part[Principal], Extent]]:
    """Who may do it, in each part of the principals of this kind?"""
    request = search.request
    if compiled.account.suspended:
        return
    if not all(decide_one(compiled, for_link(request), link).allowed for link in request.chain):
        return
    asked = _Asked.by(compiled, request, request.action)
    for part in find_people(compiled).of(search.kind).parts if asked is not None else ():
        crowd = Crowd(compiled, part, search.kind, request.now)
        found = exactly(part.segment.beginning(f"{search.kind}:{search.name_prefix}") & part.there)
        yield part, found if asked is None else found.both(asked.allowed(crowd))


def granting_subjects(compiled: CompiledAccount, request: Request) -> tuple[str, ...]:
    """To which subjects would an allow apply, surely or depending on who asks? Prerequisites aside.

    Of principals who are many under one key none is named; groups always are.
    """
    asked = _Asked.by(compiled, request, request.action)
    if asked is None:
        return ()
    found = asked.granting
    return tuple(sorted(found.sure | found.maybe))


@dataclass
class _Subjects:
    """Which subjects surely, and which possibly; and who of the untouched, all at once, and is that sure?"""

    sure: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)
    many: list[tuple[Hot, int | None, bool]] = field(default_factory=list)

    def add(self, subject: str, answer: Answer) -> None:
        """Count one more answer for this subject; None is possibly."""
        if answer is not False:
            (self.sure if answer else self.maybe).add(subject)


@dataclass(frozen=True)
class _Asked:
    """One action asked of the resource, whoever asks."""

    compiled: CompiledAccount
    request: Request
    need: Need
    resource: Resolved

    @classmethod
    def by(cls, compiled: CompiledAccount, request: Request, action: str) -> _Asked | None:
        """What is asked? None: what nobody is allowed, as it is not understood."""
        asked = understand(compiled, action, request.resource)
        return cls(compiled, request, *asked) if isinstance(asked, tuple) else None

    def allowed(self, crowd: Crowd) -> Extent:
        """Who of these is allowed it? (rule 7.2 d to h)"""
        if self._guarded is True or self._is_in_disabled_project:
            return NOWHERE
        found = self._those(crowd, self.granting)
        if found.maybe:
            found = found.without(self._those(crowd, self._denied))
        for action in self.need.action.requires if found.maybe else ():
            required = _Asked.by(self.compiled, self.request, action)
            found = NOWHERE if required is None else found.both(required.allowed(crowd))
        owner = crowd.only(self.compiled.account.owner)
        sure = found.sure - owner if self._guarded is False else NOTHING
        return exactly(crowd.part.there - crowd.disabled()).both(Extent(sure, found.maybe | owner))

    def _those(self, crowd: Crowd, subjects: _Subjects) -> Extent:
        sure = crowd.belonging(subjects.sure)
        maybe = crowd.belonging(subjects.maybe)
        if subjects.many:
            untouched = crowd.part.there - crowd.direct(self.holders.touched)
            for hot, mask, is_sure in subjects.many:
                numbers = numbers_of(self.compiled, hot, mask, crowd.part.segment) & untouched
                sure, maybe = (sure | numbers, maybe) if is_sure else (sure, maybe | numbers)
        return Extent(sure, sure | maybe)

    def _facts(self, subject: str | None) -> Facts:
        return facts_of_any_member(self.request, self.resource, self.compiled.account.name, subject)

    @cached_property
    def _guarded(self) -> Answer:
        """Does a guardrail or restriction forbid it, to whomever? None: to some, perhaps. (rules 7.2 d, 7.7)"""
        service = self.resource.service
        blocks = (
            *self.compiled.guardrails.near(self.resource, service),
            *guardrail_blocks(self.request.restrictions),
        )
        facts = self._facts(None)
        return _any(
            lambda block=block: block.stands(facts, self.request.now, service)  # type: ignore[misc]  # bound now
            for block in blocks
            if guardrail_reaches(block, self.need, service)
        )

    @cached_property
    def _is_in_disabled_project(self) -> bool:
        takes = self.need.action.takes_into_project
        return takes and project_may_be_disabled(self.compiled, self.request.resource)

    @property
    def holders(self) -> Holders:
        """Who holds or denies what?"""
        return find_holders(self.compiled)

    @cached_property
    def granting(self) -> _Subjects:
        """To which subjects does an allow apply, prerequisites aside? (rule 7.3)"""
        found = _Subjects()
        shapes = self.compiled.shapes.by_number()
        for slots in self.need.slots:
            for shape in (shape for shape in shapes if shape.service == slots.space):
                for key in shape.keys(self.resource):
                    self._grant_under(key, slots, shape, found)
        return found

    def _grant_under(self, key: Key, slots: Reaching, shape: Shape, found: _Subjects) -> None:
        holders, tables = self.holders, self.compiled.tables
        one_by_one, hot = holders.holding(key)
        if hot is not None:
            for mask in hot.by_mask:
                answer = None if mask is None else self._grants_to_many(mask, slots, shape)
                if answer is not False:
                    found.many.append((hot, mask, answer is True))
        for subject in chain(one_by_one, holders.touched):
            table = tables.get(subject)
            held = None if table is None else table.allows.get(key)
            if isinstance(held, int) and held & slots.plain:
                found.sure.add(subject)
            elif held is not None and subject not in found.sure:
                found.add(subject, self._grants(held, slots, shape, subject))

    def _grants_to_many(self, mask: int, slots: Reaching, shape: Shape) -> Answer:
        """Do roles held here allow it, whoever holds them? None: it depends on who does."""
        facts = facts_of_anybody(self.request, self.resource, self.compiled.account.name)
        return self._by_mask(mask, slots, facts, narrow=shape.narrow)

    def _grants(self, held: Held, slots: Reaching, shape: Shape, subject: str) -> Answer:
        """Does what is held here allow it, whoever holds it through this subject?"""
        facts = self._facts(subject)
        if isinstance(held, int):
            return self._by_mask(held, slots, facts, narrow=shape.narrow)
        answer = self._by_mask(held.mask, slots, facts, narrow=shape.narrow)
        for residue in held.residues:
            if answer is not True:
                one = self._by_residue(residue, slots, facts, narrow=shape.narrow or residue.narrow)
                answer = answer if one is False else one
        return answer

    def _by_residue(self, residue: Residue, slots: Reaching, facts: Facts, *, narrow: bool) -> Answer:
        if not residue.mask & slots.every:
            return False
        try:
            applies = residue.answer(facts, self.request.now, slots.service)
        except Looked:
            return None
        return applies and self._by_mask(residue.mask, slots, facts, narrow=narrow)

    def _by_mask(self, mask: int, slots: Reaching, facts: Facts, *, narrow: bool) -> Answer:
        """Has one of these roles a right whose qualifier and condition are true, whoever asks?"""
        if mask & slots.plain:
            return True
        return _any(
            lambda test=test: test.answer(facts, narrow=narrow) is True  # type: ignore[misc]  # bound now
            for bit, tests in slots.tested
            if mask & bit
            for test in tests
        )

    @cached_property
    def _denied(self) -> _Subjects:
        """Which subjects are denied it? (rule 7.4)"""
        found = _Subjects()
        holders = self.holders
        for meaning in self.need.meanings:
            for subject in dict.fromkeys((*holders.denying(self.resource, meaning), *holders.touched)):
                table = self.compiled.tables.get(subject)
                if table is not None:
                    found.add(subject, self._denies(table, meaning, subject))
        return found

    def _denies(self, table: SubjectTable, meaning: str, subject: str) -> Answer:
        facts = self._facts(subject)
        blocks: list[Block] = [] if table.denies is None else table.denies.near(self.resource, meaning)
        return _any(
            lambda block=block: (  # type: ignore[misc]  # bound now
                block.stands(facts, self.request.now, meaning)
                and has_right(self.compiled, self.need, block, facts, meaning)
            )
            for block in blocks
        )


def _any(tests: Iterator[Callable[[], bool]]) -> Answer:
    """Does one of these hold? None: one had to know who asks."""
    answer: Answer = False
    for test in tests:
        try:
            if test():
                return True
        except Looked:
            answer = None
    return answer
