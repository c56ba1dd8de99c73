"""Resource types and qualifiers of a service: documents to values and back.

Implements docs/spec.md 2.1, 2.6, 18.4 and 3.12 (grammar).
"""

from __future__ import annotations

from collections.abc import Mapping

from bailiwick.catalog.reading import Fields, is_text, parse_text
from bailiwick.errors import did_you_mean
from bailiwick.model.conditions import (
    NEGATED,
    All,
    Any,
    Condition,
    Not,
    format_condition,
    keys_of,
)
from bailiwick.model.names import SERVICE_TYPE, parse_name, parse_type_name
from bailiwick.model.services import (
    BUILT_IN_ATTRIBUTES,
    GOVERNABLE_ATTRIBUTES,
    Action,
    Qualifier,
    ResourceType,
)

PROJECT_CHANGES = ("free", "set-once", "fixed", "none")

_TYPE_FIELDS = (
    "title", "parents", "attributes", "inherits", "project", "stands_for_project", "attached_to",
    "governed_by",
)  # fmt: skip
_QUALIFIER_FIELDS = ("name", "title", "needs", "when", "differs")
_RESERVED_QUALIFIER = "any"


def parse_resource_types(fields: Fields) -> dict[str, ResourceType]:
    """Which resource types does the entry define?"""
    out: dict[str, ResourceType] = {}
    for name, data, path in fields.entries("resource_types"):
        if name == SERVICE_TYPE:
            fields.notes.add(path, f"resource type `{name}` exists in every service", "choose another name")
            continue
        if parse_text(name, path, fields.notes, parse_type_name) is not None:
            out[name] = _parse_type(
                name, Fields({} if data is None else data, path, fields.notes, _TYPE_FIELDS)
            )
    for name, type in out.items():
        for field, words in (("parents", type.parents), ("attached_to", type.attached_to)):
            for index, word in enumerate(words):
                if word not in out:
                    path = (*fields.at("resource_types"), name, field, index)
                    fields.notes.add(path, f"unknown resource type `{word}`", did_you_mean(word, out))
    _check_rooted(out, fields)
    return out


def format_resource_type(type: ResourceType) -> dict[str, object]:
    """Which document parses to this type?"""
    out: dict[str, object] = {"title": type.title} if type.title else {}
    out["parents"] = list(type.parents)
    out["attributes"] = [word for word in BUILT_IN_ATTRIBUTES if word in type.attributes]
    if type.inherits:
        out["inherits"] = [word for word in BUILT_IN_ATTRIBUTES if word in type.inherits]
    out["project"] = type.project
    if type.stands_for_project:
        out["stands_for_project"] = True
    if type.attached_to:
        out["attached_to"] = list(type.attached_to)
    if type.governed_by:
        out["governed_by"] = dict(type.governed_by)
    return out


def parse_qualifiers(fields: Fields) -> dict[str, Qualifier]:
    """Which qualifiers does the entry define?"""
    out: dict[str, Qualifier] = {}
    for data, path in fields.items("qualifiers"):
        qualifier = _parse_qualifier(Fields(data, path, fields.notes, _QUALIFIER_FIELDS))
        if qualifier is None:
            continue
        if qualifier.name in out:
            fields.notes.add((*path, "name"), f"duplicate qualifier `{qualifier.name}`")
        out[qualifier.name] = qualifier
    return out


def format_qualifier(qualifier: Qualifier) -> dict[str, object]:
    """Which document parses to this qualifier?"""
    out: dict[str, object] = {"name": qualifier.name}
    if qualifier.title:
        out["title"] = qualifier.title
    out["needs"] = sorted(qualifier.needs)
    out["when"] = format_condition(qualifier.when)
    if qualifier.differs:
        out["differs"] = qualifier.differs
    return out


