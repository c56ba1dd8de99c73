"""Whom to ask for access to a service: who could grant the smallest role that helps, there.

Implements docs/spec.md 26.5 where no single resource is asked about. The grant is only planned, to judge who could
make it; nothing proposes it.
"""

from __future__ import annotations

from bailiwick.catalog.matrix import held_actions
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import Role, Service
from bailiwick.service.edits import Edit, plan_edits
from bailiwick.service.host import Host
from bailiwick.service.proposals.whom_to_ask import SOMEBODY, Ask, whom_to_ask
from bailiwick.service.reading import Reader

_NAME = "access"


def ask_for_access(host: Host, reader: Reader, principal: str, query: ResourceQuery, action: str = "") -> Ask:
    """Who could let this principal do this (or anything) in the service of this question, in its region?"""
    service = reader.snapshot.compiled.services[query.service]
    role = _smallest_role(service, action)
    if role is None:
        return Ask((), True, f"ask {SOMEBODY}")
    region = (query.region,) if service.regional and query.region else None
    policy = Policy(_NAME, (principal,), (role.name,), Scope((service.name,), region))
    plan = plan_edits(reader.snapshot, [Edit("Policy", _NAME, policy)])
    return whom_to_ask(reader, host.catalog, plan, query, host.now())


def _smallest_role(service: Service, action: str) -> Role | None:
    """Which role holds the action (or any), and the fewest others?"""
    held = [(held_actions(service, role), role) for role in service.roles.values() if not role.explicit]
    fitting = [
        (len(actions), role.name, role) for actions, role in held if actions and action in (*actions, "")
    ]
    return min(fitting, key=lambda one: one[:2])[2] if fitting else None
