"""Generated AWS policies: what people write, and what they should not."""

from __future__ import annotations

from random import Random
from typing import Any

from bailiwick.importing.aws import OPERATORS

ACTIONS = (
    "s3:GetObject", "s3:getobject", "s3:PutObject", "s3:ListBucket", "s3:DeleteBucket", "s3:ListAllMyBuckets",
    "s3:Get*", "s3:*Object", "s3:*", "s3:Delete*", "sqs:SendMessage", "sqs:*Message", "sqs:*", "SQS:list*",
    "sqs:?e*Message", "*", "s3:GetObjects",
)  # fmt: skip
RESOURCES = (
    "*", "arn:aws:s3:::*", "arn:aws:s3:::logs", "arn:aws:s3:::logs/*", "arn:aws:s3:::logs*", "arn:aws:s3:::*/x",
    "arn:aws:s3:::logs/2026/*", "arn:aws:s3:::logs/?", "arn:aws:s3:::l?gs", "arn:aws:s3:::a${*}b",
    "arn:aws:s3:::a${*}b/x", "arn:aws:s3:::*logs", "arn:aws:s3:*", "arn:aws:*", "arn:aws:sqs:*:123456789012:jobs*",
    "arn:aws:sqs:eu-*:123456789012:jobs", "arn:aws:sqs:eu-de:123456789012:*", "arn:aws:sqs:*:*:*",
    "arn:aws:sqs:eu-de:999999999999:jobs", "arn:aws:sqs:e*e:123456789012:mail", "arn:aws:s3:::logs/a${?}b",
    "arn:aws:s3:::${aws:username}/*", "arn:aws:sqs:*:jobs", "arn:aws:s3:::lo*/y*",
)  # fmt: skip
KEYS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "aws:PrincipalTag/team": ("String", ("red", "blue", "r*", "RED", "${aws:ResourceTag/team}")),
    "aws:ResourceTag/team": ("String", ("red", "b?ue", "*", "${aws:PrincipalTag/team}", "green")),
    "aws:RequestTag/env": ("String", ("test", "TEST", "t*", "t${*}st", "prod", "${*}*", "${aws:username}")),
    "aws:username": ("String", ("alice", "al*", "bob", "*", "ALICE")),
    "AWS:tagkeys": ("Set", ("team", "env", "t*")),
    "aws:SourceArn": (
        "Arn",
        (
            "arn:aws:sns:eu-de:123456789012:topic*",
            "arn:aws:sns:eu-de:123456789012:topic",
            "arn:aws:sns:*:*:topic",
        ),
    ),
    "aws:SourceIp": ("Ip", ("10.0.0.0/8", "192.168.0.1", "2001:db8::/32", "0.0.0.0/0")),
    "aws:MultiFactorAuthPresent": ("Bool", ("true", "false", True)),
    "s3:max-keys": ("Numeric", ("10", 5, "10.5")),
    "aws:CurrentTime": (
        "Date",
        ("2026-11-20T12:00:00Z", "2026-11-20T12:00:01Z", "2026-11-20T13:00:00+01:00"),
    ),
    "aws:TokenIssueTime": ("Date", ("2026-11-20T12:00:00Z", "2026-11-20T11:30:00Z")),
}
_FAMILIES = {
    "String": [name for name in OPERATORS if name.startswith("String")],
    "Set": ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"],
    "Arn": [*(name for name in OPERATORS if name.startswith("Arn")), "StringEquals"],
    "Ip": ["IpAddress", "NotIpAddress"],
    "Bool": ["Bool"],
    "Numeric": [name for name in OPERATORS if name.startswith("Numeric")],
    "Date": [name for name in OPERATORS if name.startswith("Date")],
}


def draw_policy(random: Random) -> dict[str, Any]:
    """One to three statements."""
    count = random.choice([1, 1, 2, 3])
    return {"Version": "2012-10-17", "Statement": [draw_statement(random) for _ in range(count)]}


def draw_statement(random: Random) -> dict[str, Any]:
    """One statement, with a condition in half of the cases."""
    action = "NotAction" if random.random() < 0.1 else "Action"
    resource = "NotResource" if random.random() < 0.15 else "Resource"
    statement: dict[str, Any] = {
        "Effect": random.choice(["Allow", "Allow", "Deny"]),
        action: _some(random, ACTIONS[: 15 if random.random() < 0.85 else len(ACTIONS)]),
        resource: _some(random, RESOURCES),
    }
    if random.random() < 0.35:
        statement[resource] = "*"
    if random.random() < 0.55:
        statement["Condition"] = draw_condition(random)
    return statement


def draw_condition(random: Random) -> dict[str, dict[str, Any]]:
    """One or two operators on one key each."""
    out: dict[str, dict[str, Any]] = {}
    for _ in range(random.choice([1, 1, 2])):
        key = random.choice([*KEYS])
        family, values = KEYS[key]
        operator = random.choice(_FAMILIES[family])
        if random.random() < 0.15:
            operator, values = "Null", ("true", "false")
        elif random.random() < (0.8 if family == "Set" else 0.1):
            operator = f"{random.choice(['ForAnyValue', 'ForAllValues'])}:{operator}"
        if operator != "Null" and random.random() < 0.2:
            operator += "IfExists"
        out.setdefault(operator, {})[key] = _some(random, values)
    return out


def _some(random: Random, values: tuple[Any, ...]) -> Any:
    count = random.choice([1, 1, 2])
    return random.sample(values, min(count, len(values))) if count > 1 else random.choice(values)
