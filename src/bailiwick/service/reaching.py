"""Two states of an account, indexed by who reaches what: policies by subject, groups by member, readers of attributes.

Serves handing_over (docs/spec.md rule 9.3). Pure. Windows are not looked at: a group or policy counts whether it holds
now or not, so what is found may be too much and never too little.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from bailiwick.model.accounts import Account
from bailiwick.model.conditions import Condition, keys_of
from bailiwick.model.names import EVERYONE, MEMBERS
from bailiwick.model.patterns import is_pattern, matches, overlaps
from bailiwick.model.policies import Guardrail, Policy, Scope
from bailiwick.model.services import IAM, Right, Role, Service
from bailiwick.model.trusting import ACT_AS, ASSUME

_PROFILE = "profile:"


class Reaching:
    """Both states together: what is true in either counts. `services` are those of the state before."""

    def __init__(self, before: Account, after: Account, services: Mapping[str, Service]) -> None:
        self.before = before
        self.after = after
        self.services = services
        self._reads: dict[tuple[int, str], bool] = {}
        self._actors: dict[str, tuple[Role, ...]] = {}

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """Which enabled policies are there, before or after, each state of each once?"""
        found = []
        for name, policy in self.before.policies.items():
            if policy.enabled:
                found.append(policy)
            later = self.after.policies.get(name)
            if later is not None and later is not policy and later != policy and later.enabled:
                found.append(later)
        new = (p for n, p in self.after.policies.items() if n not in self.before.policies and p.enabled)
        return (*found, *new)

    @cached_property
    def guardrails(self) -> tuple[Guardrail, ...]:
        """Which enabled guardrails bind the account, before or after, its own and those from above?"""
        old = self.before.guardrails
        changed = (g for name, g in self.after.guardrails.items() if g != old.get(name))
        own = (g for g in (*old.values(), *changed) if g.node is None)
        return tuple(g for g in (*own, *self.before.guardrails_above.values()) if g.enabled)

    @cached_property
    def _of_subject(self) -> Mapping[str, list[Policy]]:
        found: dict[str, list[Policy]] = {}
        for policy in self.policies:
            for subject in policy.subjects:
                found.setdefault(subject, []).append(policy)
        return found

    @cached_property
    def _of_project(self) -> Mapping[str, list[Policy]]:
        """Policies whose scope names a project, by it; under "" those that name a pattern."""
        found: dict[str, list[Policy]] = {}
        for policy in self.policies:
            for project in dict.fromkeys(
                "" if is_pattern(text) else text for text in policy.scope.project or ()
            ):
                found.setdefault(project, []).append(policy)
        return found

    @cached_property
    def _of_role(self) -> Mapping[str, list[Policy]]:
        found: dict[str, list[Policy]] = {}
        for policy in self.policies:
            for name in dict.fromkeys(text.rpartition("/")[2] for text in policy.roles):
                found.setdefault(name, []).append(policy)
        return found

    @cached_property
    def _above(self) -> Mapping[str, set[str]]:
        """Which groups hold each member directly?"""
        found: dict[str, set[str]] = {}
        for account in (self.before, self.after):
            for group in account.groups.values():
                for membership in group.members:
                    found.setdefault(membership.member, set()).add(f"group:{group.name}")
        return found

    @cached_property
    def _trusted_by(self) -> Mapping[str, set[str]]:
        """Which profiles trust each subject?"""
        found: dict[str, set[str]] = {}
        for account in (self.before, self.after):
            # WHY by name: nobody else has a trust list, and to look at each of a hundred thousand users takes long.
            for reference in account.principals:
                if reference.startswith(_PROFILE):
                    for subject in account.principals[reference].trust:
                        found.setdefault(subject, set()).add(reference)
        return found

    @cached_property
    def _provisions(self) -> Mapping[str, set[str]]:
        """Into which groups may each service ID put whom it likes? (rule 33.5)"""
        found: dict[str, set[str]] = {}
        for account in (self.before, self.after):
            for group in account.groups.values():
                if group.provisioned_by is not None:
                    found.setdefault(group.provisioned_by, set()).add(f"group:{group.name}")
        return found

    def policies_of(self, subjects: Iterable[str]) -> Iterator[Policy]:
        """Which policies name one of these subjects? Each once."""
        seen: set[int] = set()
        for subject in sorted(subjects):
            for policy in self._of_subject.get(subject, ()):
                if id(policy) not in seen:
                    seen.add(id(policy))
                    yield policy

    def policies_naming_role(self, name: str) -> Iterable[Policy]:
        """Which policies name a role of this bare name, alone or in full?"""
        return self._of_role.get(name, ())

    def policies_reading_resource(
        self, projects: Iterable[str] | None, *, is_fresh: bool = False
    ) -> Iterator[Policy]:
        """Which policies may change their mind when a resource of these projects changes? None: of any. Each once.

        SECURITY: until it `is_fresh` registered, whoever asked said its project, and may have said that of any deny.
        """
        named = self._of_project if projects is None else ("", *projects)
        found = [p for project in named for p in self._of_project.get(project, ())]
        denying = self._project_denies if is_fresh else ()
        yield from {id(p): p for p in (*found, *denying, *self._resource_readers)}.values()

    @cached_property
    def _project_denies(self) -> tuple[Policy, ...]:
        return tuple(p for p in self.policies if p.scope.project is not None and self.denies(p))

    @cached_property
    def _resource_readers(self) -> tuple[Policy, ...]:
        return tuple(p for p in self.policies if self.policy_reads(p, "resource."))

    def groups_above(self, reference: str) -> set[str]:
        """This group or principal and every group that contains it."""
        found, pending = {reference}, [reference]
        while pending:
            fresh = self._above.get(pending.pop(), set()) - found
            found |= fresh
            pending.extend(fresh)
        return found

    def subjects_of(self, reference: str) -> set[str]:
        """Through which subjects may policies reach this principal?"""
        built_in = {EVERYONE} | (
            {MEMBERS} if reference.partition(":")[0] in ("user", "service-id") else set()
        )
        return self.groups_above(reference) | built_in

    def with_profiles(self, subjects: Iterable[str]) -> set[str]:
        """These subjects, and those of every profile that trusts one of them, and so on."""
        found, pending = set(subjects), list(subjects)
        while pending:
            for profile in self._trusted_by.get(pending.pop(), ()):
                fresh = self.groups_above(profile) - found
                found |= fresh
                pending.extend(fresh)
        return found

    def services_acted_as(self, roles: Iterable[str], scope: Scope) -> set[str]:
        """As which services does whoever has these roles over this scope act, as `service:…`? (rules 3.9 and 22.5)"""
        acting = [(text, role) for text in roles for role in self._acting_roles(text)]
        if not acting:
            return set()
        over = scope.service or tuple(n for n in (*self.services, *self.after.services) if n != IAM)
        found: set[str] = set()
        for text, role in acting:
            # WHY custom too: what hands over a custom role's change calls it by its bare name.
            everywhere = role.service == IAM and ("/" in text or role.custom)
            found.update(over if everywhere else {role.service} & set(over))
        return {f"service:{name}" for name in found}

    def _acting_roles(self, text: str) -> tuple[Role, ...]:
        """Which roles that this name may mean let their holders act as a service? Remembered: names are few."""
        known = self._actors.get(text)
        if known is None:
            service, slash, _ = text.rpartition("/")
            meant = (role for role in self._roles_called(text) if not slash or role.service == service)
            known = self._actors[text] = tuple(role for role in meant if lets(role, ACT_AS))
        return known

    def policies_for(self, reference: str) -> Iterator[Policy]:
        """Which policies does this principal gain by existing, by being enabled, or by another's acting as it?

        Those of the groups that it provisions too, for it may put somebody there.
        Those of `everyone` hold for anybody anyway, unless they look at who asks or at what is theirs.
        """
        groups = {above for one in self._provisions.get(reference, ()) for above in self.groups_above(one)}
        yield from self.policies_of(self.with_profiles((self.subjects_of(reference) | groups) - {EVERYONE}))
        for policy in self._of_subject.get(EVERYONE, ()):
            if self.policy_reads(policy, "principal.") or self.policy_reads(policy, "resource."):
                yield policy

    def principals_below(self, reference: str) -> set[str]:
        """Every principal in this group (or this principal itself)."""
        found: set[str] = set()
        seen: set[str] = set()
        pending = [reference]
        while pending:
            one = pending.pop()
            if one in seen:
                continue
            seen.add(one)
            kind, _, name = one.partition(":")
            if kind != "group":
                found.add(one)
                continue
            for account in (self.before, self.after):
                if name in account.groups:
                    pending += [m.member for m in account.groups[name].members]
        return found

    def roles_of(self, policy: Policy) -> Iterator[Role]:
        """Which roles may this policy's names mean?"""
        for text in policy.roles:
            yield from self._roles_called(text)

    def _roles_called(self, text: str) -> Iterator[Role]:
        bare = text.rpartition("/")[2]
        for account in (self.before, self.after):
            if bare in account.roles:
                yield account.roles[bare]
        for service in (*self.services.values(), *self.after.services.values()):
            if bare in service.roles:
                yield service.roles[bare]

    def profiles_reading(self, key: str, subjects: Iterable[str] | None) -> Iterator[str]:
        """Which profiles trust one of these (None: anybody) on a condition that reads this attribute?"""
        wanted = None if subjects is None else set(subjects)
        for account in (self.before, self.after):
            for reference, principal in account.principals.items():
                trusts = bool(principal.trust) if wanted is None else not wanted.isdisjoint(principal.trust)
                if trusts and reads(principal.trust_when, key):
                    yield reference

    def denies(self, policy: Policy) -> bool:
        """Does the policy deny anything?"""
        return policy.effect == "deny" or any(
            right.effect == "deny" for role in self.roles_of(policy) for right in role.rights
        )

    def policy_reads(self, policy: Policy, key: str) -> bool:
        """Does what the policy grants or denies depend on this attribute?"""
        if reads(policy.when, key):
            return True
        return any(self._role_reads(role, key) for role in self.roles_of(policy))

    def _role_reads(self, role: Role, key: str) -> bool:
        # WHY by identity: the two states may hold two roles of one name.
        found = self._reads.get((id(role), key))
        if found is None:
            found = self._reads[id(role), key] = any(self.right_reads(right, key) for right in role.rights)
        return found

    def right_reads(self, right: Right, key: str) -> bool:
        """Does the right's condition or qualifier read this attribute?"""
        if reads(right.when, key):
            return True
        if right.qualifier is None:
            return False
        entries = (self.services.get(right.service), self.after.services.get(right.service))
        return any(
            reads(entry.qualifiers[right.qualifier].when, key)
            for entry in entries
            if entry is not None and right.qualifier in entry.qualifiers
        )


