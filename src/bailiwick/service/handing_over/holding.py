"""What somebody holds in either state, as handovers: the pieces that every kind of change is told by.

Implements docs/spec.md rule 9.3. reaching.py knows who reaches what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bailiwick.model.accounts import Account, Principal
from bailiwick.model.patterns import overlaps
from bailiwick.model.policies import ALWAYS, Guardrail, Policy, Window
from bailiwick.model.services import IAM, Role, Service
from bailiwick.service.escaping import escapes
from bailiwick.service.handing_over.handover import Handover
from bailiwick.service.reaching import Reaching, reads


@dataclass(frozen=True)
class Holding:
    """Two states of an account with all services of the state before, the system's included."""

    before: Account
    after: Account
    services: Mapping[str, Service]

    @cached_property
    def reaching(self) -> Reaching:
        """Who reaches what, in either state?"""
        return Reaching(self.before, self.after, self.services)

    def of(self, policy: Policy, because: str, window: Window = ALWAYS) -> Handover:
        """What is handed over of this policy, within this window?"""
        ends = [end for end in (policy.window.expires_at, window.expires_at) if end is not None]
        return Handover(policy.scope, policy.roles, min(ends, default=None), because)

    def reading(self, key: str, members: set[str], because: str) -> Iterator[Handover]:
        """What could depend on this attribute of these principals or of anyone in these groups?"""
        people = set().union(*(self.reaching.principals_below(member) for member in members))
        subjects = set().union(*(self.reaching.subjects_of(person) for person in people))
        for policy in self.reaching.policies_of(subjects):
            if self.reaching.policy_reads(policy, key):
                yield self.of(policy, f"{because} is read by policy `{policy.name}`")
        for profile in sorted(set(self.reaching.profiles_reading(key, subjects))):
            yield from self.all_of_profile(profile, f"trusts by {because}")
        for guardrail in self.reaching.guardrails:
            if reads(guardrail.when, key):
                yield self.unguarded(guardrail, f"{because} is read by guardrail `{guardrail.name}`")

    def reading_groups(self, because: str) -> Iterator[Handover]:
        """What could depend on the groups of anybody at all?"""
        key = "principal.groups"
        for policy in self.reaching.policies:
            if self.reaching.policy_reads(policy, key):
                yield self.of(policy, f"{because} is read by policy `{policy.name}`")
        for profile in sorted(set(self.reaching.profiles_reading(key, None))):
            yield from self.all_of_profile(profile, f"trusts by {because}")
        for guardrail in self.reaching.guardrails:
            if reads(guardrail.when, key):
                yield self.unguarded(guardrail, f"{because} is read by guardrail `{guardrail.name}`")

    def all_of_profile(self, reference: str, what: str) -> Iterator[Handover]:
        """Everything that the profile holds, in either state."""
        for account in (self.before, self.after):
            if reference in account.principals:
                yield from self.all_of(reference, account.principals[reference], what)

    def all_of(self, reference: str, new: Principal, what: str) -> Iterator[Handover]:
        """Everything that the principal holds, and everything that would forbid it to others but not to it."""
        if new.disabled:
            return
        who = f"`{reference}` {what} and" if what else f"`{reference}`"
        for policy in self.reaching.policies_for(reference):
            if policy.effect == "allow":
                yield self.of(policy, f"{who} holds policy `{policy.name}`")
        groups = tuple(sorted(self.reaching.groups_above(reference) - {reference}))
        for policy in self.reaching.policies_of(self.reaching.subjects_of(reference)):
            if self.reaching.denies(policy) and self._escapes(policy, new, groups):
                yield self.of(policy, f"{who} is not denied by policy `{policy.name}`")
        for guardrail in self.reaching.guardrails:
            if escapes(guardrail.when, new, groups):
                yield self.unguarded(guardrail, f"{who} escapes guardrail `{guardrail.name}`")

    def _escapes(self, policy: Policy, principal: Principal, groups: tuple[str, ...]) -> bool:
        """Is there a deny in this policy that looks at who asks, and may not hold for this principal?"""
        looks = any(
            right.effect == "deny" and self.reaching.right_reads(right, "principal.")
            for role in self.reaching.roles_of(policy)
            for right in role.rights
        )
        return looks or escapes(policy.when, principal, groups)

    def unguarded(self, guardrail: Guardrail, because: str) -> Handover:
        """Every role that has an action which the guardrail forbids (rule 7.7), over its scope."""
        names = guardrail.scope.service
        spanning = any(pattern.startswith(f"{IAM}.") for pattern in guardrail.actions)
        roles = [
            role.reference
            for service in {**self.after.services, **self.services}.values()
            if (service.name != IAM if names is None else service.name in names)
            or (spanning and service.name == IAM)
            for role in (*service.roles.values(), *self._custom_roles(service.name))
            if self._has_any(role, guardrail.actions)
        ]
        is_own = guardrail.name not in self.before.guardrails_above
        return Handover(guardrail.scope, tuple(dict.fromkeys(roles)), None, because, unguards=is_own)

    def _custom_roles(self, service: str) -> Iterator[Role]:
        for account in (self.before, self.after):
            yield from (role for role in account.roles.values() if role.service == service)

    def _has_any(self, role: Role, patterns: tuple[str, ...]) -> bool:
        """Could the role give an action of these patterns, its own service's or another's?"""
        return any(
            right.effect == "allow" and any(overlaps(p, q) for p in patterns for q in right.actions)
            for right in role.rights
        )
