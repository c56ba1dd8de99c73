"""Which policies could give a principal an action: a first, cheap look before authority or decisions are asked for.

It says yes too often, never no wrongly; whatever it says yes to is then asked of the engine.
"""

from __future__ import annotations

from bailiwick.engine import CompiledAccount
from bailiwick.engine.authority import policies_of
from bailiwick.engine.views import find_view
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.services import IAM


def could_hold(compiled: CompiledAccount, principal: str, action: str, now: float) -> bool:
    """Could this principal hold the action over anything? Says yes too often, never no wrongly; cheap."""
    return bool(find_granting(compiled, principal, action, now))


def find_granting(compiled: CompiledAccount, principal: str, action: str, now: float) -> tuple[Scope, ...]:
    """Over which scopes could the principal hold the action by one policy? The owner: over everything."""
    if principal == compiled.account.owner:
        return Scope(), Scope(service=tuple(compiled.services))
    return find_policies_granting(compiled, principal, action, now)


def find_policies_granting(
    compiled: CompiledAccount, principal: str, action: str, now: float
) -> tuple[Scope, ...]:
    """Over which scopes do the principal's policies give the action, on whatever condition? The owner's as others'."""
    view = find_view(compiled, principal, now)
    if view is None:
        return ()
    return tuple(
        dict.fromkeys(
            policy.scope
            for _, policy in policies_of(compiled, view)
            if policy.effect == "allow" and _could_grant(compiled, policy, action)
        )
    )


def _could_grant(compiled: CompiledAccount, policy: Policy, action: str) -> bool:
    for service in policy.scope.service or tuple(name for name in compiled.services if name != IAM):
        need = compiled.needs_over(service).get(action)
        if need is not None and any(
            compiled.roles.reach(name, service, need.action_service, need.action).allows
            for name in policy.roles
        ):
            return True
    return False
