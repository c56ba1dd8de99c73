"""Why does a scope not fit a resource, or a condition not hold? In words, for explanations.

Reads what scopes.py and conditions.py decide; docs/spec.md sections 4 and 6. Pure.
"""

from __future__ import annotations

from bailiwick.engine.conditions import compile_condition
from bailiwick.engine.facts import Facts, compile_key
from bailiwick.engine.resources import INSTANCE, PROJECT, REGION, Resolved
from bailiwick.model.conditions import All, Any, Comparison, Condition, DayTime, Ref, WeekDays
from bailiwick.model.patterns import matches
from bailiwick.model.policies import Scope
from bailiwick.model.requests import ABSENT, UNKNOWN


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


def condition_mismatch(condition: Condition, facts: Facts) -> str:
    """Which comparison is not true, what does it want, and what does the request say?"""
    found = _first_untrue(condition, facts)
    if found is None:
        return "its condition is not met"
    wanted = f"its condition wants {found.key} {found.operator} {_value(found.value)}"
    given = compile_key(found.key)(facts)
    if given is UNKNOWN:
        return f"{wanted} and the request does not say {found.key}"
    if given is ABSENT:
        return f"{wanted} and there is no {found.key}"
    return f"{wanted} and it is {_value(given)}"


def _first_untrue(condition: Condition, facts: Facts) -> Comparison | None:
    """The first comparison that keeps the condition from being true, where one alone does."""
    if compile_condition(condition)(facts) is True:
        return None
    match condition:
        case Comparison():
            return condition
        case All(items):
            return next((found for item in items if (found := _first_untrue(item, facts)) is not None), None)
        case Any((only,)):
            return _first_untrue(only, facts)
        case _:
            return None


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Ref(key):
            return f"as {key}"
        case tuple() | list():
            return ", ".join(_value(item) for item in value) or "an empty list"
        case DayTime() | WeekDays():
            return f"in {value.zone} as written"
        case _:
            return str(value)
