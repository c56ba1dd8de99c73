"""What a catalog entry of the account's own hands over when it changes. Implements docs/spec.md rule 9.3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bailiwick.model.policies import Scope
from bailiwick.model.services import Service
from bailiwick.service.handing_over.handover import Handover, guarded_actions, held_ids
from bailiwick.service.handing_over.holding import Holding


def service_handovers(
    holding: Holding, name: str, old: Service | None, new: Service | None
) -> Iterator[Handover]:
    """What could newly be allowed by what the service is now?"""
    if new is None:
        return
    for policy in holding.reaching.policies:
        if policy.scope.service is None or name in policy.scope.service:
            yield Handover(policy.scope, policy.roles, policy.window.expires_at, f"service `{name}` changes")
    if old is not None:
        opened = guarded_actions(old) - guarded_actions(new)
        for role in old.roles.values():
            if role.explicit and opened & held_ids(role, old):
                because = f"role `{role.reference}` is no longer the only way to `{min(opened)}`"
                yield Handover(Scope(service=(name,)), (role.reference,), None, because)
        if _is_reshaped(old, new):
            yield from _missed(holding, name)


def _missed(holding: Holding, name: str) -> Iterator[Handover]:
    """Which guardrails may no longer find the resources of this service, whose shape changes?"""
    for guardrail in holding.reaching.guardrails:
        names = guardrail.scope.service
        if name in (names if names is not None else (name,)):
            here = replace(guardrail, scope=replace(guardrail.scope, service=(name,)))
            yield holding.unguarded(here, f"guardrail `{guardrail.name}` may miss service `{name}`")


def _is_reshaped(old: Service, new: Service) -> bool:
    """Could a scope or condition no longer find what it finds of the service? (rules 2.1 to 2.6, 3.1 to 3.3)"""
    types = any(new.resource_types.get(name) != one for name, one in old.resource_types.items())
    asked = any(
        (one.resource_type, one.decided_on) != (later.resource_type, later.decided_on)
        for name, one in old.actions.items()
        if (later := new.actions.get(name)) is not None
    )
    return types or asked or (old.regional, old.instances) != (new.regional, new.instances)
