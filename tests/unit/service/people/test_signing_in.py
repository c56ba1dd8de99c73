"""Signing in: who comes in, and that whoever does not learns nothing from the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.people.world import CLIENT, PASSWORD, Person, give_password

from bailiwick.authn.passwords import HashCost, is_password
from bailiwick.errors import Conflict, Denied, Invalid, Unauthenticated, Unavailable
from bailiwick.service.people import hashing
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.events import Client
from bailiwick.service.people.last_use import EarlierSignIn, find_earlier
from bailiwick.service.people.passwords import change_own_password, set_password
from bailiwick.service.people.records import PASSWORD as PASSWORD_KIND
from bailiwick.service.people.secrets_kept import find_password
from bailiwick.service.people.signing_in import Given, sign_in
from bailiwick.service.people.unlocking import list_locked_out, unlock, unlock_user
from bailiwick.service.people.visits import Visit, find_visit
from bailiwick.store.ports import EventFilter, Secret, StoredEvent


def events(acme: Installation) -> list[StoredEvent]:
    """What was recorded of signing in, oldest first."""
    return list(acme.store.activity.events(EventFilter("account:acme", kind="sign-in"), None, 100))


def outcomes(acme: Installation) -> list[str]:
    """With which outcomes."""
    return [one.event.outcome for one in events(acme)]


def test_a_right_password_begins_a_visit(acme: Installation, alice: Person) -> None:
    """Its session is whole, of the user, and says where it comes from and that no second factor was shown."""
    visit = alice.sign_in()
    session = visit.session
    assert (session.principal, session.is_whole, visit.owes, visit.factor_at) == (
        "user:alice",
        True,
        "",
        None,
    )
    assert session.context == {"ip": "203.0.113.7", "mfa": False, "signed_in": True, "proof_age_seconds": 0}
    assert outcomes(acme) == ["succeeded", "succeeded"], "by the link, then by the password"
    detail = events(acme)[-1].event.detail
    assert (detail["principal"], detail["address"], detail["client"]) == (
        "user:alice",
        "203.0.113.7",
        "a browser",
    )


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every verification that is carried out, by the text."""
    seen: list[str] = []
    real: Callable[..., bool] = is_password

    def counting(cost: HashCost, stored: str, text: str) -> bool:
        seen.append(text)
        return real(cost, stored, text)

    monkeypatch.setattr(hashing, "is_password", counting)
    return seen


@pytest.mark.parametrize(
    ("account", "name", "password"),
    [
        ("acme", "alice", "wrong"),
        ("acme", "alice", "x" * 5000),
        ("acme", "nobody", PASSWORD),
        ("acme", "bob", PASSWORD),
        ("acme", "disabled", PASSWORD),
        ("nowhere", "alice", PASSWORD),
        ("no/account\x00", "alice", PASSWORD),
        ("", "", ""),
    ],
)
def test_every_refusal_is_the_same_after_the_same_work(
    acme: Installation,
    alice: Person,
    hashed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    account: str,
    name: str,
    password: str,
) -> None:
    """Unknown account or user, no password, disabled, wrong: one answer, one hash, one secret looked for."""
    acme.apply("kind: User\nname: disabled")
    set_password(acme.host, acme.owner, "disabled", PASSWORD)
    acme.apply("kind: User\nname: disabled\ndisabled: true")
    hashed.clear()
    looked: list[str] = []
    real = acme.store.find_secret

    def looking(log: str, name: str) -> Secret | None:
        looked.append(name)
        return real(log, name)

    monkeypatch.setattr(acme.store, "find_secret", looking)
    with pytest.raises(Unauthenticated) as caught:
        sign_in(acme.host, Given(account, name, password), CLIENT)
    assert caught.value.message == "account, name or password is wrong"
    assert (len(hashed), len(looked)) == (1, 1)


def test_a_name_that_nobody_has_is_not_written_down(acme: Installation) -> None:
    """It may be a password in the wrong field."""
    for _ in range(6):
        with pytest.raises((Unauthenticated, LockedOut)):
            sign_in(acme.host, Given("acme", "my secret", "x"), CLIENT)
    assert "my secret" not in repr(events(acme))
    assert "my secret" not in repr(acme.store.activity.notes("account:acme", "", acme.host.at(), 100))


def test_five_failures_lock_out_on_every_host(acme: Installation, alice: Person) -> None:
    """The right password is refused then, in another process too, until the time is over."""
    other = acme.another_host()
    for at in range(5):
        with pytest.raises(Unauthenticated):
            sign_in(other if at % 2 else acme.host, Given("acme", "alice", "wrong"), CLIENT)
    for host in (acme.host, other):
        with pytest.raises(LockedOut):
            alice.sign_in(host)
    assert outcomes(acme).count("locked-out") == 1
    acme.clock.seconds += 15 * 60
    assert alice.sign_in(other)