def reads(condition: Condition | None, key: str) -> bool:
    """Does the condition read this attribute, something inside it, or something around it?"""
    if condition is None:
        return False
    head = key if key.endswith(".") else f"{key}."
    return any(k == key or k.startswith(head) or key.startswith(f"{k}.") for k in keys_of(condition))


def find_restricted(role: Role, restrictions: Iterable[Guardrail]) -> str | None:
    """Which action, or pattern of them, of the role could one of these restrictions reach? None: none.

    SECURITY: what a profile of another account holds is not known here, and there the restrictions bind only this
    session; so whoever may assume profiles may do anything.
    """
    restrictions = tuple(restrictions)
    if restrictions and lets(role, ASSUME):
        return ASSUME
    for restriction in restrictions:
        names = restriction.scope.service
        for right in role.rights:
            spans = right.service == IAM and any(p.startswith(f"{IAM}.") for p in restriction.actions)
            meant = right.service != IAM if names is None else right.service in names
            if right.effect == "allow" and (spans or meant):
                found = next(
                    (q for q in right.actions if any(overlaps(p, q) for p in restriction.actions)), None
                )
                if found is not None:
                    return found
    return None


def lets(role: Role, action: str) -> bool:
    """Could the role give this action of `iam`?"""
    return any(
        right.effect == "allow" and right.service == IAM and any(matches(p, action) for p in right.actions)
        for right in role.rights
    )


def held_actions(role: Role, service: Service) -> frozenset[str]:
    """Which actions of its service does the role give outright: no qualifier, condition, level, role list or deny?"""
    allowed: set[str] = set()
    denied: set[str] = set()
    for right in role.rights:
        if right.service != service.name:
            continue
        ids = {a for a in service.actions if any(matches(p, a) for p in right.actions)}
        if right.effect == "deny":
            denied |= ids
        elif (right.qualifier, right.when, right.level, right.roles) == (None, None, None, None):
            allowed |= ids
    return frozenset(allowed - denied)
