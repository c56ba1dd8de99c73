"""Example resources: what `auto` and a type without an example path stand for.

A table leaves the type to the catalog where the document does not say it; only types are looked up here,
never who may do what.
"""

from __future__ import annotations

from collections.abc import Mapping

from bailiwick.model.names import SERVICE_TYPE, parse_path
from bailiwick.model.services import Operation, Service

AUTO = "auto"
INSTANCE_TYPE = "instance"


def example_path(service: Service, kind: str | None, given: Mapping[str, str], instance: str | None) -> str:
    """Which path has the example of this type? The table's, else `<type>/example` below its parents."""
    if kind is None or kind == SERVICE_TYPE:
        return f"{SERVICE_TYPE}/{service.name}"
    if kind in given:
        return given[kind]
    if kind == INSTANCE_TYPE and instance is not None:
        return f"{kind}/{instance}"
    parents = service.resource_types[kind].parents
    above = f"{example_path(service, parents[0], given, instance)}/" if parents else ""
    return f"{above}{kind}/example"


def type_of_action(service: Service, action: str) -> str | None:
    """For which type is the action? None: for none, or the service does not know it."""
    found = service.actions.get(action)
    return None if found is None else found.resource_type


def type_of_operation(service: Service, operation: Operation) -> str | None:
    """Which type has the operation's target? That of the first action that has one."""
    kinds = (service.actions[action].resource_type for action, side in operation.actions if side == "target")
    return next((kind for kind in kinds if kind is not None), None)


def outermost(path: str) -> tuple[tuple[str, str], ...]:
    """Which path has the outermost node of this one?"""
    return parse_path(path)[:1]
