"""How IBM Cloud decides on access policies, v1 and v2: slow and obvious, knowing nothing of Bailiwick.

Source: IBM Cloud, "What are IAM policies and who can assign them", "Time-based conditions", "Resource attribute-based
conditions", "Using wildcard policies". A request is a set of attributes; every attribute of a policy must match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

PLATFORM = ("billing", "enterprise")


@dataclass(frozen=True)
class IbmRequest:
    """What is asked there? `holders`: which roles hold the action."""

    subjects: Mapping[str, frozenset[str]]
    holders: frozenset[str]
    attributes: Mapping[str, str]
    now: datetime
    tags: Mapping[str, str] = field(default_factory=dict)


def is_allowed(policies: Sequence[Mapping[str, Any]], request: IbmRequest) -> bool:
    """One policy that matches is enough; there are no denies."""
    return any(applies(normal(policy), request) for policy in policies)


def normal(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """A policy of v1 in the words of v2."""
    if "control" in policy:
        return policy

    def attributes(listed: Any) -> list[dict[str, Any]]:
        return [
            {"key": one["name"], "operator": one.get("operator", "stringEquals"), "value": one["value"]}
            for one in listed
        ]

    [resource] = policy["resources"]
    return {
        "subject": {"attributes": attributes(policy["subjects"][0]["attributes"])},
        "control": {"grant": {"roles": policy["roles"]}},
        "resource": {
            "attributes": attributes(resource["attributes"]),
            "tags": attributes(resource.get("tags", [])),
        },
    }


def applies(policy: Mapping[str, Any], request: IbmRequest) -> bool:
    """Do subject, role, attributes, tags and rule match?"""
    subject = all(
        one["value"] in request.subjects.get(one["key"], ()) for one in policy["subject"]["attributes"]
    )
    roles = {one["role_id"].rpartition(":")[2] for one in policy["control"]["grant"]["roles"]}
    return (
        subject
        and bool(roles & request.holders)
        and all(attribute_matches(one, request) for one in policy["resource"]["attributes"])
        and all(
            text_matches(one["operator"], one["value"], request.tags.get(one["key"]))
            for one in policy["resource"].get("tags", [])
        )
        and ("rule" not in policy or rule_holds(policy["rule"], request))
    )


def attribute_matches(one: Mapping[str, Any], request: IbmRequest) -> bool:
    """Is the request's attribute as the policy says?"""
    if one["key"] == "serviceType":
        return (request.attributes["serviceName"] not in PLATFORM) is (one["value"] == "service")
    return text_matches(one["operator"], one["value"], request.attributes.get(one["key"]))


def text_matches(operator: str, value: Any, given: str | None) -> bool:
    """Texts are compared with their case."""
    if operator == "stringExists":
        return (given is not None) is (str(value).lower() == "true")
    if given is None:
        return False
    values = value if isinstance(value, list) else [value]
    return any(fits(one, given) if "Match" in operator else one == given for one in values)


def fits(pattern: str, text: str) -> bool:
    """`*` any text, `?` any character, in two braces themselves."""
    out = ""
    for braced, mark in re.findall(r"\{\{([*?])\}\}|(.)", pattern, re.DOTALL):
        out += (
            re.escape(braced) if braced else ".*" if mark == "*" else "." if mark == "?" else re.escape(mark)
        )
    return re.fullmatch(out, text, re.DOTALL) is not None


def rule_holds(rule: Mapping[str, Any], request: IbmRequest) -> bool:
    """Does the tree of conditions hold?"""
    if "conditions" in rule:
        answers = [rule_holds(one, request) for one in rule["conditions"]]
        return all(answers) if rule["operator"] == "and" else any(answers)
    key, operator, value = rule["key"].strip("{}"), rule["operator"], rule["value"]
    if key.startswith("resource.attributes."):
        return text_matches(operator, value, request.attributes.get(key.rpartition(".")[2]))
    if key.endswith("current_date_time"):
        return relates(operator.removeprefix("dateTime"), request.now, datetime.fromisoformat(value))
    if key.endswith("current_time"):
        clock, zone = value[:8], zone_of(value[8:])
        local = request.now.astimezone(zone)
        seconds = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
        hours, minutes, rest = map(int, clock.split(":"))
        return relates(operator.removeprefix("time"), seconds, hours * 3600 + minutes * 60 + rest)
    days = value if isinstance(value, list) else [value]
    return any(
        request.now.astimezone(zone_of(str(day)[1:] or "Z")).isoweekday() == int(str(day)[0]) for day in days
    )


def zone_of(offset: str) -> timezone:
    """Which zone has this offset?"""
    if offset == "Z":
        return timezone(timedelta())
    minutes = int(offset[1:3]) * 60 + int(offset[4:6])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def relates(name: str, left: Any, right: Any) -> bool:
    """Which order have the two?"""
    answers: dict[str, bool] = {
        "LessThan": left < right,
        "LessThanOrEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanOrEquals": left >= right,
    }
    return answers[name]
