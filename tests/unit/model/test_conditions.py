"""Conditions parse strictly, name every mistake, and come back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bailiwick.errors import Invalid
from bailiwick.model.conditions import (
    NEGATED,
    OPERATORS,
    All,
    Comparison,
    Condition,
    DayTime,
    Not,
    Ref,
    WeekDays,
    format_condition,
    keys_of,
    parse_condition,
    parse_instant,
    parse_network,
)
from bailiwick.model.conditions import Any as AnyOf


def comparison(operator: str, value: object, key: str = "context.x", **more: object) -> dict[str, object]:
    """A comparison as a document."""
    return {"key": key, "operator": operator, "value": value, **more}


HOURS = {"from": "22:00", "to": "06:30", "zone": "Europe/Berlin"}
PARSED: dict[str, tuple[dict[str, Any], Condition]] = {
    "a text": (comparison("string-equals", "a"), Comparison("context.x", "string-equals", "a")),
    "texts": (comparison("string-like", ["a*", "b"]), Comparison("context.x", "string-like", ("a*", "b"))),
    "a number": (comparison("number-less-than", 1.5), Comparison("context.x", "number-less-than", 1.5)),
    "a date": (
        comparison("date-less-than", "2027-01-01T00:00:00Z"),
        Comparison("context.x", "date-less-than", "2027-01-01T00:00:00Z"),
    ),
    "a boolean": (comparison("bool-equals", True), Comparison("context.x", "bool-equals", True)),
    "networks": (
        comparison("ip-in", ["10.0.0.0/8", "2001:db8::/32", "10.1.1.1"]),
        Comparison("context.x", "ip-in", ("10.0.0.0/8", "2001:db8::/32", "10.1.1.1")),
    ),
    "existence": (comparison("exists", False), Comparison("context.x", "exists", False)),
    "a reference": (
        comparison("contains-any", {"ref": "principal.groups"}, "resource.groups"),
        Comparison("resource.groups", "contains-any", Ref("principal.groups")),
    ),
    "hours": (
        comparison("time-of-day-between", HOURS),
        Comparison("context.x", "time-of-day-between", DayTime(22 * 60, 6 * 60 + 30, "Europe/Berlin")),
    ),
    "hours to midnight": (
        comparison("time-of-day-between", {"from": "00:00", "to": "24:00", "zone": "UTC"}),
        Comparison("context.x", "time-of-day-between", DayTime(0, 24 * 60, "UTC")),
    ),
    "days": (
        comparison("day-of-week", {"days": ["monday", "sunday"], "zone": "UTC"}),
        Comparison("context.x", "day-of-week", WeekDays(frozenset({1, 7}), "UTC")),
    ),
    "a guess": (
        comparison("string-equals", "a", missing=False),
        Comparison("context.x", "string-equals", "a", missing=False),
    ),
    "a tree": (
        {"all": [{"any": [comparison("exists", True)]}, {"not": comparison("exists", True)}]},
        All(
            (AnyOf((Comparison("context.x", "exists", True),)), Not(Comparison("context.x", "exists", True)))
        ),
    ),
}


@pytest.mark.parametrize("case", PARSED)
def test_conditions_parse_and_come_back(case: str) -> None:
    """Each form of value is read as its type and written as it was."""
    document, condition = PARSED[case]
    assert parse_condition(document) == condition
    assert format_condition(condition) == document


def test_an_instant_that_yaml_parsed_is_a_date() -> None:
    """A datetime with an offset stands for its text."""
    parsed = parse_condition(comparison("date-equals", datetime(2027, 1, 1, tzinfo=UTC)))
    assert parsed == Comparison("context.x", "date-equals", "2027-01-01T00:00:00+00:00")


CLOCK = "expected two different times of day written 'HH:MM' at when.value\n  help: quote them in YAML"
DATE = "write an RFC 3339 date and time with its offset, such as 2027-01-01T00:00:00Z"
NETWORK = "write an address or a network such as 10.0.0.0/8, without host bits"
DAYS = "`monday`, `saturday`, `sunday`, `thursday`, `tuesday`, `wednesday`"
KEYS = (
    "available: `action.properties.*`, `context.*`, `grant.subject`, `principal.budgets`, `principal.groups`, "
    "`principal.id`, `principal.kind`, `principal.properties.*`, `resource.account`, `resource.budget`, "
    "`resource.groups`, `resource.id`, `resource.instance`, `resource.owner`, `resource.project`, "
    "`resource.properties.*`, `resource.region`, `resource.service`, `resource.tags.*`, `resource.type`"
)
OPERATORS_SHOWN = (
    f"available: {', '.join(f'`{word}`' for word in sorted(OPERATORS)[:12])} and {len(OPERATORS) - 12} more"
)
REFUSED: dict[str, tuple[object, list[str]]] = {
    "text": ("x", ["expected a condition, got `'x'` at when\n  help: write {key, operator, value}"]),
    "an empty all": ({"all": []}, ["expected a list of at least one condition at when.all"]),
    "an all of text": ({"any": "x"}, ["expected a list of at least one condition at when.any"]),
    "a not of nothing": (
        {"not": None},
        ["expected a condition, got `None` at when.not\n  help: write {key, operator, value}"],
    ),
    "one field alone": (
        {"exists": True},
        [
            "unknown field `exists` at when\n  help: available: `key`, `missing`, `operator`, `value`",
            f"unknown attribute `None` at when.key\n  help: {KEYS}",
            "unknown operator `None` at when.operator\n  help: " + OPERATORS_SHOWN,
            "a comparison needs a `value` at when",
        ],
    ),
    "an unknown field": (
        comparison("exists", True, vlaue=1),
        ["unknown field `vlaue` at when\n  help: did you mean `value`?"],
    ),
    "an unknown key": (
        comparison("exists", True, "resource.ownr"),
        ["unknown attribute `resource.ownr` at when.key\n  help: did you mean `resource.owner`?"],
    ),
    "an open key without a name": (
        comparison("exists", True, "context."),
        ["unknown attribute `context.` at when.key\n  help: did you mean `context.*`?"],
    ),
    "a key that is none": (
        comparison("exists", True, "zzz"),
        [f"unknown attribute `zzz` at when.key\n  help: {KEYS}"],
    ),
    "an unknown operator": (
        comparison("string-equal", "a"),
        ["unknown operator `string-equal` at when.operator\n  help: did you mean `string-equals`?"],
    ),
    "no value": ({"key": "context.x", "operator": "exists"}, ["a comparison needs a `value` at when"]),
    "a missing that is no flag": (
        comparison("string-equals", "a", missing="no"),
        ["expected true or false, got `'no'` at when.missing"],
    ),
    "a list for one": (
        comparison("number-less-than", [1]),
        ["`number-less-than` takes one number, got a list at when.value"],
    ),
    "an empty list": (
        comparison("string-equals", []),
        ["`string-equals` needs at least one string at when.value"],
    ),
    "a boolean for a number": (
        comparison("number-equals", [1, True, float("nan")]),
        ["expected a number, got `True` at when.value[1]", "expected a number, got `nan` at when.value[2]"],
    ),
    "a number for a boolean": (comparison("exists", 1), ["expected a bool, got `1` at when.value"]),
    "a date without offset": (
        comparison("date-equals", "2027-01-01T00:00:00"),
        [f"expected a date, got `'2027-01-01T00:00:00'` at when.value\n  help: {DATE}"],
    ),
    "a network with host bits": (
        comparison("ip-in", "10.0.0.1/8"),
        [f"expected a network, got `'10.0.0.1/8'` at when.value\n  help: {NETWORK}"],
    ),
    "a reference to nothing": (
        comparison("string-equals", {"ref": "principal.name"}),
        ["unknown attribute `principal.name` at when.value.ref\n  help: did you mean `principal.kind`?"],
    ),
    "a reference where none can be": (
        comparison("exists", {"ref": "principal.id"}),
        ["`exists` takes no reference at when.value"],
    ),
    "hours without a zone": (
        comparison("time-of-day-between", {"from": "22:00", "to": "06:00"}),
        ["expected {from: 'HH:MM', to: 'HH:MM', zone: Region/City} at when.value"],
    ),
    "hours that YAML read as a number": (comparison("time-of-day-between", {**HOURS, "from": 1320}), [CLOCK]),
    "no hours at all": (comparison("time-of-day-between", {**HOURS, "to": "22:00"}), [CLOCK]),
    "hours from the end": (comparison("time-of-day-between", {**HOURS, "from": "24:00"}), [CLOCK]),
    "hours nowhere": (
        comparison("time-of-day-between", {**HOURS, "zone": "Mars/Base"}),
        [
            "unknown time zone `Mars/Base` at when.value.zone\n"
            "  help: write a zone such as Europe/Berlin or UTC"
        ],
    ),
    "days of text": (
        comparison("day-of-week", {"days": "monday", "zone": "UTC"}),
        ["expected {days: [monday, …], zone: Region/City} at when.value"],
    ),
    "a day that is none": (
        comparison("day-of-week", {"days": ["monday", "mon"], "zone": "UTC"}),
        [f"unknown day `mon` at when.value.days\n  help: available: `friday`, {DAYS}"],
    ),
    "no day": (
        comparison("day-of-week", {"days": [], "zone": "UTC"}),
        [f"unknown day `` at when.value.days\n  help: available: `friday`, {DAYS}"],
    ),
    "days nowhere": (
        comparison("day-of-week", {"days": ["monday"], "zone": "../etc"}),
        ["unknown time zone `../etc` at when.value.zone\n  help: write a zone such as Europe/Berlin or UTC"],
    ),
    "several at once": (
        {"all": [comparison("exists", 1), {"not": comparison("exist", True)}]},
        [
            "expected a bool, got `1` at when.all[0].value",
            "unknown operator `exist` at when.all[1].not.operator\n  help: did you mean `exists`?",
        ],
    ),
    "too many comparisons": (
        {"any": [comparison("exists", True)] * 101},
        ["condition has 101 comparisons, expected at most 100 at when"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_condition_is_refused_with_all_its_findings(case: str) -> None:
    """Every finding says what, where, and what would be right."""
    document, expected = REFUSED[case]
    with pytest.raises(Invalid) as caught:
        parse_condition(document)
    assert [finding.format() for finding in caught.value.findings] == expected


def test_nesting_is_bounded() -> None:
    """Ten levels are read and eleven are not."""
    document: dict[str, Any] = comparison("exists", True)
    for _ in range(9):
        document = {"not": document}
    assert parse_condition(document)
    with pytest.raises(Invalid) as caught:
        parse_condition({"not": document})
    assert caught.value.findings[0].message == "condition is nested deeper than 10"


def test_the_keys_of_a_condition_include_its_references() -> None:
    """What a condition reads is known without evaluating it."""
    condition = parse_condition(
        {
            "all": [
                comparison("string-equals", {"ref": "principal.id"}, "resource.owner"),
                {"not": comparison("exists", True, "context.a")},
                {"any": [comparison("exists", True, "context.b")]},
            ]
        }
    )
    assert keys_of(condition) == {"resource.owner", "principal.id", "context.a", "context.b"}
    assert keys_of(None) == frozenset()


def test_negated_operators_are_operators() -> None:
    """Every negated operator exists and is the negation of one."""
    assert {word.replace("-not-", "-") for word in NEGATED} <= set(OPERATORS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-01T00:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01T02:00:00.5+02:00", datetime(2027, 1, 1, 0, 0, 0, 500_000, UTC)),
        ("2027-01-01T00:00:00", None),
        ("2027-01-01", None),
        ("2027-13-01T00:00:00Z", None),
        (20270101, None),
    ],
)
def test_instants_are_rfc_3339_with_an_offset(text: object, expected: datetime | None) -> None:
    """Text without an offset names no instant."""
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("10.0.0.1/8", "None"),
        ("10.0.0", "None"),
        (167772160, "None"),
    ],
)
def test_mapped_addresses_are_those_of_the_older_family(text: object, expected: str) -> None:
    """An IPv4-mapped IPv6 network is the IPv4 network; anything else is itself or none."""
    assert str(parse_network(text)) == expected


@pytest.mark.parametrize("operator", ["string-like", "string-not-like"])
def test_a_pattern_has_a_longest_length(operator: str) -> None:
    """What is matched at every question is bounded when it is written."""
    assert parse_condition(comparison(operator, "a" * 256, "context.a"))
    for value, place in (("a" * 257, "when.value"), (["a", "a" * 257], "when.value[1]")):
        with pytest.raises(Invalid) as caught:
            parse_condition(comparison(operator, value, "context.a"))
        [finding] = caught.value.findings
        assert finding.message == "pattern has 257 characters, expected at most 256"
        assert finding.place == place


@pytest.mark.parametrize("operator", ["string-like", "string-equals", "contains-any"])
def test_a_list_of_values_has_a_most(operator: str) -> None:
    """A comparison has at most 64 values."""
    assert parse_condition(comparison(operator, [f"v{i}" for i in range(64)], "context.a"))
    with pytest.raises(Invalid) as caught:
        parse_condition(comparison(operator, [f"v{i}" for i in range(65)], "context.a"))
    [finding] = caught.value.findings
    assert finding.message == f"`{operator}` has 65 values, expected at most 64"