def test_unknown_names_are_locked_out_alike(acme: Installation, alice: Person) -> None:
    """Or a lock-out would tell who is there."""
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            sign_in(acme.host, Given("acme", "nobody", "wrong"), CLIENT)
    with pytest.raises(LockedOut):
        sign_in(acme.host, Given("acme", "nobody", "wrong"), CLIENT)


def test_a_right_password_forgets_failures(acme: Installation, alice: Person) -> None:
    """Four failures, a success, and four more lock nobody out."""
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(Unauthenticated):
                sign_in(acme.host, Given("acme", "alice", "wrong"), CLIENT)
        assert alice.sign_in()


def test_right_passwords_are_no_failures_of_their_address(
    acme: Installation, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole office signs in from one address, while time goes on."""

    def go_on() -> float:
        acme.clock.seconds += 0.001
        return acme.clock.seconds

    monkeypatch.setattr(acme.host, "_clock", go_on)
    for _ in range(3):
        sign_in(acme.host, Given("acme", "alice", PASSWORD), CLIENT)
    assert not acme.store.activity.notes("account:acme", "attempts/", acme.host.at(), 10)


def test_old_failures_do_not_count(acme: Installation, alice: Person) -> None:
    """Only those of the period do."""
    for _ in range(8):
        with pytest.raises(Unauthenticated):
            sign_in(acme.host, Given("acme", "alice", "wrong"), CLIENT)
        acme.clock.seconds += 4 * 60


def test_one_address_cannot_try_every_name(acme: Installation, alice: Person) -> None:
    """After fifty failures it is locked out, whatever name it gives; others are not. An IPv6 network is one."""
    for at in range(50):
        with pytest.raises(Unauthenticated):
            sign_in(acme.host, Given("acme", f"name-{at}", "x"), Client(f"2001:db8::{at:x}"))
    with pytest.raises(LockedOut):
        alice.sign_in(client=Client("2001:db8::ffff"))
    assert alice.sign_in()


def test_one_address_cannot_try_accounts_without_end(acme: Installation, alice: Person) -> None:
    """Also where it types another account each time."""
    for at in range(200):
        with pytest.raises(Unauthenticated):
            sign_in(acme.host, Given(f"account-{at}", "x", "x"), CLIENT)
    with pytest.raises(LockedOut):
        alice.sign_in()
    assert alice.sign_in(client=Client("198.51.100.9"))


def test_an_administrator_lifts_a_lockout(acme: Installation, alice: Person) -> None:
    """Who may is asked of the engine."""
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            sign_in(acme.host, Given("acme", "alice", "wrong"), CLIENT)
    with pytest.raises(Denied):
        unlock_user(acme.host, acme.session("user:bob"), "alice")
    [lockout] = list_locked_out(acme.host, acme.session("user:keeper"))
    assert (lockout.name, lockout.address) == ("alice", "")
    unlock(acme.host, acme.session("user:keeper"), lockout.id)
    assert alice.sign_in()
    assert outcomes(acme)[-2:] == ["unlocked", "succeeded"]


def test_when_too_many_sign_in_at_once_none_is_counted_as_failed(
    acme: Installation, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded: the answer is to try again, and it locks nobody out."""
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 0.0)
    turns = [hashing.a_turn() for _ in range(hashing.AT_ONCE)]
    for turn in turns:
        turn.__enter__()
    try:
        for _ in range(6):
            with pytest.raises(Unavailable):
                alice.sign_in()
    finally:
        for turn in turns:
            turn.__exit__(None, None, None)
    assert alice.sign_in()


def test_a_changed_password_ends_what_the_old_one_began(acme: Installation, alice: Person) -> None:
    """Every other visit, in every process, at once; the one that changed it goes on."""
    other = acme.another_host()
    here, there = alice.sign_in(), alice.sign_in(other)
    new = change_own_password(acme.host, here, PASSWORD, "another horse 2", CLIENT)
    for host in (acme.host, other):
        for visit in (here, there):
            with pytest.raises(Unauthenticated):
                find_visit(host, str(visit.ticket), address="")
        assert find_visit(host, str(new.ticket), address="").session.principal == "user:alice"
    with pytest.raises(Unauthenticated):
        alice.sign_in()


def test_a_new_password_keeps_to_the_policy(acme: Installation, alice: Person) -> None:
    """Everything that is wrong with it is said at once, at its field."""
    visit = alice.sign_in()
    with pytest.raises(Invalid) as caught:
        change_own_password(acme.host, visit, PASSWORD, "aaa", CLIENT)
    assert {one.place for one in caught.value.findings} == {"password"}
    assert [one.message for one in caught.value.findings] == [
        "the password has 3 characters, expected at least 6",
        "the password has 1 of four kinds of characters, expected at least 2",
    ]
    with pytest.raises(Invalid, match="the password is the last one"):
        change_own_password(acme.host, visit, PASSWORD, PASSWORD, CLIENT)
    with pytest.raises(Invalid) as wrong:
        change_own_password(acme.host, visit, "no", "another horse 2", CLIENT)
    assert wrong.value.findings[0].place == "old_password"


