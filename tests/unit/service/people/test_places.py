"""From where and how somebody comes in: networks of the account, kinds of access, visits that are too many."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.people.world import CLIENT, Person

from bailiwick.errors import Conflict, Denied, Invalid, Unauthenticated
from bailiwick.service.assuming import Wanted, begin_session
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.people import hashing, signing_in
from bailiwick.service.people.events import Client
from bailiwick.service.people.signing_in import Given, sign_in
from bailiwick.service.people.visits import Visit, find_visit, list_visits
from bailiwick.service.sessions import Session
from bailiwick.store.ports import EventFilter

INSIDE, MAPPED, OUTSIDE = "192.0.2.7", "::ffff:192.0.2.7", "198.51.100.1"
HERE = {"ip": INSIDE}


def limit(acme: Installation, text: str) -> None:
    """Let the account have these settings, changed by its owner from inside."""
    acme.apply(f"kind: SecuritySettings\nname: security\n{text}", owner_inside(acme))


def owner_inside(acme: Installation) -> Session:
    """The owner's session, whose address is inside."""
    session = acme.host.authenticator.session_of_key(acme.owner_key, INSIDE)[0]
    return replace(session, context=HERE)


def stands(acme: Installation, visit: Visit, address: str) -> bool:
    """Does the visit stand when it is asked about from this address?"""
    assert visit.ticket is not None
    try:
        return find_visit(acme.host, visit.ticket, address=address).uid == visit.uid
    except Unauthenticated:
        return False


def works(acme: Installation, token: str, address: str) -> bool:
    """Is the token believed, sent from this address?"""
    try:
        return bool(acme.host.authenticate(f"Bearer {token}", address).uid)
    except Unauthenticated:
        return False


def test_keys_and_tokens_work_from_the_networks_of_the_api_only(acme: Installation) -> None:
    """Those that were made before, too; an address that is not known is outside."""
    key = create_key(acme.host, acme.owner, "user:alice").text
    token = exchange_key(acme.host, key).text
    assert works(acme, token, OUTSIDE)
    limit(acme, "networks: {api: [192.0.2.0/24]}")
    for address in (INSIDE, MAPPED):
        assert works(acme, token, address)
        assert works(acme, exchange_key(acme.host, key, address).text, address)
    for address in (OUTSIDE, "", "::1"):
        assert not works(acme, token, address)
        with pytest.raises(Unauthenticated):
            exchange_key(acme.host, key, address)


def test_a_refusal_by_place_says_nothing_and_is_recorded(acme: Installation) -> None:
    """Whose key it was, and from where it was used; the caller is told what everybody is told."""
    key = create_key(acme.host, acme.owner, "user:alice")
    limit(acme, "networks: {api: [192.0.2.0/24]}")
    with pytest.raises(Unauthenticated) as refused:
        exchange_key(acme.host, key.text, OUTSIDE)
    with pytest.raises(Unauthenticated) as unknown:
        exchange_key(acme.host, f"{key.text[:-1]}{'A' if key.text[-1] != 'A' else 'B'}", INSIDE)
    assert str(refused.value) == str(unknown.value)
    acme.host.store.activity.flush()
    found = acme.host.store.activity.events(
        EventFilter("account:acme", kind="refusal", outcome="network"), None, 10
    )
    assert [(one.event.credential_uid, one.event.detail["address"]) for one in found] == [(key.uid, OUTSIDE)]


def test_what_was_begun_by_a_limited_session_is_limited(acme: Installation) -> None:
    """A session begun from a token is asked about the networks of the token's account."""
    token = exchange_key(acme.host, acme.key("user:alice")).text
    begun = begin_session(acme.host, acme.host.authenticate(f"Bearer {token}"), Wanted()).token.text
    assert works(acme, begun, OUTSIDE)
    limit(acme, "networks: {api: [192.0.2.0/24]}")
    assert works(acme, begun, INSIDE)
    assert not works(acme, begun, OUTSIDE)


def test_visits_are_let_in_from_the_networks_of_the_console_only(acme: Installation, alice: Person) -> None:
    """At every request; the API's networks are others."""
    visit = alice.sign_in()
    limit(acme, "networks: {console: [192.0.2.0/24]}")
    assert [stands(acme, visit, one) for one in (INSIDE, MAPPED, OUTSIDE, "")] == [True, True, False, False]
    assert works(acme, exchange_key(acme.host, acme.key("user:alice")).text, OUTSIDE)


def test_signing_in_from_outside_gets_the_answer_of_a_wrong_password(
    acme: Installation, alice: Person
) -> None:
    """From inside it works."""
    limit(acme, "networks: {console: [192.0.2.0/24]}")
    answers = []
    for password, address in ((alice.password, OUTSIDE), ("wrong", INSIDE)):
        with pytest.raises(Unauthenticated) as refused:
            sign_in(acme.host, Given("acme", "alice", password), Client(address))
        answers.append((str(refused.value), refused.value.help))
    assert answers[0] == answers[1]
    assert alice.sign_in(client=Client(INSIDE)).session.principal == "user:alice"


def test_nobody_shuts_themselves_out(acme: Installation) -> None:
    """Whoever changes the networks stays inside them."""
    with pytest.raises(Invalid, match="you would shut yourself out"):
        limit(acme, "networks: {api: [198.51.100.0/24]}")
    with pytest.raises(Invalid, match="your own address is in none"):
        acme.apply("kind: SecuritySettings\nname: security\nnetworks: {api: [198.51.100.0/24]}")
    limit(acme, "networks: {console: [198.51.100.0/24]}")
    visit = replace(owner_inside(acme), is_visit=True)
    with pytest.raises(Invalid, match="you would shut yourself out"):
        acme.apply("kind: SecuritySettings\nname: security\nnetworks: {console: [198.51.100.1]}", visit)


