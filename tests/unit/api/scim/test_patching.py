"""PATCH: the table of RFC 7644, section 3.5.2, for users (by the models) and for groups (by our own code)."""

from __future__ import annotations

from typing import Any

import pytest

from bailiwick.api.scim.models import ENTERPRISE_SCHEMA, GROUP_SCHEMA
from bailiwick.api.scim.patching import GroupPatch
from bailiwick.api.scim.problems import ScimInvalid
from bailiwick.api.scim.reading import patched, read_patch, said_in

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
WORK = {"value": "a@work.example", "type": "work", "primary": True}
HOME = {"value": "a@home.example", "type": "home"}
ANN: dict[str, Any] = {
    "userName": "ann",
    "title": "Dr",
    "active": True,
    "name": {"familyName": "Arendt", "givenName": "Ann"},
    "emails": [WORK, HOME],
    ENTERPRISE_SCHEMA: {"department": "Imaging"},
}
# What one operation changes, of what `said_in` says of ann; None: it is gone.
CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"op": "add", "path": "nickName", "value": "A"}, {"nickName": "A"}),
    ({"op": "add", "path": "title", "value": "Prof"}, {"title": "Prof"}),
    ({"op": "Add", "path": "TITLE", "value": "Prof"}, {"title": "Prof"}),
    ({"op": "add", "value": {"title": "Prof", "nickName": "A"}}, {"title": "Prof", "nickName": "A"}),
    ({"op": "add", "path": "name.middleName", "value": "M"},
     {"name": {"familyName": "Arendt", "givenName": "Ann", "middleName": "M"}}),
    ({"op": "add", "path": "name", "value": {"givenName": "Anna"}},
     {"name": {"familyName": "Arendt", "givenName": "Anna"}}),
    ({"op": "add", "path": "emails", "value": [{"value": "c@x.example"}]},
     {"emails": [WORK, HOME, {"value": "c@x.example"}]}),
    ({"op": "add", "path": "emails", "value": [HOME]}, {}),
    ({"op": "replace", "path": "emails", "value": [HOME]}, {"emails": [HOME]}),
    ({"op": "replace", "path": 'emails[type eq "home"].value', "value": "n@home.example"},
     {"emails": [WORK, {**HOME, "value": "n@home.example"}]}),
    ({"op": "replace", "path": 'emails[type eq "other"].value', "value": "o@x.example"},
     {"emails": [WORK, HOME, {"value": "o@x.example", "type": "other"}]}),
    ({"op": "replace", "path": "title", "value": "Prof"}, {"title": "Prof"}),
    ({"op": "replace", "path": "active", "value": "False"}, {"active": False}),
    ({"op": "replace", "value": {"active": False}}, {"active": False}),
    ({"op": "replace", "path": f"{ENTERPRISE_SCHEMA}:department", "value": "Radio"}, {"department": "Radio"}),
    ({"op": "add", "path": f"{ENTERPRISE_SCHEMA}:manager", "value": "user-9"}, {"manager": {"value": "user-9"}}),
    ({"op": "replace", "value": {f"{ENTERPRISE_SCHEMA}:department": "Radio"}}, {"department": "Radio"}),
    ({"op": "remove", "path": "title"}, {"title": None}),
    ({"op": "remove", "path": "name.givenName"}, {"name": {"familyName": "Arendt"}}),
    ({"op": "remove", "path": "emails"}, {"emails": None}),
    ({"op": "remove", "path": 'emails[type eq "work"]'}, {"emails": [HOME]}),
    ({"op": "remove", "path": 'emails[type eq "work" and value co "home"]'}, {}),
    ({"op": "remove", "path": ENTERPRISE_SCHEMA}, {"department": None}),
    ({"op": "remove", "path": "nickName"}, {}),
    ({"op": "add", "path": "roles", "value": ["Administrator"]}, {}),
]  # fmt: skip
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"op": "remove"}, "noTarget"),
    ({"op": "add", "path": "title"}, "invalidValue"),
    ({"op": "replace", "path": "title"}, "invalidValue"),
    ({"op": "move", "path": "title", "value": "x"}, "invalidValue"),
    ({"op": "replace", "path": "userName", "value": "other"}, "mutability"),
    ({"op": "replace", "path": "userName", "value": "ANN"}, "mutability"),
    ({"op": "remove", "path": "userName"}, "mutability"),
    ({"op": "remove", "path": "active"}, "mutability"),
    ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
    ({"op": "add", "path": "groups", "value": [{"value": "group-1"}]}, "mutability"),
    ({"op": "replace", "path": "emails[", "value": "x"}, "invalidPath"),
    ({"op": "replace", "path": "emails[type eq]", "value": "x"}, "invalidPath"),
    ({"op": "replace", "path": 'emails[type co "other"].value', "value": "x"}, "noTarget"),
    ({"op": "add", "path": "emails", "value": [{"value": "x", "primary": True}, {"value": "y", "primary": True}]},
     "invalidValue"),
    ({"op": "add", "path": "name", "value": "x"}, "invalidValue"),
    ({"op": "replace", "path": "active", "value": "maybe"}, "invalidValue"),
    ({"op": "replace", "path": "x" * 5000, "value": "x"}, "invalidPath"),
    ({"op": "add", "value": {"emails[" + "(" * 65: "x"}}, "invalidPath"),
]  # fmt: skip
MEMBERS = [{"value": "user-1", "type": "User"}, {"value": "group-2", "type": "Group"}]


