"""From an account to the tables that decide: compile afresh, or take a change into a compiled account.

Implements docs/spec.md sections 1 and 7 by the index of tables.py. Pure.
A compiled account is never changed: `apply` returns another that shares what the change did not touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bailiwick.engine.conditions import compile_condition
from bailiwick.engine.indexes import Indexes
from bailiwick.engine.needs import NOTHING, Need, Needs, needs_by_service
from bailiwick.engine.registered import Registered, key_of_name, register
from bailiwick.engine.resources import Kinds, kinds_of
from bailiwick.engine.roles import RoleIndex, Slots
from bailiwick.engine.scopes import Shapes
from bailiwick.engine.tables import Block, BlockTable, SubjectTable, TableBuilder
from bailiwick.engine.views import View, keep_views, moved_members
from bailiwick.model.accounts import Account, Group
from bailiwick.model.overlays import Overlay
from bailiwick.model.policies import Guardrail, Policy, Window
from bailiwick.model.services import Role, Service

Change = tuple[str, str]
Parents = Mapping[str, tuple[tuple[str, Window], ...]]


@dataclass(frozen=True, slots=True)
class CompiledAccount:
    """One account, ready to decide and to search.

    `needs` knows the first `known_slots` slots; others may have been given meanwhile, by changes that never came to be.
    `views` remembers what principals may look at, `indexes` what searches do; they are only caches.
    """

    account: Account
    services: Mapping[str, Service]
    roles: RoleIndex
    slots: Slots
    shapes: Shapes
    kinds: Mapping[str, Kinds]
    needs: Mapping[str, Needs]
    tables: Mapping[str, SubjectTable]
    policies_of: Mapping[str, tuple[str, ...]]
    parents: Parents
    registered: Registered
    guardrails: BlockTable
    guardrail_edges: tuple[float, ...]
    disabled_projects: frozenset[str]
    known_slots: int
    views: dict[str, View] = field(default_factory=dict, compare=False)
    indexes: Indexes = field(default_factory=Indexes, compare=False)

    def needs_over(self, service: str) -> Mapping[str, Need]:
        """What does each action over resources of this service take? None of one that is not there."""
        return self.needs.get(service, NOTHING)

    def apply(self, account: Account, changed: Iterable[Change]) -> CompiledAccount:
        """What is compiled once these objects (kind, name) are as `account` has them?"""
        return _apply(self, account, set(changed))


def compile_account(services: Mapping[str, Service], account: Account) -> CompiledAccount:
    """What decides for this account? `services` is the system catalog; the account's own are added."""
    every = {**account.services, **services}
    index = RoleIndex(every, account.roles)
    shapes, slots = Shapes(), Slots()
    builder = TableBuilder(shapes, slots, deny_roles(every, account.roles))
    policies_of: dict[str, list[str]] = {}
    for policy in account.policies.values():
        builder.add(policy, policy.subjects)
        for subject in policy.subjects:
            policies_of.setdefault(subject, []).append(policy.name)
    tables = builder.finish()
    known_slots = slots.size()
    return CompiledAccount(
        account=account,
        services=every,
        roles=index,
        slots=slots,
        shapes=shapes,
        kinds={name: kinds_of(service) for name, service in every.items()},
        needs=needs_by_service(index, slots),
        tables=tables,
        policies_of={subject: tuple(names) for subject, names in policies_of.items()},
        parents=_parents(account.groups.values()),
        registered=Registered(Overlay(register(every, account.resources.values()))),
        guardrails=BlockTable(guardrail_blocks(guardrails_of(account)), shapes),
        guardrail_edges=_edges(guardrails_of(account)),
        disabled_projects=_disabled(account),
        known_slots=known_slots,
    )


def deny_roles(services: Mapping[str, Service], custom: Mapping[str, Role]) -> frozenset[str]:
    """Which names, as policies write them, may mean a role with a deny right?"""
    found = set()
    roles = [role for service in services.values() for role in service.roles.values()] + list(custom.values())
    for role in roles:
        if any(right.effect == "deny" for right in role.rights):
            found |= {role.name, role.reference}
    return frozenset(found)


def guardrails_of(account: Account) -> tuple[Guardrail, ...]:
    """Which guardrails bind this account: its own, those from above, those implied? (20.6, 30.9)"""
    own = (guardrail for guardrail in account.guardrails.values() if guardrail.node is None)
    return (*own, *account.guardrails_above.values(), *account.guardrails_implied)


def _other_guardrails(account: Account) -> tuple[object, object]:
    return account.guardrails_above, account.guardrails_implied


def guardrail_blocks(guardrails: Iterable[Guardrail]) -> list[Block]:
    """What do these guardrails forbid? Their patterns stand where a policy's roles do."""
    return [
        Block(
            name=guardrail.name,
            scope=guardrail.scope,
            window=guardrail.window,
            when=None if guardrail.when is None else compile_condition(guardrail.when),
            roles=guardrail.actions,
            all_rights=True,
            spared=guardrail.except_actions,
        )
        for guardrail in guardrails
        if guardrail.enabled
    ]


