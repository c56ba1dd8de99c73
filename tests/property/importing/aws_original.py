"""How AWS decides on identity policies: slow and obvious, written from its user guide, knowing nothing of Bailiwick.

Source: AWS, IAM User Guide: policy evaluation logic for one account; condition operators; multivalued context keys;
Resource element. A request is an action, an ARN (or `*`), and context keys with one text or a list of texts.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Context = Mapping[str, "str | list[str]"]
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class AwsRequest:
    """What is asked there? Keys of the context are in lower case."""

    action: str
    resource: str
    context: Context


class UnresolvedError(Exception):
    """A policy variable has no value: the statement does not match."""


def is_allowed(policy: Mapping[str, Any], request: AwsRequest) -> bool:
    """An explicit deny wins, else an allow is needed."""
    statements = listed(policy["Statement"])
    effects = {one["Effect"] for one in statements if applies(one, request)}
    return "Deny" not in effects and "Allow" in effects


def applies(statement: Mapping[str, Any], request: AwsRequest) -> bool:
    """Does the statement match the request?"""
    try:
        return (
            action_matches(statement, request)
            and resource_matches(statement, request)
            and all(
                condition_holds(operator, key, listed(values), request.context)
                for operator, keys in statement.get("Condition", {}).items()
                for key, values in keys.items()
            )
        )
    except UnresolvedError:
        return False


def action_matches(statement: Mapping[str, Any], request: AwsRequest) -> bool:
    """Names of actions are compared without regard to case."""
    word = "NotAction" if "NotAction" in statement else "Action"
    found = any(glob(one.lower(), request.action.lower()) for one in listed(statement[word]))
    return found != (word == "NotAction")


def resource_matches(statement: Mapping[str, Any], request: AwsRequest) -> bool:
    """A `*` inside a segment of the ARN stays in it; at a segment's end it may go on."""
    word = "NotResource" if "NotResource" in statement else "Resource"
    found = any(arn_glob(one, request.resource) for one in listed(statement[word]))
    return found != (word == "NotResource")


def arn_glob(pattern: str, text: str) -> bool:
    """Is the ARN one of the pattern's?"""
    if pattern == "*":
        return True
    out = ""
    for index, mark in enumerate(unescaped(pattern)):
        following = unescaped(pattern)[index + 1 : index + 2]
        if mark == "*":
            out += ".*" if following in ([], [":"]) else "[^:]*"
        elif mark == "?":
            out += "[^:]"
        else:
            out += re.escape(mark.removeprefix("\\"))
    return re.fullmatch(out, text, re.DOTALL) is not None


def unescaped(pattern: str) -> list[str]:
    """Its characters; `${*}`, `${?}` and `${$}` as escaped ones."""
    return [
        f"\\{escaped}" if escaped else mark
        for escaped, mark in re.findall(r"\$\{([*?$])\}|(.)", pattern, re.DOTALL)
    ]


def condition_holds(operator: str, key: str, values: list[Any], context: Context) -> bool:
    """Does one operator on one key hold?"""
    quantifier, _, name = operator.rpartition(":")
    given = context.get(key.lower())
    has_value = given is not None and given != []
    if name == "Null":
        return any((str(value).lower() == "true") is not has_value for value in values)
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    wanted = [resolved(str(value), context) for value in values]
    if not has_value:
        return if_exists or (negated if not quantifier else quantifier == "ForAllValues")
    assert given is not None
    answers = [one_holds(name, one, wanted) for one in listed(given)]
    return all(answers) if quantifier == "ForAllValues" else any(answers)


def one_holds(name: str, given: str, wanted: list[str]) -> bool:
    """A positive operator asks for any of the values, a negated one for none."""
    positive = name.replace("NotIp", "Ip").replace("Not", "")
    return any(holds(positive, given, value) for value in wanted) is not (positive != name)


def holds(name: str, given: str, value: str) -> bool:
    """Does one value in the request stand in the relation to one value in the policy?"""
    plain = "".join(one.removeprefix("\\") for one in unescaped(value))
    match name:
        case "StringEquals":
            return given == plain
        case "StringEqualsIgnoreCase":
            return given.lower() == plain.lower()
        case "StringLike":
            return text_glob(value, given)
        case "ArnEquals" | "ArnLike":
            parts, patterns = given.split(":", 5), value.split(":", 5)
            return len(parts) == len(patterns) and all(map(text_glob, patterns, parts))
        case "Bool":
            return given.lower() == value.lower()
        case "IpAddress":
            return ipaddress.ip_address(given) in ipaddress.ip_network(value)
        case "BinaryEquals":
            return base64.b64decode(given) == base64.b64decode(value)
    return ordered(name, given, value)


def ordered(name: str, given: str, value: str) -> bool:
    """Numbers and instants, compared as such."""
    family = "Numeric" if name.startswith("Numeric") else "Date"
    left: Any = float(given) if family == "Numeric" else datetime.fromisoformat(given)
    right: Any = float(value) if family == "Numeric" else datetime.fromisoformat(value)
    answers: dict[str, bool] = {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }
    return answers[name.removeprefix(family)]


def text_glob(pattern: str, text: str) -> bool:
    """`*` and `?` stand for any text and any character; escaped ones for themselves."""
    out = "".join(
        ".*" if mark == "*" else "." if mark == "?" else re.escape(mark.removeprefix("\\"))
        for mark in unescaped(pattern)
    )
    return re.fullmatch(out, text, re.DOTALL) is not None


def glob(pattern: str, text: str) -> bool:
    """`*` and `?` in names of actions."""
    out = "".join(".*" if mark == "*" else "." if mark == "?" else re.escape(mark) for mark in pattern)
    return re.fullmatch(out, text, re.DOTALL) is not None


def resolved(value: str, context: Context) -> str:
    """The value with its variables replaced."""

    def replace(found: re.Match[str]) -> str:
        if found[1] in ("*", "?", "$"):
            return found[0]
        given = context.get(found[1].lower())
        if not isinstance(given, str):
            raise UnresolvedError(found[1])
        return given

    return _VARIABLE.sub(replace, value)


def listed(value: Any) -> list[Any]:
    """One value stands for a list of one."""
    return value if isinstance(value, list) else [value]
