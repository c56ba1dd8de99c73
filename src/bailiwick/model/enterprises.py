"""An enterprise as values: the tree of account groups and accounts below it, and what binds an account of it.

Implements docs/spec.md section 20. All of it is held by the enterprise's management account.
A node is written `enterprise:<name>`, `account-group:<name>` or `account:<name>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bailiwick.errors import Invalid
from bailiwick.model.names import parse_name
from bailiwick.model.policies import Guardrail

if TYPE_CHECKING:
    from bailiwick.model.accounts import Account

ENTERPRISE = "enterprise"
ACCOUNT_GROUP = "account-group"
MEMBER = "account"
NODE_KINDS = (ENTERPRISE, ACCOUNT_GROUP, MEMBER)
PARENT_KINDS = (ENTERPRISE, ACCOUNT_GROUP)
# Source: IBM Cloud, limits of enterprises (2026).
MOST_TIERS = 5
MOST_ACCOUNT_GROUPS = 500
MOST_ACCOUNTS = 1000

Node = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Enterprise:
    """Which enterprise has its tree in this account? An account holds one at most."""

    name: str
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class AccountGroup:
    """Which group of accounts is it, and below which node does it stand?"""

    name: str
    parent: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class EnterpriseAccount:
    """Which account is in the tree, and below which node? `name` is the account's."""

    name: str
    parent: str
    description: str = ""


def parse_node(text: object, place: str = "node") -> str:
    """Which node of a tree is named: `enterprise:…`, `account-group:…` or `account:…`?"""
    return _parse(text, place, NODE_KINDS)


def parse_parent(text: object, place: str = "parent") -> str:
    """Which node that may have others below it is named: `enterprise:…` or `account-group:…`?"""
    return _parse(text, place, PARENT_KINDS)


def _parse(text: object, place: str, kinds: tuple[str, ...]) -> str:
    kind, colon, name = text.partition(":") if isinstance(text, str) else ("", "", "")
    if not colon or kind not in kinds:
        expected = ", ".join(f"`{one}:`" for one in kinds)
        raise Invalid.at(
            place, f"`{str(text)[:80]}` is no node of the tree", f"expected one of {expected} and a name"
        )
    parse_name(name, place)
    return f"{kind}:{name}"


def split_node(node: str) -> Node:
    """What are kind and name of this node?"""
    kind, _, name = node.partition(":")
    return kind, name


def parent_of(tree: Account, node: str) -> str | None:
    """Below which node does this one stand? None: below none, or it is not there."""
    kind, name = split_node(node)
    holder: Mapping[str, AccountGroup | EnterpriseAccount] = (
        tree.account_groups if kind == ACCOUNT_GROUP else tree.enterprise_accounts if kind == MEMBER else {}
    )
    found = holder.get(name)
    return None if found is None else found.parent


def nodes_from(tree: Account, node: str) -> Iterator[str]:
    """Which nodes are this one and those above it, nearest first? Ends where the tree is not whole."""
    seen: set[str] = set()
    step: str | None = node
    while step is not None and step not in seen:
        seen.add(step)
        yield step
        step = parent_of(tree, step)


def path_of(tree: Account, node: str) -> tuple[Node, ...]:
    """Which path, outermost first, has this node as a resource of the service `enterprise`?"""
    return tuple(split_node(step) for step in reversed(tuple(nodes_from(tree, node))))


def accounts_below(tree: Account, node: str) -> list[str]:
    """Which accounts stand below this node, or are it? By name, sorted."""
    return sorted(name for name in tree.enterprise_accounts if node in nodes_from(tree, f"{MEMBER}:{name}"))


def groups_below(tree: Account, node: str) -> list[str]:
    """Which account groups stand below this node, at any depth? By name, sorted."""
    return sorted(
        name
        for name in tree.account_groups
        if (reference := f"{ACCOUNT_GROUP}:{name}") != node and node in nodes_from(tree, reference)
    )


def guardrails_binding(tree: Account, account: str) -> dict[str, Guardrail]:
    """Which guardrails of the tree bind this account, by their full names? (rule 20.6) Disabled ones too."""
    if account not in tree.enterprise_accounts:
        return {}
    above = set(nodes_from(tree, f"{MEMBER}:{account}"))
    bound: dict[str, Guardrail] = {}
    for guardrail in tree.guardrails.values():
        if guardrail.node in above:
            name = full_name(tree, guardrail)
            bound[name] = replace(guardrail, name=name)
    return bound


def full_name(tree: Account, guardrail: Guardrail) -> str:
    """How is a node's guardrail named below it? `enterprise/node/name`; the enterprise's own `enterprise/name`.

    WHY `/`: no name holds one, so it is never the name of an account's own guardrail.
    """
    enterprise = min(tree.enterprises, default="")
    kind, node = split_node(guardrail.node or "")
    return f"{enterprise}/{guardrail.name}" if kind == ENTERPRISE else f"{enterprise}/{node}/{guardrail.name}"
