"""Passkeys: made after a proof, shown alone or after the password; and every answer that is not what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from tests.unit.service.accounts import Installation
from tests.unit.service.people.authenticator import (
    BACKED_UP,
    BACKUP_ELIGIBLE,
    PRESENT,
    VERIFIED,
    Authenticator,
    Key,
)
from tests.unit.service.people.world import CLIENT, Person, give_password

from bailiwick.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host
from bailiwick.service.people.factors import remove_factor, remove_own_factor
from bailiwick.service.people.passkey_ceremonies import ShownPasskey
from bailiwick.service.people.passkey_signing_in import begin_passkey_sign_in, sign_in_with_passkey
from bailiwick.service.people.passkeys import (
    MOST_PASSKEYS,
    begin_registration,
    list_passkeys,
    register_passkey,
    remove_own_passkey,
)
from bailiwick.service.people.signing_in import CodeDue, Given, begin_passkey_factor, show_factor, sign_in
from bailiwick.service.people.stepping_up import Shown, step_up, ways_of
from bailiwick.service.people.visits import OWES_FACTOR, Visit, find_visit
from bailiwick.service.proving import StepUpRequired
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import EventFilter

GUEST = "a guest's form"


def make(acme: Installation, visit: Visit, name: str = "phone", **lies: Any) -> tuple[Visit, Authenticator]:
    """A passkey of whose visit it is."""
    made = Authenticator()
    return register(acme, visit, made, name, **lies), made


def register(
    acme: Installation, visit: Visit, made: Authenticator, name: str = "phone", **lies: Any
) -> Visit:
    """This authenticator's passkey is kept."""
    begun = begin_registration(acme.host, visit)
    return register_passkey(
        acme.host, visit, name, ShownPasskey(begun.ticket, made.make(begun.options, **lies))
    )


def come(acme: Installation, shown: Authenticator, host: Host | None = None, **lies: Any) -> Visit:
    """A visit that begins by a passkey alone."""
    host = host or acme.host
    begun = begin_passkey_sign_in(host, GUEST)
    assert begun is not None
    return sign_in_with_passkey(
        host, ShownPasskey(begun.ticket, shown.show(begun.options, **lies)), GUEST, CLIENT
    )


def now(acme: Installation) -> Snapshot:
    """The account's state."""
    return acme.host.snapshot("acme")


def uids(acme: Installation, visit: Visit) -> list[str]:
    """Whose passkeys are there?"""
    return [one.uid for one in now(acme).passkeys_of(visit.session.uid)]


def test_one_is_made_and_signs_in_alone_as_two_factors(acme: Installation, alice: Person) -> None:
    """The visit rests on it and on nothing else; the making counts as a factor shown; when it was used is known."""
    visit, phone = make(acme, alice.sign_in())
    assert visit.session.context["mfa"] is True
    come(acme, phone)
    again = come(acme, phone, acme.another_host())
    session = again.session
    assert (session.principal, session.context["mfa"], again.owes) == ("user:alice", True, "")
    assert session.authenticated is not None
    assert session.authenticated.methods == ("pop", "mfa")
    assert find_visit(acme.host, str(again.ticket), address="").uid == again.uid
    known = list_passkeys(acme.host, now(acme), session.uid)
    assert [(one.record.name, one.record.transports, one.last_used_at) for one in known] == [
        ("phone", ("internal",), acme.host.at())
    ]
    remove_own_passkey(acme.host, visit, known[0].record.uid)
    with pytest.raises(Unauthenticated):
        find_visit(acme.host, str(again.ticket), address="")
    with pytest.raises(Unauthenticated):
        come(acme, phone)


KEYS: dict[str, Callable[[], Key]] = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_three_algorithms_are_taken(acme: Installation, alice: Person, algorithm: str) -> None:
    """ES256 is everywhere else here."""
    made = Authenticator(key=KEYS[algorithm]())
    register(acme, alice.sign_in(), made)
    assert come(acme, made).session.principal == "user:alice"


def test_others_are_not(acme: Installation, alice: Person) -> None:
    """ES384, for one."""
    with pytest.raises(Invalid):
        register(acme, alice.sign_in(), Authenticator(key=ec.generate_private_key(ec.SECP384R1())))


