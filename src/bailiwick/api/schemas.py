"""The shapes of bodies for the OpenAPI document: documents field by field, and the answers around them.

Documents' fields come from the catalog's own tables, so that the page cannot list others; what a field holds is below.
It must not validate: `catalog.documents` reads bodies.
"""

from __future__ import annotations

from typing import Any

from bailiwick.catalog.document_enterprises import (
    ACCOUNT_GROUP_FIELDS,
    ENTERPRISE_ACCOUNT_FIELDS,
    ENTERPRISE_FIELDS,
)
from bailiwick.catalog.document_policies import GUARDRAIL_FIELDS, POLICY_FIELDS, ROLE_FIELDS
from bailiwick.catalog.document_principals import (
    GROUP_FIELDS,
    PROFILE_FIELDS,
    SERVICE_ID_FIELDS,
    USER_FIELDS,
)
from bailiwick.catalog.document_resources import ACCOUNT_FIELDS, PROJECT_FIELDS, RESOURCE_FIELDS
from bailiwick.catalog.document_templates import ACCEPTANCE_FIELDS, ASSIGNMENT_FIELDS, TEMPLATE_FIELDS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
TEXTS: Schema = {"type": "array", "items": TEXT}
ANYTHING: Schema = {"type": "object", "additionalProperties": True}
MEMBERS: Schema = {"type": "array", "items": {"oneOf": [TEXT, {"$ref": "#/components/schemas/Membership"}]}}

