"""What a condition answers, given what every key is (docs/spec.md section 6).

`value_of` answers a key with its value, ABSENT or UNKNOWN; where values come from, attributes.py knows.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.reference.patterns import fits
from tests.reference.truth import Truth, all_of, any_of, negation

from bailiwick.model.conditions import All, Any, Comparison, Condition, DayTime, Not, Ref, WeekDays
from bailiwick.model.requests import ABSENT, UNKNOWN

ValueOf = Callable[[str], object]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NEGATED = {
    "string-not-equals": "string-equals",
    "string-not-like": "string-like",
    "number-not-equals": "number-equals",
    "date-not-equals": "date-equals",
    "ip-not-in": "ip-in",
}
_TAKES_LIST = {
    "string-equals", "string-equals-ignore-case", "string-like", "string-starts-with", "string-ends-with",
    "number-equals", "date-equals", "ip-in",
}  # fmt: skip
_RFC_3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def evaluate(condition: Condition | None, value_of: ValueOf) -> Truth:
    """Does it hold? No condition always does."""
    match condition:
        case None:
            return True
        case All(items):
            return all_of(evaluate(item, value_of) for item in items)
        case Any(items):
            return any_of(evaluate(item, value_of) for item in items)
        case Not(item):
            return negation(evaluate(item, value_of))
        case Comparison():
            return compare(condition, value_of)


def compare(comparison: Comparison, value_of: ValueOf) -> Truth:
    """Does this comparison hold? `exists` is never unknown (6.3); `missing` replaces unknown (6.2)."""
    if comparison.operator == "exists":
        is_known = value_of(comparison.key) not in (ABSENT, UNKNOWN)
        return is_known == comparison.value
    answer = _answer(comparison, value_of)
    return comparison.missing if answer is None and comparison.missing is not None else answer


def _answer(comparison: Comparison, value_of: ValueOf) -> Truth:
    """Which answer before `missing` is looked at (6.2)?"""
    operator, value = comparison.operator, comparison.value
    key_side = value_of(comparison.key)
    value_side = value_of(value.key) if isinstance(value, Ref) else value
    if key_side is UNKNOWN or value_side is UNKNOWN:
        return None
    if key_side is ABSENT or value_side is ABSENT:
        return operator in _NEGATED
    if operator in ("contains-any", "contains-all"):
        return _contains(operator, key_side, value_side)
    if isinstance(value_side, DayTime):
        return _time_of_day(key_side, value_side)
    if isinstance(value_side, WeekDays):
        return _day_of_week(key_side, value_side)
    if operator in _NEGATED:
        return negation(_relation(_NEGATED[operator], key_side, value_side))
    return _relation(operator, key_side, value_side)


def _relation(operator: str, key_side: object, value_side: object) -> Truth:
    """Does the key stand in this relation to any of the values (6.4)? Unknown on a wrong type (6.5)."""
    if isinstance(value_side, tuple | list) and operator not in _TAKES_LIST:
        return None
    values = value_side if isinstance(value_side, tuple | list) else [value_side]
    left = _typed_key(operator, key_side)
    rights = [_typed_value(operator, value) for value in values]
    if left is None or None in rights:
        return None
    return any(_RELATIONS[operator](left, right) for right in rights)


def _typed_key(operator: str, value: object) -> object:
    return _address(value) if operator == "ip-in" else _typed_value(operator, value)


def _typed_value(operator: str, value: object) -> object:
    """What is the value as the operator's type? None when it is of another type (6.5)."""
    kind = operator.split("-", maxsplit=1)[0]
    if kind == "string":
        return value if isinstance(value, str) else None
    if kind == "number":
        return value if _is_number(value) else None
    if kind == "bool":
        return value if isinstance(value, bool) else None
    return _instant(value) if kind == "date" else _network(value)


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _instant(value: object) -> datetime | None:
    """Which instant is this RFC 3339 text (6.5)? Digits beyond the microsecond are cut."""
    found = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    day, clock, fraction, offset = found.groups()
    microseconds = (fraction or ".")[1:7].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{microseconds}{'+00:00' if offset in 'Zz' else offset}")
    except ValueError:
        return None


def _address(value: object) -> Network | None:
    """Which single address is this text, as a network of one?"""
    if not isinstance(value, str):
        return None
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return None
    return _network(value)


def _network(value: object) -> Network | None:
    """Which network is this text? An IPv4-mapped one counts as IPv4 (6.5)."""
    if not isinstance(value, str):
        return None
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        return None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return ipaddress.IPv4Network(f"{mapped}/{network.prefixlen - 96}")


def _is_inside(inner: Network, outer: Network) -> bool:
    """Is the one network inside the other? Never across families (6.5)."""
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


_RELATIONS: dict[str, Callable[..., bool]] = {
    "string-equals": lambda key, value: key == value,
    "string-equals-ignore-case": lambda key, value: key.casefold() == value.casefold(),
    "string-like": lambda key, value: fits(value, key),
    "string-starts-with": lambda key, value: key[: len(value)] == value,
    "string-ends-with": lambda key, value: value == "" or key[-len(value) :] == value,
    "number-equals": lambda key, value: key == value,
    "number-less-than": lambda key, value: key < value,
    "number-less-than-or-equals": lambda key, value: key <= value,
    "number-greater-than": lambda key, value: key > value,
    "number-greater-than-or-equals": lambda key, value: key >= value,
    "date-equals": lambda key, value: key == value,
    "date-less-than": lambda key, value: key < value,
    "date-less-than-or-equals": lambda key, value: key <= value,
    "date-greater-than": lambda key, value: key > value,
    "date-greater-than-or-equals": lambda key, value: key >= value,
    "bool-equals": lambda key, value: key == value,
    "ip-in": _is_inside,
}


def _contains(operator: str, key_side: object, value_side: object) -> Truth:
    """Are any or all of the value's elements in the key's list (6.7)?"""
    there, wanted = _texts(key_side), [value_side] if isinstance(value_side, str) else _texts(value_side)
    if there is None or wanted is None:
        return None
    found = [element in there for element in wanted]
    return any(found) if operator == "contains-any" else all(found)


def _texts(value: object) -> list[str] | None:
    """Which list of texts is it? None when it is none."""
    if not isinstance(value, tuple | list):
        return None
    texts = [item for item in value if isinstance(item, str)]
    return texts if len(texts) == len(value) else None


def _local(key_side: object, zone: str) -> datetime | None:
    instant = _instant(key_side)
    if instant is None:
        return None
    try:
        return instant.astimezone(UTC).astimezone(ZoneInfo(zone))
    except OverflowError:
        return None


def _time_of_day(key_side: object, between: DayTime) -> Truth:
    """Is the local time of day in `from <= t < to`, wrapping past midnight (6.8)?"""
    local = _local(key_side, between.zone)
    if local is None:
        return None
    minute = local.hour * 60 + local.minute
    if between.start < between.end:
        return between.start <= minute < between.end
    return minute >= between.start or minute < between.end


def _day_of_week(key_side: object, wanted: WeekDays) -> Truth:
    """Is its local weekday listed (6.8)?"""
    local = _local(key_side, wanted.zone)
    return None if local is None else local.isoweekday() in wanted.days
