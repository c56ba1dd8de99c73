"""An installation with two services of its own that stand for AWS's, and the same request in both worlds' words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.property.importing.aws_original import AwsRequest

from bailiwick.catalog.documents import assemble_account, parse_document
from bailiwick.catalog.sources import parse_documents
from bailiwick.importing.known import Known
from bailiwick.importing.mapping import ImportMapping, parse_mapping
from bailiwick.model.accounts import Account, Group, Membership, Principal
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.catalog_files import load_system_catalog

SERVICES = """\
kind: Service
name: object-store
title: Objects
locality: regional
resource_types:
  bucket: {title: Bucket, attributes: [tags, owner]}
  object: {title: Object, parents: [bucket], attributes: [tags]}
actions:
  - {id: buckets.list, title: List buckets, access: list}
  - {id: bucket.read, title: Look into a bucket, resource_type: bucket, access: read}
  - {id: bucket.delete, title: Delete a bucket, resource_type: bucket, access: delete}
  - {id: object.read, title: Read an object, resource_type: object, access: read}
  - {id: object.write, title: Write an object, resource_type: object, access: write}
  - {id: object.delete, title: Delete an object, resource_type: object, access: delete}
roles: [{name: Reader, kind: service, actions: [object.read]}]
---
kind: Service
name: queues
title: Queues
locality: regional
resource_types:
  queue: {title: Queue, attributes: [tags]}
actions:
  - {id: "sqs:ListQueues", title: List queues, access: list}
  - {id: "sqs:SendMessage", title: Send, resource_type: queue, access: write}
  - {id: "sqs:ReceiveMessage", title: Receive, resource_type: queue, access: read}
  - {id: "sqs:DeleteMessage", title: Delete, resource_type: queue, access: delete}
roles: [{name: Sender, kind: service, actions: ["sqs:SendMessage"]}]
"""
MAPPING = """\
kind: ImportMapping
provider: aws
account: "123456789012"
services:
  s3:
    service: object-store
    actions:
      ListAllMyBuckets: buckets.list
      ListBucket: bucket.read
      DeleteBucket: bucket.delete
      GetObject: object.read
      PutObject: object.write
      DeleteObject: object.delete
    resources:
      - {type: bucket, arn: "arn:aws:s3:::{bucket}", without: "/:"}
      - {type: object, arn: "arn:aws:s3:::{bucket}/{object}"}
  sqs:
    service: queues
    resources:
      - {type: queue, arn: "arn:aws:sqs:{region}:123456789012:{queue}", without: ":"}
keys:
  aws:PrincipalTag/team: {key: principal.properties.team}
  aws:ResourceTag/team: {key: resource.tags.team}
  aws:RequestTag/env: {key: context.env}
  aws:TagKeys: {key: context.tag_keys, type: strings}
  aws:SourceArn: {key: context.source_arn, type: arn}
  aws:TokenIssueTime: {key: context.issued, type: date}
  s3:max-keys: {key: context.max_keys, type: number}
"""
NAMES = {
    "buckets.list": "s3:ListAllMyBuckets", "bucket.read": "s3:ListBucket", "bucket.delete": "s3:DeleteBucket",
    "object.read": "s3:GetObject", "object.write": "s3:PutObject", "object.delete": "s3:DeleteObject",
}  # fmt: skip
ACCOUNT = "123456789012"
PRINCIPALS = {"user:alice": "red", "user:bob": "blue", "service-id:ci": None}
BUCKETS, KEYS = ("logs", "logs2", "a*b"), ("x", "y/z", "logs", "2026/x", "a?b")
QUEUES, REGIONS = ("jobs", "jobs-dead", "mail"), ("eu-de", "eu-nl", "us-east")
NOON = 1_795_176_000.0
"""2026-11-20T12:00:00Z."""


def base_account() -> Account:
    """The account with the two services, three principals in one group."""
    services = [
        parse_document({**source.data, "account": "acme"}, "acme", source.locate)[1]
        for source in parse_documents(SERVICES)
    ]
    account = Account(
        "acme",
        "user:owner",
        principals={
            "user:owner": Principal("user:owner"),
            **{name: Principal(name, properties=_properties(team)) for name, team in PRINCIPALS.items()},
        },
        groups={"all": Group("all", tuple(Membership(name) for name in PRINCIPALS))},
    )
    return assemble_account(account, services)


def _properties(team: str | None) -> Mapping[str, str]:
    return {} if team is None else {"team": team}


BASE = base_account()
KNOWN = Known(load_system_catalog(), BASE)


def mapping() -> ImportMapping:
    """The mapping of the two services."""
    return parse_mapping(MAPPING, "map.yaml", "aws")


@dataclass(frozen=True)
class Asked:
    """One request, before it is put into either world's words."""

    principal: str
    action: str
    region: str = "eu-de"
    bucket: str = "logs"
    key: str = "x"
    queue: str = "jobs"
    tag: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    now: float = NOON


