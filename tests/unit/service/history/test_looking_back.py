"""Looking back: the account as it was at a revision, who may look, and questions asked of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.unit.service.accounts import START, Installation

from bailiwick.errors import Denied, NotFound
from bailiwick.model.requests import Reason
from bailiwick.service.edits import Edit
from bailiwick.service.history import past_states
from bailiwick.service.history.looking_back import LookingBack, find_revision
from bailiwick.service.reading import Filter

WORLD = """
kind: User
name: alice
---
kind: User
name: bob
---
kind: Policy
name: readers
subjects: [user:alice]
roles: [IMS ReadOnlyAccess]
scope: {service: ims}
---
kind: Policy
name: log
subjects: [user:bob]
roles: [Auditor]
scope: {service: iam}
"""
IMAGE = "brn:acme:ims:eu-de::image/i"
GET = "ims:images:get"


@pytest.fixture
def world(acme: Installation) -> Installation:
    """An account in which alice read images until a revision ago; an hour passes between the two."""
    acme.apply(WORLD)
    acme.clock.seconds += 3600
    acme.edit(Edit("Policy", "readers", None))
    return acme


def look(acme: Installation, revision: int, *, as_: str | None = None) -> LookingBack:
    """Look back, as the owner unless somebody else is named."""
    return LookingBack(acme.host, acme.owner if as_ is None else acme.session(as_), revision)


def test_the_account_is_shown_as_it_was(world: Installation) -> None:
    """Lists and single objects hold what they held then, with what has become of them since."""
    then, now = look(world, 2), look(world, 3)
    everything = Filter()
    names = [one.name for one in then.list("Policy", everything, after=None, limit=10).items]
    assert names == ["log", "readers"]
    assert [one.name for one in now.list("Policy", everything, after=None, limit=10).items] == ["log"]
    assert then.get("Policy", "readers").document["roles"] == ["IMS ReadOnlyAccess"]
    assert (then.state_now("Policy", "readers"), then.state_now("Policy", "log")) == ("gone", "same")
    assert (then.counts()["Policy"], now.counts()["Policy"]) == (2, 1)
    assert (then.is_newest, now.is_newest) == (False, True)
    with pytest.raises(NotFound) as caught:
        now.get("Policy", "readers")
    assert caught.value.message == "there was no Policy `readers` at revision `3`"


def test_lists_of_the_past_are_paged_and_filtered(world: Installation) -> None:
    """As those of today are."""
    then = look(world, 2)
    first = then.list("User", Filter(), after=None, limit=2)
    assert ([one.name for one in first.items], first.more) == (["alice", "bob"], True)
    rest = then.list("User", Filter(), after="bob", limit=2)
    assert ([one.name for one in rest.items], rest.more) == (["owner"], False)
    assert [one.name for one in then.list("User", Filter(q="LIC"), after=None, limit=2).items] == ["alice"]


def test_questions_are_answered_as_they_were_then(world: Installation) -> None:
    """With the policies and at the time of the revision."""
    then, now = look(world, 2), look(world, 3)
    was = then.explain("user:alice", GET, IMAGE)
    assert (was.decision.allowed, was.deciding) == (True, ("readers",))
    assert now.explain("user:alice", GET, IMAGE).decision.reason is Reason.NO_MATCHING_POLICY


def test_windows_are_judged_by_the_clock_of_the_revision(acme: Installation) -> None:
    """What has ended since then had not ended then."""
    ends = datetime.fromtimestamp(START.timestamp() + 60, UTC).isoformat()
    acme.apply(WORLD.replace("scope: {service: ims}", f"scope: {{service: ims}}\nexpires_at: {ends}"))
    acme.clock.seconds += 3600
    acme.apply("{kind: User, name: carol}")
    assert look(acme, 2).explain("user:alice", GET, IMAGE).decision.allowed
    assert not look(acme, 3).explain("user:alice", GET, IMAGE).decision.allowed


def test_who_may_look_is_judged_now(world: Installation) -> None:
    """A right to read the log that one had then opens nothing, and one that one has now opens the past."""
    assert look(world, 1, as_="user:bob").counts()["User"] == 1
    with pytest.raises(Denied) as caught:
        look(world, 2, as_="user:alice")
    assert caught.value.action == "iam.log.read"
    bob = world.session("user:bob")
    world.edit(Edit("Policy", "log", None))
    with pytest.raises(Denied):
        LookingBack(world.host, bob, 2)
    with pytest.raises(Denied):
        find_revision(world.host, bob, world.host.at())


def test_asking_about_another_needs_the_right_to_see_reasons(world: Installation) -> None:
    """Reading the log is not enough to be told why somebody might."""
    world.apply("""
        kind: Role
        name: Log reader
        service: iam
        rights: [{actions: [iam.log.read]}]
        ---
        kind: Policy
        name: log
        subjects: [user:bob]
        roles: [iam/Log reader]
        scope: {service: iam}
    """)
    then = look(world, 2, as_="user:bob")
    with pytest.raises(Denied) as caught:
        then.explain("user:alice", GET, IMAGE)
    assert caught.value.action == "iam.decision.explain"
    assert then.explain("user:bob", GET, IMAGE).decision.reason is Reason.NO_MATCHING_POLICY


def test_the_revision_of_an_instant_is_found(world: Installation) -> None:
    """The newest that was not made later; none before the account began."""
    at = world.host.at()
    assert find_revision(world.host, world.owner, at) == 3
    assert find_revision(world.host, world.owner, datetime.fromtimestamp(at.timestamp() - 1, UTC)) == 2
    assert find_revision(world.host, world.owner, datetime(2020, 1, 1, tzinfo=UTC)) == 0


def test_there_is_nothing_before_the_first_revision_or_after_the_last(world: Installation) -> None:
    """Numbers that no revision has are not found."""
    for revision in (0, 4):
        with pytest.raises(NotFound) as caught:
            look(world, revision)
        assert caught.value.help == "the log has revisions 1 to 3"


def test_what_was_erased_is_not_shown(world: Installation) -> None:
    """What referred to it refers to its uid, and everything else is as it was."""
    uid = world.host.snapshot("acme").identities["User", "alice"].uid
    world.edit(Edit("User", "alice", None))
    world.store.erase_body(
        "account:acme", world.revision, kind="User", uid=uid, actor_uid="x", via="test", at=world.host.at()
    )
    world.host.refresh("acme")
    then = look(world, 2)
    assert [one.name for one in then.list("User", Filter(), after=None, limit=10).items] == ["bob", "owner"]
    assert then.get("Policy", "readers").document["subjects"] == [f"user:{uid}"]


def test_only_a_few_states_are_kept(world: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for last stays; a state is loaded once while it is kept."""
    monkeypatch.setattr(past_states, "MOST_KEPT", 2)
    first = look(world, 1).snapshot
    assert look(world, 1).snapshot is first
    look(world, 2)
    assert look(world, 1).snapshot is first
    look(world, 3)
    assert look(world, 1).snapshot is first
    look(world, 2)
    look(world, 3)
    assert look(world, 1).snapshot is not first


