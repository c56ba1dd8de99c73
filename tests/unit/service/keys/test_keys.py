"""API keys in the service: whose they may be, and what a session that is less than its principal may not make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.keys.keys_world import WORLD

from bailiwick.authn.keys import GeneratedKey, generate_api_key
from bailiwick.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated
from bailiwick.model.policies import Guardrail, Scope
from bailiwick.service.keys import storing
from bailiwick.service.keys.changing import delete_key, update_key
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.keys.reading import describe_key, list_keys, read_key
from bailiwick.service.keys.rotating import rotate_key


@pytest.fixture
def world(acme: Installation) -> Installation:
    """The installation with the company of keys."""
    acme.apply(WORLD)
    return acme


def test_a_key_works_once_it_is_made_and_no_longer_than_it_says(world: Installation) -> None:
    """It gives tokens of its owner; after its end, disabling or withdrawal it gives none."""
    ends = world.host.at() + timedelta(hours=1)
    made = create_key(world.host, world.owner, "service-id:ci", expires_at=ends)
    token = exchange_key(world.host, made.text)
    assert world.host.authenticate(f"Bearer {token.text}").principal == "service-id:ci"
    assert token.lifetime_seconds == 3600
    update_key(world.host, world.owner, made.uid, disabled=True)
    with pytest.raises(Unauthenticated):
        exchange_key(world.host, made.text)
    update_key(world.host, world.owner, made.uid, disabled=False)
    assert exchange_key(world.host, made.text)
    world.clock.seconds += 3600
    with pytest.raises(Unauthenticated):
        exchange_key(world.host, made.text)
    delete_key(world.host, world.owner, made.uid)
    with pytest.raises(NotFound):
        read_key(world.host, world.owner, made.uid)


def test_no_two_keys_of_an_account_look_alike(world: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where chance gives a visible prefix that another key has, it is asked again: made anew or rotated."""
    first = create_key(world.host, world.owner, "service-id:ci")

    def unlucky() -> Iterator[GeneratedKey]:
        while True:
            yield replace(generate_api_key(), prefix=first.prefix)
            yield generate_api_key()

    given = unlucky()
    monkeypatch.setattr(storing, "generate_api_key", lambda: next(given))
    second = create_key(world.host, world.owner, "service-id:ci")
    rotated = rotate_key(world.host, world.owner, second.uid)
    assert len({first.prefix, second.prefix, rotated.prefix}) == 3
    assert exchange_key(world.host, rotated.text)


def test_a_key_for_who_holds_more_needs_authority(world: Installation) -> None:
    """An editor of `iam` makes keys for who holds nothing, not for who holds what the editor could not grant."""
    keeper = world.session("user:keeper")
    assert create_key(world.host, keeper, "service-id:idle").uid
    with pytest.raises(Denied) as caught:
        create_key(world.host, keeper, "service-id:ci")
    assert caught.value.message == (
        "`service-id:ci` holds policy `ci`, and you lack `iam.policy.create` over service `container-registry`"
    )


def test_enabling_anothers_key_needs_the_same(world: Installation) -> None:
    """A key that was disabled is as good as a new one; disabling hands over nothing."""
    keeper = world.session("user:keeper")
    uid = create_key(world.host, world.owner, "service-id:ci").uid
    update_key(world.host, keeper, uid, disabled=True)
    with pytest.raises(Denied):
        update_key(world.host, keeper, uid, disabled=False)
    assert world.host.snapshot("acme").keys[uid].disabled


def test_a_session_with_less_than_its_principal_makes_no_key(world: Installation) -> None:
    """A scoped-down token cannot be exchanged for a key that is everything (bug class 30)."""
    narrow = (Guardrail("only-reading", ("ims:*",), Scope(service=("ims",))),)
    alice = world.session("user:alice")
    assert create_key(world.host, alice, "user:alice").uid
    for less in (replace(alice, restrictions=narrow), replace(alice, chain=("user:keeper",))):
        with pytest.raises(Denied):
            create_key(world.host, less, "user:alice")


def test_one_sees_ones_own_keys_and_those_one_may_read(world: Installation) -> None:
    """The keeper sees all, alice her own; nobody sees a secret."""
    create_key(world.host, world.owner, "service-id:ci")
    alice, keeper = world.session("user:alice"), world.session("user:keeper")
    assert {record.owner_name for record in list_keys(world.host, alice)} == {"alice"}
    owners = {record.owner_name for record in list_keys(world.host, keeper)}
    assert owners == {"owner", "ci", "alice", "keeper"}
    snapshot = world.host.snapshot("acme")
    for record in list_keys(world.host, keeper):
        assert set(describe_key(world.host, snapshot, record)) == {
            "id", "owner", "prefix", "description", "created_at", "expires_at", "disabled", "locked", "last_used_at",
            "networks", "when_leaked", "leaked_at", "rotated_at", "earlier_prefix", "earlier_until",
        }  # fmt: skip


def test_a_locked_key_stays_as_it_is(world: Installation) -> None:
    """Until it is unlocked it is neither changed nor withdrawn."""
    uid = create_key(world.host, world.owner, "service-id:ci").uid
    update_key(world.host, world.owner, uid, locked=True)
    with pytest.raises(Conflict):
        update_key(world.host, world.owner, uid, disabled=True)
    with pytest.raises(Conflict):
        delete_key(world.host, world.owner, uid)
    update_key(world.host, world.owner, uid, locked=False, description="free")
    delete_key(world.host, world.owner, uid)


def test_what_cannot_be_a_key_is_refused_in_words(world: Installation) -> None:
    """Groups and profiles have none, nor who does not exist; ends lie ahead; descriptions are short."""
    for owner in ("group:members", "user:nobody", "alice", ""):
        with pytest.raises(NotFound) as caught:
            create_key(world.host, world.owner, owner)
        assert caught.value.message == f"there is no user or service ID `{owner}`"
    with pytest.raises(Invalid):
        create_key(world.host, world.owner, "user:alice", expires_at=world.host.at())
    with pytest.raises(Invalid):
        create_key(world.host, world.owner, "user:alice", description="x" * 251)


def test_last_use_is_remembered(world: Installation) -> None:
    """Exchanging a key is using it."""
    made = create_key(world.host, world.owner, "service-id:ci")
    record = world.host.snapshot("acme").keys[made.uid]
    assert describe_key(world.host, world.host.snapshot("acme"), record)["last_used_at"] is None
    exchange_key(world.host, made.text)
    used = describe_key(world.host, world.host.snapshot("acme"), record)["last_used_at"]
    assert used == world.host.at().isoformat()
