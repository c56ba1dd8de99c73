"""Another secret for a key, and what happens to one that was found where it should not be."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated
from bailiwick.service.assuming import Wanted, begin_session
from bailiwick.service.host import Host
from bailiwick.service.keys.changing import update_key
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.leaks import report_leak
from bailiwick.service.keys.making import create_key
from bailiwick.service.keys.reading import describe_key, list_uses
from bailiwick.service.keys.rotating import MOST_OVERLAP_SECONDS, rotate_key
from bailiwick.store.ports import EventFilter


def gives(host: Host, text: str) -> bool:
    """Does this key give a token?"""
    try:
        return bool(exchange_key(host, text).text)
    except Unauthenticated:
        return False


def believed(host: Host, token: str) -> bool:
    """Does the token stand?"""
    try:
        return bool(host.authenticate(f"Bearer {token}").uid)
    except Unauthenticated:
        return False


def test_both_secrets_work_during_the_overlap_and_the_new_one_after(company: Installation) -> None:
    """In every process; nothing that the old one gives lives longer than it."""
    made = create_key(company.host, company.owner, "service-id:ci", description="pipeline")
    new = rotate_key(company.host, company.owner, made.uid, overlap_seconds=600)
    assert (new.uid, new.shown["description"], new.shown["earlier_prefix"]) == (
        made.uid,
        "pipeline",
        made.prefix,
    )
    assert new.text != made.text
    hosts = (company.host, company.another_host())
    for host in hosts:
        assert gives(host, made.text)
        assert gives(host, new.text)
    assert exchange_key(company.host, made.text).lifetime_seconds == 600
    assert exchange_key(company.host, new.text).lifetime_seconds == 3600
    company.clock.seconds += 600
    for host in (*hosts, company.another_host()):
        assert not gives(host, made.text)
        assert gives(host, new.text)


def test_without_an_overlap_the_old_secret_ends_at_once(company: Installation) -> None:
    """And a second rotation ends one that still had time."""
    made = create_key(company.host, company.owner, "service-id:ci")
    second = rotate_key(company.host, company.owner, made.uid, overlap_seconds=600)
    third = rotate_key(company.host, company.owner, made.uid)
    assert [gives(company.host, one.text) for one in (made, second, third)] == [False, False, True]
    fourth = rotate_key(company.host, company.owner, made.uid, overlap_seconds=60)
    fifth = rotate_key(company.host, company.owner, made.uid, overlap_seconds=60)
    assert [gives(company.host, one.text) for one in (third, fourth, fifth)] == [False, True, True]


def test_a_leaked_key_is_replaced_and_all_that_was_made_from_it_ends(company: Installation) -> None:
    """Tokens and sessions begun by them, in every process; limits and description go over to the new one."""
    ends = company.host.at() + timedelta(days=3)
    made = create_key(company.host, company.owner, "service-id:ci", description="pipeline", expires_at=ends)
    token = exchange_key(company.host, made.text).text
    begun = begin_session(company.host, company.host.authenticate(f"Bearer {token}"), Wanted()).token.text
    new = rotate_key(company.host, company.owner, made.uid, leaked=True)
    assert new.uid != made.uid
    assert (new.shown["description"], new.expires_at) == ("pipeline", ends)
    for host in (company.host, company.another_host()):
        assert not gives(host, made.text)
        assert not believed(host, token)
        assert not believed(host, begun)
        assert gives(host, new.text)
        assert made.uid not in host.snapshot("acme").keys


def test_rotating_is_for_whom_may_make_the_key(company: Installation) -> None:
    """One's own where the settings let everyone; another's as a grant; never by a session that is less."""
    alice, keeper = company.session("user:alice"), company.session("user:keeper")
    own = create_key(company.host, alice, "user:alice").uid
    assert rotate_key(company.host, alice, own).uid == own
    uid = create_key(company.host, company.owner, "service-id:ci").uid
    for session in (alice, keeper):
        with pytest.raises(Denied):
            rotate_key(company.host, session, uid)
    with pytest.raises(Denied):
        rotate_key(company.host, replace(alice, chain=("user:keeper",)), own)
    company.apply("kind: SecuritySettings\nname: security\nkeys: {who_may_create: granted}")
    with pytest.raises(Denied):
        rotate_key(company.host, alice, own)


def test_what_does_not_work_is_not_rotated(company: Installation) -> None:
    """Disabled, ended, locked, not there; overlaps have bounds, and what leaked has none."""
    now = company.host.at()
    uid = create_key(company.host, company.owner, "service-id:ci", expires_at=now + timedelta(days=1)).uid
    for seconds in (-1, MOST_OVERLAP_SECONDS + 1):
        with pytest.raises(Invalid):
            rotate_key(company.host, company.owner, uid, overlap_seconds=seconds)
    with pytest.raises(Invalid):
        rotate_key(company.host, company.owner, uid, overlap_seconds=1, leaked=True)
    update_key(company.host, company.owner, uid, disabled=True)
    with pytest.raises(Conflict, match="is disabled"):
        rotate_key(company.host, company.owner, uid)
    update_key(company.host, company.owner, uid, disabled=False, locked=True)
    with pytest.raises(Conflict, match="is locked"):
        rotate_key(company.host, company.owner, uid)
    update_key(company.host, company.owner, uid, locked=False)
    company.clock.seconds += 86_400
    with pytest.raises(Conflict, match="has ended"):
        rotate_key(company.host, company.owner, uid)
    with pytest.raises(NotFound):
        rotate_key(company.host, company.owner, "apikey-none")


def test_a_new_secret_counts_its_days_anew(company: Installation) -> None:
    """Where keys last for so long at most."""
    made = create_key(company.host, company.owner, "service-id:ci")
    company.apply("kind: SecuritySettings\nname: security\nkeys: {longest_days: 30}")
    company.clock.seconds += 10 * 86_400
    new = rotate_key(company.host, company.owner, made.uid)
    assert new.expires_at == company.host.at() + timedelta(days=30)


def test_an_end_that_was_let_be_before_is_not_taken_along(company: Installation) -> None:
    """A key from before the policy comes under it with its new secret; an earlier end stays."""
    now = company.host.at()
    late, soon = (
        create_key(company.host, company.owner, "service-id:ci", expires_at=now + timedelta(days=days)).uid
        for days in (4000, 3)
    )
    company.apply("kind: SecuritySettings\nname: security\nkeys: {longest_days: 30}")
    assert rotate_key(company.host, company.owner, late).expires_at == now + timedelta(days=30)
    assert rotate_key(company.host, company.owner, late, leaked=True).expires_at == now + timedelta(days=30)
    assert rotate_key(company.host, company.owner, soon).expires_at == now + timedelta(days=3)


@pytest.mark.parametrize("when_leaked", ["disable", "delete", "none"])
def test_who_shows_a_keys_text_ends_it_as_was_settled(company: Installation, when_leaked: str) -> None:
    """By an older secret too; it shows that it leaked, and is recorded, without its text."""
    made = create_key(company.host, company.owner, "service-id:ci", when_leaked=when_leaked)
    new = rotate_key(company.host, company.owner, made.uid, overlap_seconds=600)
    report_leak(company.host, made.text, "203.0.113.5")
    for host in (company.host, company.another_host()):
        assert gives(host, new.text) is (when_leaked == "none")
    left = company.host.snapshot("acme").keys.get(made.uid)
    assert (left is None) is (when_leaked == "delete")
    assert left is None or left.leaked_at == company.host.at()
    company.host.store.activity.flush()
    found = company.host.store.activity.events(EventFilter("account:acme", kind="leak"), None, 10)
    assert [one.event.detail for one in found] == [{"address": "203.0.113.5", "done": when_leaked}]
    revision = company.revision
    report_leak(company.host, made.text)
    report_leak(company.host, new.text)
    company.host.store.activity.flush()
    assert len(company.host.store.activity.events(EventFilter("account:acme", kind="leak"), None, 10)) == 1
    assert company.revision == revision


def test_a_secret_that_is_over_ends_nothing(company: Installation) -> None:
    """Whoever left with it cannot put the key out of use that took its place."""
    made = create_key(company.host, company.owner, "service-id:ci")
    new = rotate_key(company.host, company.owner, made.uid, overlap_seconds=600)
    company.clock.seconds += 600
    report_leak(company.host, made.text)
    assert gives(company.host, new.text)
    report_leak(company.host, new.text)
    assert not gives(company.host, new.text)


def test_what_is_settled_after_a_report_is_done_at_the_next(company: Installation) -> None:
    """The first only showed that it leaked."""
    made = create_key(company.host, company.owner, "service-id:ci", when_leaked="none")
    report_leak(company.host, made.text)
    update_key(company.host, company.owner, made.uid, when_leaked="disable")
    assert gives(company.host, made.text)
    report_leak(company.host, made.text)
    assert not gives(company.host, made.text)


def test_a_lock_keeps_no_leaked_key_alive(company: Installation) -> None:
    """It is disabled, where it would have been deleted."""
    made = create_key(company.host, company.owner, "service-id:ci", when_leaked="delete")
    update_key(company.host, company.owner, made.uid, locked=True)
    report_leak(company.host, made.text)
    assert company.host.snapshot("acme").keys[made.uid].disabled


def test_a_report_of_anything_else_does_nothing(company: Installation) -> None:
    """Not even of a text that begins like a key."""
    made = create_key(company.host, company.owner, "service-id:ci")
    revision = company.revision
    wrong = made.text[:-1] + ("A" if made.text[-1] != "A" else "B")
    for text in (wrong, made.prefix, "", "x" * 200, "bwk_aaaaaaaa_" + "a" * 43, "\ud800"):
        report_leak(company.host, text)
    assert company.revision == revision
    assert gives(company.host, made.text)


def test_the_owner_of_a_key_that_leaked_does_not_enable_it(company: Installation) -> None:
    """Whoever found it is not overruled."""
    alice = company.session("user:alice")
    made = create_key(company.host, alice, "user:alice")
    report_leak(company.host, made.text)
    with pytest.raises(Denied):
        update_key(company.host, alice, made.uid, disabled=False)
    assert update_key(company.host, company.owner, made.uid, disabled=False).leaked_at is None


def test_uses_say_when_from_where_and_for_what(company: Installation) -> None:
    """The newest first, as far as the activity goes back."""
    made = create_key(company.host, company.owner, "service-id:ci")
    for address in ("192.0.2.1", "192.0.2.2"):
        company.clock.seconds += 60
        exchange_key(company.host, made.text, address)
    record = company.host.snapshot("acme").keys[made.uid]
    uses = list_uses(company.host, record, "acme")
    assert [(one.address, one.purpose) for one in uses] == [
        ("192.0.2.2", "an access token"),
        ("192.0.2.1", "an access token"),
    ]
    assert uses[0].at == company.host.at()


def test_no_text_of_a_key_is_kept_anywhere_but_as_a_hash(company: Installation) -> None:
    """Neither in the log, nor in activity, nor in what is shown or printed."""
    made = create_key(company.host, company.owner, "service-id:ci")
    new = rotate_key(company.host, company.owner, made.uid, overlap_seconds=600)
    exchange_key(company.host, made.text)
    report_leak(company.host, new.text)
    company.host.store.activity.flush()
    snapshot = company.host.snapshot("acme")
    rows = company.host.store.history("account:acme", limit=100)
    events = company.host.store.activity.events(EventFilter("account:acme"), None, 100)
    said = json.dumps(
        [
            [one.document for one in rows],
            [one.event.detail for one in events],
            dict(describe_key(company.host, snapshot, snapshot.keys[made.uid])),
        ]
    )
    said += repr((made, new, snapshot.keys[made.uid], rows, events))
    for text in (made.text, new.text):
        assert text not in said
        assert text[len("bwk_12345678_") :] not in said
    record = snapshot.keys[made.uid]
    assert record.secret_hash.hex() not in said
    assert repr(record.secret_hash) not in said
