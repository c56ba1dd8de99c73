"""Conditions compiled to functions with three answers: True, False, None (unknown).

Implements docs/spec.md sections 5 and 6. Pure; every operator is a function of two values.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bailiwick.engine.facts import Attribute, Facts, compile_key
from bailiwick.model.conditions import (
    NEGATED,
    OPERATORS,
    All,
    Any,
    Comparison,
    Condition,
    DayTime,
    Network,
    Not,
    Ref,
    Value,
    WeekDays,
    is_number,
    parse_instant,
    parse_network,
)
from bailiwick.model.patterns import matches
from bailiwick.model.requests import ABSENT, UNKNOWN

Answer = bool | None
Test = Callable[[Facts], Answer]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def compile_condition(condition: Condition) -> Test:
    """Which function answers this condition?"""
    match condition:
        case All(items):
            return _all(tuple(compile_condition(item) for item in items))
        case Any(items):
            return _any(tuple(compile_condition(item) for item in items))
        case Not(item):
            return _not(compile_condition(item))
        case Comparison():
            return _comparison(condition)


def _all(tests: tuple[Test, ...]) -> Test:
    def answer(facts: Facts) -> Answer:
        result: Answer = True
        for test in tests:
            one = test(facts)
            if one is False:
                return False
            if one is None:
                result = None
        return result

    return answer


def _any(tests: tuple[Test, ...]) -> Test:
    def answer(facts: Facts) -> Answer:
        result: Answer = False
        for test in tests:
            one = test(facts)
            if one is True:
                return True
            if one is None:
                result = None
        return result

    return answer


def _not(test: Test) -> Test:
    def answer(facts: Facts) -> Answer:
        one = test(facts)
        return None if one is None else not one

    return answer


def _comparison(comparison: Comparison) -> Test:
    read = compile_key(comparison.key)
    missing = comparison.missing
    if comparison.operator == "exists":
        wanted = comparison.value
        return lambda facts: (read(facts) not in (UNKNOWN, ABSENT)) is wanted
    negated = comparison.operator in NEGATED
    if isinstance(comparison.value, Ref):
        compare = _compare_with_reference(comparison.operator, compile_key(comparison.value.key), negated)
    else:
        compare = _compare_with_literal(comparison.operator, comparison.value, negated)

    def answer(facts: Facts) -> Answer:
        result = compare(read(facts), facts)
        return missing if result is None else result

    return answer


Compare = Callable[[Attribute, Facts], Answer]


def _compare_with_literal(operator: str, value: Value, negated: bool) -> Compare:
    prepared = _prepare(operator, list(value) if isinstance(value, tuple) else value)
    relation = _RELATIONS[operator]

    def compare(left: Attribute, _: Facts) -> Answer:
        if left is UNKNOWN:
            return None
        return negated if left is ABSENT else relation(left, prepared)

    return compare


def _compare_with_reference(operator: str, read: Callable[[Facts], Attribute], negated: bool) -> Compare:
    relation = _RELATIONS[operator]

    def compare(left: Attribute, facts: Facts) -> Answer:
        right = read(facts)
        if left is UNKNOWN or right is UNKNOWN:
            return None
        if left is ABSENT or right is ABSENT:
            return negated
        prepared = _prepare(operator, right)
        return None if prepared is None else relation(left, prepared)

    return compare


def _prepare(operator: str, value: object) -> object | None:
    """What does the relation need of the value side? None: it has the wrong type."""
    if isinstance(value, DayTime | WeekDays):
        return value
    kind, may_list = OPERATORS[operator]
    listed = isinstance(value, list | tuple)
    if listed and not may_list:
        return None
    items = list(value) if isinstance(value, list | tuple) else [value]
    prepared = [_READERS[kind](item) for item in items]
    return None if any(item is None for item in prepared) else tuple(prepared)


def _read_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _read_number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and is_number(value) else None


def _read_bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_READERS: Mapping[str, Callable[[object], object | None]] = {
    "string": _read_text,
    "number": _read_number,
    "bool": _read_bool,
    "date": parse_instant,
    "network": parse_network,
}

Relation = Callable[[object, object], Answer]


def _single(kind: str, holds: Callable[[object, object], bool], *, negated: bool = False) -> Relation:
    """A relation between one value and any (or, negated, none) of the prepared ones."""
    reader = _READERS[kind]

    def relation(left: object, right: object) -> Answer:
        one = None if isinstance(left, list | tuple) else reader(left)
        if one is None or not isinstance(right, tuple):
            return None
        return any(holds(one, other) for other in right) is not negated

    return relation


def _text(holds: Callable[[str, str], bool], *, negated: bool = False) -> Relation:
    return _single("string", lambda a, b: holds(str(a), str(b)), negated=negated)


def _ordered(kind: str, holds: Callable[[int], bool], *, negated: bool = False) -> Relation:
    def compare(left: object, right: object) -> bool:
        return holds((left > right) - (left < right))  # type: ignore[operator]  # both come from the same reader

    return _single(kind, compare, negated=negated)


def read_address(value: object) -> Address | None:
    """Which address is this text? IPv4-mapped IPv6 becomes IPv4; a scoped address is none."""
    if not isinstance(value, str) or "%" in value:
        return None
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _network(*, negated: bool) -> Relation:
    def relation(left: object, right: object) -> Answer:
        address = read_address(left)
        if address is None or not isinstance(right, tuple):
            return None
        return any(_inside(address, network) for network in right) is not negated

    return relation


def _inside(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def _contains(every: bool) -> Relation:
    def relation(left: object, right: object) -> Answer:
        if not isinstance(left, list | tuple) or not isinstance(right, tuple):
            return None
        if not all(isinstance(item, str) for item in left):
            return None
        held = set(left)
        return all(item in held for item in right) if every else any(item in held for item in right)

    return relation


def _day_time(left: object, right: object) -> Answer:
    instant = parse_instant(left)
    if instant is None or not isinstance(right, DayTime):
        return None
    local = _local(instant, right.zone)
    if local is None:
        return None
    minute = local.hour * 60 + local.minute
    if right.start < right.end:
        return right.start <= minute < right.end
    return minute >= right.start or minute < right.end


def _week_day(left: object, right: object) -> Answer:
    instant = parse_instant(left)
    if instant is None or not isinstance(right, WeekDays):
        return None
    local = _local(instant, right.zone)
    return None if local is None else local.isoweekday() in right.days


def _local(instant: datetime, zone: str) -> datetime | None:
    try:
        return instant.astimezone(ZoneInfo(zone))
    except OverflowError:
        return None


_RELATIONS: Mapping[str, Relation] = {
    "string-equals": _text(lambda a, b: a == b),
    "string-not-equals": _text(lambda a, b: a == b, negated=True),
    "string-equals-ignore-case": _text(lambda a, b: a.casefold() == b.casefold()),
    "string-like": _text(lambda a, b: matches(b, a)),
    "string-not-like": _text(lambda a, b: matches(b, a), negated=True),
    "string-starts-with": _text(lambda a, b: a.startswith(b)),
    "string-ends-with": _text(lambda a, b: a.endswith(b)),
    "number-equals": _ordered("number", lambda c: c == 0),
    "number-not-equals": _ordered("number", lambda c: c == 0, negated=True),
    "number-less-than": _ordered("number", lambda c: c < 0),
    "number-less-than-or-equals": _ordered("number", lambda c: c <= 0),
    "number-greater-than": _ordered("number", lambda c: c > 0),
    "number-greater-than-or-equals": _ordered("number", lambda c: c >= 0),
    "date-equals": _ordered("date", lambda c: c == 0),
    "date-not-equals": _ordered("date", lambda c: c == 0, negated=True),
    "date-less-than": _ordered("date", lambda c: c < 0),
    "date-less-than-or-equals": _ordered("date", lambda c: c <= 0),
    "date-greater-than": _ordered("date", lambda c: c > 0),
    "date-greater-than-or-equals": _ordered("date", lambda c: c >= 0),
    "bool-equals": _single("bool", lambda a, b: a is b),
    "ip-in": _network(negated=False),
    "ip-not-in": _network(negated=True),
    "contains-any": _contains(every=False),
    "contains-all": _contains(every=True),
    "time-of-day-between": _day_time,
    "day-of-week": _week_day,
}