def _parse_type(name: str, fields: Fields) -> ResourceType:
    if fields.has("attributes"):
        attributes = frozenset(fields.words("attributes", BUILT_IN_ATTRIBUTES, "attribute"))
    else:
        attributes = frozenset(BUILT_IN_ATTRIBUTES)
    inherits = frozenset(fields.words("inherits", BUILT_IN_ATTRIBUTES, "attribute"))
    for word in sorted(inherits - attributes):
        fields.notes.add(fields.at("inherits"), f"`{name}` inherits `{word}` but does not have it")
    project = fields.choice("project", PROJECT_CHANGES, "free" if "project" in attributes else "none")
    if project != "none" and "project" not in attributes:
        fields.notes.add(
            fields.at("project"), f"`{name}` has no attribute `project`", "write `project: none`"
        )
    return ResourceType(
        name=name,
        title=fields.text("title"),
        parents=fields.parsed_items("parents", parse_type_name),
        attributes=attributes,
        inherits=inherits,
        project=project,
        stands_for_project=fields.flag("stands_for_project"),
        attached_to=fields.parsed_items("attached_to", parse_type_name),
        governed_by=_parse_governed_by(name, attributes, fields),
    )


def _parse_governed_by(type: str, attributes: frozenset[str], fields: Fields) -> dict[str, str]:
    """Which action changes which attribute? Whether it exists is asked when the actions are known."""
    out: dict[str, str] = {}
    for word, action, path in fields.entries("governed_by"):
        if word not in GOVERNABLE_ATTRIBUTES:
            help = did_you_mean(word, GOVERNABLE_ATTRIBUTES)
            fields.notes.add(path, f"no action can govern `{word}`", help)
        elif word not in attributes:
            fields.notes.add(path, f"`{type}` has no attribute `{word}`")
        elif is_text(action, path, fields.notes):
            out[word] = action
    return out


def check_governed(fields: Fields, types: Mapping[str, ResourceType], actions: Mapping[str, Action]) -> None:
    """Is every action that changes an attribute one of the service, asked of that very type? (rule 18.4)"""
    for name, type in types.items():
        for word, id in type.governed_by.items():
            path = (*fields.at("resource_types"), name, "governed_by", word)
            action = actions.get(id)
            if action is None:
                fields.notes.add(path, f"unknown action `{id}`", did_you_mean(id, actions))
            elif action.resource_type != name:
                asked = "no resource type" if action.resource_type is None else f"`{action.resource_type}`"
                fields.notes.add(path, f"action `{id}` is asked of {asked}, expected `{name}`")


def _check_rooted(types: dict[str, ResourceType], fields: Fields) -> None:
    """Can every type stand somewhere? One whose ancestors never end in a type without parents cannot."""
    rooted = {name for name, type in types.items() if not type.parents}
    while more := {n for n, t in types.items() if n not in rooted and any(p in rooted for p in t.parents)}:
        rooted |= more
    for name, type in types.items():
        if name not in rooted and all(parent in types for parent in type.parents):
            path = (*fields.at("resource_types"), name, "parents")
            fields.notes.add(
                path, f"`{name}` lies below no type without parents", "let one of its ancestors have none"
            )


def _parse_qualifier(fields: Fields) -> Qualifier | None:
    fields.require("name", "when")
    name, when = fields.parsed("name", parse_name), fields.condition("when")
    if name == _RESERVED_QUALIFIER:
        fields.notes.add(
            fields.at("name"), "qualifier `any` cannot be defined", "a right without a qualifier means any"
        )
    if name is None or when is None:
        return None
    _check_positive(when, fields)
    read = frozenset(word for word in BUILT_IN_ATTRIBUTES if _reads(when, word))
    needs = (
        frozenset(fields.words("needs", BUILT_IN_ATTRIBUTES, "attribute")) if fields.has("needs") else read
    )
    for word in sorted(needs ^ read):
        verb = "reads" if word in read else "does not read"
        fields.notes.add(fields.at("needs"), f"the condition {verb} `resource.{word}`", "list what it reads")
    return Qualifier(name, fields.text("title"), needs, when, fields.text("differs"))


def _reads(when: Condition, attribute: str) -> bool:
    key = f"resource.{attribute}"
    return any(read == key or read.startswith(f"{key}.") for read in keys_of(when))


def _check_positive(condition: Condition, fields: Fields) -> None:
    """Does the qualifier only say what must be so? (An absent owner must never satisfy it.)"""
    if isinstance(condition, All | Any):
        for item in condition.items:
            _check_positive(item, fields)
    elif isinstance(condition, Not):
        fields.notes.add(fields.at("when"), "a qualifier takes no `not`")
    else:
        if condition.operator in NEGATED or condition.operator == "exists":
            fields.notes.add(fields.at("when"), f"a qualifier takes no `{condition.operator}`")
        if condition.missing is not None:
            fields.notes.add(fields.at("when"), "a qualifier takes no `missing`")
