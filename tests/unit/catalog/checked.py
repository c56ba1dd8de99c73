"""A small valid account, and what is wrong with it after documents were added or replaced."""

from __future__ import annotations

from typing import Any

from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import assemble_account, parse_document
from bailiwick.model.accounts import Account
from bailiwick.service.catalog_files import load_system_catalog

RECORDS: dict[str, Any] = {
    "kind": "Service",
    "name": "records",
    "title": "Records",
    "locality": "global",
    "resource_types": {"shelf": {"attributes": ["project"]}, "record": {"parents": ["shelf"]}},
    "actions": [
        {"id": "read", "access": "read", "resource_type": "record"},
        {"id": "audit", "access": "list", "decided_on": ["project"]},
    ],
}
BASE: list[dict[str, Any]] = [
    {"kind": "Account", "name": "acme", "owner": "user:root"},
    {"kind": "User", "name": "root"},
    {"kind": "User", "name": "alice"},
    {"kind": "ServiceId", "name": "ci", "owner": "user:alice"},
    {
        "kind": "Profile",
        "name": "deployer",
        "trust": ["user:alice", "group:devs", "account:other", "service:ims"],
    },
    {"kind": "Group", "name": "devs", "members": ["user:alice", "group:interns"]},
    {"kind": "Group", "name": "interns", "members": ["service-id:ci"]},
    {"kind": "Project", "name": "dev"},
    {"kind": "Project", "name": "main", "default": True},
    RECORDS,
    {
        "kind": "Role",
        "name": "Puller",
        "service": "container-registry",
        "rights": [{"actions": ["container-registry.image.pull"]}],
    },
    {
        "kind": "Policy",
        "name": "devs-push",
        "subjects": ["group:devs", "group:members", "service:ims"],
        "roles": ["Writer", "Puller"],
        "scope": {
            "service": "container-registry",
            "region": "eu-de",
            "project": "dev",
            "type": "namespace",
            "id": "a*",
        },
    },
    {
        "kind": "Guardrail",
        "name": "no-delete",
        "actions": ["*.delete", "iam.policy.*"],
        "scope": {"region": "eu-de"},
    },
    {
        "kind": "Resource",
        "name": "brn:acme:container-registry:eu-de::namespace/dev",
        "project": "dev",
    },
    {
        "kind": "Resource",
        "name": "brn:acme:records:::shelf/s/record/r",
        "owner": "user:alice",
        "groups": ["group:devs"],
        "tags": {"env": "test"},
    },
]


def account_with(*documents: dict[str, Any]) -> Account:
    """The valid account with these documents besides, or in the place of those of their name."""
    values = [parse_document(document, "acme")[1] for document in [*BASE, *documents]]
    return assemble_account(Account("acme", ""), values)


def findings_with(*documents: dict[str, Any]) -> list[str]:
    """What is wrong with the account that holds these documents too?"""
    findings = check_account(load_system_catalog(), account_with(*documents))
    return [finding.format() for finding in findings]


def policy(roles: str | list[str], scope: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A policy `p` for user:alice."""
    named = [roles] if isinstance(roles, str) else roles
    return {"kind": "Policy", "name": "p", "subjects": ["user:alice"], "roles": named, "scope": scope, **more}
