"""What an API key may be: networks, ends, numbers, who makes one; and who may let it do more."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import Conflict, Denied, Invalid, Unauthenticated
from bailiwick.service.assuming import Wanted, begin_session
from bailiwick.service.host import Host
from bailiwick.service.keys.changing import delete_key, update_key
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key

INSIDE, OUTSIDE = "192.0.2.7", "198.51.100.1"
NETWORKS = ("192.0.2.0/24",)


def limit(company: Installation, text: str) -> None:
    """Let the account have these settings."""
    company.apply(f"kind: SecuritySettings\nname: security\n{text}")


def works(host: Host, token: str, address: str) -> bool:
    """Is the token believed, sent from this address?"""
    try:
        return bool(host.authenticate(f"Bearer {token}", address).uid)
    except Unauthenticated:
        return False


def test_a_keys_own_networks_hold_for_all_that_is_made_from_it(company: Installation) -> None:
    """The key, its tokens, and sessions begun by them; in every process, from the change on."""
    made = create_key(company.host, company.owner, "service-id:ci", networks=("::ffff:192.0.2.0/120",))
    assert company.host.snapshot("acme").keys[made.uid].networks == NETWORKS
    token = exchange_key(company.host, made.text, "::ffff:192.0.2.7").text
    begun = begin_session(
        company.host, company.host.authenticate(f"Bearer {token}", INSIDE), Wanted()
    ).token.text
    for host in (company.host, company.another_host()):
        assert works(host, token, INSIDE)
        assert works(host, begun, INSIDE)
        for address in (OUTSIDE, ""):
            assert not works(host, token, address)
            assert not works(host, begun, address)
            with pytest.raises(Unauthenticated):
                exchange_key(host, made.text, address)
    update_key(company.host, company.owner, made.uid, networks=())
    assert works(company.host, token, OUTSIDE)
    assert works(company.host, begun, OUTSIDE)


def test_letting_anothers_key_do_more_is_a_grant(company: Installation) -> None:
    """Wider networks and a later end are; narrower ones and an earlier end are not."""
    keeper, now = company.session("user:keeper"), company.host.at()
    uid = create_key(
        company.host, company.owner, "service-id:ci", networks=NETWORKS, expires_at=now + timedelta(days=9)
    ).uid
    for more in ({"networks": ()}, {"networks": ("192.0.0.0/16",)}):
        with pytest.raises(Denied):
            update_key(company.host, keeper, uid, **more)
    for end in (None, now + timedelta(days=10)):
        with pytest.raises(Denied):
            update_key(company.host, keeper, uid, expires_at=end)
    update_key(company.host, keeper, uid, networks=("192.0.2.7",), expires_at=now + timedelta(days=8))


def test_an_ended_or_disabled_key_is_not_revived_by_whose_it_is(company: Installation) -> None:
    """Somebody ended it; its owner keeps other keys, and may withdraw this one."""
    alice, now = company.session("user:alice"), company.host.at()
    uid = create_key(company.host, alice, "user:alice", expires_at=now + timedelta(days=9)).uid
    update_key(company.host, alice, uid, expires_at=now + timedelta(days=30))
    update_key(company.host, company.owner, uid, expires_at=now + timedelta(seconds=1))
    company.clock.seconds += 2
    with pytest.raises(Denied):
        update_key(company.host, alice, uid, expires_at=now + timedelta(days=30))
    update_key(company.host, company.owner, uid, expires_at=None, disabled=True)
    with pytest.raises(Denied):
        update_key(company.host, alice, uid, disabled=False)
    delete_key(company.host, alice, uid)


def test_who_locked_a_key_is_not_overruled_by_whose_it_is(company: Installation) -> None:
    """Nor is one thing changed together with unlocking."""
    alice = company.session("user:alice")
    uid = create_key(company.host, alice, "user:alice").uid
    update_key(company.host, company.owner, uid, locked=True)
    with pytest.raises(Denied):
        update_key(company.host, alice, uid, locked=False)
    with pytest.raises(Conflict):
        delete_key(company.host, alice, uid)


def test_keys_last_no_longer_than_the_account_lets(company: Installation) -> None:
    """Where no end is wanted they get the latest; a later one is refused, at making and afterwards."""
    old = create_key(company.host, company.owner, "service-id:ci").uid
    limit(company, "keys: {longest_days: 30}")
    now = company.host.at()
    made = create_key(company.host, company.owner, "service-id:ci")
    assert made.expires_at == now + timedelta(days=30)
    for wanted in (now + timedelta(days=31), None):
        company.clock.seconds += 60
        if wanted is None:
            assert update_key(company.host, company.owner, old, expires_at=wanted).expires_at is None
            continue
        with pytest.raises(Invalid, match="good for at most 30 days"):
            create_key(company.host, company.owner, "service-id:ci", expires_at=wanted + timedelta(minutes=2))
        with pytest.raises(Invalid, match="good for at most 30 days"):
            update_key(company.host, company.owner, made.uid, expires_at=wanted)


def test_only_who_was_granted_it_makes_keys_where_the_settings_say_so(company: Installation) -> None:
    """Not even their own; disabling and withdrawing these stays everybody's own affair."""
    alice = company.session("user:alice")
    uid = create_key(company.host, alice, "user:alice").uid
    limit(company, "keys: {who_may_create: granted}")
    with pytest.raises(Denied):
        create_key(company.host, alice, "user:alice")
    assert create_key(company.host, company.session("user:keeper"), "service-id:idle").uid
    update_key(company.host, alice, uid, disabled=True)
    delete_key(company.host, alice, uid)


