"""Documents of kinds Template, TemplateAssignment and TemplateAcceptance: to values and back.

Implements docs/spec.md section 21 (grammar). Inside a template stand documents of groups, roles and policies without
`kind` and `account`; findings name their place, such as `policies[0].roles[1]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from bailiwick.catalog.document_policies import (
    POLICY_FIELDS,
    ROLE_FIELDS,
    format_policy,
    format_role,
    parse_policy,
    parse_role,
)
from bailiwick.catalog.document_principals import GROUP_FIELDS, format_group, parse_group
from bailiwick.catalog.reading import Fields
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Group
from bailiwick.model.enterprises import parse_node
from bailiwick.model.names import parse_name
from bailiwick.model.policies import Policy
from bailiwick.model.services import Role
from bailiwick.model.templates import VERSION_MARK, Template, TemplateAcceptance, TemplateAssignment

MAX_VERSION = 9_999
MOST_PARTS = 100
TEMPLATE_FIELDS = ("name", "groups", "roles", "policies", "state", "description")
ASSIGNMENT_FIELDS = ("name", "template", "node", "description")
ACCEPTANCE_FIELDS = ("name", "version", "enterprise", "follows")
STATES = ("draft", "committed")

_VERSIONED = re.compile(r"(.+)@([1-9][0-9]{0,3})", re.DOTALL)
_GROUP_FIELDS = tuple(name for name in GROUP_FIELDS if name in ("name", "description"))
_ROLE_FIELDS = tuple(name for name in ROLE_FIELDS if name != "managed_by")
_POLICY_FIELDS = tuple(name for name in POLICY_FIELDS if name != "managed_by")

P = TypeVar("P", bound=Group | Role | Policy)


def parse_template(fields: Fields, account: str) -> Template:
    """Which version of which template is it?"""
    fields.require("name")
    groups = _parse_parts(fields, "groups", _GROUP_FIELDS, parse_group)
    roles = _parse_parts(fields, "roles", _ROLE_FIELDS, parse_role)
    policies = _parse_parts(fields, "policies", _POLICY_FIELDS, parse_policy)
    if not (groups or roles or policies or fields.notes.findings):
        fields.notes.add((), "the template defines nothing", "list `groups`, `roles` or `policies`")
    return Template(
        name=fields.parsed("name", parse_version_name) or "",
        groups=groups,
        roles=roles,
        policies=policies,
        committed=fields.choice("state", STATES, STATES[0]) == STATES[1],
        description=fields.text("description"),
    )


def format_template(template: Template) -> dict[str, object]:
    """Which fields parse to this template?"""
    out: dict[str, Any] = {"name": template.name}
    if template.groups:
        out["groups"] = [_without_members(format_group(group)) for group in template.groups]
    if template.roles:
        out["roles"] = [format_role(role) for role in template.roles]
    if template.policies:
        out["policies"] = [format_policy(policy) for policy in template.policies]
    if template.committed:
        out["state"] = STATES[1]
    if template.description:
        out["description"] = template.description
    return out


def parse_assignment(fields: Fields, account: str) -> TemplateAssignment:
    """Which version is offered below which node?"""
    fields.require("name", "template", "node")
    return TemplateAssignment(
        name=fields.parsed("name", parse_name) or "",
        template=fields.parsed("template", parse_version_name) or "",
        node=fields.parsed("node", parse_node) or "",
        description=fields.text("description"),
    )


def format_assignment(assignment: TemplateAssignment) -> dict[str, object]:
    """Which fields parse to this assignment?"""
    out: dict[str, object] = {
        "name": assignment.name,
        "template": assignment.template,
        "node": assignment.node,
    }
    if assignment.description:
        out["description"] = assignment.description
    return out


def parse_acceptance(fields: Fields, account: str) -> TemplateAcceptance:
    """Which version of which enterprise's template does the account hold?"""
    fields.require("name", "version", "enterprise")
    return TemplateAcceptance(
        name=fields.parsed("name", parse_template_name) or "",
        version=fields.integer("version", 1, 1, MAX_VERSION),
        enterprise=fields.parsed("enterprise", parse_name) or "",
        follows=fields.flag("follows"),
    )


def format_acceptance(acceptance: TemplateAcceptance) -> dict[str, object]:
    """Which fields parse to this acceptance?"""
    out: dict[str, object] = {
        "name": acceptance.name,
        "version": acceptance.version,
        "enterprise": acceptance.enterprise,
    }
    if acceptance.follows:
        out["follows"] = True
    return out


def parse_version_name(text: str, place: str) -> str:
    """Which version of which template is named, as `auditors@2`?"""
    found = _VERSIONED.fullmatch(text)
    if found is None:
        raise Invalid.at(
            place,
            f"`{text}` names no version of a template",
            "write it as `name@version`, such as `auditors@1`",
        )
    parse_template_name(found[1], place)
    return text


def parse_template_name(text: str, place: str) -> str:
    """Which template is named, without a version?"""
    parse_name(text, place, "template name")
    if VERSION_MARK in text:
        raise Invalid.at(place, f"`{text}` is no template name", f"it holds no `{VERSION_MARK}`")
    return text


def _parse_parts(
    fields: Fields, field: str, known: tuple[str, ...], parse: Callable[[Fields, str], P]
) -> tuple[P, ...]:
    """Which groups, roles or policies does the list hold? No name stands in it twice."""
    parts: dict[str, P] = {}
    for data, at in fields.items(field, most=MOST_PARTS):
        part = parse(Fields(data, at, fields.notes, known), "")
        if part.name in parts:
            fields.notes.add((*at, "name"), f"duplicate `{part.name}`")
        parts[part.name] = part
    return tuple(parts.values())


def _without_members(document: dict[str, object]) -> dict[str, object]:
    """A group of a template has no members: those are the account's to add."""
    return {name: value for name, value in document.items() if name != "members"}
