"""Memberships of one group: parsed with findings at their fields, added and taken away one by one."""

from __future__ import annotations

import pytest

from bailiwick.errors import Conflict, Invalid, NotFound
from bailiwick.model.accounts import Group, Membership
from bailiwick.model.policies import Window
from bailiwick.service.memberships import find_membership, parse_membership, with_members, without_member

ALICE, BOB = Membership("user:alice"), Membership("user:bob", Window(0.0, 60.0))
GROUP = Group("dev", (ALICE, BOB), "builds")


def test_a_membership_is_parsed_with_its_window() -> None:
    """As in a document."""
    window = {"starts_at": "1970-01-01T00:00:00Z", "expires_at": "1970-01-01T00:01:00Z"}
    assert parse_membership("user:bob", window) == BOB
    assert find_membership(GROUP, "user:bob", window) == BOB


@pytest.mark.parametrize(
    ("member", "window", "place"),
    [
        ("alice", {}, "member"),
        ("user:a/b", {}, "member"),
        ("service:ims", {}, "member"),
        ("user:a", {"starts_at": "now"}, "starts_at"),
        ("user:a", {"expires_at": "2020-01-01"}, "expires_at"),
    ],
)
def test_a_mistake_is_placed_at_its_field(member: str, window: dict[str, object], place: str) -> None:
    """So that a form shows it there."""
    with pytest.raises(Invalid) as raised:
        parse_membership(member, window)
    assert {one.place for one in raised.value.findings} == {place}


def test_members_are_added_at_the_end_and_once() -> None:
    """Another window of the same member is another membership; what is there already is a conflict."""
    later = Membership("user:alice", Window(60.0, None))
    after = with_members(GROUP, (later, later))
    assert (after.members, after.description) == ((ALICE, BOB, later), "builds")
    with pytest.raises(Conflict, match="`user:alice` is in group `dev` already"):
        with_members(GROUP, (ALICE,))
    with pytest.raises(Conflict):
        with_members(GROUP, (Membership("user:alice", managed_by="scim"),))


def test_taking_away_takes_just_that_membership() -> None:
    """And says so where there is none."""
    assert without_member(GROUP, BOB).members == (ALICE,)
    with pytest.raises(NotFound):
        without_member(GROUP, Membership("user:bob"))
    with pytest.raises(NotFound):
        find_membership(GROUP, "user:bob", {})
