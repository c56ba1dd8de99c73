"""What a change hands over: every way in which it could turn a denial into an allow.

Implements docs/spec.md rule 9.3. Pure: two states and the names that differ in, handovers out.
It may name too much, never too little; authorize.py asks for authority over each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bailiwick.model.accounts import Account, Group, Principal, Resource
from bailiwick.model.conditions import Condition, keys_of
from bailiwick.model.names import EVERYONE, MEMBERS, parse_resource_name
from bailiwick.model.patterns import matches
from bailiwick.model.policies import ALWAYS, Guardrail, Policy, Scope, Window
from bailiwick.model.services import IAM, Role, Service
from bailiwick.service.kinds import ACCOUNT, PRINCIPAL_WORDS, find_value, reference_of

Changed = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Handover:
    """Which roles over which scope could somebody newly use? `until`: the end of it; None: none.

    `because` says it in words. `owner_only`: nobody but the account's owner may.
    """

    scope: Scope
    roles: tuple[str, ...]
    until: float | None
    because: str
    publishes: bool = False
    owner_only: bool = False


@dataclass(frozen=True, slots=True)
class Differ:
    """Two states of an account with all services, the system's included."""

    before: Account
    after: Account
    services: Mapping[str, Service]

    def handovers(self, changed: Changed) -> Iterator[Handover]:
        """What does the change hand over?"""
        for word, name in sorted(changed):
            old, new = find_value(self.before, word, name), find_value(self.after, word, name)
            if old == new:
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

    def _account(self, old: Account, new: Account) -> Iterator[Handover]:
        if old.owner != new.owner or (old.suspended and not new.suspended):
            yield Handover(Scope(), (), None, "the account's owner or state changes", owner_only=True)

    def _policy(self, old: Policy | None, new: Policy | None) -> Iterator[Handover]:
        if new is not None and new.enabled and new.effect == "allow" and not is_narrowed(old, new):
            yield Handover(
                new.scope,
                new.roles,
                new.window.expires_at,
                f"policy `{new.name}` grants it",
                publishes=EVERYONE in new.subjects,
            )
        if old is not None and old.enabled and self._denies(old) and not is_widened(old, new):
            yield Handover(old.scope, old.roles, None, f"policy `{old.name}` no longer denies it")

    def _denies(self, policy: Policy) -> bool:
        return policy.effect == "deny" or any(
            right.effect == "deny" for role in self._roles(policy) for right in role.rights
        )

    def _roles(self, policy: Policy) -> Iterator[Role]:
        """Which roles may this policy's names mean?"""
        for name in policy.roles:
            bare = name.rpartition("/")[2]
            for account in (self.before, self.after):
                if bare in account.roles:
                    yield account.roles[bare]
            yield from (service.roles[bare] for service in self.services.values() if bare in service.roles)

    def _role(self, name: str, old: Role | None, new: Role | None) -> Iterator[Handover]:
        if old is None:
            return
        policies = [p for p in self._policies() if name in {role.rpartition("/")[2] for role in p.roles}]
        kept = () if new is None else new.rights
        only_fewer_allows = all(right in old.rights for right in kept) and all(
            right in kept or right.effect == "allow" for right in old.rights
        )
        for policy in policies:
            if not only_fewer_allows or policy.effect == "deny":
                yield Handover(
                    policy.scope,
                    (name,),
                    policy.window.expires_at,
                    f"role `{name}` of policy `{policy.name}` changes",
                )

    def _policies(self) -> Iterator[Policy]:
        """Which enabled policies are there, before or after, each state of each once?"""
        for name, policy in self.before.policies.items():
            if policy.enabled:
                yield policy
            later = self.after.policies.get(name)
            if later is not None and later != policy and later.enabled:
                yield later
        yield from (p for n, p in self.after.policies.items() if n not in self.before.policies and p.enabled)

    def _group(self, name: str, old: Group | None, new: Group | None) -> Iterator[Handover]:
        was = set(() if old is None else old.members)
        is_ = set(() if new is None else new.members)
        added = {
            m for m in is_ - was if not any(o.member == m.member and covers(o.window, m.window) for o in was)
        }
        removed = {
            m for m in was - is_ if not any(n.member == m.member and covers(n.window, m.window) for n in is_)
        }
        above = {
            reference for a in (self.before, self.after) for reference in groups_above(a, f"group:{name}")
        }
        for policy in self._policies():
            touches = bool(above.intersection(policy.subjects))
            for member in sorted(added, key=lambda m: m.member):
                if touches and policy.effect == "allow":
                    yield self._of(policy, f"`{member.member}` joins `group:{name}`", member.window)
            if touches and removed and self._denies(policy):
                yield self._of(policy, f"`group:{name}` loses a member and policy `{policy.name}` denies")
        moved = {m.member for m in added | removed}
        if moved:
            yield from self._reading("principal.groups", moved, f"membership of `group:{name}`")

    def _of(self, policy: Policy, because: str, window: Window = ALWAYS) -> Handover:
        ends = [end for end in (policy.window.expires_at, window.expires_at) if end is not None]
        return Handover(policy.scope, policy.roles, min(ends, default=None), because)

    def _reading(self, key: str, members: set[str], because: str) -> Iterator[Handover]:
        """What could depend on this attribute of these principals or of anyone in these groups?"""
        people = set().union(
            *(principals_below(a, member) for a in (self.before, self.after) for member in members)
        )
        subjects = {s for a in (self.before, self.after) for p in people for s in subjects_of(a, p)}
        for policy in self._policies():
            if subjects.intersection(policy.subjects) and self._policy_reads(policy, key):
                yield self._of(policy, f"{because} is read by policy `{policy.name}`")
        for guardrail in self._guardrails():
            if reads(guardrail.when, key):
                yield self._unguarded(guardrail, f"{because} is read by guardrail `{guardrail.name}`")

    def _policy_reads(self, policy: Policy, key: str) -> bool:
        if reads(policy.when, key):
            return True
        return any(
            reads(right.when, key)
            or any(reads(when, key) for when in self._qualifiers(right.service, right.qualifier))
            for role in self._roles(policy)
            for right in role.rights
        )

    def _qualifiers(self, service: str, name: str | None) -> Iterator[Condition]:
        entry = self.services.get(service) or self.after.services.get(service)
        if name is not None and entry is not None and name in entry.qualifiers:
            yield entry.qualifiers[name].when

    def _principal(self, reference: str, old: Principal | None, new: Principal | None) -> Iterator[Handover]:
        if new is None:
            return
        if old is None or (old.disabled and not new.disabled):
            yield from self._all_of(reference, new, "is created" if old is None else "is enabled")
        if old is None:
            return
        if set(new.trust) - set(old.trust) or (old.trust_when != new.trust_when and new.trust):
            yield from self._all_of(reference, new, "is trusted to more")
        if old.budgets != new.budgets:
            yield from self._reading("principal.budgets", {reference}, f"budgets of `{reference}`")
        for name in {*old.properties, *new.properties}:
            if old.properties.get(name) != new.properties.get(name):
                yield from self._reading(
                    f"principal.properties.{name}", {reference}, f"property `{name}` of `{reference}`"
                )
        if old.owner != new.owner:
            yield Handover(
                Scope(service=(IAM,)), (f"{IAM}/Administrator",), None, f"the owner of `{reference}` changes"
            )

    def _all_of(self, reference: str, new: Principal, what: str) -> Iterator[Handover]:
        if new.disabled:
            return
        subjects = {s for a in (self.before, self.after) for s in subjects_of(a, reference)} - {EVERYONE}
        for policy in self._policies():
            if policy.effect == "allow" and subjects.intersection(policy.subjects):
                yield self._of(policy, f"`{reference}` {what} and holds policy `{policy.name}`")

    def held_by(self, reference: str) -> Iterator[Handover]:
        """What would whoever acts as this principal be able to use? (a credential issued to it hands that over)"""
        if reference == self.before.owner:
            yield Handover(Scope(), (), None, f"`{reference}` owns the account", owner_only=True)
        subjects = set(subjects_of(self.before, reference)) - {EVERYONE}
        for policy in self.before.policies.values():
            if policy.enabled and policy.effect == "allow" and subjects.intersection(policy.subjects):
                yield self._of(policy, f"`{reference}` holds policy `{policy.name}`")

    def _guardrails(self) -> Iterator[Guardrail]:
        return (g for a in (self.before, self.after) for g in a.guardrails.values() if g.enabled)

    def _guardrail(self, old: Guardrail | None, new: Guardrail | None) -> Iterator[Handover]:
        if (
            old is not None
            and old.enabled
            and not (new is not None and replace(new, description=old.description) == old)
        ):
            yield self._unguarded(old, f"guardrail `{old.name}` is removed or changed")

    def _unguarded(self, guardrail: Guardrail, because: str) -> Handover:
        """Every role of the scope's services that has an action which the guardrail forbids."""
        names = guardrail.scope.service
        roles = [
            role.reference
            for service in (*self.services.values(), *self.after.services.values())
            if (names is None and service.name != IAM) or (names is not None and service.name in names)
            for role in (
                *service.roles.values(),
                *(r for r in self.before.roles.values() if r.service == service.name),
            )
            if _role_has(role, service, guardrail.actions)
        ]
        return Handover(guardrail.scope, tuple(dict.fromkeys(roles)), None, because)

    def _resource(self, name: str, old: Resource | None, new: Resource | None) -> Iterator[Handover]:
        parsed = parse_resource_name(name)
        here = Scope(
            service=(parsed.service,),
            region=(parsed.region,) if parsed.region else None,
            instance=(parsed.instance,) if parsed.instance else None,
            type=(parsed.type,),
            id=(parsed.id,),
        )
        projects = {value.project for value in (old, new) if value is not None and value.project is not None}
        scopes = [replace(here, project=(project,)) for project in sorted(projects)] or [here]
        for policy in self._policies():
            fits = policy.scope.service is None or parsed.service in policy.scope.service
            if fits and (policy.scope.project is not None or self._policy_reads(policy, "resource.")):
                for scope in scopes:
                    yield Handover(
                        scope, policy.roles, policy.window.expires_at, f"attributes of `{name}` change"
                    )
        for guardrail in self._guardrails():
            if guardrail.scope.project is not None or reads(guardrail.when, "resource."):
                yield self._unguarded(guardrail, f"attributes of `{name}` change")

    def _service(self, name: str, old: Service | None, new: Service | None) -> Iterator[Handover]:
        if new is None:
            return
        for policy in self._policies():
            if policy.scope.service is None or name in policy.scope.service:
                scope = replace(policy.scope, service=(name,)) if old is None else policy.scope
                yield Handover(scope, policy.roles, policy.window.expires_at, f"service `{name}` changes")


