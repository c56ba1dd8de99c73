"""Identities that nobody used for long: all of them, in pages too, what they hold, and to whom it is told."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import Denied
from bailiwick.service.assuming import Wanted, assume_profile
from bailiwick.service.inactive import Inactive, all_inactive, list_inactive
from bailiwick.service.keys.exchanging import exchange_key

WORLD = """
kind: User
name: alice
---
kind: User
name: bob
---
kind: ServiceId
name: ci
---
kind: Profile
name: ops
trust: [user:alice]
---
kind: Profile
name: unused
---
kind: Group
name: readers
members: [user:bob, user:alice]
---
kind: Policy
name: readers
subjects: [group:readers]
roles: [Reader]
scope: {service: container-registry}
---
kind: Policy
name: alice
subjects: [user:alice]
roles: [Viewer]
scope: {service: iam}
---
kind: Policy
name: alice-assumes
subjects: [user:alice]
roles: [Profile User]
scope: {service: iam}
"""
DAY = 86_400


@pytest.fixture
def world(acme: Installation) -> Installation:
    """Everybody was made long ago; alice and the owner were there lately."""
    acme.apply(WORLD)
    for principal in ("user:alice", "user:bob", "service-id:ci"):
        acme.key(principal)
    acme.clock.seconds += 100 * DAY
    exchange_key(acme.host, acme.owner_key)
    session = acme.host.authenticate(f"Bearer {exchange_key(acme.host, acme.key('user:alice')).text}")
    assume_profile(acme.host, session, "acme", "ops", Wanted())
    acme.clock.seconds += DAY
    return acme


def names(world: Installation, days: int = 90) -> set[tuple[str, str]]:
    """Who is inactive, keys by their owner?"""
    found = all_inactive(world.host, world.owner, days)
    return {(one.kind, one.owner if one.kind == "ApiKey" else one.name) for one in found}


def test_who_was_not_used_is_told_and_nobody_else(world: Installation) -> None:
    """Users and service IDs by signing in and keys, profiles by their sessions, keys by themselves."""
    assert names(world) == {
        ("User", "bob"),
        ("ServiceId", "ci"),
        ("Profile", "unused"),
        ("ApiKey", "user:bob"),
        ("ApiKey", "service-id:ci"),
    }
    assert names(world, 102) == set()
    world.apply("kind: User\nname: bob\ndescription: back again")
    assert ("User", "bob") not in names(world)
    exchange_key(world.host, world.key("service-id:ci"))
    assert not {("ServiceId", "ci"), ("ApiKey", "service-id:ci")} & names(world)


def test_what_each_still_holds_is_told(world: Installation) -> None:
    """Policies through groups, and keys; when it was used, and whether it still works."""
    world.apply("kind: User\nname: bob\ndisabled: true")
    world.clock.seconds += 100 * DAY
    found = {one.name: one for one in all_inactive(world.host, world.owner, 90)}
    assert (found["bob"].policies, found["bob"].keys, found["bob"].disabled) == (1, 1, True)
    assert (found["ci"].policies, found["ci"].keys, found["ci"].last_used_at) == (0, 1, None)
    assert found["alice"].last_used_at is not None
    assert found["ops"].last_used_at == found["alice"].last_used_at


def test_pages_together_are_the_whole(world: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """However short they are, and however few are looked at for one."""
    whole = list(all_inactive(world.host, world.owner, 90))
    for limit, looked_at in ((1, 2000), (2, 2000), (100, 1), (100, 3)):
        monkeypatch.setattr("bailiwick.service.inactive.MOST_LOOKED_AT", looked_at)
        after: str | None = ""
        parts: list[Inactive] = []
        while after is not None:
            page = list_inactive(world.host, world.owner, 90, after=after, limit=limit)
            parts += page.found
            assert len(page.found) <= limit
            after = page.next
        assert parts == whole


def test_only_what_one_may_list_is_told(world: Installation) -> None:
    """Who may list nothing is refused; policies are counted for who may list those."""
    with pytest.raises(Denied):
        all_inactive(world.host, world.session("user:bob"), 90)
    world.apply(
        "kind: Role\nname: lister\nservice: iam\nrights: [{actions: [iam.user.list]}]\n---\n"
        "kind: Policy\nname: lists\nsubjects: [user:bob]\nroles: [lister]\nscope: {service: iam}"
    )
    world.clock.seconds += 100 * DAY
    found = list(all_inactive(world.host, world.session("user:bob"), 90))
    assert {one.kind for one in found} == {"User"}
    assert {one.policies for one in found} == {None}
