"""Visits: how long one stands, what ends it, and that nothing else is taken for its ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.people.world import CLIENT, Person, give_password

from bailiwick.authn.compact import Signer
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tickets import VisitTicket, write_ticket
from bailiwick.errors import Denied, NotFound, Unauthenticated
from bailiwick.service.assuming import Wanted, begin_session
from bailiwick.service.ending import end_session, is_going_on, list_sessions
from bailiwick.service.keyring import rotate
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.people.signing_in import CodeDue, Given, sign_in
from bailiwick.service.people.visits import Visit, end_all_visits, end_visit, find_visit, list_visits


def ticket(visit: Visit) -> str:
    """What the browser keeps of it."""
    assert visit.ticket is not None
    return visit.ticket


def stands(acme: Installation, visit: Visit) -> bool:
    """Does it stand on every host?"""
    answers = []
    for host in (acme.host, acme.another_host()):
        try:
            answers.append(find_visit(host, ticket(visit), address="").uid == visit.uid)
        except Unauthenticated:
            answers.append(False)
    assert len(set(answers)) == 1
    return answers[0]


def test_a_visit_is_found_again_as_it_was(acme: Installation, alice: Person) -> None:
    """With the address of now; its ticket is renewed after a minute."""
    visit = alice.sign_in()
    found = find_visit(acme.host, ticket(visit), address="198.51.100.1")
    assert found.session.context == {
        "ip": "198.51.100.1",
        "mfa": False,
        "signed_in": True,
        "proof_age_seconds": 0,
    }
    assert (found.uid, found.begun_at, found.expires_at) == (visit.uid, visit.begun_at, visit.expires_at)
    assert found.ticket is None
    acme.clock.seconds += 60
    assert find_visit(acme.host, ticket(visit), address="").ticket is not None


def test_a_visit_ends_after_an_hour_of_rest(acme: Installation, alice: Person) -> None:
    """And goes on for as long as its ticket is renewed."""
    visit = alice.sign_in()
    acme.clock.seconds += 3599
    renewed = find_visit(acme.host, ticket(visit), address="")
    acme.clock.seconds += 3599
    assert stands(acme, renewed)
    assert not stands(acme, visit)


def test_a_visit_ends_at_its_longest_however_busy(acme: Installation, alice: Person) -> None:
    """Twelve hours, where the account says nothing else."""
    visit = alice.sign_in()
    for _ in range(23):
        acme.clock.seconds += 1800
        visit = replace(visit, ticket=find_visit(acme.host, ticket(visit), address="").ticket)
    acme.clock.seconds += 1799
    assert stands(acme, visit)
    acme.clock.seconds += 1
    assert not stands(acme, visit)


def test_tightened_settings_count_at_once(acme: Installation, alice: Person) -> None:
    """Also for visits that have begun."""
    visit = alice.sign_in()
    acme.clock.seconds += 16 * 60
    assert stands(acme, visit)
    acme.apply("kind: SecuritySettings\nsign_in: {idle_minutes: 15}")
    assert not stands(acme, visit)


def test_signing_out_ends_it_in_every_process(acme: Installation, alice: Person) -> None:
    """Although the browser still has the ticket, and whatever is forbidden to the user."""
    acme.apply("""
        kind: Guardrail
        name: nothing
        actions: ["iam.*"]
        scope: {service: iam}
    """)
    visit, other = alice.sign_in(), alice.sign_in()
    end_visit(acme.host, visit)
    assert not stands(acme, visit)
    assert stands(acme, other)


def test_what_a_visit_began_ends_with_it(acme: Installation, alice: Person) -> None:
    """A token that it made is a session of its own, and rests on it."""
    visit = alice.sign_in()
    begun = begin_session(acme.host, visit.session, Wanted())
    assert acme.host.authenticate(f"Bearer {begun.token.text}").principal == "user:alice"
    end_visit(acme.host, visit)
    with pytest.raises(Unauthenticated):
        acme.host.authenticate(f"Bearer {begun.token.text}")


@pytest.mark.parametrize("document", ["name: alice\ndisabled: true", "name: bob"])
def test_a_user_who_is_disabled_or_gone_has_no_visit(
    acme: Installation, alice: Person, document: str
) -> None:
    """At once, in every process; a user who gets the name anew does not have it either."""
    visit = alice.sign_in()
    acme.apply(f"kind: User\n{document}", prune=True)
    assert not stands(acme, visit)
    if "bob" in document:
        acme.apply("kind: User\nname: alice")
        assert not stands(acme, visit)


def test_it_is_listed_and_ended_with_the_other_sessions(acme: Installation, alice: Person) -> None:
    """By whoever may end sessions; one's own always."""
    visit = alice.sign_in()
    [known] = [one for one in list_sessions(acme.host, acme.owner) if one.uid == visit.uid]
    assert (known.principal, is_going_on(acme.host, known)) == ("user:alice", True)
    with pytest.raises(Denied):
        end_session(acme.host, acme.session("user:bob"), visit.uid)
    end_session(acme.host, acme.session("user:keeper"), visit.uid)
    assert not stands(acme, visit)
    assert not is_going_on(acme.host, known)


