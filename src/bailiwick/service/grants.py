"""What a change hands over: every way in which it could turn a denial into an allow.

Implements docs/spec.md rule 9.3. Pure: two states and the names that differ in, handovers out.
It may name too much, never too little; authorize.py asks for authority over each. reaching.py knows who reaches what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from bailiwick.engine.resources import INSTANCE_TYPE
from bailiwick.model.accounts import Account, Group, Principal, Resource
from bailiwick.model.applications import Application, is_trusted_more
from bailiwick.model.conditions import Condition
from bailiwick.model.federation import (
    FederationRule,
    IdentityProvider,
    find_loosened_provider,
    is_rule_narrowed,
)
from bailiwick.model.names import EVERYONE, ResourceName, parse_resource_name
from bailiwick.model.patterns import matches, overlaps
from bailiwick.model.policies import ALWAYS, Guardrail, Policy, Scope, Window
from bailiwick.model.security import DEFAULT_SECURITY, SecuritySettings, find_loosened
from bailiwick.model.services import IAM, Right, Role, Service
from bailiwick.model.templates import TemplateAcceptance
from bailiwick.service.compared import covers, is_narrowed, is_widened
from bailiwick.service.escaping import escapes
from bailiwick.service.kinds import (
    ACCOUNT,
    FEDERATION_RULE,
    IDENTITY_PROVIDER,
    PRINCIPAL_WORDS,
    SECURITY,
    find_value,
    reference_of,
)
from bailiwick.service.reaching import Reaching, reads
from bailiwick.service.scim.consent import consented_to, is_paused, provisioner_of

Changed = Iterable[tuple[str, str]]
ADMINISTRATOR = f"{IAM}/Administrator"
# A role name that no role can have: whoever may assign it may assign any role of the service.
ANY_ROLE = "\x00"
# What people and programs come in by.
_WAYS_IN = (SECURITY, IDENTITY_PROVIDER, FEDERATION_RULE, "Application")
_STORED = ("project", "owner", "groups", "budget", "tags", "properties")


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


@dataclass(frozen=True)
class Differ:
    """Two states of an account with all services of the state before, the system's included."""

    before: Account
    after: Account
    services: Mapping[str, Service]

    @cached_property
    def reaching(self) -> Reaching:
        """Who reaches what, in either state?"""
        return Reaching(self.before, self.after, self.services)

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
                pending += [self._all_of(name, Principal(name), because) for name in sorted(services)]

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
                yield from self._resource(name, old, new)
            elif word == "Service":
                yield from self._service(name, old, new)
            elif word in _WAYS_IN:
                yield from self._way_in(word, old, new)
            elif isinstance(new, TemplateAcceptance) and new.follows and not _follows_already(old, new):
                yield _for_owner(f"template `{name}` would hand over what nobody has seen yet")

    def held_by(self, reference: str) -> Iterator[Handover]:
        """What would whoever acts as this principal be able to use? (a credential issued to it hands that over)"""
        return self._with_services(self._directly_held_by(reference))

    def _directly_held_by(self, reference: str) -> Iterator[Handover]:
        if reference == self.before.owner:
            yield _for_owner(f"`{reference}` owns the account")
        principal = self.before.principals.get(reference)
        if principal is not None:
            yield from self._all_of(reference, principal, "")

    def _account(self, old: Account, new: Account) -> Iterator[Handover]:
        if old.owner != new.owner or old.suspended != new.suspended:
            yield _for_owner("the account's owner or state changes")
        if old.enterprise != new.enterprise:
            yield _for_owner("the enterprise that the account may join changes")
        if new.shares_reports and not old.shares_reports:
            yield _for_owner("the enterprise is told what a guardrail would stop in the account")

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
            gains = lost if policy.effect == "deny" else (*lost_denies, *_allows(added))
            if gains or self._uncovers(name, old, new):
                yield Handover(
                    policy.scope,
                    (name,),
                    policy.window.expires_at,
                    f"role `{name}` of policy `{policy.name}` changes",
                    adds=gains,
                )
        if new is not None and _allows(added):
            yield from self._assignable(new, _allows(added))

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
                _names_role(right, role) for held in self.reaching.roles_of(policy) for right in held.rights
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
                        handover = self._of(policy, f"`{member}` joins `group:{name}`", window)
                        yield replace(handover, consented=consented)
        if new is not None and new.provisioned_by is not None and provisioner_of(old) != new.provisioned_by:
            for policy in self.reaching.policies_of(self.reaching.with_profiles(above)):
                yield self._of(policy, f"`{new.provisioned_by}` decides who is in `group:{name}`")
        if removed:
            for policy in self.reaching.policies_of(above):
                if self.reaching.denies(policy):
                    yield self._of(policy, f"`group:{name}` loses a member and policy `{policy.name}` denies")
        moved = {m.member for m in added | removed}
        if moved:
            yield from self._reading("principal.groups", moved, f"membership of `group:{name}`")

    def _of(self, policy: Policy, because: str, window: Window = ALWAYS) -> Handover:
        ends = [end for end in (policy.window.expires_at, window.expires_at) if end is not None]
        return Handover(policy.scope, policy.roles, min(ends, default=None), because)

    def _reading(self, key: str, members: set[str], because: str) -> Iterator[Handover]:
        """What could depend on this attribute of these principals or of anyone in these groups?"""
        people = set().union(*(self.reaching.principals_below(member) for member in members))
        subjects = set().union(*(self.reaching.subjects_of(person) for person in people))
        for policy in self.reaching.policies_of(subjects):
            if self.reaching.policy_reads(policy, key):
                yield self._of(policy, f"{because} is read by policy `{policy.name}`")
        for profile in sorted(set(self.reaching.profiles_reading(key, subjects))):
            yield from self._all_of_profile(profile, f"trusts by {because}")
        for guardrail in self.reaching.guardrails:
            if reads(guardrail.when, key):
                yield self._unguarded(guardrail, f"{because} is read by guardrail `{guardrail.name}`")

    def _principal(self, reference: str, old: Principal | None, new: Principal | None) -> Iterator[Handover]:
        if new is None:
            return
        if old is None or (old.disabled and not new.disabled):
            consented = old.provisioned_by if old is not None and is_paused(old) else None
            for handover in self._all_of(reference, new, "is created" if old is None else "is enabled"):
                yield replace(handover, consented=consented if new.provisioned_by == consented else None)
        if old is None:
            return
        is_marked = new.provisioned_by is not None and new.provisioned_by != old.provisioned_by
        if is_marked or (old.disabled and is_paused(new) and not is_paused(old)):
            enabled = replace(new, disabled=False)
            yield from self._all_of(reference, enabled, f"is left to `{new.provisioned_by}`")
        if (new.may_use_keys and not old.may_use_keys) or (new.may_visit and not old.may_visit):
            yield from self._all_of(reference, new, "may come in by another way")
        if set(new.trust) - set(old.trust) or (old.trust_when != new.trust_when and new.trust):
            yield from self._all_of(reference, new, "is trusted to more")
        if old.budgets != new.budgets:
            yield from self._reading("principal.budgets", {reference}, f"budgets of `{reference}`")
        for name in sorted({*old.properties, *new.properties}):
            if old.properties.get(name) != new.properties.get(name):
                yield from self._reading(
                    f"principal.properties.{name}", {reference}, f"property `{name}` of `{reference}`"
                )
        if old.owner != new.owner:
            yield Handover(
                Scope(service=(IAM,)), (ADMINISTRATOR,), None, f"the owner of `{reference}` changes"
            )

    def _all_of_profile(self, reference: str, what: str) -> Iterator[Handover]:
        for account in (self.before, self.after):
            if reference in account.principals:
                yield from self._all_of(reference, account.principals[reference], what)

    def _all_of(self, reference: str, new: Principal, what: str) -> Iterator[Handover]:
        """Everything that the principal holds, and everything that would forbid it to others but not to it."""
        if new.disabled:
            return
        who = f"`{reference}` {what} and" if what else f"`{reference}`"
        for policy in self.reaching.policies_for(reference):
            if policy.effect == "allow":
                yield self._of(policy, f"{who} holds policy `{policy.name}`")
        groups = tuple(sorted(self.reaching.groups_above(reference) - {reference}))
        for policy in self.reaching.policies_of(self.reaching.subjects_of(reference)):
            if self.reaching.denies(policy) and self._escapes(policy, new, groups):
                yield self._of(policy, f"{who} is not denied by policy `{policy.name}`")
        for guardrail in self.reaching.guardrails:
            if escapes(guardrail.when, new, groups):
                yield self._unguarded(guardrail, f"{who} escapes guardrail `{guardrail.name}`")

    def _escapes(self, policy: Policy, principal: Principal, groups: tuple[str, ...]) -> bool:
        """Is there a deny in this policy that looks at who asks, and may not hold for this principal?"""
        looks = any(
            right.effect == "deny" and self.reaching.right_reads(right, "principal.")
            for role in self.reaching.roles_of(policy)
            for right in role.rights
        )
        return looks or escapes(policy.when, principal, groups)

    def _guardrail(self, old: Guardrail | None, new: Guardrail | None) -> Iterator[Handover]:
        # WHY without a node: what guards other accounts hands over nothing here (needed_in_tree.py).
        if (
            old is not None
            and old.enabled
            and old.node is None
            and not (new is not None and replace(new, description=old.description) == old)
        ):
            yield self._unguarded(old, f"guardrail `{old.name}` is removed or changed")

    def _way_in(self, word: str, old: Any, new: Any) -> Iterator[Handover]:
        if word == SECURITY:
            return self._security(old, new)
        if word == "Application":
            return self._application(old, new)
        return self._provider(old, new) if word == IDENTITY_PROVIDER else self._rule(old, new)

    def _security(self, old: SecuritySettings | None, new: SecuritySettings | None) -> Iterator[Handover]:
        """A way in that is guarded less: somebody who should not could come to hold all that anybody holds."""
        loosened = list(find_loosened(old or DEFAULT_SECURITY, new or DEFAULT_SECURITY))
        if loosened:
            yield from _all_of_everybody(f"security setting `{loosened[0]}` is loosened", unguards=True)

    def _application(self, old: Application | None, new: Application | None) -> Iterator[Handover]:
        """As whom can whoever runs it newly act: as a service ID, or unasked as whoever signs in there? (28.3)"""
        if new is None:
            return
        acts_as = new.acting_as
        principal = None if acts_as is None else self.after.principals.get(acts_as)
        if principal is not None and (old is None or old.acting_as != acts_as):
            yield from self._all_of(
                principal.reference, principal, f"is acted as by application `{new.name}`"
            )
        if is_trusted_more(old, new):
            yield from _all_of_everybody(f"application `{new.name}` is trusted by all who sign in to it")

    def _provider(self, old: IdentityProvider | None, new: IdentityProvider | None) -> Iterator[Handover]:
        """A provider that is believed says who people are: of anybody who is linked to it, or comes anew."""
        loosened = list(find_loosened_provider(old, new))
        if loosened and new is not None:
            what = "is believed" if loosened[0] == "disabled" else f"is believed more by its `{loosened[0]}`"
            yield from _all_of_everybody(f"identity provider `{new.name}` {what}", unguards=True)

    def _rule(self, old: FederationRule | None, new: FederationRule | None) -> Iterator[Handover]:
        """Whom it brings into its groups nobody knows yet: what the groups hold is handed over without end.

        What a group is granted later, whoever grants it hands over, as to any member who may come. (rule 32.4)
        """
        if new is not None and not is_rule_narrowed(old, new):
            yield from self._brought(new, "brings people into")
        if old is not None and not old.disabled and not is_rule_narrowed(new, old):
            for group in old.groups:
                for policy in self.reaching.policies_of(self.reaching.groups_above(group)):
                    if self.reaching.denies(policy):
                        because = f"rule `{old.name}` no longer brings people into `{group}`"
                        yield self._of(policy, f"{because}, and policy `{policy.name}` denies")
            yield from self._reading_groups(f"rule `{old.name}`")

    def _brought(self, rule: FederationRule, what: str) -> Iterator[Handover]:
        for group in rule.groups:
            above = self.reaching.with_profiles(self.reaching.groups_above(group))
            for policy in self.reaching.policies_of(above):
                if policy.effect == "allow":
                    yield self._of(policy, f"rule `{rule.name}` {what} `{group}`")
        yield from self._reading_groups(f"rule `{rule.name}`")

    def _reading_groups(self, because: str) -> Iterator[Handover]:
        """What could depend on the groups of anybody at all?"""
        key = "principal.groups"
        for policy in self.reaching.policies:
            if self.reaching.policy_reads(policy, key):
                yield self._of(policy, f"{because} is read by policy `{policy.name}`")
        for profile in sorted(set(self.reaching.profiles_reading(key, None))):
            yield from self._all_of_profile(profile, f"trusts by {because}")
        for guardrail in self.reaching.guardrails:
            if reads(guardrail.when, key):
                yield self._unguarded(guardrail, f"{because} is read by guardrail `{guardrail.name}`")

    def _unguarded(self, guardrail: Guardrail, because: str) -> Handover:
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

    def _resource(self, name: str, old: Resource | None, new: Resource | None) -> Iterator[Handover]:
        """A resource that is registered, changed or forgotten; what lies below it takes its attributes."""
        if old is not None and new is not None and _is_same_to_decisions(old, new):
            return
        parsed = parse_resource_name(name)
        here = self._scope_of(parsed)
        projects = {value.project for value in (old, new) if value is not None and value.project is not None}
        scopes = [replace(here, project=(project,)) for project in sorted(projects)] or [here]
        because = f"attributes of `{name}` change"
        moved = (
            new if old is not None and new is not None and replace(old, project=new.project) == new else None
        )
        # WHY: of what is not registered the asker says the project, so all projects are handed over.
        policies = self.reaching.policies_reading_resource(
            projects if new is not None else None, is_fresh=old is None
        )
        scopes = scopes if new is not None else [here]
        for policy in policies:
            if policy.scope.service is not None and parsed.service not in policy.scope.service:
                continue
            if moved is not None and self._is_left_behind(policy, moved.project):
                continue
            words = because if moved is None else _moving_words(policy, moved)
            for scope in scopes:
                yield Handover(scope, policy.roles, policy.window.expires_at, words)
        for profile in sorted(set(self.reaching.profiles_reading("resource.", None))):
            if parsed.service == IAM:
                yield from self._all_of_profile(profile, f"trusts by {because}")
        for guardrail in self.reaching.guardrails:
            services = guardrail.scope.service
            concerns = parsed.service != IAM if services is None else parsed.service in services
            if concerns and (guardrail.scope.project is not None or _reads_stored(guardrail.when)):
                # WHY not its own scope: it falls here alone, and whoever could remove it here may.
                yield from (self._unguarded(replace(guardrail, scope=scope), because) for scope in scopes)

    def _is_left_behind(self, policy: Policy, project: str | None) -> bool:
        """Does the policy allow and cannot hold in this project? Then moving there takes away and gives nothing."""
        named = policy.scope.project
        if named is None or self.reaching.denies(policy):
            return False
        return project is None or not any(overlaps(one, project) for one in named)

    def _scope_of(self, name: ResourceName) -> Scope:
        """Which scope holds the resource and all that takes attributes from it? (rule 2.5)"""
        whole = Scope(
            service=(name.service,),
            region=(name.region,) if name.region else None,
            instance=(name.instance,) if name.instance else None,
        )
        service = self.services.get(name.service) or self.after.services.get(name.service)
        if name.type == INSTANCE_TYPE and service is not None and service.instances:
            return replace(whole, instance=(name.id,))
        return replace(whole, type=(name.type,), id=(name.id,))

    def _service(self, name: str, old: Service | None, new: Service | None) -> Iterator[Handover]:
        if new is None:
            return
        for policy in self.reaching.policies:
            if policy.scope.service is None or name in policy.scope.service:
                yield Handover(
                    policy.scope, policy.roles, policy.window.expires_at, f"service `{name}` changes"
                )
        if old is not None:
            opened = guarded_actions(old) - guarded_actions(new)
            for role in old.roles.values():
                if role.explicit and opened & held_ids(role, old):
                    because = f"role `{role.reference}` is no longer the only way to `{min(opened)}`"
                    yield Handover(Scope(service=(name,)), (role.reference,), None, because)
            if _is_reshaped(old, new):
                yield from self._missed(name)

    def _missed(self, name: str) -> Iterator[Handover]:
        """Which guardrails may no longer find the resources of this service, whose shape changes?"""
        for guardrail in self.reaching.guardrails:
            names = guardrail.scope.service
            if name in (names if names is not None else (name,)):
                here = replace(guardrail, scope=replace(guardrail.scope, service=(name,)))
                yield self._unguarded(here, f"guardrail `{guardrail.name}` may miss service `{name}`")


