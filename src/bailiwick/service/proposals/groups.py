"""Groups whose members may do what was refused, and whose membership would give the principal little else.

Implements docs/spec.md 26.4. Pure. Found by the index of who holds what, not by a look through all groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from bailiwick.catalog.check_world import World
from bailiwick.engine import granting_subjects
from bailiwick.engine.views import find_view
from bailiwick.model.accounts import Group, Membership
from bailiwick.model.names import BUILT_IN_GROUPS
from bailiwick.model.policies import Policy
from bailiwick.service.edits import Edit
from bailiwick.service.refused import MEMBERSHIP, Draft, Refused, actions_in, try_edits

MOST_LOOKED_AT = 100
MOST_GROUPS_TRIED = 20
MOST_GROUPS = 3
FEW_OTHER_ACTIONS = 12


class Joining(NamedTuple):
    """Which group, and what comes with it: other actions, by which policies?"""

    group: Group
    others: tuple[str, ...]
    policies: list[Policy]


def memberships(refused: Refused, missing: Sequence[str]) -> list[Draft]:
    """Which groups would let the principal do it, as members, and give it little else?"""
    account = refused.snapshot.account
    if refused.principal not in account.principals:
        return []
    view = find_view(refused.compiled, refused.principal, refused.request.now)
    if view is None:
        return []
    world = World(refused.catalog, account)
    subjects = dict.fromkeys(
        subject
        for action in missing
        for subject in granting_subjects(refused.compiled, replace(refused.own, action=action))
    )
    held = {name for subject in view.subjects for name in refused.compiled.policies_of.get(subject, ())}
    ranked: list[tuple[int, str, Joining]] = []
    groups = (subject for subject in subjects if subject.startswith("group:"))
    for subject in islice(groups, MOST_LOOKED_AT):
        name = subject.partition(":")[2]
        group = None if name in BUILT_IN_GROUPS else account.groups.get(name)
        if group is None or any(one.member == refused.principal for one in group.members):
            continue
        brought = _brought(refused, subject, held)
        given = None if brought is None else _given_by(refused, brought, world)
        if brought is None or given is None:
            continue
        others = tuple(sorted(given - set(missing)))
        if len(others) <= FEW_OTHER_ACTIONS:
            ranked.append((len(others), name, Joining(group, others, brought)))
    ranked.sort(key=lambda one: one[:2])
    drafts = (_draft(refused, joining) for _, _, joining in ranked[:MOST_GROUPS_TRIED])
    return list(islice((draft for draft in drafts if draft is not None), MOST_GROUPS))


def _brought(refused: Refused, subject: str, held: set[str]) -> list[Policy] | None:
    """Which policies come with membership of this group? None: something that denies comes with it."""
    found: dict[str, None] = {}
    pending, seen = [subject], {subject}
    while pending:
        one = pending.pop()
        table = refused.compiled.tables.get(one)
        if table is not None and table.denies is not None:
            return None
        policies = refused.compiled.policies_of.get(one, ())
        found.update(dict.fromkeys(name for name in policies if name not in held))
        for parent, _ in refused.compiled.parents.get(one, ()):
            if parent not in seen:
                seen.add(parent)
                pending.append(parent)
    account = refused.snapshot.account
    return [account.policies[name] for name in found if account.policies[name].enabled]


def _given_by(refused: Refused, policies: list[Policy], world: World) -> set[str] | None:
    """Which actions can these policies give? None: they reach every service, which is much."""
    found: set[str] = set()
    for policy in policies:
        if policy.scope.service is None:
            return None
        for name in policy.scope.service:
            service = refused.compiled.services[name]
            roles = (refused.compiled.roles.find_role(role, name) for role in policy.roles)
            for role in (role for role in roles if role is not None):
                found.update(actions_in(refused, role, service, policy.scope, world))
    return found


def _draft(refused: Refused, joining: Joining) -> Draft | None:
    group = joining.group
    joined = replace(group, members=(*group.members, Membership(refused.principal)))
    edits = (Edit("Group", group.name, joined),)
    plan = try_edits(refused, edits)
    text = f"add `{refused.principal}` to group `{group.name}`"
    rests_on = (("Group", group.name), *(("Policy", policy.name) for policy in joining.policies))
    return None if plan is None else Draft(MEMBERSHIP, edits, plan, text, joining.others, rests_on=rests_on)
