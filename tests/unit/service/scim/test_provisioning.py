"""What a provisioner may is asked on the state before; what its directory calls its people is found at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.service.accounts import Installation, install

from bailiwick.errors import Denied, Invalid
from bailiwick.model.accounts import Account, Group, Membership, Principal
from bailiwick.service.edits import Edit
from bailiwick.service.keys.making import create_key
from bailiwick.service.scim.consent import consented_to, external_id_in, is_paused
from bailiwick.service.scim.people import Source, main_email, said_of, user_of

BY = "service-id:directory"
OURS = Principal("user:ours", provisioned_by=BY)
THEIRS = Principal("user:theirs")
CREW = Group("crew", provisioned_by=BY)
INNER = Group("inner", provisioned_by=BY)
BEFORE = Account(
    "acme",
    "user:owner",
    principals={one.reference: one for one in (OURS, THEIRS)},
    groups={"crew": CREW, "inner": INNER, "free": Group("free")},
)
JOINS = Membership("user:ours", managed_by="scim")


@pytest.mark.parametrize(
    ("group", "added", "expected"),
    [
        ("crew", [JOINS], BY),
        ("crew", [JOINS, Membership("group:inner", managed_by="scim")], BY),
        ("crew", [JOINS, Membership("user:theirs", managed_by="scim")], None),
        ("crew", [Membership("group:free", managed_by="scim")], None),
        ("crew", [Membership("user:gone", managed_by="scim")], None),
        ("crew", [Membership("user:ours")], None),
        ("crew", [Membership("user:ours", managed_by="federation")], None),
        ("free", [JOINS], None),
        ("gone", [JOINS], None),
    ],
)
def test_only_its_own_join_its_own_by_its_word(
    group: str, added: list[Membership], expected: str | None
) -> None:
    """Users and groups that it provisions, in a group that it provisions, by memberships of SCIM."""
    assert consented_to(BEFORE, BEFORE, group, added) == expected


def test_a_group_that_is_marked_or_let_go_in_the_same_change_is_not_its_own() -> None:
    """Neither before nor after alone is enough; nor another one's."""
    for other in (None, "service-id:other"):
        after = replace(BEFORE, groups={**BEFORE.groups, "crew": replace(CREW, provisioned_by=other)})
        assert consented_to(BEFORE, after, "crew", [JOINS]) is None
        assert consented_to(after, BEFORE, "crew", [JOINS]) is None


def test_a_user_is_paused_by_the_provisioner_alone() -> None:
    """Disabled, provisioned, and marked so."""
    marked: dict[str, Any] = {"scim": {"active": False}}
    paused = replace(OURS, disabled=True, properties=marked)
    assert is_paused(paused)
    assert not is_paused(replace(paused, disabled=False))
    assert not is_paused(replace(paused, provisioned_by=None))
    others: list[dict[str, Any]] = [
        {},
        {"scim": {}},
        {"scim": {"active": True}},
        {"scim": "x"},
        {"active": False},
    ]
    for kept in others:
        assert not is_paused(replace(paused, properties=kept))


def test_the_mark_is_kept_only_of_whom_the_directory_disabled() -> None:
    """Whom somebody else disabled is not marked by being deactivated too."""
    source = Source("acme", BY)
    active = user_of("ann", {}, None, source)
    assert (active.disabled, active.provisioned_by) == (False, BY)
    paused = user_of("ann", {"active": False}, active, source)
    assert is_paused(paused)
    assert is_paused(user_of("ann", {"title": "Dr"}, paused, source)), "what is not said stays"
    assert not user_of("ann", {"active": True}, paused, source).disabled
    barred = user_of("ann", {"active": False}, replace(active, disabled=True), source)
    assert barred.disabled
    assert not is_paused(barred)


def test_an_address_that_the_account_changed_is_what_is_shown() -> None:
    """The directory's list is of no use then."""
    emails = [{"value": "a@x.example", "type": "home"}, {"value": "b@x.example", "type": "work"}]
    user = user_of("ann", {"emails": emails}, None, Source("acme", BY))
    assert user.email == "b@x.example"
    assert said_of(user)["emails"] == emails
    assert said_of(replace(user, email="c@x.example"))["emails"] == [
        {"value": "c@x.example", "primary": True}
    ]
    assert "emails" not in said_of(replace(user, email=""))
    assert main_email([]) == main_email([{"type": "work"}]) == ""
    with pytest.raises(Invalid):
        user_of("ann", {"emails": [{"value": "nowhere"}]}, None, Source("acme", BY))


