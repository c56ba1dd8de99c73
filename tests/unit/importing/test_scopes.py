"""Where what is imported holds: resources as scopes, what they leave out, and whom it all is for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.property.importing.aws_world import KNOWN
from tests.unit.importing.imports import HUAWEI, attribute, aws, huawei, ibm, imported, policies

from bailiwick.importing.policies import Settings, Source, import_policies

ROOT = Path(__file__).resolve().parents[3]
S3, SQS = "object-store/doc-object-store-1", "queues/doc-queues-1"
STORE = {"service": "object-store"}


def rights(provider: str, policy: Any) -> list[Any]:
    """The action patterns of each role that a policy becomes."""
    found = [one for one in imported(provider, policy).documents if one["kind"] == "Role"]
    return [one["rights"][0]["actions"] for one in found]  # type: ignore[index]  # a role's document


def test_everything_is_the_service() -> None:
    """`*` constrains nothing but the service; the actions keep their own types."""
    assert policies("aws", aws(Action=["s3:GetObject", "s3:ListAllMyBuckets"])) == [
        {"roles": [S3], "scope": STORE}
    ]


def test_one_resource_is_one_scope() -> None:
    """A queue by region and id, objects by their bucket and the beginning of their key."""
    queue = aws(Action="sqs:SendMessage", Resource="arn:aws:sqs:eu-*:123456789012:jobs")
    assert policies("aws", queue) == [
        {"roles": [SQS], "scope": {"service": "queues", "region": "eu-*", "type": "queue", "id": "jobs"}}
    ]
    assert policies("aws", aws(Resource="arn:aws:s3:::logs/2026/*")) == [
        {"roles": [S3], "scope": {**STORE, "type": "object", "id": "2026/*", "within": "bucket/logs"}}
    ]


def test_another_account_s_resource_is_none_of_ours() -> None:
    """A statement that means no resource of the mapping becomes nothing, and says so."""
    found = imported("aws", aws(Action="sqs:SendMessage", Resource="arn:aws:sqs:*:999999999999:*"))
    assert found.documents == ()
    assert found.notes == (
        "doc.json#/Statement/0: no resource that is mapped is meant by it, so it comes to nothing",
    )


def test_a_wildcard_over_buckets_does_not_reach_their_objects() -> None:
    """A scope on a bucket holds for what is below it; a wildcard must not, so the type is compared."""
    found = policies("aws", aws(Action="s3:*", Resource="arn:aws:s3:::logs"))
    assert found == [
        {
            "roles": [S3],
            "scope": {**STORE, "type": "bucket", "id": "logs"},
            "when": {"key": "resource.type", "operator": "string-equals", "value": "bucket"},
        }
    ]
    named = policies("aws", aws(Action="s3:ListBucket", Resource="arn:aws:s3:::logs"))
    assert named == [{"roles": [S3], "scope": {**STORE, "type": "bucket", "id": "logs"}}]


def test_what_has_no_resource_is_asked_of_everything_only() -> None:
    """Listing buckets is reached by `*`, by no ARN, and by every NotResource that is an ARN."""
    listing = "s3:ListAllMyBuckets"
    assert policies("aws", aws(Action=listing, Resource="arn:aws:s3:::*")) == []
    assert policies("aws", aws(Action=listing, NotResource="*")) == []
    assert policies("aws", aws(Action=listing, NotResource="arn:aws:s3:::*")) == [
        {"roles": [S3], "scope": STORE}
    ]


def test_all_but_a_resource_is_a_condition() -> None:
    """On the resource's own id, for each type that the actions have."""
    patterns = ["arn:aws:s3:::logs", "arn:aws:s3:::tmp*"]
    [policy] = policies("aws", aws(Action="s3:ListBucket", NotResource=patterns))
    assert policy["scope"] == {**STORE, "type": "bucket"}
    assert policy["when"] == {
        "not": {
            "any": [
                {"key": "resource.id", "operator": "string-equals", "value": "logs"},
                {"key": "resource.id", "operator": "string-like", "value": "tmp*"},
            ]
        }
    }


