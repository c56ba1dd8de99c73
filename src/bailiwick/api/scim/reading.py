"""Bodies of SCIM: to what a user or a group shall be, whole (POST, PUT) or by operations (PATCH).

The models read and check; what they do not know is dropped, what is read-only is ignored where it comes whole and
refused where an operation aims at it. Source: RFC 7644, sections 3.3, 3.5.1 and 3.5.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from scim2_models import ComplexAttribute, Context, Resource, SCIMException

from bailiwick.api.scim.filtering import is_too_long
from bailiwick.api.scim.models import ENTERPRISE_SCHEMA, MODELS, PATCHES, POLICY
from bailiwick.api.scim.problems import ScimInvalid, of_model

MOST_OPERATIONS = 1000
ACTIVE = "active"
_NOT_SAID = ("schemas", "id", "meta", "userName", "groups")
Body = Mapping[str, Any]


def check_names(value: object) -> None:
    """Is no attribute given twice in different case? SECURITY: else two readers could take another of the two."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, Mapping):
            if len({str(name).lower() for name in one}) != len(one):
                raise ScimInvalid("invalidSyntax", "an attribute is given twice")
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)


def read_resource(kind: str, body: Body, context: Context) -> Resource[Any]:
    """Which user or group does the body hold, whole? Raises ScimInvalid."""
    check_names(body)
    more = {} if kind != "User" or says_active(body) else {ACTIVE: True}
    try:
        return MODELS[kind].model_validate({**body, **more}, scim_policy=POLICY, scim_ctx=context)
    except ValidationError as error:
        raise of_model(error) from None


def says_active(body: Body) -> bool:
    """Does the body say whether the user is active?"""
    return any(name.lower() == ACTIVE for name in body)


def read_patch(kind: str, body: Body) -> Any:
    """Which operations does the body hold? Raises ScimInvalid."""
    check_names(body)
    operations = next((value for name, value in body.items() if name.lower() == "operations"), None)
    for one in operations if isinstance(operations, list) else ():
        _check_paths(one)
    if isinstance(operations, list) and len(operations) > MOST_OPERATIONS:
        raise ScimInvalid("tooMany", f"expected at most {MOST_OPERATIONS} operations", 413)
    try:
        return PATCHES[kind].model_validate(
            dict(body), scim_policy=POLICY, scim_ctx=Context.RESOURCE_PATCH_REQUEST
        )
    except ValidationError as error:
        raise of_model(error) from None


def _check_paths(operation: object) -> None:
    """Are its paths, and the names of its value, which may be paths too, no longer than filters may be?"""
    said = (
        {name.lower(): value for name, value in operation.items()} if isinstance(operation, Mapping) else {}
    )
    value = said.get("value")
    paths = [said.get("path"), *(value if isinstance(value, Mapping) else ())]
    if any(isinstance(path, str) and is_too_long(path) for path in paths):
        raise ScimInvalid("invalidPath", "a path is too long")


def name_in(kind: str, resource: Resource[Any]) -> str:
    """Which name has it?"""
    return str(getattr(resource, "user_name" if kind == "User" else "display_name"))


def said_in(user: Resource[Any]) -> dict[str, Any]:
    """What does the directory say of the user, as service/scim/people.py keeps it?"""
    said = user.model_dump(mode="json")
    enterprise = said.pop(ENTERPRISE_SCHEMA, None) or {}
    return {**{name: value for name, value in said.items() if name not in _NOT_SAID}, **enterprise}


def replaced(kind: str, shown: Body, new: Resource[Any]) -> Resource[Any]:
    """The new one, where it replaces the one that is shown. Raises ScimInvalid for what does not change."""
    old = MODELS[kind].model_validate(dict(shown), scim_policy=POLICY)
    try:
        new.replace(old)
    except SCIMException as error:
        raise of_model(error) from None
    return new


def patched(kind: str, shown: Body, patch: Any) -> Resource[Any]:
    """What does the one that is shown become by these operations? Raises ScimInvalid."""
    resource = MODELS[kind].model_validate(dict(shown), scim_policy=POLICY)
    try:
        patch.patch(resource, scim_policy=POLICY)
        MODELS[kind].model_validate(resource.model_dump(), scim_policy=POLICY)
    except (SCIMException, ValidationError) as error:
        raise of_model(error) from None
    return resource


def member_ids(values: Iterable[Any]) -> dict[str, None]:
    """Which ids do these members name, in order? Raises ScimInvalid for one without."""
    found: dict[str, None] = {}
    for one in values:
        said = one.model_dump() if isinstance(one, ComplexAttribute) else one
        lower = {name.lower(): value for name, value in said.items()} if isinstance(said, Mapping) else {}
        value = lower.get("value") or str(lower.get("$ref") or "").rpartition("/")[2]
        if not isinstance(value, str) or not value:
            raise ScimInvalid("invalidValue", "expected members with the `value` of a user or group")
        found[value] = None
    return found