def reads(condition: Condition | None, key: str) -> bool:
    """Does the condition read this attribute, something inside it, or something around it?"""
    head = key if key.endswith(".") else f"{key}."
    return any(k == key or k.startswith(head) or key.startswith(f"{k}.") for k in keys_of(condition))


def covers(outer: Window, inner: Window) -> bool:
    """Does the outer window hold whenever the inner does?"""
    starts = outer.starts_at is None or (inner.starts_at is not None and outer.starts_at <= inner.starts_at)
    ends = outer.expires_at is None or (inner.expires_at is not None and inner.expires_at <= outer.expires_at)
    return starts and ends


def is_narrowed(old: Policy | None, new: Policy) -> bool:
    """Does the new policy allow nothing that the old did not?"""
    return (
        old is not None
        and old.enabled
        and old.effect == new.effect
        and old.scope == new.scope
        and old.when == new.when
        and set(new.roles) <= set(old.roles)
        and set(new.subjects) <= set(old.subjects)
        and covers(old.window, new.window)
    )


def is_widened(old: Policy, new: Policy | None) -> bool:
    """Does the new policy deny everything that the old did?"""
    return (
        new is not None
        and new.enabled
        and old.effect == new.effect
        and old.scope == new.scope
        and old.when == new.when
        and set(old.roles) <= set(new.roles)
        and set(old.subjects) <= set(new.subjects)
        and covers(new.window, old.window)
    )


def groups_above(account: Account, reference: str) -> set[str]:
    """This group or principal and every group that contains it, whether its window holds or not."""
    found, pending = {reference}, [reference]
    while pending:
        member = pending.pop()
        for group in account.groups.values():
            above = f"group:{group.name}"
            if above not in found and any(m.member == member for m in group.members):
                found.add(above)
                pending.append(above)
    return found


def principals_below(account: Account, reference: str) -> set[str]:
    """Every principal in this group (or this principal itself), whether windows hold or not."""
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
        elif name in account.groups:
            pending += [m.member for m in account.groups[name].members]
    return found


def subjects_of(account: Account, reference: str) -> set[str]:
    """Through which subjects may policies reach this principal?"""
    built_in = {EVERYONE} | ({MEMBERS} if reference.partition(":")[0] in ("user", "service-id") else set())
    return groups_above(account, reference) | built_in


def _role_has(role: Role, service: Service, patterns: tuple[str, ...]) -> bool:
    ids = [a for a in service.actions if any(matches(p, a) for p in patterns)]
    return any(
        matches(p, a)
        for right in role.rights
        if right.service == service.name
        for p in right.actions
        for a in ids
    )
