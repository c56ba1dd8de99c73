"""Removing one object, and all that only makes sense with it: what goes along, and what stands in the way.

What refers to the object lets go of it in the same change: memberships and entries of trust lists end, policies lose a
subject or a role (and go where it was the last), what it owned has no owner. Everything else that refers to it is an
obstacle. Pure but for reading one snapshot; changes.py authorizes and checks the edits as any others.
Serves docs/spec.md section 1: every reference of a stored value names something that exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.check_removals import find_holders
from bailiwick.catalog.check_world import World
from bailiwick.model.accounts import Account, Group, Principal, Resource
from bailiwick.model.policies import Policy
from bailiwick.service.edits import Edit
from bailiwick.service.kinds import (
    FEDERATION_RULE,
    IDENTITY_PROVIDER,
    PRINCIPAL_WORDS,
    find_value,
    reference_of,
    with_values,
)
from bailiwick.service.reading import Reader
from bailiwick.service.snapshots import Name, Snapshot

MOST_NAMED = 12
MOST_RESOURCES = 1000
WITH_REFERENCES = (*PRINCIPAL_WORDS, "Group")


@dataclass(frozen=True, slots=True)
class Loss:
    """What goes along, or stands in the way: how many, and those of the first that the session may see, by name."""

    text: str
    kind: str
    names: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing the object comes to. With `obstacles` it cannot be done as things are."""

    edits: tuple[Edit, ...]
    losses: tuple[Loss, ...]
    obstacles: tuple[Loss, ...]
    keys: int = 0

    @property
    def mark(self) -> str:
        """By what is told whether the same would go along later as now?"""
        said = [f"{one.kind} {one.name} {one.value is None}" for one in self.edits]
        return sha256("\n".join([*sorted(said), str(self.keys)]).encode()).hexdigest()[:16]


@dataclass(slots=True)
class _Letting:
    """What lets go of the object, found so far."""

    edits: dict[Name, Edit] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)


def plan_removal(reader: Reader, catalog: Catalog, kind: str, name: str) -> Removal:
    """What would removing this object come to?"""
    snapshot = reader.snapshot
    letting = _Letting()
    for text, of_kind, changed in _let_go(snapshot, catalog, kind, name):
        if changed:
            letting.edits |= {edit.key: edit for edit in changed}
            letting.losses.append(_loss(reader, text, of_kind, [edit.name for edit in changed]))
    edits = (*letting.edits.values(), Edit(kind, name, None))
    after = with_values(snapshot.account, {edit.key: edit.value for edit in edits})
    holders = find_holders([(kind, name)], World(catalog, after))[kind, name]
    return Removal(
        edits, tuple(letting.losses), tuple(_obstacles(reader, holders)), _keys(snapshot, kind, name)
    )


def _let_go(
    snapshot: Snapshot, catalog: Catalog, kind: str, name: str
) -> Iterator[tuple[str, str, list[Edit]]]:
    """In words, of which kind, and how does what refers to the object let go of it?"""
    account = snapshot.account
    if kind == "Role":
        yield from _policies(_without_role(account, catalog, name), "lose this role")
        return
    if kind == IDENTITY_PROVIDER:
        rules = [one for one in account.federation_rules.values() if one.provider == name]
        gone = [Edit(FEDERATION_RULE, one.name, None) for one in rules]
        yield "these federation rules are deleted, for they are its own", FEDERATION_RULE, gone
    if kind not in WITH_REFERENCES:
        return
    reference = reference_of(kind, name)
    groups = {group for group, _ in snapshot.compiled.parents.get(reference, ())}
    yield (
        "memberships end in these groups",
        "Group",
        [_left(account, one, reference) for one in sorted(groups)],
    )
    policies = (account.policies[one] for one in snapshot.compiled.policies_of.get(reference, ()))
    yield from _policies([(one, _without_subject(one, reference)) for one in policies], "lose this subject")
    yield from _rules(account, reference)
    yield "these profiles trust it no longer", "Profile", _untrusting(account, reference)
    yield "these groups are provisioned by it no longer", "Group", _unprovisioned(account, reference)
    for of_kind in PRINCIPAL_WORDS[:2]:
        owned = _disowned(account, of_kind, reference)
        yield _OWNED[of_kind], of_kind, [edit for edit in owned if edit.key != (kind, name)]
    yield "these resources have no owner any more", "Resource", _ownerless(account, reference)
    yield "these resources belong to it no longer", "Resource", _ungrouped(account, reference)


def _policies(
    changed: Iterable[tuple[Policy, Policy | None]], words: str
) -> Iterator[tuple[str, str, list[Edit]]]:
    edits = [Edit("Policy", policy.name, after) for policy, after in changed]
    gone = [edit for edit in edits if edit.value is None]
    yield "these policies are deleted, for nothing is left of them", "Policy", gone
    yield f"these policies {words}", "Policy", [edit for edit in edits if edit.value is not None]


