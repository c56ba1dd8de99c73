"""Why does a scope not fit a resource? In words, for explanations.

Reads what scopes.py decides; docs/spec.md section 4. Pure.
"""

from __future__ import annotations

from bailiwick.engine.resources import INSTANCE, PROJECT, REGION, Resolved
from bailiwick.model.patterns import matches
from bailiwick.model.policies import Scope


def scope_mismatch(scope: Scope, resource: Resolved, service: str) -> str:
    """Which constraint is it, what does it say, and what does the request say?"""
    if scope.service is None or service not in scope.service:
        said = "every service but iam" if scope.service is None else _list(scope.service)
        return f"its scope says service {said} and the request says {service}"
    for name, patterns, value, bit in (
        ("region", scope.region, resource.region, REGION),
        ("instance", scope.instance, resource.instance, INSTANCE),
        ("project", scope.project, resource.project, PROJECT),
    ):
        if patterns is None or (value is not None and any(matches(p, value) for p in patterns)):
            continue
        return f"its scope says {name} {_list(patterns)} and {_said(name, value, resource.unknown & bit)}"
    return _path_mismatch(scope, resource)


def _path_mismatch(scope: Scope, resource: Resolved) -> str:
    asked = "/".join(
        f"{kind}/{ident if ident is not None else '(unknown)'}" for kind, ident in resource.nodes
    )
    said = f"the request says {asked}" if asked else "this action is not decided on a single resource"
    if scope.type is not None:
        what = _list(scope.type) + ("" if scope.id is None else f" {_list(scope.id)}")
        fits = any(
            kind in scope.type
            and (scope.id is None or (ident is not None and any(matches(p, ident) for p in scope.id)))
            for kind, ident in resource.nodes
        )
        if not fits:
            return f"its scope says {what} and {said}"
    within = ", ".join(f"{kind}/{ident}" for kind, ident in scope.within or ())
    return f"its scope says within {within} and {said}"


def _said(name: str, value: str | None, unknown: int) -> str:
    if value is not None:
        return f"the request says {value}"
    return (
        f"the request does not say its {name}" if unknown else f"the resource has no {name} for this action"
    )


def _list(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
