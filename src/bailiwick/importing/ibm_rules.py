"""Rules of IBM v2 policies: time and resource conditions as windows and conditions.

Implements docs/spec.md 23.5 for IBM. Source: IBM Cloud, "Limiting access with time-based conditions" and "Resource
attribute-based conditions" (2026-04). Instants become the policy's window; times of day and weekdays read
`context.time`, which the asking service has to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bailiwick.errors import did_you_mean
from bailiwick.importing.findings import Refusals, step
from bailiwick.importing.globs import braced
from bailiwick.importing.json_text import as_object, known_only, objects_of, shown
from bailiwick.importing.keys import ALWAYS, Key, both, either, like
from bailiwick.importing.windows import Clock, narrow
from bailiwick.model.conditions import Comparison, Condition, DayTime, WeekDays, parse_instant

NOW = "{{environment.attributes.current_date_time}}"
TIME = "{{environment.attributes.current_time}}"
DAY = "{{environment.attributes.day_of_week}}"
CLOCK_KEY = "context.time"
MOST = 10
_RESOURCE = re.compile(r"\{\{(resource\.attributes\.[A-Za-z0-9_.-]+)\}\}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(Z|[+-][0-9]{2}:[0-9]{2})")
_DAY = re.compile(r"([1-7])([+-][0-9]{2}:[0-9]{2})?")
_STRINGS = ("stringEquals", "stringMatch", "stringEqualsAnyOf", "stringMatchAnyOf")
_DATES = {"dateTimeLessThan": "DateLessThan", "dateTimeLessThanOrEquals": "DateLessThanEquals",
          "dateTimeGreaterThan": "DateGreaterThan", "dateTimeGreaterThanOrEquals": "DateGreaterThanEquals"}  # fmt: skip
_TIMES = ("timeLessThan", "timeLessThanOrEquals", "timeGreaterThan", "timeGreaterThanOrEquals")
_DAYS = ("dayOfWeekEquals", "dayOfWeekAnyOf")

Given = tuple[Clock, bool, Mapping[str, Key]]


@dataclass(slots=True)
class _Rule:
    """One rule while it is read. `denies` is never: their policies only allow."""

    refusals: Refusals
    clock: Clock
    narrow_edges: bool
    keys: Mapping[str, Key]
    denies: bool = False
    read: int = 0

    def refuse(self, code: str, pointer: str, message: str, help: str | None = None) -> None:
        """How is one refusal noted?"""
        self.refusals.add(code, pointer, message, help)


def read_rule(data: object, pointer: str, refusals: Refusals, given: Given) -> Condition:
    """Which condition is the rule? What it says of instants goes to the clock."""
    clock, narrow_edges, keys = given
    rule = _Rule(refusals, clock, narrow_edges, keys)
    condition = _node(rule, data, pointer, (1, True))
    if rule.read > MOST:
        rule.refuse("malformed", pointer, f"{rule.read} conditions, expected at most {MOST}")
    return condition


def _node(rule: _Rule, data: object, pointer: str, at: tuple[int, bool]) -> Condition:
    """`at`: how deep, and is it among what must all hold?"""
    depth, is_needed = at
    body = as_object(data, pointer, rule.refusals)
    if "conditions" not in body:
        rule.read += 1
        known_only(body, ("key", "operator", "value"), pointer, rule.refusals)
        return _leaf(rule, body, pointer, is_needed)
    known_only(body, ("operator", "conditions"), pointer, rule.refusals)
    if body.get("operator") not in ("and", "or") or depth > 2:
        message = f"expected `and` or `or` at most twice, got {shown(body.get('operator'))}"
        rule.refuse("malformed", step(pointer, "operator"), message)
        return ALWAYS
    listed = list(objects_of(body["conditions"], step(pointer, "conditions"), rule.refusals))
    is_all = body["operator"] == "and"
    hours = _hours(rule, listed) if is_all else None
    rest = listed if hours is None else hours[1]
    inner = (depth + 1, is_needed and is_all)
    parts = [_node(rule, item, place, inner) for item, place in rest]
    if hours is not None:
        parts.append(hours[0])
    return both(*parts) if is_all else either(*parts)


_Listed = list[tuple[dict[str, Any], str]]


def _hours(rule: _Rule, listed: _Listed) -> tuple[Condition, _Listed] | None:
    """From when until when of a day? A start and an end of one offset make one range. None: there are not both."""
    times = [(item, place) for item, place in listed if item.get("key") == TIME]
    starts = [pair for pair in times if "Greater" in str(pair[0].get("operator"))]
    ends = [pair for pair in times if "Less" in str(pair[0].get("operator"))]
    if len(starts) != 1 or len(ends) != 1 or len(times) != 2:
        return None
    rule.read += 2
    start, end = _limit(rule, *starts[0]), _limit(rule, *ends[0])
    if start is None or end is None:
        return ALWAYS, [pair for pair in listed if pair not in times]
    place = ends[0][1]
    if start[1] != end[1]:
        rule.refuse("time_zone", place, "start and end of a day have different offsets")
    elif start[0] >= end[0]:
        message = "the time of day ends before it starts, which nothing satisfies"
        rule.refuse("never_holds", place, message, "a range over midnight is written with `or`")
    else:
        test = Comparison(CLOCK_KEY, "time-of-day-between", DayTime(start[0], end[0], start[1]))
        return test, [pair for pair in listed if pair not in times]
    return ALWAYS, [pair for pair in listed if pair not in times]


def _limit(rule: _Rule, item: dict[str, Any], place: str) -> tuple[int, str] | None:
    """Which minute and zone does this comparison begin or end at: from it on, or before it?"""
    known_only(item, ("key", "operator", "value"), place, rule.refusals)
    operator, value = str(item.get("operator")), str(item.get("value"))
    found = _TIME.fullmatch(value)
    if operator not in _TIMES or found is None:
        help = "such as `09:00:00+00:00` with `timeGreaterThanOrEquals`"
        rule.refuse("value", place, f"`{operator}` of {shown(value)} is no time of day", help)
        return None
    hours, minutes, seconds, offset = found.groups()
    zone = zone_of(offset)
    if zone is None:
        rule.refuse(
            "time_zone", place, f"no time zone has always the offset `{offset}`", "whole hours, -12 to +14"
        )
        return None
    minute = int(hours) * 60 + int(minutes)
    return None if (at := _minute(rule, operator, minute, int(seconds), place)) is None else (at, zone)


def _minute(rule: _Rule, operator: str, minute: int, seconds: int, place: str) -> int | None:
    """Which whole minute is the limit? Times of theirs are whole seconds; ranges here begin and end at minutes."""
    second = seconds + (1 if operator in ("timeLessThanOrEquals", "timeGreaterThan") else 0)
    if second in (0, 60):
        return minute + second // 60
    if rule.narrow_edges:
        return minute + 1 if "Greater" in operator else minute
    help = "let it begin or end with a whole minute; `--narrow` allows less than a minute less"
    rule.refuse("time_edge", place, f"`{operator}` ends within a minute", help)
    return None


def zone_of(offset: str) -> str | None:
    """Which time zone has always this offset? None: none has."""
    if offset in ("Z", "+00:00", "-00:00"):
        return "UTC"
    hours, minutes = int(offset[1:3]), offset[4:6]
    if minutes != "00" or hours > (14 if offset[0] == "+" else 12):
        return None
    # WHY turned: the names of these zones count westwards.
    return f"Etc/GMT{'-' if offset[0] == '+' else '+'}{hours}"


def _leaf(rule: _Rule, body: dict[str, Any], pointer: str, is_needed: bool) -> Condition:
    key, operator = str(body.get("key")), str(body.get("operator"))
    if key == NOW and operator in _DATES:
        return _instant(rule, body, pointer, is_needed)
    if key == TIME and operator in _TIMES:
        return _half_day(rule, body, pointer)
    if key == DAY and operator in _DAYS:
        return _weekdays(rule, body.get("value"), pointer)
    found = _RESOURCE.fullmatch(key)
    if found is not None and operator in _STRINGS:
        return _text(rule, found[1], body, pointer)
    known = [*_DATES, *_TIMES, *_DAYS, *_STRINGS]
    message = f"`{operator}` of `{key}` is not read"
    rule.refuse("element_unknown", pointer, message, did_you_mean(operator, known))
    return ALWAYS


def _instant(rule: _Rule, body: dict[str, Any], pointer: str, is_needed: bool) -> Condition:
    value = body.get("value")
    if not isinstance(value, str) or parse_instant(value) is None:
        rule.refuse("value", pointer, f"expected a date and time with its offset, got {shown(value)}")
    elif not is_needed:
        rule.refuse(
            "time_place", pointer, "an instant below `or` is no window of the policy", "write two policies"
        )
    else:
        narrow(rule.clock, _DATES[str(body["operator"])], [value], pointer, rule)
    return ALWAYS


def _half_day(rule: _Rule, body: dict[str, Any], pointer: str) -> Condition:
    """From a time of day on, or until one."""
    limit = _limit(rule, body, pointer)
    if limit is None:
        return ALWAYS
    minute, zone = limit
    start, end = (minute, 24 * 60) if "Greater" in str(body["operator"]) else (0, minute)
    if start >= end:
        rule.refuse("never_holds", pointer, "no time of day satisfies it")
        return ALWAYS
    if (start, end) == (0, 24 * 60):
        return Comparison(CLOCK_KEY, "exists", True)
    return Comparison(CLOCK_KEY, "time-of-day-between", DayTime(start, end, zone))


def _weekdays(rule: _Rule, value: object, pointer: str) -> Condition:
    """Which weekdays? `1` is Monday in UTC, `"1+02:00"` Monday in that offset."""
    days: dict[str, set[int]] = {}
    listed = value if isinstance(value, list) else [value]
    for one in listed:
        found = _DAY.fullmatch(str(one)) if isinstance(one, int | str) and not isinstance(one, bool) else None
        if found is None:
            rule.refuse("value", pointer, f"expected a weekday such as `1+00:00`, got {shown(one)}")
            return ALWAYS
        zone = zone_of(found[2] or "Z")
        if zone is None:
            rule.refuse("time_zone", pointer, f"no time zone has always the offset `{found[2]}`")
            return ALWAYS
        days.setdefault(zone, set()).add(int(found[1]))
    if not listed:
        rule.refuse("value", pointer, "expected a weekday, got nothing")
        return ALWAYS
    tests = [
        Comparison(CLOCK_KEY, "day-of-week", WeekDays(frozenset(some), zone)) for zone, some in days.items()
    ]
    return either(*tests)


def _text(rule: _Rule, name: str, body: dict[str, Any], pointer: str) -> Condition:
    key, operator, value = rule.keys.get(name), str(body["operator"]), body.get("value")
    if key is None or key.type != "string" or key.prefix:
        help = f"map `{name}` to a text under `keys`"
        rule.refuse("key_unmapped", pointer, f"`{name}` is mapped to no attribute", help)
        return ALWAYS
    listed: list[Any] = value if isinstance(value, list) else [value]
    if operator.endswith("AnyOf") is not isinstance(value, list) or not all(
        isinstance(one, str) for one in listed
    ):
        rule.refuse("value", pointer, f"`{operator}` does not take {shown(value)}")
        return ALWAYS
    tokens = [braced(one) if "Match" in operator else tuple(one) for one in listed]
    test = like(key.attribute, tokens) if tokens else None
    if test is None:
        rule.refuse("literal_wildcard", pointer, "a pattern with `*` or `?` as itself cannot be expressed")
        return ALWAYS
    return test
