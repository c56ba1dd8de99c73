"""The shapes of answers for the OpenAPI document.

It must not validate anything; what is answered is the routes'.
"""

from __future__ import annotations

from bailiwick.api.schema_words import (
    ANYTHING,
    FLAG,
    INSTANT,
    MAYBE_TEXT,
    REVISION,
    TEXT,
    TEXTS,
    Schema,
    array_of,
    object_of,
)

_FOUND: dict[str, Schema] = {"ok": FLAG, "rows": {"type": "integer"}, "findings": TEXTS, "truncated": FLAG}
_DIFFERENCE = object_of(
    {
        "kind": TEXT,
        "name": TEXT,
        "op": {"enum": ["created", "changed", "deleted"]},
        "before": {"type": ["object", "null"]},
        "after": {"type": ["object", "null"]},
    }
)
_ASK = object_of({"principals": TEXTS, "more": FLAG, "text": TEXT})
_COUNT: Schema = {
    "type": ["object", "null"],
    "properties": {"number": {"type": "integer"}, "exact": FLAG},
    "description": "null: not yours to see; not exact: at least so many",
}
_REACH = object_of(
    {"policy": TEXT, "principals": _COUNT, "resources": _COUNT, "public": FLAG, "depends_on": TEXTS}
)
_EFFECTS_FOUND = object_of(
    {
        "principals": {"type": "integer"},
        "answers": {"type": "integer", "description": "how many answers about known resources change"},
        "effects": {
            "type": "array",
            "items": object_of(
                {
                    "principals": TEXTS,
                    "principals_count": {"type": "integer"},
                    "actions": TEXTS,
                    "service": TEXT,
                    "resource_type": MAYBE_TEXT,
                    "resources": TEXTS,
                    "resources_count": {"type": "integer"},
                    "scope": {"type": ["object", "null"]},
                    "policies": TEXTS,
                    "reason": TEXT,
                    "because_of": TEXTS,
                }
            ),
        },
        "left_out": {"type": "integer"},
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
    "networks": TEXTS,
    "when_leaked": TEXT,
    "leaked_at": {"type": ["string", "null"], "format": "date-time"},
    "rotated_at": {"type": ["string", "null"], "format": "date-time"},
    "earlier_prefix": {
        "type": ["string", "null"],
        "description": "by what the secret before begins, while it works",
    },
    "earlier_until": {"type": ["string", "null"], "format": "date-time"},
    "uses": {
        "type": "array",
        "items": object_of({"at": INSTANT, "address": TEXT, "for": TEXT}),
        "description": "the last ones, of one key only",
    },
    "apikey": {"type": "string", "description": "the secret; only in the first answer to its making"},
    "notice": {"type": "string", "description": "why a repeated making shows no secret"},
}
_SERVICE = object_of(
    {
        "id": TEXT,
        "title": TEXT,
        "regions": {"enum": ["regional", "global"]},
        "locality": {"enum": ["regional", "global"]},
        "resource_types": TEXTS,
        "actions": {
            "type": "array",
            "items": object_of(
                dict.fromkeys(("id", "title", "access"), TEXT)
                | {"resource_type": MAYBE_TEXT, "source": TEXTS}
            ),
        },
        "roles": {"type": "array", "items": object_of({"name": TEXT, "kind": TEXT, "actions": TEXTS})},
        "operations": {
            "type": "array",
            "items": object_of(
                {
                    "id": TEXT,
                    "title": TEXT,
                    "actions": {"type": "array", "items": object_of({"action": TEXT, "on": TEXT})},
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
_INVITATION: dict[str, Schema] = {
    "id": TEXT,
    "purpose": {"enum": ["user", "password"]},
    "name": TEXT,
    "inviter": TEXT,
    "made_at": INSTANT,
    "expires_at": INSTANT,
}
ANSWERS: dict[str, Schema] = {
    "Place": object_of(
        {
            "state": {"enum": ["in_tree", "invited", "manages", "alone"]},
            "management_account": {"type": ["string", "null"]},
            "path": TEXTS,
            "guardrails": array_of("Guardrail"),
            "revision": REVISION,
        }
    ),
    "Tree": object_of(
        {
            "nodes": {
                "type": "array",
                "items": object_of(
                    {
                        "node": TEXT,
                        "parent": {"type": ["string", "null"]},
                        "depth": {"type": "integer"},
                        "description": TEXT,
                        "guardrails": TEXTS,
                    }
                ),
            },
            "revision": REVISION,
        }
    ),
    "BegunAccount": object_of(
        {
            "account": TEXT,
            "owner": TEXT,
            "apikey": {"type": "string", "description": "the owner's first key; shown once"},
            "parent": TEXT,
            "dry_run": FLAG,
            "revision": REVISION,
        }
    ),
    "Report": object_of(
        {
            "guardrail": {"$ref": "#/components/schemas/Guardrail"},
            "of": {"enum": ["accounts", "policies", "losses"]},
            "conditional": FLAG,
            "numbers": ANYTHING,
            "items": {"type": "array", "items": ANYTHING},
            "next_cursor": {"type": ["string", "null"]},
            "revision": REVISION,
        }
    ),
    "OAuthError": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": TEXT, "error_description": TEXT},
    },
    "ScimError": {
        "type": "object",
        "required": ["schemas", "status"],
        "properties": {"schemas": TEXTS, "status": TEXT, "detail": TEXT, "scimType": TEXT},
    },
    "Html": {"type": "string"},
    "Problem": object_of(
        {
            "type": TEXT,
            "title": TEXT,
            "status": {"type": "integer"},
            "code": TEXT,
            "detail": TEXT,
            "request_id": TEXT,
            "help": TEXT,
            "action": TEXT,
            "reason": TEXT,
            "errors": {
                "type": "array",
                "items": object_of(
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
    "Page": object_of(
        {
            "items": {"type": "array", "items": ANYTHING},
            "etags": TEXTS,
            "next_cursor": {"type": ["string", "null"]},
            "revision": REVISION,
        },
        ["items", "next_cursor", "revision"],
    ),
    "ApplicationSecrets": object_of(
        {
            "items": {"type": "array", "items": ANYTHING},
            "client_id": TEXT,
            "next_cursor": {"type": ["string", "null"]},
            "revision": REVISION,
        },
        ["items", "client_id", "next_cursor", "revision"],
    ),
    "EffectiveAccess": object_of(
        {
            "principal": TEXT,
            "disabled": FLAG,
            "owner": FLAG,
            "suspended": FLAG,
            "guardrails": {**TEXTS, "description": "those in force, as far as the caller may see them"},
            "hidden": {"type": "integer", "description": "how many policies the caller may not see"},
            "items": {
                "type": "array",
                "items": object_of(
                    {
                        "policy": {"$ref": "#/components/schemas/Policy"},
                        "subject": TEXT,
                        "state": {"enum": ["holds", "disabled", "not_yet", "over", "no_member_now"]},
                        "paths": {
                            "type": "array",
                            "items": {
                                "type": "array",
                                "items": object_of(
                                    {
                                        "group": MAYBE_TEXT,
                                        "starts_at": INSTANT,
                                        "expires_at": INSTANT,
                                        "managed_by": MAYBE_TEXT,
                                        "holds": FLAG,
                                    }
                                ),
                            },
                            "description": "groups from the nearest to the one that the policy names",
                        },
                    }
                ),
            },
            "next_cursor": {"type": ["string", "null"]},
            "revision": REVISION,
        },
        ["principal", "items", "next_cursor", "revision"],
    ),
    "Differences": object_of(
        {
            "dry_run": FLAG,
            "differences": {"type": "array", "items": _DIFFERENCE},
            "unchanged": {"type": "integer"},
            "revision": REVISION,
        },
        ["dry_run", "differences", "unchanged", "revision"],
    ),
    "Attention": object_of(
        {
            "topics": {
                "type": "array",
                "items": object_of(
                    {
                        "code": TEXT,
                        "title": TEXT,
                        "advice": TEXT,
                        "weight": {"enum": ["urgent", "notice"]},
                        "count": {
                            "type": "integer",
                            "description": "of all, of which `items` names the first",
                        },
                        "at_least": {"type": "boolean", "description": "true: there may be more"},
                        "items": {
                            "type": "array",
                            "items": object_of(
                                {"kind": TEXT, "name": TEXT, "of": MAYBE_TEXT, "at": MAYBE_TEXT}
                            ),
                        },
                    },
                    ["code", "title", "advice", "weight", "count", "at_least", "items"],
                ),
            },
            "revision": REVISION,
        },
        ["topics", "revision"],
    ),
    "Undone": object_of(
        {
            "dry_run": FLAG,
            "differences": {"type": "array", "items": _DIFFERENCE},
            "unchanged": {"type": "integer"},
            "kept": {
                "type": "array",
                "items": object_of({"kind": TEXT, "name": TEXT, "op": TEXT}),
                "description": "what of the revision is left as it is, such as API keys",
            },
            "revision": REVISION,
        },
        ["dry_run", "differences", "unchanged", "kept", "revision"],
    ),
    "Effects": object_of(
        {
            "dry_run": FLAG,
            "differences": {"type": "array", "items": _DIFFERENCE},
            "unchanged": {"type": "integer"},
            "reach": {"type": "array", "items": _REACH},
            "gained": _EFFECTS_FOUND,
            "lost": _EFFECTS_FOUND,
            "warnings": {
                "type": "array",
                "items": object_of(dict.fromkeys(("code", "kind", "name", "message", "help"), TEXT)),
            },
            "complete": {"type": "boolean", "description": "false: numbers say at least how much"},
            "others": {"type": "boolean", "description": "false: only what becomes of yourself is told"},
            "revision": REVISION,
        },
        ["differences", "reach", "gained", "lost", "warnings", "complete", "others", "revision"],
    ),
    "InventoryChange": object_of(
        {
            **{op: {"type": "integer"} for op in ("created", "changed", "deleted", "unchanged")},
            "dry_run": FLAG,
            "revision": REVISION,
        },
        ["created", "changed", "deleted", "unchanged", "dry_run", "revision"],
    ),
    "Moved": object_of(
        {
            "dry_run": FLAG,
            "moved": {
                "type": "array",
                "items": object_of({"resource": TEXT, "from": MAYBE_TEXT, "to": MAYBE_TEXT}),
            },
            "revision": REVISION,
        },
        ["dry_run", "moved", "revision"],
    ),
    "ProjectQuota": object_of(
        {"quota": {"type": "integer"}, "used": {"type": "integer"}, "revision": REVISION}, ["quota", "used"]
    ),
    "LeakReported": object_of({"received": {"const": True}}, ["received"]),
    "ApiKey": object_of(_API_KEY, ["id", "owner", "prefix"]),
    "BegunSession": object_of(
        {
            **_SESSION,
            "access_token": {"type": "string", "description": "only in this answer"},
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer"},
        }
    ),
    "Session": object_of(
        {**_SESSION, "context": ANYTHING, "begun_at": INSTANT, "state": {"enum": ["active", "ended"]}}
    ),
    "Invitation": object_of(_INVITATION),
    "SignIn": object_of(
        {
            "password_set_at": {**INSTANT, "type": ["string", "null"]},
            "second_factor": FLAG,
            "passkeys": {
                "type": "array",
                "items": object_of(
                    {
                        "name": TEXT,
                        "created_at": INSTANT,
                        "last_used_at": {**INSTANT, "type": ["string", "null"]},
                        "backed_up": FLAG,
                        "transports": TEXTS,
                    }
                ),
            },
            "last_sign_in": {**INSTANT, "type": ["string", "null"]},
        }
    ),
    "MadeInvitation": object_of(
        {**_INVITATION, "link": {"type": "string", "description": "only in this answer"}}
    ),
    "FederatedIdentity": object_of(
        {
            "id": TEXT,
            "provider": TEXT,
            "issuer": TEXT,
            "subject": TEXT,
            "shown": {
                "type": ["string", "null"],
                "description": "what people know it by, as the provider says",
            },
            "linked_at": INSTANT,
        }
    ),
    "ServiceShown": _SERVICE,
    "Services": object_of(
        {"items": array_of("ServiceShown"), "next_cursor": {"type": "null"}, "revision": REVISION}
    ),
    "MadeSecret": object_of(
        {
            "id": TEXT,
            "client_id": TEXT,
            "client_secret": {"type": "string", "description": "only in this answer"},
            "prefix": TEXT,
            "created_at": INSTANT,
            "expires_at": MAYBE_TEXT,
            "last_used_at": MAYBE_TEXT,
        }
    ),
    "Whoami": object_of(
        {
            "account": TEXT,
            "principal": TEXT,
            "expires_at": MAYBE_TEXT,
            "session": MAYBE_TEXT,
            "signed_in": {"type": "boolean"},
            "methods": {
                "type": "array",
                "items": TEXT,
                "description": "as RFC 8176 calls them, such as `pwd`",
            },
            "proved_at": MAYBE_TEXT,
            "application": MAYBE_TEXT,
            "through": {"type": "array", "items": TEXT},
            "for": {"type": "array", "items": TEXT},
            "restricted": {"type": "boolean"},
        }
    ),
    "Token": object_of(
        {
            "access_token": TEXT,
            "refresh_token": TEXT,
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer"},
            "expiration": {"type": "integer"},
            "scope": TEXT,
            "issued_token_type": TEXT,
        }
    ),
    "Introspection": object_of(
        {
            "active": {"type": "boolean"},
            **dict.fromkeys(("iss", "aud", "sub", "client_id", "scope", "jti", "username", "account"), TEXT),
            **{key: {"type": "integer"} for key in ("exp", "iat", "nbf", "auth_time")},
            "act": ANYTHING,
        },
        ["active"],
    ),
    "Nothing": object_of({}),
    "Discovery": ANYTHING,
    "UserInfo": object_of(
        {"sub": TEXT, "name": TEXT, "preferred_username": TEXT, "email": TEXT, "groups": TEXTS}
    ),
    "DeviceCodes": object_of(
        {
            "device_code": TEXT,
            "user_code": {"type": "string", "description": "what the program shows"},
            "verification_uri": {"type": "string", "description": "where somebody types it"},
            "verification_uri_complete": {"type": "string", "description": "the same with the code in it"},
            "expires_in": {"type": "integer"},
            "interval": {
                "type": "integer",
                "description": "seconds between two questions at the token endpoint",
            },
        }
    ),
    "Jwks": object_of({"keys": {"type": "array", "items": ANYTHING}}),
    "Verification": object_of({"log": TEXT, **_FOUND, "activity": object_of(_FOUND)}),
    "Status": object_of({"status": TEXT}),
    "SearchResults": object_of(
        {
            "results": {
                "type": "array",
                "items": object_of({"type": TEXT, "id": TEXT, "name": TEXT}),
                "description": "`{type, id}` of subjects and resources, `{name}` of actions",
            },
            "page": object_of(
                {
                    "next_token": {"type": "string", "description": "empty at the end"},
                    "count": {"type": "integer"},
                    "total": {"type": "integer", "description": "of all pages, where it was asked for"},
                },
                ["next_token"],
            ),
            "context": object_of({"revision": REVISION}),
        },
        ["results", "page"],
    ),
    "ListAnswer": object_of(
        {
            "principal": TEXT,
            "action": TEXT,
            "decision": FLAG,
            "reason": TEXT,
            "whole": {**FLAG, "description": "is it granted on the container, and so with every member?"},
            "type": {"type": ["string", "null"], "description": "`service/type` of what is listed"},
            "members": {**TEXTS, "description": "canonical resource names"},
            "next_cursor": {"type": ["string", "null"]},
            "revision": REVISION,
        }
    ),
    "Proposals": object_of(
        {
            "decision": FLAG,
            "reason": TEXT,
            "principal": TEXT,
            "text": TEXT,
            "near_misses": {
                "type": "array",
                "items": object_of(dict.fromkeys(("policy", "subject", "failed", "text"), TEXT)),
            },
            "missing": {**TEXTS, "description": "the actions that are lacking"},
            "proposals": {
                "type": "array",
                "items": object_of(
                    {
                        "id": TEXT,
                        "kind": {"enum": ["policy", "role", "membership"]},
                        "text": TEXT,
                        "others": {**TEXTS, "description": "the other actions that come with it"},
                        "wider": {"type": "string", "description": "why it reaches more than the resource"},
                        "documents": {"type": "array", "items": ANYTHING},
                        "may": {"type": "boolean", "description": "may who asks carry it out?"},
                        "refusal": TEXT,
                        "ask": _ASK,
                    }
                ),
            },
            "obstacles": {
                "type": "array",
                "items": object_of({"kind": TEXT, "name": TEXT, "text": TEXT, "ask": _ASK}),
            },
            "paths": {
                "type": "array",
                "items": object_of(
                    {
                        "nodes": {"type": "array", "items": object_of({"kind": TEXT, "name": TEXT})},
                        "edges": {"type": "array", "items": object_of({"text": TEXT, "holds": FLAG})},
                        "effect": {"enum": ["allow", "deny"]},
                        "reaches": FLAG,
                    }
                ),
            },
            "revision": REVISION,
        }
    ),
    "OperationAnswer": object_of(
        {
            "service": TEXT,
            "operation": TEXT,
            "title": TEXT,
            "principal": TEXT,
            "decision": FLAG,
            "reason": TEXT,
            "actions": {
                "type": "array",
                "items": object_of(
                    {"action": TEXT, "on": TEXT, "resource": TEXT, "decision": FLAG, "reason": TEXT}
                ),
            },
            "sufficient_roles": {"type": "array", "items": TEXTS},
            "revision": REVISION,
        }
    ),
}