def _parents(groups: Iterable[Group]) -> Parents:
    parents: dict[str, list[tuple[str, Window]]] = {}
    for group in groups:
        reference = f"group:{group.name}"
        for membership in group.members:
            parents.setdefault(membership.member, []).append((reference, membership.window))
    shared: dict[object, tuple[tuple[str, Window], ...]] = {}
    return {member: shared.setdefault(tuple(found), tuple(found)) for member, found in parents.items()}


def _edges(guardrails: Iterable[Guardrail]) -> tuple[float, ...]:
    edges = {edge for g in guardrails if g.enabled for edge in (g.window.starts_at, g.window.expires_at)}
    return tuple(sorted(edge for edge in edges if edge is not None))


def _disabled(account: Account) -> frozenset[str]:
    return frozenset(name for name, project in account.projects.items() if project.disabled)


def _apply(old: CompiledAccount, account: Account, changed: set[Change]) -> CompiledAccount:
    kinds = {kind for kind, _ in changed}
    if kinds & {"Service", "Account"}:
        system = {name: entry for name, entry in old.services.items() if name not in old.account.services}
        return compile_account(system, account)
    new = replace(old, account=account, views={})
    if kinds & {"Policy", "Role"}:
        new = _apply_policies(old, new, changed)
    if "Group" in kinds:
        new = replace(new, parents=_changed_parents(old, account, changed))
    if "Resource" in kinds:
        new = replace(new, registered=_changed_resources(old, account, changed))
    if "Guardrail" in kinds or _other_guardrails(account) != _other_guardrails(old.account):
        blocks = BlockTable(guardrail_blocks(guardrails_of(account)), old.shapes)
        new = replace(new, guardrails=blocks, guardrail_edges=_edges(guardrails_of(account)))
    if "Project" in kinds:
        new = replace(new, disabled_projects=_disabled(account))
    return replace(new, views=keep_views(old, new, changed), indexes=old.indexes.after(old, new, changed))


def _apply_policies(old: CompiledAccount, new: CompiledAccount, changed: set[Change]) -> CompiledAccount:
    account = new.account
    roles_changed = any(kind == "Role" for kind, _ in changed)
    index = RoleIndex(old.services, account.roles) if roles_changed else old.roles
    before, after = deny_roles(old.services, old.account.roles), deny_roles(old.services, account.roles)
    policies_of, touched = _changed_policies(old, account, changed)
    if before != after:
        turned = before ^ after
        touched |= {s for p in account.policies.values() if turned.intersection(p.roles) for s in p.subjects}
    slots = old.slots
    tables = dict(old.tables)
    builder = TableBuilder(old.shapes, slots, after)
    for subject in touched:
        tables.pop(subject, None)
        for name in policies_of.get(subject, ()):
            builder.add(account.policies[name], (subject,))
    tables.update(builder.finish())
    known = slots.size()
    needs = needs_by_service(index, slots) if roles_changed or known != old.known_slots else old.needs
    return replace(new, roles=index, needs=needs, tables=tables, policies_of=policies_of, known_slots=known)


def _changed_policies(
    old: CompiledAccount, account: Account, changed: set[Change]
) -> tuple[Mapping[str, tuple[str, ...]], set[str]]:
    """Which policies has each subject now, and which subjects does the change touch?"""
    gone: dict[str, set[str]] = {}
    come: dict[str, list[str]] = {}
    for kind, name in changed:
        if kind == "Policy":
            for subject in _subjects(old.account.policies.get(name)):
                gone.setdefault(subject, set()).add(name)
            for subject in _subjects(account.policies.get(name)):
                come.setdefault(subject, []).append(name)
    touched = set(gone) | set(come)
    if not touched:
        return old.policies_of, touched
    policies_of = dict(old.policies_of)
    for subject in touched:
        left = [name for name in policies_of.get(subject, ()) if name not in gone.get(subject, ())]
        names = tuple(left + sorted(come.get(subject, ())))
        if names:
            policies_of[subject] = names
        else:
            policies_of.pop(subject, None)
    return policies_of, touched


def _subjects(policy: Policy | None) -> tuple[str, ...]:
    return () if policy is None else policy.subjects


def _changed_parents(old: CompiledAccount, account: Account, changed: set[Change]) -> Parents:
    parents = dict(old.parents)
    for name in sorted(name for kind, name in changed if kind == "Group"):
        before, after = old.account.groups.get(name), account.groups.get(name)
        moved = moved_members(before, after)
        reference = f"group:{name}"
        for member in moved:
            parents[member] = tuple(edge for edge in parents.get(member, ()) if edge[0] != reference)
        for membership in () if after is None else after.members:
            if membership.member in moved:
                parents[membership.member] += ((reference, membership.window),)
    return parents


def _changed_resources(old: CompiledAccount, account: Account, changed: set[Change]) -> Registered:
    names = [name for kind, name in changed if kind == "Resource"]
    there = [account.resources[name] for name in names if name in account.resources]
    gone = [key_of_name(name) for name in names if name not in account.resources]
    return old.registered.changed({**dict.fromkeys(gone), **register(old.services, there)})
