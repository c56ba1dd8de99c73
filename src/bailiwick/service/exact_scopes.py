"""Which scope says just what was asked about? The smallest one that a policy can have and the action still meets.

Implements docs/spec.md 26.2. Pure. A part that the action is not decided on is left out, for a scope that constrains it
would never match (3.2); a part that the question leaves out makes every scope too wide, so there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bailiwick.engine import CompiledAccount
from bailiwick.engine.decide import understand
from bailiwick.engine.resources import INSTANCE, PROJECT, REGION, Resolved
from bailiwick.model.patterns import is_pattern
from bailiwick.model.policies import Scope
from bailiwick.model.requests import Reason, ResourceQuery


@dataclass(frozen=True, slots=True)
class Narrowest:
    """The scope, or None: then `lacks` says what would have to be known or said otherwise.

    `wider`: why the scope reaches more than the resource, where policies of the service cannot say less; "": it
    does not.
    """

    scope: Scope | None
    lacks: str = ""
    wider: str = ""


def narrowest_scope(compiled: CompiledAccount, action: str, query: ResourceQuery) -> Narrowest:
    """Which scope is the smallest in which a policy may allow this action on this resource?"""
    asked = understand(compiled, action, query)
    if isinstance(asked, Reason):
        return Narrowest(None, asked.value.replace("_", " "))
    need, resource = asked
    constrainable = compiled.services[query.service].scope_attributes
    sees_nodes = bool(resource.nodes) and not need.sight.itself
    values: dict[str, tuple[str, ...]] = {}
    parts = [("region", resource.region, REGION), ("instance", resource.instance, INSTANCE)]
    if not sees_nodes:
        parts.append(("project", resource.project, PROJECT))
    for name, value, bit in parts:
        if not resource.has & bit or name not in constrainable:
            continue
        if value is None:
            if resource.unknown & bit:
                return Narrowest(None, f"the question does not say the {name}")
        elif is_pattern(value):
            return Narrowest(None, f"no scope says the {name} `{value}`: it would be a pattern")
        else:
            values[name] = (value,)
    scope = Scope(
        service=(query.service,),
        region=values.get("region"),
        instance=values.get("instance"),
        project=values.get("project"),
    )
    return _at_node(scope, resource, constrainable) if sees_nodes else Narrowest(scope)


def _at_node(scope: Scope, resource: Resolved, constrainable: frozenset[str]) -> Narrowest:
    """Which scope names the resource itself besides?"""
    kind, ident = resource.nodes[-1]
    if not {"type", "id"} <= constrainable:
        return Narrowest(scope, wider=f"policies on `{resource.service}` cannot name a single {kind}")
    if ident is None:
        return Narrowest(None, f"the question does not say which {kind}")
    if is_pattern(ident):
        return Narrowest(None, f"no scope says the id `{ident}`: it would be a pattern")
    within: tuple[tuple[str, str], ...] | None = None
    wider = ""
    if len(resource.nodes) > 1:
        above, above_id = resource.nodes[-2]
        if above_id is None:
            return Narrowest(None, f"the question does not say which {above}")
        if "within" in constrainable:
            within = ((above, above_id),)
        if within is None or len(resource.nodes) > 2:
            wider = f"another {kind} of the same id, in another {resource.nodes[0][0]}, is reached too"
    return Narrowest(replace(scope, type=(kind,), id=(ident,), within=within), wider=wider)