LIES: dict[str, dict[str, Any]] = {
    "of another origin": {"origin": "https://iam.acme.example.evil.example"},
    "of a plain origin": {"origin": "http://iam.acme.example"},
    "of another port": {"origin": "https://iam.acme.example:8443"},
    "of another relying party": {"party": "acme.example"},
    "of another challenge": {"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    "of the other ceremony": {"type": "payment.get"},
    "with nobody present": {"flags": VERIFIED},
    "in a frame of another site": {"framed": True},
    "backed up without being eligible": {"flags": PRESENT | VERIFIED | BACKED_UP},
}
SHOWN_LIES = {
    **LIES,
    "with nobody verified": {"flags": PRESENT},
    "of another user": {"handle": "user-00000000000000000000"},
    "of nobody in particular": {"handle": ""},
    "signed by another key": {"signer": Authenticator()},
    "with the count of before": {"count": 0},
}


@pytest.mark.parametrize("lie", SHOWN_LIES)
def test_an_answer_that_is_not_what_was_asked_for_signs_nobody_in(
    acme: Installation, alice: Person, lie: str
) -> None:
    """All are refused alike."""
    _, phone = make(acme, alice.sign_in())
    come(acme, phone)
    with pytest.raises(Unauthenticated) as caught:
        come(acme, phone, **SHOWN_LIES[lie])
    assert caught.value.message == "this passkey is not known here, or was not shown in time"


@pytest.mark.parametrize("lie", LIES)
def test_nothing_is_made_of_an_answer_that_is_not_what_was_asked_for(
    acme: Installation, alice: Person, lie: str
) -> None:
    """Nor by another ceremony's."""
    visit = alice.sign_in()
    with pytest.raises(Invalid):
        make(acme, visit, **LIES[lie])
    assert uids(acme, visit) == []


def test_an_answer_is_good_once_and_for_five_minutes(acme: Installation, alice: Person) -> None:
    """In every process; and only for the guest whom the challenge was for."""
    _, phone = make(acme, alice.sign_in())
    begun = begin_passkey_sign_in(acme.host, GUEST)
    assert begun is not None
    shown = ShownPasskey(begun.ticket, phone.show(begun.options))
    with pytest.raises(Unauthenticated):
        sign_in_with_passkey(acme.host, shown, "another guest's form", CLIENT)
    assert sign_in_with_passkey(acme.host, shown, GUEST, CLIENT)
    for host in (acme.host, acme.another_host()):
        with pytest.raises(Unauthenticated):
            sign_in_with_passkey(host, shown, GUEST, CLIENT)
    late = begin_passkey_sign_in(acme.host, GUEST)
    assert late is not None
    acme.clock.seconds += 300
    with pytest.raises(Unauthenticated):
        sign_in_with_passkey(acme.host, ShownPasskey(late.ticket, phone.show(late.options)), GUEST, CLIENT)


@pytest.mark.parametrize(
    "answer",
    ["", "{", "[]", "{}", '{"response": 1}', '{"response": {"clientDataJSON": "e30"}}', "x" * 70_000],
)
def test_what_cannot_be_read_is_refused(acme: Installation, alice: Person, answer: str) -> None:
    """Whatever it is."""
    begun = begin_passkey_sign_in(acme.host, GUEST)
    assert begun is not None
    for ticket in (begun.ticket, "x", ""):
        with pytest.raises(Unauthenticated):
            sign_in_with_passkey(acme.host, ShownPasskey(ticket, answer), GUEST, CLIENT)


def test_a_copy_is_found_by_its_count_and_recorded(acme: Installation, alice: Person) -> None:
    """A count that goes back in another process too; one who keeps no count is let in."""
    _, phone = make(acme, alice.sign_in())
    come(acme, phone)
    come(acme, phone)
    phone.count = 1
    with pytest.raises(Unauthenticated):
        come(acme, phone, acme.another_host())
    acme.store.activity.flush()
    refused = acme.store.activity.events(
        EventFilter("account:acme", kind="sign-in", outcome="refused"), None, 10, newest_first=True
    )
    assert refused[0].event.detail["reason"] == "passkey_count"
    phone.count, tablet = 5, Authenticator(count=None)
    register(acme, come(acme, phone), tablet, "tablet")
    come(acme, tablet)
    come(acme, tablet)


def due(alice: Person) -> str:
    """The ticket after the right password."""
    answer = sign_in(alice.acme.host, Given("acme", "alice", alice.password), CLIENT)
    assert isinstance(answer, CodeDue)
    return answer.ticket


def test_one_is_a_second_factor_after_the_password(acme: Installation, alice: Person) -> None:
    """Without it the password is not enough; that it knows its user is not needed; a code is none."""
    _, phone = make(acme, alice.sign_in())
    ticket = due(alice)
    has_codes, begun = begin_passkey_factor(acme.host, ticket)
    assert not has_codes
    assert begun is not None
    with pytest.raises(Invalid):
        show_factor(acme.host, ticket, "000000", CLIENT)
    shown = ShownPasskey(begun.ticket, phone.show(begun.options, flags=PRESENT))
    visit = show_factor(acme.host, ticket, "", CLIENT, passkey=shown)
    password = now(acme).password_of(visit.session.uid)
    assert password is not None
    assert (visit.session.context["mfa"], visit.session.credential) == (True, password.uid)
    assert visit.session.authenticated is not None
    assert visit.session.authenticated.methods == ("pwd", "mfa")
    with pytest.raises(Invalid):
        show_factor(acme.host, due(alice), "", CLIENT, passkey=shown)


def test_no_passkey_of_another_and_no_challenge_of_another_place_is_a_factor(
    acme: Installation, alice: Person
) -> None:
    """Bob's passkey is not alice's; a challenge of a guest, of a proof or of another sign-in is not of this one."""
    visit, phone = make(acme, alice.sign_in())
    _, of_bob = make(acme, give_password(acme, "bob").sign_in())
    ticket = due(alice)
    _, begun = begin_passkey_factor(acme.host, ticket)
    _, elsewhere = begin_passkey_factor(acme.host, due(alice))
    ways = ways_of(acme.host, visit)
    guest = begin_passkey_sign_in(acme.host, GUEST)
    assert begun is not None
    assert elsewhere is not None
    assert guest is not None
    assert ways.passkey is not None
    wrong = [
        ShownPasskey(begun.ticket, of_bob.show(begun.options, handle=phone.handle)),
        *(ShownPasskey(one.ticket, phone.show(one.options)) for one in (elsewhere, guest, ways.passkey)),
    ]
    for shown in wrong:
        with pytest.raises(Invalid):
            show_factor(acme.host, ticket, "", CLIENT, passkey=shown)


def test_one_proves_who_sits_there(acme: Installation, alice: Person) -> None:
    """In this visit only, and where it is there the password proves nothing."""
    visit, phone = make(acme, alice.sign_in())
    acme.clock.seconds += 960
    other = come(acme, phone)
    old = find_visit(acme.host, str(visit.ticket), address="")
    with pytest.raises(StepUpRequired):
        begin_registration(acme.host, old)
    ways = ways_of(acme.host, old)
    assert ways.passkey is not None
    assert (ways.code, ways.password) == (False, False)
    with pytest.raises(Invalid):
        step_up(acme.host, old, Shown(password=alice.password), CLIENT)
    shown = Shown(passkey=ShownPasskey(ways.passkey.ticket, phone.show(ways.passkey.options)))
    with pytest.raises(Invalid):
        step_up(acme.host, other, shown, CLIENT)
    ways = ways_of(acme.host, old)
    assert ways.passkey is not None
    shown = Shown(passkey=ShownPasskey(ways.passkey.ticket, phone.show(ways.passkey.options)))
    assert begin_registration(acme.host, step_up(acme.host, old, shown, CLIENT))


def test_a_visit_that_was_left_open_makes_and_removes_none(acme: Installation, alice: Person) -> None:
    """A challenge of when it was new, too."""
    visit = alice.sign_in()
    begun = begin_registration(acme.host, visit)
    acme.clock.seconds += 960
    old = find_visit(acme.host, str(visit.ticket), address="")
    with pytest.raises(StepUpRequired):
        register_passkey(
            acme.host, old, "phone", ShownPasskey(begun.ticket, Authenticator().make(begun.options))
        )
    fresh, _ = make(acme, alice.sign_in())
    with pytest.raises(StepUpRequired):
        remove_own_passkey(
            acme.host, find_visit(acme.host, str(visit.ticket), address=""), uids(acme, fresh)[0]
        )


def test_a_challenge_for_making_one_is_of_its_visit(acme: Installation, alice: Person) -> None:
    """Nor is one for showing one."""
    visit, other = alice.sign_in(), alice.sign_in()
    begun = begin_registration(acme.host, other)
    with pytest.raises(Invalid):
        register_passkey(
            acme.host, visit, "phone", ShownPasskey(begun.ticket, Authenticator().make(begun.options))
        )


def test_names_and_authenticators_are_there_once_and_ten_are_enough(
    acme: Installation, alice: Person
) -> None:
    """Another's authenticator of the same id is refused in the same account."""
    visit, phone = make(acme, alice.sign_in())
    for name, made in (
        ("phone", Authenticator()),
        ("again", phone),
        ("", Authenticator()),
        ("x" * 65, phone),
    ):
        with pytest.raises(Invalid):
            register(acme, visit, made, name)
    with pytest.raises(Invalid):
        register(acme, give_password(acme, "bob").sign_in(), Authenticator(id=phone.id), "mine")
    for number in range(1, MOST_PASSKEYS):
        make(acme, visit, f"key {number}")
    with pytest.raises(Conflict):
        begin_registration(acme.host, visit)


def test_it_is_made_by_the_whole_person_only(acme: Installation, alice: Person) -> None:
    """Not by a session that acts for somebody."""
    visit = alice.sign_in()
    less = replace(visit, session=replace(visit.session, chain=("user:bob",)))
    with pytest.raises(Denied):
        begin_registration(acme.host, less)


def test_another_s_passkey_is_not_removed(acme: Installation, alice: Person) -> None:
    """It is not even there."""
    visit, _ = make(acme, alice.sign_in())
    with pytest.raises(NotFound):
        remove_own_passkey(acme.host, give_password(acme, "bob").sign_in(), uids(acme, visit)[0])


def test_a_required_factor_is_owed_until_there_is_one_and_the_last_stays(
    acme: Installation, alice: Person
) -> None:
    """A passkey settles it, as a phone with codes does."""
    acme.apply("kind: SecuritySettings\nname: security\nrequire_second_factor: true")
    visit = alice.sign_in()
    assert visit.owes == OWES_FACTOR
    visit, phone = make(acme, visit)
    assert visit.owes == ""
    assert come(acme, phone).owes == ""
    with pytest.raises(Conflict):
        remove_own_passkey(acme.host, visit, uids(acme, visit)[0])
    visit, _ = alice.enrol(visit)
    acme.clock.seconds += 30
    remove_own_passkey(acme.host, visit, uids(acme, visit)[0])
    make(acme, visit)
    remove_own_factor(acme.host, visit, alice.code(), CLIENT)


def test_an_administrator_removes_them_with_the_second_factor(acme: Installation, alice: Person) -> None:
    """Phone, recovery codes and passkeys; whoever came by one is out."""
    visit, phone = make(acme, alice.sign_in())
    alice.enrol(visit)
    came = come(acme, phone)
    remove_factor(acme.host, acme.owner, "alice")
    assert uids(acme, visit) == []
    assert isinstance(alice.sign_in(), Visit)
    with pytest.raises(Unauthenticated):
        find_visit(acme.host, str(came.ticket), address="")


def test_who_may_not_come_does_not_come_by_one(acme: Installation, alice: Person) -> None:
    """Disabled, gone, away for too long; their passkeys go with them."""
    visit, phone = make(acme, alice.sign_in())
    acme.apply("kind: User\nname: alice\nemail: alice@acme.example\ndisabled: true")
    with pytest.raises(Unauthenticated):
        come(acme, phone)
    acme.apply("kind: User\nname: alice\nemail: alice@acme.example")
    acme.apply("kind: SecuritySettings\nname: security\nsign_in: {unused_days: 30}")
    acme.clock.seconds += 31 * 86_400
    with pytest.raises(Unauthenticated):
        come(acme, phone)
    acme.apply("kind: SecuritySettings\nname: security\nsign_in: {unused_days: 60}")
    assert come(acme, phone)
    delete(acme, acme.owner, "alice")
    assert uids(acme, visit) == []
    acme.apply("kind: User\nname: alice")
    for host in (acme.host, acme.another_host()):
        with pytest.raises(Unauthenticated):
            come(acme, phone, host)


def delete(acme: Installation, who: Session, name: str) -> None:
    """The user goes."""
    acme.edit(Edit("User", name, None), session=who)


def test_backup_and_names_are_told_and_keys_are_not(acme: Installation, alice: Person) -> None:
    """The log has no public key; the handle is no name."""
    visit, phone = make(acme, alice.sign_in(), flags=PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP)
    record = now(acme).passkeys_of(visit.session.uid)[0]
    assert record.backed_up
    stored = acme.store.find_object("account:acme", "Passkey", record.uid)
    assert stored is not None
    assert sorted(stored.document) == [
        "backed_up",
        "created_at",
        "credential_id",
        "name",
        "owner",
        "transports",
    ]
    assert phone.handle == visit.session.uid
    assert acme.another_host().snapshot("acme").passkeys_of(visit.session.uid) == [record]
