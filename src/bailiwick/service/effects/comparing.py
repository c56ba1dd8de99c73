"""What a change makes possible and who loses what: rows that a person can read, and how many there are in all.

Implements docs/spec.md rules 25.2 to 25.6. Who is alike is asked once; what one may not ask about is set aside first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

from bailiwick.engine import decide_over, explain
from bailiwick.engine.authority import Cell, scope_contains, split_cells
from bailiwick.engine.difference import Budget, Names, TwoStates, differ_at, differ_on
from bailiwick.engine.inventory import Row
from bailiwick.engine.own import PRINCIPAL_TYPES, as_stored
from bailiwick.model.names import ANONYMOUS, parse_resource_name
from bailiwick.model.policies import SCOPE_ATTRIBUTES, Policy, Scope
from bailiwick.model.requests import AuthorityQuestion, ResourceQuery
from bailiwick.model.services import IAM
from bailiwick.service.asking import EXPLAIN, Asking
from bailiwick.service.effects.alike import Alike, Likeness, everybody_in, policies_in, subjects_in
from bailiwick.service.effects.askable import Askable, everything
from bailiwick.service.effects.touched import Touched

MOST_PEOPLE = 20_000
MOST_QUESTIONS = 20_000
MOST_PLACES = 200
MOST_CELLS = 64
KINDS = (*PRINCIPAL_TYPES, "service", ANONYMOUS)


@dataclass(frozen=True, slots=True)
class Effect:
    """These principals gain, or lose, these actions: on these resources of one sort, or over all of this scope.

    `policies`: through which it is allowed, in the state in which it is, to the first of them on the first resource;
    `reason`: why it is not in the other state, and `because_of` by which policies or guardrails.
    """

    principals: Sequence[str]
    actions: tuple[str, ...]
    service: str
    resource_type: str | None
    resources: Names[Row] | tuple[str, ...]
    scope: Scope | None
    policies: tuple[str, ...]
    reason: str
    because_of: tuple[str, ...]

    @property
    def answers(self) -> int:
        """How many answers change? Scopes are no answers about known resources, and count none."""
        return len(self.principals) * len(self.actions) * len(self.resources)


@dataclass(slots=True)
class Found:
    """All effects of one direction."""

    effects: list[Effect] = field(default_factory=list)

    @property
    def principals(self) -> int:
        """How many principals does it concern?"""
        return len({one for effect in self.effects for one in effect.principals})

    @property
    def answers(self) -> int:
        """How many answers about known resources change?"""
        return sum(effect.answers for effect in self.effects)


@dataclass(frozen=True)
class Comparison:
    """One comparison of both states on behalf of a session. `asking` is the session in the state before."""

    asking: Asking
    touched: Touched
    questions: Budget = field(default_factory=lambda: Budget(MOST_QUESTIONS))
    people: Budget = field(default_factory=lambda: Budget(MOST_PEOPLE))
    places: Budget = field(default_factory=lambda: Budget(MOST_PLACES))
    gained: Found = field(default_factory=Found)
    lost: Found = field(default_factory=Found)

    @property
    def states(self) -> TwoStates:
        """Which states are compared?"""
        return self.touched.states

    @property
    def is_complete(self) -> bool:
        """Was everything asked that could differ?"""
        budgets = (self.questions, self.people, self.places, self.askable.budget)
        return not self.touched.is_cut and all(one.is_enough for one in budgets)

    def run(self) -> None:
        """Compare, and keep what was found."""
        for name in self.touched.places:
            if self.places.take():
                self._at(name)
        for alike in self._likeness.groups(self._people(), self.people):
            self._of(alike)
        for found in (self.gained, self.lost):
            found.effects = united(found.effects)

    def _people(self) -> list[str]:
        """Whom could the change concern?"""
        named = [touch.who for touch in self.touched.touches]
        if not self.askable.is_anything_possible:
            return [self.asking.session.principal] if named else []
        if None in named:
            return everybody_in((self.states.before, self.states.after))
        return sorted(frozenset().union(*(who for who in named if who is not None)))

    @cached_property
    def _likeness(self) -> Likeness:
        return Likeness(self.touched)

    @cached_property
    def askable(self) -> Askable:
        """About what may the session ask?"""
        return Askable(self.asking)

    def _of(self, alike: Alike) -> None:
        """What becomes of those who are alike? Somebody who may ask about itself only is told of itself only."""
        for members, is_oneself in self._parts(alike):
            gained: dict[object, Effect] = {}
            lost: dict[object, Effect] = {}
            part = replace(alike, members=members)
            doings = sorted(self._likeness.doings(part))
            for service, action in doings:
                for sort in self.states.sorts(service, action):
                    shift = differ_on(
                        self.states,
                        part.one,
                        action,
                        sort,
                        among=everything if is_oneself else self.askable.among(sort),
                        may_ask=_yes if is_oneself else self.askable.about,
                        skip=self.touched.set_apart,
                        budget=self.questions,
                    )
                    _add(gained, part, (action, sort), self._askable_of(shift.gained, sort, is_oneself))
                    _add(lost, part, (action, sort), shift.lost)
            self._over_scopes(part, doings, gained, lost, is_oneself=is_oneself)
            self.gained.effects += [self._explained(one, is_gain=True) for one in gained.values()]
            self.lost.effects += [self._explained(one, is_gain=False) for one in lost.values()]

    def _askable_of(self, gained: Names[Row], sort: tuple[str, str], is_oneself: bool) -> Names[Row]:
        """What of it is told? To oneself what one would lose is known; what one would gain is not one's to list yet.

        SECURITY: else whoever may grant, and may not look, is told by a preview what there is.
        """
        return gained.only(self.askable.among(sort), self.askable.about) if is_oneself else gained

    def _parts(self, alike: Alike) -> Iterator[tuple[tuple[str, ...], bool]]:
        me = self.asking.session.principal if self.asking.session.is_whole else ""
        if me in alike.members:
            yield (me,), True
        others = tuple(one for one in alike.members if one != me)
        if others and self.askable.is_anything_possible:
            yield others, False

    def _over_scopes(
        self,
        alike: Alike,
        doings: Sequence[tuple[str, str]],
        gained: dict[object, Effect],
        lost: dict[object, Effect],
        *,
        is_oneself: bool,
    ) -> None:
        """Over which scopes of the policies that changed for them do they gain or lose the actions? (rule 25.4)"""
        told: dict[tuple[str, bool], list[Scope]] = {}
        for scope in self._scopes(self._likeness.moved_policies(alike)):
            service = (scope.service or ("",))[0]
            if not is_oneself and not self.askable.over(scope):
                continue
            cell = next(split_cells(scope))
            for of_service, action in doings:
                if of_service != service or not self.questions.take():
                    continue
                before, after = (
                    decide_over(
                        state,
                        AuthorityQuestion(alike.one, action, scope, self.states.now, self.states.context),
                    ).held
                    for state in (self.states.before, self.states.after)
                )
                wider = told.setdefault((action, after), [])
                if before != after and not any(scope_contains(one, cell) for one in wider):
                    wider.append(scope)
                    _add_scope(gained if after else lost, alike, action, scope)

    def _scopes(self, policies: Iterable[Policy]) -> list[Scope]:
        """Which scopes, of one service and one alternative each, do these policies have? The widest first."""
        found: dict[Scope, None] = {}
        for policy in policies:
            services = policy.scope.service or tuple(
                name for name in {**self.states.before.services, **self.states.after.services} if name != IAM
            )
            for service in services:
                cells = list(islice(split_cells(replace(policy.scope, service=(service,))), MOST_CELLS + 1))
                if len(cells) > MOST_CELLS or len(found) > MOST_CELLS:
                    self.questions.is_enough = False
                    break
                found |= {_scope_of(cell): None for cell in cells}
        return sorted(found, key=_constraints)

    def _at(self, name: str) -> None:
        """For whom do the answers about a changed resource differ?"""
        query = ResourceQuery.of(parse_resource_name(name))
        service, kind = query.service, query.path[-1][0]
        may_ask = self.askable.about(name)
        me = self.asking.session.principal if self.asking.session.is_whole else ""
        if not may_ask and not me:
            return
        for action in self._actions_on(service, kind):
            found: dict[bool, list[str]] = {True: [], False: []}
            if not may_ask:
                before, after = self.states.allowed(me, action, name)
                if before != after:
                    found[after].append(me)
            for of_kind in KINDS if may_ask else ():
                shift = differ_at(self.states, action, name, of_kind, budget=self.questions)
                found[True] += shift.gained
                found[False] += shift.lost
            for is_gain, principals in found.items():
                if principals:
                    self._keep_at(name, (service, kind), action, sorted(principals), is_gain=is_gain)

    def _keep_at(
        self, name: str, sort: tuple[str, str], action: str, principals: list[str], *, is_gain: bool
    ) -> None:
        effects = (self.gained if is_gain else self.lost).effects
        if effects and effects[-1].resources == (name,) and list(effects[-1].principals) == principals:
            effects[-1] = replace(effects[-1], actions=(*effects[-1].actions, action))
            return
        effect = Effect(principals, (action,), *sort, (name,), None, (), "", ())
        effects.append(self._explained(effect, is_gain=is_gain))

    def _actions_on(self, service: str, kind: str) -> list[str]:
        states = (self.states.before, self.states.after)
        actions = {action for state in states for action in state.needs_over(service)}
        return sorted(one for one in actions if (service, kind) in self.states.sorts(service, one))

    def _explained(self, effect: Effect, *, is_gain: bool) -> Effect:
        """The same with why: by which policies it is so, and why it is not in the other state."""
        if effect.scope is not None:
            return self._explained_over(effect, effect.scope, is_gain=is_gain)
        name = next(iter(effect.resources))
        states = (
            (self.states.before, self.states.after) if is_gain else (self.states.after, self.states.before)
        )
        query = ResourceQuery.of(parse_resource_name(name))
        refused, allowed = (
            explain(
                state,
                self.states.request(effect.principals[0], effect.actions[0], as_stored(state.account, query)),
            )
            for state in states
        )
        reason = refused.decision.reason.value
        if self._tells_why(effect, name):
            return replace(effect, policies=allowed.deciding, reason=reason, because_of=refused.deciding)
        return replace(
            effect,
            policies=self._own(allowed.deciding),
            reason=reason,
            because_of=self._own(refused.deciding),
        )

    def _explained_over(self, effect: Effect, scope: Scope, *, is_gain: bool) -> Effect:
        """The same with the policies whose scope holds all of this one, in the state in which it is so."""
        state = self.states.after if is_gain else self.states.before
        held = policies_in(state, subjects_in(state, effect.principals[0], self.states.now))
        cell = next(split_cells(scope))
        names = sorted(
            {
                one.name
                for one in held
                if scope_contains(one.scope, cell)
                and (effect.service, effect.actions[0]) in self.touched.doings_of(one)
            }
        )
        is_told = self.askable.over(scope, EXPLAIN)
        return replace(effect, policies=tuple(names) if is_told else self._own(names))

    def _tells_why(self, effect: Effect, name: str) -> bool:
        """May the session see by which policies it is so? Of itself always."""
        session = self.asking.session
        is_oneself = session.is_whole and tuple(effect.principals) == (session.principal,)
        return is_oneself or self.askable.is_explained(name)

    def _own(self, names: Iterable[str]) -> tuple[str, ...]:
        """Which of these policies does the change itself name?"""
        return tuple(name for name in names if ("Policy", name) in self.touched.plan.changed)


def _yes(_: str) -> bool:
    return True


def _add(
    found: dict[object, Effect], alike: Alike, asked: tuple[str, tuple[str, str]], resources: Names[Row]
) -> None:
    """Keep it, beside other actions on the very same resources."""
    if not resources:
        return
    action, sort = asked
    key = (sort, resources.key)
    known = found.get(key)
    if known is None:
        found[key] = Effect(alike.members, (action,), *sort, resources, None, (), "", ())
    else:
        found[key] = replace(known, actions=(*known.actions, action))


def united(effects: Iterable[Effect]) -> list[Effect]:
    """The same, those who gain or lose the very same together; what concerns most of them first."""
    found: dict[object, Effect] = {}
    principals: dict[object, list[str]] = {}
    for effect in effects:
        there = effect.resources
        where = (there.key if isinstance(there, Names) else there, effect.scope)
        why = (effect.policies, effect.reason, effect.because_of)
        key = (effect.actions, effect.service, effect.resource_type, where, why)
        found.setdefault(key, effect)
        principals.setdefault(key, []).extend(effect.principals)
    merged = [replace(effect, principals=tuple(sorted(principals[key]))) for key, effect in found.items()]
    return sorted(merged, key=lambda one: (-len(one.principals), one.service, one.resource_type or ""))


def _add_scope(found: dict[object, Effect], alike: Alike, action: str, scope: Scope) -> None:
    known = found.get(scope)
    if known is not None:
        found[scope] = replace(known, actions=(*known.actions, action))
    else:
        service = (scope.service or ("",))[0]
        found[scope] = Effect(alike.members, (action,), service, None, (), scope, (), "", ())


def _constraints(scope: Scope) -> int:
    return sum(getattr(scope, part) is not None for part in SCOPE_ATTRIBUTES)


def _scope_of(cell: Cell) -> Scope:
    """Which scope is this one cell?"""
    return Scope(
        **{part: None if (value := getattr(cell, part)) is None else (value,) for part in SCOPE_ATTRIBUTES}
    )
