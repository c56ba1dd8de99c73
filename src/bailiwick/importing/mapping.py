"""What another system's names mean in this installation: the mapping file, as values.

Implements docs/spec.md 23.2; the format is in `docs/importing.md`. Whether what it names exists is `known`'s question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields, parse_some_text
from bailiwick.catalog.sources import parse_documents
from bailiwick.errors import Invalid
from bailiwick.importing.globs import Slot, Template
from bailiwick.importing.keys import TYPES, Key
from bailiwick.model.conditions import parse_condition
from bailiwick.model.names import parse_subject, parse_type_name

FIELDS = ("kind", "provider", "account", "services", "keys", "roles", "subjects", "projects")
SERVICE_FIELDS = ("service", "actions", "resources", "types")
PROVIDERS = ("aws", "huawei", "ibm")
KIND = "ImportMapping"
SAME = "same"
REGION = "region"

_SLOT = re.compile(r"\{([a-z][a-z0-9-]*)\}")


@dataclass(frozen=True, slots=True)
class Form:
    """How are resources of a type written there? `template` is the whole ARN; `type` is its last slot."""

    type: str
    template: Template
    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceMapping:
    """What does a service of theirs mean? `actions` None: the catalog has theirs, letter for letter.

    `types`: their resource types to the catalog's.
    """

    service: str
    actions: Mapping[str, tuple[str, ...]] | None = None
    forms: tuple[Form, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """What do their names mean here? `account` is theirs; texts that are not mapped are not in the mappings."""

    provider: str
    account: str = ""
    services: Mapping[str, ServiceMapping] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    projects: Mapping[str, str] = field(default_factory=dict)


def parse_mapping(text: str, file: str, provider: str) -> ImportMapping:
    """Which mapping is this YAML text? Raises Invalid with every finding."""
    documents = parse_documents(text, file)
    if len(documents) != 1:
        raise Invalid.at(file, f"expected one document of kind `{KIND}`, got {len(documents)}")
    [source] = documents
    notes = Collector(source.locate)
    fields = Fields(source.data, (), notes, FIELDS)
    fields.require("kind", "provider")
    fields.choice("kind", (KIND,), KIND)
    if fields.choice("provider", PROVIDERS, provider) != provider:
        notes.add(
            ("provider",), f"expected a mapping of `{provider}`, got one of `{source.data['provider']}`"
        )
    mapping = ImportMapping(
        provider=provider,
        account=fields.text("account"),
        services={name: _service(data, path, notes, name) for name, data, path in fields.entries("services")},
        keys={name: _key(data, path, notes) for name, data, path in fields.entries("keys")},
        roles=_texts(fields, "roles"),
        subjects=_subjects(fields),
        projects=_texts(fields, "projects"),
    )
    notes.raise_if_any()
    return mapping


def _service(data: object, path: tuple[str | int, ...], notes: Collector, prefix: str) -> ServiceMapping:
    fields = Fields(data, path, notes, SERVICE_FIELDS)
    fields.require("service")
    actions: dict[str, tuple[str, ...]] | None = None
    if fields.data.get("actions") not in (None, SAME):
        actions = {}
        for name, value, place in fields.entries("actions"):
            inner = Fields({"to": value if isinstance(value, list) else [value]}, place, notes, ("to",))
            actions[name] = inner.texts("to")
            if ":" in name or "*" in name or not name:
                help = f"write `{name.partition(':')[2]}` below `{prefix}`"
                notes.add(place, f"`{name}` is no action name without its service", help)
    return ServiceMapping(
        service=fields.parsed("service", parse_type_name) or "",
        actions=actions,
        forms=tuple(_form(item, place, notes) for item, place in fields.items("resources")),
        types=_texts(fields, "types"),
    )


def _form(data: object, path: tuple[str | int, ...], notes: Collector) -> Form:
    fields = Fields(data, path, notes, ("type", "arn", "without"))
    fields.require("type", "arn")
    type = fields.parsed("type", parse_type_name) or ""
    text = fields.text("arn")
    parts = _SLOT.split(text)
    names = parts[1::2]
    if names[-1:] != [type] or parts[-1] or len(set(names)) < len(names):
        notes.add(
            (*path, "arn"), f"`{text}` does not end with `{{{type}}}`", "one slot for each type of the path"
        )
    if any(not between for between in parts[2:-1:2]) or "*" in text or "?" in text:
        notes.add((*path, "arn"), f"`{text}` has two slots side by side, or a wildcard", "put a text between")
    if text.count(":") < 5:
        notes.add((*path, "arn"), f"`{text}` has not the six segments of an ARN")
    template: list[str | Slot] = []
    for index, part in enumerate(parts):
        if index % 2:
            following = parts[index + 1][:1] or fields.text("without")
            template.append(Slot(part, ":" if part == REGION else following))
        elif part:
            template.append(part)
    return Form(type, tuple(template), tuple(names))


def _key(data: object, path: tuple[str | int, ...], notes: Collector) -> Key:
    fields = Fields(data, path, notes, ("key", "type", "prefix"))
    fields.require("key")
    attribute = fields.text("key")
    type = fields.choice("type", TYPES, "string")
    prefix = fields.text("prefix")
    if attribute == "now" or type == "now":
        if (attribute, type) != ("now", "now"):
            notes.add(path, "`now` is both `key` and `type`, or neither", "write {key: now, type: now}")
        return Key("now", "now")
    try:
        parse_condition({"key": attribute, "operator": "exists", "value": True})
    except Invalid as error:
        for finding in error.findings:
            notes.add((*path, "key"), finding.message, finding.help)
    if prefix and attribute not in ("principal.id", "resource.owner"):
        notes.add((*path, "prefix"), "only a principal's reference has a prefix", "such as `user:`")
    return Key(attribute, type, prefix)


def _texts(fields: Fields, name: str) -> dict[str, str]:
    return {
        word: Fields({"to": value}, path, fields.notes, ("to",)).parsed("to", parse_some_text) or ""
        for word, value, path in fields.entries(name)
    }


def _subjects(fields: Fields) -> dict[str, str]:
    return {
        word: Fields({"to": value}, path, fields.notes, ("to",)).parsed("to", parse_subject) or ""
        for word, value, path in fields.entries("subjects")
    }
