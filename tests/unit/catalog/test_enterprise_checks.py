"""An enterprise's tree is checked as everything else is: whole, or where something changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.catalog.checked import account_with, findings_with

from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import format_document, parse_document
from bailiwick.model.enterprises import MOST_ACCOUNT_GROUPS, MOST_ACCOUNTS
from bailiwick.service.catalog_files import load_system_catalog

Document = dict[str, Any]


def group(name: str, parent: str) -> Document:
    """An account group."""
    return {"kind": "AccountGroup", "name": name, "parent": parent}


def member(name: str, parent: str) -> Document:
    """An account of the tree."""
    return {"kind": "EnterpriseAccount", "name": name, "parent": parent}


def rule(node: str, scope: Document | None = None, **more: Any) -> Document:
    """A guardrail of a node."""
    return {"kind": "Guardrail", "name": "g", "node": node, "actions": ["*"], "scope": scope, **more}


TREE: list[Document] = [
    {"kind": "Enterprise", "name": "corp", "title": "The Company"},
    group("live", "enterprise:corp"),
    group("eu", "account-group:live"),
    member("prod", "account-group:eu"),
    rule("account-group:live", {"service": "ims"}, except_actions=["ims:*:get"]),
]
HEAD: Document = {"kind": "Account", "name": "acme", "owner": "user:root"}

REFUSED: dict[str, tuple[list[Document], list[str]]] = {
    "two enterprises": (
        [{"kind": "Enterprise", "name": "other"}],
        [
            "this account holds the enterprise `other` at Enterprise corp: name\n"
            "  help: an account holds one at most",
            "this account holds the enterprise `corp` at Enterprise other: name\n"
            "  help: an account holds one at most",
        ],
    ),
    "an unknown parent": (
        [group("lab", "account-group:lice")],
        ["unknown node `account-group:lice` at AccountGroup lab: parent\n  help: did you mean `live`?"],
    ),
    "a group below itself": (
        [group("live", "account-group:eu")],
        [
            "`account-group:live` would stand below itself at AccountGroup live: parent\n"
            "  help: name a node that is not below it",
            "`account-group:eu` would stand below itself at AccountGroup eu: parent\n"
            "  help: name a node that is not below it",
        ],
    ),
    "a group below itself at once": (
        [group("eu", "account-group:eu")],
        [
            "`account-group:eu` would stand below itself at AccountGroup eu: parent\n"
            "  help: name a node that is not below it"
        ],
    ),
    "too deep": (
        [group("live", "account-group:d"), group("a", "enterprise:corp"), group("b", "account-group:a"),
         group("c", "account-group:b"), group("d", "account-group:c")],
        [
            "account groups would nest 6 deep, expected at most 5 at AccountGroup live: parent",
            "account groups would nest 6 deep, expected at most 5 at AccountGroup eu: parent",
            "account groups would nest 6 deep, expected at most 5 at AccountGroup a: parent",
            "account groups would nest 6 deep, expected at most 5 at AccountGroup b: parent",
            "account groups would nest 6 deep, expected at most 5 at AccountGroup c: parent",
            "account groups would nest 6 deep, expected at most 5 at AccountGroup d: parent",
        ],
    ),
    "an account below another": (
        [rule("account:gone")],
        ["unknown node `account:gone` at Guardrail g: node\n  help: available: `prod`"],
    ),
    "its own account": (
        [member("acme", "enterprise:corp")],
        [
            "the management account cannot be below its own enterprise at EnterpriseAccount acme: name\n"
            "  help: name another account"
        ],
    ),
    "a management account in an enterprise": (
        [{**HEAD, "enterprise": "other"}],
        [
            "the account holds the enterprise `corp`, so it cannot be in another at Account acme: enterprise\n"
            "  help: an enterprise's management account stands alone: let another account join",
            "the account holds the enterprise `corp`, so it cannot be in another at Enterprise corp: enterprise\n"
            "  help: an enterprise's management account stands alone: let another account join",
        ],
    ),
    "an account below itself": (
        [{**HEAD, "enterprise": "acme"}],
        [
            "an account cannot be below itself at Account acme: enterprise\n"
            "  help: name the enterprise's management account",
            "an account cannot be below itself at Enterprise corp: enterprise\n"
            "  help: name the enterprise's management account",
        ],
    ),
    "a node's guardrail for a project": (
        [rule("enterprise:corp", {"project": "dev"})],
        [
            "a guardrail of a node cannot name projects at Guardrail g: scope.project\n"
            "  help: each account has its own projects: use the account's own guardrail"
        ],
    ),
    "a node's guardrail for an own service": (
        [rule("enterprise:corp", {"service": "records"})],
        [
            "`records` is this account's own service, which the accounts below do not know at Guardrail g: "
            "scope.service\n  help: name a service of the catalog"
        ],
    ),
    "an unknown exception": (
        [rule("enterprise:corp", {"service": "ims"}, except_actions=["ims:images:lists"])],
        [
            "unknown action `ims:images:lists` at Guardrail g: except_actions[0]\n"
            "  help: did you mean `ims:images:list`?"
        ],
    ),
    "an exception of everything": (
        [rule("enterprise:corp", {"service": "ims"}, except_actions=["*"])],
        ["`*` is excepted whole at Guardrail g: actions[0]\n  help: it would deny nothing"],
    ),
}  # fmt: skip


def test_a_whole_tree_is_fine() -> None:
    """The base that the other cases change has no fault."""
    assert findings_with(*TREE) == []


@pytest.mark.parametrize("case", REFUSED)
def test_a_tree_that_does_not_fit_is_refused(case: str) -> None:
    """Every finding says what, where, and what would be right."""
    documents, expected = REFUSED[case]
    assert findings_with(*TREE, *documents) == expected


@pytest.mark.parametrize(
    ("kind", "name", "finding"),
    [
        (
            "Enterprise", "corp",
            "`corp` is still referred to by AccountGroup live at Enterprise corp\n  help: change or remove these first",
        ),
        (
            "AccountGroup", "live",
            "`live` is still referred to by Guardrail g, AccountGroup eu at AccountGroup live\n"
            "  help: change or remove these first",
        ),
        (
            "AccountGroup", "eu",
            "`eu` is still referred to by EnterpriseAccount prod at AccountGroup eu\n"
            "  help: change or remove these first",
        ),
        (
            "EnterpriseAccount", "prod",
            "`prod` is still referred to by Guardrail only at EnterpriseAccount prod\n"
            "  help: change or remove these first",
        ),
    ],
)  # fmt: skip
def test_a_node_that_something_is_below_is_not_removed(kind: str, name: str, finding: str) -> None:
    """Neither with groups or accounts below it, nor with a guardrail."""
    whole = account_with(*TREE, {**rule("account:prod"), "name": "only"})
    holder = {"Enterprise": "enterprises", "AccountGroup": "account_groups"}.get(kind, "enterprise_accounts")
    rest = {key: value for key, value in getattr(whole, holder).items() if key != name}
    parts: dict[str, Any] = {holder: rest}
    after = replace(whole, **parts)
    findings = check_account(load_system_catalog(), after, only=[(kind, name)])
    assert [one.format() for one in findings] == [finding]


def test_a_tree_has_a_largest_size() -> None:
    """Five hundred groups and a thousand accounts."""
    groups = [group(f"g{index}", "enterprise:corp") for index in range(MOST_ACCOUNT_GROUPS - 1)]
    members = [member(f"a{index}", "enterprise:corp") for index in range(MOST_ACCOUNTS)]
    account = account_with(*TREE, *groups, *members)
    only = [("AccountGroup", "g0"), ("EnterpriseAccount", "a0")]
    assert [one.format() for one in check_account(load_system_catalog(), account, only=only)] == [
        "an enterprise has at most 500 account groups at AccountGroup g0",
        "an enterprise has at most 1000 accounts at EnterpriseAccount a0",
    ]


@pytest.mark.parametrize("document", [*TREE, {**HEAD, "enterprise": "hq"}], ids=lambda one: str(one["kind"]))
def test_documents_of_a_tree_are_read_and_written_alike(document: Document) -> None:
    """What is read is written as it was."""
    said = {key: value for key, value in document.items() if value is not None}
    kind, value = parse_document(said, "acme")
    assert format_document(kind, value) == said
