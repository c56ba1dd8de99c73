"""What conditions can see: the principal, the resource, the action, the context, the grant.

Implements docs/spec.md rules 2.7 to 2.9 and 6.1. Pure; a key becomes a function once, at compile time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bailiwick.engine.resources import (
    BUDGET,
    GROUPS,
    INSTANCE,
    OWNER,
    PROJECT,
    REGION,
    TAGS,
    Resolved,
)
from bailiwick.model.accounts import Property
from bailiwick.model.requests import ABSENT, UNKNOWN, State

Known = Property | tuple[str, ...]
Attribute = Known | State


# WHY: not frozen, because one is made for each policy that is tested and a frozen one takes five times as long.
@dataclass(slots=True)
class Facts:
    """Everything that one evaluation of conditions may read. `subject` is None in guardrails."""

    principal: str
    groups: tuple[str, ...]
    budgets: tuple[str, ...]
    stored_properties: Mapping[str, Property]
    said_properties: Mapping[str, Property]
    resource: Resolved
    action_properties: Mapping[str, Property]
    context: Mapping[str, Property]
    account: str
    subject: str | None = None


Getter = Callable[[Facts], Attribute]

_BITS = {
    "region": REGION, "instance": INSTANCE, "project": PROJECT, "owner": OWNER, "groups": GROUPS, "budget": BUDGET,
}  # fmt: skip


def compile_key(key: str) -> Getter:
    """Which function reads this attribute? Keys were checked when the condition was parsed."""
    head, _, rest = key.partition(".")
    if head == "principal":
        return _principal_getter(rest)
    if head == "resource":
        return _resource_getter(rest)
    if head == "action":
        path = tuple(rest.split(".")[1:])
        return lambda facts: _walk(facts.action_properties, path)
    if head == "context":
        path = tuple(rest.split("."))
        return lambda facts: _walk(facts.context, path)
    return lambda facts: ABSENT if facts.subject is None else facts.subject


def _principal_getter(name: str) -> Getter:
    if name.startswith("properties."):
        path = tuple(name.split(".")[1:])
        return lambda facts: _walk_either(facts.stored_properties, facts.said_properties, path)
    if name == "id":
        return lambda facts: facts.principal
    if name == "kind":
        # WHY rpartition: who comes from another account is called `account:dev/user:alice` (rule 22.4).
        return lambda facts: facts.principal.rpartition("/")[2].partition(":")[0]
    if name == "groups":
        return lambda facts: facts.groups
    return lambda facts: facts.budgets


def _resource_getter(name: str) -> Getter:
    if name.startswith("tags."):
        return _tag_getter(name[5:])
    if name.startswith("properties."):
        path = tuple(name.split(".")[1:])
        return lambda facts: _property(facts.resource, path)
    if name == "account":
        return lambda facts: facts.account or UNKNOWN
    if name == "service":
        return lambda facts: facts.resource.service or UNKNOWN
    if name in ("type", "id"):
        return _node_getter(0 if name == "type" else 1)
    bit = _BITS[name]

    def read(facts: Facts) -> Attribute:
        value: Known | None = getattr(facts.resource, name)
        if value is not None:
            return value
        return UNKNOWN if facts.resource.unknown & bit else ABSENT

    return read


def _node_getter(part: int) -> Getter:
    def read(facts: Facts) -> Attribute:
        nodes = facts.resource.nodes
        if not nodes:
            return ABSENT
        return nodes[-1][part] or UNKNOWN

    return read


def _tag_getter(name: str) -> Getter:
    def read(facts: Facts) -> Attribute:
        tags = facts.resource.tags
        value = None if tags is None else tags.get(name)
        if value is not None:
            return value
        return UNKNOWN if facts.resource.unknown & TAGS else ABSENT

    return read


def _property(resource: Resolved, path: tuple[str, ...]) -> Attribute:
    if resource.properties is None:
        return ABSENT
    return _walk_either(resource.properties, resource.said_properties, path)


def _walk_either(
    stored: Mapping[str, Property], said: Mapping[str, Property], path: tuple[str, ...]
) -> Attribute:
    return _walk(stored if path[0] in stored else said, path)


def _walk(tree: Mapping[str, Property], path: tuple[str, ...]) -> Attribute:
    node: Property | Mapping[str, Property] = tree
    for step in path:
        if not isinstance(node, Mapping) or step not in node:
            return UNKNOWN
        node = node[step]
    return node
