"""Attacks on how people sign in that once went through."""

from __future__ import annotations

from threading import Barrier, BoundedSemaphore, Thread
from unicodedata import normalize

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.people.world import CLIENT, Person, give_password

from bailiwick.authn.passwords import check_new_password
from bailiwick.console.forms import Form
from bailiwick.errors import Denied, Invalid, NotFound, Unauthenticated, Unavailable
from bailiwick.model.accounts import Principal
from bailiwick.model.security import PasswordPolicy, SignInPolicy
from bailiwick.service.people import hashing
from bailiwick.service.people.attempts import LockedOut, begin_attempt, forget_failures, take_back
from bailiwick.service.people.events import SIGN_IN
from bailiwick.service.people.factors import (
    begin_enrolment,
    confirm_enrolment,
    find_enrolment,
    remove_own_factor,
)
from bailiwick.service.people.invitations import Wish, invite_user
from bailiwick.service.people.passwords import change_own_password
from bailiwick.service.people.signing_in import Given, sign_in
from bailiwick.service.people.visits import end_all_visits, find_visit, list_visits
from bailiwick.store.memory import MemoryStore
from bailiwick.store.ports import EventFilter


def test_a_seed_shown_in_another_visit_becomes_nobodys_second_factor(
    acme: Installation, alice: Person
) -> None:
    """Whoever once sat there with the password would hold the phone of who signs in later, too."""
    thief, visit = alice.sign_in(), alice.sign_in()
    alice.seed = begin_enrolment(acme.host, thief).seed
    assert find_enrolment(acme.host, visit) is None
    first = alice.code()
    acme.clock.seconds += 30
    with pytest.raises(NotFound):
        confirm_enrolment(acme.host, visit, first, alice.code())
    fresh = begin_enrolment(acme.host, visit)
    assert fresh.seed != alice.seed
    assert find_enrolment(acme.host, visit) == fresh
    with pytest.raises(NotFound):
        confirm_enrolment(acme.host, thief, first, alice.code())
    alice.enrol(visit)
    assert find_enrolment(acme.host, visit) is None


def test_looking_at_the_second_factor_changes_nothing(acme: Installation, alice: Person) -> None:
    """A seed is made by saying so."""
    visit, before = alice.sign_in(), acme.revision
    assert find_enrolment(acme.host, visit) is None
    assert acme.revision == before


def test_knowing_the_password_does_not_let_codes_be_guessed_without_end(
    acme: Installation, alice: Person
) -> None:
    """In a visit from before the factor, giving the old password between guesses once cleared the count."""
    older = alice.sign_in()
    alice.enrol(alice.sign_in())
    for _ in range(5):
        with pytest.raises(Invalid):
            remove_own_factor(acme.host, older, "000000", CLIENT)
        with pytest.raises((Invalid, LockedOut)):
            change_own_password(acme.host, older, alice.password, "short", CLIENT)
    with pytest.raises(LockedOut):
        remove_own_factor(acme.host, older, "000000", CLIENT)


def test_an_attempt_taken_back_lifts_only_its_own_lock(acme: Installation) -> None:
    """Not one of failures that came after its own count was forgotten."""
    policy = SignInPolicy(failures_before_lockout=2)

    def attempt() -> object:
        return begin_attempt(acme.host, "acme", "alice", CLIENT, policy, is_known=True)

    slow = begin_attempt(acme.host, "acme", "alice", CLIENT, policy, is_known=True)
    forget_failures(acme.host, "acme", "alice")
    for _ in range(2):
        acme.clock.seconds += 1
        attempt()
    take_back(acme.host, slow)
    with pytest.raises(LockedOut):
        attempt()


