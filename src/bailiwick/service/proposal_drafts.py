"""Drafts of proposals: edits that would allow just what was refused, each tried on the account before it is shown.

Implements docs/spec.md 26.2 to 26.4. Pure: a draft is planned, compiled and asked of the engine, never stored. Whether
somebody may carry it out is proposals.py's question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.check_scopes import action_meets, shape_of
from bailiwick.catalog.check_world import World
from bailiwick.catalog.rights import matching_actions
from bailiwick.engine import CompiledAccount, decide, granting_subjects
from bailiwick.engine.views import find_view
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Group, Membership
from bailiwick.model.names import BUILT_IN_GROUPS
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import Reason, Request
from bailiwick.model.services import IAM, Action, Right, Role, Service
from bailiwick.service.checking import check_plan
from bailiwick.service.edits import Edit, Plan, plan_edits
from bailiwick.service.exact_scopes import narrowest_scope
from bailiwick.service.kinds import find_value
from bailiwick.service.managed import check_managed
from bailiwick.service.refusal_words import format_scope
from bailiwick.service.snapshots import Snapshot

POLICY, ROLE, MEMBERSHIP = "policy", "role", "membership"
MOST_ROLES_TRIED = 12
MOST_GROUPS_TRIED = 20
MOST_GROUPS = 3
FEW_OTHER_ACTIONS = 3
FEW_OTHER_POLICIES = 3
MOST_NAME_CHARACTERS = 120
_UNFIT = re.compile(r"[^\w.@+=,!$~-]+")


@dataclass(frozen=True, slots=True)
class Draft:
    """One change that would allow what was asked, and what else it would give.

    `kind`: `policy` (an existing role), `role` (a new role too) or `membership`. `others`: the other actions that come
    with the role, or the other policies that come with the group. `wider` as of Narrowest.
    """

    kind: str
    edits: tuple[Edit, ...]
    plan: Plan
    text: str
    others: tuple[str, ...] = ()
    wider: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Which of the missing actions does one policy give, in which scope, by a role of which service?"""

    scope: Scope
    role_service: str
    actions: tuple[str, ...]
    wider: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A denied question, seen for the one principal that is refused.

    `request` is the whole question; `own` asks the same of this principal alone, as it was judged.
    """

    catalog: Catalog
    snapshot: Snapshot
    request: Request
    principal: str

    @property
    def compiled(self) -> CompiledAccount:
        """Of which account is it asked?"""
        return self.snapshot.compiled

    @property
    def own(self) -> Request:
        """How is this principal asked by itself?"""
        said = self.request.principal_properties if self.principal == self.request.principal else {}
        return replace(self.request, principal=self.principal, chain=(), principal_properties=said)

    @property
    def service(self) -> Service:
        """Of which service is the resource?"""
        return self.compiled.services[self.request.resource.service]

    def action(self, action: str) -> tuple[str, Action]:
        """Which action is it, and of which service?"""
        need = self.compiled.needs[self.request.resource.service][action]
        return need.action_service, need.action


def missing_actions(refused: Refused) -> dict[str, Reason]:
    """Which actions are lacking, and why: what was asked for, and what that requires? In the order of need.

    An action that is granted already but for a prerequisite is not lacking itself.
    """
    found: dict[str, Reason] = {}
    seen: set[str] = set()
    pending = [refused.request.action]
    while pending:
        action = pending.pop(0)
        if action in seen:
            continue
        seen.add(action)
        decision = decide(refused.compiled, replace(refused.own, action=action))
        if decision.allowed:
            continue
        if decision.reason is not Reason.PREREQUISITE_MISSING:
            found[action] = decision.reason
        if decision.reason in (Reason.PREREQUISITE_MISSING, Reason.NO_MATCHING_POLICY):
            pending += refused.action(action)[1].requires
    return found


def divide(refused: Refused, missing: Mapping[str, Reason]) -> list[Part] | str:
    """Which policies would give what is missing? Words: why none can."""
    parts: dict[tuple[Scope, str], tuple[list[str], str]] = {}
    for action in missing:
        narrowest = narrowest_scope(refused.compiled, action, refused.request.resource)
        if narrowest.scope is None:
            return narrowest.lacks
        owner, _ = refused.action(action)
        actions, _ = parts.setdefault((narrowest.scope, owner), ([], narrowest.wider))
        actions.append(action)
    return [Part(scope, owner, tuple(actions), wider) for (scope, owner), (actions, wider) in parts.items()]


def drafts_of(refused: Refused, parts: list[Part]) -> list[Draft]:
    """Which drafts would allow it? The narrowest first."""
    by_role = _by_existing_role(refused, parts)
    drafts = [] if by_role is None else [by_role]
    if by_role is None or by_role.others:
        by_custom = _by_custom_role(refused, parts)
        is_narrow = by_role is not None and len(by_role.others) <= FEW_OTHER_ACTIONS
        if by_custom is not None:
            drafts.insert(1 if is_narrow else 0, by_custom)
    missing = [action for part in parts for action in part.actions]
    return [*drafts, *_by_membership(refused, missing)]


def try_edits(refused: Refused, edits: list[Edit]) -> Plan | None:
    """What do the edits come to, where they may be and the whole question is then allowed? None: not."""
    plan = plan_edits(refused.snapshot, edits)
    try:
        check_managed(plan, None)
        check_plan(refused.catalog, plan, edits)
    except Invalid:
        return None
    return plan if decide(plan.compile(), refused.request).allowed else None


def _by_existing_role(refused: Refused, parts: list[Part]) -> Draft | None:
    """Which existing role gives each part, with the fewest other actions?"""
    world = World(refused.catalog, refused.snapshot.account)
    choices = [_roles_for(refused, part, world)[:MOST_ROLES_TRIED] for part in parts]
    if not all(choices):
        return None
    # WHY only the first part is varied: more than one part is rare, and each of the others has its narrowest role.
    for first in choices[0]:
        chosen = [first, *(options[0] for options in choices[1:])]
        edits = _policies(refused, parts, [role for role, _ in chosen])
        plan = try_edits(refused, edits)
        if plan is not None:
            others = tuple(dict.fromkeys(action for _, others in chosen for action in others))
            roles = " and ".join(f"`{role}`" for role, _ in chosen)
            return Draft(
                POLICY, tuple(edits), plan, _grant_text(refused, parts, roles), others, _wider(parts)
            )
    return None


def _roles_for(refused: Refused, part: Part, world: World) -> list[tuple[str, tuple[str, ...]]]:
    """Which roles hold all of the part's actions, as a policy writes them, each with what else comes with it?"""
    found = []
    for role in _roles_of(refused, part.role_service):
        if role.managed_by or any(right.effect == "deny" for right in role.rights):
            continue
        name = role.name if role.service == refused.service.name else role.reference
        if all(_reaches(refused, name, action) for action in part.actions):
            found.append((name, _other_actions(refused, role, part, world)))
    return sorted(found, key=lambda one: (len(one[1]), one[0]))


