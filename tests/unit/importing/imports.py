"""Importing one policy into an account that holds the generated tests' services: what it becomes, or every refusal."""

from __future__ import annotations

import json
from typing import Any

from tests.property.importing.aws_world import KNOWN, mapping

from bailiwick.errors import Invalid
from bailiwick.importing.mapping import ImportMapping, parse_mapping
from bailiwick.importing.policies import Imported, Settings, Source, import_policies

AWS = mapping()
HUAWEI = parse_mapping(
    "kind: ImportMapping\nprovider: huawei\naccount: a1\nkeys:\n  x:kind: {key: context.kind}\n",
    "map.yaml",
    "huawei",
)
IBM = parse_mapping(
    "kind: ImportMapping\nprovider: ibm\naccount: abc\nsubjects: {IBMid-1: user:alice}\n"
    "projects: {rg1: dev}\nkeys:\n  resource.attributes.path: {key: context.path}\n",
    "map.yaml",
    "ibm",
)
MAPPINGS: dict[str, ImportMapping] = {"aws": AWS, "huawei": HUAWEI, "ibm": IBM}


def imported(provider: str, policy: Any, *, narrow: bool = False) -> Imported:
    """What this policy becomes. Raises Invalid."""
    subjects = () if provider == "ibm" else ("group:all",)
    wanted = Settings(provider, MAPPINGS[provider], subjects, narrow_edges=narrow)
    text = policy if isinstance(policy, str) else json.dumps(policy)
    return import_policies([Source("doc", text, "doc.json")], wanted, KNOWN)


def policies(provider: str, policy: Any, *, narrow: bool = False) -> list[dict[str, Any]]:
    """The policies that it becomes, without what is the same in all."""
    found = imported(provider, policy, narrow=narrow).documents
    dropped = ("kind", "name", "subjects", "description")
    return [
        {name: value for name, value in one.items() if name not in dropped}
        for one in found
        if one["kind"] == "Policy"
    ]


def refused(provider: str, policy: Any) -> list[str]:
    """Every refusal as a person reads it; none where it is imported."""
    try:
        imported(provider, policy)
    except Invalid as error:
        return [finding.format().removeprefix("doc.json#") for finding in error.findings]
    return []


def aws(**statement: Any) -> dict[str, Any]:
    """A policy of one statement on reading objects."""
    base = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    base = {name: value for name, value in base.items() if f"Not{name}" not in statement}
    return {"Version": "2012-10-17", "Statement": [{**base, **statement}]}


def huawei(**statement: Any) -> dict[str, Any]:
    """A policy of one statement on reading images."""
    base = {"Effect": "Allow", "Action": ["ims:images:get"]}
    return {"Version": "1.1", "Statement": [{**base, **statement}]}


def ibm(*attributes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A v2 policy for a Reader of the registry, with further attributes and fields."""
    return {
        "type": "access",
        "subject": {"attributes": [{"key": "iam_id", "operator": "stringEquals", "value": "IBMid-1"}]},
        "control": {"grant": {"roles": [{"role_id": "crn:v1:bluemix:public:iam::::serviceRole:Reader"}]}},
        "resource": {
            "attributes": [
                {"key": "accountId", "operator": "stringEquals", "value": "abc"},
                *(
                    []
                    if any(one["key"] in ("serviceName", "serviceType") for one in attributes)
                    else [REGISTRY]
                ),
                *attributes,
            ]
        },
        **fields,
    }


REGISTRY = {"key": "serviceName", "operator": "stringEquals", "value": "container-registry"}


def attribute(key: str, value: Any, operator: str = "stringEquals") -> dict[str, Any]:
    """One attribute of a v2 policy."""
    return {"key": key, "operator": operator, "value": value}
