"""A denied question, what it lacks, and drafts of changes that would allow it, each tried before it is shown.

Implements docs/spec.md 26.1 and 26.3. Pure: a draft is planned, compiled and asked of the engine, never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.check_scopes import action_meets, shape_of
from bailiwick.catalog.check_world import World
from bailiwick.catalog.rights import matching_actions
from bailiwick.engine import CompiledAccount, decide
from bailiwick.errors import Invalid
from bailiwick.model.policies import Scope
from bailiwick.model.requests import Reason, Request
from bailiwick.model.services import IAM, Action, Role, Service
from bailiwick.service.checking import check_plan
from bailiwick.service.edits import Edit, Plan, plan_edits
from bailiwick.service.managed import check_managed
from bailiwick.service.snapshots import Name, Snapshot

POLICY, ROLE, MEMBERSHIP = "policy", "role", "membership"


@dataclass(frozen=True, slots=True)
class Draft:
    """One change that would allow what was asked, and what else it would give.

    `kind`: `policy` (an existing role), `role` (a new role too) or `membership`. `others`: the other actions that come
    with the role or the group. `wider`: why it reaches more than the resource; "": it does not.
    `rests_on`: what is there already and is told of by it.
    """

    kind: str
    edits: tuple[Edit, ...]
    plan: Plan
    text: str
    others: tuple[str, ...] = ()
    wider: str = ""
    rests_on: tuple[Name, ...] = ()


def _every_role(_: Role) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Refused:
    """A denied question, seen for the one principal that is refused.

    `request` is the whole question; `own` asks the same of this principal alone, as it was judged. `sees`: which custom
    roles may be named to whoever asks?
    """

    catalog: Catalog
    snapshot: Snapshot
    request: Request
    principal: str
    sees: Callable[[Role], bool] = _every_role

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


def try_edits(refused: Refused, edits: Sequence[Edit]) -> Plan | None:
    """What do the edits come to, where they may be and the whole question is then allowed? None: not."""
    plan = plan_edits(refused.snapshot, edits)
    try:
        check_managed(plan, None)
        check_plan(refused.catalog, plan, edits)
    except Invalid:
        return None
    return plan if decide(plan.compile(), refused.request).allowed else None


def actions_in(refused: Refused, role: Role, over: Service, scope: Scope, world: World) -> dict[str, None]:
    """Which actions can the role give over resources of this service in this scope, in its own order?"""
    shape = shape_of(scope)
    found: dict[str, None] = {}
    for right in role.rights:
        owner = refused.compiled.services.get(right.service)
        if owner is None or right.effect == "deny":
            continue
        for action in matching_actions(right, owner):
            reaches = role.service == over.name or (role.service == IAM and action.spans_services)
            if reaches and action_meets(action, owner, over, shape, world):
                found[action.id] = None
    return found