def draw_request(random: Random) -> Asked:
    """Any request."""
    every = [*NAMES, "sqs:ListQueues", "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
    context: dict[str, Any] = {}
    choices: dict[str, list[Any]] = {
        "ip": ["10.1.2.3", "192.168.0.1", "2001:db8::1"],
        "mfa": [True, False],
        "env": ["test", "prod", "Test", "t*st"],
        "tag_keys": [[], ["team"], ["team", "env"], ["env"], ["other", "team"]],
        "source_arn": ["arn:aws:sns:eu-de:123456789012:topic", "arn:aws:sns:eu-de:123456789012:topic:sub"],
        "issued": ["2026-11-20T12:00:00Z", "2026-11-20T11:00:00Z"],
        "max_keys": [5, 10, 10.5],
    }
    for name, values in choices.items():
        if random.random() < 0.7:
            context[name] = random.choice(values)
    return Asked(
        principal=random.choice([*PRINCIPALS]),
        action=random.choice(every),
        region=random.choice(REGIONS),
        bucket=random.choice(BUCKETS),
        key=random.choice(KEYS),
        queue=random.choice(QUEUES),
        tag=random.choice([None, "red", "blue"]),
        context=context,
        now=NOON + random.choice([-3600, -1, -0.5, 0, 0.5, 1, 3600]),
    )


def for_bailiwick(asked: Asked) -> Request:
    """The request as the asking service puts it to Bailiwick."""
    if asked.action.startswith("sqs:"):
        service, path = "queues", (("queue", asked.queue),)
    else:
        service = "object-store"
        path = (("bucket", asked.bucket),)
        if asked.action.startswith("object"):
            path = (*path, ("object", asked.key))  # type: ignore[assignment]  # a longer path
    if asked.action in ("buckets.list", "sqs:ListQueues"):
        path = (("service", service),)
    tags = None if asked.tag is None else {"team": asked.tag}
    query = ResourceQuery(service, path, region=asked.region, tags=tags)
    return Request(asked.principal, asked.action, query, asked.now, context=asked.context)


def for_aws(asked: Asked) -> AwsRequest:
    """The same request as AWS would see it."""
    name = NAMES.get(asked.action, asked.action)
    if asked.action in ("buckets.list", "sqs:ListQueues"):
        arn = "*"
    elif asked.action.startswith("sqs:"):
        arn = f"arn:aws:sqs:{asked.region}:{ACCOUNT}:{asked.queue}"
    else:
        arn = f"arn:aws:s3:::{asked.bucket}" + (f"/{asked.key}" if asked.action.startswith("object") else "")
    context: dict[str, Any] = {"aws:currenttime": _instant(asked.now)}
    kind, _, user = asked.principal.partition(":")
    if kind == "user":
        context["aws:username"] = user
    if (team := PRINCIPALS[asked.principal]) is not None:
        context["aws:principaltag/team"] = team
    if asked.tag is not None and arn != "*":
        context["aws:resourcetag/team"] = asked.tag
    names = {
        "ip": "aws:sourceip", "mfa": "aws:multifactorauthpresent", "env": "aws:requesttag/env",
        "tag_keys": "aws:tagkeys", "source_arn": "aws:sourcearn", "issued": "aws:tokenissuetime",
        "max_keys": "s3:max-keys",
    }  # fmt: skip
    for ours, theirs in names.items():
        if ours in asked.context:
            value = asked.context[ours]
            context[theirs] = value if isinstance(value, list) else _text(value)
    return AwsRequest(name, arn, context)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _instant(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat()
