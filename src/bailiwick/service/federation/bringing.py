"""Memberships that rules bring: which fit now, and what becomes of those that were brought before.

Pure. Only memberships that are marked as brought, in groups into which this very identity was brought, are touched;
what people or documents put there stays. Implements docs/spec.md rule 32.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bailiwick.authn.federation.claims import Claims, fits
from bailiwick.model.accounts import Group, Membership
from bailiwick.model.policies import Window
from bailiwick.service.edits import Edit
from bailiwick.service.people.records import FederatedIdentityRecord
from bailiwick.service.snapshots import Snapshot

BROUGHT = "federation"
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Brought:
    """Which groups change how, and the uids of those into which the identity brings its owner now."""

    edits: tuple[Edit, ...]
    uids: tuple[str, ...]


def find_wanted(now: Snapshot, provider: str, claims: Claims, at: float) -> dict[str, float]:
    """Into which groups (by name) do the provider's rules bring whom these claims are of, and until when?"""
    wanted: dict[str, float] = {}
    for rule in now.account.federation_rules.values():
        if rule.provider == provider and not rule.disabled and fits(rule.conditions, claims):
            for reference in rule.groups:
                name = reference.removeprefix("group:")
                wanted[name] = max(wanted.get(name, 0.0), float(int(at) + rule.hours * _HOUR))
    return wanted


def bring(now: Snapshot, user: str, record: FederatedIdentityRecord, wanted: Mapping[str, float]) -> Brought:
    """What changes so that this user is where the rules want them, as far as this identity brings them there?"""
    names = now.names_by_uid()
    before = {names[uid][1] for uid in record.brought if names.get(uid, ("", ""))[0] == "Group"}
    elsewhere = _brought_by_others(now, record)
    edits, uids = [], []
    for name in sorted({*before, *wanted}):
        group = now.account.groups.get(name)
        if group is None:
            continue
        uid = now.identities["Group", name].uid
        if name in wanted:
            uids.append(uid)
        until = wanted.get(name)
        changed = _with(group, user, until, keeps=uid in elsewhere)
        if changed != group:
            edits.append(Edit("Group", name, changed))
    return Brought(tuple(edits), tuple(uids))


def take_back(now: Snapshot, user: str, record: FederatedIdentityRecord) -> Brought:
    """What changes when this identity brings its owner nowhere any more?"""
    return bring(now, user, record, {})


def _brought_by_others(now: Snapshot, record: FederatedIdentityRecord) -> set[str]:
    """Into which groups do other identities of the same user bring them?"""
    others = now.federated_identities_of(record.owner_uid) if record.owner_uid else []
    return {uid for one in others if one.uid != record.uid for uid in one.brought}


def _with(group: Group, user: str, until: float | None, *, keeps: bool) -> Group:
    """The group with this user in it until then (None: no longer). `keeps`: another identity brings them there, too."""
    mine = [one for one in group.members if one.member == user and one.managed_by == BROUGHT]
    if until is None:
        if keeps or not mine:
            return group
        return replace(group, members=tuple(one for one in group.members if one not in mine))
    latest = max([until, *(one.window.expires_at or 0.0 for one in mine if keeps)])
    wanted = Membership(user, Window(None, latest), BROUGHT)
    rest = tuple(one for one in group.members if one not in mine)
    return replace(group, members=(*rest, wanted))
