"""Hosts: one process answers from what it holds, and follows what other processes write."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import SETTINGS, Installation

from bailiwick.authn.signing import KeyPurpose
from bailiwick.errors import Invalid, NotFound, Unauthenticated
from bailiwick.model.accounts import Principal
from bailiwick.service.changes import change_account
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account
from bailiwick.service.keyring import create_key_sets, rotate
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.locating import locate
from bailiwick.store.memory import MemoryStore


def user(name: str) -> Edit:
    """An edit that makes this user."""
    return Edit("User", name, Principal(f"user:{name}"))


def test_a_host_follows_what_another_writes(acme: Installation) -> None:
    """Several revisions at once, keys and removals too."""
    follower = acme.another_host()
    before = follower.snapshot("acme")
    acme.edit(user("alice"))
    acme.session("user:alice")
    acme.edit(user("bob"), Edit("User", "alice", None))
    after = follower.snapshot("acme")
    assert after is not before
    assert set(after.account.principals) == {"user:owner", "user:bob"}
    assert after.vector == acme.host.snapshot("acme").vector
    assert after.keys.keys() == before.keys.keys()


def test_an_answer_that_is_held_is_not_read_again(acme: Installation) -> None:
    """While nothing is written the same snapshot answers, and what it derived is kept."""
    snapshot = acme.host.snapshot("acme")
    assert acme.host.snapshot("acme") is snapshot
    assert snapshot.names_by_uid() is snapshot.names_by_uid()
    assert snapshot.sorted_names("User") is snapshot.sorted_names("User")


def test_accounts_are_apart(acme: Installation) -> None:
    """A change of one account leaves the other's snapshot; what does not exist is not found."""
    create_account(acme.store, "other", "root", "root@other.example", acme.host.at())
    other = acme.host.snapshot("other")
    acme.edit(user("alice"))
    assert acme.host.snapshot("other").account == other.account
    assert acme.host.accounts() == ["acme", "other"]
    for name, error in (("nowhere", NotFound), ("a/b", Invalid)):
        with pytest.raises(error):
            acme.host.snapshot(name)


def test_a_token_stands_until_its_signing_key_is_gone(acme: Installation) -> None:
    """After a rotation old tokens still verify for a while; after a theft they end at once, everywhere."""
    follower = acme.another_host()
    header = f"Bearer {exchange_key(acme.host, acme.owner_key).text}"
    for host in (acme.host, follower):
        assert host.authenticate(header).principal == "user:owner"
    acme.clock.seconds += 25 * 3600
    header = f"Bearer {exchange_key(acme.host, acme.owner_key).text}"
    rotate(acme.store, KeyPurpose.ACCESS, acme.host.at(), "system")
    for host in (acme.host, follower):
        assert host.authenticate(header).principal == "user:owner"
    newer = f"Bearer {exchange_key(acme.host, acme.owner_key).text}"
    rotate(acme.store, KeyPurpose.ACCESS, acme.host.at(), "system", leaked=True)
    for host in (acme.host, follower):
        with pytest.raises(Unauthenticated):
            host.authenticate(newer)


def test_a_session_is_asked_anew_at_every_use(acme: Installation) -> None:
    """What a token says is remembered; whether it stands is not (bug classes 17 and 28)."""
    acme.edit(user("alice"))
    header = f"Bearer {exchange_key(acme.host, acme.key('user:alice')).text}"
    follower = acme.another_host()
    assert follower.authenticate(header) == acme.host.authenticate(header)
    acme.edit(Edit("User", "alice", Principal("user:alice", disabled=True)))
    for host in (acme.host, follower):
        with pytest.raises(Unauthenticated):
            host.authenticate(header)
    acme.edit(user("alice"))
    assert acme.host.authenticate(header).principal == "user:alice"
    acme.clock.seconds += 3600
    with pytest.raises(Unauthenticated):
        acme.host.authenticate(header)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic dTpw", "Bearer x", "Bearer " + "a" * 9000]
)
def test_what_is_no_credential_is_refused_alike(acme: Installation, header: str | None) -> None:
    """Every cause has the same message, which names none."""
    with pytest.raises(Unauthenticated) as caught:
        acme.host.authenticate(header)
    assert caught.value.message == "the credential is missing, unknown, expired or withdrawn"


def test_a_token_with_a_changed_byte_is_another_token(acme: Installation) -> None:
    """A token that is remembered lends nothing to its neighbours (bug class 29)."""
    text = exchange_key(acme.host, acme.owner_key).text
    acme.host.authenticate(f"Bearer {text}")
    for at in range(0, len(text), 7):
        changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(Unauthenticated):
            acme.host.authenticate(f"Bearer {changed}")


def test_a_token_of_another_installation_is_refused(acme: Installation) -> None:
    """Neither other keys nor another audience are ours (bug class 8)."""
    store = MemoryStore(at=acme.host.at(), locate=locate)
    create_key_sets(store, acme.host.at())
    key = create_account(store, "acme", "owner", "owner@acme.example", acme.host.at())
    stranger = Host(store, SETTINGS, clock=acme.clock)
    with pytest.raises(Unauthenticated):
        acme.host.authenticate(f"Bearer {exchange_key(stranger, key).text}")


def test_a_change_from_an_old_state_is_carried_out_on_the_new_one(acme: Installation) -> None:
    """A host that has not looked for a while changes what is, not what was."""
    follower = acme.another_host()
    follower.snapshot("acme")
    acme.edit(user("alice"))
    change_account(follower, acme.owner, lambda _: [user("bob")], via="test")
    assert {"user:alice", "user:bob"} <= set(acme.host.snapshot("acme").account.principals)
