"""Second factors: enrolled by two codes in a row, each code good once, lost ones replaced."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.people.world import CLIENT, Person

from bailiwick.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.factors import (
    begin_enrolment,
    confirm_enrolment,
    find_enrolment,
    remove_factor,
    remove_own_factor,
    renew_recovery_codes,
)
from bailiwick.service.people.signing_in import CodeDue, Given, show_factor, sign_in
from bailiwick.service.people.stepping_up import Shown, step_up
from bailiwick.service.people.visits import find_visit
from bailiwick.service.proving import StepUpRequired


def due(alice: Person) -> str:
    """The ticket after the right password."""
    answer = sign_in(alice.acme.host, Given("acme", "alice", alice.password), CLIENT)
    assert isinstance(answer, CodeDue)
    return answer.ticket


def test_it_is_enrolled_by_two_codes_in_a_row(acme: Installation, alice: Person) -> None:
    """Then the visit has shown it, and every sign-in asks for a code."""
    visit = alice.sign_in()
    begun = begin_enrolment(acme.host, visit)
    assert begun.picture.startswith("<svg")
    assert "viewBox" in begun.picture, "else a page that scales it cuts it off"
    assert "otpauth://totp/" in begun.address
    assert begin_enrolment(acme.host, visit).seed == begun.seed
    proved, codes = alice.enrol(visit)
    assert proved.session.context["mfa"] is True
    assert len(set(codes)) == 10
    with pytest.raises(Conflict):
        begin_enrolment(acme.host, proved)
    acme.clock.seconds += 30
    again = alice.sign_in()
    assert again.factor_at is not None
    assert again.session.context["mfa"] is True
    assert find_visit(acme.host, str(again.ticket), address="").session.context["mfa"] is True


def test_two_codes_that_are_not_in_a_row_enrol_nothing(acme: Installation, alice: Person) -> None:
    """The same twice, the wrong order, none at all."""
    visit = alice.sign_in()
    with pytest.raises(NotFound):
        confirm_enrolment(acme.host, visit, "000000", "000001")
    alice.seed = begin_enrolment(acme.host, visit).seed
    for first, second in ((0, 0), (1, 0), (-1, 1)):
        with pytest.raises(Invalid) as caught:
            confirm_enrolment(acme.host, visit, alice.code(first), alice.code(second))
        assert caught.value.findings[0].place == "second_code"
    assert isinstance(alice.sign_in().session.context["mfa"], bool)


def test_no_code_is_accepted_twice(acme: Installation, alice: Person) -> None:
    """Nor an earlier one after a later one, nor one in another process, nor the one that enrolled."""
    alice.enrol(alice.sign_in())
    other = acme.another_host()
    with pytest.raises(Invalid):
        show_factor(acme.host, due(alice), alice.code(), CLIENT)
    acme.clock.seconds += 30
    used = alice.code()
    assert show_factor(acme.host, due(alice), used, CLIENT)
    for host in (acme.host, other):
        with pytest.raises(Invalid):
            show_factor(host, due(alice), used, CLIENT)
        with pytest.raises(Invalid):
            show_factor(host, due(alice), alice.code(-1), CLIENT)
    assert show_factor(other, due(alice), alice.code(1), CLIENT)


def test_a_code_of_two_steps_ago_is_none(acme: Installation, alice: Person) -> None:
    """One step of tolerance, and no more."""
    alice.enrol(alice.sign_in())
    acme.clock.seconds += 300
    for steps in (-2, 2):
        with pytest.raises(Invalid):
            show_factor(acme.host, due(alice), alice.code(steps), CLIENT)
    assert show_factor(acme.host, due(alice), alice.code(-1), CLIENT)


def test_wrong_codes_lock_out(acme: Installation, alice: Person) -> None:
    """A password that was stolen does not let anyone try all codes."""
    alice.enrol(alice.sign_in())
    acme.clock.seconds += 300
    ticket = due(alice)
    for _ in range(5):
        with pytest.raises(Invalid):
            show_factor(acme.host, ticket, "000000", CLIENT)
    with pytest.raises(LockedOut):
        show_factor(acme.host, ticket, alice.code(), CLIENT)


def test_the_time_for_a_code_ends(acme: Installation, alice: Person) -> None:
    """After five minutes, and with the password that was shown."""
    alice.enrol(alice.sign_in())
    ticket = due(alice)
    acme.clock.seconds += 300
    with pytest.raises(Unauthenticated):
        show_factor(acme.host, ticket, alice.code(), CLIENT)


def test_each_recovery_code_is_good_once(acme: Installation, alice: Person) -> None:
    """However it is typed, in whatever process; how many are left is known."""
    visit, codes = alice.enrol(alice.sign_in())
    other = acme.another_host()
    assert show_factor(other, due(alice), codes[0].upper().replace("-", " "), CLIENT)
    for host in (acme.host, other):
        with pytest.raises(Invalid):
            show_factor(host, due(alice), codes[0], CLIENT)
    factor = acme.host.snapshot("acme").factor_of(visit.session.uid)
    assert factor is not None
    assert factor.codes_left == 9
    acme.clock.seconds += 60
    fresh = renew_recovery_codes(acme.host, visit, alice.code(), CLIENT)
    with pytest.raises(Invalid):
        show_factor(acme.host, due(alice), codes[1], CLIENT)
    assert show_factor(acme.host, due(alice), fresh[0], CLIENT)


def test_an_account_may_require_one(acme: Installation, alice: Person) -> None:
    """Who has none owes one, and does nothing else before; nobody does without again."""
    other = alice.sign_in()
    acme.apply("kind: SecuritySettings\nrequire_second_factor: true")
    visit = alice.sign_in()
    assert visit.owes == "second-factor"
    proved, _ = alice.enrol(visit)
    assert proved.owes == ""
    with pytest.raises(Unauthenticated):
        find_visit(acme.host, str(other.ticket), address="")
    with pytest.raises(Conflict):
        remove_own_factor(acme.host, proved, alice.code(1), CLIENT)


def test_ones_own_is_removed_with_a_code(acme: Installation, alice: Person) -> None:
    """Not by whoever finds the visit open."""
    visit, _ = alice.enrol(alice.sign_in())
    acme.clock.seconds += 60
    with pytest.raises(Invalid):
        remove_own_factor(acme.host, visit, "000000", CLIENT)
    remove_own_factor(acme.host, visit, alice.code(), CLIENT)
    assert sign_in(acme.host, Given("acme", "alice", alice.password), CLIENT)


def test_anothers_is_removed_by_whoever_could_grant_what_they_hold(acme: Installation, alice: Person) -> None:
    """An editor for who holds nothing; nobody by the name alone."""
    alice.enrol(alice.sign_in())
    with pytest.raises(Denied):
        remove_factor(acme.host, acme.session("user:bob"), "alice")
    acme.apply(
        "kind: Policy\nname: alice\nsubjects: [user:alice]\nroles: [Writer]\nscope: {service: container-registry}"
    )
    with pytest.raises(Denied):
        remove_factor(acme.host, acme.session("user:keeper"), "alice")
    remove_factor(acme.host, acme.owner, "alice")
    assert alice.sign_in().factor_at is None
    with pytest.raises(NotFound):
        remove_factor(acme.host, acme.owner, "alice")


def test_no_seed_or_code_is_in_the_log(acme: Installation, alice: Person) -> None:
    """Both are kept apart, encrypted."""
    _, codes = alice.enrol(alice.sign_in())
    rows = repr(acme.store.changes("account:acme", 0, 1000))
    assert alice.seed not in rows
    assert not any(code in rows for code in codes)


def test_a_seed_is_no_way_in_for_whoever_finds_the_visit_open(acme: Installation, alice: Person) -> None:
    """Begun and left: it is neither shown nor proved later without a new proof, and then it is."""
    visit = alice.sign_in()
    alice.seed = begin_enrolment(acme.host, visit).seed
    assert find_enrolment(acme.host, visit) is not None
    acme.clock.seconds += 16 * 60
    found = find_visit(acme.host, str(visit.ticket), address=CLIENT.address)
    assert find_enrolment(acme.host, found) is None
    with pytest.raises(StepUpRequired):
        confirm_enrolment(acme.host, found, alice.code(-1), alice.code())
    proved = step_up(acme.host, found, Shown(password=alice.password), CLIENT)
    assert find_enrolment(acme.host, proved) is not None
    confirm_enrolment(acme.host, proved, alice.code(-1), alice.code())
