"""What may be seen of an enterprise: its tree from the management account, its own place from an account below.

Implements docs/spec.md 20.7 and 20.10. Every node is asked of the engine; what an account below is told of comes from
its own snapshot alone, so that no other node can be in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bailiwick.catalog.documents import format_document
from bailiwick.errors import NotFound
from bailiwick.model.accounts import Account
from bailiwick.model.enterprises import ENTERPRISE, MEMBER, nodes_from, parent_of, path_of, split_node
from bailiwick.service.enterprise.needed_in_tree import read_action
from bailiwick.service.enterprise.placing import is_held_by
from bailiwick.service.host import Host
from bailiwick.service.kinds import ACCOUNT, KIND_OF_NODE, find_value
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session

IN_TREE, INVITED, MANAGES, ALONE = "in_tree", "invited", "manages", "alone"


@dataclass(frozen=True, slots=True)
class Place:
    """Where does an account stand? `path`: the nodes from the enterprise down to it, as far as it is in a tree.

    `guardrails`: documents of those that bind it from above, and of those that would if they were enabled.
    """

    state: str
    management_account: str | None
    path: tuple[str, ...]
    guardrails: tuple[dict[str, Any], ...]


def find_place(host: Host, session: Session) -> tuple[Place, dict[str, str]]:
    """Where does the session's account stand, and by which vector? Raises Denied to who may not see the account."""
    reader = Reader(host, session)
    reader.get(ACCOUNT, session.account)
    account = reader.snapshot.account
    vector = dict(reader.snapshot.vector)
    if account.enterprises:
        return Place(MANAGES, None, (f"{ENTERPRISE}:{min(account.enterprises)}",), ()), vector
    if account.enterprise is None:
        return Place(ALONE, None, (), ()), vector
    management = host.find_snapshot(account.enterprise) if ENTERPRISE in vector else None
    if management is None or not is_held_by(management, account.name):
        return Place(INVITED, account.enterprise, (), ()), vector
    path = tuple(f"{kind}:{name}" for kind, name in path_of(management.account, f"{MEMBER}:{account.name}"))
    above = (format_document("Guardrail", one) for _, one in sorted(account.guardrails_above.items()))
    return Place(IN_TREE, account.enterprise, path, tuple(above)), vector


@dataclass(frozen=True, slots=True)
class SeenNode:
    """One node of the tree that the session may see. `depth` 0: the enterprise."""

    node: str
    parent: str | None
    depth: int
    description: str
    guardrails: tuple[str, ...]


def walk_tree(reader: Reader) -> Iterator[SeenNode]:
    """Which nodes may the session see, each before those below it, by name?

    Raises Denied to who may see none (of an account without a tree: who may not make one).
    """
    tree = reader.snapshot.account
    seen = [
        node for node in sorted(_nodes(tree), key=lambda one: path_of(tree, one)) if _may_see(reader, node)
    ]
    if not seen:
        if not tree.enterprises and reader.may_read("Enterprise", "", None):
            raise NotFound(
                f"account `{tree.name}` holds no enterprise", "the tree is seen in its management account"
            )
        if not tree.enterprises:
            reader.get("Enterprise", "")
        # SECURITY: not asked by name, which would be told.
        reader.judge.refuse(read_action("Enterprise"), "", "no_matching_policy")
    for node in seen:
        kind, name = split_node(node)
        yield SeenNode(
            node=node,
            parent=parent_of(tree, node),
            depth=len(list(nodes_from(tree, node))) - 1,
            description=find_value(tree, KIND_OF_NODE[kind], name).description,
            guardrails=tuple(sorted(g.name for g in tree.guardrails.values() if g.node == node)),
        )


def _nodes(tree: Account) -> Iterator[str]:
    holders = (tree.enterprises, tree.account_groups, tree.enterprise_accounts)
    for kind, holder in zip(KIND_OF_NODE, holders, strict=True):
        yield from (f"{kind}:{name}" for name in holder)


def _may_see(reader: Reader, node: str) -> bool:
    kind, name = split_node(node)
    word = KIND_OF_NODE[kind]
    return reader.may_read(word, name, find_value(reader.snapshot.account, word, name))
