"""Which `enterprise` actions does an edit of the tree or of a node's guardrail need, and at which node is each asked?

Implements docs/spec.md 20.3, 20.5, 20.8 and 21.4 by the actions of the catalog entry `enterprise`. Pure: two states
of the management account in, questions out. The tree hands over nothing inside the accounts below; what it takes off
them is asked here, as `Over`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from bailiwick.model.accounts import Account
from bailiwick.model.enterprises import (
    ACCOUNT_GROUP,
    ENTERPRISE,
    MEMBER,
    AccountGroup,
    Enterprise,
    EnterpriseAccount,
    accounts_below,
    guardrails_binding,
    nodes_from,
    path_of,
    split_node,
)
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.policies import Guardrail
from bailiwick.model.requests import ResourceQuery
from bailiwick.service.edits import Difference
from bailiwick.service.kinds import NODE_TYPES, find_value

SERVICE = "enterprise"
CREATE_ENTERPRISE = "enterprise.enterprise.create"
IMPORT = "enterprise.enterprise.import"
CREATE_ACCOUNT = "enterprise.account.create"
MOVE = "enterprise.account.move"
ATTACH, UPDATE, DETACH = "attach-config-rules", "update-config-rules", "detach-config-rules"


class NeededInTree(NamedTuple):
    """One action of `enterprise`, and the node of which it is asked, as a resource."""

    action: str
    resource: ResourceQuery


@dataclass(frozen=True, slots=True)
class Over:
    """One action that must be held over a node and all below it, for good: something there is less guarded afterwards.

    `because` says what, in words.
    """

    action: str
    node: str
    because: str


def needed_in_tree(before: Account, after: Account, difference: Difference) -> Iterator[NeededInTree]:
    """Which actions does this edit of the tree need?"""
    word, name = difference.kind, difference.name
    old, new = find_value(before, word, name), find_value(after, word, name)
    if word == "Enterprise":
        yield from _enterprise(before, old)
    elif word == "AccountGroup":
        yield from _group(before, after, name, old, new)
    elif word == "EnterpriseAccount":
        yield from _member(before, after, name, old, new, begins=difference.begins)


def _enterprise(before: Account, old: Enterprise | None) -> Iterator[NeededInTree]:
    if old is None:
        yield asked_of_service(CREATE_ENTERPRISE)
    else:
        yield asked_at("enterprise.enterprise.update", before, f"{ENTERPRISE}:{old.name}")


def _group(
    before: Account, after: Account, name: str, old: AccountGroup | None, new: AccountGroup | None
) -> Iterator[NeededInTree]:
    node = f"{ACCOUNT_GROUP}:{name}"
    if old is None:
        yield asked_at("enterprise.account-group.create", after, node)
    elif new is None:
        yield asked_at("enterprise.account-group.delete", before, node)
    else:
        yield asked_at("enterprise.account-group.update", before, node)
        if old.parent != new.parent:
            yield asked_at("enterprise.account-group.update", after, node)
            # WHY: whoever moves a group moves every account below it.
            for account in accounts_below(before, node):
                yield asked_at(MOVE, before, f"{MEMBER}:{account}")
                yield asked_at(MOVE, after, f"{MEMBER}:{account}")


def _member(
    before: Account,
    after: Account,
    name: str,
    old: EnterpriseAccount | None,
    new: EnterpriseAccount | None,
    *,
    begins: bool,
) -> Iterator[NeededInTree]:
    node = f"{MEMBER}:{name}"
    if old is None:
        root = next((f"{ENTERPRISE}:{one}" for one in sorted(before.enterprises)), f"{ENTERPRISE}:")
        yield asked_at(CREATE_ACCOUNT, after, node) if begins else asked_at(IMPORT, before, root)
    elif new is None:
        yield asked_at("enterprise.account.delete", before, node)
    else:
        if old.parent != new.parent:
            yield asked_at(MOVE, before, node)
            yield asked_at(MOVE, after, node)
        if replace(old, parent=new.parent) != new:
            yield asked_at("enterprise.account.update", before, node)


def needed_of_guardrail(
    before: Account, after: Account, old: Guardrail | None, new: Guardrail | None
) -> Iterator[NeededInTree]:
    """Which actions does this edit of a node's guardrail need, at the node that it leaves and the one that it gets?"""
    was, is_ = (None if old is None else old.node), (None if new is None else new.node)
    if was is not None:
        yield asked_at(rule_action(was, UPDATE if was == is_ else DETACH), before, was)
    if is_ is not None and is_ != was:
        yield asked_at(rule_action(is_, ATTACH), after, is_)


