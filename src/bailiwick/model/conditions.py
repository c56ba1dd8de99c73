"""Conditions as data: what a right, a policy or a guardrail may ask of a request.

Implements docs/spec.md section 6 (grammar; the engine and the reference evaluate it).
Parsing is strict: an unknown key, operator or value type is refused when it is written.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bailiwick.errors import Finding, Invalid, did_you_mean

Scalar = str | int | float | bool
Literal = Scalar | tuple[Scalar, ...]

MAX_CONDITION_DEPTH = 10
MAX_COMPARISONS = 100
MAX_LIST_VALUES = 64
MAX_PATTERN_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class Ref:
    """A value that is another attribute of the request."""

    key: str


@dataclass(frozen=True, slots=True)
class DayTime:
    """Value of `time-of-day-between`: minutes after midnight in a time zone, `start` ≤ t < `end`, may wrap."""

    start: int
    end: int
    zone: str


@dataclass(frozen=True, slots=True)
class WeekDays:
    """Value of `day-of-week`: ISO day numbers (1 is Monday) in a time zone."""

    days: frozenset[int]
    zone: str


Value = Literal | Ref | DayTime | WeekDays


@dataclass(frozen=True, slots=True)
class Comparison:
    """Does `key` stand in relation `operator` to `value`? `missing` replaces an unknown answer."""

    key: str
    operator: str
    value: Value
    missing: bool | None = None


@dataclass(frozen=True, slots=True)
class All:
    """Do all of these hold?"""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Does any of these hold?"""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Does this not hold?"""

    item: Condition


Condition = Comparison | All | Any | Not

# operator -> (type of its operands, may its value be a list)
OPERATORS: Mapping[str, tuple[str, bool]] = {
    "string-equals": ("string", True),
    "string-not-equals": ("string", True),
    "string-equals-ignore-case": ("string", True),
    "string-like": ("string", True),
    "string-not-like": ("string", True),
    "string-starts-with": ("string", True),
    "string-ends-with": ("string", True),
    "number-equals": ("number", True),
    "number-not-equals": ("number", True),
    "number-less-than": ("number", False),
    "number-less-than-or-equals": ("number", False),
    "number-greater-than": ("number", False),
    "number-greater-than-or-equals": ("number", False),
    "date-equals": ("date", True),
    "date-not-equals": ("date", True),
    "date-less-than": ("date", False),
    "date-less-than-or-equals": ("date", False),
    "date-greater-than": ("date", False),
    "date-greater-than-or-equals": ("date", False),
    "bool-equals": ("bool", False),
    "ip-in": ("network", True),
    "ip-not-in": ("network", True),
    "exists": ("bool", False),
    "contains-any": ("string", True),
    "contains-all": ("string", True),
    "time-of-day-between": ("day-time", False),
    "day-of-week": ("week-days", False),
}
NEGATED = frozenset(
    {"string-not-equals", "string-not-like", "number-not-equals", "date-not-equals", "ip-not-in"}
)
_PATTERN_OPERATORS = frozenset({"string-like", "string-not-like"})

RESOURCE_ATTRIBUTES = (
    "account", "service", "region", "instance", "project", "type", "id", "owner", "groups", "budget",
)  # fmt: skip
_FIXED_KEYS = frozenset(
    {"principal.id", "principal.kind", "principal.groups", "principal.budgets", "grant.subject"}
    | {f"resource.{name}" for name in RESOURCE_ATTRIBUTES}
)
_OPEN_KEYS = (
    "principal.properties.",
    "resource.tags.",
    "resource.properties.",
    "action.properties.",
    "context.",
)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


def parse_condition(data: object, place: str = "when") -> Condition:
    """Which condition does this document hold? Raises Invalid with every finding."""
    findings: list[Finding] = []
    counter = [0]
    condition = _parse(data, place, 1, counter, findings)
    if counter[0] > MAX_COMPARISONS:
        findings.append(
            Finding(f"condition has {counter[0]} comparisons, expected at most {MAX_COMPARISONS}", place)
        )
    if findings or condition is None:
        raise Invalid(findings)
    return condition


def format_condition(condition: Condition) -> dict[str, object]:
    """Which document parses to this condition?"""
    match condition:
        case All(items):
            return {"all": [format_condition(item) for item in items]}
        case Any(items):
            return {"any": [format_condition(item) for item in items]}
        case Not(item):
            return {"not": format_condition(item)}
        case Comparison(key, operator, value, missing):
            body: dict[str, object] = {"key": key, "operator": operator, "value": _format_value(value)}
            if missing is not None:
                body["missing"] = missing
            return body


def keys_of(condition: Condition | None) -> frozenset[str]:
    """Which attributes does this condition read, its references included?"""
    match condition:
        case None:
            return frozenset()
        case All(items) | Any(items):
            return frozenset().union(*(keys_of(item) for item in items))
        case Not(item):
            return keys_of(item)
        case Comparison(key, _, Ref(other)):
            return frozenset({key, other})
        case Comparison(key):
            return frozenset({key})


def parse_instant(text: object) -> datetime | None:
    """Which instant is this RFC 3339 text? None when it is none or lacks its offset."""
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


def _parse(
    data: object, place: str, depth: int, counter: list[int], findings: list[Finding]
) -> Condition | None:
    if depth > MAX_CONDITION_DEPTH:
        findings.append(Finding(f"condition is nested deeper than {MAX_CONDITION_DEPTH}", place))
        return None
    if not isinstance(data, Mapping):
        findings.append(
            Finding(f"expected a condition, got `{data!r}`"[:120], place, "write {key, operator, value}")
        )
        return None
    if len(data) == 1:
        [(word, body)] = data.items()
        if word in ("all", "any"):
            return _parse_list(word, body, f"{place}.{word}", depth, counter, findings)
        if word == "not":
            item = _parse(body, f"{place}.not", depth + 1, counter, findings)
            return None if item is None else Not(item)
    counter[0] += 1
    return _parse_comparison(data, place, findings)


def _parse_list(
    word: str, body: object, place: str, depth: int, counter: list[int], findings: list[Finding]
) -> Condition | None:
    if not isinstance(body, list | tuple) or not body:
        findings.append(Finding("expected a list of at least one condition", place))
        return None
    items = [_parse(item, f"{place}[{i}]", depth + 1, counter, findings) for i, item in enumerate(body)]
    kept = tuple(item for item in items if item is not None)
    return All(kept) if word == "all" else Any(kept)


def _parse_comparison(data: Mapping[object, object], place: str, findings: list[Finding]) -> Condition | None:
    extra = [str(word) for word in data if word not in ("key", "operator", "value", "missing")]
    for word in extra:
        findings.append(
            Finding(
                f"unknown field `{word}`", place, did_you_mean(word, ["key", "operator", "value", "missing"])
            )
        )
    key, operator = data.get("key"), data.get("operator")
    missing = data.get("missing")
    before = len(findings)
    _check_key(key, f"{place}.key", findings)
    if not isinstance(operator, str) or operator not in OPERATORS:
        findings.append(
            Finding(
                f"unknown operator `{operator}`", f"{place}.operator", did_you_mean(str(operator), OPERATORS)
            )
        )
    if "missing" in data and not isinstance(missing, bool):
        findings.append(Finding(f"expected true or false, got `{missing!r}`", f"{place}.missing"))
    if "value" not in data:
        findings.append(Finding("a comparison needs a `value`", place))
    if len(findings) > before or extra:
        return None
    value = _parse_value(str(operator), data["value"], f"{place}.value", findings)
    if value is None:
        return None
    return Comparison(str(key), str(operator), value, missing if isinstance(missing, bool) else None)


def _check_key(key: object, place: str, findings: list[Finding]) -> None:
    if isinstance(key, str) and (
        key in _FIXED_KEYS or any(key.startswith(head) and len(key) > len(head) for head in _OPEN_KEYS)
    ):
        return
    known = [*_FIXED_KEYS, *(f"{head}*" for head in _OPEN_KEYS)]
    findings.append(Finding(f"unknown attribute `{key}`", place, did_you_mean(str(key), known, most=20)))


def _parse_value(operator: str, data: object, place: str, findings: list[Finding]) -> Value | None:
    kind, may_list = OPERATORS[operator]
    if isinstance(data, Mapping) and set(data) == {"ref"}:
        if kind in ("day-time", "week-days") or operator == "exists":
            findings.append(Finding(f"`{operator}` takes no reference", place))
            return None
        before = len(findings)
        _check_key(data["ref"], f"{place}.ref", findings)
        return Ref(str(data["ref"])) if len(findings) == before else None
    if kind == "day-time":
        return _parse_day_time(data, place, findings)
    if kind == "week-days":
        return _parse_week_days(data, place, findings)
    if isinstance(data, list | tuple):
        if not may_list:
            findings.append(Finding(f"`{operator}` takes one {kind}, got a list", place))
            return None
        if not data:
            findings.append(Finding(f"`{operator}` needs at least one {kind}", place))
            return None
        if len(data) > MAX_LIST_VALUES:
            message = f"`{operator}` has {len(data)} values, expected at most {MAX_LIST_VALUES}"
            findings.append(Finding(message, place, "write several comparisons below `any` or `all`"))
            return None
        checked = [_parse_item(operator, item, f"{place}[{i}]", findings) for i, item in enumerate(data)]
        return (
            None
            if any(item is None for item in checked)
            else tuple(item for item in checked if item is not None)
        )
    return _parse_item(operator, data, place, findings)


def _parse_item(operator: str, data: object, place: str, findings: list[Finding]) -> Scalar | None:
    """Which single value is it? SECURITY: what is matched at every question is bounded when it is written."""
    if operator in _PATTERN_OPERATORS and isinstance(data, str) and len(data) > MAX_PATTERN_CHARACTERS:
        message = f"pattern has {len(data)} characters, expected at most {MAX_PATTERN_CHARACTERS}"
        findings.append(Finding(message, place))
        return None
    return _parse_scalar(OPERATORS[operator][0], data, place, findings)


def _parse_scalar(kind: str, data: object, place: str, findings: list[Finding]) -> Scalar | None:
    if isinstance(data, datetime) and data.tzinfo is not None:
        data = data.isoformat()
    good = (
        (kind == "bool" and isinstance(data, bool))
        or (kind == "number" and is_number(data))
        or (kind == "string" and isinstance(data, str))
        or (kind == "date" and parse_instant(data) is not None)
        or (kind == "network" and parse_network(data) is not None)
    )
    if good and isinstance(data, str | int | float | bool):
        return data
    hint = {
        "date": "write an RFC 3339 date and time with its offset, such as 2027-01-01T00:00:00Z",
        "network": "write an address or a network such as 10.0.0.0/8, without host bits",
    }.get(kind)
    findings.append(Finding(f"expected a {kind}, got `{data!r}`"[:160], place, hint))
    return None


def is_number(value: object) -> bool:
    """Is this a finite number (a bool is none)?"""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_network(data: object) -> Network | None:
    """Which network is this text (an address is a network of one)? IPv4-mapped IPv6 becomes IPv4."""
    if not isinstance(data, str):
        return None
    try:
        network = ipaddress.ip_network(data)
    except ValueError:
        return None
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}")
    return network


def _parse_day_time(data: object, place: str, findings: list[Finding]) -> DayTime | None:
    if not isinstance(data, Mapping) or set(data) != {"from", "to", "zone"}:
        findings.append(Finding("expected {from: 'HH:MM', to: 'HH:MM', zone: Region/City}", place))
        return None
    start, end = _minutes(data["from"]), _minutes(data["to"])
    if start is None or end is None or start in (end, 24 * 60):
        findings.append(
            Finding("expected two different times of day written 'HH:MM'", place, "quote them in YAML")
        )
        return None
    zone = _parse_zone(data["zone"], f"{place}.zone", findings)
    return None if zone is None else DayTime(start, end, zone)


def _parse_week_days(data: object, place: str, findings: list[Finding]) -> WeekDays | None:
    if (
        not isinstance(data, Mapping)
        or set(data) != {"days", "zone"}
        or not isinstance(data["days"], list | tuple)
    ):
        findings.append(Finding("expected {days: [monday, …], zone: Region/City}", place))
        return None
    wrong = [day for day in data["days"] if day not in _WEEK]
    if wrong or not data["days"]:
        findings.append(
            Finding(f"unknown day `{wrong[0] if wrong else ''}`", f"{place}.days", did_you_mean("", _WEEK))
        )
        return None
    zone = _parse_zone(data["zone"], f"{place}.zone", findings)
    return None if zone is None else WeekDays(frozenset(_WEEK.index(day) + 1 for day in data["days"]), zone)


def _parse_zone(data: object, place: str, findings: list[Finding]) -> str | None:
    try:
        ZoneInfo(str(data))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        findings.append(
            Finding(f"unknown time zone `{data}`", place, "write a zone such as Europe/Berlin or UTC")
        )
        return None
    return str(data)


def _minutes(text: object) -> int | None:
    if not isinstance(text, str) or not _CLOCK.fullmatch(text):
        return None
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _format_value(value: Value) -> object:
    match value:
        case Ref(key):
            return {"ref": key}
        case DayTime(start, end, zone):
            return {"from": _format_clock(start), "to": _format_clock(end), "zone": zone}
        case WeekDays(days, zone):
            return {"days": [_WEEK[day - 1] for day in sorted(days)], "zone": zone}
        case tuple():
            return list(value)
        case _:
            return value


def _format_clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
