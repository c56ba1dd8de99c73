"""What an edit of the tree needs: which action at which node, and what must be held over all below it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bailiwick.model.accounts import Account
from bailiwick.model.enterprises import AccountGroup, Enterprise, EnterpriseAccount
from bailiwick.model.policies import Guardrail
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.edits import Difference
from bailiwick.service.enterprise.needed_in_tree import loosened
from bailiwick.service.kinds import find_value, with_values
from bailiwick.service.needed import needed_actions, needed_to_see

TREE = Account(
    "hq",
    "user:owner",
    enterprises={"corp": Enterprise("corp")},
    account_groups={
        "live": AccountGroup("live", "enterprise:corp"),
        "eu": AccountGroup("eu", "account-group:live"),
        "lab": AccountGroup("lab", "enterprise:corp"),
    },
    enterprise_accounts={"prod": EnterpriseAccount("prod", "account-group:eu")},
    guardrails={
        "own": Guardrail("own"),
        "all": Guardrail("all", node="enterprise:corp"),
        "live": Guardrail("live", node="account-group:live"),
        "off": Guardrail("off", node="account-group:eu", enabled=False),
    },
)
LAB = "account-group:lab"
CORP, EU, PROD = "enterprise/corp", "account-group/live/account-group/eu", "account/prod"
NEW = AccountGroup("new", "account-group:lab")
CASES: list[tuple[str, str, object, list[str]]] = [
    ("Enterprise", "corp", Enterprise("corp", "Corp"), [f"enterprise.update {CORP}"]),
    ("Enterprise", "corp", None, [f"enterprise.update {CORP}"]),
    ("AccountGroup", "new", NEW, [f"account-group.create {CORP}/account-group/lab/account-group/new"]),
    ("AccountGroup", "new", AccountGroup("new", "account-group:gone"),
     [f"account-group.create {CORP}/account-group/gone/account-group/new"]),
    ("AccountGroup", "lab", None, [f"account-group.delete {CORP}/account-group/lab"]),
    ("AccountGroup", "lab", AccountGroup("lab", "enterprise:corp", "tests"),
     [f"account-group.update {CORP}/account-group/lab"]),
    ("AccountGroup", "eu", AccountGroup("eu", LAB), [
        f"account-group.update {CORP}/{EU}",
        f"account-group.update {CORP}/account-group/lab/account-group/eu",
        f"account.move {CORP}/{EU}/{PROD}",
        f"account.move {CORP}/account-group/lab/account-group/eu/{PROD}",
    ]),
    ("EnterpriseAccount", "dev", EnterpriseAccount("dev", LAB), [f"enterprise.import {CORP}"]),
    ("EnterpriseAccount", "prod", EnterpriseAccount("prod", LAB), [
        f"account.move {CORP}/{EU}/{PROD}", f"account.move {CORP}/account-group/lab/{PROD}",
    ]),
    ("EnterpriseAccount", "prod", EnterpriseAccount("prod", "account-group:eu", "live"),
     [f"account.update {CORP}/{EU}/{PROD}"]),
    ("EnterpriseAccount", "prod", None, [f"account.delete {CORP}/{EU}/{PROD}"]),
    ("Guardrail", "new", Guardrail("new", node="account:prod"), [f"account.attach-config-rules {CORP}/{EU}/{PROD}"]),
    ("Guardrail", "all", Guardrail("all", ("x",), node="enterprise:corp"), [f"enterprise.update-config-rules {CORP}"]),
    ("Guardrail", "all", None, [f"enterprise.detach-config-rules {CORP}"]),
    ("Guardrail", "live", Guardrail("live", node=LAB), [
        f"account-group.detach-config-rules {CORP}/account-group/live",
        f"account-group.attach-config-rules {CORP}/account-group/lab",
    ]),
    ("Guardrail", "live", Guardrail("live"),
     [f"account-group.detach-config-rules {CORP}/account-group/live", "iam.guardrail.create service/iam"]),
    ("Guardrail", "own", Guardrail("own", node=LAB),
     [f"account-group.attach-config-rules {CORP}/account-group/lab", "iam.guardrail.delete guardrail/own"]),
    ("Guardrail", "own", Guardrail("own", ("x",)), ["iam.guardrail.update guardrail/own"]),
]  # fmt: skip


def difference(kind: str, name: str, after: object, *, begins: bool = False) -> Difference:
    """What differs?"""
    old = find_value(TREE, kind, name)
    op = "created" if old is None else "deleted" if after is None else "changed"
    return Difference(kind, name, op, None, None, begins)


@pytest.mark.parametrize(("kind", "name", "after", "needed"), CASES)
def test_each_edit_of_the_tree_asks_at_its_nodes(
    kind: str, name: str, after: object, needed: list[str]
) -> None:
    """Where it was, where it will be, and of every account that moves with a group."""
    new = with_values(TREE, {(kind, name): after})
    found = list(needed_actions({}, TREE, new, difference(kind, name, after)))
    asked = [
        f"{one.action.removeprefix('enterprise.')} {'/'.join('/'.join(map(str, n)) for n in one.resource.path)}"
        for one in found
    ]
    assert asked == needed
    catalog = load_system_catalog()
    assert all(one.action in catalog[one.resource.service].actions for one in found)


def test_an_account_that_begins_in_the_tree_is_asked_at_its_place() -> None:
    """It is not imported: nobody had it before."""
    new = with_values(TREE, {("EnterpriseAccount", "dev"): EnterpriseAccount("dev", LAB)})
    edit = difference("EnterpriseAccount", "dev", EnterpriseAccount("dev", LAB), begins=True)
    [found] = needed_actions({}, TREE, new, edit)
    assert (found.action, found.resource.path[-1]) == ("enterprise.account.create", ("account", "dev"))


OVER: list[tuple[str, str, object, list[tuple[str, str, str]]]] = [
    ("Guardrail", "all", None, [
        ("enterprise.detach-config-rules", "enterprise:corp", "guardrail `all` is removed")]),
    ("Guardrail", "live", replace(TREE.guardrails["live"], enabled=False), [
        ("account-group.update-config-rules", "account-group:live", "guardrail `live` is changed")]),
    ("Guardrail", "live", replace(TREE.guardrails["live"], node=LAB), [
        ("account-group.detach-config-rules", "account-group:live", "guardrail `live` is removed")]),
    ("Guardrail", "live", replace(TREE.guardrails["live"], description="why"), []),
    ("Guardrail", "off", None, []),
    ("Guardrail", "own", None, []),
    ("Guardrail", "new", Guardrail("new", node=LAB), []),
    ("EnterpriseAccount", "prod", EnterpriseAccount("prod", "account-group:live"), []),
    ("EnterpriseAccount", "prod", EnterpriseAccount("prod", "enterprise:corp"), [
        ("account.detach-config-rules", "account:prod", "guardrails no longer bind account `prod`")]),
    ("EnterpriseAccount", "prod", None, [
        ("account.detach-config-rules", "account:prod", "guardrails no longer bind account `prod`")]),
    ("AccountGroup", "eu", AccountGroup("eu", LAB), [
        ("account.detach-config-rules", "account:prod", "guardrails no longer bind account `prod`")]),
    ("AccountGroup", "live", AccountGroup("live", LAB), []),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "after", "expected"), OVER)
def test_what_is_less_guarded_afterwards_is_named(
    kind: str, name: str, after: object, expected: list[tuple[str, str, str]]
) -> None:
    """A guardrail that falls, and an account that leaves the place of one; not what stays as guarded."""
    new = with_values(TREE, {(kind, name): after})
    found = [(one.action, one.node, one.because) for one in loosened(TREE, new)]
    assert found == [(f"enterprise.{action}", node, why) for action, node, why in expected]


def test_seeing_a_node_is_asked_at_the_node() -> None:
    """Its guardrails too; what is not there is asked about in the same words, or without a tree of the service."""

    def asked(account: Account, kind: str, name: str) -> tuple[str, tuple[str, str | None]]:
        found = needed_to_see(account, kind, name, find_value(account, kind, name))
        return found.action, found.resource.path[-1]

    retrieve = "enterprise.account-group.retrieve"
    assert asked(TREE, "AccountGroup", "eu") == (retrieve, ("account-group", "eu"))
    assert asked(TREE, "Guardrail", "live") == (retrieve, ("account-group", "live"))
    assert asked(TREE, "Guardrail", "own") == ("iam.guardrail.read", ("guardrail", "own"))
    assert asked(TREE, "AccountGroup", "no") == (retrieve, ("account-group", "no"))
    bare = Account("hq", "user:owner")
    assert asked(bare, "Enterprise", "corp") == ("enterprise.enterprise.create", ("service", "enterprise"))