def _all_of_everybody(because: str, *, unguards: bool = False) -> Iterator[Handover]:
    """All that anybody in the account could hold."""
    yield Handover(Scope(), ("Administrator",), None, because, unguards=unguards)
    yield Handover(Scope(service=(IAM,)), (ADMINISTRATOR,), None, because, unguards=unguards)


def _is_reshaped(old: Service, new: Service) -> bool:
    """Could a scope or condition no longer find what it finds of the service? (rules 2.1 to 2.6, 3.1 to 3.3)"""
    types = any(new.resource_types.get(name) != one for name, one in old.resource_types.items())
    asked = any(
        (one.resource_type, one.decided_on) != (later.resource_type, later.decided_on)
        for name, one in old.actions.items()
        if (later := new.actions.get(name)) is not None
    )
    return types or asked or (old.regional, old.instances) != (new.regional, new.instances)


def _is_same_to_decisions(old: Resource, new: Resource) -> bool:
    """Does nothing differ that a decision reads?"""
    return replace(old, description=new.description, attached_to=new.attached_to) == new


def _moving_words(policy: Policy, moved: Resource) -> str:
    where = f"in project `{moved.project}`" if moved.project is not None else "outside of projects"
    return f"policy `{policy.name}` may newly grant its roles on `{moved.name}` {where}"


