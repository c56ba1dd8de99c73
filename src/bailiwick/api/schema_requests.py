"""The shapes of requests, beside documents, for the OpenAPI document.

It must not validate: the routes read bodies.
"""

from __future__ import annotations

from bailiwick.api.schema_words import ANYTHING, FIELDS, FLAG, INSTANT, TEXT, TEXTS, Schema, object_of
from bailiwick.authn.keys import DISABLE, WHEN_LEAKED
from bailiwick.catalog.document_policies import GUARDRAIL_FIELDS, POLICY_FIELDS
from bailiwick.catalog.document_principals import USER_FIELDS
from bailiwick.service.keys.leaks import MAX_KEY_TEXT
from bailiwick.service.keys.rotating import MOST_OVERLAP_SECONDS

_RESTRICTION_FIELDS = tuple(name for name in GUARDRAIL_FIELDS if name not in ("name", "node"))
_ENTITY = object_of({"type": TEXT, "id": TEXT, "properties": ANYTHING}, ["type", "id"])
_SOUGHT = object_of({"type": TEXT, "properties": ANYTHING}, ["type"])
_KEY_LIMITS: dict[str, Schema] = {
    "networks": {**TEXTS, "description": "from where it may be used; none: from everywhere"},
    "when_leaked": {"type": "string", "enum": list(WHEN_LEAKED), "default": DISABLE},
}
_ACTION = object_of({"name": TEXT, "properties": ANYTHING}, ["name"])
_PAGE = object_of(
    {
        "token": {"type": "string", "description": "`next_token` of the page before"},
        "limit": {"type": "integer", "minimum": 0, "default": 100},
        "properties": object_of(
            {
                "total": {"type": "boolean", "description": "shall all results be counted?"},
                "within": {"type": "string", "description": "`type/id` of an ancestor (resource search)"},
            }
        ),
    }
)
REQUESTS: dict[str, Schema] = {
    "SecretRotation": object_of(
        {
            "overlap_seconds": {"type": "integer", "minimum": 0, "maximum": 2_592_000, "default": 86_400},
            "expires_at": INSTANT,
        }
    ),
    "ListQuestion": object_of(
        {
            "principal": TEXT,
            "action": TEXT,
            "container": {"oneOf": [TEXT, object_of({"id": TEXT, "properties": ANYTHING}, ["id"])]},
            "context": ANYTHING,
            "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
            "cursor": TEXT,
        },
        ["action", "container"],
    ),
    "SubjectSearch": object_of(
        {"subject": _SOUGHT, "action": _ACTION, "resource": _ENTITY, "context": ANYTHING, "page": _PAGE},
        ["subject", "action", "resource"],
    ),
    "ResourceSearch": object_of(
        {"subject": _ENTITY, "action": _ACTION, "resource": _SOUGHT, "context": ANYTHING, "page": _PAGE},
        ["subject", "action", "resource"],
    ),
    "ActionSearch": object_of(
        {"subject": _ENTITY, "resource": _ENTITY, "context": ANYTHING, "page": _PAGE},
        ["subject", "resource"],
    ),
    "Apply": object_of(
        {
            "sources": {"type": "array", "items": object_of({"file": TEXT, "text": TEXT}, ["text"])},
            "documents": {"type": "array", "items": ANYTHING},
            "prune": FLAG,
            "dry_run": FLAG,
        }
    ),
    "EffectsQuestion": object_of(
        {
            "sources": {"type": "array", "items": object_of({"file": TEXT, "text": TEXT}, ["text"])},
            "documents": {"type": "array", "items": ANYTHING},
            "prune": FLAG,
            "context": {"type": "object", "description": "the situation in which answers are compared"},
        }
    ),
    "AcceptTemplate": object_of({"version": {"type": "integer"}, "follows": FLAG}),
    "NamedResources": object_of({"resources": TEXTS, "associated": FLAG}, ["resources"]),
    "MoveResources": object_of({"resources": TEXTS, "to": TEXT, "associated": FLAG}, ["resources", "to"]),
    "Attachment": object_of({"subject": TEXT, "roles": TEXTS}, ["subject"]),
    "NewAccount": object_of(
        {"name": TEXT, "owner_email": TEXT, "parent": FIELDS["parent"], "description": TEXT},
        ["name", "owner_email", "parent"],
    ),
    "ReportQuestion": object_of({"guardrail": {"$ref": "#/components/schemas/Guardrail"}}),
    "NewApiKey": object_of(
        {"owner": FIELDS["owner"], "description": TEXT, "expires_at": INSTANT, **_KEY_LIMITS}
    ),
    "ApiKeyPatch": object_of(
        {
            "disabled": FLAG,
            "locked": FLAG,
            "description": TEXT,
            "expires_at": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "null: for good",
            },
            **_KEY_LIMITS,
        }
    ),
    "KeyRotation": object_of(
        {
            "overlap_seconds": {
                "type": "integer",
                "minimum": 0,
                "maximum": MOST_OVERLAP_SECONDS,
                "description": "for how long the secret before works as well",
            },
            "leaked": {
                "type": "boolean",
                "description": "the key is replaced by another, and everything that was made from it ends",
            },
        }
    ),
    "LeakReport": object_of({"apikey": {"type": "string", "maxLength": MAX_KEY_TEXT}}, ["apikey"]),
    "NewInvitation": object_of(
        {
            **{name: FIELDS[name] for name in USER_FIELDS},
            "groups": {**TEXTS, "description": "of which groups the user becomes a member"},
            "policies": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/OfferedPolicy"},
                "description": "what the user is granted besides",
            },
            "seconds": {"type": "integer", "description": "how long the link is good; none: seven days"},
        },
        ["name"],
    ),
    "OfferedPolicy": object_of(
        {name: FIELDS[name] for name in POLICY_FIELDS if name != "subjects"}, ["name", "roles"]
    ),
    "ClientSecretGiven": object_of({"secret": TEXT}, ["secret"]),
    "NewIdentity": object_of(
        {
            "provider": {"type": "string", "description": "the name of an identity provider in use"},
            "subject": {"type": "string", "description": "the `sub` by which it calls the person"},
        },
        ["provider", "subject"],
    ),
    "PasswordReset": object_of(
        {
            "seconds": {"type": "integer", "description": "how long the link is good; none: seven days"},
            "password": {"type": "string", "description": "instead of a link; the user has to change it"},
        }
    ),
    "NewSession": object_of(
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
    "Restriction": object_of({name: FIELDS[name] for name in _RESTRICTION_FIELDS}, ["actions"]),
    "TokenForm": object_of(
        dict.fromkeys(
            (
                *(
                    "grant_type",
                    "apikey",
                    "access_token",
                    "profile_name",
                    "account",
                    "client_id",
                    "client_secret",
                ),
                *("scope", "resource", "audience", "refresh_token", "subject_token", "subject_token_type"),
                *("actor_token", "actor_token_type", "requested_token_type"),
            ),
            TEXT,
        ),
        ["grant_type"],
    ),
    "TokenQuestion": object_of(
        dict.fromkeys(("token", "token_type_hint", "client_id", "client_secret"), TEXT), ["token"]
    ),
    "OpenIdForm": ANYTHING,
    "DeviceForm": object_of(dict.fromkeys(("client_id", "client_secret", "scope", "resource"), TEXT)),
    "ProposalQuestion": object_of(
        {
            "principal": TEXT,
            "action": TEXT,
            "resource": {"oneOf": [TEXT, object_of({"id": TEXT, "properties": ANYTHING}, ["id"])]},
            "context": ANYTHING,
        },
        ["action", "resource"],
    ),
    "OperationQuestion": object_of(
        {
            "principal": TEXT,
            "service": TEXT,
            "operation": TEXT,
            "resources": object_of({"target": TEXT, "source": TEXT}),
            "context": ANYTHING,
        },
        ["operation"],
    ),
}