def test_names_follow_from_the_policy_alone() -> None:
    """The same documents in the same order, whatever order sets have in a process."""
    script = (
        "from tests.unit.importing.imports import aws, imported\n"
        "print(imported('aws', aws(Resource=['arn:aws:s3:::*/x', 'arn:aws:s3*', 'arn:aws:s3:::logs/*'],"
        " Action=['s3:Get*', 's3:ListBucket'])).documents)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert "doc-0-2" in outputs.pop()


def test_a_wildcard_stays_one_where_the_ids_are_theirs() -> None:
    """In the case of the ids; and a whole service of other ids is `*`."""
    assert rights("aws", aws(Action="SQS:*message")) == [["sqs:*Message"]]
    assert rights("aws", aws(Action="s3:*")) == [["*"]]
    assert rights("aws", aws(Action="s3:Get*")) == [["object.read"]]
    assert rights("huawei", huawei(Action=["ims:IMAGES:get*", "ims:*:list"])) == [
        ["ims:images:get*", "ims:*:list"]
    ]
    assert rights("huawei", huawei(Action=["ims:*:*"], Resource=["ims:*:*:images:*"])) == [["ims:images:*"]]


def test_all_but_some_actions_are_those_of_today() -> None:
    """A service that is not touched is whole, one that is wholly excluded is left out."""
    assert rights("aws", aws(NotAction="sqs:*")) == [["*"]]
    assert rights("aws", aws(NotAction=["s3:*", "sqs:S*"])) == [
        ["sqs:ListQueues", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
    ]


def test_alternatives_of_the_clock_are_as_wide_as_the_widest() -> None:
    """Several instants of one operator: any may hold."""
    instants = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"]
    condition = {
        "DateLessThan": {"aws:CurrentTime": instants},
        "DateGreaterThanEquals": {"aws:CurrentTime": instants},
    }
    [policy] = policies("aws", aws(Condition=condition))
    assert (policy["starts_at"], policy["expires_at"]) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")


def granted_in(region: str | None, project: str | None, policy: Any) -> list[Any]:
    """The scopes of a Huawei policy that was granted there."""
    settings = Settings("huawei", HUAWEI, ("group:all",), region, project)
    found = import_policies([Source("doc", json.dumps(policy), "doc.json")], settings, KNOWN)
    return [one["scope"] for one in found.documents if one["kind"] == "Policy"]


def test_where_it_was_granted_narrows_what_it_says() -> None:
    """Region and enterprise project of the grant, together with the regions of the resources."""
    ims = {"service": "ims", "region": "eu-de", "project": "dev"}
    assert granted_in("eu-de", "dev", huawei()) == [ims]
    assert granted_in("eu-de", None, huawei(Resource=["ims:eu-*:*:*:*", "ims:eu-nl:*:*:*"])) == [
        {"service": "ims", "region": "eu-de"}
    ]


def test_an_agency_is_named_by_its_address() -> None:
    """As a scope on its type; every agency by a star."""
    assume = ["iam:agencies:assume"]
    one = policies("huawei", huawei(Action=assume, Resource={"uri": ["/iam/agencies/deploy"]}))
    assert one[0]["scope"] == {"service": "otc-iam", "type": "agency", "id": "deploy"}
    every = policies("huawei", huawei(Action=assume, Resource={"uri": ["/iam/agencies/*"]}))
    assert every[0]["scope"] == {"service": "otc-iam", "type": "agency"}


def test_all_services_of_ibm_are_without_account_management() -> None:
    """And without those that have no such attribute, which no such policy could match."""
    viewer = {"grant": {"roles": [{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}]}}
    [policy] = policies("ibm", ibm(attribute("serviceType", "service"), control=viewer))
    services = policy["scope"]["service"]
    assert {"hs-crypto", "ims", "object-store"} <= set(services)
    assert not {"iam", "billing", "enterprise"} & set(services)
    in_group = ibm(attribute("serviceType", "service"), attribute("resourceGroupId", "rg1"), control=viewer)
    [policy] = policies("ibm", in_group)
    assert policy["scope"]["project"] == "dev"
    assert {"hs-crypto", "eps"} <= set(policy["scope"]["service"])
    assert "otc-iam" not in policy["scope"]["service"]


def test_a_service_is_the_subject_of_an_authorization() -> None:
    """A whole service of theirs stands for the service of ours."""
    subject = {"attributes": [attribute("accountId", "abc"), attribute("serviceName", "ims")]}
    [document] = imported("ibm", ibm(type="authorization", subject=subject)).documents
    assert document["subjects"] == ["service:ims"]
    assert document["roles"] == ["Reader"]


def test_version_1_of_ibm_says_the_same_in_other_words() -> None:
    """Names instead of keys, lists of one subject and one resource; what the server adds is left aside."""
    v1 = {
        "id": "x",
        "href": "y",
        "state": "active",
        "type": "access",
        "subjects": [{"attributes": [{"name": "iam_id", "value": "IBMid-1"}]}],
        "roles": [{"role_id": "crn:v1:bluemix:public:iam::::serviceRole:Reader", "display_name": "Reader"}],
        "resources": [
            {
                "attributes": [
                    {"name": "accountId", "value": "abc"},
                    {"name": "serviceName", "value": "container-registry"},
                    {"name": "region", "value": "eu-de", "operator": "stringEquals"},
                ]
            }
        ],
    }
    assert imported("ibm", v1) == imported("ibm", ibm(attribute("region", "eu-de")))


def test_a_deleted_policy_is_left_out() -> None:
    """Whatever it says; a note tells."""
    found = imported("ibm", [ibm(state="deleted")])
    assert (found.documents, found.notes) == ((), ("doc.json#/0: the policy is deleted: left out",))
