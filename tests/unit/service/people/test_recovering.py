"""The last way back of an owner, and when somebody last signed in."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.people.test_passkeys import come, make
from tests.unit.service.people.world import CLIENT, Person, give_password, link_of

from bailiwick.errors import Conflict, NotFound, Unauthenticated
from bailiwick.service.attention import find_attention
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.last_use import find_earlier, last_uses
from bailiwick.service.people.recovering import find_account, recover_owner
from bailiwick.service.people.signing_in import Given, sign_in
from bailiwick.service.people.visits import Visit, find_visit


def test_an_owner_who_has_lost_everything_comes_in_again(acme: Installation) -> None:
    """What was lost opens nothing any more; the link does, once; it is in the log and under attention for a week."""
    owner = give_password(acme, "owner")
    visit, phone = make(acme, owner.sign_in())
    owner.enrol(visit)
    came = come(acme, phone)
    host = acme.another_host()
    assert find_account(host, "owner") == "acme"
    address = recover_owner(host, "acme")
    for lost in (visit, came):
        with pytest.raises(Unauthenticated):
            find_visit(acme.host, str(lost.ticket), address="")
    with pytest.raises(Unauthenticated):
        come(acme, phone)
    with pytest.raises(Unauthenticated):
        sign_in(acme.host, Given("acme", "owner", owner.password), CLIENT)
    assert isinstance(accept(acme.host, link_of(address), "a new horse 42", CLIENT), Visit)
    with pytest.raises(NotFound):
        accept(acme.host, link_of(address), "a third horse 43", CLIENT)
    rows = acme.store.changes("account:acme", 0, 10_000)
    assert {row.via for row in rows if row.kind in ("SecondFactor", "Passkey") and row.op == "delete"} == {
        "recover"
    }

    def told() -> bool:
        return any(one.code == "owner-recovered" for one in find_attention(acme.host, acme.owner))

    assert told()
    acme.clock.seconds += 8 * 86_400
    assert not told()


def test_only_an_owner_is_recovered(acme: Installation, alice: Person) -> None:
    """And where a guardrail forbids the link, it says so, and takes nothing away."""
    owner = give_password(acme, "owner")
    with pytest.raises(NotFound):
        find_account(acme.host, "alice")
    acme.apply("kind: Guardrail\nname: none\nactions: [iam.user.reset-password]\nscope: {service: iam}")
    with pytest.raises(Conflict):
        recover_owner(acme.host, "acme")
    assert owner.sign_in().session.principal == "user:owner"


def test_the_last_sign_in_is_by_whatever_one_has(acme: Installation, alice: Person) -> None:
    """And an attempt that failed since the one before is counted."""
    _, phone = make(acme, alice.sign_in())
    uid = come(acme, phone).session.uid
    acme.clock.seconds += 3600
    at = acme.host.at()
    first = come(acme, phone)
    assert last_uses(acme.host, acme.host.snapshot("acme"), [uid, "user-nobody"]) == {uid: at}
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            sign_in(acme.host, Given("acme", "alice", "wrong"), CLIENT)
    acme.clock.seconds += 60
    second = come(acme, phone)
    acme.store.activity.flush()
    earlier = find_earlier(acme.host, "acme", uid, before=second.uid)
    assert earlier is not None
    assert (earlier.at, earlier.address, earlier.refused_since) == (at, CLIENT.address, 2)
    assert first.uid != second.uid


def test_who_comes_by_a_passkey_is_not_away(acme: Installation, alice: Person) -> None:
    """The password stays good though it was not used for long."""
    acme.apply("kind: SecuritySettings\nname: security\nsign_in: {unused_days: 30}")
    _, phone = make(acme, alice.sign_in())
    for _ in range(3):
        acme.clock.seconds += 20 * 86_400
        come(acme, phone)
    assert sign_in(acme.host, Given("acme", "alice", alice.password), CLIENT)