def needed_of_assignment(before: Account, after: Account, name: str) -> Iterator[NeededInTree]:
    """Which actions does this edit of a template's assignment need, at which nodes? (rule 21.4)"""
    old, new = before.template_assignments.get(name), after.template_assignments.get(name)
    was, is_ = (None if old is None else old.node), (None if new is None else new.node)
    if was is not None:
        yield template_action(before, was, "update" if was == is_ else "detach")
    if is_ is not None and is_ != was:
        yield template_action(after, is_, "attach")


def template_action(tree: Account, node: str, verb: str) -> NeededInTree:
    """Which action attaches, updates or detaches templates at this node?"""
    return asked_at(f"enterprise.{split_node(node)[0]}.{verb}-templates", tree, node)


def loosened(before: Account, after: Account) -> Iterator[Over]:
    """What is less guarded in the accounts below afterwards, and which authority in the tree does that need? (20.8)"""
    for name in sorted(before.guardrails):
        old, new = before.guardrails[name], after.guardrails.get(name)
        if old.node is not None and old.enabled and not _is_same(old, new):
            kept = new is not None and new.node == old.node
            because = f"guardrail `{name}` is {'changed' if kept else 'removed'}"
            yield Over(rule_action(old.node, UPDATE if kept else DETACH), old.node, because)
    for account in sorted(before.enterprise_accounts):
        if _leaves_a_guardrail(before, after, account):
            node = f"{MEMBER}:{account}"
            yield Over(rule_action(node, DETACH), node, f"guardrails no longer bind account `{account}`")


def _is_same(old: Guardrail, new: Guardrail | None) -> bool:
    return new is not None and replace(new, description=old.description) == old


def _leaves_a_guardrail(before: Account, after: Account, account: str) -> bool:
    """Does a guardrail that stays as it is bind the account no longer, as the account or a group is elsewhere?"""
    where = set(nodes_from(after, f"{MEMBER}:{account}")) if account in after.enterprise_accounts else set()
    return any(
        guardrail.enabled and guardrail.node not in where
        for guardrail in guardrails_binding(before, account).values()
    )


def rule_action(node: str, verb: str) -> str:
    """Which action attaches, updates or detaches the rules of a node of this kind?"""
    return f"enterprise.{split_node(node)[0]}.{verb}"


def read_action(word: str) -> str:
    """Which action shows a node of this kind of document?"""
    return f"enterprise.{NODE_TYPES[word]}.retrieve"


def asked_at(action: str, tree: Account, node: str) -> NeededInTree:
    """Where is the action asked about this node? Of a tree that is not there, `create` of an enterprise is asked.

    SECURITY: a node that is not there is asked about as if it were below the root, so that who may not see what is
    there is refused in the same words.
    """
    path = path_of(tree, node)
    if not tree.enterprises:
        return asked_of_service(CREATE_ENTERPRISE)
    if path[0][0] != ENTERPRISE:
        path = ((ENTERPRISE, min(tree.enterprises)), *path)
    return NeededInTree(action, ResourceQuery(SERVICE, path))


def asked_of_service(action: str) -> NeededInTree:
    """How is an action asked of the service itself?"""
    return NeededInTree(action, ResourceQuery(SERVICE, ((SERVICE_TYPE, SERVICE),)))
