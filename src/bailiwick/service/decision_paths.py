"""An explanation as paths: from the principal through groups, policy and role to the resource, edge by edge.

Implements docs/spec.md 26.7. Pure: data for pages and other surfaces to draw. It says what `explain` found and decides
nothing; a path that does not reach the resource says at which edge it ends, and why.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bailiwick.engine import CompiledAccount, Considered, Explanation
from bailiwick.engine.tables import holds
from bailiwick.model.names import BUILT_IN_GROUPS
from bailiwick.model.requests import Reason

PRINCIPAL, GROUP, POLICY, ROLE, RESOURCE = "principal", "group", "policy", "role", "resource"
GUARDRAIL, ACCOUNT = "guardrail", "account"
MOST_PATHS = 5
# At which edge does each part of a policy fail, by the kind of node that the edge leads to?
_FAILS_AT: Mapping[str, str] = {
    "window": POLICY,
    "role": ROLE,
    "assigned role": ROLE,
    "service": RESOURCE,
    "scope": RESOURCE,
    "level": RESOURCE,
    "condition": RESOURCE,
    "qualifier": RESOURCE,
}
_LEADS: Mapping[str, str] = {
    GROUP: "is a member of",
    POLICY: "is granted by",
    ROLE: "gives the role",
    RESOURCE: "reaches",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One thing on the way. `kind` is one of the words above."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Edge:
    """How does the way go on? `holds` False: here it ends, `text` says why; what follows would be the rest."""

    text: str
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Path:
    """One way: nodes, and between each two an edge. `effect`: what the way brings, `allow` or `deny`.

    `reaches`: all of its edges hold.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    effect: str

    @property
    def reaches(self) -> bool:
        """Does it lead to the resource?"""
        return all(edge.holds for edge in self.edges)


def paths_of(
    compiled: CompiledAccount, explanation: Explanation, resource: str, now: float
) -> tuple[Path, ...]:
    """Which ways lead to the decision, or come nearest to another? The deciding ones first."""
    decision = explanation.decision
    if decision.reason is Reason.GUARDRAIL:
        found: Iterator[Path] = (_guarded(explanation, name, resource) for name in explanation.deciding)
    elif decision.allowed and not explanation.deciding:
        found = iter((_owning(compiled, explanation, resource),))
    elif decision.allowed or explanation.deciding:
        found = (
            _path(compiled, explanation, one, resource, now)
            for one in explanation.considered
            if one.applies and one.policy in explanation.deciding
        )
    else:
        applying = [one for one in explanation.considered if one.applies and one.effect == "allow"]
        nearest = [*applying, *explanation.near_misses]
        found = (_path(compiled, explanation, one, resource, now, decision.prerequisite) for one in nearest)
    return tuple(path for path, _ in zip(found, range(MOST_PATHS), strict=False))


def _guarded(explanation: Explanation, name: str, resource: str) -> Path:
    nodes = (Node(PRINCIPAL, explanation.principal), Node(GUARDRAIL, name), Node(RESOURCE, resource))
    return Path(nodes, (Edge("is bound by"), Edge("forbids it on")), "deny")


def _owning(compiled: CompiledAccount, explanation: Explanation, resource: str) -> Path:
    nodes = (
        Node(PRINCIPAL, explanation.principal),
        Node(ACCOUNT, compiled.account.name),
        Node(RESOURCE, resource),
    )
    return Path(nodes, (Edge("owns"), Edge("holds")), "allow")


def _path(
    compiled: CompiledAccount,
    explanation: Explanation,
    one: Considered,
    resource: str,
    now: float,
    prerequisite: str | None = None,
) -> Path:
    groups = _way_up(compiled, explanation.principal, one.subject, now)
    nodes = [Node(PRINCIPAL, explanation.principal), *(Node(GROUP, name) for name in groups)]
    nodes += [Node(POLICY, one.policy), Node(ROLE, one.role), Node(RESOURCE, resource)]
    fails_at = _FAILS_AT.get(one.failed, "")
    edges = []
    for node in nodes[1:]:
        if one.failed and node.kind == fails_at:
            edges.append(Edge(one.text, holds=False))
        elif node.kind == RESOURCE and one.applies and prerequisite is not None:
            edges.append(Edge(f"only together with {prerequisite}, which is not allowed", holds=False))
        else:
            edges.append(Edge(_lead(node, one)))
    return Path(tuple(nodes), tuple(edges), one.effect)


def _lead(node: Node, one: Considered) -> str:
    if node.kind == RESOURCE:
        return "denies it on" if one.effect == "deny" else "allows it on" if one.applies else "reaches"
    if node.kind == POLICY and one.effect == "deny":
        return "is bound by"
    return _LEADS[node.kind]


def _way_up(compiled: CompiledAccount, principal: str, subject: str, now: float) -> list[str]:
    """Through which groups, by name, is the principal this subject? The shortest way that holds now."""
    if subject == principal:
        return []
    name = subject.partition(":")[2]
    if name in BUILT_IN_GROUPS:
        return [name]
    came: dict[str, str] = {principal: ""}
    pending = deque([principal])
    while pending and subject not in came:
        member = pending.popleft()
        for group, window in compiled.parents.get(member, ()):
            if group not in came and holds(window, now):
                came[group] = member
                pending.append(group)
    way = []
    step = subject
    while step and step != principal:
        way.append(step.partition(":")[2])
        step = came.get(step, "")
    return way[::-1]
