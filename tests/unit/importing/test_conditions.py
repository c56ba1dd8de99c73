"""Each operator of theirs, and what it comes to in an allow and in a deny."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.importing.imports import aws, huawei, ibm, policies

TEAM = "context.env"


def said(condition: Any) -> str:
    """A condition on one line."""
    if condition is None:
        return "always"
    if "all" in condition or "any" in condition:
        [(word, items)] = condition.items()
        return f"{word}({', '.join(said(item) for item in items)})"
    if "not" in condition:
        return f"not({said(condition['not'])})"
    return f"{condition['key'].removeprefix('context.')} {condition['operator']} {condition['value']}"


def both_ways(operator: str, key: str, value: Any) -> tuple[str, str]:
    """What an AWS comparison comes to in an allow and in a deny."""
    condition = {operator: {key: value}}
    [allow] = policies("aws", aws(Condition=condition))
    [deny] = policies("aws", aws(Condition=condition, Effect="Deny"))
    assert "effect" not in allow
    assert deny["effect"] == "deny"
    return said(allow.get("when")), said(deny.get("when"))


AWS_OPERATORS = [
    ("StringEquals", "aws:RequestTag/env", "a", "env string-equals a",
     "all(env exists True, env string-equals a)"),
    ("StringEquals", "aws:RequestTag/env", ["a*", "b"], "env string-equals ['a*', 'b']",
     "all(env exists True, env string-equals ['a*', 'b'])"),
    ("StringNotEquals", "aws:RequestTag/env", "a", "any(env exists False, env string-not-equals a)",
     "env string-not-equals a"),
    ("StringEqualsIfExists", "aws:RequestTag/env", "a", "any(env exists False, env string-equals a)",
     "any(env exists False, env string-equals a)"),
    ("StringNotEqualsIfExists", "aws:RequestTag/env", "a", "any(env exists False, env string-not-equals a)",
     "env string-not-equals a"),
    ("StringEqualsIgnoreCase", "aws:RequestTag/env", "A", "env string-equals-ignore-case A",
     "all(env exists True, env string-equals-ignore-case A)"),
    ("StringNotEqualsIgnoreCase", "aws:RequestTag/env", "A",
     "any(env exists False, not(env string-equals-ignore-case A))", "not(env string-equals-ignore-case A)"),
    ("StringLike", "aws:RequestTag/env", "a?*", "env string-like a?*",
     "all(env exists True, env string-like a?*)"),
    ("StringLike", "aws:RequestTag/env", "a${*}", "env string-equals a*",
     "all(env exists True, env string-equals a*)"),
    ("StringLike", "aws:RequestTag/env", "a${*}*", "env string-starts-with a*",
     "all(env exists True, env string-starts-with a*)"),
    ("StringLike", "aws:RequestTag/env", "*${?}", "env string-ends-with ?",
     "all(env exists True, env string-ends-with ?)"),
    ("StringLike", "aws:RequestTag/env", ["a", "b*"], "any(env string-equals a, env string-like b*)",
     "all(env exists True, any(env string-equals a, env string-like b*))"),
    ("StringNotLike", "aws:RequestTag/env", "a*", "any(env exists False, env string-not-like a*)",
     "env string-not-like a*"),
    ("StringEquals", "aws:username", "alice", "principal.id string-equals user:alice",
     "principal.id string-equals user:alice"),
    ("StringNotLike", "AWS:UserName", "a*", "principal.id string-not-like user:a*",
     "principal.id string-not-like user:a*"),
    ("StringEqualsIfExists", "aws:username", "alice",
     "any(not(principal.id string-starts-with user:), principal.id string-equals user:alice)",
     "any(not(principal.id string-starts-with user:), principal.id string-equals user:alice)"),
    ("NumericLessThan", "s3:max-keys", ["10", "5"], "max_keys number-less-than 10",
     "all(max_keys exists True, max_keys number-less-than 10)"),
    ("NumericGreaterThanEquals", "s3:max-keys", ["10", "5.5"], "max_keys number-greater-than-or-equals 5.5",
     "all(max_keys exists True, max_keys number-greater-than-or-equals 5.5)"),
    ("NumericNotEquals", "s3:max-keys", 10, "any(max_keys exists False, max_keys number-not-equals 10)",
     "max_keys number-not-equals 10"),
    ("DateGreaterThan", "aws:TokenIssueTime", "2026-01-01T00:00:00Z",
     "issued date-greater-than 2026-01-01T00:00:00Z",
     "all(issued exists True, issued date-greater-than 2026-01-01T00:00:00Z)"),
    ("Bool", "aws:MultiFactorAuthPresent", "true", "mfa bool-equals True",
     "all(mfa exists True, mfa bool-equals True)"),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", "False", "any(mfa exists False, mfa bool-equals False)",
     "any(mfa exists False, mfa bool-equals False)"),
    ("IpAddress", "aws:SourceIp", "10.0.0.0/8", "ip ip-in 10.0.0.0/8",
     "all(ip exists True, ip ip-in 10.0.0.0/8)"),
    ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", "any(ip exists False, ip ip-not-in 10.0.0.0/8)",
     "ip ip-not-in 10.0.0.0/8"),
    ("ArnLike", "aws:SourceArn", "arn:aws:sns:eu-de:1:t*", "source_arn string-like arn:aws:sns:eu-de:1:t*",
     "all(source_arn exists True, source_arn string-like arn:aws:sns:eu-de:1:t*)"),
    ("Null", "aws:RequestTag/env", "true", "env exists False", "env exists False"),
    ("Null", "aws:RequestTag/env", "false", "env exists True", "env exists True"),
    ("ForAnyValue:StringEquals", "aws:TagKeys", ["a", "b"], "tag_keys contains-any ['a', 'b']",
     "all(tag_keys exists True, tag_keys contains-any ['a', 'b'])"),
    ("ForAllValues:StringNotEquals", "aws:TagKeys", "a",
     "any(tag_keys exists False, not(tag_keys contains-any a))", "not(tag_keys contains-any a)"),
    ("ForAllValues:StringEquals", "aws:RequestTag/env", "a", "any(env exists False, env string-equals a)",
     "any(env exists False, env string-equals a)"),
    ("ForAnyValue:StringNotEquals", "aws:RequestTag/env", "a", "all(env exists True, env string-not-equals a)",
     "all(env exists True, env string-not-equals a)"),
    ("StringNotEquals", "aws:ResourceTag/team", "a",
     "any(resource.tags.team exists False, resource.tags.team string-not-equals a)",
     "resource.tags.team string-not-equals a"),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "key", "value", "allow", "deny"), AWS_OPERATORS)
def test_an_operator_is_written_for_allow_and_deny(
    operator: str, key: str, value: Any, allow: str, deny: str
) -> None:
    """What a missing key comes to is written out only where it differs."""
    assert both_ways(operator, key, value) == (allow, deny)


def test_operators_and_keys_all_hold() -> None:
    """Several operators and keys are joined by `all`."""
    condition = {"StringEquals": {"aws:RequestTag/env": "a"}, "NumericEquals": {"s3:max-keys": "1"}}
    [policy] = policies("aws", aws(Condition=condition))
    assert said(policy["when"]) == "all(env string-equals a, max_keys number-equals 1)"


def test_a_variable_is_a_reference() -> None:
    """As the whole value of a positive operator in an allow."""
    condition = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    [policy] = policies("aws", aws(Condition=condition))
    assert policy["when"] == {
        "key": "resource.tags.team",
        "operator": "string-equals",
        "value": {"ref": "principal.properties.team"},
    }


@pytest.mark.parametrize(
    ("operator", "window"),
    [
        ("DateLessThan", {"expires_at": "2026-01-01T00:00:00Z"}),
        ("DateGreaterThanEquals", {"starts_at": "2026-01-01T00:00:00Z"}),
        ("DateLessThanEquals", {"expires_at": "2026-01-01T00:00:00Z"}),
        ("DateGreaterThan", {"starts_at": "2026-01-01T00:00:01Z"}),
    ],
)
def test_the_clock_becomes_a_window(operator: str, window: dict[str, str]) -> None:
    """Exactly for two operators; the other two only where a moment less is accepted."""
    condition = {operator: {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}
    [policy] = policies("aws", aws(Condition=condition), narrow=True)
    assert policy == {
        "roles": ["object-store/doc-object-store-1"],
        "scope": {"service": "object-store"},
        **window,
    }


HUAWEI_OPERATORS = [
    ("StringEquals", "x:kind", "kind string-equals a"),
    ("StringMatch", "x:kind", "kind string-equals a"),
    ("StringStartWith", "x:kind", "kind string-starts-with a"),
    ("StringEndWith", "x:kind", "kind string-ends-with a"),
    ("StringNotEqualsIfExists", "x:kind", "any(kind exists False, kind string-not-equals a)"),
    ("StringStartWith", "g:UserName", "principal.id string-starts-with user:a"),
]


@pytest.mark.parametrize(("operator", "key", "wanted"), HUAWEI_OPERATORS)
def test_an_operator_of_huawei(operator: str, key: str, wanted: str) -> None:
    """Texts by equality, beginning, end and pattern."""
    [policy] = policies("huawei", huawei(Condition={operator: {key: ["a"]}}))
    assert said(policy["when"]) == wanted


def leaf(key: str, operator: str, value: Any) -> dict[str, Any]:
    """One condition of an IBM rule."""
    name = key if key.startswith("resource") else f"environment.attributes.{key}"
    return {"key": "{{" + name + "}}", "operator": operator, "value": value}


IBM_RULES: list[tuple[dict[str, Any], str]] = [
    (leaf("day_of_week", "dayOfWeekAnyOf", [1, 7]), "time day-of-week {'days': ['monday', 'sunday'], 'zone': 'UTC'}"),
    (leaf("day_of_week", "dayOfWeekEquals", "3-05:00"),
     "time day-of-week {'days': ['wednesday'], 'zone': 'Etc/GMT+5'}"),
    (leaf("current_time", "timeLessThan", "09:30:00+02:00"),
     "time time-of-day-between {'from': '00:00', 'to': '09:30', 'zone': 'Etc/GMT-2'}"),
    (leaf("current_time", "timeGreaterThan", "09:29:59Z"),
     "time time-of-day-between {'from': '09:30', 'to': '24:00', 'zone': 'UTC'}"),
    (leaf("resource.attributes.path", "stringMatch", "a/{{*}}/*"), "path string-starts-with a/*/"),
    (leaf("resource.attributes.path", "stringEqualsAnyOf", ["a*", "b"]), "path string-equals ['a*', 'b']"),
    ({"operator": "or", "conditions": [leaf("day_of_week", "dayOfWeekEquals", 1),
                                       leaf("resource.attributes.path", "stringEquals", "a")]},
     "any(time day-of-week {'days': ['monday'], 'zone': 'UTC'}, path string-equals a)"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "wanted"), IBM_RULES)
def test_a_rule_of_ibm(rule: dict[str, Any], wanted: str) -> None:
    """Weekdays in both forms, times of day, wildcards that stand for themselves, either of several."""
    [policy] = policies("ibm", ibm(rule=rule))
    assert said(policy["when"]) == wanted


def test_dates_of_an_ibm_rule_are_the_window() -> None:
    """From one instant until before another, both on the server's clock."""
    rule = {
        "operator": "and",
        "conditions": [
            leaf("current_date_time", "dateTimeGreaterThanOrEquals", "2026-01-01T00:00:00Z"),
            leaf("current_date_time", "dateTimeLessThan", "2026-02-01T00:00:00+01:00"),
        ],
    }
    [policy] = policies("ibm", ibm(rule=rule))
    assert policy == {
        "roles": ["Reader"],
        "scope": {"service": "container-registry"},
        "starts_at": "2026-01-01T00:00:00Z",
        "expires_at": "2026-01-31T23:00:00Z",
    }