def _roles_of(refused: Refused, action_service: str) -> Iterator[Role]:
    """Which roles could hold an action of this service over the asked resource? (rule 3.9)"""
    names = dict.fromkeys((refused.service.name, action_service))
    for name in names:
        yield from refused.compiled.services[name].roles.values()
    yield from (role for role in refused.snapshot.account.roles.values() if role.service in names)


def _reaches(refused: Refused, role: str, action: str) -> bool:
    owner, found = refused.action(action)
    return bool(refused.compiled.roles.reach(role, refused.service.name, owner, found).allows)


def _other_actions(refused: Refused, role: Role, part: Part, world: World) -> tuple[str, ...]:
    """Which other actions can the role give in the part's scope?"""
    shape = shape_of(part.scope)
    found: dict[str, None] = {}
    for right in role.rights:
        owner = refused.compiled.services.get(right.service)
        if owner is None:
            continue
        for action in matching_actions(right, owner):
            reaches = role.service == refused.service.name or (role.service == IAM and action.spans_services)
            if reaches and action_meets(action, owner, refused.service, shape, world):
                found[action.id] = None
    return tuple(action for action in found if action not in part.actions)


def _by_custom_role(refused: Refused, parts: list[Part]) -> Draft | None:
    """A new role with exactly what is missing, and a policy that gives it."""
    edits: list[Edit] = []
    names: list[str] = []
    for part in parts:
        name = _free_name(refused, "Role", "Only " + " and ".join(part.actions), names)
        right = Right(part.role_service, part.actions)
        text = f"exactly {_listed(part.actions)}"
        role = Role(part.role_service, name, "service", (right,), custom=True, description=text)
        edits.append(Edit("Role", name, role))
        names.append(name)
    written = [
        name if part.role_service == refused.service.name else f"{part.role_service}/{name}"
        for part, name in zip(parts, names, strict=True)
    ]
    edits += _policies(refused, parts, written)
    plan = try_edits(refused, edits)
    if plan is None:
        return None
    what = "a new role with exactly " + _listed(tuple(action for part in parts for action in part.actions))
    return Draft(ROLE, tuple(edits), plan, _grant_text(refused, parts, what), (), _wider(parts))