def test_all_visits_end_at_once(acme: Installation, alice: Person) -> None:
    """One's own but this one; another's by whoever may; nobody else's with them."""
    bob = give_password(acme, "bob").sign_in()
    end_all_visits(acme.host, acme.owner, "user:alice")
    first, second, third = (alice.sign_in() for _ in range(3))
    assert end_all_visits(acme.host, first.session, "user:alice", keep=first.uid) == 2
    assert [stands(acme, one) for one in (first, second, third, bob)] == [True, False, False, True]
    with pytest.raises(Denied):
        end_all_visits(acme.host, bob.session, "user:alice")
    assert [one.uid for one in list_visits(acme.host, "acme", first.session.uid)] == [first.uid]
    assert end_all_visits(acme.host, acme.session("user:keeper"), "user:alice") == 1
    assert not stands(acme, first)
    with pytest.raises(NotFound):
        end_all_visits(acme.host, acme.owner, "user:nobody")


def test_a_long_visit_is_still_listed(acme: Installation, alice: Person) -> None:
    """Although no token lives as long."""
    acme.apply("kind: SecuritySettings\nsign_in: {longest_visit_minutes: 1440, idle_minutes: 1440}")
    visit = alice.sign_in()
    acme.clock.seconds += 23 * 3600
    assert visit.uid in [one.uid for one in list_sessions(acme.host, acme.owner)]


def test_no_other_text_is_a_ticket(acme: Installation, alice: Person) -> None:
    """An access token, a ticket for a code, a changed one, one of another account or key: none of them."""
    visit = alice.sign_in()
    access = exchange_key(acme.host, create_key(acme.host, acme.owner, "user:alice").text).text
    good = ticket(visit)
    head, payload, signature = good.split(".")
    changed = payload[:-2] + ("A" if payload[-2] != "A" else "B") + payload[-1]
    alice.enrol(visit)
    acme.clock.seconds += 60
    due = sign_in(acme.host, Given("acme", "alice", alice.password), CLIENT)
    assert isinstance(due, CodeDue)
    texts = [
        access,
        due.ticket,
        f"{head}.{changed}.{signature}",
        good + " ",
        good[:-1],
        "",
        "a.b.c",
        "x" * 9000,
    ]
    for text in texts:
        with pytest.raises(Unauthenticated):
            find_visit(acme.host, text, address="")
    with pytest.raises(Unauthenticated):
        acme.host.authenticate(f"Bearer {good}")


def test_a_ticket_of_another_account_or_user_or_password_is_none(acme: Installation, alice: Person) -> None:
    """Everything that it names must fit together, though it is signed."""
    visit = alice.sign_in()
    bob = give_password(acme, "bob").sign_in()
    session, begun = visit.session, int(acme.host.now())
    good = VisitTicket("acme", session.uid, session.credential, visit.uid, begun, begun, 0)
    signer = Signer(acme.host.key_set(KeyPurpose.ACCESS).current())

    def text(one: VisitTicket) -> str:
        expires = acme.host.at() + timedelta(hours=1)
        return write_ticket(one, issuer=acme.host.settings.issuer, signer=signer, expires=expires)

    assert find_visit(acme.host, text(good), address="")
    key = create_key(acme.host, acme.owner, "user:alice")
    for wrong in (
        replace(good, account="nowhere"),
        replace(good, uid=bob.session.uid),
        replace(good, credential_uid=bob.session.credential),
        replace(good, credential_uid=key.uid),
    ):
        with pytest.raises(Unauthenticated):
            find_visit(acme.host, text(wrong), address="")


def test_after_a_theft_of_the_signing_key_every_visit_is_over(acme: Installation, alice: Person) -> None:
    """As is every token."""
    visit = alice.sign_in()
    rotate(acme.store, KeyPurpose.ACCESS, acme.host.at(), "system", leaked=True)
    acme.host.poll()
    assert not stands(acme, visit)


def test_a_suspended_account_lets_only_its_owner_in(acme: Installation, alice: Person) -> None:
    """To lift the suspension."""
    owner = give_password(acme, "owner").sign_in()
    visit = alice.sign_in()
    acme.apply("kind: Account\nname: acme\nowner: user:owner\nsuspended: true")
    assert not stands(acme, visit)
    assert stands(acme, owner)