def test_naming_a_provisioner_is_a_grant(acme: Installation) -> None:
    """Of all that the group, and what contains it, holds; and it may not be named by who lacks that."""
    acme.apply(
        """
        {kind: ServiceId, name: directory}
        ---
        {kind: User, name: keeper}
        ---
        {kind: Policy, name: keeper, subjects: [user:keeper], roles: [Editor], scope: {service: iam}}
        ---
        {kind: Group, name: inner}
        ---
        {kind: Group, name: outer, members: [group:inner]}
        ---
        {kind: Group, name: idle}
        ---
        {kind: Policy, name: read, subjects: [group:outer], roles: [Reader], scope: {service: container-registry}}
        """
    )
    keeper = acme.session("user:keeper")
    groups = acme.host.snapshot("acme").account.groups
    acme.edit(Edit("Group", "idle", replace(groups["idle"], provisioned_by=BY)), session=keeper)
    with pytest.raises(Denied, match="`service-id:directory` decides who is in `group:inner`"):
        acme.edit(Edit("Group", "inner", replace(groups["inner"], provisioned_by=BY)), session=keeper)
    acme.edit(Edit("Group", "inner", replace(groups["inner"], provisioned_by=BY)))
    with pytest.raises(Denied, match="directory` holds policy `read`"):
        create_key(acme.host, keeper, BY)


def test_whom_an_administrator_disables_stays_disabled(acme: Installation) -> None:
    """Though the directory had disabled the same user once, and an administrator enabled it: that is over."""
    acme.apply(
        """
        {kind: ServiceId, name: directory}
        ---
        {kind: User, name: ann}
        ---
        {kind: Policy, name: directory, subjects: [service-id:directory], roles: [User Provisioner],
         scope: {service: iam}}
        ---
        {kind: Policy, name: ann, subjects: [user:ann], roles: [Reader], scope: {service: container-registry}}
        """
    )
    directory, source = acme.session(BY), Source("acme", BY)

    def ann() -> Principal:
        return acme.host.snapshot("acme").account.principals["user:ann"]

    def activated(active: bool) -> Edit:
        return Edit("User", "ann", user_of("ann", {"active": active}, ann(), source))

    acme.edit(Edit("User", "ann", replace(ann(), provisioned_by=BY)))
    acme.edit(activated(False), session=directory)
    acme.edit(activated(True), session=directory)
    acme.edit(activated(False), session=directory)
    acme.edit(Edit("User", "ann", replace(ann(), disabled=False)))
    assert ann().properties == {"scim": {}}
    acme.edit(Edit("User", "ann", replace(ann(), disabled=True)))
    with pytest.raises(Denied, match="`user:ann` is enabled and holds policy `ann`"):
        acme.edit(activated(True), session=directory)
    marked = replace(ann(), properties={"scim": {"active": False}})
    acme.edit(Edit("User", "ann", replace(marked, disabled=False)))
    acme.edit(Edit("User", "ann", replace(ann(), disabled=True)))
    assert not is_paused(ann())


IDS = st.sampled_from(("", "E1", "E2", "E3"))
STEPS = st.lists(st.tuples(st.sampled_from(("a", "b", "c")), st.one_of(st.none(), IDS)), max_size=8)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_who_is_known_by_which_id_is_kept_up(steps: list[tuple[str, str | None]]) -> None:
    """After every change it is what it is when it is made anew; None deletes."""
    acme = install()
    acme.host.snapshot("acme").names_by_external_id("Group")
    for name, external_id in steps:
        group = None if external_id is None else Group(name, external_id=external_id)
        if group is None and name not in acme.host.snapshot("acme").account.groups:
            continue
        acme.edit(Edit("Group", name, group))
        snapshot = acme.host.snapshot("acme")
        found = {one: sorted(names) for one, names in snapshot.names_by_external_id("Group").items()}
        expected: dict[str, list[str]] = {}
        for each, value in sorted(snapshot.account.groups.items()):
            if external_id_in(value):
                expected.setdefault(external_id_in(value), []).append(each)
        assert found == expected
