"""Who is alike: principals whose answers are the same, so that one of them is asked for all.

Serves docs/spec.md rule 25.2. Pure. Alike are those who hold policies through the same subjects in both states, unless
some condition or qualifier that could matter looks at who asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bailiwick.engine.compile import CompiledAccount, guardrails_of
from bailiwick.engine.difference import Budget
from bailiwick.engine.views import find_view
from bailiwick.model.names import ANONYMOUS
from bailiwick.model.policies import Policy
from bailiwick.service.effects.touched import Doings, Touch, Touched
from bailiwick.service.reaching import reads

WHO_ASKS = "principal."


@dataclass(frozen=True, slots=True)
class Standing:
    """How does a principal stand in one state: through which subjects does it hold policies? None: nobody is there."""

    subjects: tuple[str, ...]
    is_owner: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """Principals, in order, for whom every answer is the same; how they stand before and after; what touches them."""

    members: tuple[str, ...]
    before: Standing | None
    after: Standing | None
    touches: tuple[Touch, ...]

    @property
    def one(self) -> str:
        """Who is asked for all of them?"""
        return self.members[0]


Kind = tuple[Standing | None, Standing | None, frozenset[int], str]


@dataclass(frozen=True)
class Likeness:
    """Who is alike under one change?"""

    touched: Touched

    def groups(self, everybody: Iterable[str], budget: Budget) -> list[Alike]:
        """Who of these is alike, as far as the change touches them? Most numerous first."""
        found: dict[Kind, list[str]] = {}
        for one in everybody:
            touching = self._on_all.union(self._on_one.get(one, ()))
            if not touching:
                continue
            if not budget.take():
                break
            found.setdefault(self._kind(one, touching), []).append(one)
        alike = [
            Alike(
                tuple(members),
                before,
                after,
                tuple(self.touched.touches[number] for number in sorted(touching)),
            )
            for (before, after, touching, _), members in found.items()
        ]
        return sorted(alike, key=lambda one: (-len(one.members), one.members))

    @cached_property
    def _on_all(self) -> frozenset[int]:
        """Which touches concern everybody, by number?"""
        return frozenset(number for number, touch in enumerate(self.touched.touches) if touch.who is None)

    @cached_property
    def _on_one(self) -> dict[str, list[int]]:
        """Which touches concern whom by name?"""
        found: dict[str, list[int]] = {}
        for number, touch in enumerate(self.touched.touches):
            for one in touch.who or ():
                found.setdefault(one, []).append(number)
        return found

    def _kind(self, one: str, touching: frozenset[int]) -> Kind:
        states = self.touched.states
        before, after = (self._standing(state, one) for state in (states.before, states.after))
        subjects = {*(before.subjects if before else ()), *(after.subjects if after else ())}
        is_looked_at = self._guardrails_look or any(self._looks(subject) for subject in subjects)
        return before, after, touching, one if is_looked_at else ""

    def _standing(self, state: CompiledAccount, one: str) -> Standing | None:
        view = find_view(state, one, self.touched.states.now)
        if view is None or view.is_disabled:
            return None
        return Standing(tuple(s for s in view.subjects if s in state.policies_of), view.is_owner)

    @cached_property
    def _guardrails_look(self) -> bool:
        states = self.touched.states
        return any(
            reads(one.when, WHO_ASKS)
            for state in (states.before, states.after)
            for one in guardrails_of(state.account)
        )

    @cached_property
    def _looking(self) -> dict[str, bool]:
        return {}

    def _looks(self, subject: str) -> bool:
        """Does a policy of this subject look at who asks?"""
        found = self._looking.get(subject)
        if found is None:
            found = self._looking[subject] = any(
                self.touched.reaching.policy_reads(policy, WHO_ASKS)
                for policy in self.policies_of((subject,))
            )
        return found

    def policies_of(self, subjects: Iterable[str]) -> Iterator[Policy]:
        """Which enabled policies name these subjects, in either state?"""
        for state in (self.touched.states.before, self.touched.states.after):
            yield from policies_in(state, subjects)

    def doings(self, alike: Alike) -> Doings:
        """About what are they asked: what touches them, and one of their policies may allow, or their owning?"""
        touching = frozenset().union(*(touch.doings for touch in alike.touches if touch.doings is not None))
        is_anything = any(touch.doings is None for touch in alike.touches)
        states = self.touched.states
        granted: set[tuple[str, str]] = set()
        for state, standing in ((states.before, alike.before), (states.after, alike.after)):
            for policy in policies_in(state, standing.subjects if standing else ()):
                granted |= self.touched.doings_of(policy)
            if standing is not None and standing.is_owner:
                granted |= {(service, one) for service, needs in state.needs.items() for one in needs}
        return frozenset(granted) if is_anything else frozenset(granted & touching)

    def moved_policies(self, alike: Alike) -> list[Policy]:
        """Which policies changed for them, or are theirs in one state only?"""
        states = self.touched.states
        held = [
            list(policies_in(state, standing.subjects if standing else ()))
            for state, standing in ((states.before, alike.before), (states.after, alike.after))
        ]
        same = {id(policy) for policy in held[0]} & {id(policy) for policy in held[1]}
        moved = [
            policy
            for policies in held
            for policy in policies
            if id(policy) not in same or id(policy) in self._touched_policies
        ]
        return list({id(policy): policy for policy in moved}.values())

    @cached_property
    def _touched_policies(self) -> frozenset[int]:
        return frozenset(id(policy) for touch in self.touched.touches for policy in touch.policies)


def policies_in(state: CompiledAccount, subjects: Iterable[str]) -> Iterator[Policy]:
    """Which enabled policies name these subjects in this state?"""
    for subject in subjects:
        for name in state.policies_of.get(subject, ()):
            policy = state.account.policies[name]
            if policy.enabled:
                yield policy


def subjects_in(state: CompiledAccount, one: str, now: float) -> tuple[str, ...]:
    """Through which subjects does this principal hold policies in this state now?"""
    view = find_view(state, one, now)
    return () if view is None or view.is_disabled else view.subjects


def everybody_in(states: Iterable[CompiledAccount]) -> list[str]:
    """Who is known in one of these states, in order? (rule 1.3)"""
    known = {ANONYMOUS}
    for state in states:
        known.update(state.account.principals)
        known.update(f"service:{name}" for name in state.services)
    return sorted(known)
