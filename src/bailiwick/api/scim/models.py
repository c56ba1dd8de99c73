"""The words of SCIM that are spoken here: which attributes a user and a group have, and how they may be written.

What is published as schemas, what bodies are read by, and what filters and paths are resolved against is all made of
these classes. Source: RFC 7643, sections 4 and 7. No password, no roles, no entitlements: those are not given here.
"""

from typing import Annotated, Any, Union

from pydantic import BeforeValidator, Field
from scim2_models import (
    URN,
    CaseExact,
    ComplexAttribute,
    Extension,
    Mutability,
    PatchOp,
    Reference,
    Required,
    Resource,
    Returned,
    ScimPolicy,
    Uniqueness,
)

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
_Text = str | None
# WHY without postponed annotations in this file: the classes that are referred to are named by texts.
_MEMBER = Reference[Union["User", "Group"]]
_GROUP = Reference["Group"]
_ReadOnly = Annotated[str | None, Mutability.read_only, CaseExact.true]


class Name(ComplexAttribute):
    """The parts of a person's name."""

    formatted: _Text = None
    family_name: _Text = None
    given_name: _Text = None
    middle_name: _Text = None
    honorific_prefix: _Text = None
    honorific_suffix: _Text = None


class Email(ComplexAttribute):
    """An address for mail; the primary one is the user's `email`."""

    value: _Text = None
    type: _Text = None
    primary: bool | None = None


class PhoneNumber(ComplexAttribute):
    """A telephone number."""

    value: _Text = None
    type: _Text = None
    primary: bool | None = None


class GroupOfUser(ComplexAttribute):
    """A group in which the user is; changed by the group's members only."""

    value: _ReadOnly = None
    ref: Annotated[_GROUP | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None
    type: Annotated[str | None, Mutability.read_only] = None


class User(Resource[Any]):
    """A person of the account. `userName` is the user's name, by which policies know it, and does not change."""

    __schema__ = URN(USER_SCHEMA)

    user_name: Annotated[
        str | None, Required.true, Mutability.immutable, Uniqueness.server, Returned.default
    ] = None
    name: Name | None = None
    display_name: _Text = None
    nick_name: _Text = None
    title: _Text = None
    user_type: _Text = None
    preferred_language: _Text = None
    locale: _Text = None
    timezone: _Text = None
    # WHY required, although who leaves it out is not refused: else it could be removed, and nobody is neither.
    active: Annotated[bool | None, Required.true] = None
    emails: list[Email] | None = None
    phone_numbers: list[PhoneNumber] | None = None
    groups: Annotated[list[GroupOfUser] | None, Mutability.read_only] = None


class Manager(ComplexAttribute):
    """To whom the user reports."""

    value: Annotated[str | None, CaseExact.true] = None


def _as_manager(value: object) -> object:
    """WHY: Microsoft Entra sends the id alone."""
    return {"value": value} if isinstance(value, str) else value


class EnterpriseUser(Extension):
    """What an organisation says of its people."""

    __schema__ = URN(ENTERPRISE_SCHEMA)

    employee_number: _Text = None
    cost_center: _Text = None
    organization: _Text = None
    division: _Text = None
    department: _Text = None
    manager: Annotated[Manager | None, BeforeValidator(_as_manager)] = None


class GroupMember(ComplexAttribute):
    """A user or a group in the group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[_MEMBER | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User", "Group"])


class Group(Resource[Any]):
    """A group of the account. `displayName` is its name, by which policies know it, and does not change."""

    __schema__ = URN(GROUP_SCHEMA)

    display_name: Annotated[str | None, Required.true, Mutability.immutable, Uniqueness.server] = None
    members: list[GroupMember] | None = None


FullUser: type[Resource[Any]] = User[EnterpriseUser]  # type: ignore[misc]  # the class takes extensions so
ENTERPRISE_FIELDS = ("employeeNumber", "costCenter", "organization", "division", "department", "manager")
MODELS: dict[str, type[Resource[Any]]] = {"User": FullUser, "Group": Group}
PATCHES: dict[str, Any] = {word: PatchOp.__class_getitem__(model) for word, model in MODELS.items()}
PATHS = {"User": "Users", "Group": "Groups"}
