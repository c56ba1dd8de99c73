"""Huawei's policies: what is imported decides exactly as theirs, or the import says why it cannot."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.importing.huawei_original import HuaweiRequest, is_allowed, is_in_place

from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import assemble_account, parse_document
from bailiwick.catalog.rights import attributes_of
from bailiwick.engine import compile_account, decide
from bailiwick.errors import Invalid
from bailiwick.importing.huawei import OPERATORS
from bailiwick.importing.known import Known
from bailiwick.importing.mapping import parse_mapping
from bailiwick.importing.policies import Settings, Source, import_policies
from bailiwick.model.accounts import Account, Group, Membership, Principal, Project
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.catalog_files import load_system_catalog

CATALOG = load_system_catalog()
NOON = 1_795_176_000.0
USERS = ("user:alice", "user:bob", "service-id:ci")
BASE = Account(
    "acme",
    "user:owner",
    principals={name: Principal(name) for name in ("user:owner", *USERS)},
    groups={"all": Group("all", tuple(Membership(name) for name in USERS))},
    projects={"default": Project("default", default=True), "dev": Project("dev")},
)
MAPPING = parse_mapping(
    "kind: ImportMapping\nprovider: huawei\naccount: a1\n"
    "keys:\n  ims:kind: {key: context.kind}\n  g:MFAAge: {key: context.mfa_age, type: number}\n",
    "map.yaml",
    "huawei",
)
ACTIONS = (
    "ims:images:list", "ims:IMAGES:get", "ims:images:delete", "ims:images:*", "ims:*:get", "ims:*:create",
    "ims:*:*", "ims:im*:up*", "vpc:vpcs:get", "vpc:subnets:*", "vpc:*:list", "vpc:securityGroups:get",
    "vpc:SECURITYGROUPS:DELETE", "iam:agencies:assume", "iam:tokens:assume", "*:*:*", "*:*:list",
    "ims:images:gets", "obs:bucket:list",
)  # fmt: skip
RESOURCES = (
    "ims:*:*:*:*", "ims:eu-de:*:*:*", "ims:eu-nl:*:*:*",
    "ims:*:a1:images:*", "ims:*:*:images:web-*", "ims:eu-*:*:images:web-1",
    "ims:*:*:Images:*", "ims:*:a2:*:*", "vpc:*:*:*:*", "vpc:*:*:vpcs:v1", "vpc:eu-de:*:subnets:*", "ims:*:*:i*:*",
)  # fmt: skip
VALUES: dict[str, tuple[str, tuple[str, ...]]] = {
    "g:UserName": ("String", ("alice", "al*", "ALICE", "bob", "a?ice")),
    "ims:kind": ("String", ("private", "pri*", "PRIVATE", "shared", "vate")),
    "g:MFAPresent": ("Bool", ("true", "false")),
    "g:MFAAge": ("Number", ("10", "20.5")),
    "g:CurrentTime": ("Date", ("2026-11-20T12:00:00Z", "2026-11-20T13:00:01+01:00")),
}


@dataclass(frozen=True)
class Asked:
    """One request, in nobody's words."""

    principal: str
    service: str
    action: str
    region: str
    id: str
    project: str
    context: dict[str, Any] = field(default_factory=dict)
    now: float = NOON


def draw_policy(random: Random) -> dict[str, Any]:
    """One to three statements."""
    statements = []
    for _ in range(random.choice([1, 2, 3])):
        actions = random.sample(
            ACTIONS[: random.choice([13, 13, 13, 15, len(ACTIONS)])], random.choice([1, 1, 2])
        )
        one: dict[str, Any] = {"Effect": random.choice(["Allow", "Allow", "Deny"]), "Action": actions}
        if random.random() < 0.4:
            of = [each for each in RESOURCES if each.split(":")[0] == actions[0].split(":")[0]]
            one["Resource"] = random.sample(of, min(len(of), random.choice([1, 2]))) or {
                "uri": [random.choice(["/iam/agencies/web-1", "/iam/agencies/*", "/iam/x"])]
            }
        if random.random() < 0.5:
            one["Condition"] = draw_condition(random)
        statements.append(one)
    return {"Version": "1.1", "Statement": statements}


def draw_condition(random: Random) -> dict[str, Any]:
    """One or two comparisons."""
    out: dict[str, Any] = {}
    for _ in range(random.choice([1, 2])):
        key = random.choice([*VALUES])
        family, values = VALUES[key]
        operator = random.choice([name for name in OPERATORS if name.startswith(family)])
        operator += random.choice(["", "", "IfExists"])
        if random.random() < 0.1:
            operator, values = "Null", ("true", "false")
        out.setdefault(operator, {})[key] = random.sample(values, random.choice([1, 2]))
    return out