FIELDS: dict[str, Schema] = {
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
    "groups": TEXTS,
    "held_by": TEXT,
    "except_actions": TEXTS,
    "enterprise": {
        "type": "string",
        "description": "the management account of the enterprise",
    },
    "follows": FLAG,
    "managed_by": {"type": "string", "description": "the template that manages it, as `template:NAME`"},
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
_FIELDS_OF: dict[str, tuple[str, ...]] = {
    "Account": ACCOUNT_FIELDS,
    "User": USER_FIELDS,
    "ServiceId": SERVICE_ID_FIELDS,
    "Profile": PROFILE_FIELDS,
    "Group": GROUP_FIELDS,
    "Project": PROJECT_FIELDS,
    "Role": ROLE_FIELDS,
    "Policy": POLICY_FIELDS,
    "Guardrail": GUARDRAIL_FIELDS,
    "Resource": RESOURCE_FIELDS,
    "Template": TEMPLATE_FIELDS,
    "TemplateAssignment": ASSIGNMENT_FIELDS,
    "TemplateAcceptance": ACCEPTANCE_FIELDS,
    "Enterprise": ENTERPRISE_FIELDS,
    "AccountGroup": ACCOUNT_GROUP_FIELDS,
    "EnterpriseAccount": ENTERPRISE_ACCOUNT_FIELDS,
}
_DOCUMENTS: Schema = {"type": "array", "items": ANYTHING}
# What a field holds in this kind of document, where that is something else than in the others.
_FIELDS_OTHERWISE: dict[str, dict[str, Schema]] = {
    "Template": {
        "groups": _DOCUMENTS,
        "roles": _DOCUMENTS,
        "policies": _DOCUMENTS,
        "state": {"type": "string", "enum": ["draft", "committed"], "default": "draft"},
    },
}
_REQUIRED = {
    "Account": ["owner"],
    "Policy": ["subjects", "roles"],
    "Guardrail": ["actions"],
    "AccountGroup": ["parent"],
    "EnterpriseAccount": ["parent"],
    "Role": ["service", "rights"],
    "TemplateAssignment": ["template", "node"],
    "TemplateAcceptance": ["version", "enterprise"],
}


def component_schemas() -> dict[str, Schema]:
    """Which named shapes does the OpenAPI document hold?"""
    documents = {kind: _document(kind) for kind in _FIELDS_OF}
    return {**documents, **_PARTS, **_ANSWERS, **_REQUESTS}


def _document(kind: str) -> Schema:
    fields = {name: FIELDS[name] for name in _FIELDS_OF[kind]} | _FIELDS_OTHERWISE.get(kind, {})
    around = {"kind": {"const": kind}, "account": TEXT}
    return _object({**around, **fields}, ["name", *_REQUIRED.get(kind, [])])


def _object(properties: dict[str, Schema], required: list[str] | None = None, **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        **more,
    }


def _array(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_ONE_OR_MORE: Schema = {"oneOf": [TEXT, TEXTS]}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_REVISION: Schema = _object({"account": TEXT, "enterprise": TEXT, "system": TEXT})
_PARTS: dict[str, Schema] = {
    "Scope": _object(
        dict.fromkeys(("service", "region", "instance", "project", "type", "id", "within"), _ONE_OR_MORE)
    ),
    "Condition": {
        **ANYTHING,
        "description": "`{key, operator, value}`, or `all`, `any` or `not` of such",
    },
    "Right": _object(
        {
            "actions": TEXTS,
            "effect": FIELDS["effect"],
            "qualifier": TEXT,
            "when": FIELDS["when"],
            "level": TEXT,
            "roles": TEXTS,
        },
        ["actions"],
    ),
    "Membership": _object(
        {"member": TEXT, "starts_at": INSTANT, "expires_at": INSTANT, "managed_by": TEXT}, ["member"]
    ),
    "Service": {**ANYTHING, "description": "a service entry in the catalog's format"},
    "Patch": {**ANYTHING, "description": "a JSON merge patch (RFC 7396): null removes a field"},
    "Text": {"type": "string"},
    "Yaml": {"type": "string", "description": "documents, each begun by `---`"},
    "InventoryLines": {
        "type": "string",
        "description": 'one JSON object a line: a Resource document, or `{"remove": NAME}`',
    },
}
_DIFFERENCE = _object(
    {
        "kind": TEXT,
        "name": TEXT,
        "op": {"enum": ["created", "changed", "deleted"]},
        "before": {"type": ["object", "null"]},
        "after": {"type": ["object", "null"]},
    }
)
_API_KEY: dict[str, Schema] = {
    "id": TEXT,
    "owner": TEXT,
    "prefix": TEXT,
    "description": TEXT,
    "created_at": INSTANT,
    "expires_at": {"type": ["string", "null"], "format": "date-time"},
    "disabled": FLAG,
    "locked": FLAG,
    "last_used_at": {"type": ["string", "null"], "format": "date-time"},
    "apikey": {"type": "string", "description": "the secret; only in the first answer to its making"},
    "notice": {"type": "string", "description": "why a repeated making shows no secret"},
}
_SERVICE = _object(
    {
        "id": TEXT,
        "title": TEXT,
        "regions": {"enum": ["regional", "global"]},
        "locality": {"enum": ["regional", "global"]},
        "resource_types": TEXTS,
        "actions": {
            "type": "array",
            "items": _object(
                dict.fromkeys(("id", "title", "resource_type", "access"), TEXT) | {"source": TEXTS}
            ),
        },
        "roles": {"type": "array", "items": _object({"name": TEXT, "kind": TEXT, "actions": TEXTS})},
        "operations": {
            "type": "array",
            "items": _object(
                {
                    "id": TEXT,
                    "title": TEXT,
                    "actions": {"type": "array", "items": _object({"action": TEXT, "on": TEXT})},
                }
            ),
        },
    }
)
_SESSION: dict[str, Schema] = {
    "id": TEXT,
    "account": TEXT,
    "principal": TEXT,
    "through": {**TEXTS, "description": "who assumed it, nearest first, as `account/kind:name`"},
    "for": {**TEXTS, "description": "for whom it acts"},
    "restrictions": {"type": "array", "items": {"$ref": "#/components/schemas/Restriction"}},
    "expires_at": INSTANT,
}
_RESTRICTION_FIELDS = tuple(name for name in GUARDRAIL_FIELDS if name not in ("name", "node"))
_ANSWERS: dict[str, Schema] = {
    "Place": _object(
        {
            "state": {"enum": ["in_tree", "invited", "manages", "alone"]},
            "management_account": {"type": ["string", "null"]},
            "path": TEXTS,
            "guardrails": _array("Guardrail"),
            "revision": _REVISION,
        }
    ),
    "Tree": _object(
        {
            "nodes": {
                "type": "array",
                "items": _object(
                    {
                        "node": TEXT,
                        "parent": {"type": ["string", "null"]},
                        "depth": {"type": "integer"},
                        "description": TEXT,
                        "guardrails": TEXTS,
                    }
                ),
            },
            "revision": _REVISION,
        }
    ),
    "BegunAccount": _object(
        {
            "account": TEXT,
            "owner": TEXT,
            "apikey": {"type": "string", "description": "the owner's first key; shown once"},
            "parent": TEXT,
            "dry_run": FLAG,
            "revision": _REVISION,
        }
    ),
    "Report": _object(
        {
            "guardrail": {"$ref": "#/components/schemas/Guardrail"},
            "of": {"enum": ["accounts", "policies", "losses"]},
            "conditional": FLAG,
            "numbers": ANYTHING,
            "items": {"type": "array", "items": ANYTHING},
            "next_cursor": {"type": ["string", "null"]},
            "revision": _REVISION,
        }
    ),
    "Problem": _object(
        {
            "type": TEXT,
            "title": TEXT,
            "status": {"type": "integer"},
            "code": TEXT,
            "detail": TEXT,
            "help": TEXT,
            "action": TEXT,
            "reason": TEXT,
            "errors": {
                "type": "array",
                "items": _object(
                    {
                        "message": TEXT,
                        "place": TEXT,
                        "file": TEXT,
                        "line": {"type": "integer"},
                        "help": TEXT,
                        "code": TEXT,
                    }
                ),
            },
        },
        ["type", "title", "status", "code", "detail"],
    ),
    "Page": _object(
        {
            "items": {"type": "array", "items": ANYTHING},
            "etags": TEXTS,
            "next_cursor": {"type": ["string", "null"]},
            "revision": _REVISION,
        },
        ["items", "next_cursor", "revision"],
    ),
    "Differences": _object(
        {
            "dry_run": FLAG,
            "differences": {"type": "array", "items": _DIFFERENCE},
            "unchanged": {"type": "integer"},
            "revision": _REVISION,
        },
        ["dry_run", "differences", "unchanged", "revision"],
    ),
    "InventoryChange": _object(
        {
            **{op: {"type": "integer"} for op in ("created", "changed", "deleted", "unchanged")},
            "dry_run": FLAG,
            "revision": _REVISION,
        },
        ["created", "changed", "deleted", "unchanged", "dry_run", "revision"],
    ),
    "Moved": _object(
        {
            "dry_run": FLAG,
            "moved": {
                "type": "array",
                "items": _object({"resource": TEXT, "from": _MAYBE_TEXT, "to": _MAYBE_TEXT}),
            },
            "revision": _REVISION,
        },
        ["dry_run", "moved", "revision"],
    ),
    "ProjectQuota": _object(
        {"quota": {"type": "integer"}, "used": {"type": "integer"}, "revision": _REVISION}, ["quota", "used"]
    ),
    "ApiKey": _object(_API_KEY, ["id", "owner", "prefix"]),
    "BegunSession": _object(
        {
            **_SESSION,
            "access_token": {"type": "string", "description": "only in this answer"},
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer"},
        }
    ),
    "Session": _object(
        {**_SESSION, "context": ANYTHING, "begun_at": INSTANT, "state": {"enum": ["active", "ended"]}}
    ),
    "ServiceShown": _SERVICE,
    "Services": _object(
        {"items": _array("ServiceShown"), "next_cursor": {"type": "null"}, "revision": _REVISION}
    ),
    "Token": _object(
        {
            "access_token": TEXT,
            "refresh_token": TEXT,
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer"},
            "expiration": {"type": "integer"},
            "scope": TEXT,
        }
    ),
    "Jwks": _object({"keys": {"type": "array", "items": ANYTHING}}),
    "Verification": _object(
        {"log": TEXT, "ok": FLAG, "rows": {"type": "integer"}, "findings": TEXTS, "truncated": FLAG}
    ),
    "Status": _object({"status": TEXT}),
    "SearchResults": _object(
        {
            "results": {
                "type": "array",
                "items": _object({"type": TEXT, "id": TEXT, "name": TEXT}),
                "description": "`{type, id}` of subjects and resources, `{name}` of actions",
            },
            "page": _object(
                {
                    "next_token": {"type": "string", "description": "empty at the end"},
                    "count": {"type": "integer"},
                    "total": {"type": "integer", "description": "of all pages, where it was asked for"},
                },
                ["next_token"],
            ),
            "context": _object({"revision": _REVISION}),
        },
        ["results", "page"],
    ),
    "ListAnswer": _object(
        {
            "principal": TEXT,
            "action": TEXT,
            "decision": FLAG,
            "reason": TEXT,
            "whole": {**FLAG, "description": "is it granted on the container, and so with every member?"},
            "type": {"type": ["string", "null"], "description": "`service/type` of what is listed"},
            "members": {**TEXTS, "description": "canonical resource names"},
            "next_cursor": {"type": ["string", "null"]},
            "revision": _REVISION,
        }
    ),
    "OperationAnswer": _object(
        {
            "service": TEXT,
            "operation": TEXT,
            "title": TEXT,
            "principal": TEXT,
            "decision": FLAG,
            "reason": TEXT,
            "actions": {
                "type": "array",
                "items": _object(
                    {"action": TEXT, "on": TEXT, "resource": TEXT, "decision": FLAG, "reason": TEXT}
                ),
            },
            "sufficient_roles": {"type": "array", "items": TEXTS},
            "revision": _REVISION,
        }
    ),
}
_ENTITY = _object({"type": TEXT, "id": TEXT, "properties": ANYTHING}, ["type", "id"])
_SOUGHT = _object({"type": TEXT, "properties": ANYTHING}, ["type"])
_ACTION = _object({"name": TEXT, "properties": ANYTHING}, ["name"])
_PAGE = _object(
    {
        "token": {"type": "string", "description": "`next_token` of the page before"},
        "limit": {"type": "integer", "minimum": 0, "default": 100},
        "properties": _object(
            {
                "total": {"type": "boolean", "description": "shall all results be counted?"},
                "within": {"type": "string", "description": "`type/id` of an ancestor (resource search)"},
            }
        ),
    }
)
_REQUESTS: dict[str, Schema] = {
    "ListQuestion": _object(
        {
            "principal": TEXT,
            "action": TEXT,
            "container": {"oneOf": [TEXT, _object({"id": TEXT, "properties": ANYTHING}, ["id"])]},
            "context": ANYTHING,
            "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
            "cursor": TEXT,
        },
        ["action", "container"],
    ),
    "SubjectSearch": _object(
        {"subject": _SOUGHT, "action": _ACTION, "resource": _ENTITY, "context": ANYTHING, "page": _PAGE},
        ["subject", "action", "resource"],
    ),
    "ResourceSearch": _object(
        {"subject": _ENTITY, "action": _ACTION, "resource": _SOUGHT, "context": ANYTHING, "page": _PAGE},
        ["subject", "action", "resource"],
    ),
    "ActionSearch": _object(
        {"subject": _ENTITY, "resource": _ENTITY, "context": ANYTHING, "page": _PAGE},
        ["subject", "resource"],
    ),
    "Apply": _object(
        {
            "sources": {"type": "array", "items": _object({"file": TEXT, "text": TEXT}, ["text"])},
            "documents": {"type": "array", "items": ANYTHING},
            "prune": FLAG,
            "dry_run": FLAG,
        }
    ),
    "AcceptTemplate": _object({"version": {"type": "integer"}, "follows": FLAG}),
    "NamedResources": _object({"resources": TEXTS, "associated": FLAG}, ["resources"]),
    "MoveResources": _object({"resources": TEXTS, "to": TEXT, "associated": FLAG}, ["resources", "to"]),
    "Attachment": _object({"subject": TEXT, "roles": TEXTS}, ["subject"]),
    "NewAccount": _object(
        {"name": TEXT, "owner_email": TEXT, "parent": FIELDS["parent"], "description": TEXT},
        ["name", "owner_email", "parent"],
    ),
    "ReportQuestion": _object({"guardrail": {"$ref": "#/components/schemas/Guardrail"}}),
    "NewApiKey": _object({"owner": FIELDS["owner"], "description": TEXT, "expires_at": INSTANT}),
    "NewSession": _object(
        {
            "seconds": {"type": "integer", "description": "how long at most"},
            "restrict": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Restriction"},
                "description": "what the session may not do although its principal may",
            },
            "for": {"type": "string", "description": "the access token of whom the session acts for"},
        }
    ),
    "Restriction": _object({name: FIELDS[name] for name in _RESTRICTION_FIELDS}, ["actions"]),
    "TokenForm": _object(
        dict.fromkeys(("grant_type", "apikey", "access_token", "profile_name", "account"), TEXT),
        ["grant_type"],
    ),
    "OperationQuestion": _object(
        {
            "principal": TEXT,
            "service": TEXT,
            "operation": TEXT,
            "resources": _object({"target": TEXT, "source": TEXT}),
            "context": ANYTHING,
        },
        ["operation"],
    ),
}
