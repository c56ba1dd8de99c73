"""Whether a scope is true of a resource (docs/spec.md section 4)."""

from __future__ import annotations

from tests.reference.patterns import fits
from tests.reference.resources import Attributes
from tests.reference.truth import Truth, all_of, any_of

from bailiwick.model.policies import Scope
from bailiwick.model.requests import ABSENT, UNKNOWN, State
from bailiwick.model.services import IAM

Node = tuple[str, str | State]


def scope_truth(scope: Scope, resource: Attributes, service: str) -> Truth:
    """Is the scope true of the resource? `service` is what its `service` is compared with (4.1, 3.9)."""
    return all_of(
        [
            service_truth(scope, service),
            constraint_truth(scope.region, resource.region),
            constraint_truth(scope.instance, resource.instance),
            constraint_truth(scope.project, resource.project),
            node_truth(scope, resource.nodes),
            within_truth(scope, resource.nodes),
        ]
    )


def service_truth(scope: Scope, service: str) -> bool:
    """Is the service meant? No constraint means every service but `iam` (4.3)."""
    return service != IAM if scope.service is None else service in scope.service


def constraint_truth(alternatives: tuple[str, ...] | None, value: object) -> Truth:
    """Does one of the patterns match? False on an absent attribute, unknown on an unknown one (4.2)."""
    if alternatives is None:
        return True
    if value is ABSENT:
        return False
    if value is UNKNOWN:
        return None
    return any(fits(pattern, str(value)) for pattern in alternatives)


def node_truth(scope: Scope, nodes: tuple[Node, ...]) -> Truth:
    """Do `type` and `id` hold together at one node (4.4)?"""
    if scope.type is None and scope.id is None:
        return True
    return any_of(
        True if scope.id is None else None if ident is UNKNOWN else constraint_truth(scope.id, ident)
        for kind, ident in nodes
        if scope.type is None or kind in scope.type
    )


def within_truth(scope: Scope, nodes: tuple[Node, ...]) -> Truth:
    """Is a proper ancestor exactly one of these (4.5)?"""
    if scope.within is None:
        return True
    return any_of(
        None if ident is UNKNOWN else ident == wanted_id
        for kind, ident in nodes[:-1]
        for wanted_kind, wanted_id in scope.within
        if kind == wanted_kind
    )
