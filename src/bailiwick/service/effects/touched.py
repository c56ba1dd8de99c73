"""What a change touches: whose answers about which actions could differ, and about which places.

Serves docs/spec.md rule 25.2. Pure. It may name too much, never too little: all that it names is asked in both states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bailiwick.engine.compile import CompiledAccount, guardrail_blocks
from bailiwick.engine.decide import guardrail_reaches
from bailiwick.engine.difference import TwoStates
from bailiwick.engine.needs import Need
from bailiwick.engine.own import PRINCIPAL_TYPES
from bailiwick.model.accounts import Account, Group, Principal, Project, Resource
from bailiwick.model.names import EVERYONE, MEMBERS, ResourceName, format_resource_name
from bailiwick.model.policies import Guardrail, Policy
from bailiwick.model.services import IAM
from bailiwick.service.edits import Plan
from bailiwick.service.kinds import ACCOUNT, PRINCIPAL_WORDS, RESOURCE, find_value, reference_of
from bailiwick.service.reaching import Reaching
from bailiwick.service.snapshots import Name

# A service, and an action that is asked over its resources.
Doing = tuple[str, str]
Doings = frozenset[Doing]
MOST_OBJECTS = 300


@dataclass(frozen=True, slots=True)
class Touch:
    """Whose answers could differ (None: anybody's), about what (None: about anything), and by which policies?"""

    who: frozenset[str] | None
    doings: Doings | None = None
    policies: tuple[Policy, ...] = ()


@dataclass(frozen=True)
class Touched:
    """All that one plan touches."""

    plan: Plan
    states: TwoStates

    @cached_property
    def reaching(self) -> Reaching:
        """Who reaches what, in either state?"""
        before, after = self.states.before, self.states.after
        return Reaching(before.account, after.account, before.services)

    @cached_property
    def keys(self) -> tuple[Name, ...]:
        """Which changed objects are looked at? Of very many the first, and then the answer is not complete."""
        return tuple(sorted(self.plan.changed)[:MOST_OBJECTS])

    @property
    def is_cut(self) -> bool:
        """Were some left out?"""
        return len(self.plan.changed) > MOST_OBJECTS

    @cached_property
    def touches(self) -> tuple[Touch, ...]:
        """What does each changed object touch?"""
        return tuple(touch for key in self.keys for touch in self._touches_of(key))

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Which resources changed themselves, by canonical name? About them everybody is asked."""
        found = {name for key in self.keys for name in self._places_of(key)}
        return tuple(sorted(name for name in found if self.states.is_there(name)))

    @cached_property
    def set_apart(self) -> frozenset[str]:
        """About which resources is nobody asked besides: those that changed, looked at or not?"""
        return frozenset(self.places) | {name for kind, name in self.plan.changed if kind == RESOURCE}

    def _both(self, key: Name) -> tuple[object, object]:
        return find_value(self.states.before.account, *key), find_value(self.states.after.account, *key)

    def _touches_of(self, key: Name) -> Iterator[Touch]:
        kind, name = key
        old, new = self._both(key)
        if kind == "Policy":
            policies = tuple(one for one in (old, new) if isinstance(one, Policy))
            yield self._of_policies(policies)
        elif kind == "Role":
            naming = tuple(self.reaching.policies_naming_role(name))
            if naming:
                yield self._of_policies(naming)
        elif kind == "Group":
            yield Touch(frozenset(self._moved(old, new)))
        elif kind in PRINCIPAL_WORDS:
            yield Touch(frozenset((reference_of(kind, name),)))
        elif kind == "Guardrail":
            yield Touch(None, self._guarded([one for one in (old, new) if isinstance(one, Guardrail)]))
        elif kind == "Project" and _is_disabled(old) != _is_disabled(new):
            yield Touch(None, self._taking_into_projects())
        elif kind == ACCOUNT and isinstance(old, Account) and isinstance(new, Account):
            yield from self._of_account(old, new)
        elif kind == "Service":
            yield Touch(None)

    def _of_account(self, old: Account, new: Account) -> Iterator[Touch]:
        if old.suspended != new.suspended:
            yield Touch(None)
        elif old.owner != new.owner:
            yield Touch(frozenset((old.owner, new.owner)))

    def _of_policies(self, policies: tuple[Policy, ...]) -> Touch:
        subjects = {subject for one in policies for subject in one.subjects}
        doings = frozenset().union(*(self.doings_of(one) for one in policies))
        who = None if subjects & {EVERYONE, MEMBERS} else self._people(subjects)
        return Touch(who, self._with_requiring(doings), policies)

    def _people(self, references: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*(self.reaching.principals_below(one) for one in references))

    def _moved(self, old: object, new: object) -> frozenset[str]:
        """Who is in what comes into the group, goes from it, or has another window there?"""
        was, is_ = (set(one.members) if isinstance(one, Group) else set() for one in (old, new))
        return self._people({one.member for one in was ^ is_})

    def doings_of(self, policy: Policy) -> Doings:
        """Which actions could a policy with these roles, over these services, allow or deny?"""
        return self._reached((policy.roles, policy.scope.service))

    @cached_property
    def _known(self) -> dict[tuple[tuple[str, ...], tuple[str, ...] | None], Doings]:
        return {}

    def _reached(self, named: tuple[tuple[str, ...], tuple[str, ...] | None]) -> Doings:
        found = self._known.get(named)
        if found is None:
            states = (self.states.before, self.states.after)
            found = self._known[named] = frozenset(
                doing for state in states for doing in _reached_in(state, *named)
            )
        return found

    def _with_requiring(self, doings: Doings) -> Doings:
        """These, and whatever requires one of them, and so on. (rule 7.6)"""
        known = self._requiring.get(doings)
        if known is None:
            known = self._requiring[doings] = self._found_requiring(doings)
        return known

    @cached_property
    def _requiring(self) -> dict[Doings, Doings]:
        return {}

    def _found_requiring(self, doings: Doings) -> Doings:
        found, fresh = doings, doings
        while fresh:
            fresh = (
                self._found(
                    lambda service, need, fresh=fresh: any(
                        (service, one) in fresh for one in need.action.requires
                    )  # type: ignore[misc]  # bound now
                )
                - found
            )
            found |= fresh
        return found

    def _found(self, wanted: Callable[[str, Need], bool]) -> Doings:
        return frozenset(
            (service, action)
            for state in (self.states.before, self.states.after)
            for service, needs in state.needs.items()
            for action, need in needs.items()
            if wanted(service, need)
        )

    def _guarded(self, guardrails: list[Guardrail]) -> Doings:
        blocks = guardrail_blocks([one for one in guardrails if one.node is None])
        return self._with_requiring(
            self._found(lambda service, need: any(guardrail_reaches(one, need, service) for one in blocks))
        )

    def _taking_into_projects(self) -> Doings:
        return self._with_requiring(self._found(lambda _, need: need.action.takes_into_project))

    def _places_of(self, key: Name) -> Iterator[str]:
        kind, name = key
        old, new = self._both(key)
        if kind == RESOURCE:
            yield name
            if _project(old) != _project(new) or (old is None) != (new is None):
                yield self._own("resource", name)
        elif kind in PRINCIPAL_WORDS and _owner(old) != _owner(new):
            yield self._own(*reference_of(kind, name).split(":", 1))
        elif kind == "Project" and (old is None) != (new is None):
            yield from self._project_rows(name)

    def _own(self, kind: str, ident: str) -> str:
        account = self.states.before.account.name
        return format_resource_name(ResourceName(account, IAM, "", "", ((kind, ident),)))

    def _project_rows(self, project: str) -> Iterator[str]:
        account = self.states.before.account.name
        for service, entry in {**self.states.before.services, **self.states.after.services}.items():
            for kind, found in entry.resource_types.items():
                if found.stands_for_project:
                    yield format_resource_name(ResourceName(account, service, "", "", ((kind, project),)))


def _reached_in(
    state: CompiledAccount, roles: tuple[str, ...], services: tuple[str, ...] | None
) -> Iterator[Doing]:
    """Which actions have a right in one of these roles, meant for one of these services? (rules 3.8, 3.9)"""
    for service, needs in state.needs.items():
        for action, need in needs.items():
            for meaning in need.meanings:
                if meaning == IAM if services is None else meaning not in services:
                    continue
                reaches = (
                    state.roles.reach(name, meaning, need.action_service, need.action) for name in roles
                )
                if any(one.allows or one.denies for one in reaches):
                    yield service, action
                    break


def _is_disabled(value: object) -> bool:
    return isinstance(value, Project) and value.disabled


def _project(value: object) -> str | None:
    return value.project if isinstance(value, Resource) else None


def _owner(value: object) -> str | None:
    """Whose is the object itself? A user without another owner is its own. (rule 17.10)"""
    if not isinstance(value, Principal):
        return None
    is_user = value.reference.startswith(f"{PRINCIPAL_TYPES[0]}:")
    return value.owner or (value.reference if is_user else None)
