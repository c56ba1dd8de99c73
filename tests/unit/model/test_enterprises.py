"""The tree of an enterprise: nodes, places, and which guardrails bind which account."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bailiwick.errors import Invalid
from bailiwick.model.accounts import Account
from bailiwick.model.enterprises import (
    AccountGroup,
    Enterprise,
    EnterpriseAccount,
    accounts_below,
    full_name,
    groups_below,
    guardrails_binding,
    nodes_from,
    parse_node,
    parse_parent,
    path_of,
)
from bailiwick.model.policies import Guardrail

TREE = Account(
    "hq",
    "user:owner",
    enterprises={"corp": Enterprise("corp")},
    account_groups={
        "live": AccountGroup("live", "enterprise:corp"),
        "eu": AccountGroup("eu", "account-group:live"),
        "lab": AccountGroup("lab", "enterprise:corp"),
    },
    enterprise_accounts={
        "prod": EnterpriseAccount("prod", "account-group:eu"),
        "dev": EnterpriseAccount("dev", "account-group:lab"),
        "eu": EnterpriseAccount("eu", "enterprise:corp"),
    },
    guardrails={
        "own": Guardrail("own"),
        "all": Guardrail("all", node="enterprise:corp"),
        "live": Guardrail("live", node="account-group:live", enabled=False),
        "one": Guardrail("one", node="account:prod"),
        "group": Guardrail("group", node="account-group:eu"),
    },
)


@pytest.mark.parametrize(
    ("node", "path"),
    [
        ("enterprise:corp", (("enterprise", "corp"),)),
        ("account-group:live", (("enterprise", "corp"), ("account-group", "live"))),
        (
            "account:prod",
            (("enterprise", "corp"), ("account-group", "live"), ("account-group", "eu"), ("account", "prod")),
        ),
        ("account:gone", (("account", "gone"),)),
    ],
)
def test_a_node_has_the_path_of_those_above_it(node: str, path: tuple[tuple[str, str], ...]) -> None:
    """Outermost first, as a resource name has it; what is not there stands alone."""
    assert path_of(TREE, node) == path


def test_what_stands_below_a_node_is_listed_at_any_depth() -> None:
    """An account of the same name as a group is another node."""
    assert accounts_below(TREE, "enterprise:corp") == ["dev", "eu", "prod"]
    assert accounts_below(TREE, "account-group:live") == ["prod"]
    assert accounts_below(TREE, "account-group:eu") == ["prod"]
    assert accounts_below(TREE, "account:eu") == ["eu"]
    assert groups_below(TREE, "enterprise:corp") == ["eu", "lab", "live"]
    assert groups_below(TREE, "account-group:live") == ["eu"]
    assert groups_below(TREE, "account-group:eu") == []


def test_guardrails_of_all_nodes_above_bind_and_no_others() -> None:
    """Also disabled ones are told of; the management account's own and other nodes' are not."""
    assert sorted(guardrails_binding(TREE, "prod")) == [
        "corp/all", "corp/eu/group", "corp/live/live", "corp/prod/one",
    ]  # fmt: skip
    assert sorted(guardrails_binding(TREE, "dev")) == ["corp/all"]
    assert sorted(guardrails_binding(TREE, "eu")) == ["corp/all"]
    assert guardrails_binding(TREE, "hq") == {}
    assert guardrails_binding(TREE, "gone") == {}


def test_a_guardrail_is_called_by_its_place() -> None:
    """The bound guardrail has the full name as its own, and nothing else of it changes."""
    bound = guardrails_binding(TREE, "prod")["corp/live/live"]
    assert bound == replace(TREE.guardrails["live"], name="corp/live/live")
    assert full_name(TREE, TREE.guardrails["all"]) == "corp/all"


def test_a_circle_ends() -> None:
    """A tree that is not whole is walked once, not for ever."""
    round_about = replace(
        TREE,
        account_groups={
            "a": AccountGroup("a", "account-group:b"),
            "b": AccountGroup("b", "account-group:a"),
        },
    )
    assert list(nodes_from(round_about, "account-group:a")) == ["account-group:a", "account-group:b"]


@pytest.mark.parametrize("text", ["", "corp", "group:live", "account:", "enterprise:a/b", 3, None])
def test_what_is_no_node_is_refused(text: object) -> None:
    """A node says its kind and a name."""
    with pytest.raises(Invalid):
        parse_node(text)


def test_an_account_has_nothing_below_it() -> None:
    """It is a node, and no parent."""
    assert parse_node("account:prod") == "account:prod"
    with pytest.raises(Invalid) as caught:
        parse_parent("account:prod")
    assert caught.value.findings[0].format() == (
        "`account:prod` is no node of the tree at parent\n"
        "  help: expected one of `enterprise:`, `account-group:` and a name"
    )
