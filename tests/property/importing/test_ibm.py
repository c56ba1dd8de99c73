"""IBM's policies: what is imported decides exactly as theirs, or the import says why it cannot."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.importing.ibm_original import IbmRequest, is_allowed

from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import assemble_account, parse_document
from bailiwick.catalog.matrix import held_actions
from bailiwick.catalog.rights import attributes_of
from bailiwick.engine import compile_account, decide
from bailiwick.errors import Invalid
from bailiwick.importing.known import Known
from bailiwick.importing.mapping import parse_mapping
from bailiwick.importing.policies import Settings, Source, import_policies
from bailiwick.model.accounts import Account, Group, Membership, Principal, Project
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.catalog_files import load_system_catalog

CATALOG = load_system_catalog()
NOON = 1_795_176_000
"""A Friday noon, 2026-11-20T12:00:00Z. Their clock counts whole seconds."""
BASE = Account(
    "acme",
    "user:owner",
    principals={name: Principal(name) for name in ("user:owner", "user:alice", "user:bob")},
    groups={"readers": Group("readers", (Membership("user:bob"),))},
    projects={"default": Project("default", default=True), "dev": Project("dev")},
)
MAPPING = parse_mapping(
    """\
kind: ImportMapping
provider: ibm
account: abc
subjects: {IBMid-1: user:alice, AccessGroupId-1: group:readers}
projects: {rg1: dev, rg2: default}
services:
  ims: {service: ims, types: {image: image}}
keys:
  resource.attributes.path: {key: context.path}
""",
    "map.yaml",
    "ibm",
)
READER, WRITER, MANAGER = "serviceRole:Reader", "serviceRole:Writer", "serviceRole:Manager"
VIEWER, EDITOR, ADMINISTRATOR = "role:Viewer", "role:Editor", "role:Administrator"
ROLES = {
    "container-registry": (READER, WRITER, MANAGER, ADMINISTRATOR),
    "hs-crypto": (READER, WRITER, MANAGER),
    "ims": (VIEWER, EDITOR, ADMINISTRATOR),
}
SERVICES = ("container-registry", "container-registry", "hs-crypto", "ims")


@dataclass(frozen=True)
class Asked:
    """One request, in nobody's words."""

    principal: str
    service: str
    action: str
    region: str
    instance: str
    project: str
    id: str
    tag: str | None
    path: str | None
    now: int


def draw_policies(random: Random) -> list[dict[str, Any]]:
    """One or two policies, of either version."""
    return [draw_policy(random) for _ in range(random.choice([1, 2]))]


def draw_policy(random: Random) -> dict[str, Any]:
    """One policy."""
    subject = random.choice(
        [("iam_id", "IBMid-1"), ("access_group_id", "AccessGroupId-1"), ("iam_id", "IBMid-1")]
    )
    service = random.choice(SERVICES)
    some = [*ROLES[service], random.choice([READER, VIEWER])] if random.random() < 0.2 else [*ROLES[service]]
    wanted = random.sample(some, random.choice([1, 2]))
    roles = [{"role_id": f"crn:v1:bluemix:public:iam::::{name}"} for name in wanted]
    attributes = draw_attributes(random, service)
    tags = [("team", random.choice(["red", "r*"]), "stringMatch")] if random.random() < 0.15 else []
    if random.random() < 0.3:
        listed = [one for one in attributes if one[2] in ("stringEquals", "stringMatch")]
        return {
            "type": "access",
            "subjects": [{"attributes": [{"name": subject[0], "value": subject[1]}]}],
            "roles": roles,
            "resources": [{"attributes": _named("name", listed), "tags": _named("name", tags)}],
        }
    policy: dict[str, Any] = {
        "type": "access",
        "subject": {"attributes": _named("key", [(*subject, "stringEquals")])},
        "control": {"grant": {"roles": roles}},
        "resource": {"attributes": _named("key", attributes), "tags": _named("key", tags)},
    }
    if random.random() < 0.4:
        policy["rule"] = draw_rule(random, 1)
    return policy


def _named(word: str, attributes: list[tuple[str, Any, str]]) -> list[dict[str, Any]]:
    return [{word: name, "value": value, "operator": operator} for name, value, operator in attributes]