def body(*operations: dict[str, Any]) -> dict[str, Any]:
    """Which body holds these operations?"""
    return {"schemas": [PATCH], "Operations": list(operations)}


@pytest.mark.parametrize(("operation", "changes"), CHANGES, ids=lambda one: str(one)[:60])
def test_an_operation_changes_a_user(operation: dict[str, Any], changes: dict[str, Any]) -> None:
    """That which its row of the table says, and nothing else."""
    before = {name: value for name, value in ANN.items() if name not in ("userName", ENTERPRISE_SCHEMA)}
    expected = {**before, "department": "Imaging", **changes}
    said = said_in(patched("User", ANN, read_patch("User", body(operation))))
    assert said == {name: value for name, value in expected.items() if value is not None}


@pytest.mark.parametrize(("operation", "scim_type"), REFUSED, ids=lambda one: str(one)[:60])
def test_an_operation_on_a_user_is_refused(operation: dict[str, Any], scim_type: str) -> None:
    """With SCIM's word for it."""
    with pytest.raises(ScimInvalid) as caught:
        patched("User", ANN, read_patch("User", body(operation)))
    assert caught.value.scim_type == scim_type


def group_after(*operations: dict[str, Any]) -> GroupPatch:
    """What does a group become by these?"""
    group = GroupPatch("crew", "E1", MEMBERS)
    group.carry_out(read_patch("Group", body(*operations)).operations)
    return group


NEW = [{"value": "user-3"}]
GROUPS: list[tuple[dict[str, Any], tuple[str, ...], bool]] = [
    ({"op": "add", "path": "members", "value": NEW}, ("user-1", "group-2", "user-3"), False),
    ({"op": "add", "path": "members", "value": {"value": "user-3"}}, ("user-1", "group-2", "user-3"), False),
    ({"op": "add", "value": {"members": NEW}}, ("user-1", "group-2", "user-3"), False),
    ({"op": "add", "path": f"{GROUP_SCHEMA}:members", "value": NEW}, ("user-1", "group-2", "user-3"), False),
    ({"op": "add", "path": "members", "value": [{"value": "user-1"}]}, ("user-1", "group-2"), False),
    ({"op": "add", "path": "members", "value": [{"$ref": "https://x.example/scim/v2/Users/user-3"}]},
     ("user-1", "group-2", "user-3"), False),
    ({"op": "replace", "path": "members", "value": NEW}, ("user-3",), False),
    ({"op": "replace", "path": "members", "value": []}, (), False),
    ({"op": "replace", "value": {"members": NEW, "displayName": "crew"}}, ("user-3",), False),
    ({"op": "remove", "path": "members"}, (), False),
    ({"op": "remove", "path": "members", "value": [{"value": "user-1"}]}, ("group-2",), True),
    ({"op": "remove", "path": 'members[value eq "user-1"]'}, ("group-2",), True),
    ({"op": "remove", "path": 'members[type eq "group"]'}, ("user-1",), True),
    ({"op": "remove", "path": 'members[value eq "user-9"]'}, ("user-1", "group-2"), False),
    ({"op": "add", "path": "owners", "value": ["x"]}, ("user-1", "group-2"), False),
]  # fmt: skip
GROUPS_REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"op": "replace", "path": "displayName", "value": "other"}, "mutability"),
    ({"op": "remove", "path": "displayName"}, "mutability"),
    ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
    ({"op": "add", "path": 'members[value eq "user-1"]', "value": {"value": "user-3"}}, "mutability"),
    ({"op": "replace", "path": 'members[value eq "user-1"].value', "value": "user-3"}, "mutability"),
    ({"op": "remove", "path": "members.value"}, "mutability"),
    ({"op": "remove", "path": 'members[secret eq "x"]'}, "invalidFilter"),
    ({"op": "add", "path": "members", "value": ["user-3"]}, "invalidValue"),
    ({"op": "add", "path": "members", "value": [{"display": "x"}]}, "invalidValue"),
    ({"op": "add", "path": "externalId", "value": 5}, "invalidValue"),
    ({"op": "add", "value": "x"}, "invalidValue"),
]


@pytest.mark.parametrize(("operation", "members", "is_exact"), GROUPS, ids=lambda one: str(one)[:60])
def test_an_operation_changes_a_group(
    operation: dict[str, Any], members: tuple[str, ...], is_exact: bool
) -> None:
    """Who is in it afterwards; and whether somebody was taken out by name, and not with a whole list."""
    group = group_after(operation)
    assert (group.members, group.is_exact, group.external_id) == (members, is_exact, "E1")


@pytest.mark.parametrize(("operation", "scim_type"), GROUPS_REFUSED, ids=lambda one: str(one)[:60])
def test_an_operation_on_a_group_is_refused(operation: dict[str, Any], scim_type: str) -> None:
    """With SCIM's word for it."""
    with pytest.raises(ScimInvalid) as caught:
        group_after(operation)
    assert caught.value.scim_type in (scim_type, "invalidPath" if scim_type == "invalidFilter" else scim_type)


def test_operations_follow_each_other() -> None:
    """Each sees what those before it left."""
    add, remove = (
        {"op": "add", "path": "members", "value": NEW},
        {"op": "remove", "path": 'members[value eq "user-3"]'},
    )
    assert group_after(add, remove).members == ("user-1", "group-2")
    assert group_after(remove, add).members == ("user-1", "group-2", "user-3")
    assert group_after({"op": "remove", "path": "externalId"}).external_id == ""
