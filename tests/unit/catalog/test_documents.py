"""An account's documents become values, strictly, and come back."""

from __future__ import annotations

from typing import Any

import pytest

from bailiwick.catalog.documents import (
    KINDS,
    Value,
    assemble_account,
    format_document,
    key_of,
    kind_of,
    name_of,
    parse_all,
    parse_document,
)
from bailiwick.catalog.sources import parse_documents
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Account, Group, Membership, Principal, Project, Resource
from bailiwick.model.conditions import Comparison
from bailiwick.model.policies import Guardrail, Policy, Scope, Window
from bailiwick.model.services import Right, Role

NEW_YEAR = 1798761600.0
MFA = {"key": "context.mfa", "operator": "bool-equals", "value": True}
HAS_MFA = Comparison("context.mfa", "bool-equals", True)

VALUES: dict[str, tuple[dict[str, Any], Value]] = {
    "a bare user": ({"kind": "User", "name": "alice"}, Principal("user:alice")),
    "a user": (
        {
            "kind": "User",
            "name": "alice",
            "email": "alice@acme.example",
            "disabled": True,
            "properties": {
                "department": "imaging",
                "level": 3,
                "share": 0.5,
                "staff": True,
                "at": {"site": ["a", "b"]},
            },
            "budgets": ["b1", "b2"],
            "owner": "user:bob",
            "description": "Two\nlines",
        },
        Principal(
            "user:alice",
            disabled=True,
            properties={
                "department": "imaging",
                "level": 3,
                "share": 0.5,
                "staff": True,
                "at": {"site": ("a", "b")},
            },
            budgets=("b1", "b2"),
            email="alice@acme.example",
            description="Two\nlines",
            owner="user:bob",
        ),
    ),
    "a bare group": ({"kind": "Group", "name": "g", "members": []}, Group("g")),
    "a bare project": ({"kind": "Project", "name": "p"}, Project("p")),
    "a bare resource": (
        {"kind": "Resource", "name": "brn:acme:cloud:eu-de::volume/v-17"},
        Resource("brn:acme:cloud:eu-de::volume/v-17"),
    ),
    "a bare account": ({"kind": "Account", "name": "acme", "owner": "user:o"}, Account("acme", "user:o")),
    "a service ID": ({"kind": "ServiceId", "name": "ci"}, Principal("service-id:ci")),
    "a bare profile": (
        {"kind": "Profile", "name": "p", "trust": []},
        Principal("profile:p"),
    ),
    "a profile": (
        {
            "kind": "Profile",
            "name": "deployer",
            "trust": ["user:alice", "group:ops", "service:ims", "account:other"],
            "when": MFA,
            "maximum_session_seconds": 900,
        },
        Principal(
            "profile:deployer",
            trust=("user:alice", "group:ops", "service:ims", "account:other"),
            trust_when=HAS_MFA,
            maximum_session_seconds=900,
        ),
    ),
    "a group": (
        {
            "kind": "Group",
            "name": "readers",
            "members": [
                "user:alice",
                "group:interns",
                {"member": "service-id:ci", "expires_at": "2027-01-01T00:00:00Z"},
                {"member": "user:alice", "starts_at": "2027-01-01T00:00:00Z", "managed_by": "scim"},
            ],
            "description": "Who reads",
        },
        Group(
            "readers",
            (
                Membership("user:alice"),
                Membership("group:interns"),
                Membership("service-id:ci", Window(None, NEW_YEAR)),
                Membership("user:alice", Window(NEW_YEAR, None), "scim"),
            ),
            "Who reads",
        ),
    ),
    "a project": (
        {"kind": "Project", "name": "dev", "disabled": True, "default": True, "description": "d"},
        Project("dev", disabled=True, default=True, description="d"),
    ),
    "a role": (
        {
            "kind": "Role",
            "name": "Volume Operator",
            "service": "cloud",
            "title": "t",
            "description": "d",
            "held_by": "h",
            "rights": [
                {"actions": ["volume.Attach"], "qualifier": "mine"},
                {"actions": ["volume.*"], "effect": "deny", "when": MFA, "level": "account"},
            ],
        },
        Role(
            "cloud",
            "Volume Operator",
            "service",
            (
                Right("cloud", ("volume.Attach",), qualifier="mine"),
                Right("cloud", ("volume.*",), effect="deny", when=HAS_MFA, level="account"),
            ),
            custom=True,
            title="t",
            description="d",
            held_by="h",
        ),
    ),
    "a bare policy": (
        {"kind": "Policy", "name": "p", "subjects": ["user:alice"], "roles": ["Reader"]},
        Policy("p", ("user:alice",), ("Reader",)),
    ),
    "a policy": (
        {
            "kind": "Policy",
            "name": "image-readers-eu",
            "subjects": ["group:image-readers", "service:ims"],
            "roles": ["IMS ReadOnlyAccess", "ims/Viewer"],
            "effect": "deny",
            "scope": {
                "service": "ims",
                "region": ["eu-de", "eu-nl"],
                "instance": "i*",
                "project": "dev",
                "type": "image",
                "id": "web-*",
                "within": ["folder/a%20b", "folder/c"],
            },
            "when": MFA,
            "starts_at": "2027-01-01T00:00:00Z",
            "expires_at": "2027-01-01T00:00:00.250000Z",
            "state": "disabled",
            "description": "d",
        },
        Policy(
            "image-readers-eu",
            ("group:image-readers", "service:ims"),
            ("IMS ReadOnlyAccess", "ims/Viewer"),
            scope=Scope(
                ("ims",),
                ("eu-de", "eu-nl"),
                ("i*",),
                ("dev",),
                ("image",),
                ("web-*",),
                (("folder", "a b"), ("folder", "c")),
            ),
            when=HAS_MFA,
            window=Window(NEW_YEAR, NEW_YEAR + 0.25),
            effect="deny",
            enabled=False,
            description="d",
        ),
    ),
    "a guardrail": (
        {
            "kind": "Guardrail",
            "name": "no-delete",
            "actions": ["*.delete"],
            "scope": {"region": "eu-de"},
            "when": MFA,
        },
        Guardrail("no-delete", ("*.delete",), Scope(region=("eu-de",)), HAS_MFA),
    ),
    "a resource": (
        {
            "kind": "Resource",
            "name": "brn:acme:cloud:eu-de::volume/v-17",
            "project": "dev",
            "owner": "user:alice",
            "budget": "b1",
            "groups": ["group:developers"],
            "tags": {"env": "test"},
            "properties": {"size": 5},
            "description": "d",
        },
        Resource(
            "brn:acme:cloud:eu-de::volume/v-17",
            project="dev",
            owner="user:alice",
            groups=("group:developers",),
            budget="b1",
            tags={"env": "test"},
            properties={"size": 5},
            description="d",
        ),
    ),
    "a resource of no group": (
        {"kind": "Resource", "name": "brn:acme:cloud:eu-de::volume/v-17", "groups": []},
        Resource("brn:acme:cloud:eu-de::volume/v-17", groups=()),
    ),
    "an account": (
        {"kind": "Account", "name": "acme", "owner": "user:alice", "suspended": True, "description": "d"},
        Account("acme", "user:alice", suspended=True, description="d"),
    ),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_document_becomes_its_value_and_comes_back(case: str) -> None:
    """Parsing gives the value, formatting the document, and parsing that the value again."""
    document, value = VALUES[case]
    kind = document["kind"]
    assert parse_document(document, "acme") == (kind, value)
    formatted = format_document(kind, value, "acme")
    assert parse_document(formatted) == (kind, value)
    assert {key: formatted[key] for key in document} == document
    assert kind_of(value) == kind
    assert name_of(value) == document["name"]


def test_an_own_service_is_a_document() -> None:
    """A Service document is of the account that names it or that it is read for."""
    data: dict[str, Any] = {
        "kind": "Service",
        "name": "records",
        "title": "R",
        "actions": [{"id": "x", "access": "read"}],
    }
    kind, value = parse_document(data, "acme")
    assert parse_document({**data, "account": "acme"}) == (kind, value)
    document = format_document(kind, value, "acme")
    assert document["account"] == "acme"
    assert parse_document(document) == ("Service", value)
    assert (kind_of(value), name_of(value), key_of(value)) == ("Service", "records", "records")


def test_times_are_written_in_utc() -> None:
    """Any offset is accepted; what comes out ends in Z."""
    document = {"kind": "Policy", "name": "p", "subjects": ["user:a"], "roles": ["R"]}
    _, value = parse_document({**document, "expires_at": "2027-01-01T02:30:00+02:30"}, "acme")
    assert isinstance(value, Policy)
    assert value.window.expires_at == NEW_YEAR
    assert format_document("Policy", value)["expires_at"] == "2027-01-01T00:00:00Z"


POLICY = {"kind": "Policy", "name": "p", "subjects": ["user:a"], "roles": ["Reader"]}


def test_a_document_must_name_an_account_somewhere() -> None:
    """Without an account from the caller the document says it itself."""
    with pytest.raises(Invalid) as caught:
        parse_document(POLICY)
    assert str(caught.value) == "missing field `account`"
    assert parse_document({"kind": "Account", "name": "acme", "owner": "user:a"})[1] == Account(
        "acme", "user:a"
    )


def test_a_large_group_is_accepted_up_to_its_limit() -> None:
    """Members may be many more than other lists' elements."""
    members = [f"user:u{index}" for index in range(1500)]
    _, group = parse_document({"kind": "Group", "name": "g", "members": members}, "acme")
    assert isinstance(group, Group)
    assert len(group.members) == 1500
    with pytest.raises(Invalid) as caught:
        parse_document({"kind": "Group", "name": "g", "members": ["user:a"] * 200_001}, "acme")
    assert str(caught.value) == "`members` has 200001 elements, expected at most 200000 at members"


FILE = """\
kind: Account
name: acme
owner: user:alice
---
kind: User
account: acme
name: alice
---
kind: User
account: other
name: alice
---
kind: ServiceId
account: acme
name: alice
"""


def test_the_documents_of_a_file_name_their_accounts() -> None:
    """Documents of several accounts, and one name in several kinds, stand beside each other."""
    parsed = parse_all(parse_documents(FILE, "f.yaml"))
    assert [(one.kind, one.account, one.source.line) for one in parsed] == [
        ("Account", "acme", 1),
        ("User", "acme", 5),
        ("User", "other", 9),
        ("ServiceId", "acme", 13),
    ]


def test_all_findings_of_a_file_come_at_once() -> None:
    """Wrong documents and those given twice are all named, with their lines."""
    text = (
        FILE + "---\nkind: User\naccount: acme\nname: alice\n---\nkind: Usr\n---\nkind: User\naccount: acme\n"
    )
    with pytest.raises(Invalid) as caught:
        parse_all(parse_documents(text, "f.yaml"))
    assert [finding.format() for finding in caught.value.findings] == [
        "f.yaml:19: User `alice` is given twice at name\n  help: first at f.yaml:5",
        "f.yaml:21: unknown kind `Usr` at kind\n  help: did you mean `User`?",
        "f.yaml:23: missing field `name`",
    ]


def test_an_account_is_assembled_from_its_values() -> None:
    """Values go where an account holds them; a later one replaces an earlier, and nothing else is lost."""
    values = [value for case, (_, value) in VALUES.items() if not case.startswith("a bare")]
    account = assemble_account(Account("acme", "user:x"), values)
    assert (account.owner, account.suspended, account.description) == ("user:alice", True, "d")
    assert set(account.principals) == {"user:alice", "service-id:ci", "profile:deployer"}
    assert account.principals["user:alice"].email == "alice@acme.example"
    assert set(account.policies) == {"image-readers-eu"}
    assert set(account.resources) == {"brn:acme:cloud:eu-de::volume/v-17"}
    more = assemble_account(account, [Project("prod")])
    assert set(more.projects) == {"dev", "prod"}
    assert more.policies == account.policies
    assert set(account.projects) == {"dev"}


def test_every_kind_has_a_place() -> None:
    """Each kind but Account names a mapping that accounts have."""
    account = Account("acme", "user:o")
    assert all(hasattr(account, kind.holder) for kind in KINDS.values() if kind.holder)
    assert [kind.name for kind in KINDS.values() if not kind.holder] == ["Account"]