def test_recent_passwords_are_remembered_over_changes(acme: Installation, alice: Person) -> None:
    """As many as the policy says, and no more."""
    acme.apply("kind: SecuritySettings\npasswords: {recent_passwords_refused: 2}")
    visit, old = alice.sign_in(), PASSWORD
    for new in ("second horse 2", "third horse 3"):
        visit, old = change_own_password(acme.host, visit, old, new, CLIENT), new
    with pytest.raises(Invalid, match="one of the last 2"):
        change_own_password(acme.host, visit, old, "second horse 2", CLIENT)
    assert change_own_password(acme.host, visit, old, PASSWORD, CLIENT)


def test_a_password_that_is_too_young_or_too_old(acme: Installation, alice: Person) -> None:
    """It stays for its least age; after its most, it has to be changed before anything else."""
    acme.apply("kind: SecuritySettings\npasswords: {minimum_age_minutes: 60, validity_days: 30}")
    with pytest.raises(Invalid, match="stays for 60 minutes"):
        change_own_password(acme.host, alice.sign_in(), PASSWORD, "another horse 2", CLIENT)
    acme.clock.seconds += 30 * 86_400
    visit = alice.sign_in()
    assert visit.owes == "password"
    assert change_own_password(acme.host, visit, PASSWORD, "another horse 2", CLIENT).owes == ""


def test_a_password_that_somebody_else_chose_is_to_be_changed(acme: Installation) -> None:
    """To give one is a grant of all that the other holds; one's own is not given."""
    with pytest.raises(Denied):
        set_password(acme.host, acme.session("user:keeper"), "owner", "given horse 3")
    with pytest.raises(Denied):
        set_password(acme.host, acme.session("user:bob"), "alice", "given horse 3")
    with pytest.raises(Conflict):
        set_password(acme.host, acme.owner, "owner", "given horse 3")
    set_password(acme.host, acme.session("user:keeper"), "bob", "given horse 3")
    bob = Person(acme, "bob", "given horse 3")
    assert bob.sign_in().owes == "password"
    assert change_own_password(acme.host, bob.sign_in(), "given horse 3", "own horse 44", CLIENT).owes == ""


def test_who_has_been_away_for_too_long_comes_in_no_more(acme: Installation, alice: Person) -> None:
    """Until they get a new password."""
    acme.apply("kind: SecuritySettings\nsign_in: {unused_days: 30}")
    acme.clock.seconds += 29 * 86_400
    assert alice.sign_in()
    acme.clock.seconds += 29 * 86_400
    assert alice.sign_in()
    acme.clock.seconds += 30 * 86_400
    with pytest.raises(Unauthenticated):
        alice.sign_in()


def test_a_hash_of_another_cost_is_renewed(
    acme: Installation, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next right password; the credential stays the same, so no visit ends."""
    visit = alice.sign_in()
    uid = visit.session.credential
    before = find_password(acme.host, "acme", uid)
    monkeypatch.setattr(hashing, "COST", HashCost(memory_kib=16, passes=1))
    alice.sign_in()
    after = find_password(acme.host, "acme", uid)
    assert before is not None
    assert after is not None
    assert before.hash != after.hash
    assert find_visit(acme.host, str(visit.ticket), address="")


def test_no_secret_is_in_the_log(acme: Installation, alice: Person) -> None:
    """Neither the password nor its hash."""
    kept = find_password(acme.host, "acme", alice.sign_in().session.credential)
    rows: list[Any] = list(acme.store.changes("account:acme", 0, 1000))
    assert any(row.kind == PASSWORD_KIND for row in rows)
    assert kept is not None
    assert kept.hash not in repr(rows)
    assert PASSWORD not in repr(rows)


def test_a_deleted_user_leaves_no_password(acme: Installation, alice: Person) -> None:
    """Whoever gets the name anew has none."""
    uid = alice.sign_in().session.credential
    acme.apply("kind: User\nname: bob", prune=True)
    acme.apply("kind: User\nname: alice")
    assert acme.store.find_secret("account:acme", uid) is None
    with pytest.raises(Unauthenticated):
        alice.sign_in()
    fresh = acme.another_host()
    assert dict(fresh.snapshot("acme").people) == dict(acme.host.snapshot("acme").people) == {}


def test_the_sign_in_before_is_found(acme: Installation, alice: Person) -> None:
    """For whoever wants to see that it was them; by a link, too."""
    link = give_password(acme, "bob", client=Client("198.51.100.9"))
    begun = acme.host.at()
    acme.clock.seconds += 60
    assert before(acme, link.sign_in()) == EarlierSignIn(begun, "198.51.100.9", 0)
    acme.clock.seconds += 60
    alice.sign_in()
    first = acme.host.at()
    acme.clock.seconds += 60
    assert before(acme, alice.sign_in()) == EarlierSignIn(first, "203.0.113.7", 0)


def before(acme: Installation, visit: Visit) -> EarlierSignIn | None:
    """Which sign-in of theirs came before this one?"""
    return find_earlier(acme.host, "acme", visit.session.uid, before=visit.uid)
