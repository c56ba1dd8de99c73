"""What is refused, with its whole message: place, value, what is expected, what would be needed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.property.importing.aws_world import BASE
from tests.unit.importing.imports import AWS, attribute, aws, huawei, ibm, imported, refused

from bailiwick.errors import Invalid
from bailiwick.importing.findings import CODES
from bailiwick.importing.known import Known
from bailiwick.importing.policies import Settings, Source, import_policies
from bailiwick.service.catalog_files import load_system_catalog

ENV, IP, NOW = "aws:RequestTag/env", "aws:SourceIp", "aws:CurrentTime"
APPLYING = {"name_taken", "left_over"}
"""Refused by the command, which knows the account (tests/e2e/test_cli_import.py)."""


def on(operator: str, key: str, value: Any, **statement: Any) -> dict[str, Any]:
    """An AWS policy with one comparison."""
    return aws(Condition={operator: {key: value}}, **statement)


def timed(key: str, operator: str, value: Any) -> dict[str, Any]:
    """An IBM policy with a rule of one condition."""
    return ibm(rule={"key": "{{environment.attributes." + key + "}}", "operator": operator, "value": value})


REFUSED: list[tuple[str, Any, str]] = [
    ("ibm", ibm(attribute("serviceType", "platform_service")),
     "/resource/attributes/1: account management is not administered by other policies than Bailiwick's own "
     "[account_management]\n  help: grant roles of `iam` instead"),
    ("aws", aws(Action="s3:GetObjects"),
     "/Statement/0/Action: `s3:GetObjects` is mapped to no action of `object-store` [action_unmapped]\n"
     "  help: did you mean `s3:GetObject`?"),
    ("huawei", huawei(Action=["ims:images:gett"]),
     "/Statement/0/Action/0: `ims` has no action `ims:images:gett` [action_unknown]\n"
     "  help: did you mean `ims:images:get`?"),
    ("huawei", huawei(Action=["obs:bucket:*"]),
     "/Statement/0/Action/0: service `obs` is not in the catalog, which only mentions it [action_external]\n"
     "  help: describe it as a service of the account first"),
    ("aws", aws(Effect="Deny", Action="*"),
     "/Statement/0/Action: a deny of every service's actions would miss services that are mapped later "
     "[all_services_in_deny]\n"
     "  help: write a statement for each service, such as `s3:*`; a guardrail can stop all of a service"),
    ("aws", aws(Resource="arn:aws:s3"),
     "/Statement/0/Resource: `arn:aws:s3` has not the six segments [arn_incomplete]\n"
     "  help: write all six segments: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE"),
    ("aws", on("ArnLike", "aws:SourceArn", "arn:aws:iam::*:role/x"),
     "/Statement/0/Condition/ArnLike/aws:SourceArn: `ArnLike` with such an ARN cannot be expressed "
     "[arn_wildcard]\n  help: wildcards may stand in the last segment only"),
    ("ibm", ibm(attribute("keyRing", "r1")),
     "/resource/attributes/2: attribute `keyRing` is mapped to nothing [attribute_unknown]\n"
     "  help: map `resource.attributes.keyRing` under `keys`"),
    ("aws", on("BinaryEquals", ENV, "QUJD"),
     "/Statement/0/Condition/BinaryEquals/aws:RequestTag~1env: `BinaryEquals` compares bytes, which no attribute "
     "holds [binary]"),
    ("huawei", {**huawei(), "Depends": [{"display_name": "Tenant Administrator"}]},
     "/Depends: a role that only works beside the roles that it depends on [depends]\n"
     "  help: grant those roles too, and leave `Depends` out"),
    ("aws", on("NumericEquals", "s3:max-keys", "1_000"),
     "/Statement/0/Condition/NumericEquals/s3:max-keys: expected a number, got `1_000` [value]"),
    ("aws", aws(Principal="*"),
     "/Statement/0/Principal: unknown element `Principal` [element_unknown]\n"
     "  help: read: `Sid`, `Effect`, `Action`, `NotAction`, `Resource`, `NotResource`, `Condition`"),
    ("aws", on("StringEqual", ENV, "a"),
     "/Statement/0/Condition/StringEqual/aws:RequestTag~1env: unknown operator `StringEqual` [element_unknown]\n"
     "  help: did you mean `StringEquals`?"),
    ("ibm", ibm(attribute("region", False, "stringExists")),
     "/resource/attributes/2: demands that the attribute is not there [exists_false]\n"
     "  help: what a request does not say would count as not there"),
    ("huawei", huawei(Resource=["ims:*:a2:*:*"]),
     "/Statement/0/Resource/0: account `a2` is not the one that is imported [foreign_account]\n"
     "  help: say which it is under `account` in the mapping"),
    ("aws", on("StringEquals", "aws:SourceVpc", "vpc-1"),
     "/Statement/0/Condition/StringEquals/aws:SourceVpc: condition key `aws:SourceVpc` is mapped to no attribute "
     "[key_unmapped]\n  help: did you mean `aws:SourceIp`?"),
    ("aws", on("StringLike", ENV, "a${*}*b"),
     "/Statement/0/Condition/StringLike/aws:RequestTag~1env: a pattern with `*` or `?` as itself cannot be "
     "expressed [literal_wildcard]"),
    ("ibm", ibm(attribute("region", "eu*")),
     "/resource/attributes/2: `region` holds `*` or `?` as itself, which a scope takes for a pattern "
     "[literal_wildcard]"),
    ("aws", '{"Version": "2012-10-17", "Statement": [], "Statement": []}',
     ": name `Statement` stands twice in one object [malformed]"),
    ("aws", aws(NotResource="*", Resource="*"),
     "/Statement/0: expected either `Resource` or `NotResource` [malformed]"),
    ("aws", aws(Condition={"DateLessThan": {NOW: "2026-01-01T00:00:00Z"},
                           "DateGreaterThanEquals": {NOW: "2027-01-01T00:00:00Z"}}),
     "/Statement/0: nothing satisfies the condition [never_holds]\n  help: leave it out"),
    ("aws", aws(Effect="Deny", NotAction="s3:GetObject"),
     "/Statement/0/NotAction: a deny of all but some actions would miss actions that come later "
     "[not_action_in_deny]\n  help: name the actions to deny"),
    ("huawei", huawei(Effect="Deny", Action=["eps:enterpriseProjects:list"], Resource=["eps:eu-de:*:*:*"]),
     "/Statement/0: `eps:enterpriseProjects:list` is not decided on `region`, so it would never match "
     "[not_decided_on]\n  help: leave the action or the constraint out"),
    ("ibm", ibm(control={"grant": {"roles": [{"role_id": "crn:v1:bluemix:public:iam::::serviceRole:Reeder"}]}}),
     "/control/grant/roles/0/role_id: no service of the policy has a role `Reeder` [role_unknown]\n"
     "  help: did you mean `Reader`?"),
    ("ibm", ibm(attribute("region", "eu-de"), attribute("serviceInstance", "i1")),
     ": a scope on `container-registry` cannot constrain `instance` [refused_by_checks]\n"
     "  help: it may constrain `region`, `project`, `type`, `id`, `within`"),
    ("aws", aws(Resource="arn:aws:s3:::lo*/x"),
     "/Statement/0/Resource: `arn:aws:s3:::lo*/x` names `object` in a way that no scope can say "
     "[resource_pattern]\n"
     "  help: a parent is named whole or not at all, and `*` and `?` only stand for text"),
    ("huawei", huawei(Action=["ims:images:*"], Resource=["ims:*:*:images:web-1"]),
     "/Statement/0/Resource/0: `images:web-1` names resources, but not all of these actions are asked of one type "
     "of them [resource_unmapped]\n"
     "  help: name actions on single resources of one type only, in a statement of their own"),
    ("aws", aws(Action="s4:GetObject"),
     "/Statement/0/Action: AWS service `s4` is mapped to no service [service_unmapped]\n"
     "  help: available: `s3`, `sqs`"),
    ("aws", on("ForAllValues:StringEquals", "aws:TagKeys", "a"),
     "/Statement/0/Condition/ForAllValues:StringEquals/aws:TagKeys: `ForAllValues:StringEquals` cannot be asked of "
     "a list exactly [set_operator]\n"
     "  help: of lists only `ForAnyValue:StringEquals` and `ForAllValues:StringNotEquals` can be expressed"),
    ("aws", on("ForAnyValue:StringEqualsIfExists", ENV, "a"),
     "/Statement/0/Condition/ForAnyValue:StringEqualsIfExists/aws:RequestTag~1env: "
     "`ForAnyValue:StringEqualsIfExists` cannot be expressed [set_operator]\n"
     "  help: what it comes to without a value is nowhere written: leave `IfExists` out"),
    ("ibm", ibm(subject={"attributes": [attribute("iam_id", "IBMid-9")]}),
     "/subject/attributes/0: `IBMid-9` is mapped to nobody [subject_unmapped]\n"
     "  help: map `IBMid-9` under `subjects`, such as to `user:alice` or `group:readers`"),
    ("aws", on("DateLessThanEquals", NOW, "2026-01-01T00:00:00Z"),
     "/Statement/0/Condition/DateLessThanEquals/aws:CurrentTime: `DateLessThanEquals` ends between two instants "
     "[time_edge]\n"
     "  help: a window ends before its end: write the second after, with `DateLessThan`; `--narrow` allows that "
     "moment less"),
    ("ibm", timed("current_time", "timeLessThanOrEquals", "17:00:00+00:00"),
     "/rule: `timeLessThanOrEquals` ends within a minute [time_edge]\n"
     "  help: let it begin or end with a whole minute; `--narrow` allows less than a minute less"),
    ("aws", on("DateEquals", NOW, "2026-01-01T00:00:00Z"),
     "/Statement/0/Condition/DateEquals/aws:CurrentTime: `DateEquals` of the clock is no window [time_place]\n"
     "  help: write a range"),
    ("ibm", timed("day_of_week", "dayOfWeekEquals", "1+05:30"),
     "/rule: no time zone has always the offset `+05:30` [time_zone]"),
    ("aws", on("StringEquals", ENV, [str(n) for n in range(65)]),
     "/Statement/0: `string-equals` has 65 values, expected at most 64 [too_large]\n"
     "  help: write several comparisons below `any` or `all`"),
    ("aws", on("NumericEquals", ENV, "1"),
     "/Statement/0/Condition/NumericEquals/aws:RequestTag~1env: `NumericEquals` cannot be asked of "
     "`aws:RequestTag/env` [type_mismatch]\n  help: the key is mapped to a string"),
    ("aws", on("IpAddress", IP, "10.0.0.1/8"),
     "/Statement/0/Condition/IpAddress/aws:SourceIp: expected an address or a network without host bits, got "
     "`10.0.0.1/8` [value]"),
    ("aws", aws(Resource="arn:aws:s3:::logs/${aws:username}/*"),
     "/Statement/0/Resource: `arn:aws:s3:::logs/${aws:username}/*` holds a policy variable, which a scope cannot "
     "[variable]\n  help: write a condition on the resource's owner or tags"),
    ("aws", on("StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}", Effect="Deny"),
     "/Statement/0/Condition/StringEquals/aws:ResourceTag~1team: policy variable `aws:PrincipalTag/team` cannot "
     "stand here [variable]\n  help: it can only be the one value of a positive operator of an allow"),
    ("aws", {**aws(), "Version": "2008-10-17"},
     "/Version: expected version `2012-10-17`, got `2008-10-17` [version]\n"
     "  help: write `2012-10-17`: before it, variables are text"),
    ("huawei", {**huawei(), "Version": "5.0"},
     "/Version: expected version `1.1`, got `5.0` [version]\n"
     "  help: roles (1.0) and identity policies (5.0) are not read"),
    ("aws", aws(Effect="Deny", Action="s3:Get*"),
     "/Statement/0: a deny by wildcard of actions that `object-store` calls otherwise [wildcard_in_deny]\n"
     "  help: name the actions, or give the service the other system's own ids"),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "policy", "wanted"), REFUSED, ids=lambda one: str(one)[:60])
def test_it_is_refused_and_says_why(provider: str, policy: Any, wanted: str) -> None:
    """One refusal, with its code, at its place."""
    assert refused(provider, policy) == [wanted]


def test_an_allowed_action_that_requires_another_is_refused() -> None:
    """Of a service whose actions require others here."""
    store = BASE.services["object-store"]
    actions = {
        **store.actions,
        "object.read": replace(store.actions["object.read"], requires=("object.write",)),
    }
    account = replace(BASE, services={**BASE.services, "object-store": replace(store, actions=actions)})
    known = Known(load_system_catalog(), account)
    text = json.dumps(aws())
    with pytest.raises(Invalid) as caught:
        import_policies([Source("doc", text, "doc.json")], Settings("aws", AWS, ("group:all",)), known)
    assert [finding.format() for finding in caught.value.findings] == [
        "doc.json#/Statement/0: `object.read` requires `object.write` here, which theirs does not [prerequisite]\n"
        "  help: write a policy with a role of this service"
    ]


def test_every_code_is_refused_by_some_test_and_documented() -> None:
    """No code is made up, none is forgotten, each is in the page's table with its meaning."""
    shown = {found for _, _, message in REFUSED for found in re.findall(r"\[([a-z_]+)\]", message)}
    assert shown | APPLYING | {"prerequisite"} == set(CODES)
    page = (Path(__file__).resolve().parents[3] / "docs/importing.md").read_text(encoding="utf-8")
    table = dict(
        re.findall(r"^\| `([a-z_]+)` \| (.+?) \|", page.partition("## What is refused")[2], re.MULTILINE)
    )
    assert table == CODES


