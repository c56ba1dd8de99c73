"""Documents of kinds Account, Project and Resource: to values and back.

Implements docs/spec.md 1.1, 2.1 and 2.4 (grammar), and the documents of accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from bailiwick.catalog.document_principals import parse_owner
from bailiwick.catalog.properties import format_property, parse_properties, parse_tags
from bailiwick.catalog.reading import Fields
from bailiwick.errors import Invalid
from bailiwick.model.accounts import (
    DEFAULT_PROJECT_QUOTA,
    PROJECT_TYPES,
    Account,
    Project,
    Property,
    Resource,
)
from bailiwick.model.names import parse_group_reference, parse_name, parse_resource_name

NO_PROPERTIES: Mapping[str, Property] = {}
ACCOUNT_FIELDS = (
    "name",
    "owner",
    "suspended",
    "enterprise",
    "shares_reports",
    "description",
    "project_quota",
)
PROJECT_FIELDS = ("name", "type", "disabled", "default", "description")
RESOURCE_FIELDS = (
    "name", "project", "owner", "groups", "budget", "tags", "properties", "description", "attached_to",
)  # fmt: skip
MOST_PROJECTS = 10_000


def parse_account(fields: Fields, account: str) -> Account:
    """Which account is it? It holds nothing yet."""
    fields.require("name", "owner")
    owner = fields.parsed("owner", parse_owner) or ""
    return Account(
        account,
        owner,
        fields.flag("suspended"),
        description=fields.text("description"),
        enterprise=fields.parsed("enterprise", parse_name),
        shares_reports=fields.flag("shares_reports"),
        project_quota=fields.integer("project_quota", DEFAULT_PROJECT_QUOTA, 1, MOST_PROJECTS),
    )


def format_account(account: Account) -> dict[str, object]:
    """Which fields parse to this account? Nothing of what it holds."""
    out: dict[str, object] = {"name": account.name, "owner": account.owner}
    if account.suspended:
        out["suspended"] = True
    if account.enterprise is not None:
        out["enterprise"] = account.enterprise
    if account.shares_reports:
        out["shares_reports"] = True
    if account.description:
        out["description"] = account.description
    if account.project_quota != DEFAULT_PROJECT_QUOTA:
        out["project_quota"] = account.project_quota
    return out


def parse_project(fields: Fields, account: str) -> Project:
    """Which project is it?"""
    fields.require("name")
    return Project(
        name=fields.parsed("name", parse_name) or "",
        disabled=fields.flag("disabled"),
        default=fields.flag("default"),
        description=fields.text("description"),
        type=fields.choice("type", PROJECT_TYPES, PROJECT_TYPES[0]),
    )


def format_project(project: Project) -> dict[str, object]:
    """Which fields parse to this project?"""
    out: dict[str, object] = {"name": project.name}
    if project.type != PROJECT_TYPES[0]:
        out["type"] = project.type
    for flag in ("disabled", "default"):
        if getattr(project, flag):
            out[flag] = True
    if project.description:
        out["description"] = project.description
    return out


def parse_resource(fields: Fields, account: str) -> Resource:
    """Which resource is registered? Its name must be of this account."""
    fields.require("name")
    name = fields.parsed("name", _parse_resource_name)
    if name is not None and (of := parse_resource_name(name).account) != account:
        fields.notes.add(fields.at("name"), f"resource is of account `{of}`, expected `{account}`")
    groups = fields.parsed_items("groups", _known_group) if fields.has("groups") else None
    return Resource(
        name=name or "",
        project=fields.parsed("project", _known_name),
        owner=fields.parsed("owner", _known_owner),
        groups=_shared_groups(groups),
        budget=fields.parsed("budget", _known_name),
        tags=_shared_tags(tuple(parse_tags(fields).items())),
        properties=parse_properties(fields) or NO_PROPERTIES,
        description=fields.text("description"),
        attached_to=fields.parsed("attached_to", _parse_resource_name),
    )


# WHY remembered: a million resources have few projects, owners and tags among them, and each copy counts.
_known_name = lru_cache(maxsize=65536)(parse_name)
_known_owner = lru_cache(maxsize=65536)(parse_owner)
_known_group = lru_cache(maxsize=65536)(parse_group_reference)


@lru_cache(maxsize=65536)
def _shared_groups(groups: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return groups


@lru_cache(maxsize=65536)
def _shared_tags(tags: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return dict(tags)


def format_resource(resource: Resource) -> dict[str, object]:
    """Which fields parse to this resource?"""
    out: dict[str, object] = {"name": resource.name}
    for field in ("project", "owner", "budget", "attached_to"):
        if getattr(resource, field) is not None:
            out[field] = getattr(resource, field)
    if resource.groups is not None:
        out["groups"] = list(resource.groups)
    if resource.tags:
        out["tags"] = dict(resource.tags)
    if resource.properties:
        out["properties"] = {name: format_property(value) for name, value in resource.properties.items()}
    if resource.description:
        out["description"] = resource.description
    return out


def _parse_resource_name(text: str, place: str) -> str:
    try:
        parse_resource_name(text)
    except Invalid as error:
        raise Invalid.at(place, error.findings[0].message, error.findings[0].help) from None
    return text
