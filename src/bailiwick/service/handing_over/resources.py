"""What a resource hands over that is registered, changed or forgotten: all that its attributes decide.

Implements docs/spec.md rules 2.5 and 9.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bailiwick.engine.resources import INSTANCE_TYPE
from bailiwick.model.accounts import Resource
from bailiwick.model.conditions import Condition
from bailiwick.model.names import ResourceName, parse_resource_name
from bailiwick.model.patterns import overlaps
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.services import IAM
from bailiwick.service.handing_over.handover import Handover
from bailiwick.service.handing_over.holding import Holding
from bailiwick.service.reaching import reads

_STORED = ("project", "owner", "groups", "budget", "tags", "properties")


def resource_handovers(
    holding: Holding, name: str, old: Resource | None, new: Resource | None
) -> Iterator[Handover]:
    """A resource that is registered, changed or forgotten; what lies below it takes its attributes."""
    if old is not None and new is not None and _is_same_to_decisions(old, new):
        return
    parsed = parse_resource_name(name)
    here = _scope_of(holding, parsed)
    projects = {value.project for value in (old, new) if value is not None and value.project is not None}
    scopes = [replace(here, project=(project,)) for project in sorted(projects)] or [here]
    because = f"attributes of `{name}` change"
    moved = new if old is not None and new is not None and replace(old, project=new.project) == new else None
    # WHY: of what is not registered the asker says the project, so all projects are handed over.
    policies = holding.reaching.policies_reading_resource(
        projects if new is not None else None, is_fresh=old is None
    )
    scopes = scopes if new is not None else [here]
    for policy in policies:
        if policy.scope.service is not None and parsed.service not in policy.scope.service:
            continue
        if moved is not None and _is_left_behind(holding, policy, moved.project):
            continue
        words = because if moved is None else _moving_words(policy, moved)
        for scope in scopes:
            yield Handover(scope, policy.roles, policy.window.expires_at, words)
    for profile in sorted(set(holding.reaching.profiles_reading("resource.", None))):
        if parsed.service == IAM:
            yield from holding.all_of_profile(profile, f"trusts by {because}")
    for guardrail in holding.reaching.guardrails:
        services = guardrail.scope.service
        concerns = parsed.service != IAM if services is None else parsed.service in services
        if concerns and (guardrail.scope.project is not None or _reads_stored(guardrail.when)):
            # WHY not its own scope: it falls here alone, and whoever could remove it here may.
            yield from (holding.unguarded(replace(guardrail, scope=scope), because) for scope in scopes)


def _is_left_behind(holding: Holding, policy: Policy, project: str | None) -> bool:
    """Does the policy allow and cannot hold in this project? Then moving there takes away and gives nothing."""
    named = policy.scope.project
    if named is None or holding.reaching.denies(policy):
        return False
    return project is None or not any(overlaps(one, project) for one in named)


def _scope_of(holding: Holding, name: ResourceName) -> Scope:
    """Which scope holds the resource and all that takes attributes from it? (rule 2.5)"""
    whole = Scope(
        service=(name.service,),
        region=(name.region,) if name.region else None,
        instance=(name.instance,) if name.instance else None,
    )
    service = holding.services.get(name.service) or holding.after.services.get(name.service)
    if name.type == INSTANCE_TYPE and service is not None and service.instances:
        return replace(whole, instance=(name.id,))
    return replace(whole, type=(name.type,), id=(name.id,))


def _is_same_to_decisions(old: Resource, new: Resource) -> bool:
    """Does nothing differ that a decision reads?"""
    return replace(old, description=new.description, attached_to=new.attached_to) == new


def _moving_words(policy: Policy, moved: Resource) -> str:
    where = f"in project `{moved.project}`" if moved.project is not None else "outside of projects"
    return f"policy `{policy.name}` may newly grant its roles on `{moved.name}` {where}"


def _reads_stored(condition: Condition | None) -> bool:
    """Does the condition read anything of a resource that is stored of it? What its name says, no change alters."""
    return any(reads(condition, f"resource.{attribute}") for attribute in _STORED)
