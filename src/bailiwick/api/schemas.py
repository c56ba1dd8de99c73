"""The shapes of bodies for the OpenAPI document: documents field by field, and the answers around them.

The fields of documents come from the tables of the catalog, so that the page cannot list others; what a field holds is
in schema_words.py.
It must not validate: `catalog.documents` reads bodies.
"""

from __future__ import annotations

from collections.abc import Mapping

from bailiwick.api.schema_answers import ANSWERS
from bailiwick.api.schema_requests import REQUESTS
from bailiwick.api.schema_words import ANYTHING, FIELDS, INSTANT, ONE_OR_MORE, TEXT, TEXTS, Schema, object_of
from bailiwick.catalog.document_applications import APPLICATION_FIELDS
from bailiwick.catalog.document_enterprises import (
    ACCOUNT_GROUP_FIELDS,
    ENTERPRISE_ACCOUNT_FIELDS,
    ENTERPRISE_FIELDS,
)
from bailiwick.catalog.document_federation import PROVIDER_FIELDS, RULE_FIELDS
from bailiwick.catalog.document_policies import GUARDRAIL_FIELDS, POLICY_FIELDS, ROLE_FIELDS
from bailiwick.catalog.document_principals import (
    GROUP_FIELDS,
    PROFILE_FIELDS,
    SERVICE_ID_FIELDS,
    USER_FIELDS,
)
from bailiwick.catalog.document_resources import ACCOUNT_FIELDS, PROJECT_FIELDS, RESOURCE_FIELDS
from bailiwick.catalog.document_security import SECURITY_FIELDS
from bailiwick.catalog.document_templates import ACCEPTANCE_FIELDS, ASSIGNMENT_FIELDS, TEMPLATE_FIELDS
from bailiwick.model.applications import GRANTS, TYPES
from bailiwick.model.federation import CLAIM_OPERATORS, MAXIMUM_AGE_MINUTES, MEMBERSHIP_HOURS, NEW_USERS
from bailiwick.model.security import (
    KEY_NUMBERS,
    PASSWORD_NUMBERS,
    PROTECTION_NUMBERS,
    SELF_FLAGS,
    SESSION_NUMBERS,
    SIGN_IN_NUMBERS,
    STALENESS_NUMBERS,
    WHAT_THEN,
    WHO_MAKES,
    Whole,
)

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
    "Application": APPLICATION_FIELDS,
    "Template": TEMPLATE_FIELDS,
    "TemplateAssignment": ASSIGNMENT_FIELDS,
    "TemplateAcceptance": ACCEPTANCE_FIELDS,
    "Enterprise": ENTERPRISE_FIELDS,
    "AccountGroup": ACCOUNT_GROUP_FIELDS,
    "EnterpriseAccount": ENTERPRISE_ACCOUNT_FIELDS,
    "SecuritySettings": SECURITY_FIELDS,
    "IdentityProvider": PROVIDER_FIELDS,
    "FederationRule": RULE_FIELDS,
}
_NETWORK: Schema = {"oneOf": [TEXT, object_of({"network": TEXT, "description": TEXT}, ["network"])]}
_DOCUMENTS: Schema = {"type": "array", "items": ANYTHING}
_YES_NO: Schema = {"type": "boolean"}


def _numbers(numbers: Mapping[str, Whole]) -> dict[str, Schema]:
    return {
        name: {"type": "integer", "minimum": one.least, "maximum": one.most, "default": one.default}
        for name, one in numbers.items()
    }


