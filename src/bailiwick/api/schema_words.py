"""The words of the OpenAPI document's shapes: texts, lists, objects, and what each field of a document holds.

It must not validate: `catalog.documents` reads bodies.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
TEXTS: Schema = {"type": "array", "items": TEXT}
ANYTHING: Schema = {"type": "object", "additionalProperties": True}
MEMBERS: Schema = {"type": "array", "items": {"oneOf": [TEXT, {"$ref": "#/components/schemas/Membership"}]}}

FIELDS: dict[str, Schema] = {
    "access_token_seconds": {"type": "integer"},
    "acts_as": {"type": "string", "description": "a service ID, such as `service-id:portal`"},
    "audiences": TEXTS,
    "first_party": FLAG,
    "post_logout_redirect_uris": TEXTS,
    "redirect_uris": TEXTS,
    "refresh_idle_seconds": {"type": "integer"},
    "refresh_token_seconds": {"type": "integer"},
    "access": {"type": "string", "enum": ["both", "console", "programmatic"], "default": "both"},
    "actions": TEXTS,
    "attached_to": {
        "type": "string",
        "description": "the name of the registered resource that it belongs to",
    },
    "budget": TEXT,
    "budgets": TEXTS,
    "default": FLAG,
    "description": TEXT,
    "disabled": FLAG,
    "effect": {"type": "string", "enum": ["allow", "deny"], "default": "allow"},
    "email": TEXT,
    "expires_at": INSTANT,
    "external_id": {"type": "string", "description": "how the provisioner's directory knows it"},
    "groups": TEXTS,
    "held_by": TEXT,
    "except_actions": TEXTS,
    "enterprise": {
        "type": "string",
        "description": "the management account of the enterprise",
    },
    "follows": FLAG,
    "managed_by": {"type": "string", "description": "the template that manages it, as `template:NAME`"},
    "locked": FLAG,
    "maximum_session_seconds": {"type": "integer"},
    "members": MEMBERS,
    "name": TEXT,
    "node": {
        "type": "string",
        "description": "below which node it holds, such as `account-group:production`",
    },
    "parent": {"type": "string", "description": "the node above, such as `enterprise:acme`"},
    "owner": {"type": "string", "description": "a principal, such as `user:alice`"},
    "policies": TEXTS,
    "provisioned_by": {
        "type": "string",
        "description": "the service ID that keeps it in step with a directory, as `service-id:NAME`",
    },
    "project": TEXT,
    "project_quota": {"type": "integer"},
    "properties": ANYTHING,
    "rights": {"type": "array", "items": {"$ref": "#/components/schemas/Right"}},
    "roles": TEXTS,
    "scope": {"$ref": "#/components/schemas/Scope"},
    "service": TEXT,
    "shares_reports": {
        "type": "boolean",
        "description": "the enterprise is told in numbers what a guardrail would stop",
    },
    "starts_at": INSTANT,
    "state": {"type": "string", "enum": ["enabled", "disabled"], "default": "enabled"},
    "subjects": TEXTS,
    "suspended": FLAG,
    "template": {"type": "string", "description": "a version of a template, such as `auditors@1`"},
    "tags": {"type": "object", "additionalProperties": TEXT},
    "title": TEXT,
    "trust": TEXTS,
    "version": {"type": "integer"},
    "type": {"type": "string", "enum": ["prod", "poc"], "default": "prod"},
    "when": {"$ref": "#/components/schemas/Condition"},
}


def object_of(properties: dict[str, Schema], required: list[str] | None = None, **more: Any) -> Schema:
    """Which shape is an object with these fields?"""
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        **more,
    }


def array_of(name: str) -> Schema:
    """Which shape is a list of the named shape?"""
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


ONE_OR_MORE: Schema = {"oneOf": [TEXT, TEXTS]}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
REVISION: Schema = object_of({"account": TEXT, "enterprise": TEXT, "system": TEXT})
