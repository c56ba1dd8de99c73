"""Which actions of `iam` an edit needs: one row for each way of changing each kind."""

from __future__ import annotations

from typing import Any

import pytest

from bailiwick.model.accounts import Account, Group, Membership, Principal, Project, Resource
from bailiwick.model.services import Role, Service
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.edits import Difference
from bailiwick.service.kinds import with_values
from bailiwick.service.needed import Needed, needed_actions, object_of

EMPTY = Account("acme", "user:owner", projects={"main": Project("main", default=True)})
ALICE = Principal("user:alice")
CI = Principal("service-id:ci", owner="user:alice")
PROFILE = Principal("profile:p")
DEV = Group("dev", (Membership("user:alice"),))
BOTH = Group("dev", (Membership("user:bob"), *DEV.members))
PROJECT = Project("p")
BRN = "brn:acme:ims:eu-de::image/x"
IMAGE = Resource(BRN, project="a")
TAGGED = Resource(BRN, project="a", tags={"x": "y"})
RECORDS = Service("records", "Records", {}, {}, {})
ROLE = Role("ims", "R", "service", (), custom=True)
ADD, REMOVE = "eps:resources:add enterprise-project", "eps:resources:remove enterprise-project"
IAM_ADD, IAM_REMOVE = "iam.project.add-resource project", "iam.project.remove-resource project"


def of_project(verb: str, name: str) -> str:
    """A deed on one project, by either service's action."""
    return f"eps:enterpriseProjects:{verb} enterprise-project/{name} | iam.project.{verb} project/{name}"


@pytest.mark.parametrize(
    ("kind", "name", "before", "after", "needed"),
    [
        ("Account", "acme", EMPTY, EMPTY, [("iam.account.update", "account/acme")]),
        ("User", "alice", None, ALICE, [("iam.user.invite", "service/iam")]),
        ("User", "alice", ALICE, Principal("user:alice", disabled=True), [("iam.user.update", "user/alice")]),
        ("User", "alice", ALICE, None, [("iam.user.delete", "user/alice")]),
        ("ServiceId", "ci", None, CI, [("iam.service-id.create", "service/iam")]),
        ("ServiceId", "ci", CI, None, [("iam.service-id.delete", "service-id/ci")]),
        ("Profile", "p", None, PROFILE, [("iam.profile.create", "service/iam")]),
        ("Group", "dev", None, DEV, [("iam.group.create", "service/iam")]),
        ("Group", "dev", DEV, BOTH, [("iam.group.add-member", "group/dev")]),
        ("Group", "dev", DEV, Group("dev"), [("iam.group.remove-member", "group/dev")]),
        ("Group", "dev", DEV, Group("dev", DEV.members, "x"), [("iam.group.update", "group/dev")]),
        (
            "Group", "dev", DEV, Group("dev", (Membership("user:bob"),), "x"),
            [
                ("iam.group.add-member", "group/dev"),
                ("iam.group.remove-member", "group/dev"),
                ("iam.group.update", "group/dev"),
            ],
        ),
        ("Project", "p", None, PROJECT, ["eps:enterpriseProjects:create service/eps | iam.project.create service/iam"]),
        ("Project", "p", PROJECT, Project("p", disabled=True), [of_project("disable", "p")]),
        ("Project", "p", Project("p", disabled=True), PROJECT, [of_project("enable", "p")]),
        (
            "Project", "p", PROJECT, Project("p", disabled=True, description="x"),
            [of_project("disable", "p"), of_project("update", "p")],
        ),
        ("Project", "p", PROJECT, Project("p", type="poc"), [of_project("update", "p")]),
        ("Project", "p", PROJECT, None, [of_project("delete", "p")]),
        ("Role", "R", None, ROLE, [("iam.role.create", "service/iam")]),
        ("Role", "R", ROLE, None, [("iam.role.delete", "role/R")]),
        ("Service", "records", None, RECORDS, [("iam.catalog.update", "service/iam")]),
        ("Service", "records", RECORDS, None, [("iam.catalog.update", "service/iam")]),
        ("Resource", BRN, None, Resource(BRN), [("iam.resource.register", "service/iam")]),
        (
            "Resource", BRN, None, IMAGE,
            [("iam.resource.register", "service/iam"), f"{ADD}/a | {IAM_ADD}/a"],
        ),
        (
            "Resource", BRN, IMAGE, Resource(BRN, project="b"),
            [
                f"{REMOVE}/a | {IAM_REMOVE}/a",
                f"iam.resource.move resource/{BRN} | {REMOVE}/a",
                f"{ADD}/b | {IAM_ADD}/b",
            ],
        ),
        (
            "Resource", BRN, IMAGE, Resource(BRN, project="main"),
            [
                f"{REMOVE}/a | {IAM_REMOVE}/a",
                f"iam.resource.move resource/{BRN} | {REMOVE}/a",
                f"{ADD}/main | {IAM_ADD}/main | {REMOVE}/a | {IAM_REMOVE}/a",
            ],
        ),
        (
            "Resource", BRN, Resource(BRN), IMAGE,
            [f"iam.resource.move resource/{BRN} | {REMOVE}/main", f"{ADD}/a | {IAM_ADD}/a"],
        ),
        ("Resource", BRN, IMAGE, TAGGED, [("iam.resource.update", f"resource/{BRN}")]),
        ("Resource", BRN, IMAGE, None, [("iam.resource.delete", f"resource/{BRN}")]),
    ],
)  # fmt: skip
def test_each_edit_asks_for_its_own_actions(
    kind: str, name: str, before: Any, after: Any, needed: list[tuple[str, str] | str]
) -> None:
    """In the catalog's words, of the object or, to create, of the service itself; ` | ` parts what is as good."""
    op = "created" if before is None else "deleted" if after is None else "changed"
    old = EMPTY if before is None or kind == "Account" else with_values(EMPTY, {(kind, name): before})
    new = EMPTY if after is None or kind == "Account" else with_values(old, {(kind, name): after})
    catalog = load_system_catalog()
    found = list(needed_actions(catalog, old, new, Difference(kind, name, op, None, None)))
    assert [formatted(one) for one in found] == [
        one if isinstance(one, str) else " ".join(one) for one in needed
    ]
    for asked in (asked for one in found for asked in one.any_of):
        assert asked.action in catalog[asked.resource.service].actions


def formatted(needed: Needed) -> str:
    """What is asked, in one line."""
    return " | ".join(f"{one.action} {'/'.join(map(str, one.resource.path[-1]))}" for one in needed.any_of)


def test_a_user_is_its_own_owner_and_a_resource_has_its_project() -> None:
    """So that `mine` means oneself, and a scope on a project reaches what is registered in it."""
    assert object_of("User", "alice", ALICE).owner == "user:alice"
    assert object_of("User", "alice", Principal("user:alice", owner="user:bob")).owner == "user:bob"
    assert object_of("ServiceId", "ci", CI).owner == "user:alice"
    assert object_of("ServiceId", "ci", Principal("service-id:ci")).owner is None
    assert object_of("Resource", BRN, IMAGE).project == "a"
    assert object_of("User", "nobody", None).owner is None
