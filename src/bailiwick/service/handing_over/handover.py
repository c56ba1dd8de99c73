"""One thing that a change hands over, and what is asked of roles and services to tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bailiwick.model.patterns import matches
from bailiwick.model.policies import Scope
from bailiwick.model.services import IAM, Right, Role, Service

ADMINISTRATOR = f"{IAM}/Administrator"
# A role name that no role can have: whoever may assign it may assign any role of the service.
ANY_ROLE = "\x00"


@dataclass(frozen=True, slots=True)
class Handover:
    """Which roles over which scope could somebody newly use? `until`: the end of it; None: none.

    `because` says it in words. `adds`: what a role gains, which must be assignable besides the role itself.
    `owner_only`: nobody but the account's owner may. `unguards`: a guardrail of the account falls, which the owner
    may do although it binds the owner too. `consented`: the provisioner to whom whoever marked the object handed this
    over already (rule 33.5).
    """

    scope: Scope
    roles: tuple[str, ...]
    until: float | None
    because: str
    publishes: bool = False
    owner_only: bool = False
    unguards: bool = False
    adds: tuple[Right, ...] = ()
    consented: str | None = None


def all_of_everybody(because: str, *, unguards: bool = False) -> Iterator[Handover]:
    """All that anybody in the account could hold."""
    yield Handover(Scope(), ("Administrator",), None, because, unguards=unguards)
    yield Handover(Scope(service=(IAM,)), (ADMINISTRATOR,), None, because, unguards=unguards)


def for_owner(because: str) -> Handover:
    """Something that the owner alone may hand over."""
    return Handover(Scope(), (), None, because, owner_only=True)


def allows(rights: Iterable[Right]) -> tuple[Right, ...]:
    """Which of these rights allow?"""
    return tuple(right for right in rights if right.effect == "allow")


def names_role(right: Right, role: Role) -> bool:
    """Does the right let its holder assign this role, but not every role of the service?"""
    if right.effect != "allow" or right.roles is None:
        return False
    everything = any(matches(pattern, f"{role.service}/{ANY_ROLE}") for pattern in right.roles)
    return not everything and any(matches(pattern, role.reference) for pattern in right.roles)


def gained_actions(adds: Iterable[Right], service: Service) -> frozenset[str]:
    """Which actions of its own service does a role gain by these rights?"""
    patterns = [pattern for right in adds if right.service == service.name for pattern in right.actions]
    return frozenset(a for a in service.actions if any(matches(p, a) for p in patterns))


def held_ids(role: Role, service: Service) -> frozenset[str]:
    """Which of the service's actions does the role hold in any way?"""
    patterns = [p for right in allows(role.rights) if right.service == service.name for p in right.actions]
    return frozenset(a for a in service.actions if any(matches(p, a) for p in patterns))


def guarded_actions(service: Service) -> frozenset[str]:
    """Which actions do only roles hold that are assigned by name alone? (rule 3.11)"""
    explicit = [held_ids(role, service) for role in service.roles.values() if role.explicit]
    others = [held_ids(role, service) for role in service.roles.values() if not role.explicit]
    return frozenset().union(*explicit) - frozenset().union(*others)
