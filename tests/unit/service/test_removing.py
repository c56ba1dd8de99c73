"""Removing an object with all that goes along: everything lets go, or something stands in the way, and nothing else."""

from __future__ import annotations

from importlib.resources import files

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import Invalid
from bailiwick.service.edits import Edit
from bailiwick.service.kinds import list_values
from bailiwick.service.reading import Reader
from bailiwick.service.removing import MOST_RESOURCES, Removal, plan_removal

KINDS = ("User", "ServiceId", "Profile", "Group", "Role", "Policy", "Guardrail", "Project")
WORLD = """
kind: User
name: alice
---
kind: User
name: bob
owner: user:alice
---
kind: Group
name: dev
members: [user:alice, {member: user:alice, starts_at: 2030-01-01T00:00:00Z}, user:bob]
---
kind: Role
name: Worker
service: cloud
rights: [{actions: [volume.Attach]}]
---
kind: Policy
name: workers
subjects: [group:dev]
roles: [Worker]
scope: {service: cloud}
---
kind: Policy
name: more
subjects: [group:dev]
roles: [cloud/Worker, cloud/Admin]
scope: {service: cloud}
---
kind: Resource
name: brn:acme:cloud:us-east::volume/v-1
groups: [group:dev]
"""


@pytest.fixture
def world(acme: Installation) -> Installation:
    """An account in which everything refers to something."""
    acme.apply(WORLD)
    return acme


def removal(acme: Installation, kind: str, name: str) -> Removal:
    """What would removing it come to, as the owner sees it?"""
    return plan_removal(Reader(acme.host, acme.owner), acme.host.catalog, kind, name)


def said(found: Removal) -> dict[str, tuple[str, ...]]:
    """What goes along, in words?"""
    return {one.text: one.names for one in found.losses}


def test_a_user_leaves_every_group_in_every_window(world: Installation) -> None:
    """And what it owned has no owner."""
    found = removal(world, "User", "alice")
    assert said(found) == {
        "memberships end in these groups": ("dev",),
        "these users have no owner or provisioner any more": ("bob",),
    }
    world.edit(*found.edits)
    account = world.host.snapshot("acme").account
    assert [one.member for one in account.groups["dev"].members] == ["user:bob"]
    assert account.principals["user:bob"].owner is None


def test_a_group_is_taken_off_policies_and_resources(world: Installation) -> None:
    """Policies of nobody go; a resource belongs to it no longer."""
    found = removal(world, "Group", "dev")
    assert said(found) == {
        "these policies are deleted, for nothing is left of them": ("more", "workers"),
        "these resources belong to it no longer": ("brn:acme:cloud:us-east::volume/v-1",),
    }
    world.edit(*found.edits)
    assert world.host.snapshot("acme").account.policies.keys() & {"workers", "more"} == set()


def test_a_role_is_taken_off_its_policies(world: Installation) -> None:
    """By its bare name and by its full one; a policy without another role goes."""
    found = removal(world, "Role", "Worker")
    assert said(found) == {
        "these policies are deleted, for nothing is left of them": ("workers",),
        "these policies lose this role": ("more",),
    }
    world.edit(*found.edits)
    assert world.host.snapshot("acme").account.policies["more"].roles == ("cloud/Admin",)


def test_the_mark_tells_whether_the_same_goes_along(world: Installation) -> None:
    """It changes with what refers to the object, and with its keys."""
    marks = [removal(world, "User", "bob").mark]
    assert removal(world, "User", "bob").mark == marks[0]
    world.session("user:bob")
    marks.append(removal(world, "User", "bob").mark)
    world.apply("kind: Group\nname: ops\nmembers: [user:bob]\n")
    marks.append(removal(world, "User", "bob").mark)
    assert len(set(marks)) == 3


def test_what_is_hidden_is_counted_and_not_named(world: Installation) -> None:
    """Whoever may see users and nothing else learns no name of a group."""
    world.apply(
        "kind: Policy\nname: v\nsubjects: [user:bob]\nroles: [Viewer]\nscope: {service: iam, type: user}\n"
    )
    reader = Reader(world.host, world.session("user:bob"))
    found = plan_removal(reader, world.host.catalog, "User", "alice")
    assert [(one.kind, one.names, one.count) for one in found.losses] == [
        ("Group", (), 1),
        ("User", ("bob",), 1),
    ]


def test_very_many_resources_are_handed_over_first(world: Installation) -> None:
    """They are no part of the change, and stand in the way."""
    names = (f"brn:acme:cloud:us-east::volume/m-{number}" for number in range(MOST_RESOURCES + 1))
    world.apply("---\n".join(f"kind: Resource\nname: {name}\nowner: user:bob\n" for name in names))
    found = removal(world, "User", "bob")
    assert [(one.kind, one.count) for one in found.obstacles] == [("Resource", MOST_RESOURCES + 1)]


def test_in_the_sample_company_everything_lets_go_or_stands_in_the_way(acme: Installation) -> None:
    """LAW: without obstacles it can be done and the account is sound; with obstacles it cannot.

    The default project aside, which is never removed, whatever refers to it.
    """
    acme.apply(files("bailiwick.sample").joinpath("company.yaml").read_text(encoding="utf-8"))
    account = acme.host.snapshot("acme").account
    ways = {True: 0, False: 0}
    for kind in KINDS:
        for name, value in list_values(account, kind).items():
            if getattr(value, "default", False):
                continue
            found = removal(acme, kind, name)
            ways[bool(found.obstacles)] += 1
            if found.obstacles:
                with pytest.raises(Invalid):
                    acme.edit(*found.edits, dry_run=True)
            else:
                acme.edit(*found.edits, dry_run=True)
            assert Edit(kind, name, None) in found.edits
    assert ways[True] >= 3
    assert ways[False] > 20
