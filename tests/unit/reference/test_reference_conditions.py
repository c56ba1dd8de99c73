"""The reference's comparisons, one row a rule of section 6."""

from __future__ import annotations

import pytest
from tests.reference.conditions import evaluate
from tests.reference.truth import Truth

from bailiwick.model.conditions import parse_condition
from bailiwick.model.requests import ABSENT, UNKNOWN

ROWS: list[tuple[str, object, object, Truth]] = [
    ("string-equals", "a", "a", True),
    ("string-equals", "a", ["b", "a"], True),
    ("string-equals", "A", "a", False),
    ("string-equals", ("a",), "a", None),
    ("string-equals", 1, "a", None),
    ("string-equals", UNKNOWN, "a", None),
    ("string-equals", ABSENT, "a", False),
    ("string-not-equals", ABSENT, "a", True),
    ("string-not-equals", "c", ["a", "b"], True),
    ("string-not-equals", "b", ["a", "b"], False),
    ("string-not-equals", UNKNOWN, "a", None),
    ("string-equals-ignore-case", "STRASSE", "straße", True),
    ("string-like", "web-1", "web-?", True),
    ("string-like", "web-10", "web-?", False),
    ("string-not-like", "web-10", "web-?", True),
    ("string-starts-with", "abc", "ab", True),
    ("string-ends-with", "abc", ["x", "bc"], True),
    ("string-ends-with", "abc", "", True),
    ("number-equals", 1, 1.0, True),
    ("number-equals", True, 1, None),
    ("number-equals", "1", 1, None),
    ("number-equals", float("nan"), 1, None),
    ("number-not-equals", 2, [1, 2], False),
    ("number-less-than", 10**400, 1.5, False),
    ("number-greater-than-or-equals", 2, 2, True),
    ("bool-equals", False, False, True),
    ("bool-equals", 0, False, None),
    ("date-equals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", True),
    ("date-less-than", "2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.2Z", True),
    ("date-less-than", "2026-01-01T00:00:00", "2027-01-01T00:00:00Z", None),
    ("date-less-than", "2026-W01-1T00:00:00Z", "2027-01-01T00:00:00Z", None),
    ("ip-in", "10.1.2.3", "10.0.0.0/8", True),
    ("ip-in", "::ffff:10.1.2.3", "10.0.0.0/8", True),
    ("ip-in", "10.1.2.3", "::ffff:10.0.0.0/104", True),
    ("ip-in", "10.1.2.3", "::/0", False),
    ("ip-not-in", "10.1.2.3", ["::/0", "11.0.0.0/8"], True),
    ("ip-in", "10.0.0.0/8", "10.0.0.0/8", None),
    ("ip-in", "localhost", "10.0.0.0/8", None),
    ("exists", "a", True, True),
    ("exists", UNKNOWN, True, False),
    ("exists", ABSENT, False, True),
    ("contains-any", ("a", "b"), ["b", "c"], True),
    ("contains-all", ("a", "b"), ["b", "c"], False),
    ("contains-all", ("a", "b"), "a", True),
    ("contains-any", "a", "a", None),
    ("contains-any", ABSENT, "a", False),
]


@pytest.mark.parametrize(("operator", "key", "value", "expected"), ROWS)
def test_comparison_answers(operator: str, key: object, value: object, expected: Truth) -> None:
    """Each operator answers as its rule says, unknown on wrong types and unknown keys."""
    condition = parse_condition({"key": "context.a", "operator": operator, "value": value})
    assert evaluate(condition, lambda _: key) is expected


@pytest.mark.parametrize(
    ("operator", "key", "other", "expected"),
    [
        ("string-equals", "a", ("b", "a"), True),
        ("string-equals", "a", (), False),
        ("string-not-equals", "a", (), True),
        ("string-equals", "a", ("a", 5), None),
        ("string-equals", "a", ABSENT, False),
        ("string-not-equals", "a", ABSENT, True),
        ("string-equals", "a", UNKNOWN, None),
        ("string-equals", ABSENT, UNKNOWN, None),
        ("number-less-than", 1, (2,), None),
        ("ip-in", "10.1.2.3", ("10.0.0.0/8", "nowhere"), None),
        ("contains-any", ("a",), (), False),
        ("contains-all", ("a",), (), True),
    ],
)
def test_reference_answers(operator: str, key: object, other: object, expected: Truth) -> None:
    """A referenced value may be a list where the operator takes one; one wrong element makes it all wrong."""
    condition = parse_condition({"key": "context.a", "operator": operator, "value": {"ref": "context.b"}})
    assert evaluate(condition, lambda name: key if name == "context.a" else other) is expected


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("key", [UNKNOWN, 5])
def test_missing_replaces_unknown(missing: bool, key: object) -> None:
    """`missing` is the answer where a key is unknown or of the wrong type, and nowhere else."""
    condition = parse_condition(
        {"key": "context.a", "operator": "string-equals", "value": "a", "missing": missing}
    )
    assert evaluate(condition, lambda _: key) is missing
    assert evaluate(condition, lambda _: "a") is True
    assert evaluate(condition, lambda _: ABSENT) is False


@pytest.mark.parametrize(
    ("start", "end", "moment", "expected"),
    [
        ("08:00", "17:00", "2026-07-01T06:00:00Z", True),
        ("08:00", "17:00", "2026-07-01T05:59:59Z", False),
        ("08:00", "17:00", "2026-07-01T15:00:00Z", False),
        ("22:00", "06:00", "2026-07-01T01:00:00Z", True),
        ("22:00", "06:00", "2026-07-01T12:00:00Z", False),
        ("22:00", "24:00", "2026-07-01T21:59:59Z", True),
        ("08:00", "17:00", "noon", None),
        ("08:00", "17:00", "0001-01-01T00:00:00+23:59", None),
    ],
)
def test_time_of_day_is_of_the_zone(start: str, end: str, moment: str, expected: Truth) -> None:
    """The time of day is taken in the zone, in whole minutes, and may wrap past midnight."""
    value = {"from": start, "to": end, "zone": "Europe/Berlin"}
    condition = parse_condition({"key": "context.time", "operator": "time-of-day-between", "value": value})
    assert evaluate(condition, lambda _: moment) is expected


def test_weekday_is_of_the_zone() -> None:
    """Late on a Sunday in UTC it is Monday in Berlin."""
    value = {"days": ["monday"], "zone": "Europe/Berlin"}
    condition = parse_condition({"key": "context.time", "operator": "day-of-week", "value": value})
    assert evaluate(condition, lambda _: "2026-07-05T22:30:00Z") is True
    assert evaluate(condition, lambda _: "2026-07-05T21:30:00Z") is False