def draw_request(random: Random) -> Asked:
    """Any request to a service of theirs."""
    service = random.choice(["ims", "ims", "vpc", "otc-iam"])
    action = random.choice(sorted(CATALOG[service].actions))
    if service == "otc-iam":
        action = random.choice(["iam:agencies:assume", "iam:tokens:assume", "iam:users:listUsers"])
    context: dict[str, Any] = {}
    choices: dict[str, list[Any]] = {
        "mfa": [True, False], "mfa_age": [10, 15, 20.5], "kind": ["private", "shared"],
    }  # fmt: skip
    for name, values in choices.items():
        if random.random() < 0.7:
            context[name] = random.choice(values)
    return Asked(
        random.choice(USERS),
        service,
        action,
        random.choice(["eu-de", "eu-nl", "ap"]) if service != "otc-iam" else "",
        random.choice(["web-1", "web-2", "v1", "db"]),
        random.choice(["default", "dev"]),
        context,
        NOON + random.choice([-3600, -1, -0.5, 0, 0.5, 1, 3600]),
    )


def for_bailiwick(asked: Asked) -> Request:
    """The request as the asking service puts it to Bailiwick."""
    service = CATALOG[asked.service]
    type = service.actions[asked.action].resource_type
    path: list[tuple[str, str]] = [("service", asked.service)] if type is None else [(type, asked.id)]
    while path[0][0] in service.resource_types and (above := service.resource_types[path[0][0]].parents):
        path.insert(0, (above[0], asked.id))
    query = ResourceQuery(asked.service, tuple(path), region=asked.region or None, project=asked.project)
    return Request(asked.principal, asked.action, query, asked.now, context=asked.context)


def for_huawei(asked: Asked) -> HuaweiRequest:
    """The same request as their IAM would see it."""
    service = CATALOG[asked.service]
    action = service.actions[asked.action]
    context = {"g:CurrentTime": datetime.fromtimestamp(asked.now, UTC).isoformat()}
    kind, _, name = asked.principal.partition(":")
    if kind == "user":
        context["g:UserName"] = name
    for ours, theirs in {"mfa": "g:MFAPresent", "mfa_age": "g:MFAAge", "kind": "ims:kind"}.items():
        if ours in asked.context:
            context[theirs] = str(asked.context[ours]).lower()
    takes_project = "project" in attributes_of(action, service)
    return HuaweiRequest(asked.action, asked.region, "a1", asked.id, context, asked.project, takes_project)


def imported(policy: Any, region: str | None = None, project: str | None = None) -> Account | None:
    """The account with what the policy becomes. None: refused."""
    wanted = Settings("huawei", MAPPING, ("group:all",), region, project)
    try:
        found = import_policies([Source("doc", json.dumps(policy), "doc.json")], wanted, Known(CATALOG, BASE))
    except Invalid:
        return None
    account = assemble_account(BASE, [parse_document(one, "acme")[1] for one in found.documents])
    assert check_account(CATALOG, account) == []
    return account


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_an_imported_policy_decides_as_theirs_does(seed: int) -> None:
    """Every policy that is not refused answers every request as the original, where it was authorized."""
    random = Random(seed)
    policy = draw_policy(random)
    region, project = random.choice([None, None, "eu-de"]), random.choice([None, None, "dev"])
    account = imported(policy, region, project)
    if account is None:
        return
    ready = compile_account(CATALOG, account)
    for _ in range(40):
        asked = draw_request(random)
        theirs = for_huawei(asked)
        wanted = is_in_place(theirs, region, project) and is_allowed(policy, theirs)
        told = (
            json.dumps(policy, indent=1)
            + f"\n{region} {project} {asked}\n{account.policies}\n{account.roles}"
        )
        assert bool(decide(ready, for_bailiwick(asked))) is wanted, told


def test_a_fair_share_is_not_refused() -> None:
    """Of the generated policies more than a third are imported, and they allow something."""
    accepted = [(account, n) for n in range(400) if (account := imported(draw_policy(Random(n)))) is not None]
    assert len(accepted) > 133
    verdicts = []
    for account, seed in accepted:
        ready, random = compile_account(CATALOG, account), Random(-seed)
        verdicts += [bool(decide(ready, for_bailiwick(draw_request(random)))) for _ in range(10)]
    assert sum(verdicts) > 0.05 * len(verdicts)