def test_guardrails_above_bind_as_they_did_then(acme: Installation) -> None:
    """An account of an enterprise is judged in the tree as it was at that time."""
    from bailiwick.service.applying import Source, apply_wanted, parse_wanted
    from bailiwick.service.initial import create_account

    at = acme.host.at()
    key = create_account(acme.store, "shop", "owner", "owner@shop.example", at, enterprise="acme")
    acme.apply("""
        kind: Enterprise
        name: corp
        ---
        kind: EnterpriseAccount
        name: shop
        parent: enterprise:corp
        ---
        kind: Guardrail
        name: no-images
        node: enterprise:corp
        actions: ["ims:*"]
        scope: {service: ims}
    """)
    shop = acme.host.authenticator.session_of_key(key)[0]

    def change(text: str) -> int:
        return apply_wanted(acme.host, shop, parse_wanted("shop", [Source("t", text)])).revision

    bound = change("{kind: User, name: alice}")
    acme.clock.seconds += 60
    acme.edit(Edit("Guardrail", "no-images", None))
    acme.clock.seconds += 60
    free = change("{kind: User, name: bob}")
    image = "brn:shop:ims:eu-de::image/i"
    reasons = [
        LookingBack(acme.host, shop, revision).explain("user:owner", GET, image).decision.reason
        for revision in (bound, free)
    ]
    assert reasons == [Reason.GUARDRAIL, Reason.ALLOWED]
