"""Documents of kinds Policy, Guardrail and Role: to values and back.

Implements docs/spec.md 3.5, 4.1 and 7.7 (grammar), and the documents of accounts.
"""

from __future__ import annotations

from bailiwick.catalog.managing import format_manager, parse_manager
from bailiwick.catalog.reading import Fields
from bailiwick.catalog.rights import format_right, parse_action_pattern, parse_right
from bailiwick.catalog.scopes import (
    STATES,
    WINDOW_FIELDS,
    format_scope,
    format_window,
    parse_scope,
    parse_window,
)
from bailiwick.model.conditions import format_condition
from bailiwick.model.enterprises import parse_node
from bailiwick.model.names import parse_name, parse_subject, parse_type_name
from bailiwick.model.policies import Guardrail, Policy
from bailiwick.model.services import Role

POLICY_FIELDS = (
    "name", "subjects", "roles", "scope", "when", *WINDOW_FIELDS, "effect", "state", "description", "managed_by",
)  # fmt: skip
GUARDRAIL_FIELDS = (
    "name", "node", "actions", "except_actions", "scope", "when", *WINDOW_FIELDS, "state", "description",
)  # fmt: skip
ROLE_FIELDS = ("name", "service", "title", "description", "held_by", "rights", "managed_by")


def parse_policy(fields: Fields, account: str) -> Policy:
    """Which policy is it?"""
    fields.require("name", "subjects", "roles")
    _refuse_empty(fields, "subjects", "roles")
    return Policy(
        name=fields.parsed("name", parse_name) or "",
        subjects=fields.parsed_items("subjects", parse_subject),
        roles=fields.parsed_items("roles", parse_role_reference),
        scope=parse_scope(fields),
        when=fields.condition("when"),
        window=parse_window(fields),
        effect=fields.choice("effect", ("allow", "deny"), "allow"),
        enabled=fields.choice("state", STATES, "enabled") == "enabled",
        description=fields.text("description"),
        managed_by=parse_manager(fields),
    )


def format_policy(policy: Policy) -> dict[str, object]:
    """Which fields parse to this policy?"""
    out: dict[str, object] = {
        "name": policy.name,
        "subjects": list(policy.subjects),
        "roles": list(policy.roles),
    }
    if policy.effect != "allow":
        out["effect"] = policy.effect
    return {**out, **_format_reach(policy), **format_manager(policy.managed_by)}


def parse_guardrail(fields: Fields, account: str) -> Guardrail:
    """Which guardrail is it?"""
    fields.require("name", "actions")
    _refuse_empty(fields, "actions")
    return Guardrail(
        name=fields.parsed("name", parse_name) or "",
        actions=fields.parsed_items("actions", parse_action_pattern),
        scope=parse_scope(fields),
        when=fields.condition("when"),
        window=parse_window(fields),
        enabled=fields.choice("state", STATES, "enabled") == "enabled",
        description=fields.text("description"),
        except_actions=fields.parsed_items("except_actions", parse_action_pattern),
        node=fields.parsed("node", parse_node),
    )


def format_guardrail(guardrail: Guardrail) -> dict[str, object]:
    """Which fields parse to this guardrail?"""
    out: dict[str, object] = {"name": guardrail.name}
    if guardrail.node is not None:
        out["node"] = guardrail.node
    out["actions"] = list(guardrail.actions)
    if guardrail.except_actions:
        out["except_actions"] = list(guardrail.except_actions)
    return {**out, **_format_reach(guardrail)}


def parse_role(fields: Fields, account: str) -> Role:
    """Which custom role is it?"""
    fields.require("name", "service", "rights")
    _refuse_empty(fields, "rights")
    service = fields.parsed("service", parse_type_name) or ""
    rights = []
    for data, path in fields.items("rights"):
        right = parse_right(data, path, fields.notes, service)
        if service and right.service != service:
            message = f"a role of `{service}` cannot name service `{right.service}`"
            fields.notes.add(
                (*path, "service"), message, "leave `service` out, or make a role for each service"
            )
        rights.append(right)
    return Role(
        service=service,
        name=fields.parsed("name", parse_name) or "",
        kind="service",
        rights=tuple(rights),
        custom=True,
        title=fields.text("title"),
        description=fields.text("description"),
        held_by=fields.text("held_by"),
        managed_by=parse_manager(fields),
    )


def format_role(role: Role) -> dict[str, object]:
    """Which fields parse to this custom role?"""
    out: dict[str, object] = {"name": role.name, "service": role.service}
    for field in ("title", "description", "held_by"):
        if getattr(role, field):
            out[field] = getattr(role, field)
    out["rights"] = [format_right(right, role.service) for right in role.rights]
    return {**out, **format_manager(role.managed_by)}


def parse_role_reference(text: str, place: str) -> str:
    """Which role is named, as `name` or `service/name`?"""
    service, slash, name = text.partition("/")
    if not slash:
        return parse_name(text, place, "role name")
    parse_type_name(service, place)
    parse_name(name, place, "role name")
    return text


def _refuse_empty(fields: Fields, *names: str) -> None:
    for name in names:
        if fields.data.get(name) == []:
            fields.notes.add(fields.at(name), f"`{name}` is empty, expected at least one")


def _format_reach(value: Policy | Guardrail) -> dict[str, object]:
    """Which fields say where and when it holds?"""
    out: dict[str, object] = {}
    scope = format_scope(value.scope)
    if scope:
        out["scope"] = scope
    if value.when is not None:
        out["when"] = format_condition(value.when)
    out.update(format_window(value.window))
    if not value.enabled:
        out["state"] = "disabled"
    if value.description:
        out["description"] = value.description
    return out