def _follows_already(old: TemplateAcceptance | None, new: TemplateAcceptance) -> bool:
    """Did the owner let this template of this enterprise follow before? Another's of the same name is another."""
    return old is not None and old.follows and old.enterprise == new.enterprise


def _for_owner(because: str) -> Handover:
    return Handover(Scope(), (), None, because, owner_only=True)


def _reads_stored(condition: Condition | None) -> bool:
    """Does the condition read anything of a resource that is stored of it? What its name says, no change alters."""
    return any(reads(condition, f"resource.{attribute}") for attribute in _STORED)


def _may_mean(scope: Scope, services: set[str]) -> bool:
    """Could a policy of this scope mean a role of one of these services? (rules 3.8, 3.9)"""
    return scope.service is None or IAM in services or not services.isdisjoint(scope.service)


def _allows(rights: Iterable[Right]) -> tuple[Right, ...]:
    return tuple(right for right in rights if right.effect == "allow")


def _names_role(right: Right, role: Role) -> bool:
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
    patterns = [p for right in _allows(role.rights) if right.service == service.name for p in right.actions]
    return frozenset(a for a in service.actions if any(matches(p, a) for p in patterns))


def guarded_actions(service: Service) -> frozenset[str]:
    """Which actions do only roles hold that are assigned by name alone? (rule 3.11)"""
    explicit = [held_ids(role, service) for role in service.roles.values() if role.explicit]
    others = [held_ids(role, service) for role in service.roles.values() if not role.explicit]
    return frozenset().union(*explicit) - frozenset().union(*others)
