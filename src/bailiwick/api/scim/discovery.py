"""What this server can do of SCIM: its configuration, resource types and schemas, made of the models.

Source: RFC 7643, sections 5 to 7; RFC 7644, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from scim2_models import Context, ResourceType

from bailiwick.api.bodies import MAX_BODY_BYTES
from bailiwick.api.scim.bulk import MOST_OPERATIONS
from bailiwick.api.scim.listing import DEFAULT_COUNT, MOST_ON_A_PAGE
from bailiwick.api.scim.models import MODELS, EnterpriseUser

CONFIG_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"


def config(base: str) -> dict[str, Any]:
    """What can this server do?"""
    return {
        "schemas": [CONFIG_SCHEMA],
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": MOST_OPERATIONS, "maxPayloadSize": MAX_BODY_BYTES},
        "filter": {"supported": True, "maxResults": MOST_ON_A_PAGE},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": False,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MOST_ON_A_PAGE,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "An API key of a service ID, or an access token that it gives",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> dict[str, dict[str, Any]]:
    """Which types are there, by name?"""
    return {
        name: _placed(one, base, "ResourceTypes", "ResourceType") for name, one in _resource_types().items()
    }


def schemas(base: str) -> dict[str, dict[str, Any]]:
    """Which schemas are there, by URN?"""
    return {urn: _placed(one, base, "Schemas", "Schema") for urn, one in _schemas().items()}


def _placed(one: Mapping[str, Any], base: str, path: str, kind: str) -> dict[str, Any]:
    return {**one, "meta": {"resourceType": kind, "location": f"{base}/{path}/{one['id']}"}}


@cache
def _resource_types() -> dict[str, dict[str, Any]]:
    made = (ResourceType.from_resource(model) for model in MODELS.values())
    dumped = (one.model_dump(mode="json", scim_ctx=Context.RESOURCE_QUERY_RESPONSE) for one in made)
    return {str(one["name"]): {**one, "description": _TITLES[str(one["name"])]} for one in dumped}


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    described: tuple[Any, ...] = (*MODELS.values(), EnterpriseUser)
    made = (model.to_schema() for model in described)
    dumped = (one.model_dump(mode="json", scim_ctx=Context.RESOURCE_QUERY_RESPONSE) for one in made)
    return {str(one["id"]): one for one in dumped}


_TITLES = {"User": "Users of the account", "Group": "Groups of the account"}
