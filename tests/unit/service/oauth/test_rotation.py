"""Signing keys turn: tokens of the old one stand through the overlap, or not at all; families go on in either case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.service.oauth.oauth_world import World, make_world

from bailiwick.authn.signing import KeyPurpose
from bailiwick.cli.signing_keys import format_rotation, rows_of
from bailiwick.errors import Conflict
from bailiwick.service.keyring import LEAD_SECONDS, OVERLAP_SECONDS, rotate
from bailiwick.service.oauth.families import refresh_family


@pytest.fixture
def world() -> World:
    """The account with its applications, a day after its keys were made."""
    world = make_world()
    world.acme.clock.seconds += LEAD_SECONDS
    return world


def test_both_keys_are_believed_during_the_overlap(world: World) -> None:
    """And both are published; afterwards only the new one. Every process follows."""
    other = world.another_host()
    old = world.family().token.text
    keys = rotate(world.host.store, KeyPurpose.ACCESS, world.host.at(), "system")
    new = world.family().token.text
    assert old.split(".")[0] != new.split(".")[0]
    assert world.stands(old, other)
    assert world.stands(new, other)
    shown = {one["kid"]: one["state"] for one in rows_of(keys, world.host.at())}
    assert sorted(filter(None, shown.values())) == ["current", "next", "retired"]
    published = other.key_set(KeyPurpose.ACCESS).jwks(world.host.at())["keys"]
    assert {one["kid"] for one in published} == set(shown)
    assert all("d" not in one for one in published)
    after = world.host.at() + timedelta(seconds=OVERLAP_SECONDS)
    assert sorted(str(one["state"]) for one in rows_of(keys, after)) == ["current", "next"]
    assert format_rotation(keys, leaked=False)[2] == "tokens of the old key are good for two hours"


def test_what_a_stolen_key_signed_is_over_at_once_and_families_go_on(world: World) -> None:
    """Whoever has the key can make no token, and has no refresh token by it."""
    other, begun = world.another_host(), world.family()
    assert world.stands(begun.token.text, other)
    keys = rotate(world.host.store, KeyPurpose.ACCESS, world.host.at(), "system", leaked=True)
    assert not world.stands(begun.token.text, other)
    assert not world.stands(begun.token.text)
    again = refresh_family(other, world.client("web"), begun.refresh_token or "")
    assert world.stands(again.token.text)
    assert sorted(str(one["state"]) for one in rows_of(keys, world.host.at())) == ["current", "next"]
    assert format_rotation(keys, leaked=True)[2] == "nobody believes the old key any more"


def test_a_key_that_nobody_has_seen_does_not_sign(world: World) -> None:
    """Unless the old one was stolen."""
    rotate(world.host.store, KeyPurpose.ACCESS, world.host.at(), "system")
    with pytest.raises(Conflict):
        rotate(world.host.store, KeyPurpose.ACCESS, world.host.at(), "system")
    assert rotate(world.host.store, KeyPurpose.ACCESS, world.host.at(), "system", leaked=True)
