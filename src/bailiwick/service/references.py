"""Names in documents, uids in the store: translation at the edge.

A name is free again after its object is deleted, a uid never; so what is stored refers to uids, and a new
object that takes an old name inherits nothing. A bound reference is `{"uid": …}`; text that refers to nothing
stored (system roles, built-in groups, patterns) stays text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bailiwick.service.kinds import KIND_OF_NODE, KIND_OF_PREFIX, KINDS, NODE_TYPES

Document = dict[str, Any]
Target = tuple[str, str]
Find = Callable[[Target], str | None]

_REFERENCES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Account": (("owner",),),
    "User": (("owner",), ("provisioned_by",)),
    "ServiceId": (("owner",),),
    "Profile": (("trust", "*"),),
    "Group": (("members", "*"), ("members", "*", "member"), ("provisioned_by",)),
    "Application": (("acts_as",),),
    "Policy": (("subjects", "*"),),
    "Resource": (("owner",), ("groups", "*")),
    "FederationRule": (("groups", "*"),),
}
_NAMES: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "Policy": (
        (("roles", "*"), "Role"),
        (("scope", "project"), "Project"),
        (("scope", "project", "*"), "Project"),
    ),
    "Guardrail": ((("scope", "project"), "Project"), (("scope", "project", "*"), "Project")),
    "TemplateAssignment": ((("template",), "Template"),),
    "FederationRule": ((("provider",), "IdentityProvider"),),
    "Resource": ((("project",), "Project"), (("attached_to",), "Resource")),
}
_NODES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "AccountGroup": (("parent",),),
    "EnterpriseAccount": (("parent",),),
    "Guardrail": (("node",),),
    "TemplateAssignment": (("node",),),
}


def bind(kind: str, document: Document, find: Find) -> Document:
    """What is stored for this document? `find` gives the uid of a (kind, name), or None."""

    def by_reference(value: Any) -> Any:
        target = parse_target(value)
        uid = None if target is None else find(target)
        return value if uid is None else {"uid": uid}

    bound = document
    for path in _REFERENCES.get(kind, ()):
        bound = _replace(bound, path, by_reference)
    for path, word in _NAMES.get(kind, ()):
        bound = _replace(bound, path, _name_binder(word, find))

    def by_node(value: object) -> object:
        node, _, name = str(value).partition(":")
        uid = find((KIND_OF_NODE[node], name)) if node in KIND_OF_NODE else None
        return value if uid is None else {"uid": uid}

    for path in _NODES.get(kind, ()):
        bound = _replace(bound, path, by_node)
    return bound


def unbind(kind: str, stored: Document, name_of: Mapping[str, Target]) -> Document:
    """Which document is this stored one, by today's names? `name_of` maps uids to (kind, name)."""

    def back(value: Any) -> Any:
        if not isinstance(value, dict) or set(value) != {"uid"}:
            return value
        word, name = name_of[value["uid"]]
        return f"{NODE_TYPES[word]}:{name}" if word in NODE_TYPES else f"{KINDS[word].prefix}{name}"

    document = stored
    for path in _REFERENCES.get(kind, ()):
        document = _replace(document, path, back)
    for path in (*(named for named, _ in _NAMES.get(kind, ())), *_NODES.get(kind, ())):
        document = _replace(document, path, back)
    return document


def parse_target(reference: object) -> Target | None:
    """Which stored object does a reference such as `group:dev` mean, as (kind, name)?"""
    if not isinstance(reference, str):
        return None
    prefix, colon, name = reference.partition(":")
    word = KIND_OF_PREFIX.get(prefix + colon)
    return None if word is None else (word, name)


def _name_binder(word: str, find: Find) -> Callable[[object], object]:
    def by_name(value: object) -> object:
        uid = find((word, value)) if isinstance(value, str) else None
        return value if uid is None else {"uid": uid}

    return by_name


def _replace(node: Any, path: tuple[str, ...], change: Callable[[Any], Any]) -> Any:
    """The same tree with `change` made at every place of the path that exists; what is untouched is shared."""
    if not path:
        return change(node)
    step, rest = path[0], path[1:]
    if step == "*":
        return [_replace(item, rest, change) for item in node] if isinstance(node, list) else node
    if isinstance(node, dict) and step in node:
        return {**node, step: _replace(node[step], rest, change)}
    return node
