"""The tree of an enterprise, and the guardrails of its nodes: do they fit together?

Implements docs/spec.md 20.1, 20.2 and 20.5 for what can be seen from the management account alone. Whether an account
that is added lets itself be added is not seen here.
"""

from __future__ import annotations

from bailiwick.catalog.check_world import ObjectNotes, World
from bailiwick.catalog.places import Path
from bailiwick.model.accounts import Account
from bailiwick.model.enterprises import (
    ACCOUNT_GROUP,
    ENTERPRISE,
    MEMBER,
    MOST_ACCOUNT_GROUPS,
    MOST_ACCOUNTS,
    MOST_TIERS,
    AccountGroup,
    Enterprise,
    EnterpriseAccount,
    groups_below,
    nodes_from,
    split_node,
)
from bailiwick.model.policies import Guardrail


def check_enterprise(enterprise: Enterprise, notes: ObjectNotes, world: World) -> None:
    """Is it the only one here, and the account that holds it in no other?"""
    others = sorted(name for name in world.account.enterprises if name != enterprise.name)
    if others:
        notes.add(
            ("name",), f"this account holds the enterprise `{others[0]}`", "an account holds one at most"
        )
    check_is_apart(world.account, notes)


def check_is_apart(account: Account, notes: ObjectNotes) -> None:
    """Is the account not both below an enterprise and the holder of one, and not below itself?"""
    if account.enterprise is None:
        return
    if account.enterprise == account.name:
        notes.add(
            ("enterprise",), "an account cannot be below itself", "name the enterprise's management account"
        )
    elif account.enterprises:
        notes.add(
            ("enterprise",),
            f"the account holds the enterprise `{min(account.enterprises)}`, so it cannot be in another",
            "an enterprise's management account stands alone: let another account join",
        )


def check_account_group(group: AccountGroup, notes: ObjectNotes, world: World) -> None:
    """Does it stand below a node that is there, not below itself, and not too deep?"""
    tree = world.account
    reference = f"{ACCOUNT_GROUP}:{group.name}"
    if not _check_parent(group.parent, notes, world):
        return
    if reference in nodes_from(tree, group.parent):
        notes.add(("parent",), f"`{reference}` would stand below itself", "name a node that is not below it")
        return
    if len(tree.account_groups) > MOST_ACCOUNT_GROUPS:
        notes.add((), f"an enterprise has at most {MOST_ACCOUNT_GROUPS} account groups")
    below = (f"{ACCOUNT_GROUP}:{name}" for name in groups_below(tree, reference))
    deepest = max(_tier(tree, node) for node in (reference, *below))
    if deepest > MOST_TIERS:
        notes.add(("parent",), f"account groups would nest {deepest} deep, expected at most {MOST_TIERS}")


def check_enterprise_account(member: EnterpriseAccount, notes: ObjectNotes, world: World) -> None:
    """Does it stand below a node that is there, and is it another account than this one?"""
    _check_parent(member.parent, notes, world)
    if member.name == world.account.name:
        notes.add(
            ("name",), "the management account cannot be below its own enterprise", "name another account"
        )
    if len(world.account.enterprise_accounts) > MOST_ACCOUNTS:
        notes.add((), f"an enterprise has at most {MOST_ACCOUNTS} accounts")


def check_node(guardrail: Guardrail, notes: ObjectNotes, world: World) -> None:
    """Is the node there, and does the guardrail speak of nothing that each account has for itself? (rule 20.5)"""
    if guardrail.node is None:
        return
    check_node_exists(guardrail.node, ("node",), notes, world)
    if guardrail.scope.project is not None:
        notes.add(
            ("scope", "project"),
            "a guardrail of a node cannot name projects",
            "each account has its own projects: use the account's own guardrail",
        )
    for service in guardrail.scope.service or ():
        if service in world.account.services and service not in world.catalog:
            notes.add(
                ("scope", "service"),
                f"`{service}` is this account's own service, which the accounts below do not know",
                "name a service of the catalog",
            )


def _tier(tree: Account, node: str) -> int:
    """How many account groups stand one below the other, down to this one?"""
    return sum(split_node(step)[0] == ACCOUNT_GROUP for step in nodes_from(tree, node))


def _check_parent(parent: str, notes: ObjectNotes, world: World) -> bool:
    return check_node_exists(parent, ("parent",), notes, world)


def check_node_exists(node: str, path: Path, notes: ObjectNotes, world: World) -> bool:
    """Is there such a node?"""
    kind, name = split_node(node)
    tree = world.account
    known = {
        ENTERPRISE: tree.enterprises,
        ACCOUNT_GROUP: tree.account_groups,
        MEMBER: tree.enterprise_accounts,
    }
    if name in known[kind]:
        return True
    notes.add(path, f"unknown node `{node}`", world.nearest(name, known[kind]))
    return False
