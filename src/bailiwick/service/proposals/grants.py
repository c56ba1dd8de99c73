"""Grants that would allow a refused question: by an existing role with the fewest other actions, or by a new role.

Implements docs/spec.md 26.2. Pure. A role with denies, or one that a template manages, is never used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bailiwick.catalog.check_world import World
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import Reason
from bailiwick.model.services import Right, Role
from bailiwick.service.edits import Edit
from bailiwick.service.exact_scopes import narrowest_scope
from bailiwick.service.kinds import find_value
from bailiwick.service.refusal_words import format_scope
from bailiwick.service.refused import POLICY, ROLE, Draft, Refused, actions_in, try_edits

MOST_ROLES_TRIED = 12
MOST_NAME_CHARACTERS = 120
_UNFIT = re.compile(r"[^\w.@+=,!$~-]+")


@dataclass(frozen=True, slots=True)
class Part:
    """Which of the missing actions does one policy give, in which scope, by a role of which service?"""

    scope: Scope
    role_service: str
    actions: tuple[str, ...]
    wider: str


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


def grant_by_existing_role(refused: Refused, parts: list[Part]) -> Draft | None:
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
    own = (role for role in refused.snapshot.account.roles.values() if role.service in names)
    # SECURITY: anybody may ask about itself, and is not told by it which roles the account has made.
    yield from (role for role in own if refused.sees(role))


def _reaches(refused: Refused, role: str, action: str) -> bool:
    owner, found = refused.action(action)
    return bool(refused.compiled.roles.reach(role, refused.service.name, owner, found).allows)


def _other_actions(refused: Refused, role: Role, part: Part, world: World) -> tuple[str, ...]:
    """Which other actions can the role give in the part's scope?"""
    found = actions_in(refused, role, refused.service, part.scope, world)
    return tuple(action for action in found if action not in part.actions)


def grant_by_new_role(refused: Refused, parts: list[Part]) -> Draft | None:
    """A new role with exactly what is missing, and a policy that gives it."""
    edits: list[Edit] = []
    names: list[str] = []
    for part in parts:
        name = _free_name(refused, "Role", "Only " + " and ".join(part.actions), names)
        right = Right(part.role_service, part.actions)
        text = f"exactly {' and '.join(part.actions)}"
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
        text = f"grants {' and '.join(part.actions)} to {refused.principal}, which was refused"
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
