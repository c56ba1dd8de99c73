"""How Huawei Cloud and Open Telekom Cloud decide on policies of grammar 1.1: slow and obvious, knowing no Bailiwick.

Source: Open Telekom Cloud, IAM User Guide, Policy Syntax (authentication process, operators, global keys).
A resource's type is the middle word of the action; an agency is named by its address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class HuaweiRequest:
    """What is asked there? `takes_project`: the action can be granted by enterprise projects."""

    action: str
    region: str
    account: str
    id: str
    context: Mapping[str, str]
    project: str = ""
    takes_project: bool = False


def is_allowed(policy: Mapping[str, Any], request: HuaweiRequest) -> bool:
    """Any matching deny denies, else an allow is needed."""
    effects = {one["Effect"] for one in policy["Statement"] if applies(one, request)}
    return "Deny" not in effects and "Allow" in effects


def is_in_place(request: HuaweiRequest, region: str | None, project: str | None) -> bool:
    """Does a grant in this region, on this enterprise project, concern the request?"""
    if region is not None and request.region != region:
        return False
    return project is None or (request.takes_project and request.project == project)


def applies(statement: Mapping[str, Any], request: HuaweiRequest) -> bool:
    """Does the statement match?"""
    return (
        any(fits(one.lower(), request.action.lower()) for one in statement["Action"])
        and resource_matches(statement.get("Resource"), request)
        and all(
            holds(operator, values, request.context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def resource_matches(resources: Any, request: HuaweiRequest) -> bool:
    """None written: all of the actions' own types."""
    if resources is None:
        return True
    if isinstance(resources, dict):
        address = f"/iam/agencies/{request.id}"
        return any(fits(one, address) for one in resources["uri"])
    service, type, _ = request.action.split(":")
    segments = (service, request.region, request.account, type.lower(), request.id)
    for one in resources:
        wanted = one.split(":", 4)
        wanted[3] = wanted[3].lower()
        if all(fits(pattern, text) for pattern, text in zip(wanted, segments, strict=True)):
            return True
    return False


def holds(operator: str, values: list[Any], given: str | None) -> bool:
    """Values are alternatives; `IfExists` holds where the key is missing."""
    if operator == "Null":
        return any((str(value) == "true") is (given is None) for value in values)
    if given is None:
        return operator.endswith("IfExists")
    name = operator.removesuffix("IfExists")
    found = any(relates(name.replace("Not", ""), given, str(value)) for value in values)
    return found is not ("Not" in name)


def relates(name: str, given: str, value: str) -> bool:
    """One value against one."""
    match name:
        case "StringEquals":
            return given == value
        case "StringEqualsIgnoreCase":
            return given.lower() == value.lower()
        case "StringLike" | "StringMatch":
            return fits(value, given, question=True)
        case "StringStartWith":
            return given.startswith(value)
        case "StringEndWith":
            return given.endswith(value)
        case "Bool":
            return given == value.lower()
    is_number = name.startswith("Number")
    left: Any = float(given) if is_number else datetime.fromisoformat(given)
    right: Any = float(value) if is_number else datetime.fromisoformat(value)
    answers: dict[str, bool] = {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }
    return answers[name.removeprefix("Number").removeprefix("Date")]


def fits(pattern: str, text: str, *, question: bool = False) -> bool:
    """`*` stands for any text; in conditions `?` for one character."""
    out = "".join(
        ".*" if mark == "*" else "." if mark == "?" and question else re.escape(mark) for mark in pattern
    )
    return re.fullmatch(out, text, re.DOTALL) is not None