# What a field holds in this kind of document, where that is something else than in the others.
_FIELDS_OTHERWISE: dict[str, dict[str, Schema]] = {
    "Template": {
        "groups": _DOCUMENTS,
        "roles": _DOCUMENTS,
        "policies": _DOCUMENTS,
        "state": {"type": "string", "enum": ["draft", "committed"], "default": "draft"},
    },
    "Application": {
        "type": {"type": "string", "enum": list(TYPES)},
        "grants": {"type": "array", "items": {"type": "string", "enum": list(GRANTS)}},
        "scopes": TEXTS,
    },
    "SecuritySettings": {
        "passwords": object_of({**_numbers(PASSWORD_NUMBERS), "name_refused": _YES_NO}),
        "sign_in": object_of({**_numbers(SIGN_IN_NUMBERS), "show_last_sign_in": _YES_NO, "notice": TEXT}),
        "require_second_factor": _YES_NO,
        "operation_protection": object_of({"enabled": _YES_NO, **_numbers(PROTECTION_NUMBERS)}),
        "networks": object_of(
            {surface: {"type": "array", "items": _NETWORK} for surface in ("console", "api")}
        ),
        "sessions": object_of(_numbers(SESSION_NUMBERS)),
        "keys": object_of(
            {"who_may_create": {"type": "string", "enum": list(WHO_MAKES["keys"])}, **_numbers(KEY_NUMBERS)}
        ),
        "service_ids": object_of(
            {"who_may_create": {"type": "string", "enum": list(WHO_MAKES["service_ids"])}}
        ),
        "may_change": object_of(dict.fromkeys(SELF_FLAGS, _YES_NO)),
        "staleness": object_of(
            {**_numbers(STALENESS_NUMBERS), "then": {"type": "string", "enum": list(WHAT_THEN)}}
        ),
    },
    "IdentityProvider": {
        "issuer": TEXT,
        "client_id": TEXT,
        "scopes": TEXTS,
        "name_claim": TEXT,
        "email_claim": TEXT,
        "new_users": {"type": "string", "enum": list(NEW_USERS), "default": NEW_USERS[0]},
        "email_domains": TEXTS,
        "trusts_mfa": _YES_NO,
        "maximum_age_minutes": {
            "type": "integer",
            "minimum": MAXIMUM_AGE_MINUTES[0],
            "maximum": MAXIMUM_AGE_MINUTES[1],
        },
    },
    "FederationRule": {
        "provider": TEXT,
        "hours": {"type": "integer", "minimum": MEMBERSHIP_HOURS[0], "maximum": MEMBERSHIP_HOURS[1]},
        "conditions": {"type": "array", "items": {"$ref": "#/components/schemas/ClaimCondition"}},
    },
}
_REQUIRED = {
    "Account": ["owner"],
    "Policy": ["subjects", "roles"],
    "Guardrail": ["actions"],
    "AccountGroup": ["parent"],
    "EnterpriseAccount": ["parent"],
    "Application": ["type"],
    "Role": ["service", "rights"],
    "TemplateAssignment": ["template", "node"],
    "IdentityProvider": ["issuer", "client_id"],
    "FederationRule": ["provider", "groups"],
    "TemplateAcceptance": ["version", "enterprise"],
}


def component_schemas() -> dict[str, Schema]:
    """Which named shapes does the OpenAPI document hold?"""
    documents = {kind: _document(kind) for kind in _FIELDS_OF}
    return {**documents, **_PARTS, **ANSWERS, **REQUESTS}


def _document(kind: str) -> Schema:
    otherwise = _FIELDS_OTHERWISE.get(kind, {})
    fields = {name: otherwise[name] if name in otherwise else FIELDS[name] for name in _FIELDS_OF[kind]}
    around = {"kind": {"const": kind}, "account": TEXT}
    return object_of({**around, **fields}, ["name", *_REQUIRED.get(kind, [])])


_PARTS: dict[str, Schema] = {
    "Scope": object_of(
        dict.fromkeys(("service", "region", "instance", "project", "type", "id", "within"), ONE_OR_MORE)
    ),
    "Condition": {
        **ANYTHING,
        "description": "`{key, operator, value}`, or `all`, `any` or `not` of such",
    },
    "Right": object_of(
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
    "Membership": object_of(
        {"member": TEXT, "starts_at": INSTANT, "expires_at": INSTANT, "managed_by": TEXT}, ["member"]
    ),
    "ClaimCondition": object_of(
        {
            "claim": TEXT,
            "operator": {"type": "string", "enum": list(CLAIM_OPERATORS)},
            "value": {"oneOf": [TEXT, TEXTS]},
        },
        ["claim", "operator", "value"],
    ),
    "Service": {**ANYTHING, "description": "a service entry in the catalog's format"},
    "Patch": {**ANYTHING, "description": "a JSON merge patch (RFC 7396): null removes a field"},
    "Text": {"type": "string"},
    "Scim": {**ANYTHING, "description": "a message or resource of SCIM 2.0 (RFC 7643, RFC 7644)"},
    "Yaml": {"type": "string", "description": "documents, each begun by `---`"},
    "InventoryLines": {
        "type": "string",
        "description": 'one JSON object a line: a Resource document, or `{"remove": NAME}`',
    },
}
