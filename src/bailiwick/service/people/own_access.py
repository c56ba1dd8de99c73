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
from bailiwick.service.authorize import Judge
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
    """One service: how many of its actions could be done on something in it."""

    name: str
    title: str
    held: int
    of: int


def list_services(judge: Judge, services: dict[str, Service]) -> list[ServiceAccess]:
    """In which services could anything be done, and how many of their actions?"""
    found = []
    for name in sorted(services):
        service = services[name]
        held = sum(judge.could_hold_any((action,)) for action in service.actions)
        if held:
            found.append(ServiceAccess(name, service.title, held, len(service.actions)))
    return found


def list_actions(asking: Asking, judge: Judge, service: Service) -> list[MayDo]:
    """Which actions of this service may the session do, and where? In the catalog's order."""
    found = (_may_do(asking, judge, service, action) for action in service.actions.values())
    return [one for one in found if one is not None]


def _may_do(asking: Asking, judge: Judge, service: Service, action: Action) -> MayDo | None:
    if not judge.could_hold_any((action.id,)):
        return None
    said = (action.id, action.title, action.access)
    if action.resource_type is None:
        here = ResourceQuery(service.name, ((SERVICE_TYPE, service.name),))
        return MayDo(*said, EVERYWHERE if judge.is_allowed(action.id, here) else PERHAPS)
    if judge.holds(action.id, Scope(service=(service.name,))):
        return MayDo(*said, EVERYWHERE)
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
