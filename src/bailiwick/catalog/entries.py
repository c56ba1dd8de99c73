"""One service of the catalog: its document to a value, strictly, and back.

System services and an account's own take the same path. Must not know other services: what a right
of another service names is checked where the whole catalog is known (`catalog.load_catalog`).
Implements docs/spec.md section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bailiwick.catalog.citations import format_citations, parse_citations
from bailiwick.catalog.entry_actions import format_action, format_operation, parse_actions, parse_operations
from bailiwick.catalog.entry_roles import (
    ADMINISTRATOR,
    derive_platform_roles,
    format_role,
    implied_rights,
    parse_roles,
)
from bailiwick.catalog.entry_types import (
    check_governed,
    format_qualifier,
    format_resource_type,
    parse_qualifiers,
    parse_resource_types,
)
from bailiwick.catalog.places import Collector, Locate, Path, nowhere
from bailiwick.catalog.reading import Fields
from bailiwick.catalog.rights import check_right
from bailiwick.model.names import parse_type_name
from bailiwick.model.policies import SCOPE_ATTRIBUTES
from bailiwick.model.services import PLATFORM_ROLES, Action, Role, Service

KIND = "Service"
LOCALITIES = ("regional", "global")

_FIELDS = (
    "kind", "account", "name", "title", "description", "source", "differs", "locality", "instances",
    "case_insensitive_ids", "scope_attributes", "platform_roles", "unsupported_roles", "resource_types",
    "qualifiers", "actions", "operations", "roles",
)  # fmt: skip
_SCOPE_ATTRIBUTES = SCOPE_ATTRIBUTES[1:]


def parse_service(
    data: Mapping[str, object], locate: Locate = nowhere, account: str | None = None
) -> Service:
    """Which service does this document define? With `account`: one of that account's own.

    Raises: Invalid, with every finding.
    """
    notes = Collector(locate)
    fields = Fields(data, (), notes, _FIELDS)
    service = _parse(fields, account)
    notes.raise_if_any()
    return service


def format_service(service: Service) -> dict[str, object]:
    """Which document parses to this service? Derived roles and implied rights are left out."""
    out: dict[str, object] = {"kind": KIND}
    if service.account is not None:
        out["account"] = service.account
    out |= {"name": service.name, "title": service.title}
    if service.description:
        out["description"] = service.description
    if service.source:
        out["source"] = format_citations(service.source)
    if service.differs:
        out["differs"] = list(service.differs)
    out["locality"] = "regional" if service.regional else "global"
    out["instances"] = service.instances
    out["case_insensitive_ids"] = service.case_insensitive_ids
    out["scope_attributes"] = [word for word in _SCOPE_ATTRIBUTES if word in service.scope_attributes]
    derived = _derive(service.name, service.actions, service.unsupported_roles)
    is_derived = all(service.roles.get(name) == role for name, role in derived.items())
    out["platform_roles"] = "derived" if is_derived else "listed"
    out["unsupported_roles"] = [name for name in PLATFORM_ROLES if name in service.unsupported_roles]
    out["resource_types"] = {
        name: format_resource_type(type) for name, type in service.resource_types.items()
    }
    if service.qualifiers:
        out["qualifiers"] = [format_qualifier(qualifier) for qualifier in service.qualifiers.values()]
    out["actions"] = [format_action(action) for action in service.actions.values()]
    if service.operations:
        out["operations"] = [format_operation(operation) for operation in service.operations.values()]
    listed = [role for role in service.roles.values() if not (is_derived and role.name in derived)]
    out["roles"] = [format_role(role) for role in listed]
    return out


def _parse(fields: Fields, account: str | None) -> Service:
    fields.choice("kind", (KIND,), KIND)
    fields.require("name", "title", "actions")
    name = fields.parsed("name", parse_type_name) or ""
    folded = fields.flag("case_insensitive_ids")
    types = parse_resource_types(fields)
    actions = parse_actions(fields, name, types, folded=folded)
    check_governed(fields, types, actions)
    unsupported = frozenset(fields.words("unsupported_roles", PLATFORM_ROLES, "platform role"))
    roles, paths = _parse_all_roles(fields, name, actions, unsupported)
    regional = fields.choice("locality", LOCALITIES, "regional") == "regional"
    instances = fields.flag("instances")
    service = Service(
        name=name,
        title=fields.text("title"),
        resource_types=types,
        actions=actions,
        roles=roles,
        operations=parse_operations(fields, actions),
        qualifiers=parse_qualifiers(fields),
        scope_attributes=_parse_scope_attributes(fields, regional=regional, instances=instances),
        regional=regional,
        instances=instances,
        unsupported_roles=unsupported,
        case_insensitive_ids=folded,
        source=parse_citations(fields),
        differs=fields.texts("differs"),
        description=fields.text("description"),
        account=account,
    )
    _check_account(fields, account)
    _check_roles(service, paths, fields.notes)
    return service


def _parse_scope_attributes(fields: Fields, *, regional: bool, instances: bool) -> frozenset[str]:
    impossible = {"region": not regional, "instance": not instances}
    if not fields.has("scope_attributes"):
        return frozenset(word for word in _SCOPE_ATTRIBUTES if not impossible.get(word))
    words = fields.words("scope_attributes", _SCOPE_ATTRIBUTES, "scope attribute")
    for word in words:
        if impossible.get(word):
            what = "is global" if word == "region" else "has no instances"
            fields.notes.add(
                fields.at("scope_attributes"), f"`{word}` cannot be constrained: the service {what}"
            )
    return frozenset(words)


def _parse_all_roles(
    fields: Fields, service: str, actions: Mapping[str, Action], unsupported: frozenset[str]
) -> tuple[dict[str, Role], dict[str, Path]]:
    """Which roles has the service: those listed, and the platform roles derived or completed?"""
    listed, paths = parse_roles(fields, service)
    is_derived = fields.choice("platform_roles", ("derived", "listed"), "derived") == "derived"
    for name in PLATFORM_ROLES:
        if name in listed and (is_derived or name in unsupported):
            why = "follows from the access levels" if name not in unsupported else "is unsupported"
            help = "write `platform_roles: listed` to list it" if is_derived else None
            fields.notes.add((*paths[name], "name"), f"platform role `{name}` {why}", help)
        if not is_derived and name not in listed and name not in unsupported:
            help = "list it under `roles` or under `unsupported_roles`"
            fields.notes.add(
                fields.at("roles"), f"platform role `{name}` is neither listed nor unsupported", help
            )
    if is_derived:
        return {**_derive(service, actions, unsupported), **listed}, paths
    if ADMINISTRATOR in listed:
        role = listed[ADMINISTRATOR]
        listed[ADMINISTRATOR] = replace(role, rights=role.rights + implied_rights(service))
    return listed, paths


def _derive(service: str, actions: Mapping[str, Action], unsupported: frozenset[str]) -> dict[str, Role]:
    derived = derive_platform_roles(service, actions, unsupported)
    if ADMINISTRATOR in derived:
        role = derived[ADMINISTRATOR]
        derived[ADMINISTRATOR] = replace(role, rights=role.rights + implied_rights(service))
    return derived


def _check_account(fields: Fields, account: str | None) -> None:
    written = fields.text("account")
    if written and account is None:
        fields.notes.add(
            fields.at("account"), "a system service belongs to no account", "leave the field out"
        )
    elif written and written != account:
        fields.notes.add(fields.at("account"), f"document is of account `{written}`, expected `{account}`")


def _check_roles(service: Service, paths: Mapping[str, Path], notes: Collector) -> None:
    """Do the rights on the service itself fit it, and does an own service keep to itself?"""
    for name, path in paths.items():
        for index, right in enumerate(service.roles[name].rights):
            place = (*path, "rights", index)
            if right.service == service.name:
                check_right(right, place, notes, service)
            elif service.account is not None and right not in implied_rights(service.name):
                help = f"leave `service` out: the right is one of `{service.name}`"
                notes.add(
                    (*place, "service"),
                    f"a right of `{service.name}` cannot name service `{right.service}`",
                    help,
                )
