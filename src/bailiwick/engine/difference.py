"""What differs between two states of an account: on which resources one principal's answer, for whom one resource's.

Implements docs/spec.md rules 25.2 and 25.3. Pure. Sets tell what surely differs; what they cannot say is decided in
both states, one by one, as far as the budget reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from pyroaring import BitMap

from bailiwick.engine.columns import NOTHING
from bailiwick.engine.compile import CompiledAccount
from bailiwick.engine.decide import decide
from bailiwick.engine.extents import NOWHERE, Extent
from bailiwick.engine.indexes import find_inventory, find_people
from bailiwick.engine.inventory import Row
from bailiwick.engine.own import PRINCIPAL_TYPES, as_stored, count_own, has_own, own_names
from bailiwick.engine.ranks import Part, Ranks, Segment
from bailiwick.engine.where import find_extents
from bailiwick.engine.who import find_crowds
from bailiwick.model.accounts import Principal, Property
from bailiwick.model.names import (
    ANONYMOUS,
    SERVICE_TYPE,
    ResourceName,
    format_resource_name,
    parse_resource_name,
)
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.searches import PrincipalSearch, ResourceSearch

Item = TypeVar("Item")
MOST_LISTED = 2_000
# What is answered before and after?
Both = tuple[bool, bool]
# Which of the things of a segment may be asked about? None: all of them.
Among = Callable[[Segment[Item]], BitMap | None]


@dataclass(slots=True)
class Budget:
    """How much may still be asked? `is_enough`: nothing was left out so far."""

    left: int
    is_enough: bool = True

    def take(self, cost: int = 1) -> bool:
        """May this be asked? Once it may not, something is left out."""
        if self.left < cost:
            self.is_enough = False
            return False
        self.left -= cost
        return True


@dataclass(frozen=True)
class Names(Generic[Item]):
    """Some of many names: by number in the segments of an index, or said one by one."""

    numbered: tuple[tuple[Segment[Item], BitMap], ...] = ()
    said: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(len(numbers) for _, numbers in self.numbered) + len(self.said)

    def __iter__(self) -> Iterator[str]:
        for segment, numbers in self.numbered:
            yield from (segment.names[number] for number in numbers)
        yield from self.said

    def only(self, among: Among[Item], may_ask: Callable[[str], bool]) -> Names[Item]:
        """Those of them that may be asked about."""
        kept = [
            (segment, numbers if (askable := among(segment)) is None else numbers & askable)
            for segment, numbers in self.numbered
        ]
        return Names(tuple(one for one in kept if one[1]), tuple(filter(may_ask, self.said)))

    def first(self, most: int) -> list[str]:
        """Which are the first of them, in order? Of each segment only as many are looked at as are wanted."""
        found = [
            segment.names[number] for segment, numbers in self.numbered for number in islice(numbers, most)
        ]
        return sorted([*found, *self.said])[:most]

    @cached_property
    def key(self) -> object:
        """What is the same for the same names?"""
        return tuple((id(segment), numbers.serialize()) for segment, numbers in self.numbered), self.said


class Shift(NamedTuple, Generic[Item]):
    """What becomes possible, and what is no longer so?"""

    gained: Names[Item]
    lost: Names[Item]


def share_indexes(before: CompiledAccount) -> None:
    """Make the indexes that both states share. INVARIANT: they share those that are there when the change is compiled.

    Where they share none every name is asked about one by one.
    """
    find_inventory(before)
    find_people(before)


@dataclass(frozen=True)
class TwoStates:
    """The account before a change and after it, at one moment, in one situation."""

    before: CompiledAccount
    after: CompiledAccount
    now: float
    context: Mapping[str, Property] = field(default_factory=dict)

    def allowed(self, principal: str, action: str, name: str) -> Both:
        """May this principal do this to the resource of this name, before and after?"""
        query = ResourceQuery.of(parse_resource_name(name))
        before, after = (
            decide(state, self.request(principal, action, as_stored(state.account, query))).allowed
            for state in (self.before, self.after)
        )
        return before, after

    def request(self, principal: str, action: str, query: ResourceQuery) -> Request:
        """Which question is asked of a state?"""
        return Request(principal, action, query, self.now, self.context)

    def sorts(self, service: str, action: str) -> list[tuple[str, str]]:
        """Of resources of which services and types is this action asked, over resources of this service?"""
        found: dict[tuple[str, str], None] = {}
        for state in (self.before, self.after):
            need = state.needs_over(service).get(action)
            if need is None:
                continue
            kinds: Iterable[str]
            if need.action.spans_services:
                kinds = (SERVICE_TYPE, *state.services[service].resource_types)
            else:
                kinds = (need.action.resource_type or SERVICE_TYPE,)
            found |= {(service, kind): None for kind in kinds}
        return list(found)

    def listed(self, service: str, kind: str, budget: Budget) -> tuple[str, ...] | None:
        """Which names has a sort of which there is no index? None: there is one. Too many are left out."""
        if kind != SERVICE_TYPE and not has_own(service, kind):
            return None
        found = self._listed.get((service, kind))
        if found is None:
            found = self._listed[service, kind] = self._names_of(service, kind, budget)
        return found

    @cached_property
    def _listed(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {}

    def _names_of(self, service: str, kind: str, budget: Budget) -> tuple[str, ...]:
        if kind == SERVICE_TYPE:
            return (self._itself(service),)
        states = [state for state in (self.before, self.after) if service in state.services]
        if any(count_own(state.account, service, kind) > MOST_LISTED for state in states):
            budget.is_enough = False
            return ()
        return tuple(sorted({name for state in states for name in own_names(state.account, service, kind)}))

    def _itself(self, service: str) -> str:
        name = ResourceName(self.before.account.name, service, "", "", ((SERVICE_TYPE, service),))
        return format_resource_name(name)

    def is_there(self, name: str) -> bool:
        """Is it looked at by searches, before or after? (rule 17.11)"""
        parsed = parse_resource_name(name)
        service, kind = parsed.service, parsed.type
        if kind == SERVICE_TYPE:
            return name == self._itself(service)
        for state in (self.before, self.after):
            if has_own(service, kind):
                if count_own(state.account, service, kind) > MOST_LISTED or name in own_names(
                    state.account, service, kind
                ):
                    return True
                continue
            for part in find_inventory(state).of(service, kind).parts:
                number = part.segment.number(name)
                if number is not None and number in part.there:
                    return True
        return False


def differ_on(
    states: TwoStates,
    principal: str,
    action: str,
    sort: tuple[str, str],
    *,
    among: Among[Row],
    may_ask: Callable[[str], bool],
    skip: Collection[str],
    budget: Budget,
) -> Shift[Row]:
    """On which resources of this sort does the answer to this principal differ? Not on those that are skipped."""

    def answers(name: str) -> Both:
        return states.allowed(principal, action, name)

    listed = states.listed(*sort, budget)
    if listed is not None:
        asked = [name for name in listed if name not in skip and may_ask(name)]
        return _shift([], _decided(asked, answers, budget))
    if not budget.take():
        return _shift([], [])
    search = ResourceSearch(principal, action, *sort, states.now, context=states.context)
    both = [
        (find_inventory(state).of(*sort), dict(_by_segment(find_extents(state, search))))
        for state in (states.before, states.after)
    ]
    return _differ(
        _paired(*both[0], *both[1]), answers, among=among, may_ask=may_ask, skip=skip, budget=budget
    )


def differ_at(states: TwoStates, action: str, name: str, kind: str, *, budget: Budget) -> Shift[Principal]:
    """For which principals of this kind does the answer about this resource differ?"""

    def answers(reference: str) -> Both:
        return states.allowed(reference, action, name)

    if kind not in PRINCIPAL_TYPES:
        return _shift([], _decided(_unstored(states, kind), answers, budget))
    if not budget.take():
        return _shift([], [])
    query = ResourceQuery.of(parse_resource_name(name))
    both = []
    for state in (states.before, states.after):
        request = states.request(ANONYMOUS, action, as_stored(state.account, query))
        found = dict(_by_segment(find_crowds(state, PrincipalSearch(request, kind))))
        both.append((find_people(state).of(kind), found))
    return _differ(
        _paired(*both[0], *both[1]),
        answers,
        among=lambda _: None,
        may_ask=lambda _: True,
        skip=(),
        budget=budget,
    )


def _unstored(states: TwoStates, kind: str) -> list[str]:
    """Who of this kind is known without being stored? (rule 1.3)"""
    if kind == ANONYMOUS:
        return [ANONYMOUS]
    return sorted(f"service:{name}" for name in {**states.before.services, **states.after.services})


class _Pair(NamedTuple, Generic[Item]):
    """One segment: what of it is there in both states, what in one only, and where it is found before and after.

    WHY apart: what changed itself has moved to another segment, and is told by its name.
    """

    segment: Segment[Item]
    there: BitMap
    moved: BitMap
    before: Extent
    after: Extent


Found = Mapping[Segment[Item], Extent]


def _by_segment(found: Iterable[tuple[Part[Item], Extent]]) -> Iterator[tuple[Segment[Item], Extent]]:
    return ((part.segment, extent) for part, extent in found)


def _paired(
    before: Ranks[Item], found_before: Found[Item], after: Ranks[Item], found_after: Found[Item]
) -> Iterator[_Pair[Item]]:
    """Which segments has either state? Most are the same in both, as a change makes few anew."""
    old = {part.segment: part.there for part in before.parts}
    new = {part.segment: part.there for part in after.parts}
    for segment in {**old, **new}:
        was, is_ = old.get(segment, NOTHING), new.get(segment, NOTHING)
        yield _Pair(
            segment,
            was & is_,
            was ^ is_,
            found_before.get(segment, NOWHERE),
            found_after.get(segment, NOWHERE),
        )


Answers = Callable[[str], Both]


def _differ(
    pairs: Iterable[_Pair[Item]],
    answers: Answers,
    *,
    among: Among[Item],
    may_ask: Callable[[str], bool],
    skip: Collection[str],
    budget: Budget,
) -> Shift[Item]:
    numbered: list[tuple[Segment[Item], BitMap, BitMap]] = []
    loose: set[str] = set()
    for pair in pairs:
        segment = pair.segment
        loose.update(segment.names[number] for number in _without(segment, pair.moved, skip))
        askable = among(segment)
        there = _without(segment, pair.there, skip)
        asked = there if askable is None else there & askable
        found = _compared(pair, asked, lambda name: _ask(name, answers, budget))
        numbered.append((segment, *found))
    return _shift(numbered, _decided(sorted(filter(may_ask, loose)), answers, budget))


def _without(segment: Segment[Item], there: BitMap, skip: Collection[str]) -> BitMap:
    numbers = [number for name in skip if (number := segment.number(name)) is not None]
    return there - BitMap(numbers) if numbers else there


def _compared(pair: _Pair[Item], asked: BitMap, ask: Callable[[str], Both | None]) -> tuple[BitMap, BitMap]:
    """What is gained and lost of these? Whatever is not sure in a state, and may differ, is asked in both."""
    before, after = pair.before, pair.after
    gained = (after.sure - before.maybe) & asked
    lost = (before.sure - after.maybe) & asked
    unsure = (before.maybe - before.sure) | (after.maybe - after.sure)
    doubtful = unsure & ((after.maybe - before.sure) | (before.maybe - after.sure)) & asked
    for number in doubtful - gained - lost:
        match ask(pair.segment.names[number]):
            case None:
                break
            case (False, True):
                gained.add(number)
            case (True, False):
                lost.add(number)
    return gained, lost


def _ask(name: str, answers: Answers, budget: Budget) -> Both | None:
    """What is answered in both states? None: no more is asked."""
    return answers(name) if budget.take() else None


def _decided(names: Iterable[str], answers: Answers, budget: Budget) -> list[tuple[str, Both]]:
    found = []
    for name in names:
        answer = _ask(name, answers, budget)
        if answer is None:
            break
        if answer[0] != answer[1]:
            found.append((name, answer))
    return found


def _shift(numbered: list[tuple[Segment[Item], BitMap, BitMap]], said: list[tuple[str, Both]]) -> Shift[Item]:
    return Shift(
        Names(
            tuple((segment, gained) for segment, gained, _ in numbered if gained),
            tuple(name for name, (_, after) in said if after),
        ),
        Names(
            tuple((segment, lost) for segment, _, lost in numbered if lost),
            tuple(name for name, (before, _) in said if before),
        ),
    )