def _policies(refused: Refused, parts: list[Part], roles: list[str]) -> list[Edit]:
    edits: list[Edit] = []
    person = refused.principal.partition(":")[2]
    for part, role in zip(parts, roles, strict=True):
        what = part.scope.id[0] if part.scope.id is not None else refused.service.name
        wish = f"{person} {part.actions[0]} {what}"
        name = _free_name(refused, "Policy", wish, [edit.name for edit in edits])
        text = f"grants {_listed(part.actions)} to {refused.principal}, which was refused"
        policy = Policy(name, (refused.principal,), (role,), part.scope, description=text)
        edits.append(Edit("Policy", name, policy))
    return edits


def _grant_text(refused: Refused, parts: list[Part], what: str) -> str:
    where = " and ".join(dict.fromkeys(format_scope(part.scope) for part in parts))
    return f"grant {what} to `{refused.principal}` over {where}"


def _wider(parts: list[Part]) -> str:
    return next((part.wider for part in parts if part.wider), "")


def _listed(actions: tuple[str, ...]) -> str:
    return " and ".join(f"`{action}`" for action in actions)


def _free_name(refused: Refused, kind: str, wish: str, taken: list[str]) -> str:
    """Which name like this has no object of this kind yet? The same question on the same state has the same."""
    words = " ".join(_UNFIT.sub(".", word).strip(".") or "-" for word in wish.split())
    base = words[:MOST_NAME_CHARACTERS].strip()
    name, number = base, 1
    while name in taken or find_value(refused.snapshot.account, kind, name) is not None:
        number += 1
        name = f"{base} {number}"
    return name


def _by_membership(refused: Refused, missing: list[str]) -> list[Draft]:
    """Which groups would let the principal do it, as members, and give it little else?"""
    account = refused.snapshot.account
    if refused.principal not in account.principals:
        return []
    view = find_view(refused.compiled, refused.principal, refused.request.now)
    if view is None:
        return []
    subjects = dict.fromkeys(
        subject
        for action in missing
        for subject in granting_subjects(refused.compiled, replace(refused.own, action=action))
    )
    held = {name for subject in view.subjects for name in refused.compiled.policies_of.get(subject, ())}
    ranked = []
    for subject in subjects:
        kind, _, name = subject.partition(":")
        group = account.groups.get(name) if kind == "group" and name not in BUILT_IN_GROUPS else None
        if group is None or any(one.member == refused.principal for one in group.members):
            continue
        brought = _brought(refused, subject, held)
        if brought is not None and len(brought) <= FEW_OTHER_POLICIES + 1:
            ranked.append((len(brought), name, group, brought))
    drafts = (
        _draft_of_group(refused, group, brought) for _, _, group, brought in sorted(ranked, key=_first_two)
    )
    return [draft for _, draft in zip(range(MOST_GROUPS_TRIED), drafts, strict=False) if draft][:MOST_GROUPS]


def _first_two(ranked: tuple[int, str, Group, list[str]]) -> tuple[int, str]:
    return ranked[:2]


def _brought(refused: Refused, subject: str, held: set[str]) -> list[str] | None:
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
    return sorted(found)


def _draft_of_group(refused: Refused, group: Group, brought: list[str]) -> Draft | None:
    joined = replace(group, members=(*group.members, Membership(refused.principal)))
    edits = [Edit("Group", group.name, joined)]
    plan = try_edits(refused, edits)
    if plan is None:
        return None
    text = f"add `{refused.principal}` to group `{group.name}`"
    # WHY: the policy by which it is then allowed is no other.
    others = tuple(name for name in brought if not _is_by(refused, edits, name))
    return Draft(MEMBERSHIP, tuple(edits), plan, text, others)


def _is_by(refused: Refused, edits: list[Edit], name: str) -> bool:
    """Would it still be denied without this policy?"""
    off = replace(refused.snapshot.account.policies[name], enabled=False)
    compiled = plan_edits(refused.snapshot, [*edits, Edit("Policy", name, off)]).compile()
    return not decide(compiled, refused.request).allowed
