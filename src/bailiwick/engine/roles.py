"""Roles as bits: which roles reach which action, at once or subject to a test.

Implements docs/spec.md rules 3.5 to 3.12. Pure.
A *slot* is one role name as policies of one scope write it: a number within the service that the scope names
(or within `None` for scopes without a service). A policy's roles are then one bit mask; needs.py says which bits
reach an action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from bailiwick.engine.conditions import Answer, Test, compile_condition
from bailiwick.engine.facts import Facts
from bailiwick.model.conditions import Condition
from bailiwick.model.patterns import is_pattern, matches
from bailiwick.model.services import IAM, Action, Right, Role, Service

ASSIGN = "iam.role.assign"
Space = str | None
Name = TypeVar("Name", str, Space)


@dataclass(frozen=True, slots=True)
class RightTest:
    """What must hold besides scope and policy for this right to apply?

    `narrow_ok` False: not under a policy that constrains project, type, id or within (rule 7.5).
    `roles`: patterns for `action.properties.role` (rule 3.10). `condition` is what `when` was compiled from,
    `qualified` what `qualifier` was.
    """

    qualifier: Test | None
    when: Test | None
    narrow_ok: bool
    roles: tuple[str, ...] | None
    explicit: frozenset[str]
    condition: Condition | None
    qualified: Condition | None = None

    @property
    def plain(self) -> bool:
        """Does the right apply whenever its policy does?"""
        return self.qualifier is None and self.when is None and self.narrow_ok and self.roles is None

    def answer(self, facts: Facts, *, narrow: bool) -> Answer:
        """Does the right apply to this request?"""
        if narrow and not self.narrow_ok:
            return False
        result = self.roles_answer(facts)
        for test in (self.qualifier, self.when):
            if test is None:
                continue
            one = test(facts)
            if one is False:
                return False
            if one is None:
                result = None if result is not False else False
        return result

    def roles_answer(self, facts: Facts) -> Answer:
        """Does the right name the role that is to be assigned? (rule 3.10)"""
        if self.roles is None:
            return True
        asked = facts.action_properties.get("role")
        if not isinstance(asked, str):
            return None
        return assigns(self.roles, asked, self.explicit)


def assigns(patterns: tuple[str, ...], role: str, explicit: frozenset[str]) -> bool:
    """Do these patterns name this role? One that is granted explicitly only by its own name (rule 3.10)."""
    if role in explicit:
        return role in patterns
    return any(matches(pattern, role) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Reach:
    """By which rights does one role reach one action?"""

    allows: tuple[RightTest, ...] = ()
    denies: tuple[RightTest, ...] = ()

    @property
    def plain(self) -> bool:
        """Is one allow right enough by itself?"""
        return any(test.plain for test in self.allows)


NO_REACH = Reach()


class RoleIndex:
    """Which roles reach which actions? One for a catalog and an account's custom roles.

    `explicit` holds the full names of roles that only their own name assigns; `guards` are further such.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        custom: Mapping[str, Role],
        guards: frozenset[str] = frozenset(),
    ) -> None:
        self.services = services
        self.custom = custom
        self.explicit = find_explicit(services, custom) | guards
        self._reach: dict[tuple[str, str, str, str], Reach] = {}
        self._other_rights: dict[str, list[tuple[str, Right]]] = {}
        for name, service in services.items():
            for right in (right for role in service.roles.values() for right in role.rights):
                if right.service != name:
                    self._other_rights.setdefault(right.service, []).append((name, right))
        self._spanning = (
            {a.id: a for a in services[IAM].actions.values() if a.spans_services} if IAM in services else {}
        )

    def find_action(self, service: str, action: str) -> tuple[str, Action] | None:
        """Which action is this, asked over a resource of this service? (rules 3.4, 7.2 a)"""
        own = self.services[service].actions.get(action)
        if own is not None:
            return service, own
        spanning = self._spanning.get(action)
        return None if spanning is None else (IAM, spanning)

    def actions_over(self, service: str) -> dict[str, Action]:
        """Which actions may be asked over resources of this service, by id? Those that span services, then its own."""
        return {**self._spanning, **self.services[service].actions}

    def find_role(self, name: str, service: str) -> Role | None:
        """Which role does this name, as a policy writes it, mean for a resource of this service? (rule 3.8)"""
        if "/" in name:
            head, _, name = name.partition("/")
            return self._role_of(head, name)
        return self._role_of(service, name)

    def _role_of(self, service: str, name: str) -> Role | None:
        custom = self.custom.get(name)
        if custom is not None and custom.service == service:
            return custom
        entry = self.services.get(service)
        return None if entry is None else entry.roles.get(name)

    def reach(self, name: str, service: str, action_service: str, action: Action) -> Reach:
        """By which rights does the role of this name reach the action over resources of `service`?

        `service` is the resource's, or for an other right that does not span (rule 3.9) the role's own.
        """
        key = (name, service, action_service, action.id)
        found = self._reach.get(key)
        if found is None:
            role = self.find_role(name, service)
            found = NO_REACH if role is None else self._reach_of(role, service, action_service, action)
            self._reach[key] = found
        return found

    def _reach_of(self, role: Role, service: str, action_service: str, action: Action) -> Reach:
        if role.service != service and not (role.service == IAM and action.spans_services):
            return NO_REACH
        allows: list[RightTest] = []
        denies: list[RightTest] = []
        for right in role.rights:
            if right.service != action_service or not any(matches(p, action.id) for p in right.actions):
                continue
            (allows if right.effect == "allow" else denies).append(self._compile(right, action))
        return Reach(tuple(allows), tuple(denies)) if allows or denies else NO_REACH

    def _compile(self, right: Right, action: Action) -> RightTest:
        qualified = right.qualifier is not None and not action.ignores_qualifiers
        qualifier = self.services[right.service].qualifiers[str(right.qualifier)].when if qualified else None
        return RightTest(
            qualifier=None if qualifier is None else compile_condition(qualifier),
            when=None if right.when is None else compile_condition(right.when),
            narrow_ok=right.level != "account",
            roles=right.roles if action.id == ASSIGN else None,
            explicit=self.explicit,
            condition=right.when,
            qualified=qualifier,
        )

    def other_services(self, action_service: str, action: Action) -> tuple[str, ...]:
        """Which other services' roles may reach this action by an other right that does not span?"""
        if action.spans_services:
            return ()
        found = (
            service
            for service, right in self._other_rights.get(action_service, ())
            if any(matches(pattern, action.id) for pattern in right.actions)
        )
        return tuple(dict.fromkeys(found))

    def is_implied(self, action_service: str, action: Action) -> bool:
        """Does the account's owner hold this action without any policy? (rule 7.2 g)"""
        if action_service == IAM:
            return True
        return any(
            not role.explicit and any(self._holds(right, action_service, action) for right in role.rights)
            for role in self.services[action_service].roles.values()
        )

    @staticmethod
    def _holds(right: Right, service: str, action: Action) -> bool:
        return (
            right.effect == "allow"
            and right.service == service
            and any(matches(p, action.id) for p in right.actions)
        )


