"""What a change hands over: every way in which it could turn a denial into an allow.

Implements docs/spec.md rule 9.3. Pure: two states and the names that differ in, handovers out.
It may name too much, never too little; authorize.py asks for authority over each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bailiwick.model.accounts import Account, Group, Principal
from bailiwick.model.names import EVERYONE
from bailiwick.model.policies import Guardrail, Policy, Scope
from bailiwick.model.services import IAM, Right, Role
from bailiwick.model.templates import TemplateAcceptance
from bailiwick.service.compared import covers, is_narrowed, is_widened
from bailiwick.service.handing_over.handover import ADMINISTRATOR, Handover, allows, for_owner, names_role
from bailiwick.service.handing_over.holding import Holding
from bailiwick.service.handing_over.resources import resource_handovers
from bailiwick.service.handing_over.services import service_handovers
from bailiwick.service.handing_over.ways_in import WAYS_IN, ways_in
from bailiwick.service.kinds import ACCOUNT, PRINCIPAL_WORDS, find_value, reference_of
from bailiwick.service.scim.consent import consented_to, is_paused, provisioner_of

Changed = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Differ(Holding):
    """Two states of an account: what does going from one to the other hand over?"""

    def handovers(self, changed: Changed) -> Iterator[Handover]:
        """What does the change hand over?"""
        return self._with_services(self._directly(changed))

    def _with_services(self, found: Iterable[Handover]) -> Iterator[Handover]:
        """The same, and what services hold as which somebody may then act, and so on (rule 22.5)."""
        seen: set[str] = set()
        pending = [found]
        while pending:
            for handover in pending.pop(0):
                yield handover
                services = self.reaching.services_acted_as(handover.roles, handover.scope) - seen
                seen |= services
                because = f"may be acted as ({handover.because})"
                pending += [self.all_of(name, Principal(name), because) for name in sorted(services)]

    def _directly(self, changed: Changed) -> Iterator[Handover]:
        for word, name in sorted(changed):
            old, new = find_value(self.before, word, name), find_value(self.after, word, name)
            if word != ACCOUNT and old == new:
                continue
            if word == ACCOUNT:
                yield from self._account(old, new)
            elif word == "Policy":
                yield from self._policy(old, new)
            elif word == "Role":
                yield from self._role(name, old, new)
            elif word == "Group":
                yield from self._group(name, old, new)
            elif word in PRINCIPAL_WORDS:
                yield from self._principal(reference_of(word, name), old, new)
            elif word == "Guardrail":
                yield from self._guardrail(old, new)
            elif word == "Resource":
                yield from resource_handovers(self, name, old, new)
            elif word == "Service":
                yield from service_handovers(self, name, old, new)
            elif word in WAYS_IN:
                yield from ways_in(self, word, old, new)
            elif isinstance(new, TemplateAcceptance) and new.follows and not _follows_already(old, new):
                yield for_owner(f"template `{name}` would hand over what nobody has seen yet")

    def held_by(self, reference: str) -> Iterator[Handover]:
        """What would whoever acts as this principal be able to use? (a credential issued to it hands that over)"""
        return self._with_services(self._directly_held_by(reference))

    def _directly_held_by(self, reference: str) -> Iterator[Handover]:
        if reference == self.before.owner:
            yield for_owner(f"`{reference}` owns the account")
        principal = self.before.principals.get(reference)
        if principal is not None:
            yield from self.all_of(reference, principal, "")

    def _account(self, old: Account, new: Account) -> Iterator[Handover]:
        if old.owner != new.owner or old.suspended != new.suspended:
            yield for_owner("the account's owner or state changes")
        if old.enterprise != new.enterprise:
            yield for_owner("the enterprise that the account may join changes")
        if new.shares_reports and not old.shares_reports:
            yield for_owner("the enterprise is told what a guardrail would stop in the account")

    def _policy(self, old: Policy | None, new: Policy | None) -> Iterator[Handover]:
        if new is not None and new.enabled and new.effect == "allow" and not is_narrowed(old, new):
            yield Handover(
                new.scope,
                new.roles,
                new.window.expires_at,
                f"policy `{new.name}` grants it",
                publishes=EVERYONE in new.subjects,
            )
        if old is not None and old.enabled and self.reaching.denies(old) and not is_widened(old, new):
            yield Handover(old.scope, old.roles, None, f"policy `{old.name}` no longer denies it")

    def _role(self, name: str, old: Role | None, new: Role | None) -> Iterator[Handover]:
        """A role that appears counts too: a policy over many services may have its name already."""
        was, is_ = (() if old is None else old.rights), (() if new is None else new.rights)
        added = tuple(right for right in is_ if right not in was)
        lost = tuple(right for right in was if right not in is_)
        lost_denies = tuple(right for right in lost if right.effect == "deny")
        services = {role.service for role in (old, new) if role is not None}
        for policy in self.reaching.policies_naming_role(name):
            if not _may_mean(policy.scope, services):
                continue
            gains = lost if policy.effect == "deny" else (*lost_denies, *allows(added))
            if gains or self._uncovers(name, old, new):
                yield Handover(
                    policy.scope,
                    (name,),
                    policy.window.expires_at,
                    f"role `{name}` of policy `{policy.name}` changes",
                    adds=gains,
                )
        if new is not None and allows(added):
            yield from self._assignable(new, allows(added))

    def _uncovers(self, name: str, old: Role | None, new: Role | None) -> bool:
        """Does the name mean the catalog's role again, now that no custom role of that service has it?"""
        entry = (
            None
            if old is None or (new is not None and new.service == old.service)
            else self.services.get(old.service)
        )
        return entry is not None and name in entry.roles

    def _assignable(self, role: Role, added: tuple[Right, ...]) -> Iterator[Handover]:
        """Who may assign this very role by name could hand over what it gains, too."""
        for policy in self.reaching.policies:
            if any(
                names_role(right, role) for held in self.reaching.roles_of(policy) for right in held.rights
            ):
                yield Handover(
                    policy.scope,
                    (role.reference,),
                    policy.window.expires_at,
                    f"role `{role.name}`, which policy `{policy.name}` lets others assign, changes",
                    adds=added,
                )

    def _group(self, name: str, old: Group | None, new: Group | None) -> Iterator[Handover]:
        was = set(() if old is None else old.members)
        is_ = set(() if new is None else new.members)
        kept = {m.member: [o.window for o in was if o.member == m.member] for m in is_ - was}
        stay = {m.member: [n.window for n in is_ if n.member == m.member] for m in was - is_}
        added = {m for m in is_ - was if not any(covers(window, m.window) for window in kept[m.member])}
        removed = {m for m in was - is_ if not any(covers(window, m.window) for window in stay[m.member])}
        above = self.reaching.groups_above(f"group:{name}")
        if added:
            consented = consented_to(self.before, self.after, name, added)
            for policy in self.reaching.policies_of(self.reaching.with_profiles(above)):
                if policy.effect == "allow":
                    for window in {member.window for member in added}:
                        member = min(m.member for m in added if m.window == window)
                        handover = self.of(policy, f"`{member}` joins `group:{name}`", window)
                        yield replace(handover, consented=consented)
        if new is not None and new.provisioned_by is not None and provisioner_of(old) != new.provisioned_by:
            for policy in self.reaching.policies_of(self.reaching.with_profiles(above)):
                yield self.of(policy, f"`{new.provisioned_by}` decides who is in `group:{name}`")
        if removed:
            for policy in self.reaching.policies_of(above):
                if self.reaching.denies(policy):
                    yield self.of(policy, f"`group:{name}` loses a member and policy `{policy.name}` denies")
        moved = {m.member for m in added | removed}
        if moved:
            yield from self.reading("principal.groups", moved, f"membership of `group:{name}`")

    def _principal(self, reference: str, old: Principal | None, new: Principal | None) -> Iterator[Handover]:
        if new is None:
            return
        if old is None or (old.disabled and not new.disabled):
            consented = old.provisioned_by if old is not None and is_paused(old) else None
            for handover in self.all_of(reference, new, "is created" if old is None else "is enabled"):
                yield replace(handover, consented=consented if new.provisioned_by == consented else None)
        if old is None:
            return
        is_marked = new.provisioned_by is not None and new.provisioned_by != old.provisioned_by
        if is_marked or (old.disabled and is_paused(new) and not is_paused(old)):
            enabled = replace(new, disabled=False)
            yield from self.all_of(reference, enabled, f"is left to `{new.provisioned_by}`")
        if (new.may_use_keys and not old.may_use_keys) or (new.may_visit and not old.may_visit):
            yield from self.all_of(reference, new, "may come in by another way")
        if set(new.trust) - set(old.trust) or (old.trust_when != new.trust_when and new.trust):
            yield from self.all_of(reference, new, "is trusted to more")
        if old.budgets != new.budgets:
            yield from self.reading("principal.budgets", {reference}, f"budgets of `{reference}`")
        for name in sorted({*old.properties, *new.properties}):
            if old.properties.get(name) != new.properties.get(name):
                yield from self.reading(
                    f"principal.properties.{name}", {reference}, f"property `{name}` of `{reference}`"
                )
        if old.owner != new.owner:
            yield Handover(
                Scope(service=(IAM,)), (ADMINISTRATOR,), None, f"the owner of `{reference}` changes"
            )

    def _guardrail(self, old: Guardrail | None, new: Guardrail | None) -> Iterator[Handover]:
        # WHY without a node: what guards other accounts hands over nothing here (needed_in_tree.py).
        if (
            old is not None
            and old.enabled
            and old.node is None
            and not (new is not None and replace(new, description=old.description) == old)
        ):
            yield self.unguarded(old, f"guardrail `{old.name}` is removed or changed")


def _follows_already(old: TemplateAcceptance | None, new: TemplateAcceptance) -> bool:
    """Did the owner let this template of this enterprise follow before? Another's of the same name is another."""
    return old is not None and old.follows and old.enterprise == new.enterprise


def _may_mean(scope: Scope, services: set[str]) -> bool:
    """Could a policy of this scope mean a role of one of these services? (rules 3.8, 3.9)"""
    return scope.service is None or IAM in services or not services.isdisjoint(scope.service)
