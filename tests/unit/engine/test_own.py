"""Bailiwick's own objects as resources: which there are, and what is stored of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bailiwick.engine.own import as_stored, has_own, own_names
from bailiwick.model.accounts import Account, Group, Principal, Project, Resource
from bailiwick.model.enterprises import AccountGroup, Enterprise, EnterpriseAccount
from bailiwick.model.policies import Guardrail, Scope
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import IAM, Role

RECORD = "brn:acme:records:::record/1"
PRINCIPALS = (
    Principal("user:alice"),
    Principal("user:bob", owner="user:alice"),
    Principal("service-id:ci"),
    Principal("profile:deployer"),
)
ACCOUNT = Account(
    "acme",
    "user:alice",
    principals={one.reference: one for one in PRINCIPALS},
    groups={"b": Group("b"), "a": Group("a")},
    roles={"Helper": Role("records", "Helper", "service", (), custom=True)},
    guardrails={"g": Guardrail("g", ("*",), Scope())},
    projects={"dev": Project("dev")},
    resources={RECORD: Resource(RECORD, project="dev", owner="user:bob")},
)


@pytest.mark.parametrize(
    ("kind", "ids"),
    [
        ("account", ["acme"]),
        ("user", ["alice", "bob"]),
        ("service-id", ["ci"]),
        ("profile", ["deployer"]),
        ("group", ["a", "b"]),
        ("role", ["Helper"]),
        ("guardrail", ["g"]),
        ("resource", ["brn%3Aacme%3Arecords%3A%3A%3Arecord%2F1"]),
        ("project", []),
        ("api-key", []),
    ],
)
def test_stored_objects_have_canonical_names_in_order(kind: str, ids: list[str]) -> None:
    """Each kind has its type of `iam`; projects are projects, and keys no objects."""
    assert own_names(ACCOUNT, IAM, kind) == [f"brn:acme:iam:::{kind}/{one}" for one in ids]


def test_nodes_of_a_tree_have_their_path_as_name() -> None:
    """Enterprise, account groups and accounts, and what somebody registered besides."""
    registered = "brn:acme:enterprise:::enterprise/big/account-group/old"
    tree = replace(
        ACCOUNT,
        enterprises={"big": Enterprise("big")},
        account_groups={"live": AccountGroup("live", "enterprise:big")},
        enterprise_accounts={"shop": EnterpriseAccount("shop", "account-group:live")},
        resources={**ACCOUNT.resources, registered: Resource(registered)},
    )
    root = "brn:acme:enterprise:::enterprise/big"
    assert own_names(tree, "enterprise", "enterprise") == [root]
    assert own_names(tree, "enterprise", "account-group") == [f"{root}/account-group/live", registered]
    assert own_names(tree, "enterprise", "account") == [f"{root}/account-group/live/account/shop"]
    assert own_names(ACCOUNT, "enterprise", "account") == []


@pytest.mark.parametrize(
    ("service", "kind", "has"),
    [("iam", "user", True), ("iam", "project", False), ("enterprise", "account", True), ("enterprise", "x", False),
     ("records", "user", False)],
)  # fmt: skip
def test_what_is_stored_without_being_registered(service: str, kind: str, has: bool) -> None:
    """Bailiwick's own objects but projects, and the nodes of a tree."""
    assert has_own(service, kind) is has


@pytest.mark.parametrize(
    ("kind", "ident", "owner", "project"),
    [
        ("user", "alice", "user:alice", None),
        ("user", "bob", "user:alice", None),
        ("service-id", "ci", None, None),
        ("group", "a", None, None),
        ("resource", RECORD, None, "dev"),
    ],
)
def test_what_is_stored_replaces_what_is_said(
    kind: str, ident: str, owner: str | None, project: str | None
) -> None:
    """Owner and project are those of the object; nothing else is said of it."""
    said = ResourceQuery(
        IAM, ((kind, ident),), None, None, "x", "user:eve", ("group:x",), "b", {"env": "t"}, {"p": 1}
    )
    assert as_stored(ACCOUNT, said) == ResourceQuery(
        IAM, ((kind, ident),), project=project, owner=owner, properties={"p": 1}
    )


@pytest.mark.parametrize(
    "query",
    [
        ResourceQuery(IAM, (("user", "nobody"),), owner="user:eve"),
        ResourceQuery(IAM, (("user", None),), owner="user:eve"),
        ResourceQuery(IAM, (("service", IAM),), owner="user:eve"),
        ResourceQuery(IAM, (("user", "alice"), ("user", "bob")), owner="user:eve"),
        ResourceQuery("records", (("user", "alice"),), owner="user:eve"),
    ],
)
def test_what_is_not_stored_is_left_as_it_is_said(query: ResourceQuery) -> None:
    """An object that is not there is a described resource."""
    assert as_stored(ACCOUNT, query) is query