def find_explicit(services: Mapping[str, Service], custom: Mapping[str, Role]) -> frozenset[str]:
    """Which roles, by full name, are assigned only by that name? (rules 3.10, 3.11)"""
    marked = {
        role.reference for service in services.values() for role in service.roles.values() if role.explicit
    }
    for role in custom.values():
        service = services.get(role.service)
        if role.explicit or (service is not None and _holds_guarded_action(role, service)):
            marked.add(role.reference)
    return frozenset(marked)


def _holds_guarded_action(role: Role, service: Service) -> bool:
    held = _action_ids(role.rights, service)
    open_actions: set[str] = set()
    guarded: set[str] = set()
    for other in service.roles.values():
        (guarded if other.explicit else open_actions).update(_action_ids(other.rights, service))
    return bool(held & (guarded - open_actions))


def _action_ids(rights: Iterable[Right], service: Service) -> set[str]:
    ids: set[str] = set()
    for right in rights:
        if right.effect != "allow" or right.service != service.name:
            continue
        for pattern in right.actions:
            ids.update(
                [pattern] if not is_pattern(pattern) else [a for a in service.actions if matches(pattern, a)]
            )
    return ids & set(service.actions)


class Slots:
    """Which number has a role name in a space? Grows only, so that snapshots of one account may share it.

    SECURITY: numbers are given under a lock, as several changes may be planned at once, and two names of one number
    would be one role.
    """

    def __init__(self) -> None:
        self._numbers: dict[Space, dict[str, int]] = {}
        self._spaces: dict[Space, int] = {}
        self._giving = Lock()

    def mask(self, space: Space, names: Iterable[str]) -> int:
        """Which bits stand for these role names in this space? New names get new bits."""
        numbers = self._numbers.setdefault(space, {})
        mask = 0
        for name in names:
            mask |= 1 << self._number(numbers, name)
        return mask

    def space_bit(self, space: Space) -> int:
        """Which bit stands for this space itself? A new space gets a new bit."""
        return 1 << self._number(self._spaces, space)

    def _number(self, numbers: dict[Name, int], key: Name) -> int:
        found = numbers.get(key)
        if found is None:
            with self._giving:
                found = numbers.setdefault(key, len(numbers))
        return found

    def names(self, space: Space) -> list[str]:
        """Which names have bits in this space, in the order of their bits?"""
        return list(self._numbers.get(space, ()))

    def size(self) -> int:
        """How many slots are there in all?"""
        # WHY a list: another thread may give the first number in a space meanwhile.
        return sum(map(len, list(self._numbers.values())))
