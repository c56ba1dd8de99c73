"""The catalog's service `eps` as the administration of projects uses it: its actions and its resources.

Serves docs/spec.md section 19. Pure words; who may is asked by needed.py and authorize.py.
"""

from __future__ import annotations

from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.patterns import matches
from bailiwick.model.policies import Guardrail, Scope
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import IAM

EPS = "eps"
PROJECT_TYPE = "enterprise-project"
_WHOLE = ("*", f"{EPS}:*", f"{EPS}*", f"{IAM}.*", f"{IAM}*")

LIST = "eps:enterpriseProjects:list"
GET = "eps:enterpriseProjects:get"
LIST_RESOURCES = "eps:resources:list"
ADD_RESOURCES = "eps:resources:add"
REMOVE_RESOURCES = "eps:resources:remove"
ADD_GROUPS = "eps:userGroups:add"
REMOVE_GROUPS = "eps:userGroups:remove"
ATTACH_POLICIES = "eps:policies:attach"
LIST_USERS = "eps:users:list"


def eps_action(verb: str) -> str:
    """Which action of `eps` is this verb (create, update, enable, …) on a project?"""
    return f"eps:enterpriseProjects:{verb}"


def eps_project(name: str) -> ResourceQuery:
    """A project, as a resource of `eps`."""
    return ResourceQuery(EPS, ((PROJECT_TYPE, name),))


def eps_service() -> ResourceQuery:
    """The service `eps` itself, as a resource."""
    return ResourceQuery(EPS, ((SERVICE_TYPE, EPS),))


def names_action(guardrail: Guardrail, action: str) -> bool:
    """Does it forbid this action by a pattern of its own, and not by one of all actions or of all of a service?"""
    if not guardrail.enabled or any(matches(pattern, action) for pattern in guardrail.except_actions):
        return False
    return any(matches(one, action) and one not in _WHOLE for one in guardrail.actions)


def projects_of(scope: Scope) -> tuple[str, ...]:
    """Which projects does the scope name, as the resources' or as resources of `eps`?"""
    if scope.service == (EPS,) and scope.type == (PROJECT_TYPE,) and scope.id is not None:
        return scope.id if scope.project is None else tuple(one for one in scope.id if one in scope.project)
    return scope.project or ()