def test_nobody_has_more_keys_than_the_account_lets(company: Installation) -> None:
    """However many are made at once, by two processes."""
    limit(company, "keys: {most_for_one_identity: 3}")
    hosts, start, refused = (company.host, company.another_host()), Barrier(6), []

    def make(host: Host) -> None:
        start.wait()
        try:
            create_key(host, company.owner, "service-id:ci")
        except Conflict:
            refused.append(1)

    threads = [Thread(target=make, args=(hosts[index % 2],)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owned = [one for one in company.another_host().snapshot("acme").keys.values() if one.owner_name == "ci"]
    assert (len(owned), len(refused)) == (3, 3)


def test_keys_that_ended_long_ago_go_when_a_new_one_comes(company: Installation) -> None:
    """Unless they are locked; those that ended lately stay and count."""
    limit(company, "keys: {most_for_one_identity: 2}")
    ends = company.host.at() + timedelta(days=1)
    first = create_key(company.host, company.owner, "service-id:ci", expires_at=ends).uid
    locked = create_key(company.host, company.owner, "service-id:ci", expires_at=ends).uid
    update_key(company.host, company.owner, locked, locked=True)
    company.clock.seconds += 90 * 86_400
    with pytest.raises(Conflict):
        create_key(company.host, company.owner, "service-id:ci")
    company.clock.seconds += 86_400
    made = create_key(company.host, company.owner, "service-id:ci").uid
    kept = {uid for uid, one in company.host.snapshot("acme").keys.items() if one.owner_name == "ci"}
    assert kept == {locked, made}
    assert company.another_host().snapshot("acme").keys.keys() >= kept
    assert first not in company.another_host().snapshot("acme").keys


def test_who_only_visits_pages_has_no_keys_made(company: Installation) -> None:
    """Neither by themselves nor by others."""
    company.apply("kind: User\nname: alice\naccess: console")
    with pytest.raises(Conflict, match="access to the console only"):
        create_key(company.host, company.owner, "user:alice")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"networks": ("office",)}, "is no network"),
        ({"networks": tuple(f"192.0.2.{n}" for n in range(21))}, "at most 20 networks"),
        ({"when_leaked": "panic"}, "expected one of"),
    ],
)
def test_what_no_key_can_be_is_said(company: Installation, limits: dict[str, object], words: str) -> None:
    """At making and at changing."""
    uid = create_key(company.host, company.owner, "service-id:ci").uid
    with pytest.raises(Invalid, match=words):
        create_key(company.host, company.owner, "service-id:ci", **limits)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match=words):
        update_key(company.host, company.owner, uid, **limits)  # type: ignore[arg-type]
