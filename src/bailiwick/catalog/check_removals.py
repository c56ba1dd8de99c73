"""Removed objects: does anything still refer to them?

One finding for each removed object, which lists who refers to it.
Serves docs/spec.md section 1: every reference of a stored value names something that exists.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import product

from bailiwick.catalog.check_policies import check_policy
from bailiwick.catalog.check_world import ObjectNotes, World
from bailiwick.model.accounts import Account, Group, Principal
from bailiwick.model.enterprises import NODE_KINDS
from bailiwick.model.names import parse_resource_name
from bailiwick.model.policies import Guardrail, Policy
from bailiwick.model.services import IAM

Named = tuple[str, str]

_PREFIXES = {
    "User": "user:", "ServiceId": "service-id:", "Profile": "profile:", "Group": "group:",
    # WHY `node:`: `account:other` in a trust list is not the account of that name in the tree.
    "Enterprise": "node:enterprise:", "AccountGroup": "node:account-group:", "EnterpriseAccount": "node:account:",
}  # fmt: skip
_PRINCIPAL_KINDS = {"user": "User", "service-id": "ServiceId", "profile": "Profile"}
_MOST_SHOWN = 5
TREE = "enterprise"


def check_removals(removed: Collection[Named], world: World) -> Iterator[ObjectNotes]:
    """Who still refers to the objects that are gone?"""
    for (kind, name), found in find_holders(removed, world).items():
        if found:
            notes = ObjectNotes(kind, name)
            shown = ", ".join(found[:_MOST_SHOWN])
            more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
            notes.add((), f"`{name}` is still referred to by {shown}{more}", "change or remove these first")
            yield notes


def find_holders(removed: Collection[Named], world: World) -> dict[Named, list[str]]:
    """Who refers to these objects, in a world without them? `Policy readers`, `Group dev`, …"""
    kinds = {kind for kind, _ in removed}
    holders: dict[Named, dict[str, None]] = {named: {} for named in removed}
    wanted = {_target(kind, name): (kind, name) for kind, name in removed}
    for holder, target in (*_references(world.account, kinds), *_things_by_id(world)):
        if target in wanted:
            holders[wanted[target]][holder] = None
    for kind, name in removed:
        if kind == "Role":
            holders[kind, name].update(dict.fromkeys(_holders_of_role(name, world)))
    return {named: list(found) for named, found in holders.items()}


def _target(kind: str, name: str) -> str:
    if kind in _PREFIXES:
        return f"{_PREFIXES[kind]}{name}"
    return f"{kind.lower()}:{name}"


def _references(account: Account, kinds: Collection[str]) -> Iterator[tuple[str, str]]:
    """Who refers to what? Pairs of a readable holder and a target such as `user:alice` or `project:dev`.

    Of resources, of which there may be a million, only what refers to objects of these kinds.
    """
    yield f"Account {account.name}", account.owner
    for principal in account.principals.values():
        yield from _of_principal(principal)
    for group in account.groups.values():
        yield from _of_group(group)
    for application in account.applications.values():
        yield f"Application {application.name}", str(application.acts_as)
    for policy in account.policies.values():
        yield from _of_policy(policy)
    for guardrail in account.guardrails.values():
        yield from _of_scope(f"Guardrail {guardrail.name}", guardrail)
        yield f"Guardrail {guardrail.name}", f"node:{guardrail.node}"
    yield from _of_tree(account)
    for rule in account.federation_rules.values():
        yield f"FederationRule {rule.name}", f"identityprovider:{rule.provider}"
        yield from ((f"FederationRule {rule.name}", group) for group in rule.groups)
    for role in account.roles.values():
        yield f"Role {role.name}", f"service:{role.service}"
    if any(kind in kinds for kind in ("Service", "Project", *_PREFIXES)):
        yield from _of_resources(account, services="Service" in kinds)
    if "Resource" in kinds:
        for resource in account.resources.values():
            if resource.attached_to is not None:
                yield f"Resource {resource.name}", f"resource:{resource.attached_to}"


def _of_tree(account: Account) -> Iterator[tuple[str, str]]:
    for node in account.account_groups.values():
        yield f"AccountGroup {node.name}", f"node:{node.parent}"
    for member in account.enterprise_accounts.values():
        yield f"EnterpriseAccount {member.name}", f"node:{member.parent}"
    for assignment in account.template_assignments.values():
        yield f"TemplateAssignment {assignment.name}", f"template:{assignment.template}"
        yield f"TemplateAssignment {assignment.name}", f"node:{assignment.node}"


def _of_resources(account: Account, *, services: bool) -> Iterator[tuple[str, str]]:
    for resource in account.resources.values():
        holder = f"Resource {resource.name}"
        if services:
            yield holder, f"service:{parse_resource_name(resource.name).service}"
        yield holder, f"project:{resource.project}"
        yield holder, str(resource.owner)
        for group_reference in resource.groups or ():
            yield holder, group_reference


def _of_group(group: Group) -> Iterator[tuple[str, str]]:
    holder = f"Group {group.name}"
    for membership in group.members:
        yield holder, membership.member
    if group.provisioned_by is not None:
        yield holder, group.provisioned_by


def _of_principal(principal: Principal) -> Iterator[tuple[str, str]]:
    kind, _, name = principal.reference.partition(":")
    holder = f"{_PRINCIPAL_KINDS.get(kind, kind)} {name}"
    if principal.owner is not None:
        yield holder, principal.owner
    if principal.provisioned_by is not None:
        yield holder, principal.provisioned_by
    for trusted in principal.trust:
        yield holder, trusted


def _of_policy(policy: Policy) -> Iterator[tuple[str, str]]:
    holder = f"Policy {policy.name}"
    for subject in policy.subjects:
        yield holder, subject
    for role in policy.roles:
        if "/" in role:
            yield holder, f"service:{role.partition('/')[0]}"
    yield from _of_scope(holder, policy)


def _of_scope(holder: str, value: Policy | Guardrail) -> Iterator[tuple[str, str]]:
    for project in value.scope.project or ():
        yield holder, f"project:{project}"
    for service in value.scope.service or ():
        yield holder, f"service:{service}"


def _things_by_id(world: World) -> Iterator[tuple[str, str]]:
    """Which policies and guardrails name something stored as a resource: a project, a group, a node of the tree?

    SECURITY: else what takes an old name would come under what was granted on the old one.
    """
    targets = _targets_by_type(world)
    account = world.account
    values: tuple[Policy | Guardrail, ...] = (*account.policies.values(), *account.guardrails.values())
    for value in values:
        scope = value.scope
        if scope.type is None and scope.within is None:
            continue
        holder = f"{'Policy' if isinstance(value, Policy) else 'Guardrail'} {value.name}"
        named = [*product(scope.type or (), scope.id or ()), *(scope.within or ())]
        for service, (type, ident) in product(scope.service or (), named):
            if (service, type) in targets:
                yield holder, f"{targets[service, type]}{ident}"


def _targets_by_type(world: World) -> Mapping[tuple[str, str], str]:
    """How does a target begin that is a resource of this service and type, as far as such things are stored here?"""
    targets = {
        (service.name, type.name): "project:"
        for service in world.services.values()
        for type in service.resource_types.values()
        if type.stands_for_project
    }
    of_iam = ("user", "service-id", "profile", "group", "role", "guardrail", "template", "application")
    targets |= {(IAM, type): f"{type}:" for type in of_iam}
    return targets | {(TREE, type): f"node:{type}:" for type in NODE_KINDS}


def _holders_of_role(name: str, world: World) -> Iterator[str]:
    """Which policies name the role and mean nothing, or nothing that helps, now that it is gone?"""
    for policy in policies_naming(name, world.account):
        notes = ObjectNotes("Policy", policy.name)
        check_policy(policy, notes, world)
        if any(": roles[" in finding.place for finding in notes.findings):
            yield f"Policy {policy.name}"


def policies_naming(role: str, account: Account) -> Iterator[Policy]:
    """Which policies name this role, alone or in full?"""
    for policy in account.policies.values():
        if any(text.rpartition("/")[2] == role for text in policy.roles):
            yield policy
