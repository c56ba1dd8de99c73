"""What may I do? By service, then by action: everywhere in it, on how many registered resources, or only on conditions.

Answers come from the engine's search and its authority; nothing here decides.
"""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.errors import Denied
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.policies import Scope
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import Action, Service
from bailiwick.service.asking import Asking
from bailiwick.service.granting import find_policies_granting
from bailiwick.service.judge import Judge
from bailiwick.service.searching import ResourcesSought, search_resources

EVERYWHERE, SOMEWHERE, PERHAPS = "everywhere", "somewhere", "perhaps"


@dataclass(frozen=True, slots=True)
class MayDo:
    """One action that may be done: `where` is one of the three words; `count`: of registered resources, if counted."""

    action: str
    title: str
    access: str
    where: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceAccess:
    """One service: how many of its actions may be done everywhere in it, how many others in part or on conditions."""

    name: str
    title: str
    everywhere: int
    in_part: int
    of: int


def list_services(asking: Asking, judge: Judge, services: dict[str, Service]) -> list[ServiceAccess]:
    """In which services could anything be done, and how many of their actions?"""
    found = []
    for name in sorted(services):
        service = services[name]
        everywhere = sum(_everywhere(judge, service, action) for action in service.actions.values())
        given = sum(_is_given(asking, action) for action in service.actions)
        if everywhere or given:
            in_part = max(given - everywhere, 0)
            found.append(ServiceAccess(name, service.title, everywhere, in_part, len(service.actions)))
    return found


def _everywhere(judge: Judge, service: Service, action: Action) -> bool:
    """Is the action held over everything in the service? One without a type is asked of the service itself."""
    if action.resource_type is None:
        return judge.is_allowed(action.id, ResourceQuery(service.name, ((SERVICE_TYPE, service.name),)))
    return judge.holds(action.id, Scope(service=(service.name,)))


def _is_given(asking: Asking, action: str) -> bool:
    """Does any policy give it, on whatever condition?"""
    return bool(
        find_policies_granting(asking.snapshot.compiled, asking.session.principal, action, asking.now)
    )


def list_actions(asking: Asking, judge: Judge, service: Service) -> list[MayDo]:
    """Which actions of this service may the session do, and where? In the catalog's order."""
    found = (_may_do(asking, judge, service, action) for action in service.actions.values())
    return [one for one in found if one is not None]


def _may_do(asking: Asking, judge: Judge, service: Service, action: Action) -> MayDo | None:
    said = (action.id, action.title, action.access)
    if _everywhere(judge, service, action):
        return MayDo(*said, EVERYWHERE)
    if not _is_given(asking, action.id):
        return None
    if action.resource_type is None:
        return MayDo(*said, PERHAPS)
    sought = ResourcesSought(
        asking.session.principal,
        action.id,
        service.name,
        action.resource_type,
        context=asking.session.context,
    )
    try:
        count = search_resources(asking, sought).count()
    except Denied:
        return MayDo(*said, PERHAPS)
    return MayDo(*said, SOMEWHERE if count else PERHAPS, count)