def test_all_refusals_of_a_policy_come_at_once() -> None:
    """In the order in which they stand, none hidden behind another."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:Nothing", "s9:X"], "Resource": "arn:aws"},
            {"Effect": "Permit", "Action": "s3:GetObject", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"x": "y"}}},
        ],
    }
    codes = [re.findall(r"\[([a-z_]+)\]", one)[0] for one in refused("aws", policy)]
    assert codes == ["action_unmapped", "service_unmapped", "malformed", "key_unmapped"]


def test_notes_say_what_is_exact_today_only() -> None:
    """A wildcard that became a list, and a complement, are noted and not refused."""
    assert imported("aws", aws(Action="s3:Get*")).notes == (
        "doc.json#/Statement/0: actions that `object-store` gets later are not allowed by it",
    )
    assert imported("aws", aws(NotAction="s3:*")).notes == (
        "doc.json#/Statement/0/NotAction: actions and services that come later are not allowed by it",
    )


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (
            aws(Condition={"StringEquals": {"aws:username": "a", "AWS:UserName": "b"}}),
            "/Statement/0/Condition/StringEquals/AWS:UserName: condition key `AWS:UserName` stands twice, in another "
            "case [malformed]\n  help: write all its values in one list",
        ),
        (
            aws(Resource="arn:aws:s3:::" + "*a" * 300),
            "/Statement/0/Resource: an ARN of 613 characters, expected at most 512 [too_large]",
        ),
        (
            aws(Action="\u017f3:GetObject"),
            "/Statement/0/Action: AWS service `\u017f3` is mapped to no service [service_unmapped]\n"
            "  help: available: `s3`, `sqs`",
        ),
        (
            aws(Action="s3:List\u212a*"),
            "/Statement/0/Action: `s3:List\u212a*` is mapped to no action of `object-store` [action_unmapped]\n"
            "  help: did you mean `s3:ListBucket`?",
        ),
    ],
    ids=["key twice", "long", "long s", "kelvin sign"],
)
def test_tricks_are_refused(policy: Any, wanted: str) -> None:
    """One key under two names, patterns that take for ever, letters that only look alike when their case is changed."""
    assert refused("aws", policy) == [wanted]


@pytest.mark.parametrize("provider", ["aws", "huawei", "ibm"])
@pytest.mark.parametrize(
    "text", ["", "[", "null", "1", '"x"', "{}", "[1]", "[[]]", '{"a": 1e999}', "[" * 5000]
)
def test_what_is_no_policy_is_refused(provider: str, text: str) -> None:
    """Whatever the text is: a refusal, no exception, no documents."""
    assert refused(provider, text)