def draw_attributes(random: Random, service: str) -> list[tuple[str, Any, str]]:
    """What the policy is about."""
    out: list[tuple[str, Any, str]] = [("accountId", "abc", "stringEquals")]
    if random.random() < 0.2:
        out.append(("serviceType", random.choice(["service", "service", "platform_service"]), "stringEquals"))
    else:
        out.append(("serviceName", service, "stringEquals"))
    optional: list[tuple[str, Any, str]] = [
        ("region", random.choice(["eu-de", "eu-nl"]), "stringEquals"),
        ("region", ["eu-*", "us-south"], "stringMatchAnyOf"),
        ("region", "true", "stringExists"),
        ("resourceGroupId", random.choice(["rg1", "rg2", "rg9"]), "stringEquals"),
        ("serviceInstance", random.choice(["i1", "i*"]), random.choice(["stringEquals", "stringMatch"])),
        ("keyRing", "r1", "stringEquals"),
        ("region", "false", "stringExists"),
    ]
    for one in random.sample(optional[: random.choice([4, 5, 7])], random.choice([0, 1, 1, 2])):
        if one[0] not in {name for name, _, _ in out}:
            out.append(one)
    if random.random() < 0.4:
        type = {"container-registry": "namespace", "hs-crypto": "key", "ims": "image"}[service]
        out.append(("resourceType", type, "stringEquals"))
        if random.random() < 0.7:
            operator = random.choice(["stringEquals", "stringMatch"])
            out.append(("resource", random.choice(["web", "w*", "w{{*}}b", "d?v"]), operator))
    return out


def draw_rule(random: Random, depth: int) -> dict[str, Any]:
    """A tree of conditions on time and the path."""
    if depth <= 2 and random.random() < (0.7 if depth == 1 else 0.2):
        count = random.choice([2, 3])
        word = random.choice(["and", "and", "or"])
        return {"operator": word, "conditions": [draw_rule(random, depth + 1) for _ in range(count)]}
    relation = random.choice(
        ["LessThan", "LessThan", "LessThanOrEquals", "GreaterThanOrEquals", "GreaterThan"]
    )
    match random.choice(["date", "time", "time", "day", "path"]):
        case "date":
            value = random.choice(["2026-11-20T12:00:00Z", "2026-11-20T13:30:00+01:00"])
            return _leaf("environment.attributes.current_date_time", f"dateTime{relation}", value)
        case "time":
            clock = random.choice(["09:00:00", "12:00:00", "17:00:59", "12:59:59", "23:59:59"])
            value = clock + random.choice(["+00:00", "+00:00", "-05:00", "+05:30"])
            return _leaf("environment.attributes.current_time", f"time{relation}", value)
        case "day":
            days: Any = random.choice([["5+00:00", "6+00:00"], [1, 5], ["5-05:00", "1+02:00"]])
            return _leaf("environment.attributes.day_of_week", "dayOfWeekAnyOf", days)
    value = random.choice(["a/*", "a/{{*}}", "a/b", "{{*}}*"])
    return _leaf("resource.attributes.path", random.choice(["stringMatch", "stringEquals"]), value)


def _leaf(key: str, operator: str, value: Any) -> dict[str, Any]:
    return {"key": "{{" + key + "}}", "operator": operator, "value": value}


def draw_request(random: Random) -> Asked:
    """Any request to one of the services, or to billing."""
    service = random.choice([*SERVICES, "billing"])
    return Asked(
        random.choice(["user:alice", "user:bob"]),
        service,
        random.choice(sorted(CATALOG[service].actions)),
        random.choice(["eu-de", "eu-nl", "us-south", "ap"]),
        random.choice(["i1", "i2"]),
        random.choice(["dev", "default"]),
        random.choice(["web", "w*b", "dev", "db"]),
        random.choice(["red", "blue", None]),
        random.choice(["a/b", "a/*", "*c", None]),
        NOON + random.choice([-10800, -60, -1, 0, 1, 59, 60, 3599, 18000, 18059, 18060, 43199, 86400]),
    )