def test_who_waits_to_sign_in_takes_a_few_threads_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages and questions share forty; the next is told at once to come again."""
    entered, done = Barrier(hashing.AT_ONCE + 1), Barrier(hashing.AT_ONCE + 1)
    monkeypatch.setattr(hashing, "_places", BoundedSemaphore(hashing.AT_ONCE))

    def hold() -> None:
        with hashing.a_turn():
            entered.wait(10)
            done.wait(10)

    threads = [Thread(target=hold) for _ in range(hashing.AT_ONCE)]
    for one in threads:
        one.start()
    entered.wait(10)
    monkeypatch.setattr(hashing, "WAIT_SECONDS", 10_000.0)
    with pytest.raises(Unavailable), hashing.a_turn():
        pass
    done.wait(10)
    for one in threads:
        one.join()
    with hashing.a_turn():
        pass


def test_who_may_not_invite_learns_no_group(acme: Installation, alice: Person) -> None:
    """Neither by what is said of one that is there, nor by what was meant."""
    for group in ("readers", "reader", "nothing-like-it"):
        with pytest.raises(Denied) as caught:
            invite_user(acme.host, alice.sign_in().session, Wish(Principal("user:carol"), groups=(group,)))
        assert caught.value.action == "iam.user.invite"
        assert "readers" not in f"{caught.value.message} {caught.value.help}"


def test_who_may_only_invite_learns_no_group(acme: Installation, alice: Person) -> None:
    """A group that may not be seen and one that is not there are refused alike."""
    acme.apply(
        "kind: Role\nname: Inviter\nservice: iam\nrights: [{actions: [iam.user.invite]}]\n---\n"
        "kind: Policy\nname: inviters\nsubjects: [user:alice]\nroles: [Inviter]\nscope: {service: iam}"
    )
    said = set()
    for group in ("readers", "reader"):
        with pytest.raises(Denied) as caught:
            invite_user(acme.host, alice.sign_in().session, Wish(Principal("user:carol"), groups=(group,)))
        said.add((caught.value.action, caught.value.message.replace(group, "?"), caught.value.help))
    assert len(said) == 1, said


def test_signing_out_everywhere_ends_visits_that_another_process_just_began(
    acme: Installation, alice: Person
) -> None:
    """By signing in, by a link, and by a changed password."""
    if isinstance(acme.host.store, MemoryStore):
        pytest.skip("what is in memory is of one process")
    other = acme.another_host()
    by_link = give_password(acme, "bob")
    assert list_visits(other, "acme", by_link.sign_in().session.uid)
    changed = change_own_password(acme.host, alice.sign_in(), alice.password, "another horse 2", CLIENT)
    assert end_all_visits(other, acme.owner, "user:alice") == 1
    with pytest.raises(Unauthenticated):
        find_visit(acme.host, str(changed.ticket), address="")


def test_a_visit_begun_by_a_link_is_recorded_as_a_sign_in(acme: Installation) -> None:
    """With the address from which it came."""
    give_password(acme, "bob")
    found = list(acme.host.store.activity.events(EventFilter("account:acme", kind=SIGN_IN), None, 10))
    assert [(one.event.outcome, one.event.detail["address"]) for one in found] == [
        ("succeeded", CLIENT.address)
    ]


def test_who_is_locked_out_does_not_fill_the_activity(acme: Installation, alice: Person) -> None:
    """Ten refusals a second are written, the others counted."""
    wrong = Given("acme", "alice", "wrong")
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            sign_in(acme.host, wrong, CLIENT)
    for second in (0, 1):
        acme.clock.seconds += second
        for _ in range(40):
            with pytest.raises(LockedOut):
                sign_in(acme.host, wrong, CLIENT)
    found = list(acme.host.store.activity.events(EventFilter("account:acme", kind=SIGN_IN), None, 100))
    locked = [one.event.detail for one in found if one.event.detail.get("reason") == "locked_out"]
    assert len(locked) == 20
    assert sum(int(one.get("others_since_last", 0)) for one in locked) == 30


def test_a_decomposed_password_is_judged_as_it_is_stored() -> None:
    """Else four letters with accents are eight, and one's name is another text."""
    policy = PasswordPolicy(minimum_length=6, kinds_of_characters=1, name_refused=True)
    found = check_new_password(policy, normalize("NFD", "é1é2"), "bob")
    assert [one.message for one in found] == ["the password has 4 characters, expected at least 6"]
    assert check_new_password(policy, normalize("NFD", "rené-müller"), "rené-müller")


def test_guessing_within_a_visit_is_recorded_as_a_lock_out(acme: Installation, alice: Person) -> None:
    """As guessing from outside is."""
    visit = alice.sign_in()
    for _ in range(5):
        with pytest.raises(Invalid):
            change_own_password(acme.host, visit, "wrong", "another horse 2", CLIENT)
    found = acme.host.store.activity.events(EventFilter("account:acme", kind=SIGN_IN), None, 100)
    assert [one.event.outcome for one in found][-2:] == ["refused", "locked-out"]


def test_a_form_shows_no_password_in_its_text() -> None:
    """An error's trace may show it."""
    assert "horse" not in repr(Form.of({"password": "correct horse 1"}))