def _rules(account: Account, reference: str) -> Iterator[tuple[str, str, list[Edit]]]:
    """Which federation rules bring nobody into it any more, or nobody anywhere?"""
    found = [one for one in account.federation_rules.values() if reference in one.groups]
    left = [(one, tuple(group for group in one.groups if group != reference)) for one in found]
    gone = [Edit(FEDERATION_RULE, one.name, None) for one, groups in left if not groups]
    yield "these federation rules are deleted, for they bring nobody anywhere else", FEDERATION_RULE, gone
    kept = [Edit(FEDERATION_RULE, one.name, replace(one, groups=groups)) for one, groups in left if groups]
    yield "these federation rules bring nobody into it any more", FEDERATION_RULE, kept


def _left(account: Account, group: str, reference: str) -> Edit:
    name = group.removeprefix("group:")
    found: Group = account.groups[name]
    stay = tuple(membership for membership in found.members if membership.member != reference)
    return Edit("Group", name, replace(found, members=stay))


def _without_subject(policy: Policy, reference: str) -> Policy | None:
    subjects = tuple(subject for subject in policy.subjects if subject != reference)
    return replace(policy, subjects=subjects) if subjects else None


def _without_role(account: Account, catalog: Catalog, role: str) -> list[tuple[Policy, Policy | None]]:
    """Which policies mean this role, and nothing once it is gone?"""
    after = with_values(account, {("Role", role): None})
    holders = find_holders([("Role", role)], World(catalog, after))["Role", role]
    found = [account.policies[one.removeprefix("Policy ")] for one in holders if one.startswith("Policy ")]
    kept = [tuple(one for one in policy.roles if one.rpartition("/")[2] != role) for policy in found]
    pairs = zip(found, kept, strict=True)
    return [(policy, replace(policy, roles=roles) if roles else None) for policy, roles in pairs]


def _untrusting(account: Account, reference: str) -> list[Edit]:
    found = [one for one in account.principals.values() if reference in one.trust]
    return [
        Edit("Profile", one.reference.removeprefix("profile:"), _untrust(one, reference)) for one in found
    ]


def _untrust(profile: Principal, reference: str) -> Principal:
    return replace(profile, trust=tuple(entry for entry in profile.trust if entry != reference))


def _disowned(account: Account, kind: str, reference: str) -> list[Edit]:
    """Which users or service IDs does it own or provision? They stay, without it."""
    prefix = reference_of(kind, "")
    found = [
        one
        for one in account.principals.values()
        if reference in (one.owner, one.provisioned_by) and one.reference.startswith(prefix)
    ]
    return [Edit(kind, one.reference.removeprefix(prefix), _let_go_of(one, reference)) for one in found]


def _let_go_of(one: Principal, reference: str) -> Principal:
    owner = None if one.owner == reference else one.owner
    provisioned_by = None if one.provisioned_by == reference else one.provisioned_by
    return replace(one, owner=owner, provisioned_by=provisioned_by)


def _unprovisioned(account: Account, reference: str) -> list[Edit]:
    found = [one for one in account.groups.values() if one.provisioned_by == reference]
    return [Edit("Group", one.name, replace(one, provisioned_by=None)) for one in found]


def _ownerless(account: Account, reference: str) -> list[Edit]:
    found = _few(one for one in account.resources.values() if one.owner == reference)
    return [Edit("Resource", one.name, replace(one, owner=None)) for one in found]


def _ungrouped(account: Account, reference: str) -> list[Edit]:
    if not reference.startswith("group:"):
        return []
    found = _few(one for one in account.resources.values() if reference in (one.groups or ()))
    return [Edit("Resource", one.name, replace(one, groups=_others(one, reference))) for one in found]


def _others(resource: Resource, reference: str) -> tuple[str, ...] | None:
    return tuple(group for group in resource.groups or () if group != reference) or None


def _few(found: Iterable[Resource]) -> list[Resource]:
    """These resources, unless they are so many that they are rather handed over first."""
    resources = list(found)
    return resources if len(resources) <= MOST_RESOURCES else []


def _keys(snapshot: Snapshot, kind: str, name: str) -> int:
    """How many API keys stop working?"""
    uid = snapshot.identities[kind, name].uid
    return sum(1 for key in snapshot.keys.values() if key.owner_uid == uid) if kind in PRINCIPAL_WORDS else 0


def _loss(reader: Reader, text: str, kind: str, names: list[str]) -> Loss:
    account = reader.snapshot.account
    seen = [
        one for one in names[: 4 * MOST_NAMED] if reader.may_read(kind, one, find_value(account, kind, one))
    ]
    return Loss(text, kind, tuple(seen[:MOST_NAMED]), len(names))


def _obstacles(reader: Reader, holders: list[str]) -> Iterator[Loss]:
    by_kind: dict[str, list[str]] = {}
    for holder in holders:
        kind, _, name = holder.partition(" ")
        by_kind.setdefault(kind, []).append(name)
    for kind, names in by_kind.items():
        if kind == "Account":
            yield Loss("it owns the account", kind, (), 1)
        else:
            yield _loss(reader, _IN_THE_WAY.get(kind, "these refer to it"), kind, names)


_OWNED = {
    "User": "these users have no owner or provisioner any more",
    "ServiceId": "these service IDs have no owner any more",
}
_IN_THE_WAY = {
    "Policy": "these policies name it in their scope",
    "Guardrail": "these guardrails name it in their scope",
    "Resource": "these resources refer to it",
}