def test_who_only_visits_uses_no_keys(acme: Installation, alice: Person) -> None:
    """None is made, and those that are there work again only when that is allowed again, by a grant."""
    key, visit = create_key(acme.host, acme.owner, "user:alice").text, alice.sign_in()
    token = exchange_key(acme.host, key).text
    acme.apply("kind: User\nname: alice\nemail: alice@acme.example\naccess: console")
    assert stands(acme, visit, "")
    assert not works(acme, token, "")
    with pytest.raises(Unauthenticated):
        exchange_key(acme.host, key)
    acme.apply("kind: User\nname: alice\nemail: alice@acme.example")
    assert works(acme, token, "")


def test_who_is_a_program_does_not_sign_in(acme: Installation, alice: Person) -> None:
    """Visits end, and the right password is answered as a wrong one; keys work."""
    visit, key = alice.sign_in(), create_key(acme.host, acme.owner, "user:alice").text
    acme.apply("kind: User\nname: alice\nemail: alice@acme.example\naccess: programmatic")
    assert not stands(acme, visit, "")
    answers = []
    for password in (alice.password, "wrong"):
        with pytest.raises(Unauthenticated) as refused:
            sign_in(acme.host, Given("acme", "alice", password), CLIENT)
        answers.append(str(refused.value))
    assert answers[0] == answers[1]
    assert works(acme, exchange_key(acme.host, key).text, "")


def test_opening_a_way_in_is_a_grant_of_all_that_the_user_holds(acme: Installation) -> None:
    """An editor of users who could not grant it does not open it."""
    acme.apply("kind: User\nname: bob\naccess: console")
    acme.apply(
        "kind: Policy\nname: bob\nsubjects: [user:bob]\nroles: [Administrator]\nscope: {service: hs-crypto}"
    )
    with pytest.raises(Denied):
        acme.apply("kind: User\nname: bob", acme.session("user:keeper"))
    acme.apply("kind: User\nname: bob")


def test_the_oldest_visit_gives_way(acme: Installation, alice: Person) -> None:
    """Where one may have two at once, a third ends the first, in every process."""
    limit(acme, "sessions: {most_for_one_identity: 2}")
    visits = []
    for _ in range(3):
        acme.clock.seconds += 1
        visits.append(alice.sign_in())
    assert [stands(acme, one, "") for one in visits] == [False, True, True]
    assert {one.uid for one in list_visits(acme.another_host(), "acme", visits[0].session.uid)} == {
        one.uid for one in visits[1:]
    }


def test_access_tokens_last_as_long_as_the_settings_say(acme: Installation) -> None:
    """An hour where nothing is said."""
    key = acme.key("user:alice")
    assert exchange_key(acme.host, key).lifetime_seconds == 3600
    limit(acme, "sessions: {access_token_seconds: 900}")
    assert exchange_key(acme.host, key).lifetime_seconds == 900


def test_only_the_owner_makes_service_ids_where_the_settings_say_so(acme: Installation) -> None:
    """Whoever holds the action otherwise is told why not."""
    keeper = acme.session("user:keeper")
    limit(acme, "service_ids: {who_may_create: owner}")
    with pytest.raises(Denied, match="only the account's owner makes service IDs"):
        acme.apply("kind: ServiceId\nname: ci", keeper)
    acme.apply("kind: ServiceId\nname: ci")


def test_a_locked_service_id_is_neither_changed_nor_deleted_nor_granted_anything(acme: Installation) -> None:
    """Until it is unlocked, by a change that does nothing else."""
    acme.apply("kind: ServiceId\nname: ci\nlocked: true")
    policy = "kind: Policy\nname: ci\nsubjects: [service-id:ci]\nroles: [Reader]\nscope: {service: container-registry}"
    for text in (
        "kind: ServiceId\nname: ci\nlocked: true\ndescription: x",
        "kind: ServiceId\nname: ci\ndescription: x",
        policy,
    ):
        with pytest.raises(Conflict, match="service ID `ci` is locked"):
            acme.apply(text)
    acme.apply("kind: ServiceId\nname: ci")
    acme.apply(policy)


def test_ones_own_email_is_changed_where_the_settings_let_people(acme: Installation) -> None:
    """That and nothing else, of oneself and nobody else."""
    alice = acme.session("user:alice")
    email = "kind: User\nname: alice\nemail: new@acme.example"
    with pytest.raises(Denied):
        acme.apply(email, alice)
    limit(acme, "may_change: {email: true}")
    for other in (f"{email}\ndescription: x", "kind: User\nname: bob\nemail: new@acme.example"):
        with pytest.raises(Denied):
            acme.apply(other, alice)
    acme.apply(email, alice)
    assert acme.host.snapshot("acme").account.principals["user:alice"].email == "new@acme.example"


def test_who_may_not_come_in_costs_the_work_of_a_wrong_password(
    acme: Installation, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One password is verified, whether it is the network, the kind of access or the password that refuses."""
    verified: list[bool] = []

    def verify(kept: str | None, text: str) -> bool:
        verified.append(hashing.verify(kept, text))
        return verified[-1]

    monkeypatch.setattr(signing_in, "verify", verify)

    def refused(password: str, address: str) -> int:
        verified.clear()
        with pytest.raises(Unauthenticated):
            sign_in(acme.host, Given("acme", "alice", password), Client(address))
        return len(verified)

    limit(acme, "networks: {console: [192.0.2.0/24]}")
    assert refused(alice.password, OUTSIDE) == refused("wrong", INSIDE) == 1
    acme.apply("kind: User\nname: alice\naccess: programmatic", owner_inside(acme))
    assert refused(alice.password, INSIDE) == 1
