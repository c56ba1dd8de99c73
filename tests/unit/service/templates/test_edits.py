"""Templates in one account: what accepting, giving up and drifting come to, as edits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bailiwick.errors import Conflict
from bailiwick.model.accounts import Account, Group, Membership
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.services import Right, Role
from bailiwick.model.templates import Template, TemplateAcceptance
from bailiwick.service.edits import Edit
from bailiwick.service.kinds import with_values
from bailiwick.service.templates.edits import (
    Drift,
    accepting_edits,
    find_drift,
    releasing_edits,
    removing_edits,
)

ROLE = Role("ims", "Lister", "service", (Right("ims", ("ims:images:list",)),), custom=True)
GROUP = Group("auditors")
POLICY = Policy("auditors-list", ("group:auditors",), ("Lister",), Scope(service=("ims",)))
FIRST = Template("auditors@1", (GROUP,), (ROLE,), (POLICY,), committed=True)
SECOND = replace(FIRST, name="auditors@2", policies=(), roles=())
BY = "template:auditors"
ACCEPTED = TemplateAcceptance("auditors", 1, "hq")
EMPTY = Account("acme", "user:ann")


def after(account: Account, edits: list[Edit]) -> Account:
    """What is the account once these edits are made?"""
    changed: dict[tuple[str, str], Any] = {edit.key: edit.value for edit in edits}
    return with_values(account, changed)


HOLDING = after(EMPTY, accepting_edits(EMPTY, FIRST, ACCEPTED))


def test_accepting_brings_every_object_and_says_who_manages_it() -> None:
    """Role, group and policy are there, managed by the template, and the acceptance with them."""
    assert HOLDING.roles == {"Lister": replace(ROLE, managed_by=BY)}
    assert HOLDING.groups == {"auditors": replace(GROUP, managed_by=BY)}
    assert HOLDING.policies == {"auditors-list": replace(POLICY, managed_by=BY)}
    assert HOLDING.template_acceptances == {"auditors": ACCEPTED}


def test_another_version_takes_away_what_it_no_longer_defines_and_keeps_members() -> None:
    """The accounts' own members of a template's group outlive its versions."""
    members = (Membership("user:bob"),)
    peopled = after(HOLDING, [Edit("Group", "auditors", Group("auditors", members, managed_by=BY))])
    later = after(peopled, accepting_edits(peopled, SECOND, replace(ACCEPTED, version=2)))
    assert (later.roles, later.policies) == ({}, {})
    assert later.groups == {"auditors": Group("auditors", members, managed_by=BY)}
    assert later.template_acceptances["auditors"].version == 2


def test_an_object_of_the_accounts_own_is_never_taken_over() -> None:
    """Whatever has the name already stays what it is, and the template is not accepted in part."""
    own = replace(EMPTY, roles={"Lister": ROLE})
    with pytest.raises(Conflict) as caught:
        accepting_edits(own, FIRST, ACCEPTED)
    assert str(caught.value) == (
        "the account has a role `Lister` of its own, which template `auditors@1` defines\n"
        "  help: rename or delete that role, then accept the template"
    )


def test_removing_takes_all_that_the_template_brought_and_nothing_else() -> None:
    """What the account made itself stays."""
    own = after(HOLDING, [Edit("Group", "own", Group("own"))])
    left = after(own, removing_edits(own, "auditors"))
    assert left == replace(EMPTY, groups={"own": Group("own")})


def test_releasing_leaves_all_to_the_account() -> None:
    """The objects stay as they are, but nobody manages them any longer."""
    left = after(HOLDING, releasing_edits(HOLDING, "auditors"))
    assert left == replace(
        EMPTY, roles={"Lister": ROLE}, groups={"auditors": GROUP}, policies={"auditors-list": POLICY}
    )


def test_drift_names_what_is_missing_changed_and_left_over() -> None:
    """An account that holds just the version has not drifted, whoever is in its groups."""
    members = Group("auditors", (Membership("user:bob"),), managed_by=BY)
    assert find_drift(after(HOLDING, [Edit("Group", "auditors", members)]), FIRST) == ()
    moved = replace(
        HOLDING,
        groups={},
        policies={"auditors-list": replace(POLICY, enabled=False, managed_by=BY)},
        roles={**HOLDING.roles, "Old": replace(ROLE, name="Old", managed_by=BY)},
    )
    assert find_drift(moved, FIRST) == (
        Drift("Group", "auditors", "missing"),
        Drift("Policy", "auditors-list", "changed"),
        Drift("Role", "Old", "left over"),
    )
