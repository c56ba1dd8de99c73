"""What stands against a question that no grant would help: guardrails, denies, what is disabled, what is not known.

Implements docs/spec.md 26.6. Pure: each obstacle says what it is and which edits would take it away; those are never
offered, only used to find out who could make them (whom_to_ask.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bailiwick.engine.decide import applicable_denies, applicable_guardrails, understand
from bailiwick.engine.resources import ALL_OF_IT, find_kind, resolve
from bailiwick.engine.views import find_view
from bailiwick.model.names import ANONYMOUS
from bailiwick.model.protection import PROTECTION
from bailiwick.model.requests import Reason
from bailiwick.service.edits import Edit
from bailiwick.service.kinds import ACCOUNT, KIND_OF_PREFIX, find_value
from bailiwick.service.refused import Refused

GUARDRAIL, ABOVE, RESTRICTION, DENY = "guardrail", "guardrail_above", "restriction", "deny"
PROJECT, PRINCIPAL, SUSPENDED = "project", "principal", "account"
PROOF = "proof"
UNKNOWN, UNCLEAR = "unknown_principal", "question"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands against it. `name`: the object, "" where there is none.

    `edits`: what would take it away, where something in this account would.
    """

    kind: str
    name: str
    text: str
    edits: tuple[Edit, ...] = ()


def find_obstacles(refused: Refused, missing: Mapping[str, Reason]) -> list[Obstacle]:
    """What stands against the question that a grant does not take away?"""
    found: dict[tuple[str, str], Obstacle] = {}
    for action, reason in missing.items():
        for one in _obstacles(refused, action, reason):
            found.setdefault((one.kind, one.name), one)
    return list(found.values())


def _obstacles(refused: Refused, action: str, reason: Reason) -> list[Obstacle]:
    principal = refused.principal
    match reason:
        case Reason.NO_MATCHING_POLICY if principal == ANONYMOUS:
            return [Obstacle(UNKNOWN, "", "nobody in particular asks: sign in, and ask as yourself")]
        case Reason.NO_MATCHING_POLICY:
            return []
        case Reason.GUARDRAIL:
            return _guardrails(refused, action)
        case Reason.EXPLICIT_DENY:
            return _denies(refused, action)
        case Reason.PROJECT_DISABLED:
            return [_project(refused)]
        case Reason.PRINCIPAL_DISABLED:
            return [_principal(refused)]
        case Reason.ACCOUNT_SUSPENDED:
            account = refused.snapshot.account
            edit = Edit(ACCOUNT, account.name, replace(account, suspended=False))
            return [Obstacle(SUSPENDED, account.name, f"account `{account.name}` is suspended", (edit,))]
        case Reason.UNKNOWN_PRINCIPAL:
            return [Obstacle(UNKNOWN, principal, f"there is no `{principal}` in this account")]
        case _:
            return [
                Obstacle(UNCLEAR, "", f"the question cannot be allowed: {reason.value.replace('_', ' ')}")
            ]


def _guardrails(refused: Refused, action: str) -> list[Obstacle]:
    found = []
    account = refused.snapshot.account
    for name in _applicable(refused, action, guardrails=True):
        own = account.guardrails.get(name)
        if own is not None and own.node is None:
            edit = Edit("Guardrail", name, replace(own, enabled=False))
            found.append(
                Obstacle(
                    GUARDRAIL, name, f"guardrail `{name}` forbids `{action}`, whatever allows it", (edit,)
                )
            )
        elif name in account.guardrails_above:
            text = f"guardrail `{name}` of the enterprise forbids `{action}` in this account"
            found.append(Obstacle(ABOVE, name, f"{text}; who administers the enterprise may change it"))
        elif name == PROTECTION:
            text = f"`{action}` needs a proof of who one is that is newer than the visit's"
            found.append(Obstacle(PROOF, name, f"{text}; sign in again, or show a second factor"))
        else:
            text = "the session may do less than who it belongs to"
            found.append(Obstacle(RESTRICTION, name, f"{text}: its restriction `{name}` forbids `{action}`"))
    return found


def _denies(refused: Refused, action: str) -> list[Obstacle]:
    found = []
    for name in _applicable(refused, action, guardrails=False):
        policy = refused.snapshot.account.policies[name]
        edit = Edit("Policy", name, replace(policy, enabled=False))
        found.append(Obstacle(DENY, name, f"policy `{name}` denies `{action}`", (edit,)))
    return found


def _applicable(refused: Refused, action: str, *, guardrails: bool) -> list[str]:
    """Which guardrails or denies apply to this action?"""
    own = replace(refused.own, action=action)
    asked = understand(refused.compiled, action, own.resource)
    view = find_view(refused.compiled, refused.principal, own.now)
    if isinstance(asked, Reason) or view is None:
        return []
    find = applicable_guardrails if guardrails else applicable_denies
    return sorted(set(find(refused.compiled, own, view, *asked)))


def _project(refused: Refused) -> Obstacle:
    """Which project is disabled?"""
    query = refused.request.resource
    kind = find_kind(refused.compiled.kinds[query.service], query.path)
    whole = None if kind is None else resolve(kind, query, refused.compiled.registered, ALL_OF_IT)
    project = (
        None
        if whole is None or whole.project is None
        else refused.snapshot.account.projects.get(whole.project)
    )
    if project is None:
        return Obstacle(UNCLEAR, "", "the question does not say the project, and some project is disabled")
    edit = Edit("Project", project.name, replace(project, disabled=False))
    return Obstacle(
        PROJECT, project.name, f"project `{project.name}` is disabled and takes nothing new", (edit,)
    )


def _principal(refused: Refused) -> Obstacle:
    prefix, _, name = refused.principal.partition(":")
    kind = KIND_OF_PREFIX[f"{prefix}:"]
    value = find_value(refused.snapshot.account, kind, name)
    edit = Edit(kind, name, replace(value, disabled=False))
    return Obstacle(PRINCIPAL, refused.principal, f"`{refused.principal}` is disabled", (edit,))