def for_bailiwick(asked: Asked) -> Request:
    """The request as the asking service puts it to Bailiwick."""
    service = CATALOG[asked.service]
    type = service.actions[asked.action].resource_type
    path: list[tuple[str, str]] = [("service", asked.service)] if type is None else [(type, asked.id)]
    while path[0][0] in service.resource_types and (above := service.resource_types[path[0][0]].parents):
        path.insert(0, (above[0], asked.id))
    query = ResourceQuery(
        asked.service,
        tuple(path),
        region=asked.region if service.regional else None,
        instance=asked.instance if service.instances else None,
        project=asked.project,
        tags=None if asked.tag is None else {"team": asked.tag},
    )
    context = {"time": datetime.fromtimestamp(asked.now, UTC).isoformat()}
    if asked.path is not None:
        context["path"] = asked.path
    return Request(asked.principal, asked.action, query, float(asked.now), context=context)


def for_ibm(asked: Asked) -> IbmRequest:
    """The same request as IBM would see it: only what the action is decided on, an image by its namespace."""
    service = CATALOG[asked.service]
    action = service.actions[asked.action]
    seen = action.decided_on
    if seen is None:
        seen = (
            frozenset({"region"})
            if action.resource_type is None
            else frozenset({"region", "instance", "project", "type", "id"})
        )
    attributes = {"accountId": "abc", "serviceName": asked.service}
    if service.regional and "region" in seen:
        attributes["region"] = asked.region
    if service.instances and "instance" in seen:
        attributes["serviceInstance"] = asked.instance
    if "project" in attributes_of(action, service):
        attributes["resourceGroupId"] = {"dev": "rg1", "default": "rg2"}[asked.project]
    types = {"namespace": "namespace", "image": "image", "key": "key"}
    if asked.service == "container-registry":
        types["image"] = "namespace"
    if seen & {"type", "id"} and action.resource_type in types:
        attributes["resourceType"] = types[action.resource_type]
        attributes["resource"] = asked.id
    if asked.path is not None:
        attributes["path"] = asked.path
    roles = service.roles.values()
    holders = frozenset(role.name for role in roles if asked.action in held_actions(service, role))
    subjects = (
        {"iam_id": frozenset({"IBMid-1"})}
        if asked.principal == "user:alice"
        else {"access_group_id": frozenset({"AccessGroupId-1"})}
    )
    has_tags = "tags" in attributes_of(action, service)
    tags = {"team": asked.tag} if asked.tag is not None and has_tags else {}
    return IbmRequest(subjects, holders, attributes, datetime.fromtimestamp(asked.now, UTC), tags)


def imported(policies: Any, narrow: bool = False) -> Account | None:
    """The account with what the policies become. None: refused."""
    wanted = Settings("ibm", MAPPING, narrow_edges=narrow)
    try:
        found = import_policies(
            [Source("doc", json.dumps(policies), "doc.json")], wanted, Known(CATALOG, BASE)
        )
    except Invalid:
        return None
    account = assemble_account(BASE, [parse_document(one, "acme")[1] for one in found.documents])
    assert check_account(CATALOG, account) == []
    return account


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32))
def test_imported_policies_decide_as_ibm_does(seed: int) -> None:
    """Every list of policies that is not refused answers every request as the original."""
    random = Random(seed)
    policies = draw_policies(random)
    account = imported(policies)
    if account is None:
        return
    ready = compile_account(CATALOG, account)
    for _ in range(40):
        asked = draw_request(random)
        told = json.dumps(policies, indent=1) + f"\n{asked}\n{account.policies}"
        assert bool(decide(ready, for_bailiwick(asked))) is is_allowed(policies, for_ibm(asked)), told


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_with_narrow_edges_nothing_is_allowed_that_ibm_denies(seed: int) -> None:
    """`--narrow` may allow less than the original, and never more."""
    random = Random(seed)
    policies = draw_policies(random)
    account = imported(policies, narrow=True)
    if account is None:
        return
    ready = compile_account(CATALOG, account)
    for _ in range(40):
        asked = draw_request(random)
        assert not decide(ready, for_bailiwick(asked)) or is_allowed(policies, for_ibm(asked))


def test_a_fair_share_is_not_refused() -> None:
    """Of the generated lists of policies more than a quarter are imported, and they allow something."""
    accepted = [
        (account, n) for n in range(600) if (account := imported(draw_policies(Random(n)))) is not None
    ]
    assert len(accepted) > 150
    verdicts = []
    for account, seed in accepted:
        ready, random = compile_account(CATALOG, account), Random(-seed)
        verdicts += [bool(decide(ready, for_bailiwick(draw_request(random)))) for _ in range(10)]
    assert sum(verdicts) > 0.05 * len(verdicts)
